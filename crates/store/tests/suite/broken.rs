//! Stores with one fault each, for the negative controls.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use service_accounts_audit::{Action, Event, Page, Query};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::{
    Account, AccountFilter, Authority, Change, Committed, Credential, LastUsed, Listed, MemoryStore, Paged, Refusal,
    Room, Sighting, Store, Token, Usage,
};
use service_accounts_token::{Kind, TokenId};
use time::{Duration, UtcDateTime};

use crate::wrapped::Fault;

macro_rules! faults {
    ($($fault:ident { $($method:item)* })+) => {$(
        #[derive(Default)]
        pub(crate) struct $fault(MemoryStore);

        impl Fault for $fault {
            fn store(&self) -> &MemoryStore {
                &self.0
            }

            $($method)*
        }
    )+};
}
pub(crate) use faults;

pub(crate) async fn commit(store: &MemoryStore, authority: &Authority, change: Change, event: Event) -> Committed {
    let Ok(committed) = store.commit(authority, change, event).await;
    committed
}

pub(crate) async fn found(store: &MemoryStore, id: &TokenId) -> Option<Arc<Credential>> {
    let Ok(found) = store.credential(id).await;
    found
}

faults! {
    Faultless {}

    LostUpdate {
        async fn commit(&self, authority: &Authority, mut change: Change, event: Event) -> Committed {
            match &mut change {
                Change::UpdateToken { token, expected, .. } => {
                    *expected = found(&self.0, &token.id).await.map_or(*expected, |found| found.token().revision);
                }
                Change::UpdateAccount { account, expected } => {
                    let Ok(found) = self.0.account(&account.id).await;
                    *expected = found.map_or(*expected, |found| found.revision);
                }
                _ => {}
            }
            commit(&self.0, authority, change, event).await
        }
    }

    Overwrite {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let committed = commit(&self.0, authority, change.clone(), event.clone()).await;
            match (&committed, &change) {
                (Committed::Refused(Refusal::TokenTaken), Change::Mint { token, .. }) => {
                    forced(&self.0, token.id, change, &event).await
                }
                _ => committed,
            }
        }
    }

    Revival {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let committed = commit(&self.0, authority, change.clone(), event.clone()).await;
            match (&committed, change) {
                (Committed::Refused(Refusal::Revoked), Change::UpdateToken { token, .. }) => {
                    let Ok(account) = self.0.account(&token.account).await;
                    let account_revision = account.unwrap().revision;
                    forced(&self.0, token.id, Change::Mint { token, account_revision, room: Room::Below(usize::MAX) }, &event).await
                }
                _ => committed,
            }
        }
    }

    Trusting {
        async fn commit(&self, _: &Authority, change: Change, event: Event) -> Committed {
            commit(&self.0, &Authority::Host, change, event).await
        }
    }

    ForgottenExpiry {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let forget = |token| Token { expires_at: None, ..token };
            let change = match change {
                Change::Mint { token, account_revision, room } => {
                    Change::Mint { token: Box::new(forget(*token)), account_revision, room }
                }
                Change::CreateAccount { account, tokens } => {
                    Change::CreateAccount { account, tokens: tokens.into_iter().map(forget).collect() }
                }
                change => change,
            };
            commit(&self.0, authority, change, event).await
        }
    }

    LostEvent {
        async fn events(&self, query: &Query) -> Page {
            let Ok(mut page) = self.0.events(query).await;
            page.events.retain(|recorded| recorded.event.action() != Action::AccountDeleted);
            page
        }
    }

    EventOnRefusal {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let committed = commit(&self.0, authority, change, event.clone()).await;
            if matches!(committed, Committed::Refused(_)) {
                let Ok(()) = self.0.append(&[event]).await;
            }
            committed
        }
    }

    GlobalNames {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            match &change {
                Change::Mint { token, .. } if is_named_anywhere(&self.0, token).await => {
                    Committed::Refused(Refusal::NameTaken)
                }
                _ => commit(&self.0, authority, change, event).await,
            }
        }
    }

    OverlappingPages {
        async fn accounts(
            &self,
            filter: &AccountFilter,
            after: Option<&AccountId>,
            limit: usize,
        ) -> Paged<Arc<Account>, AccountId> {
            let Ok(page) = self.0.accounts(filter, after, limit).await;
            let overlaps = page.items.len() > 1 && page.next.is_some();
            let next = if overlaps { page.items.iter().rev().nth(1).map(|one| one.id.clone()) } else { page.next };
            Paged { items: page.items, next }
        }
    }

    DueTooLate {
        async fn due(&self, realm: &Realm, now: UtcDateTime, limit: usize) -> Vec<Listed> {
            let Ok(due) = self.0.due(realm, now.saturating_sub(Duration::SECOND), limit).await;
            due
        }
    }

    HalfAppend {
        async fn append(&self, events: &[Event]) {
            let Ok(()) = self.0.append(events.split_at(events.len().div_ceil(2)).0).await;
        }
    }
}

/// Removes what stands in a change's way, and makes the change then.
async fn forced(store: &MemoryStore, id: TokenId, change: Change, event: &Event) -> Committed {
    let present = found(store, &id).await.unwrap();
    let (account, at) = (present.token().account.clone(), UtcDateTime::UNIX_EPOCH);
    let revoke = Change::Revoke { token: id, account: account.clone(), account_revision: None, at };
    let delete = Change::DeleteToken { token: id, account, account_revision: None, at };
    for clearing in [revoke, delete] {
        let _ = commit(store, &Authority::Host, clearing, event.clone()).await;
    }
    commit(store, &Authority::Host, change, event.clone()).await
}

async fn is_named_anywhere(store: &MemoryStore, wanted: &Token) -> bool {
    let Ok(accounts) = store.accounts(&AccountFilter::of(Realm::default()), None, usize::MAX).await;
    for account in accounts.items {
        let Ok(tokens) = store.credentials(&account.id, Kind::Token, None, usize::MAX).await;
        if tokens.items.iter().any(|listed| listed.credential.token().class == wanted.class) {
            return true;
        }
    }
    false
}

/// Answers from what it read first.
#[derive(Default)]
pub(crate) struct StaleCache {
    store: MemoryStore,
    seen: Mutex<HashMap<TokenId, Arc<Credential>>>,
}

impl Fault for StaleCache {
    fn store(&self) -> &MemoryStore {
        &self.store
    }

    async fn credential(&self, id: &TokenId) -> Option<Arc<Credential>> {
        let found = found(&self.store, id).await?;
        Some(self.seen.lock().unwrap().entry(*id).or_insert(found).clone())
    }
}

/// Finds credentials whose account is gone.
#[derive(Default)]
pub(crate) struct Orphans {
    store: MemoryStore,
    seen: Mutex<HashMap<TokenId, Arc<Credential>>>,
}

impl Fault for Orphans {
    fn store(&self) -> &MemoryStore {
        &self.store
    }

    async fn credential(&self, id: &TokenId) -> Option<Arc<Credential>> {
        match found(&self.store, id).await {
            Some(found) => {
                self.seen.lock().unwrap().insert(*id, found.clone());
                Some(found)
            }
            None => self.seen.lock().unwrap().get(id).cloned(),
        }
    }

    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
        let committed = commit(&self.store, authority, change.clone(), event).await;
        if let Change::Mint { token, .. } = &change {
            self.credential(&token.id).await;
        }
        committed
    }
}

/// Keeps the mark that came last, not the newest.
#[derive(Default)]
pub(crate) struct LastMarkWins {
    store: MemoryStore,
    marks: Mutex<HashMap<TokenId, LastUsed>>,
}

impl Fault for LastMarkWins {
    fn store(&self) -> &MemoryStore {
        &self.store
    }

    async fn touch(&self, uses: &[Usage], sightings: &[Sighting]) {
        self.marks.lock().unwrap().extend(uses.iter().map(|mark| (mark.token, mark.last)));
        let Ok(()) = self.store.touch(uses, sightings).await;
    }

    async fn credentials(
        &self,
        account: &AccountId,
        kind: Kind,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Paged<Listed, TokenId> {
        let Ok(mut page) = self.store.credentials(account, kind, after, limit).await;
        let marks = self.marks.lock().unwrap();
        for listed in &mut page.items {
            listed.last_used = marks.get(&listed.credential.token().id).copied();
        }
        page
    }
}
