//! What a store answers to a change.

use service_accounts_audit::Sequence;
use service_accounts_token::TokenId;

use super::Revision;
use crate::{Account, Document, Token, Write};

/// The answer to a change.
///
/// A failure of the storage is neither: it is the store's error, and then nobody knows whether the change happened.
///
/// An answer means that the step is durable: what was applied survives a crash that comes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a refused change has not happened"]
pub enum Committed {
    /// It happened.
    Applied(Applied),
    /// It did not happen, and no event was kept.
    Refused(Refusal),
}

/// What a change wrote.
///
/// Answers to callers are made from it, never from what was read before the commit: a concurrent change would be shown
/// stale.
///
/// ```
/// use service_accounts_audit::Action;
/// use service_accounts_store::{Authority, Change, Committed, MemoryStore, Store};
///
/// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
/// # pollster::block_on(async {
/// let (store, account) = (MemoryStore::new(), records::account());
/// let create = Change::CreateAccount { account: Box::new(account), tokens: vec![] };
/// let committed = store.commit(&Authority::Host, create, records::event(Action::AccountCreated)).await?;
/// let Committed::Applied(applied) = committed else { unreachable!("the id is free") };
/// assert_eq!(applied.account().map(|account| account.revision), Some(applied.revision()));
/// # Ok::<(), std::convert::Infallible>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The place of its event in the trail.
    pub sequence: Sequence,
    /// The rows that were written, as [`decide`](crate::decide()) named them.
    pub writes: Vec<Write>,
}

impl Applied {
    /// The revision of every record that was written.
    ///
    /// It is the place of the change's own event, which came first.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        Revision::made_by(self.sequence)
    }

    /// The account as it was written, if it was.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.writes.iter().find_map(|write| match write {
            Write::PutAccount(account) => Some(&**account),
            _ => None,
        })
    }

    /// A token as it was written, if it was.
    #[must_use]
    pub fn token(&self, id: &TokenId) -> Option<&Token> {
        self.writes.iter().find_map(|write| match write {
            Write::PutToken(token) if token.id == *id => Some(&**token),
            _ => None,
        })
    }

    /// The document as it was written, if one was.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        self.writes.iter().find_map(|write| match write {
            Write::PutDocument(document) => Some(document),
            _ => None,
        })
    }

    /// How many credentials were removed.
    ///
    /// A deletion that removed as many as [`Change::BATCH`](crate::Change::BATCH) may have left some for a purge.
    #[must_use]
    pub fn removed(&self) -> usize {
        self.writes.iter().filter(|write| matches!(write, Write::RemoveToken(_))).count()
    }
}

/// Why a change did not happen.
///
/// It is exhaustive: a new reason must break whoever decides what to do about it. [`Stale`](Self::Stale) is the only
/// one that a retry with fresh records may overcome; a taken token id is overcome by minting again, and too many tokens by
/// a mint [in the place of](crate::Room::InPlaceOf) one that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id of a new account is taken.
    #[error("the account id is taken")]
    AccountTaken,
    /// The account is not there.
    #[error("there is no such account")]
    AccountMissing,
    /// The record is already as the change would leave it.
    ///
    /// Whoever asked has what they asked for; there is no event, and the record keeps its revision.
    #[error("the record is already so")]
    Unchanged,
    /// A new token's id is taken: mint again.
    #[error("the token id is taken")]
    TokenTaken,
    /// A new token's name is taken within its account.
    #[error("the token name is taken within the account")]
    NameTaken,
    /// The account has as many tokens as it may: one of them has to go first.
    #[error("the account has {most} tokens or more, ended ones included")]
    TooManyTokens {
        /// How many it may have.
        most: usize,
    },
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
    /// A token's rights, account or class would change where only its state may.
    #[error("only the token's state may change here")]
    RightsChanged,
    /// A new document's id is taken.
    #[error("there is such a document already")]
    DocumentTaken,
    /// The document is not there.
    #[error("there is no such document")]
    DocumentMissing,
    /// Whoever asked has lost the right to.
    #[error("the authority of whoever asked has changed")]
    AuthorityLost,
}
