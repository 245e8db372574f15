//! The rules of changes to accounts.
//!
//! An account is created, changed, emptied batch by batch, or loses every credential in one write, by its generation.

use std::collections::BTreeSet;

use service_accounts_naming::AccountId;
use service_accounts_token::TokenId;
use time::UtcDateTime;

use super::{Decision, Records, Write, put};
use crate::{Account, Change, Class, Generation, Newcomer, Refusal, Revision, Status, Token};

impl Records {
    /// A deleted account whose credentials are still being removed holds its id: nothing of the old one may be found
    /// under the new one. A new account and its tokens start in the first generation, whatever the caller says.
    ///
    /// The order of the questions is the order of the refusals in [`Change::CreateAccount`].
    pub(super) fn create(&self, account: Account, tokens: Vec<Token>, revision: Revision) -> Decision {
        if self.row_of(&account.id).is_some() {
            return Err(Refusal::AccountTaken);
        }
        if account.status == Status::Deleted {
            return Err(Refusal::RightsChanged);
        }
        if tokens.iter().any(|token| token.account != account.id) {
            return Err(Refusal::AccountMissing);
        }
        if tokens.iter().any(|token| self.token(&token.id).is_ok()) || has_twins(&tokens, |token| Some(&token.id)) {
            return Err(Refusal::TokenTaken);
        }
        if has_twins(&tokens, |token| token.class.token_name()) {
            return Err(Refusal::NameTaken);
        }
        let account = Account { revision, generation: Generation::FIRST, ..account };
        let tokens = tokens.into_iter().map(|token| Token { generation: Generation::FIRST, ..token });
        let tokens: Vec<_> = tokens.map(|token| put(token, revision)).collect();
        Ok([Write::PutAccount(Box::new(account))].into_iter().chain(tokens).collect())
    }

    /// Each is judged by what was there before the change, so ids must also differ among the newcomers. Each account's
    /// event follows its writes.
    ///
    /// One that is refused refuses all: nothing was written yet.
    pub(super) fn create_all(&self, newcomers: Vec<Newcomer>, revision: Revision) -> Decision {
        if has_twins(&newcomers, |newcomer| Some(&newcomer.account.id)) {
            return Err(Refusal::AccountTaken);
        }
        let tokens: Vec<_> = newcomers.iter().flat_map(|newcomer| &newcomer.tokens).collect();
        if has_twins(&tokens, |token| Some(&token.id)) {
            return Err(Refusal::TokenTaken);
        }
        let mut writes = Vec::new();
        for Newcomer { account, tokens, event } in newcomers {
            writes.extend(self.create(account, tokens, revision)?);
            writes.push(Write::Append(Box::new(event)));
        }
        Ok(writes)
    }

    /// The generation is not the caller's to set: an update made from an older copy must revive nothing.
    ///
    /// Deletion is a change of its own, so no update may end in that status.
    pub(super) fn update_account(&self, account: Account, expected: Revision, revision: Revision) -> Decision {
        let present = self.account_at(&account.id, expected)?;
        if account.status == Status::Deleted {
            return Err(Refusal::RightsChanged);
        }
        let moved = account.expires_at.filter(|end| present.expires_at != Some(*end));
        let secrets: Vec<_> = moved.into_iter().flat_map(|end| self.secrets_due_later(&account.id, end)).collect();
        let secrets = secrets.into_iter().map(|secret| put(secret, revision));
        let account = Account { revision, generation: present.generation, ..account };
        Ok([Write::PutAccount(Box::new(account))].into_iter().chain(secrets).collect())
    }

    /// The client secret carries the dates of its account, so a nearer end of the account is a nearer date of the secret.
    fn secrets_due_later<'a>(&'a self, id: &'a AccountId, end: UtcDateTime) -> impl Iterator<Item = Token> + 'a {
        let of_it = self.tokens.iter().filter(|token| token.account == *id && token.class == Class::Secret);
        let later =
            of_it.filter(move |secret| !secret.state.is_revoked() && secret.next_due.is_none_or(|due| due > end));
        later.map(move |secret| Token { next_due: Some(end), ..secret.clone() })
    }

    /// Where one step cannot remove all credentials, the account is marked first, so that none of them works while the
    /// rest is removed.
    ///
    /// What is removed is not judged: revoked, retired and working credentials go alike.
    pub(super) fn delete_account(&self, id: &AccountId, expected: Revision, revision: Revision) -> Decision {
        let account = self.account_at(id, expected)?;
        if self.credentials.len() <= Change::BATCH {
            return Ok(self.remove_all(id));
        }
        let account = Account { status: Status::Deleted, revision, ..account.clone() };
        Ok([Write::PutAccount(Box::new(account))].into_iter().chain(self.removals(Change::BATCH)).collect())
    }

    /// Works only on what [`DeleteAccount`](Change::DeleteAccount) has marked: an account in use is not emptied by a
    /// sweep.
    pub(super) fn purge_account(&self, id: &AccountId) -> Decision {
        let is_deleted = self.row_of(id).is_some_and(|account| account.status == Status::Deleted);
        match self.credentials.len() <= Change::PURGE {
            _ if !is_deleted => Err(Refusal::AccountMissing),
            true => Ok(self.remove_all(id)),
            false => Ok(self.removals(Change::PURGE).collect()),
        }
    }

    /// One write, however many credentials there are: each works only in the generation it was minted in.
    pub(super) fn revoke_all(&self, id: &AccountId, expected: Revision, revision: Revision) -> Decision {
        let account = self.account_at(id, expected)?;
        let generation = account.generation.next();
        Ok(vec![Write::PutAccount(Box::new(Account { generation, revision, ..account.clone() }))])
    }

    /// The last credentials, and with them the account.
    fn remove_all(&self, account: &AccountId) -> Vec<Write> {
        self.removals(Change::BATCH).chain([Write::RemoveAccount(account.clone())]).collect()
    }

    /// As many credentials as one step removes, in the order in which they were read.
    ///
    /// Which of them go first is no matter, since none works any more.
    fn removals(&self, most: usize) -> impl Iterator<Item = Write> {
        self.credentials.iter().take(most).map(|id: &TokenId| Write::RemoveToken(*id))
    }
}

/// Whether two have the same key; those without a key have no twin.
fn has_twins<'a, T, K: Ord>(all: &'a [T], key: impl Fn(&'a T) -> Option<K>) -> bool {
    let keys: Vec<_> = all.iter().filter_map(key).collect();
    let count = keys.len();
    keys.into_iter().collect::<BTreeSet<_>>().len() < count
}
