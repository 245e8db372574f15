//! What can be asked of a store.
//!
//! [`Change`] is a transition of the domain, not a row: [`decide`](crate::decide()) turns it into the rows that every store
//! writes alike.

mod answer;
mod authority;
mod many;
mod revision;
mod room;

use service_accounts_audit::Event;
use service_accounts_naming::AccountId;
use service_accounts_token::{Digest, TokenId};
use time::UtcDateTime;

pub use self::{
    answer::{Applied, Committed, Refusal},
    authority::Authority,
    many::{Newcomer, Tended},
    revision::Revision,
    room::Room,
};
use crate::{Account, Document, DocumentId, DocumentKind, Token};

/// A change of the domain, with what must still be true for it to happen.
///
/// A change is judged by records that were read earlier. Where it names a revision, the record must still be at it, or the
/// change is refused as [`Stale`](Refusal::Stale).
///
/// Each variant names what refuses it; before all of that comes
/// [`AuthorityLost`](Refusal::AuthorityLost).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new account with its first credentials. Requires unused account and token ids; each token must name this
    /// account.
    ///
    /// Refused: [`AccountTaken`](Refusal::AccountTaken), also by an account that is still being removed;
    /// [`RightsChanged`](Refusal::RightsChanged) where it begins as deleted;
    /// [`AccountMissing`](Refusal::AccountMissing) where a token names another account;
    /// [`TokenTaken`](Refusal::TokenTaken); [`NameTaken`](Refusal::NameTaken) where two tokens share a name.
    CreateAccount {
        /// As it begins; its revision is set by the store.
        account: Box<Account>,
        /// Its client secret, and its first token if one is asked for.
        tokens: Vec<Token>,
    },
    /// New accounts with their first credentials, all of them or none. Each requires what
    /// [`CreateAccount`](Self::CreateAccount) requires, and no two may share an id.
    CreateAccounts {
        /// The accounts; their events follow the event of the change in this order.
        accounts: Vec<Newcomer>,
    },
    /// Another state of an account. Its generation never goes back. Another end of the account is also the `next_due` of
    /// its client secret, where that was later: the secret carries the account's dates.
    ///
    /// Refused: [`AccountMissing`](Refusal::AccountMissing), [`Stale`](Refusal::Stale),
    /// [`RightsChanged`](Refusal::RightsChanged) where it ends as deleted, [`Unchanged`](Refusal::Unchanged).
    UpdateAccount {
        /// The new state.
        account: Box<Account>,
        /// The state it was made from.
        expected: Revision,
    },
    /// The end of an account and of every credential it has.
    ///
    /// At most [`Change::BATCH`] credentials are removed in this step. Where there are more, the account becomes
    /// [`Status::Deleted`](crate::Status::Deleted): none of its credentials works from then on, and
    /// [`PurgeAccount`](Self::PurgeAccount) removes the rest.
    ///
    /// Refused: [`AccountMissing`](Refusal::AccountMissing), [`Stale`](Refusal::Stale).
    DeleteAccount {
        /// Whose credentials end with it.
        account: AccountId,
        /// The state by which the deletion was judged.
        expected: Revision,
    },
    /// The removal of at most [`Change::PURGE`] credentials of a deleted account; with the last one the account goes too.
    ///
    /// Refused: [`AccountMissing`](Refusal::AccountMissing), also where the account was not deleted before.
    PurgeAccount {
        /// One that is deleted already.
        account: AccountId,
    },
    /// The revocation of every credential of an account in one step, whatever their number.
    ///
    /// One row is written: the account's next generation. Refused: [`AccountMissing`](Refusal::AccountMissing),
    /// [`Stale`](Refusal::Stale).
    RevokeAll {
        /// The account.
        account: AccountId,
        /// The state by which the revocation was judged.
        expected: Revision,
    },
    /// [`RevokeAll`](Self::RevokeAll) together with a new client secret, which works: there is no instant at which the
    /// account has lost its secret and has no other.
    ///
    /// Refused: as [`RegenerateSecret`](Self::RegenerateSecret).
    Reissue {
        /// The new secret.
        secret: Box<Token>,
        /// The state of the account it was judged by.
        account_revision: Revision,
        /// When the present secret ends.
        at: UtcDateTime,
        /// What the trail keeps of the new secret; it follows the event of the change.
        event: Box<Event>,
    },
    /// A new token. Its name must be free within the account.
    ///
    /// Refused: [`AccountMissing`](Refusal::AccountMissing), [`Stale`](Refusal::Stale),
    /// [`TokenTaken`](Refusal::TokenTaken), [`NameTaken`](Refusal::NameTaken), also by a revoked token; and what refuses
    /// its [`Room`].
    Mint {
        /// The token.
        token: Box<Token>,
        /// The state of the account it was judged by.
        account_revision: Revision,
        /// Where it finds room among the account's tokens.
        room: Room,
    },
    /// A new session. Where the account has `most` already, revoked ones included, those that end first make room: one
    /// for the new session, and one more where the account has more than `most`.
    ///
    /// Refused as a mint is; a session has no name.
    OpenSession {
        /// The session.
        session: Box<Token>,
        /// The state of the account it was judged by.
        account_revision: Revision,
        /// How many sessions the account may have, this one included; at most [`Change::BATCH`].
        most: usize,
    },
    /// A new client secret; the present one is revoked, and sessions it opened live on.
    ///
    /// Refused: [`AccountMissing`](Refusal::AccountMissing), [`Stale`](Refusal::Stale),
    /// [`TokenTaken`](Refusal::TokenTaken).
    RegenerateSecret {
        /// The new secret.
        secret: Box<Token>,
        /// The state of the account it was judged by.
        account_revision: Revision,
        /// When the present one ends.
        at: UtcDateTime,
    },
    /// Another state of a token that is not revoked, of the same account, kind and name.
    ///
    /// Refused: [`AccountMissing`](Refusal::AccountMissing), [`TokenMissing`](Refusal::TokenMissing), also where
    /// account, kind or name would be another; [`Revoked`](Refusal::Revoked); [`Stale`](Refusal::Stale);
    /// [`Unchanged`](Refusal::Unchanged).
    UpdateToken {
        /// The new state.
        token: Box<Token>,
        /// The state it was made from.
        expected: Revision,
        /// The state of the account it was judged by, if it was.
        account_revision: Option<Revision>,
    },
    /// A successor together with the new state of the token of the same account that it replaces.
    ///
    /// Refused: what refuses a mint, [`TokenMissing`](Refusal::TokenMissing), [`Revoked`](Refusal::Revoked),
    /// [`RightsChanged`](Refusal::RightsChanged).
    Rotate {
        /// The new token.
        successor: Box<Token>,
        /// The new state of the replaced token; its rights stay what they are.
        predecessor: Box<Token>,
        /// The state of the replaced token the rotation was made from.
        expected: Revision,
        /// The state of the account it was judged by.
        account_revision: Revision,
        /// Where the successor finds room; never in the place of the token that it replaces.
        room: Room,
    },
    /// What is known of tokens, without a change of rights: their state forward, rotation, looks, reviews and next date.
    ///
    /// It works on revoked tokens too, and never makes one work again. All of `tokens` change, or none; no token may stand
    /// in it twice.
    ///
    /// Refused: [`AccountMissing`](Refusal::AccountMissing), [`TokenMissing`](Refusal::TokenMissing),
    /// [`Stale`](Refusal::Stale), [`RightsChanged`](Refusal::RightsChanged), [`Revoked`](Refusal::Revoked) where a
    /// revoked one would work again.
    Tend {
        /// The new states, each with the state it was made from.
        tokens: Vec<Tended>,
    },
    /// The end of a token's work. A revoked token keeps its first instant.
    ///
    /// Refused: [`AccountMissing`](Refusal::AccountMissing), [`Stale`](Refusal::Stale),
    /// [`TokenMissing`](Refusal::TokenMissing), [`Unchanged`](Refusal::Unchanged) where it is revoked already.
    Revoke {
        /// The token.
        token: TokenId,
        /// Its account.
        account: AccountId,
        /// The state of the account it was judged by, if it was.
        account_revision: Option<Revision>,
        /// When it ends.
        at: UtcDateTime,
    },
    /// The removal of a revoked token, or of a session that has expired at `at`.
    ///
    /// Refused: as a revocation, and [`NotRevoked`](Refusal::NotRevoked).
    DeleteToken {
        /// The token.
        token: TokenId,
        /// Its account.
        account: AccountId,
        /// The state of the account it was judged by, if it was.
        account_revision: Option<Revision>,
        /// The instant by which expiry is judged.
        at: UtcDateTime,
    },
    /// The same secret under another pepper; the digest must still be `from`.
    ///
    /// It asks for nothing but the digest, so that it succeeds beside other changes. Refused:
    /// [`TokenMissing`](Refusal::TokenMissing), [`Stale`](Refusal::Stale).
    Rehash {
        /// The token.
        token: TokenId,
        /// The digest that was verified.
        from: Digest,
        /// The digest to keep from now on.
        to: Digest,
    },
    /// A new document, or another content of one.
    ///
    /// Refused: [`DocumentTaken`](Refusal::DocumentTaken), [`DocumentMissing`](Refusal::DocumentMissing),
    /// [`Stale`](Refusal::Stale), [`Unchanged`](Refusal::Unchanged).
    PutDocument {
        /// The document.
        document: Document,
        /// The state it was made from; none for a new one, whose id must be free.
        expected: Option<Revision>,
    },
    /// A new document of a bounded number, where none was added in this turn since they were counted.
    ///
    /// The turn is a document too, which each addition writes anew: of two that counted the same, one is refused. Its own
    /// content says nothing.
    ///
    /// Refused: [`Stale`](Refusal::Stale), [`DocumentTaken`](Refusal::DocumentTaken).
    AddDocument {
        /// The document.
        document: Document,
        /// The turn; another document than the one added.
        turn: (DocumentKind, DocumentId),
        /// The state of the turn before the documents were counted; none where nothing was added yet.
        at: Option<Revision>,
    },
    /// The end of a document.
    ///
    /// Refused: [`DocumentMissing`](Refusal::DocumentMissing), [`Stale`](Refusal::Stale).
    RemoveDocument {
        /// Its kind.
        kind: DocumentKind,
        /// Its id.
        id: DocumentId,
        /// The state by which the removal was judged.
        expected: Revision,
    },
    /// Another change, where the document it was judged by is still at the state `at`; otherwise it is refused as
    /// [`Stale`](Refusal::Stale).
    ///
    /// `change` must be about no document and must not be a `Provided` itself; it is refused as stale otherwise.
    Provided {
        /// The kind of the document.
        kind: DocumentKind,
        /// The id of the document.
        id: DocumentId,
        /// The state by which the change was judged; none where there was no such document.
        at: Option<Revision>,
        /// The change.
        change: Box<Change>,
        /// Events that follow the event of the change, in this order.
        also: Vec<Event>,
    },
    /// Another change, where what it was judged by besides is still so; otherwise it is refused as
    /// [`Stale`](Refusal::Stale).
    ///
    /// `change` must be about no document, and must be neither a `Judged` nor a [`Provided`](Self::Provided) itself; it is
    /// refused as stale otherwise.
    Judged {
        /// No token and no client secret of this account may have been written after this revision. Sessions may.
        credentials: Option<(AccountId, Revision)>,
        /// These accounts must be in these states; none where there was no such account.
        accounts: Vec<(AccountId, Option<Revision>)>,
        /// The change.
        change: Box<Change>,
    },
}

impl Change {
    /// The most credentials that one change removes.
    pub const BATCH: usize = 256;

    /// The most credentials that one step of a long deletion removes: few, because other accounts' changes wait for it.
    pub const PURGE: usize = 16;
}
