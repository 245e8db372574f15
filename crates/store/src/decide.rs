//! What a change does, decided once for all stores.
//!
//! A store opens a transaction, reads what [`Change::needs`] names, asks [`decide`], and carries out the writes it is
//! given together with the event. The rules live here only, so no two stores can differ in them.
//!
//! Every rule names the [`Refusal`] it answers with. Where several rules are broken, the first one in the order of the
//! code answers; whether the authority still stands is asked before all of them.

mod accounts;
mod documents;
mod needs;
mod tokens;
mod unchanged;

use std::sync::Arc;

use service_accounts_audit::Event;
use service_accounts_naming::AccountId;
use service_accounts_token::TokenId;

use crate::{
    Account, Authority, Change, Document, DocumentId, DocumentKind, Refusal, Revision, Status, Token,
    standing::standing,
};

pub use needs::Needs;

/// What a store read of what [`Needs`] names.
///
/// What a store did not find is absent; `decide` never asks for more than [`Needs`] named.
///
/// Read it inside the transaction that will write: no other change may come between.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// The accounts that exist of those asked for.
    pub accounts: Vec<Arc<Account>>,
    /// The tokens that exist of those asked for, and the client secrets asked for.
    pub tokens: Vec<Token>,
    /// The ids of the account's credentials, at most so many as asked for.
    pub credentials: Vec<TokenId>,
    /// The ids of the account's sessions, those that end first before the others, at most so many as asked for.
    pub sessions: Vec<TokenId>,
    /// How many tokens the account has, counted no further than asked for.
    pub token_count: usize,
    /// The latest revision among the account's tokens and client secrets, where it has any.
    pub newest: Option<Revision>,
    /// The token that has the name asked for.
    pub name_holder: Option<TokenId>,
    /// The documents that exist of those asked for.
    pub documents: Vec<Document>,
}

/// One row to write; rows are written in the order given.
///
/// Each is an upsert or a removal by key, so that carrying one out twice is the same as once; only events are appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Insert or replace an account.
    PutAccount(Box<Account>),
    /// Remove an account.
    RemoveAccount(AccountId),
    /// Insert or replace a token.
    PutToken(Box<Token>),
    /// Remove a token, its last-used mark and its sightings.
    RemoveToken(TokenId),
    /// Insert or replace a document.
    PutDocument(Document),
    /// Remove a document.
    RemoveDocument(DocumentKind, DocumentId),
    /// Append another event. These follow the event of the change, in this order.
    Append(Box<Event>),
}

/// The writes of a change that may happen, or why it may not.
type Decision = Result<Vec<Write>, Refusal>;

/// Decides a change by what the store has read inside the transaction; `revision` is that of the change's own event.
///
/// It is pure: the same records and change have the same answer, in every store.
///
/// ```
/// use service_accounts_store::{Authority, Change, Records, Refusal, Revision, Write, decide};
///
/// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
/// # use service_accounts_audit::Sequence;
/// let create = || Change::CreateAccount { account: Box::new(records::account()), tokens: vec![] };
/// let next = Revision::made_by(Sequence::new(1));
/// let writes = decide(&Authority::Host, create(), &Records::default(), next)?;
/// assert!(matches!(&writes[..], [Write::PutAccount(account)] if account.revision == next));
///
/// let taken = Records { accounts: vec![records::account().into()], ..Records::default() };
/// assert_eq!(decide(&Authority::Host, create(), &taken, next), Err(Refusal::AccountTaken));
/// # Ok::<(), Refusal>(())
/// ```
///
/// # Errors
/// The change must not happen, or [has happened](Refusal::Unchanged); nothing may be written then, not even its event.
pub fn decide(authority: &Authority, change: Change, records: &Records, revision: Revision) -> Decision {
    records.still_grant(authority)?;
    match change {
        Change::Provided { kind, id, at, change, also } => records.provided((kind, &id, at), *change, also, revision),
        change => records.carry_out(change, revision),
    }
}

impl Records {
    /// The writes of a change, unless every record is already as it would leave it.
    fn carry_out(&self, change: Change, revision: Revision) -> Decision {
        let sets_a_state = change.sets_a_state();
        let writes = self.writes_of(change, revision)?;
        if sets_a_state && writes.iter().all(|write| self.is_so(write)) { Err(Refusal::Unchanged) } else { Ok(writes) }
    }

    /// One rule a change; each is in the file of its noun.
    fn writes_of(&self, change: Change, revision: Revision) -> Decision {
        match change {
            Change::CreateAccount { account, tokens } => self.create(*account, tokens, revision),
            Change::CreateAccounts { accounts } => self.create_all(accounts, revision),
            Change::UpdateAccount { account, expected } => self.update_account(*account, expected, revision),
            Change::DeleteAccount { account, expected } => self.delete_account(&account, expected, revision),
            Change::PurgeAccount { account } => self.purge_account(&account),
            Change::RevokeAll { account, expected } => self.revoke_all(&account, expected, revision),
            Change::Reissue { secret, account_revision, at, event } => {
                self.reissue((*secret, event), account_revision, at, revision)
            }
            Change::Mint { token, account_revision, room } => {
                let (account, at) = (token.account.clone(), token.created_at);
                let minted = self.mint(*token, account_revision, revision)?;
                self.with_room(room, &account, at, minted)
            }
            Change::OpenSession { session, account_revision, most } => {
                self.open_session(*session, account_revision, most, revision)
            }
            Change::RegenerateSecret { secret, account_revision, at } => {
                self.regenerate(*secret, account_revision, at, revision)
            }
            Change::UpdateToken { token, expected, account_revision } => {
                self.update_token(*token, expected, account_revision, revision)
            }
            Change::Rotate { successor, predecessor, expected, account_revision, room } => {
                self.account_at(&successor.account, account_revision)?;
                let (account, at) = (successor.account.clone(), successor.created_at);
                let rotated = self.rotate(*successor, *predecessor, expected, revision)?;
                self.with_room(room, &account, at, rotated)
            }
            Change::Tend { tokens } => self.tend_all(tokens, revision),
            Change::Revoke { token, account, account_revision, at } => {
                self.judged_by(&account, account_revision)?;
                self.revoke(&token, &account, at, revision)
            }
            Change::DeleteToken { token, account, account_revision, at } => {
                self.judged_by(&account, account_revision)?;
                self.delete_token(token, &account, at)
            }
            Change::Rehash { token, from, to } => self.rehash(&token, &from, to, revision),
            Change::PutDocument { document, expected } => self.put_document(document, expected, revision),
            Change::AddDocument { document, turn, at } => self.add_document(document, turn, at, revision),
            Change::RemoveDocument { kind, id, expected } => self.remove_document(kind, id, expected),
            Change::Judged { credentials, accounts, change } => {
                self.still_as_judged(credentials.as_ref(), &accounts)?;
                if change.is_simple() { self.carry_out(*change, revision) } else { Err(Refusal::Stale) }
            }
            Change::Provided { .. } => Err(Refusal::Stale),
        }
    }

    /// Rights that were lost since they were judged are lost: the credential must be there, work at `at`, belong to the
    /// account, and both must be in the state by which the call was judged.
    ///
    /// A credential that is gone, its account that is gone, and rights that are others look alike: the caller
    /// authenticates again.
    fn still_grant(&self, authority: &Authority) -> Result<(), Refusal> {
        let Authority::Credential { token, account, account_revision, grant, at } = authority else {
            return Ok(());
        };
        let token = self.token(token).map_err(|_| Refusal::AuthorityLost)?;
        let account = self.account(account).map_err(|_| Refusal::AuthorityLost)?;
        let is_its_own = token.account == account.id;
        let is_unchanged = account.revision == *account_revision && token.grant == *grant;
        let works = standing(token, account, *at).is_ok();
        if is_its_own && is_unchanged && works { Ok(()) } else { Err(Refusal::AuthorityLost) }
    }

    /// A credential that came or changed since is newer than all that was read.
    fn still_as_judged(
        &self,
        credentials: Option<&(AccountId, Revision)>,
        accounts: &[(AccountId, Option<Revision>)],
    ) -> Result<(), Refusal> {
        let has_newer = credentials.is_some_and(|(_, judged)| self.newest.is_some_and(|newest| newest > *judged));
        let has_moved = |(id, judged): &(AccountId, Option<Revision>)| {
            self.account(id).ok().map(|account| account.revision) != *judged
        };
        if has_newer || accounts.iter().any(has_moved) { Err(Refusal::Stale) } else { Ok(()) }
    }

    /// A deleted account is as absent as one that never was.
    ///
    /// Only creation and purging ask for the row itself.
    fn account(&self, id: &AccountId) -> Result<&Account, Refusal> {
        self.row_of(id).filter(|account| account.status != Status::Deleted).ok_or(Refusal::AccountMissing)
    }

    /// The row, deleted accounts included.
    fn row_of(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == *id).map(AsRef::as_ref)
    }

    /// The account, if it is still in the state by which the change was judged.
    fn account_at(&self, id: &AccountId, expected: Revision) -> Result<&Account, Refusal> {
        let account = self.account(id)?;
        if account.revision == expected { Ok(account) } else { Err(Refusal::Stale) }
    }

    /// As [`account_at`](Self::account_at), but a change that was judged by no state asks only that the account is
    /// there.
    fn judged_by(&self, id: &AccountId, expected: Option<Revision>) -> Result<(), Refusal> {
        match expected {
            Some(expected) => self.account_at(id, expected).map(drop),
            None => self.account(id).map(drop),
        }
    }

    /// A token, session or client secret among what was read.
    fn token(&self, id: &TokenId) -> Result<&Token, Refusal> {
        self.tokens.iter().find(|token| token.id == *id).ok_or(Refusal::TokenMissing)
    }
}

/// Writes a token as the change's own event leaves it.
///
/// The caller's revision is never kept.
fn put(token: Token, revision: Revision) -> Write {
    Write::PutToken(Box::new(Token { revision, ..token }))
}
