//! All that can be read back from a store.

use service_accounts_audit::{Query, Recorded};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_token::{Kind, TokenId};

use super::{Subject, fixtures};
use crate::{Account, AccountFilter, LastUsed, Listed, Paged, Store, Token};

/// All that can be read back from a store, for comparing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The accounts, in the order in which they were listed.
    pub accounts: Vec<Account>,
    /// Each account's tokens with their last use, in the order in which they were listed.
    pub listed: Vec<(Token, Option<LastUsed>)>,
    /// What authentication finds of the credentials that the subject has made: each with its account.
    pub credentials: Vec<(Token, Account)>,
    /// What will be due some day.
    pub due: Vec<TokenId>,
    /// The trail, newest first.
    pub events: Vec<Recorded>,
}

pub(super) fn read<S: Store>(subject: &Subject<S>) -> Contents {
    let accounts = accounts(subject, 7);
    let listed = accounts.iter().flat_map(|account| tokens(subject, &account.id, 7)).map(|listed| {
        let token = listed.credential.token().clone();
        (token, listed.last_used)
    });
    let found = subject.press().made().into_iter().filter_map(|id| subject.found(&id));
    Contents {
        listed: listed.collect(),
        credentials: found.map(|found| (found.token().clone(), found.account().as_ref().clone())).collect(),
        due: due(subject, fixtures::at(253_402_300_799), 1_000),
        events: events(subject, &Query::default().limit(Query::MAX_LIMIT)),
        accounts,
    }
}

/// Every account, read in pages of `limit`.
pub(super) fn accounts<S: Store>(subject: &Subject<S>, limit: usize) -> Vec<Account> {
    let page = |after: Option<&AccountId>| {
        let page = subject
            .wait(subject.reader().accounts(&AccountFilter::of(Realm::default()), after, limit))
            .expect("the store works");
        Paged { items: page.items.iter().map(|account| account.as_ref().clone()).collect(), next: page.next }
    };
    drain(limit, page)
}

/// Every token of an account, read in pages of `limit`.
pub(super) fn tokens<S: Store>(subject: &Subject<S>, account: &AccountId, limit: usize) -> Vec<Listed> {
    drain(limit, |after| {
        subject.wait(subject.reader().credentials(account, Kind::Token, after, limit)).expect("the store works")
    })
}

pub(super) fn due<S: Store>(subject: &Subject<S>, now: time::UtcDateTime, limit: usize) -> Vec<TokenId> {
    let due = subject.wait(subject.reader().due(&Realm::default(), now, limit)).expect("the store works");
    due.iter().map(|listed| listed.credential.token().id).collect()
}

/// Every event asked for, read page by page.
pub(super) fn events<S: Store>(subject: &Subject<S>, query: &Query) -> Vec<Recorded> {
    let mut found = Vec::new();
    let mut next = Some(query.clone());
    while let Some(query) = next {
        let page = subject.wait(subject.reader().events(&query)).expect("the store works");
        assert!(page.events.len() <= query.page_size(), "a page holds what was asked for");
        found.extend(page.events);
        next = page.next.map(|place| query.continue_from(place));
    }
    found
}

/// Reads to the end; only the last page may hold less than it could, and none that is not the first may hold nothing.
fn drain<T, K>(limit: usize, mut page: impl FnMut(Option<&K>) -> Paged<T, K>) -> Vec<T> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let Paged { items, next } = page(after.as_ref());
        assert!(items.len() <= limit, "a page holds what was asked for");
        assert!(next.is_none() || items.len() == limit, "a page that is not the last is full");
        assert!(after.is_none() || !items.is_empty(), "a page was promised, so it holds something");
        found.extend(items);
        match next {
            Some(key) => after = Some(key),
            None => return found,
        }
    }
}
