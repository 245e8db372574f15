//! What a change does, decided once for all stores.
//!
//! A store opens a transaction, reads what [`Change::needs`] names, asks [`decide`], and carries out the writes it is
//! given together with the event. The rules live here only, so no two stores can differ in them.

mod needs;

use std::sync::Arc;

use service_accounts_naming::AccountId;
use service_accounts_token::{Digest, TokenId};
use time::UtcDateTime;

use crate::{Account, Approval, Authority, Change, Class, Refusal, Revision, Status, Token};

pub use needs::Needs;

/// What a store read.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The accounts that exist of those asked for.
    pub accounts: Vec<Arc<Account>>,
    /// The tokens that exist of those asked for, one by one or by account.
    pub tokens: Vec<Token>,
    /// The token that has the name asked for.
    pub name_holder: Option<TokenId>,
}

/// One row to write; rows are written in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Insert or replace an account.
    PutAccount(Box<Account>),
    /// Remove an account.
    RemoveAccount(AccountId),
    /// Insert or replace a token.
    PutToken(Box<Token>),
    /// Remove a token and its last-used mark.
    RemoveToken(TokenId),
}

/// The writes that make the change, or why there are none.
pub type Verdict = Result<Vec<Write>, Refusal>;

/// Decides a change by what the store has read inside the transaction; `revision` is that of the change's own event.
///
/// # Errors
/// The change must not happen; nothing may be written then, not even its event.
pub fn decide(authority: &Authority, change: Change, facts: &Facts, revision: Revision) -> Verdict {
    facts.still_grant(authority)?;
    match change {
        Change::CreateAccount { account, tokens } => facts.create(*account, tokens, revision),
        Change::UpdateAccount { account, expected } => facts.update_account(*account, expected, revision),
        Change::DeleteAccount { account } => facts.delete_account(account),
        Change::Mint { token, account_revision } => facts.mint(*token, account_revision, revision),
        Change::RegenerateSecret { secret, account_revision, at } => {
            facts.regenerate(*secret, account_revision, at, revision)
        }
        Change::UpdateToken { token, expected } => facts.update_token(*token, expected, revision),
        Change::Revoke { token, at } => facts.revoke(&token, at, revision),
        Change::DeleteToken { token, at } => facts.delete_token(token, at),
        Change::Rehash { token, from, to } => facts.rehash(&token, &from, to, revision),
    }
}

impl Facts {
    fn still_grant(&self, authority: &Authority) -> Result<(), Refusal> {
        let Authority::Credential { token, account, account_revision, grant, at } = authority else {
            return Ok(());
        };
        let token = self.token(token).map_err(|_| Refusal::AuthorityLost)?;
        let account = self.account(account).map_err(|_| Refusal::AuthorityLost)?;
        let is_its_own = token.account == account.id;
        let is_unchanged = account.revision == *account_revision && token.grant == *grant;
        let works = token_works(token, *at) && account_works(account, *at);
        if is_its_own && is_unchanged && works { Ok(()) } else { Err(Refusal::AuthorityLost) }
    }

    fn create(&self, account: Account, tokens: Vec<Token>, revision: Revision) -> Verdict {
        if self.account(&account.id).is_ok() {
            return Err(Refusal::AccountTaken);
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
        let account = Write::PutAccount(Box::new(Account { revision, ..account }));
        Ok([account].into_iter().chain(tokens.into_iter().map(|token| put(token, revision))).collect())
    }

    fn update_account(&self, account: Account, expected: Revision, revision: Revision) -> Verdict {
        self.account_at(&account.id, expected)?;
        Ok(vec![Write::PutAccount(Box::new(Account { revision, ..account }))])
    }

    fn delete_account(&self, account: AccountId) -> Verdict {
        self.account(&account)?;
        let tokens = self.tokens.iter().filter(|token| token.account == account);
        let mut writes: Vec<_> = tokens.map(|token| Write::RemoveToken(token.id)).collect();
        writes.push(Write::RemoveAccount(account));
        Ok(writes)
    }

    fn mint(&self, token: Token, account_revision: Revision, revision: Revision) -> Verdict {
        self.account_at(&token.account, account_revision)?;
        if self.token(&token.id).is_ok() {
            return Err(Refusal::TokenTaken);
        }
        if self.name_holder.is_some() {
            return Err(Refusal::NameTaken);
        }
        Ok(vec![put(token, revision)])
    }

    /// Revokes the present secret; one that was revoked by an earlier regeneration has done its duty as evidence.
    fn regenerate(&self, secret: Token, expected: Revision, at: UtcDateTime, revision: Revision) -> Verdict {
        self.account_at(&secret.account, expected)?;
        if self.token(&secret.id).is_ok() {
            return Err(Refusal::TokenTaken);
        }
        let present =
            self.tokens.iter().filter(|token| token.account == secret.account && token.class == Class::Secret);
        let ends = present.map(|old| end(old, at, revision).unwrap_or(Write::RemoveToken(old.id)));
        let secret = Token { class: Class::Secret, ..secret.clone() };
        Ok(ends.chain([put(secret, revision)]).collect())
    }

    fn update_token(&self, token: Token, expected: Revision, revision: Revision) -> Verdict {
        let present = self.token(&token.id)?;
        // Stores find a token by account, kind and name; one that could change them would be found in two places.
        if (&present.account, &present.class) != (&token.account, &token.class) {
            return Err(Refusal::TokenMissing);
        }
        if present.state.is_revoked() {
            return Err(Refusal::Revoked);
        }
        if present.revision != expected {
            return Err(Refusal::Stale);
        }
        Ok(vec![put(token, revision)])
    }

    fn revoke(&self, token: &TokenId, at: UtcDateTime, revision: Revision) -> Verdict {
        Ok(end(self.token(token)?, at, revision).into_iter().collect())
    }

    fn delete_token(&self, token: TokenId, at: UtcDateTime) -> Verdict {
        let present = self.token(&token)?;
        let is_session = matches!(present.class, Class::Session { .. });
        let has_ended = present.state.is_revoked() || is_session && present.expires_at.is_some_and(|end| end <= at);
        if has_ended { Ok(vec![Write::RemoveToken(token)]) } else { Err(Refusal::NotRevoked) }
    }

    fn rehash(&self, token: &TokenId, from: &Digest, to: Digest, revision: Revision) -> Verdict {
        let present = self.token(token)?;
        if present.digest != *from {
            return Err(Refusal::Stale);
        }
        Ok(vec![put(Token { digest: to, ..present.clone() }, revision)])
    }

    fn account(&self, id: &AccountId) -> Result<&Account, Refusal> {
        self.accounts.iter().find(|account| account.id == *id).map(AsRef::as_ref).ok_or(Refusal::AccountMissing)
    }

    fn account_at(&self, id: &AccountId, expected: Revision) -> Result<(), Refusal> {
        if self.account(id)?.revision == expected { Ok(()) } else { Err(Refusal::Stale) }
    }

    fn token(&self, id: &TokenId) -> Result<&Token, Refusal> {
        self.tokens.iter().find(|token| token.id == *id).ok_or(Refusal::TokenMissing)
    }
}

fn put(token: Token, revision: Revision) -> Write {
    Write::PutToken(Box::new(Token { revision, ..token }))
}

/// Revokes a token that is not yet revoked. Its dates need nobody's attention any more, but for a session's: it is removed
/// at its end, since nobody deletes sessions one by one.
fn end(token: &Token, at: UtcDateTime, revision: Revision) -> Option<Write> {
    let state = token.state.revoke(at).ok()?;
    let next_due = token.next_due.filter(|_| matches!(token.class, Class::Session { .. }));
    Some(put(Token { state, next_due, ..token.clone() }, revision))
}

fn token_works(token: &Token, at: UtcDateTime) -> bool {
    token.state.may_authenticate(at) && token.expires_at.is_none_or(|end| at < end)
}

fn account_works(account: &Account, at: UtcDateTime) -> bool {
    account.status == Status::Enabled
        && account.approval != Approval::Pending
        && account.expires_at.is_none_or(|end| at < end)
}

fn has_twins<'a, K: PartialEq>(tokens: &'a [Token], key: impl Fn(&'a Token) -> Option<K>) -> bool {
    let keys: Vec<_> = tokens.iter().filter_map(key).collect();
    keys.iter().enumerate().any(|(place, key)| keys.iter().skip(place + 1).any(|other| other == key))
}
