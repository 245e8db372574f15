//! What is kept of an incident.

use serde::{Deserialize, Serialize};
use service_accounts_access::Teams;
use service_accounts_audit::{Label, Recorded};
use service_accounts_naming::AccountId;
use service_accounts_store::{DocumentId, SystemName};
use service_accounts_token::TokenId;
use time::UtcDateTime;

use super::{MintedToken, Note, RegeneratedSecret};
use crate::core::documents::{id_text, seconds};

/// A token or a whole account that was contained, with what somebody has to know who cleans up.
///
/// It is kept as a document of the store and outlives the account, its tokens and their revocation. Only its notes
/// grow. Where a retention is set, upkeep removes it once nobody has written to it for that long; without one it stays.
///
/// A containment that repeats the one before is a note of its incident and not another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Its name; incidents are listed in the order of their opening.
    #[serde(with = "id_text")]
    pub id: DocumentId,
    /// Whose credentials were revoked. The account may be deleted by now.
    pub account: AccountId,
    /// Its teams at that time; whoever reads the incident must be in all of them.
    pub teams: Teams,
    /// The token that was contained; `None` if the whole account was.
    pub token: Option<TokenId>,
    /// What the caller wrote. It also stands in the trail.
    pub reason: Note,
    /// The actor, by the name that the trail has for it.
    pub opened_by: Label,
    /// When.
    #[serde(with = "seconds")]
    pub opened_at: UtcDateTime,
    /// The credentials that stopped working by it, at most [`Incident::MOST_LISTED`] of each kind.
    ///
    /// Those that were revoked before are not among them.
    pub revoked: Vec<TokenId>,
    /// The token that was minted in place of the contained one.
    pub successor: Option<TokenId>,
    /// What the account did, the latest first: its own changes, not its accesses; at most [`Incident::MOST_DEEDS`].
    ///
    /// It is what the trail held when the incident was opened: events that were trimmed are missing, and what an
    /// intruder has read is not among them.
    pub did: Vec<Recorded>,
    /// The systems that the account connects, whose credentials may be known to whoever had the token.
    ///
    /// It is the account's list of that moment.
    pub systems_to_rotate: Vec<SystemName>,
    /// What people wrote down since, the oldest first.
    pub notes: Vec<IncidentNote>,
}

impl Incident {
    /// How many credentials of one kind are listed; all are revoked.
    pub const MOST_LISTED: usize = 200;

    /// How many changes by the account are listed.
    pub const MOST_DEEDS: usize = 200;

    /// How many bytes of JSON the listed changes take; the latest are kept.
    pub const MOST_BYTES_OF_DEEDS: usize = 256 * 1024;

    /// How many notes an incident holds.
    pub const MOST_NOTES: usize = 200;

    /// When somebody last wrote to it.
    pub(crate) fn last_written(&self) -> UtcDateTime {
        self.notes.last().map_or(self.opened_at, |note| note.at.max(self.opened_at))
    }
}

/// What somebody wrote down about an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentNote {
    /// Who.
    pub by: Label,
    /// When.
    #[serde(with = "seconds")]
    pub at: UtcDateTime,
    /// What.
    pub text: Note,
}

/// A contained token: the incident, and the successor with the only copy of its text.
///
/// Hand the text to whoever runs the client only once the way by which the old one leaked is closed.
#[derive(Debug)]
pub struct Contained {
    /// What was recorded; notes are added to it by its id.
    pub incident: Incident,
    /// The token that takes its place, if one was asked for.
    pub successor: Option<MintedToken>,
}

/// A contained account: the incident, and the only copy of its new client secret.
#[derive(Debug)]
pub struct ContainedAccount {
    /// What was recorded; notes are added to it by its id.
    pub incident: Incident,
    /// The secret that works from now on.
    pub client_secret: RegeneratedSecret,
}
