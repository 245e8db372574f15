//! What can be asked of a store, and what it can answer.

use std::fmt;

use serde::{Deserialize, Serialize};
use service_accounts_access::TokenGrant;
use service_accounts_audit::Sequence;
use service_accounts_naming::AccountId;
use service_accounts_token::{Digest, TokenId};
use time::UtcDateTime;

use crate::{Account, Token};

/// Which event last changed a record.
///
/// Because it is the event's place in the trail, no two states of a record share a revision, not even across a deletion
/// and a new creation under the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(Sequence);

impl Revision {
    /// Of a record that no store has seen yet.
    pub const NEW: Self = Self(Sequence::new(0));

    /// The revision that an event makes.
    #[must_use]
    pub const fn made_by(event: Sequence) -> Self {
        Self(event)
    }

    /// The event that made it.
    #[must_use]
    pub const fn event(self) -> Sequence {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A change of the domain, with what must still be true for it to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new account with its first credentials; its id must be free, and theirs, and they must be its own.
    CreateAccount {
        /// The account.
        account: Box<Account>,
        /// Its client secret, and its first token if one is asked for.
        tokens: Vec<Token>,
    },
    /// Another state of an account; the account must still be at `expected`.
    UpdateAccount {
        /// The new state.
        account: Box<Account>,
        /// The state it was made from.
        expected: Revision,
    },
    /// The end of an account and of every credential it has.
    DeleteAccount {
        /// The account.
        account: AccountId,
    },
    /// A new token or session; the account must still be at `account_revision`, and the name free within it.
    Mint {
        /// The token.
        token: Box<Token>,
        /// The state of the account it was judged by.
        account_revision: Revision,
    },
    /// A new client secret; the present one is revoked, and what it opened lives on.
    RegenerateSecret {
        /// The new secret.
        secret: Box<Token>,
        /// The state of the account it was judged by.
        account_revision: Revision,
        /// When the present one ends.
        at: UtcDateTime,
    },
    /// Another state of a token that is not revoked; it must still be at `expected`, and of the same account, kind and name.
    UpdateToken {
        /// The new state.
        token: Box<Token>,
        /// The state it was made from.
        expected: Revision,
    },
    /// The end of a token's work. On a revoked token it changes nothing and keeps the first instant.
    Revoke {
        /// The token.
        token: TokenId,
        /// When it ends.
        at: UtcDateTime,
    },
    /// The removal of a revoked token, or of a session that has expired at `at`.
    DeleteToken {
        /// The token.
        token: TokenId,
        /// The instant by which expiry is judged.
        at: UtcDateTime,
    },
    /// The same secret under another pepper; the digest must still be `from`.
    Rehash {
        /// The token.
        token: TokenId,
        /// The digest that was verified.
        from: Digest,
        /// The digest to keep from now on.
        to: Digest,
    },
}

/// On whose word a change is made; the store reads it again inside the transaction.
///
/// Rights that were lost between the decision and the write are lost: no token is minted in the seconds after its minter
/// was disabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The host's own code.
    Host,
    /// A service account that showed a credential.
    Credential {
        /// The credential; it and its account must still work at `at`.
        token: TokenId,
        /// Its account.
        account: AccountId,
        /// The state of its account by which it was judged; it must be the present one.
        account_revision: Revision,
        /// The scopes of the credential by which it was judged; they must be the present ones.
        grant: TokenGrant,
        /// The instant by which expiry is judged.
        at: UtcDateTime,
    },
}

/// The answer to a change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a refused change has not happened"]
pub enum Committed {
    /// It happened, and its event has this place in the trail.
    Applied(Sequence),
    /// It did not happen, and no event was kept.
    Refused(Refusal),
}

/// Why a change did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id of a new account is taken.
    #[error("the account id is taken")]
    AccountTaken,
    /// The account is not there.
    #[error("there is no such account")]
    AccountMissing,
    /// A new token's id is taken: mint again.
    #[error("the token id is taken")]
    TokenTaken,
    /// A new token's name is taken within its account.
    #[error("the token name is taken within the account")]
    NameTaken,
    /// The token is not there.
    #[error("there is no such token")]
    TokenMissing,
    /// The record changed since it was read: read it again and decide again.
    #[error("the record changed since it was read")]
    Stale,
    /// The token is revoked, and stays so.
    #[error("the token is revoked")]
    Revoked,
    /// A token must be revoked before it is deleted.
    #[error("the token must be revoked before it is deleted")]
    NotRevoked,
    /// Whoever asked has lost the right to.
    #[error("the authority of whoever asked has changed")]
    AuthorityLost,
}
