//! Stores that are careless with rotation, bulk changes, documents, readers and lists, for the negative controls.

use std::{future::poll_fn, sync::Arc, task::Poll};

use service_accounts_audit::{Event, Order, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::{
    Account, AccountFilter, Applied, Authority, Change, Committed, Credential, Cursor, Document, DocumentId,
    DocumentKind, Listed, MemoryStore, Newcomer, Paged, Refusal, Revision, Room, Sighting, Status, Store, Token, Usage,
    Write,
};
use service_accounts_token::{Kind, TokenId};
use time::UtcDateTime;

use crate::{
    broken::{commit, faults, found},
    wrapped::Fault,
};

faults! {
    WritesTheSame {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            match commit(&self.0, authority, change, event.clone()).await {
                Committed::Refused(Refusal::Unchanged) => {
                    let record = Change::Tend { tokens: Vec::new() };
                    commit(&self.0, authority, record, event).await
                }
                committed => committed,
            }
        }
    }

    TendsAnything {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let committed = commit(&self.0, authority, change.clone(), event.clone()).await;
            match (&committed, change) {
                (Committed::Refused(Refusal::RightsChanged), Change::Tend { mut tokens }) => {
                    let Some(tended) = tokens.pop() else { return committed };
                    let (token, expected) = (Box::new(tended.token), tended.expected);
                    let update = Change::UpdateToken { token, expected, account_revision: None };
                    commit(&self.0, authority, update, event).await
                }
                _ => committed,
            }
        }
    }

    TendsOneByOne {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let Change::Tend { tokens } = change else { return commit(&self.0, authority, change, event).await };
            let mut last = Committed::Refused(Refusal::TokenMissing);
            for tended in tokens {
                last = commit(&self.0, authority, Change::Tend { tokens: vec![tended] }, event.clone()).await;
                if matches!(last, Committed::Refused(_)) {
                    break;
                }
            }
            last
        }
    }

    CreatesOneByOne {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let Change::CreateAccounts { accounts } = change else {
                return commit(&self.0, authority, change, event).await;
            };
            let mut last = Committed::Refused(Refusal::AccountTaken);
            for Newcomer { account, tokens, event } in accounts {
                let create = Change::CreateAccount { account: Box::new(account), tokens };
                last = commit(&self.0, authority, create, event).await;
                if matches!(last, Committed::Refused(_)) {
                    break;
                }
            }
            last
        }
    }

    RetiresNothing {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let change = match change {
                Change::Rotate { successor, account_revision, room, .. } => {
                    Change::Mint { token: successor, account_revision, room }
                }
                change => change,
            };
            commit(&self.0, authority, change, event).await
        }
    }

    RevokesNothingInBulk {
        async fn credential(&self, id: &TokenId) -> Option<Arc<Credential>> {
            let found = found(&self.0, id).await?;
            let generation = found.account().generation;
            Some(Arc::new(Credential::new(Token { generation, ..found.token().clone() }, found.account().clone())))
        }
    }

    BelievesWhatWasJudged {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let change = if let Change::Judged { change, .. } = change { *change } else { change };
            commit(&self.0, authority, change, event).await
        }
    }

    ReissuesInTwoSteps {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let Change::Reissue { secret, account_revision, at, event: second } = change else {
                return commit(&self.0, authority, change, event).await;
            };
            let revoke = Change::RevokeAll { account: secret.account.clone(), expected: account_revision };
            let Committed::Applied(applied) = commit(&self.0, authority, revoke, event).await else {
                return Committed::Refused(Refusal::Stale);
            };
            let renew = Change::RegenerateSecret { secret, account_revision: applied.revision(), at };
            commit(&self.0, authority, renew, *second).await
        }
    }

    DeletesWithoutAMark {
        async fn credential(&self, id: &TokenId) -> Option<Arc<Credential>> {
            let found = found(&self.0, id).await?;
            let mut account = found.account().as_ref().clone();
            if account.status == Status::Deleted {
                account.status = Status::Enabled;
            }
            Some(Arc::new(Credential::new(found.token().clone(), Arc::new(account))))
        }
    }

    UnboundedSessions {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            let change = match change {
                Change::OpenSession { session, account_revision, .. } => {
                    Change::Mint { token: session, account_revision, room: Room::Below(usize::MAX) }
                }
                change => change,
            };
            commit(&self.0, authority, change, event).await
        }
    }

    CountsNoTokens {
        async fn commit(&self, authority: &Authority, mut change: Change, event: Event) -> Committed {
            if let Change::Mint { room: Room::Below(most), .. } | Change::Rotate { room: Room::Below(most), .. } =
                &mut change
            {
                *most = usize::MAX;
            }
            commit(&self.0, authority, change, event).await
        }
    }

    KeepsWhatMakesRoom {
        async fn commit(&self, authority: &Authority, mut change: Change, event: Event) -> Committed {
            if let Change::Mint { room: room @ Room::InPlaceOf { .. }, .. } = &mut change {
                *room = Room::Below(usize::MAX);
            }
            commit(&self.0, authority, change, event).await
        }
    }

    BlindTurn {
        async fn commit(&self, authority: &Authority, mut change: Change, event: Event) -> Committed {
            if let Change::AddDocument { turn: (kind, id), at, .. } = &mut change {
                let Ok(present) = self.0.document(*kind, id).await;
                *at = present.map(|present| present.revision);
            }
            commit(&self.0, authority, change, event).await
        }
    }

    BlindPut {
        async fn commit(&self, authority: &Authority, mut change: Change, event: Event) -> Committed {
            if let Change::PutDocument { document, expected } = &mut change {
                let Ok(present) = self.0.document(document.kind, &document.id).await;
                *expected = present.map(|present| present.revision);
            }
            commit(&self.0, authority, change, event).await
        }
    }

    OneShelf {
        async fn documents(
            &self,
            _: DocumentKind,
            after: Option<&DocumentId>,
            limit: usize,
        ) -> Paged<Document, DocumentId> {
            let Ok(page) = self.0.documents(DocumentKind::Policy, after, limit).await;
            page
        }
    }

    LooseCursor {
        async fn advance(&self, reader: &DocumentId, _: Option<Sequence>, to: Option<Cursor>) -> bool {
            let Ok(present) = self.0.cursor(reader).await;
            let Ok(moved) = self.0.advance(reader, present.map(|cursor| cursor.at), to).await;
            moved
        }
    }

    CountsTwice {
        async fn touch(&self, uses: &[Usage], sightings: &[Sighting]) {
            let twice: Vec<_> = sightings.iter().chain(sightings).cloned().collect();
            let Ok(()) = self.0.touch(uses, &twice).await;
        }
    }

    FewSightings {
        async fn sightings(&self, token: &TokenId) -> Vec<Sighting> {
            let Ok(mut rows) = self.0.sightings(token).await;
            rows.truncate(Sighting::MOST - 1);
            rows
        }
    }

    ForgottenAttempts {
        async fn credentials(
            &self,
            account: &AccountId,
            kind: Kind,
            after: Option<&TokenId>,
            limit: usize,
        ) -> Paged<Listed, TokenId> {
            let Ok(mut page) = self.0.credentials(account, kind, after, limit).await;
            page.items.iter_mut().for_each(|listed| listed.last_attempt = None);
            page
        }
    }

    OneRealm {
        async fn due(&self, _: &Realm, now: UtcDateTime, limit: usize) -> Vec<Listed> {
            let Ok(due) = self.0.due(&Realm::default(), now, limit).await;
            due
        }
    }

    AnyText {
        async fn accounts(
            &self,
            filter: &AccountFilter,
            after: Option<&AccountId>,
            limit: usize,
        ) -> Paged<Arc<Account>, AccountId> {
            let Ok(page) = self.0.accounts(&AccountFilter { text: None, ..filter.clone() }, after, limit).await;
            page
        }
    }

    Backwards {
        async fn events(&self, query: &Query) -> Page {
            let Ok(mut page) = self.0.events(query).await;
            if query.order() == Order::OldestFirst {
                page.events.reverse();
            }
            page
        }
    }

    TrimsAll {
        async fn trim(&self, place: Sequence, _: usize) -> usize {
            let Ok(trimmed) = self.0.trim(place, usize::MAX).await;
            trimmed
        }
    }

    WrongAnswer {
        async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Committed {
            match commit(&self.0, authority, change, event).await {
                Committed::Applied(applied) => {
                    let writes = applied.writes.into_iter().map(as_it_was_asked_for).collect();
                    Committed::Applied(Applied { writes, ..applied })
                }
                refused @ Committed::Refused(_) => refused,
            }
        }
    }

    InTwoSteps {
        async fn commit(&self, authority: &Authority, mut change: Change, event: Event) -> Committed {
            let Change::CreateAccount { account, tokens } = &mut change else {
                return commit(&self.0, authority, change, event).await;
            };
            let (id, tokens) = (account.id.clone(), std::mem::take(tokens));
            let committed = commit(&self.0, authority, change, event.clone()).await;
            step().await;
            for token in tokens {
                let Ok(account) = self.0.account(&id).await;
                let account_revision = account.map_or(Revision::NEW, |account| account.revision);
                let mint = Change::Mint { token: Box::new(token), account_revision, room: Room::Below(usize::MAX) };
                let _ = commit(&self.0, authority, mint, event.clone()).await;
            }
            committed
        }
    }

    OneByOne {
        async fn append(&self, events: &[Event]) {
            for event in events {
                let Ok(()) = self.0.append(std::slice::from_ref(event)).await;
                step().await;
            }
        }
    }
}

/// What was written, with the revision that the caller knew.
fn as_it_was_asked_for(write: Write) -> Write {
    match write {
        Write::PutToken(token) => Write::PutToken(Box::new(Token { revision: Revision::NEW, ..*token })),
        write => write,
    }
}

/// Is dropped here, where somebody drops it.
async fn step() {
    let mut was_polled = false;
    poll_fn(|context| {
        if std::mem::replace(&mut was_polled, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
