//! All that can be read back from a store.

use service_accounts_audit::{Query, Recorded};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_token::{Kind, TokenId};

use super::{Subject, fixtures};
use crate::{
    Account, AccountFilter, Document, DocumentId, DocumentKind, LastUsed, Listed, Paged, Sighting, Store, Token,
};

/// All that can be read back from a store, for comparing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The accounts, in the order in which they were listed.
    pub accounts: Vec<Account>,
    /// Each account's credentials of each kind with their last use, in the order in which they were listed.
    pub listed: Vec<(Token, Option<LastUsed>)>,
    /// What authentication finds of the credentials that the subject has made: each with its account.
    pub credentials: Vec<(Token, Account)>,
    /// What these credentials were seen to do.
    pub sightings: Vec<Sighting>,
    /// What will be due some day.
    pub due: Vec<TokenId>,
    /// The documents of each kind.
    pub documents: Vec<Document>,
    /// The trail, newest first.
    pub events: Vec<Recorded>,
}

const KINDS: [Kind; 3] = [Kind::Token, Kind::Session, Kind::Secret];

pub(super) fn read<S: Store>(subject: &Subject<S>) -> Contents {
    let accounts = accounts(subject, 7);
    let of_account =
        |account: &Account| KINDS.map(|kind| of_kind(subject, &account.id, kind, 70)).into_iter().flatten();
    let listed = accounts.iter().flat_map(of_account);
    let found: Vec<_> = subject.press().made().into_iter().filter_map(|id| subject.found(&id)).collect();
    Contents {
        listed: listed.map(|listed| (listed.credential.token().clone(), listed.last_used)).collect(),
        sightings: found.iter().flat_map(|found| sightings(subject, &found.token().id)).collect(),
        credentials: found.iter().map(|found| (found.token().clone(), found.account().as_ref().clone())).collect(),
        due: due(subject, fixtures::at(253_402_300_799), 1_000),
        documents: DocumentKind::ALL.iter().flat_map(|kind| documents(subject, *kind, 7)).collect(),
        events: events(subject, &Query::default().limit(Query::MAX_LIMIT)),
        accounts,
    }
}

/// Every account, read in pages of `limit`.
pub(super) fn accounts<S: Store>(subject: &Subject<S>, limit: usize) -> Vec<Account> {
    matching(subject, &AccountFilter::of(Realm::default()), limit)
}

/// Every account that matches, read in pages of `limit`.
pub(super) fn matching<S: Store>(subject: &Subject<S>, filter: &AccountFilter, limit: usize) -> Vec<Account> {
    let page = |after: Option<&AccountId>| {
        let page = subject.wait(subject.reader().accounts(filter, after, limit)).expect("the store works");
        Paged { items: page.items.iter().map(|account| account.as_ref().clone()).collect(), next: page.next }
    };
    drain(limit, page)
}

/// Every token of an account, read in pages of `limit`.
pub(super) fn tokens<S: Store>(subject: &Subject<S>, account: &AccountId, limit: usize) -> Vec<Listed> {
    of_kind(subject, account, Kind::Token, limit)
}

/// Every credential of one kind, read in pages of `limit`.
pub(super) fn of_kind<S: Store>(subject: &Subject<S>, account: &AccountId, kind: Kind, limit: usize) -> Vec<Listed> {
    drain(limit, |after| {
        subject.wait(subject.reader().credentials(account, kind, after, limit)).expect("the store works")
    })
}

/// Every document of a kind, read in pages of `limit`.
pub(super) fn documents<S: Store>(subject: &Subject<S>, kind: DocumentKind, limit: usize) -> Vec<Document> {
    drain(limit, |after: Option<&DocumentId>| {
        subject.wait(subject.reader().documents(kind, after, limit)).expect("the store works")
    })
}

pub(super) fn sightings<S: Store>(subject: &Subject<S>, token: &TokenId) -> Vec<Sighting> {
    subject.wait(subject.reader().sightings(token)).expect("the store works")
}

pub(super) fn due<S: Store>(subject: &Subject<S>, now: time::UtcDateTime, limit: usize) -> Vec<TokenId> {
    due_in(subject, &Realm::default(), now, limit)
}

pub(super) fn due_in<S: Store>(
    subject: &Subject<S>,
    realm: &Realm,
    now: time::UtcDateTime,
    limit: usize,
) -> Vec<TokenId> {
    let due = subject.wait(subject.reader().due(realm, now, limit)).expect("the store works");
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

/// Reads to the end. A page may be short, since a store looks at a bounded number of records, but each goes further.
fn drain<T, K: Ord>(limit: usize, mut page: impl FnMut(Option<&K>) -> Paged<T, K>) -> Vec<T> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let Paged { items, next } = page(after.as_ref());
        assert!(items.len() <= limit, "a page holds what was asked for");
        assert!(next.is_none() || after < next, "each page starts behind the one before");
        found.extend(items);
        match next {
            Some(key) => after = Some(key),
            None => return found,
        }
    }
}
