//! What a host implements to keep service accounts where it likes.

use std::{future::Future, net::IpAddr, sync::Arc};

use service_accounts_audit::{Event, Page, Query};
use service_accounts_lifecycle::{TokenEntry, TokenFacts};
use service_accounts_naming::AccountId;
use service_accounts_token::{PepperId, TokenId};
use time::UtcDateTime;

use crate::{Account, Authority, Change, Committed, Credential};

/// Keeps accounts, tokens and events; it stores and retrieves, it never judges.
///
/// `commit` must be one atomic step: rotation safety rests on it. What the step does is decided by
/// [`decide`](crate::decide()), so that all stores answer alike. Run the suite of the feature `conformance`
/// against every implementation.
///
/// Instants are whole seconds: a store may drop what is finer. A page holds at least one item, so `limit` is 1 or more.
pub trait Store: Send + Sync {
    /// Why the storage failed. A record that cannot be read back whole is such a failure, never an absent record.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Everything one authentication needs, in one read that sees every change acknowledged before it began.
    fn credential(&self, id: &TokenId) -> impl Future<Output = Result<Option<Arc<Credential>>, Self::Error>> + Send;

    /// Applies `change` and appends its event in one atomic, durable step, if `authority` still stands.
    fn commit(
        &self,
        authority: &Authority,
        change: Change,
        event: Event,
    ) -> impl Future<Output = Result<Committed, Self::Error>> + Send;

    /// One account.
    fn account(&self, id: &AccountId) -> impl Future<Output = Result<Option<Arc<Account>>, Self::Error>> + Send;

    /// A page of accounts in the order of their ids, starting behind `after`.
    fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> impl Future<Output = Result<Paged<Arc<Account>, AccountId>, Self::Error>> + Send;

    /// A page of an account's tokens in the order of their ids, starting behind `after`; sessions and client secrets are
    /// not among them.
    fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> impl Future<Output = Result<Paged<ListedToken, TokenId>, Self::Error>> + Send;

    /// Tokens of any class whose `next_due` is at `now` or earlier, the longest due first.
    ///
    /// It costs what is due, not what exists.
    fn due(&self, now: UtcDateTime, limit: usize) -> impl Future<Output = Result<Vec<TokenId>, Self::Error>> + Send;

    /// Keeps last-used marks; an older mark never replaces a newer one, and one of an unknown token is dropped.
    fn touch(&self, marks: &[Usage]) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Appends events that change nothing else, all of them or none.
    fn append(&self, events: &[Event]) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// A page of events, newest first.
    fn events(&self, query: &Query) -> impl Future<Output = Result<Page, Self::Error>> + Send;

    /// How many credentials, revoked ones included, are stored under this pepper; nothing if the store cannot tell.
    ///
    /// A pepper is retired when the answer is none. It may cost what exists.
    fn count_under(&self, pepper: PepperId) -> impl Future<Output = Result<Option<u64>, Self::Error>> + Send {
        let _ = pepper;
        async { Ok(None) }
    }
}

/// One use of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The credential.
    pub token: TokenId,
    /// When and from where.
    pub last: LastUsed,
}

/// When and from where a credential was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastUsed {
    /// When.
    pub at: UtcDateTime,
    /// The client address, if it was known.
    pub address: Option<IpAddr>,
}

/// A token as lists show it.
#[derive(Clone, Debug)]
pub struct ListedToken {
    /// The token and its account.
    pub credential: Arc<Credential>,
    /// Its last use, if it was ever used.
    pub last_used: Option<LastUsed>,
}

impl ListedToken {
    /// What `lifecycle` plans with, forecasts, compares and reviews: the token's dates, its state and its last use.
    ///
    /// Attempts, looks, reviews and successors are not among a store's records; a host that keeps them adds them to the
    /// facts. A token without an end of its own lives until the calendar ends, which is longer than any policy allows.
    #[must_use]
    pub fn entry(&self) -> TokenEntry<TokenId> {
        let token = self.credential.token();
        let facts =
            TokenFacts::new(token.created_at, token.expires_at.unwrap_or(UtcDateTime::MAX)).with_state(token.state);
        let facts = self.last_used.map_or(facts, |last| facts.with_last_use(last.at));
        TokenEntry { key: token.id, environment: token.environment.clone(), facts }
    }
}

/// Some items, and the key behind which the next page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T, K> {
    /// The items in order.
    pub items: Vec<T>,
    /// The key of the last item, if there are more.
    pub next: Option<K>,
}

impl<T, K> Paged<T, K> {
    /// Makes a page of at most `limit` items from what a store found, which is one more where there are more.
    #[must_use]
    pub fn new(mut found: Vec<T>, limit: usize, key: impl FnOnce(&T) -> K) -> Self {
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = if has_more { found.last().map(key) } else { None };
        Self { items: found, next }
    }
}
