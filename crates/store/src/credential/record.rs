//! The record of a token, session or client secret.

use serde::{Deserialize, Serialize};
use service_accounts_access::{Allowlist, TokenGrant};
use service_accounts_audit::Label;
use service_accounts_lifecycle::{Environment, Rotation, TokenState};
use service_accounts_naming::{AccountId, TokenName};
use service_accounts_token::{Digest, Hint, Kind, TokenId};
use time::UtcDateTime;

use crate::{Account, Generation, Revision, seconds};

/// A token, session or client secret as it is kept: everything but its text.
///
/// The secret itself is nowhere in it. It serialises as one JSON object; fields that were added later are left out
/// where they say nothing, so that records of earlier versions read back. An unknown field is an error: a store that is
/// older than its data must not drop what it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The public half of its text.
    /// It is random.
    pub id: TokenId,
    /// The account it belongs to.
    pub account: AccountId,
    /// What it is used as.
    ///
    /// It says which kind of text belongs to it, and for a token its name.
    pub class: Class,
    /// What its secret is verified against.
    /// An HMAC-SHA256 with the id of its pepper.
    ///
    /// [`Change::Rehash`](crate::Change::Rehash) alone may change it while the text stays.
    pub digest: Digest,
    /// How lists show it.
    /// It holds the id and nothing of the secret.
    pub hint: Hint,
    /// What it may do at most, within its account.
    /// Changing it bites on the next request; the text stays the same.
    pub grant: TokenGrant,
    /// The only environment it works in.
    /// It never changes.
    pub environment: Environment,
    /// The networks it may come from, within its account's.
    /// Only sessions have networks of their own; for the rest it is every network.
    pub allowlist: Allowlist,
    /// Whether it works, retires, or ended.
    /// Expiry is no state: compare `expires_at`.
    ///
    /// It only moves forward: no change makes a revoked token work again.
    pub state: TokenState,
    /// When it was created.
    #[serde(with = "seconds")]
    pub created_at: UtcDateTime,
    /// Who created it.
    pub created_by: Label,
    /// Everybody else who may have seen its text: who stood behind `created_by` when it was minted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_to: Vec<Label>,
    /// The account's generation when it was minted.
    /// It works only while the account is still in it.
    #[serde(default, skip_serializing_if = "Generation::is_first")]
    pub generation: Generation,
    /// The token it replaces, and whether it has been used since.
    ///
    /// None for a token that was minted for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Predecessor>,
    /// Its last rotation, as the token that was replaced.
    ///
    /// It stays once the rotation is over, and leads to the successor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Box<Rotation<TokenId, Label>>>,
    /// When a person last checked its use and role.
    #[serde(default, with = "seconds::option", skip_serializing_if = "Option::is_none")]
    pub last_look: Option<UtcDateTime>,
    /// When it was last reviewed.
    #[serde(default, with = "seconds::option", skip_serializing_if = "Option::is_none")]
    pub last_review: Option<UtcDateTime>,
    /// When it ends; the first instant at which it is refused. A client secret lasts until it is regenerated.
    #[serde(with = "seconds::option")]
    pub expires_at: Option<UtcDateTime>,
    /// When it next needs somebody's attention; what [`Store::due`](crate::Store::due) looks at.
    ///
    /// A client secret carries the date of its account. None where there is nothing more to say.
    #[serde(with = "seconds::option")]
    pub next_due: Option<UtcDateTime>,
    /// The event that last changed this record; the store sets it.
    pub revision: Revision,
}

impl Token {
    /// An active credential without an end or networks of its own, of the generation and environment of its account.
    ///
    /// The host's part is what follows: an end, networks, the next date. `(id, digest, hint)` come from one minting, so
    /// that they belong together.
    #[must_use]
    pub fn new(
        account: &Account,
        class: Class,
        (id, digest, hint): (TokenId, Digest, Hint),
        grant: TokenGrant,
        (created_by, created_at): (Label, UtcDateTime),
    ) -> Self {
        Self {
            id,
            account: account.id.clone(),
            class,
            digest,
            hint,
            grant,
            environment: account.environment.clone(),
            allowlist: Allowlist::any(),
            state: TokenState::Active,
            created_at,
            created_by,
            known_to: Vec::new(),
            generation: account.generation,
            replaces: None,
            rotation: None,
            last_look: None,
            last_review: None,
            expires_at: None,
            next_due: None,
            revision: Revision::NEW,
        }
    }
}

/// The token that a successor replaces.
///
/// It stands in the successor, and tells the door that this use may be the first one, which ends the old token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predecessor {
    /// The token that was replaced.
    pub token: TokenId,
    /// When the successor was first used; a retry may mint its secret anew until then.
    #[serde(with = "seconds::option")]
    pub first_used: Option<UtcDateTime>,
}

/// What a credential is used as.
///
/// It never changes: a session cannot become a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Class {
    /// A token, by its name within the account.
    Token(TokenName),
    /// A session, with the client secret it was opened with.
    Session {
        /// The client secret's id.
        opened_with: TokenId,
    },
    /// The account's client secret.
    Secret,
}

impl Class {
    /// The kind that stands in the credential's text.
    ///
    /// A store keeps it beside the record, because lists are of one kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Token(_) => Kind::Token,
            Self::Session { .. } => Kind::Session,
            Self::Secret => Kind::Secret,
        }
    }

    /// The name people know a token by.
    ///
    /// ```
    /// use service_accounts_store::Class;
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let token = records::token(&records::account());
    /// assert_eq!(token.class.token_name().map(|name| name.as_str()), Some("nightly"));
    /// assert!(Class::Secret.token_name().is_none());
    /// ```
    #[must_use]
    pub const fn token_name(&self) -> Option<&TokenName> {
        match self {
            Self::Token(name) => Some(name),
            Self::Session { .. } | Self::Secret => None,
        }
    }
}
