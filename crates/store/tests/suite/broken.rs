//! A store with one fault, for the negative controls.

#![expect(clippy::unwrap_used, reason = "a helper of tests")]

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use service_accounts_audit::{Action, Event, Page, Query};
use service_accounts_naming::AccountId;
use service_accounts_store::{
    Account, Authority, Change, Committed, Credential, LastUsed, ListedToken, MemoryStore, Paged, Refusal, Store,
    Token, Usage,
};
use service_accounts_token::TokenId;
use time::{Duration, UtcDateTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    LostUpdate,
    Overwrite,
    Revival,
    StaleCache,
    Orphans,
    Trusting,
    ForgottenExpiry,
    LostEvent,
    EventOnRefusal,
    GlobalNames,
    OverlappingPages,
    DueTooLate,
    LastMarkWins,
    HalfAppend,
}

pub(crate) struct Broken {
    store: MemoryStore,
    fault: Fault,
    seen: Mutex<HashMap<TokenId, Arc<Credential>>>,
    marks: Mutex<HashMap<TokenId, LastUsed>>,
}

impl Broken {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { store: MemoryStore::new(), fault, seen: Mutex::default(), marks: Mutex::default() }
    }

    async fn spoil(&self, change: Change) -> Change {
        match (self.fault, change) {
            (Fault::LostUpdate, Change::UpdateToken { token, expected }) => {
                let found = self.found(&token.id).await;
                Change::UpdateToken { expected: found.map_or(expected, |found| found.token().revision), token }
            }
            (Fault::LostUpdate, Change::UpdateAccount { account, expected }) => {
                let Ok(found) = self.store.account(&account.id).await;
                Change::UpdateAccount { expected: found.map_or(expected, |found| found.revision), account }
            }
            (Fault::ForgottenExpiry, Change::Mint { token, account_revision }) => {
                Change::Mint { token: Box::new(Token { expires_at: None, ..*token }), account_revision }
            }
            (Fault::ForgottenExpiry, Change::CreateAccount { account, tokens }) => {
                let forget = |token| Token { expires_at: None, ..token };
                Change::CreateAccount { account, tokens: tokens.into_iter().map(forget).collect() }
            }
            (_, change) => change,
        }
    }

    /// Whether the change is one that this store forces through by removing what stands in its way.
    fn forces(&self, change: &Change, refusal: Refusal) -> Option<TokenId> {
        match (self.fault, change, refusal) {
            (Fault::Overwrite, Change::Mint { token, .. }, Refusal::TokenTaken)
            | (Fault::Revival, Change::UpdateToken { token, .. }, Refusal::Revoked) => Some(token.id),
            _ => None,
        }
    }

    async fn force(&self, id: TokenId, change: Change, event: &Event) -> Committed {
        let at = UtcDateTime::UNIX_EPOCH;
        for clearing in [Change::Revoke { token: id, at }, Change::DeleteToken { token: id, at }] {
            let Ok(_) = self.store.commit(&Authority::Host, clearing, event.clone()).await;
        }
        let change = match change {
            Change::UpdateToken { token, .. } => {
                let Ok(account) = self.store.account(&token.account).await;
                Change::Mint { account_revision: account.unwrap().revision, token }
            }
            change => change,
        };
        let Ok(committed) = self.store.commit(&Authority::Host, change, event.clone()).await;
        committed
    }

    async fn has_name_anywhere(&self, wanted: &Token) -> bool {
        let Ok(accounts) = self.store.accounts(None, usize::MAX).await;
        for account in accounts.items {
            let Ok(tokens) = self.store.tokens(&account.id, None, usize::MAX).await;
            let holds = |listed: &ListedToken| listed.credential.token().class == wanted.class;
            if wanted.class.token_name().is_some() && tokens.items.iter().any(holds) {
                return true;
            }
        }
        false
    }

    async fn found(&self, id: &TokenId) -> Option<Arc<Credential>> {
        let Ok(found) = self.store.credential(id).await;
        found
    }
}

impl Store for Broken {
    type Error = Infallible;

    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, Infallible> {
        let found = self.found(id).await;
        let mut seen = self.seen.lock().unwrap();
        Ok(match (self.fault, &found) {
            (Fault::StaleCache, Some(found)) => Some(seen.entry(*id).or_insert_with(|| found.clone()).clone()),
            (Fault::Orphans, Some(found)) => {
                seen.insert(*id, found.clone());
                Some(found.clone())
            }
            (Fault::Orphans, None) => seen.get(id).cloned(),
            _ => found,
        })
    }

    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, Infallible> {
        let authority = if self.fault == Fault::Trusting { &Authority::Host } else { authority };
        let change = self.spoil(change).await;
        if let (Fault::GlobalNames, Change::Mint { token, .. }) = (self.fault, &change)
            && self.has_name_anywhere(token).await
        {
            return Ok(Committed::Refused(Refusal::NameTaken));
        }
        let Ok(committed) = self.store.commit(authority, change.clone(), event.clone()).await;
        if let (Fault::Orphans, Change::Mint { token, .. }) = (self.fault, &change) {
            self.credential(&token.id).await?;
        }
        if let Committed::Refused(refusal) = committed {
            if self.fault == Fault::EventOnRefusal {
                self.store.append(&[event]).await?;
            } else if let Some(id) = self.forces(&change, refusal) {
                return Ok(self.force(id, change, &event).await);
            }
        }
        Ok(committed)
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, Infallible> {
        self.store.account(id).await
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, Infallible> {
        let page = self.store.accounts(after, limit).await?;
        let overlaps = self.fault == Fault::OverlappingPages && page.items.len() > 1 && page.next.is_some();
        let next = if overlaps { page.items.iter().rev().nth(1).map(|one| one.id.clone()) } else { page.next };
        Ok(Paged { items: page.items, next })
    }

    async fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<ListedToken, TokenId>, Infallible> {
        let mut page = self.store.tokens(account, after, limit).await?;
        if self.fault == Fault::LastMarkWins {
            let marks = self.marks.lock().unwrap();
            for listed in &mut page.items {
                listed.last_used = marks.get(&listed.credential.token().id).copied();
            }
        }
        Ok(page)
    }

    async fn due(&self, now: UtcDateTime, limit: usize) -> Result<Vec<TokenId>, Infallible> {
        let late = self.fault == Fault::DueTooLate;
        self.store.due(if late { now.saturating_sub(Duration::SECOND) } else { now }, limit).await
    }

    async fn touch(&self, marks: &[Usage]) -> Result<(), Infallible> {
        self.marks.lock().unwrap().extend(marks.iter().map(|mark| (mark.token, mark.last)));
        self.store.touch(marks).await
    }

    async fn append(&self, events: &[Event]) -> Result<(), Infallible> {
        let kept = if self.fault == Fault::HalfAppend { events.len().div_ceil(2) } else { events.len() };
        self.store.append(events.split_at(kept).0).await
    }

    async fn events(&self, query: &Query) -> Result<Page, Infallible> {
        let mut page = self.store.events(query).await?;
        if self.fault == Fault::LostEvent {
            page.events.retain(|recorded| recorded.event.action() != Action::AccountDeleted);
        }
        Ok(page)
    }
}
