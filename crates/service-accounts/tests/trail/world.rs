//! A host whose trail is sealed, with a clock that a test moves.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use service_accounts::{
    Actor, Archive, ArchivedSegment, Archiving, Builder, CreatedAccount, ExportForm, NewAccount, NewToken, Sealing,
    ServiceAccounts, Upkeep, UpkeepBounds,
    access::presets::data_quality::{self, Permission},
    audit::{
        Action, Event, Label, Query, Recorded, Sequence,
        detect::Settings,
        seal::{Fault, SealKey, Verified, Verifier},
    },
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{BoxStore, MemoryStore, Owner, Purpose, Store},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::conformance::FaultyStore;
use tempfile::TempDir;
use time::{Duration, UtcDateTime};

pub(crate) use pollster::block_on as wait;

/// A store that can be watched, broken and interrupted.
pub(crate) type Probe = Arc<FaultyStore<BoxStore>>;

pub(crate) type Accounts = ServiceAccounts<Probe, Permission>;

pub(crate) const START: i64 = 1_790_000_000;

pub(crate) const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// Where archived segments go.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Vec<ArchivedSegment>>>);

impl Shelf {
    pub(crate) fn kept(&self) -> Vec<ArchivedSegment> {
        self.0.lock().unwrap().clone()
    }
}

impl Archive for Shelf {
    fn keep(&self, segment: ArchivedSegment) -> Archiving<'_> {
        Box::pin(async move {
            self.0.lock().unwrap().push(segment);
            Ok(())
        })
    }
}

/// One process on a store.
pub(crate) struct World {
    pub(crate) accounts: Accounts,
    pub(crate) store: Probe,
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) shelf: Shelf,
}

pub(crate) fn key() -> SealKey {
    SealKey::new(&[7; 32])
}

/// Segments of ten events or an hour, kept for 30 days.
pub(crate) fn sealing() -> Sealing {
    Sealing::under(key()).closing_at(10, Duration::HOUR).retaining_days(30)
}

impl World {
    /// Sealed and watched, on a store of its own in memory.
    pub(crate) fn new() -> Self {
        Self::on(BoxStore::new(MemoryStore::new()))
    }

    pub(crate) fn on(store: BoxStore) -> Self {
        Self::built(store, Arc::new(AtomicI64::new(START)), |builder| {
            builder.seal(sealing()).detect(Settings::default())
        })
    }

    /// Another process on the same store, with the same clock.
    pub(crate) fn beside(&self) -> Self {
        let choose = |builder: Builder<Probe, Permission>| builder.seal(sealing()).detect(Settings::default());
        Self::built(self.store.inner().clone(), self.clock.clone(), choose)
    }

    /// Each segment goes to the shelf before it is removed.
    pub(crate) fn archiving() -> Self {
        let shelf = Shelf::default();
        let choose = |builder: Builder<Probe, Permission>| builder.seal(sealing().archiving_to(shelf.clone()));
        let world = Self::built(BoxStore::new(MemoryStore::new()), Arc::new(AtomicI64::new(START)), choose);
        Self { shelf, ..world }
    }

    pub(crate) fn built(
        store: BoxStore,
        clock: Arc<AtomicI64>,
        choose: impl FnOnce(Builder<Probe, Permission>) -> Builder<Probe, Permission>,
    ) -> Self {
        let store = Arc::new(FaultyStore::new(store));
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; Pepper::LEN]));
        let vendor = Vendor::parse("acme").unwrap();
        let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
        let builder = ServiceAccounts::builder(store.clone(), vendor, keyring, catalogue, manage);
        let reader = clock.clone();
        let builder = builder.clock(move || UtcDateTime::from_unix_timestamp(reader.load(Ordering::SeqCst)).unwrap());
        Self { accounts: choose(builder).build(), store, clock, shelf: Shelf::default() }
    }

    pub(crate) fn now(&self) -> UtcDateTime {
        self.accounts.now()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.fetch_add(by.whole_seconds(), Ordering::SeqCst);
    }

    pub(crate) fn upkeep(&self) -> Upkeep {
        wait(self.accounts.upkeep(UpkeepBounds::default())).unwrap()
    }

    /// So many events of something that changed nothing, at this instant.
    pub(crate) fn happen(&self, events: usize) {
        let event = Event::new(Action::PolicyValidated, Label::new("ada"), self.now());
        wait(self.store.inner().append(&vec![event; events])).unwrap();
    }

    pub(crate) fn create(&self, name: &str) -> CreatedAccount {
        wait(self.accounts.acting(&ada()).create(account(name))).unwrap()
    }

    pub(crate) fn file(&self, form: ExportForm) -> String {
        let (ada, mut file) = (ada(), String::new());
        let trail = self.accounts.acting(&ada).trail();
        let mut export = wait(trail.export(form)).unwrap();
        while let Some(part) = wait(trail.next_part(&mut export)).unwrap() {
            file += &part;
        }
        file
    }

    /// What the verifier says of an export of this moment.
    pub(crate) fn verified(&self) -> Verified {
        verify(&self.file(ExportForm::JsonLines)).unwrap()
    }

    /// Every event that the store has, the oldest first.
    pub(crate) fn events(&self) -> Vec<Recorded> {
        let (mut found, mut place) = (Vec::new(), None::<Sequence>);
        loop {
            let query = Query::default().oldest_first().limit(500);
            let query = place.map_or(query.clone(), |place| query.continue_from(place));
            let page = wait(self.store.inner().events(&query)).unwrap();
            found.extend(page.events);
            match page.next {
                Some(next) => place = Some(next),
                None => return found,
            }
        }
    }

    pub(crate) fn count(&self, action: Action) -> usize {
        self.events().iter().filter(|recorded| recorded.event.action() == action).count()
    }
}

/// An account with a first token.
pub(crate) fn account(name: &str) -> NewAccount {
    let (name, owner) = (DisplayName::parse(name).unwrap(), Owner::parse("Data Platform").unwrap());
    let purpose = Purpose::parse("nightly load of the warehouse").unwrap();
    let account = NewAccount::new(name, purpose, owner, Environment::production());
    let first_token = Some(NewToken::new(TokenName::parse("nightly-2026").unwrap()));
    NewAccount { first_token, ..account }
}

/// What the verifier says of a file.
pub(crate) fn verify(file: &str) -> Result<Verified, Fault> {
    let mut verifier = Verifier::new(key());
    file.split_inclusive('\n').try_for_each(|line| verifier.line(line.as_bytes()))?;
    verifier.finish()
}

pub(crate) fn ada() -> Actor<Permission> {
    Actor::host("ada")
}

/// A SQLite store in a directory that goes with it.
pub(crate) fn sqlite() -> (TempDir, BoxStore) {
    let home = tempfile::tempdir().unwrap();
    let store = reopen(&home);
    (home, store)
}

/// Another handle on the same file, as another process would have.
pub(crate) fn reopen(home: &TempDir) -> BoxStore {
    BoxStore::new(SqliteStore::open(home.path().join("accounts.db")).unwrap())
}
