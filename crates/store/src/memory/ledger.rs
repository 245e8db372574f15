//! The whole state of the memory store, changed only by one method.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use service_accounts_audit::{Event, Page, Query, Recorded, Sequence};
use service_accounts_naming::AccountId;
use service_accounts_token::{PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    Account, Authority, Change, Class, Credential, Facts, LastUsed, ListedToken, Needs, Paged, Refusal, Revision,
    Token, Usage, Write, decide,
};

#[derive(Default)]
pub(super) struct Ledger {
    accounts: BTreeMap<AccountId, Arc<Account>>,
    tokens: HashMap<TokenId, Arc<Credential>>,
    by_account: BTreeMap<AccountId, BTreeSet<TokenId>>,
    by_due: BTreeSet<(UtcDateTime, TokenId)>,
    last_used: HashMap<TokenId, LastUsed>,
    events: Vec<Recorded>,
}

impl Ledger {
    /// Carries out a change with its event, and names the credentials that are no longer what they were.
    pub(super) fn commit(
        &mut self,
        authority: &Authority,
        change: Change,
        event: Event,
    ) -> Result<(Sequence, BTreeSet<TokenId>), Refusal> {
        let facts = self.read(&change.needs(authority));
        let sequence = self.next_sequence();
        let writes = decide(authority, change, &facts, Revision::made_by(sequence))?;
        let touched = writes.into_iter().flat_map(|write| self.write(write)).collect();
        self.append(event);
        Ok((sequence, touched))
    }

    pub(super) fn append(&mut self, event: Event) {
        let sequence = self.next_sequence();
        self.events.push(Recorded { sequence, event });
    }

    pub(super) fn credential(&self, id: &TokenId) -> Option<Arc<Credential>> {
        self.tokens.get(id).cloned()
    }

    pub(super) fn account(&self, id: &AccountId) -> Option<Arc<Account>> {
        self.accounts.get(id).cloned()
    }

    pub(super) fn accounts(&self, after: Option<&AccountId>, limit: usize) -> Paged<Arc<Account>, AccountId> {
        let behind = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let found = self.accounts.range::<AccountId, _>(behind).map(|(_, account)| account.clone());
        Paged::new(found.take(limit.saturating_add(1)).collect(), limit, |account| account.id.clone())
    }

    pub(super) fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Paged<ListedToken, TokenId> {
        let behind = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let ids = self.by_account.get(account).into_iter().flat_map(|ids| ids.range::<TokenId, _>(behind));
        let found = ids
            .filter_map(|id| self.tokens.get(id))
            .filter(|credential| matches!(credential.token().class, Class::Token(_)))
            .map(|credential| ListedToken {
                credential: credential.clone(),
                last_used: self.last_used.get(&credential.token().id).copied(),
            });
        Paged::new(found.take(limit.saturating_add(1)).collect(), limit, |listed| listed.credential.token().id)
    }

    pub(super) fn due(&self, now: UtcDateTime, limit: usize) -> Vec<TokenId> {
        self.by_due.iter().take_while(|(due, _)| *due <= now).take(limit).map(|(_, id)| *id).collect()
    }

    pub(super) fn touch(&mut self, marks: &[Usage]) {
        for mark in marks.iter().filter(|mark| self.tokens.contains_key(&mark.token)) {
            let last = self.last_used.entry(mark.token).or_insert(mark.last);
            if last.at < mark.last.at {
                *last = mark.last;
            }
        }
    }

    pub(super) fn events(&self, query: &Query) -> Page {
        query.page(self.events.iter().rev().cloned())
    }

    pub(super) fn count_under(&self, pepper: PepperId) -> u64 {
        self.tokens
            .values()
            .filter(|credential| credential.token().digest.pepper() == pepper)
            .fold(0, |count, _| count + 1)
    }

    fn read(&self, needs: &Needs) -> Facts {
        let of_account = needs.credentials_of.iter().flat_map(|account| self.ids_of(account));
        let tokens = needs.tokens.iter().chain(of_account).filter_map(|id| self.tokens.get(id));
        Facts {
            accounts: needs.accounts.iter().filter_map(|id| self.account(id)).collect(),
            tokens: tokens.map(|credential| credential.token().clone()).collect(),
            name_holder: needs.name.as_ref().and_then(|(account, name)| {
                let holds = |id: &&TokenId| {
                    self.tokens.get(id).is_some_and(|held| held.token().class.token_name() == Some(name))
                };
                self.ids_of(account).find(holds).copied()
            }),
        }
    }

    fn write(&mut self, write: Write) -> Vec<TokenId> {
        match write {
            Write::PutAccount(account) => self.put_account(Arc::new(*account)),
            Write::RemoveAccount(id) => {
                self.accounts.remove(&id);
                self.by_account.remove(&id);
                Vec::new()
            }
            Write::PutToken(token) => self.put_token(*token),
            Write::RemoveToken(id) => self.remove_token(id),
        }
    }

    /// Every credential of the account is joined anew, so that a request reads one record that is whole.
    fn put_account(&mut self, account: Arc<Account>) -> Vec<TokenId> {
        let ids: Vec<_> = self.ids_of(&account.id).copied().collect();
        for id in &ids {
            if let Some(credential) = self.tokens.get_mut(id) {
                *credential = Arc::new(Credential::new(credential.token().clone(), account.clone()));
            }
        }
        self.accounts.insert(account.id.clone(), account);
        ids
    }

    fn put_token(&mut self, token: Token) -> Vec<TokenId> {
        let id = token.id;
        let Some(account) = self.account(&token.account) else { return Vec::new() };
        self.forget_due(&id);
        if let Some(due) = token.next_due {
            self.by_due.insert((due, id));
        }
        self.by_account.entry(token.account.clone()).or_default().insert(id);
        self.tokens.insert(id, Arc::new(Credential::new(token, account)));
        vec![id]
    }

    fn remove_token(&mut self, id: TokenId) -> Vec<TokenId> {
        self.forget_due(&id);
        self.last_used.remove(&id);
        if let Some(credential) = self.tokens.remove(&id)
            && let Some(ids) = self.by_account.get_mut(&credential.token().account)
        {
            ids.remove(&id);
        }
        vec![id]
    }

    fn forget_due(&mut self, id: &TokenId) {
        if let Some(due) = self.tokens.get(id).and_then(|credential| credential.token().next_due) {
            self.by_due.remove(&(due, *id));
        }
    }

    fn ids_of(&self, account: &AccountId) -> impl Iterator<Item = &TokenId> {
        self.by_account.get(account).into_iter().flatten()
    }

    fn next_sequence(&self) -> Sequence {
        let length = i64::try_from(self.events.len()).unwrap_or(i64::MAX);
        Sequence::new(length.saturating_add(1))
    }
}
