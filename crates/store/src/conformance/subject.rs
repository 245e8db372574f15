//! A store on trial.

use std::{
    any::Any,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError},
    thread,
};

use service_accounts_audit::{Event, Sequence};
use service_accounts_naming::AccountId;
use service_accounts_token::{Digest, TokenId};

use super::{Contents, contents, fixtures, fixtures::Press};
use crate::{Account, Applied, Authority, Change, Committed, Credential, Refusal, Revision, Room, Store, Token};

/// How to wait for a future; it is called on many threads at once.
pub type Waiting = fn(Pin<Box<dyn Future<Output = ()> + '_>>);

/// A store on trial: one that has no records yet, and how to wait for its answers.
pub struct Subject<S> {
    writer: Arc<S>,
    reader: Arc<S>,
    waiting: Waiting,
    press: Mutex<Press>,
    /// Dropped after the stores.
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

impl<S: Store> Subject<S> {
    /// A store that answers on any thread, whatever runs its futures.
    #[must_use]
    pub fn new(store: S) -> Self {
        let store = Arc::new(store);
        Self {
            writer: store.clone(),
            reader: store,
            waiting: |future| pollster::block_on(future),
            press: Mutex::default(),
            kept: vec![],
        }
    }

    /// Two handles on the same data, as two processes have them: changes go to one, and the other must see them at once.
    #[must_use]
    pub fn across(writer: S, reader: S) -> Self {
        Self { reader: Arc::new(reader), ..Self::new(writer) }
    }

    /// A store whose futures need more than a thread that waits, such as a runtime.
    #[must_use]
    pub fn waiting_by(self, waiting: Waiting) -> Self {
        Self { waiting, ..self }
    }

    /// Keeps something for as long as the store lives, such as its folder.
    #[must_use]
    pub fn keeping(mut self, kept: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(kept));
        self
    }

    /// The store that changes go to.
    #[must_use]
    pub fn writer(&self) -> &S {
        &self.writer
    }

    /// The store that is read; the same one, unless there are two handles.
    #[must_use]
    pub fn reader(&self) -> &S {
        &self.reader
    }

    /// Waits for an answer of the store.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        let mut slot = None;
        (self.waiting)(Box::pin(async { slot = Some(answer.await) }));
        slot.expect("the future was waited for until its end")
    }

    /// Makes a change on the host's word, with an event that fits it.
    pub fn commit(&self, change: Change) -> Committed {
        self.commit_by(&Authority::Host, change)
    }

    /// Makes a change on somebody's word, with an event that fits it.
    pub fn commit_by(&self, authority: &Authority, change: Change) -> Committed {
        let event = fixtures::event_of(&change);
        self.wait(self.writer.commit(authority, change, event)).expect("the store works")
    }

    /// A token of a name; no store has seen it yet.
    pub fn token(&self, account: &AccountId, name: &str) -> Token {
        self.press().token(account, name)
    }

    /// A session; no store has seen it yet.
    pub fn session(&self, account: &AccountId, opened_with: TokenId) -> Token {
        self.press().session(account, opened_with)
    }

    /// A client secret; no store has seen it yet.
    pub fn secret(&self, account: &AccountId) -> Token {
        self.press().secret(account)
    }

    /// A digest that no credential has; its pepper is `k2`, where that of the credentials is `k1`.
    pub fn digest(&self) -> Digest {
        self.press().digest()
    }

    /// An account without credentials; no store has seen it yet.
    #[must_use]
    pub fn account(local: &str) -> Account {
        fixtures::account(local)
    }

    /// All that can be read back, sessions and client secrets of this subject's making included.
    pub fn contents(&self) -> Contents {
        contents::read(self)
    }

    pub(super) fn press(&self) -> MutexGuard<'_, Press> {
        self.press.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change that must happen, and checks that exactly its event was kept.
    pub(super) fn apply(&self, change: Change) -> Sequence {
        self.applied(change).sequence
    }

    /// The same, with all that was written.
    pub(super) fn applied(&self, change: Change) -> Applied {
        match self.commit(change.clone()) {
            Committed::Applied(applied) => applied,
            Committed::Refused(refusal) => panic!("refused, `{refusal}`: {change:?}"),
        }
    }

    /// Asks for a change that must be refused, and checks that nothing at all was written.
    pub(super) fn refuse(&self, expected: Refusal, change: Change) {
        self.refuse_to(&Authority::Host, expected, change);
    }

    /// The same on somebody's word.
    pub(super) fn refuse_to(&self, authority: &Authority, expected: Refusal, change: Change) {
        let before = self.contents();
        assert_eq!(self.commit_by(authority, change.clone()), Committed::Refused(expected), "{change:?}");
        assert_eq!(self.contents(), before, "a refused change leaves no trace: {change:?}");
    }

    /// Creates an account with these first credentials, and reads it back.
    pub(super) fn create(&self, local: &str, tokens: &[&Token]) -> Arc<Account> {
        let account = fixtures::account(local);
        let id = account.id.clone();
        let tokens = tokens.iter().map(|token| (*token).clone()).collect();
        self.apply(Change::CreateAccount { account: Box::new(account), tokens });
        self.stored_account(&id)
    }

    /// Mints a token by the present state of its account, and reads it back.
    pub(super) fn mint(&self, token: Token) -> Token {
        let id = token.id;
        self.apply(self.minting(token));
        self.stored(&id)
    }

    /// The change that mints a token by the present state of its account.
    pub(super) fn minting(&self, token: Token) -> Change {
        let account_revision = self.revision_of(&token.account);
        Change::Mint { token: Box::new(token), account_revision, room: Room::Below(usize::MAX) }
    }

    pub(super) fn revision_of(&self, account: &AccountId) -> Revision {
        self.found_account(account).map_or(Revision::NEW, |account| account.revision)
    }

    pub(super) fn found_account(&self, id: &AccountId) -> Option<Arc<Account>> {
        self.wait(self.reader.account(id)).expect("the store works")
    }

    pub(super) fn stored_account(&self, id: &AccountId) -> Arc<Account> {
        self.found_account(id).expect("the account is there")
    }

    pub(super) fn found(&self, id: &TokenId) -> Option<Arc<Credential>> {
        self.wait(self.reader.credential(id)).expect("the store works")
    }

    pub(super) fn credential(&self, id: &TokenId) -> Arc<Credential> {
        self.found(id).expect("the credential is there")
    }

    pub(super) fn stored(&self, id: &TokenId) -> Token {
        self.credential(id).token().clone()
    }

    pub(super) fn append(&self, events: &[Event]) {
        self.wait(self.writer.append(events)).expect("the store works");
    }

    /// Runs one closure on many threads, which all start at once; answers stand in the order of the places.
    pub(super) fn race<T: Send>(&self, runners: usize, run: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let start = Barrier::new(runners);
        let (start, run) = (&start, &run);
        thread::scope(|scope| {
            let go = |place| {
                move || {
                    start.wait();
                    run(place)
                }
            };
            let threads: Vec<_> = (0..runners).map(|place| scope.spawn(go(place))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no runner panics")).collect()
        })
    }
}

impl<S: Store> From<S> for Subject<S> {
    fn from(store: S) -> Self {
        Self::new(store)
    }
}

impl<S> fmt::Debug for Subject<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("kept", &self.kept.len()).finish_non_exhaustive()
    }
}
