//! What a pack looks like in a document.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use time::UtcDateTime;

use super::{Attestation, HumanSign, Review, ReviewDecision, ReviewFinding, ReviewRow, ReviewedKind};
use crate::object::reads_objects_only;
use crate::serial::{optional_seconds, seconds};

/// A pack, its rows in the order of their keys.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Review", deny_unknown_fields)]
struct WrittenReview<K, P, W> {
    #[serde(with = "seconds")]
    at: UtcDateTime,
    #[serde(deserialize_with = "in_order", bound(deserialize = "K: Deserialize<'de> + Ord, P: Deserialize<'de>"))]
    rows: Vec<ReviewRow<K, P>>,
    attestations: Vec<Attestation<K, W>>,
}

reads_objects_only!(Review<K: Ord, P, W>, via WrittenReview<K, P, W>);

#[derive(Serialize, Deserialize)]
#[serde(remote = "ReviewRow", deny_unknown_fields)]
struct WrittenRow<K, P> {
    key: K,
    kind: ReviewedKind,
    findings: Vec<ReviewFinding<P>>,
}

reads_objects_only!(ReviewRow<K, P>, via WrittenRow<K, P>);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Attestation", deny_unknown_fields)]
struct WrittenAttestation<K, W> {
    key: K,
    by: W,
    #[serde(with = "seconds")]
    at: UtcDateTime,
    decision: ReviewDecision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

reads_objects_only!(Attestation<K, W>, via WrittenAttestation<K, W>);

#[derive(Serialize, Deserialize)]
#[serde(remote = "ReviewFinding", tag = "code", rename_all = "snake_case", deny_unknown_fields)]
enum WrittenFinding<P> {
    Unconfirmed {
        #[serde(with = "optional_seconds")]
        last_confirmed: Option<UtcDateTime>,
    },
    NoPurpose {},
    UnfittingName {},
    NoSuccessor {
        #[serde(with = "seconds")]
        expires_at: UtcDateTime,
    },
    Unused {
        #[serde(with = "optional_seconds")]
        last_use: Option<UtcDateTime>,
    },
    Overprivileged {
        unused: Vec<P>,
    },
    UnfittingTeams {},
    Orphaned {},
    OwnerGone {},
    Leaked {},
    OldPepper {},
    NoExpiry {},
    LongLived {},
    SeveralEnvironments {
        environments: usize,
    },
    Reused {
        systems: usize,
        networks: usize,
    },
    HumanUse {
        signs: Vec<HumanSign>,
    },
}

reads_objects_only!(ReviewFinding<P>, via WrittenFinding<P>);

/// Rows are looked up by their order; a document that lost it, or has a key twice, was not written here.
fn in_order<'de, D, K, P>(deserializer: D) -> Result<Vec<ReviewRow<K, P>>, D::Error>
where
    D: serde::Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    P: Deserialize<'de>,
{
    let rows = Vec::<ReviewRow<K, P>>::deserialize(deserializer)?;
    if rows.is_sorted_by(|one, next| one.key < next.key) {
        Ok(rows)
    } else {
        Err(serde::de::Error::custom("the rows are not in the order of their keys"))
    }
}
