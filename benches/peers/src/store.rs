//! Authenticating: the whole way from the text to the principal, in memory and on SQLite, with a million tokens.

use std::{
    future::Future,
    hint::black_box,
    path::Path,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
    time::Instant,
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use rusqlite::{Connection, Row, Statement};
use service_accounts::{
    AccessEvents, ServiceAccounts,
    access::{
        Catalogue, Grant, RoleName, Scopes, Teams, TokenGrant,
        presets::data_quality::{self, Permission},
    },
    audit::{Action, Event, Label},
    lifecycle::Environment,
    naming::{AccountId, DisplayName, Realm, TokenName},
    sqlite::SqliteStore,
    store::{Account, Authority, Change, Class, Committed, MemoryStore, Owner, Purpose, Store, Token},
    token::{Keyring, Kind, Minted, Pepper, PepperId, Vendor},
};
use sha2::block_api::compress256;
use time::UtcDateTime;

use crate::side_by_side::{contestant, medians, print_ratio};

mod least;
mod postgres;
mod work;

const MANY: usize = 1_000_000;
const PER_ACCOUNT: usize = 1_000;

pub fn run() {
    // For a change that concerns one of them.
    let only = std::env::args().nth(2);
    let parts: [(&str, fn()); 5] = [
        ("memory", in_memory),
        ("scaling", scaling),
        ("sqlite", on_sqlite),
        ("postgres", postgres::run),
        ("work", work::run),
    ];
    for (name, part) in parts {
        if only.as_deref().is_none_or(|only| only == name) {
            part();
        }
    }
}

fn in_memory() {
    let store = MemoryStore::new();
    let texts = fill(&store, MANY);
    let store = Arc::new(store);
    let (accounts, recording) = (open(store.clone(), AccessEvents::Off), open(store, AccessEvents::default()));
    let hot = texts[MANY / 2].clone();
    // Another account's token, so that each host remembers what it found out about a record of its own.
    let recorded = texts[MANY / 4].clone();
    authenticate(&recording, &recorded);
    warm(&accounts, &texts);
    let (mut state, mut cold) = ([0_u32; 8], Shuffled::new(&texts));
    let [compressions, hot, middleware, recorded, cold] = medians([
        contestant("2 compressions", || two_compressions(&mut state)),
        contestant("authenticate, memory, hot", || authenticate(&accounts, &hot)),
        contestant("authenticate at once, memory, hot", || authenticate_at_once(&accounts, &hot)),
        contestant("authenticate, memory, hot, default access events", || authenticate(&recording, &recorded)),
        contestant("authenticate, memory, 1M cold", || authenticate(&accounts, cold.next())),
    ]);
    print_ratio(hot.name, hot, compressions, 1.9);
    print_ratio(middleware.name, middleware, compressions, 1.9);
    print_ratio(recorded.name, recorded, compressions, 2.6);
    print_ratio(cold.name, cold, compressions, 6.0);
    for (case, ratio) in threads(&accounts, &texts) {
        let verdict = if ratio >= 1.8 { "ok" } else { "short" };
        println!("threads\tauthenticate, memory, two threads, {case}\t{ratio:.2}\t≥ 1.8\t{verdict}");
    }
}

/// What a token may do is worked out on its first use and remembered; all measurements are of later ones. Five times,
/// because a store may forget what it remembers while it grows.
fn warm<S: Store + 'static>(accounts: &ServiceAccounts<S, Permission>, texts: &[String]) {
    for texts in (0..5).flat_map(|_| texts.chunks(10_000)) {
        texts.iter().for_each(|text| authenticate(accounts, text));
        // The store has the last uses, as that of a service that runs its upkeep.
        pollster::block_on(accounts.flush()).expect("a store");
    }
}

/// One line for each number of tokens: 10⁷ of them only where `PEERS_TEN_MILLION` is set, for they take 6 GB.
fn scaling() {
    let sizes = [1_000, 100_000, 1_000_000, 10_000_000];
    let most = if std::env::var_os("PEERS_TEN_MILLION").is_some() { sizes.len() } else { sizes.len() - 1 };
    for size in sizes.into_iter().take(most) {
        // Kept to the end, so that the store does not grow into memory that was counted before.
        let minted = minted(size);
        let texts = texts_of(&minted);
        let before = resident();
        let store = MemoryStore::new();
        keep(&store, &minted);
        let accounts = open(Arc::new(store), AccessEvents::Off);
        warm(&accounts, &texts);
        let bytes = resident().saturating_sub(before) / size;
        let (mut state, mut cold) = ([0_u32; 8], Shuffled::new(&texts));
        let [compressions, cold] = medians([
            contestant("2 compressions", || two_compressions(&mut state)),
            contestant("authenticate, memory, all in turn", || authenticate(&accounts, cold.next())),
        ]);
        let [(_, same), (_, own)] = threads(&accounts, &texts);
        let ratio = cold.nanoseconds / compressions.nanoseconds;
        let verdict = if bytes <= 400 || size < 1_000_000 { "ok" } else { "short" };
        println!(
            "scaling\tauthenticate, memory, {size} tokens\t{ratio:.2} × C2\tp99 {:.0} ns\ttwo threads {same:.2}, {own:.2}\t{bytes} bytes a token\t≤ 400\t{verdict}",
            cold.p99
        );
    }
}

/// What this process holds in memory, in bytes; zero where the system does not tell.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or_default() * 4_096
}

/// What a second thread adds, where both show one token and where each shows its own; the median of five rounds.
fn threads(accounts: &ServiceAccounts<Arc<MemoryStore>, Permission>, texts: &[String]) -> [(&'static str, f64); 2] {
    [("the same hot token", 0), ("a hot token each", texts.len() / 3)].map(|(case, apart)| {
        let mut ratios: Vec<_> =
            (0..5).map(|_| rate(accounts, &[&texts[7], &texts[7 + apart]]) / rate(accounts, &[&texts[7]])).collect();
        ratios.sort_by(f64::total_cmp);
        (case, ratios[2])
    })
}

/// Calls a second of one thread for each text.
fn rate(accounts: &ServiceAccounts<Arc<MemoryStore>, Permission>, texts: &[&String]) -> f64 {
    const CALLS: u32 = 400_000;
    let rates = thread::scope(|scope| {
        let threads = texts.iter().map(|text| {
            scope.spawn(move || {
                let start = Instant::now();
                (0..CALLS).for_each(|_| authenticate(accounts, text));
                f64::from(CALLS) / start.elapsed().as_secs_f64()
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).collect::<Vec<_>>()
    });
    rates.iter().sum()
}

fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("peers.db");
    let store = SqliteStore::open(&path).expect("a database");
    let texts = fill(&store, MANY);
    let accounts = open(store, AccessEvents::Off);
    let raw = raw_connection(&path);
    // The same records in a table of their own, by their ids and mapped: the least that a read by id can be.
    raw.execute_batch(
        "CREATE TEMP TABLE held (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
         INSERT INTO held SELECT id, record FROM token ORDER BY id",
    )
    .expect("a copy");
    let mut statement = raw.prepare("SELECT record FROM held WHERE id = ?1").expect("a statement");
    // Every page is mapped once, on both sides; the measurement is of rows that no cache of ours holds, not of the disk.
    texts.iter().for_each(|text| read_raw(&mut statement, text));
    texts.iter().for_each(|text| authenticate(&accounts, text));
    let (mut cold, mut raw_cold, hot) = (Shuffled::new(&texts), Shuffled::new(&texts), texts[MANY / 2].clone());
    // A log of its own, as the file has one: what the locks of a read cost.
    let locked = in_a_file_of_its_own(&raw, &folder.path().join("held.db"));
    let mut in_file = locked.prepare("SELECT record FROM held WHERE id = ?1").expect("a statement");
    // The same as our store reads: with as many pages in memory, and not mapped.
    let unmapped = raw_connection(&folder.path().join("held.db"));
    unmapped.pragma_update(None, "mmap_size", 0).expect("a pragma");
    let mut unmapped_in_file = unmapped.prepare("SELECT record FROM held WHERE id = ?1").expect("a statement");
    texts.iter().for_each(|text| read_raw(&mut in_file, text));
    texts.iter().for_each(|text| read_raw(&mut unmapped_in_file, text));
    // A store that has seen half of them, so that its memory is at hand, and is asked for the others.
    let fresh = open(SqliteStore::open(&path).expect("a database"), AccessEvents::Off);
    let [mut first, mut raw_locked, mut raw_unmapped] = [(); 3].map(|()| Shuffled::new(&texts));
    (0..MANY / 2).for_each(|_| authenticate(&fresh, first.next()));
    let (least_hot, least_cold, mut needed) = (least::Hot::new(&path), least::Cold::new(&path), Shuffled::new(&texts));
    (0..MANY).for_each(|_| least_cold.call(needed.next()));
    let [held, locked, unmapped, ours, unseen, hot, least_hot, least_cold] = medians([
        contestant("raw held statement, no locks", || read_raw(&mut statement, raw_cold.next())),
        contestant("raw held statement, file locks", || read_raw(&mut in_file, raw_locked.next())),
        contestant("raw held statement, file locks, not mapped", || {
            read_raw(&mut unmapped_in_file, raw_unmapped.next())
        }),
        contestant("authenticate, SQLite, 1M rows", || authenticate(&accounts, cold.next())),
        contestant("authenticate, SQLite, a record that no cache holds", || authenticate(&fresh, first.next())),
        contestant("authenticate, SQLite, hot", || authenticate(&accounts, &hot)),
        contestant("two system calls and authenticate, memory, hot", || least_hot.call()),
        contestant("two system calls, a row not mapped, decoded, and authenticate, memory, hot", || {
            least_cold.call(needed.next());
        }),
    ]);
    for held in [held, locked] {
        print_ratio(ours.name, ours, held, 1.3);
        print_ratio(unseen.name, unseen, held, 1.3);
        print_ratio(hot.name, hot, held, 0.15);
    }
    print_ratio(unseen.name, unseen, unmapped, 1.3);
    print_ratio(unseen.name, unseen, least_cold, 1.3);
    print_ratio(hot.name, hot, least_hot, 1.15);
    work::due_among_a_million(accounts.store(), &raw);
}

/// The table of held records once more, in a file that is read under locks, and mapped.
fn in_a_file_of_its_own(raw: &Connection, path: &Path) -> Connection {
    let held = raw_connection(path);
    held.execute_batch(
        "PRAGMA journal_mode = WAL; CREATE TABLE held (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID",
    )
    .expect("a table");
    raw.execute("ATTACH ?1 AS other", [path.to_str()]).expect("the file");
    raw.execute_batch(
        "INSERT INTO other.held SELECT id, record FROM temp.held ORDER BY id;
         PRAGMA other.wal_checkpoint(TRUNCATE); DETACH other",
    )
    .expect("a copy");
    held
}

/// The id stands behind `peer_sat_`.
fn read_raw(statement: &mut Statement<'_>, text: &str) {
    let length = |row: &Row<'_>| row.get_ref(0).map(|value| value.as_bytes().map_or(0, <[u8]>::len));
    black_box(statement.query_row([&text[9..25]], length).expect("a row"));
}

fn authenticate<S: Store + 'static>(accounts: &ServiceAccounts<S, Permission>, text: &str) {
    let judged = at_once(accounts.authenticate(black_box(text), None));
    // Left where it is: what it costs to move a principal is its caller's.
    assert!(black_box(&judged).is_ok());
}

/// As middleware asks.
fn authenticate_at_once<S: Store + 'static>(accounts: &ServiceAccounts<S, Permission>, text: &str) {
    let judged = accounts.authenticate_at_once(black_box(text), None);
    assert!(matches!(black_box(&judged), Some(Ok(_))));
}

/// Neither store ever waits while it reads, so a runtime would only be in the way of the measurement.
#[inline(always)]
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a read waited"),
    }
}

fn two_compressions(state: &mut [u32; 8]) {
    let block = [0x5a_u8; 64];
    compress256(state, black_box(&[block]));
    compress256(state, black_box(&[block]));
    black_box(state);
}

fn open<S: Store + 'static>(store: S, events: AccessEvents) -> ServiceAccounts<S, Permission> {
    let (vendor, manage) = (vendor(), Permission::ServiceAccountsManage);
    ServiceAccounts::builder(store, vendor, keyring(), data_quality::catalogue(), manage).access_events(events).build()
}

fn vendor() -> Vendor {
    Vendor::parse("peer").expect("a vendor")
}

fn keyring() -> Keyring {
    Keyring::new(PepperId::parse("k1").expect("an id"), Pepper::from_bytes([7; 32]))
}

fn raw_connection(path: &Path) -> Connection {
    let raw = Connection::open(path).expect("a connection");
    raw.pragma_update(None, "cache_size", -65_536).expect("a pragma");
    raw.pragma_update(None, "mmap_size", 0x7fff_0000_i64).expect("a pragma");
    raw
}

/// All texts in an order that no cache can guess, lying one behind the other: a text arrives in cache, its record does not.
struct Shuffled {
    texts: String,
    length: usize,
    at: usize,
}

impl Shuffled {
    fn new(texts: &[String]) -> Self {
        let (length, mut random) = (texts[0].len(), ChaCha8Rng::seed_from_u64(3));
        let mut places: Vec<_> = (0..texts.len()).collect();
        (1..places.len()).rev().for_each(|place| places.swap(place, random.next_u32() as usize % (place + 1)));
        let texts = places.iter().map(|place| texts[*place].as_str()).collect();
        Self { texts, length, at: 0 }
    }

    fn from_the_middle(self) -> Self {
        let at = self.texts.len() / self.length / 2 * self.length;
        Self { at, ..self }
    }

    fn next(&mut self) -> &str {
        self.at = if self.at + 2 * self.length > self.texts.len() { 0 } else { self.at + self.length };
        &self.texts[self.at..self.at + self.length]
    }
}

fn fill(store: &impl Store, many: usize) -> Vec<String> {
    let minted = minted_in_order(many);
    keep(store, &minted);
    texts_of(&minted)
}

fn texts_of(minted: &[Minted]) -> Vec<String> {
    minted.iter().map(|minted| minted.token.expose().to_owned()).collect()
}

fn keep(store: &impl Store, minted: &[Minted]) {
    let catalogue = data_quality::catalogue();
    for (number, minted) in minted.chunks(PER_ACCOUNT).enumerate() {
        let account = account(number, &catalogue);
        let tokens = minted.iter().enumerate().map(|(place, minted)| token(&account, place, minted)).collect();
        let change = Change::CreateAccount { tokens, account: Box::new(account) };
        let event = Event::new(Action::AccountCreated, Label::new("peers"), UtcDateTime::UNIX_EPOCH);
        let committed = pollster::block_on(store.commit(&Authority::Host, change, event)).expect("a store");
        assert!(matches!(committed, Committed::Applied(_)));
    }
}

fn minted(many: usize) -> Vec<Minted> {
    let (keyring, mut random) = (keyring(), ChaCha8Rng::seed_from_u64(1));
    (0..many).map(|_| keyring.mint(&vendor(), Kind::Token, &mut random).expect("a token")).collect()
}

/// In the order of their ids, or SQLite would spend an hour on tearing its pages apart.
fn minted_in_order(many: usize) -> Vec<Minted> {
    let mut minted = minted(many);
    minted.sort_by_key(|minted| minted.token.id());
    minted
}

fn account(number: usize, catalogue: &Catalogue<Permission>) -> Account {
    let name = DisplayName::parse(&format!("Load {number}")).expect("a name");
    Account::new(
        (AccountId::from_name(&name, &Realm::default()).expect("an id"), name),
        (Purpose::parse("being measured").expect("a purpose"), Owner::parse("peers").expect("an owner")),
        Grant::restore(RoleName::clone(catalogue.least_role()), Scopes::Inherited, Teams::none()),
        Environment::production(),
        (Label::new("peers"), UtcDateTime::UNIX_EPOCH),
    )
}

fn token(account: &Account, place: usize, Minted { token, digest }: &Minted) -> Token {
    let class = Class::Token(TokenName::parse(&format!("load-{place}")).expect("a name"));
    // One in a hundred is due now, so that what is due is found among what is not.
    let due = if place % 100 == 0 { place as i64 + 1 } else { i64::from(u32::MAX) * 3 + place as i64 };
    Token {
        // In whole seconds, as a service mints them.
        expires_at: Some(UtcDateTime::from_unix_timestamp(253_402_300_799).expect("an instant")),
        next_due: Some(UtcDateTime::from_unix_timestamp(due).expect("an instant")),
        ..Token::new(
            account,
            class,
            (token.id(), digest.clone(), token.hint()),
            TokenGrant::restore(Scopes::Inherited),
            (Label::new("peers"), UtcDateTime::from_unix_timestamp(1_767_225_600).expect("an instant")),
        )
    }
}
