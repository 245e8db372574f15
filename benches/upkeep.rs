//! What upkeep and the first-use check cost, beside their limits: `cargo bench -p service-accounts-benches --bench upkeep`.
//!
//! It prints one line a case, as `benches/peers` does. `TOKENS` says how many tokens there are; a million by default.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement prints, and cannot go on without its setup"
)]

use std::{
    fs,
    hint::black_box,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rusqlite::{Connection, params};
use service_accounts::{
    AccessEvents, ServiceAccounts, UpkeepBounds,
    access::{
        Grant, Scopes, Teams, TokenGrant,
        presets::data_quality::{self, Permission},
    },
    audit::{Action, Event, Label},
    lifecycle::Environment,
    naming::{AccountId, DisplayName, Realm, TokenName},
    sqlite::SqliteStore,
    store::{Account, Authority, Change, Class, Committed, Credential, Owner, Purpose, Store, Token},
    token::{Keyring, Kind, Minted, Pepper, PepperId, Vendor},
};
use time::UtcDateTime;

const PER_ACCOUNT: usize = 1_000;

/// How many are due in each round.
const DUE: usize = 1_000;

const ROUNDS: usize = 10;

/// When all of it was made, in seconds.
const MADE: i64 = 1_760_000_000;

fn main() {
    let many = std::env::var("TOKENS").ok().and_then(|many| many.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let (path, copy) = (folder.path().join("upkeep.db"), folder.path().join("raw.db"));
    let tokens = fill(SqliteStore::open(&path).expect("a database"), many);
    fs::copy(&path, &copy).expect("a copy");
    let clock = Arc::new(AtomicI64::new(MADE));
    let accounts = open(SqliteStore::open(&path).expect("a database"), &clock);
    first_use(&accounts, tokens.first().expect("a token"));
    nothing_due(&accounts);
    settling(&accounts, &clock, &copy);
}

fn nothing_due(accounts: &ServiceAccounts<SqliteStore, Permission>) {
    let upkeep = || pollster::block_on(accounts.upkeep(UpkeepBounds::default())).expect("a store");
    (0..20).for_each(|_| assert_eq!(upkeep().swept.settled, 0, "nothing is due"));
    let took = median((0..200).map(|_| timed(|| _ = black_box(upkeep()))).collect());
    print("upkeep, nothing due", took, "limit", 50_000.0, 1.0);
}

/// The check alone: what every accepted request does more because of rotations.
fn first_use(accounts: &ServiceAccounts<SqliteStore, Permission>, token: &Token) {
    let found: Arc<Credential> =
        pollster::block_on(accounts.store().credential(&token.id)).expect("a store").expect("a token");
    let check = || {
        let credential = black_box(&found);
        black_box(credential.token().replaces.is_some_and(|replaced| replaced.first_used.is_none()));
    };
    let batch = || (0..1_000).for_each(|_| check());
    let took = median((0..200).map(|_| timed(batch)).collect()) / 1_000.0;
    print("first-use check, a token that replaces nothing", took, "limit", 5.0, 1.0);
}

/// As many rounds of each, in turn, so that a machine that drifts drifts for both.
fn settling(accounts: &ServiceAccounts<SqliteStore, Permission>, clock: &AtomicI64, copy: &Path) {
    let raw = Raw::open(copy);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let now = MADE + 1 + i64::try_from(round).expect("few");
        clock.store(now, Ordering::SeqCst);
        let mut settled = 0;
        ours.push(timed(|| {
            let bounds = UpkeepBounds { credentials: 10 * DUE, ..UpkeepBounds::default() };
            settled = pollster::block_on(accounts.upkeep(bounds)).expect("a store").swept.settled;
        }));
        assert_eq!(settled, DUE, "round {round}");
        theirs.push(timed(|| raw.settle(now)));
    }
    print("1,000 due settle", median(ours), "raw transactions", median(theirs), 1.3);
}

/// The same rows read and written by statements alone, one durable transaction a token.
struct Raw(Connection);

impl Raw {
    fn open(path: &Path) -> Self {
        let raw = Connection::open(path).expect("a connection");
        raw.pragma_update(None, "journal_mode", "WAL").expect("a pragma");
        raw.pragma_update(None, "synchronous", 2).expect("a pragma");
        raw.pragma_update(None, "cache_size", -65_536).expect("a pragma");
        Self(raw)
    }

    fn settle(&self, now: i64) {
        let due = "SELECT number FROM token WHERE substr(account, instr(account, '@') + 1) = 'service' \
                   AND next_due <= ?1 ORDER BY next_due, id LIMIT 1000";
        let mut due = self.0.prepare_cached(due).expect("a statement");
        let due = due.query_map([now], |row| row.get(0)).expect("rows");
        let due: Vec<i64> = due.collect::<Result<_, _>>().expect("numbers");
        assert_eq!(due.len(), DUE);
        due.into_iter().for_each(|number| self.settle_one(number, now));
    }

    fn settle_one(&self, number: i64, now: i64) {
        let cached = |text| self.0.prepare_cached(text).expect("a statement");
        self.0.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        let (account, record): (String, String) = cached("SELECT account, record FROM token WHERE number = ?1")
            .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("a token");
        let _account: String = cached("SELECT record FROM account WHERE id = ?1")
            .query_row([&account], |row| row.get(0))
            .expect("an account");
        let sequence: i64 = cached("SELECT coalesce(max(sequence), 0) + 1 FROM event")
            .query_row([], |row| row.get(0))
            .expect("a place");
        cached("UPDATE token SET next_due = ?2, revision = ?3, record = ?4 WHERE number = ?1")
            .execute(params![number, now + 8_000_000, sequence, record])
            .expect("an update");
        cached(
            "INSERT INTO event (sequence, at, action, actor, account, token, rest) VALUES (?1, ?2, 1, 2, 3, ?3, ?4)",
        )
        .execute(params![sequence, now, number % 1000, "x".repeat(100)])
        .expect("an event");
        self.0.execute_batch("COMMIT").expect("a commit");
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// In nanoseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e9)
}

fn print(case: &str, ours: f64, peer: &str, its: f64, goal: f64) {
    let ratio = ours / its;
    let verdict = if ratio <= goal { "ok" } else { "short" };
    println!("ratio\t{case}\t{ours:.1}\t{peer}\t{its:.1}\t{ratio:.3}\t≤ {goal}\t{verdict}");
}

fn keyring() -> Keyring {
    Keyring::new(PepperId::parse("k1").expect("an id"), Pepper::from_bytes([7; 32]))
}

fn vendor() -> Vendor {
    Vendor::parse("acme").expect("a vendor")
}

fn open(store: SqliteStore, clock: &Arc<AtomicI64>) -> ServiceAccounts<SqliteStore, Permission> {
    let (clock, manage) = (clock.clone(), Permission::ServiceAccountsManage);
    let now = move || UtcDateTime::from_unix_timestamp(clock.load(Ordering::SeqCst)).expect("an instant");
    let builder = ServiceAccounts::builder(store, vendor(), keyring(), data_quality::catalogue(), manage);
    builder.access_events(AccessEvents::Off).clock(now).build()
}

/// In the order of their ids, or SQLite would spend an hour on tearing its pages apart.
fn fill(store: SqliteStore, many: usize) -> Vec<Token> {
    let (keyring, mut random) = (keyring(), ChaCha8Rng::seed_from_u64(1));
    let mut minted: Vec<_> =
        (0..many).map(|_| keyring.mint(&vendor(), Kind::Token, &mut random).expect("a token")).collect();
    minted.sort_by_key(|minted| minted.token.id());
    let mut filled = Vec::new();
    for (number, minted) in minted.chunks(PER_ACCOUNT).enumerate() {
        let account = account(number);
        let first = number * PER_ACCOUNT;
        let tokens = minted.iter().enumerate().map(|(place, minted)| token(&account, first + place, many, minted));
        let tokens: Vec<_> = tokens.collect();
        filled.extend(tokens.first().cloned());
        let change = Change::CreateAccount { tokens, account: Box::new(account) };
        let event = Event::new(Action::AccountCreated, Label::new("benches"), made());
        let committed = pollster::block_on(store.commit(&Authority::Host, change, event)).expect("a store");
        assert!(matches!(committed, Committed::Applied(_)));
    }
    // With its log emptied, the one file can be copied.
    pollster::block_on(store.close());
    filled
}

fn made() -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(MADE).expect("an instant")
}

fn account(number: usize) -> Account {
    let name = DisplayName::parse(&format!("Load {number}")).expect("a name");
    Account::new(
        (AccountId::from_name(&name, &Realm::default()).expect("an id"), name),
        (Purpose::parse("being measured").expect("a purpose"), Owner::parse("benches").expect("an owner")),
        Grant::restore(data_quality::catalogue().least_role().clone(), Scopes::Inherited, Teams::none()),
        Environment::production(),
        (Label::new("benches"), made()),
    )
}

/// Of all tokens, spread among them, a thousand are due in each of the first seconds.
fn token(account: &Account, place: usize, many: usize, Minted { token, digest }: &Minted) -> Token {
    let class = Class::Token(TokenName::parse(&format!("load-{place}")).expect("a name"));
    let step = (many / (DUE * ROUNDS)).max(1);
    let round = (place / step) % ROUNDS;
    let in_round = place.is_multiple_of(step) && place / step < DUE * ROUNDS;
    let due = made() + Duration::from_secs(u64::try_from(round).expect("few") + 1);
    Token {
        expires_at: Some(made() + Duration::from_secs(365 * 86_400)),
        next_due: in_round.then_some(due),
        ..Token::new(
            account,
            class,
            (token.id(), digest.clone(), token.hint()),
            TokenGrant::restore(Scopes::Inherited),
            (Label::new("benches"), made()),
        )
    }
}
