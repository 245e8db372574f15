//! A store that can be watched, broken and interrupted.

use std::{
    future::{Future, pending},
    sync::{Arc, Mutex, MutexGuard},
};

use service_accounts::{
    audit::{Event, Page, Query},
    naming::AccountId,
    store::{Account, Authority, BoxError, BoxStore, Change, Committed, Credential, ListedToken, Paged, Store, Usage},
    token::TokenId,
};
use time::UtcDateTime;

/// A store that can be watched, broken and interrupted; clones share everything.
#[derive(Clone)]
pub(crate) struct Probe {
    store: BoxStore,
    state: Arc<Mutex<State>>,
}

/// One method of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Credential,
    Commit,
    Account,
    Accounts,
    Tokens,
    Due,
    Touch,
    Append,
    Events,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is done.
    Refused,
    /// It is done, but the answer never arrives.
    AnswerLost,
    /// Nothing is done, and no answer comes.
    Hangs,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    fault: Option<(When, Fault)>,
    interruption: Option<(Call, Box<dyn FnOnce() + Send>)>,
}

#[derive(Clone, Copy)]
enum When {
    Always,
    /// At the call with this number, counted from zero.
    At(usize),
    Each(Call),
}

impl Probe {
    pub(crate) fn new(store: BoxStore) -> Self {
        Self { store, state: Arc::default() }
    }

    /// The store behind.
    pub(crate) fn inner(&self) -> BoxStore {
        self.store.clone()
    }

    /// The calls that `work` makes, in order.
    pub(crate) fn calls_of(&self, work: impl FnOnce()) -> Vec<Call> {
        self.state().calls.clear();
        work();
        std::mem::take(&mut self.state().calls)
    }

    /// Runs `work` while every call fails.
    pub(crate) fn down<T>(&self, fault: Fault, work: impl FnOnce() -> T) -> T {
        self.broken(When::Always, fault, work)
    }

    /// Runs `work` while every call of one method fails.
    pub(crate) fn down_at<T>(&self, call: Call, fault: Fault, work: impl FnOnce() -> T) -> T {
        self.broken(When::Each(call), fault, work)
    }

    /// Runs `work` while only its `number`-th call fails, counted from zero.
    pub(crate) fn failing_once<T>(&self, number: usize, fault: Fault, work: impl FnOnce() -> T) -> T {
        self.broken(When::At(number), fault, work)
    }

    /// Does something else just before the next call of one method.
    pub(crate) fn interrupt(&self, call: Call, work: impl FnOnce() + Send + 'static) {
        self.state().interruption = Some((call, Box::new(work)));
    }

    fn broken<T>(&self, when: When, fault: Fault, work: impl FnOnce() -> T) -> T {
        self.state().calls.clear();
        self.state().fault = Some((when, fault));
        let done = work();
        self.state().fault = None;
        done
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn enter(&self, call: Call) -> Option<Fault> {
        let interruption = {
            let mut state = self.state();
            state.interruption.take_if(|(awaited, _)| *awaited == call)
        };
        if let Some((_, work)) = interruption {
            work();
        }
        let mut state = self.state();
        let number = state.calls.len();
        state.calls.push(call);
        state.fault.and_then(|(when, fault)| when.is_now(call, number).then_some(fault))
    }

    async fn around<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, BoxError>> + Send,
    ) -> Result<T, ProbeError> {
        match self.enter(call) {
            None => Ok(work.await?),
            Some(Fault::Refused) => Err(ProbeError::Injected),
            Some(Fault::AnswerLost) => {
                work.await?;
                Err(ProbeError::Injected)
            }
            Some(Fault::Hangs) => pending().await,
        }
    }
}

impl When {
    fn is_now(self, call: Call, number: usize) -> bool {
        match self {
            Self::Always => true,
            Self::At(at) => at == number,
            Self::Each(each) => each == call,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("a failure was injected")]
    Injected,
    #[error(transparent)]
    Store(#[from] BoxError),
}

impl Store for Probe {
    type Error = ProbeError;

    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, ProbeError> {
        self.around(Call::Credential, self.store.credential(id)).await
    }

    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, ProbeError> {
        self.around(Call::Commit, self.store.commit(authority, change, event)).await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, ProbeError> {
        self.around(Call::Account, self.store.account(id)).await
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, ProbeError> {
        self.around(Call::Accounts, self.store.accounts(after, limit)).await
    }

    async fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<ListedToken, TokenId>, ProbeError> {
        self.around(Call::Tokens, self.store.tokens(account, after, limit)).await
    }

    async fn due(&self, now: UtcDateTime, limit: usize) -> Result<Vec<TokenId>, ProbeError> {
        self.around(Call::Due, self.store.due(now, limit)).await
    }

    async fn touch(&self, marks: &[Usage]) -> Result<(), ProbeError> {
        self.around(Call::Touch, self.store.touch(marks)).await
    }

    async fn append(&self, events: &[Event]) -> Result<(), ProbeError> {
        self.around(Call::Append, self.store.append(events)).await
    }

    async fn events(&self, query: &Query) -> Result<Page, ProbeError> {
        self.around(Call::Events, self.store.events(query)).await
    }
}
