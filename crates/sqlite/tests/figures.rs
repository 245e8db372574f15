//! What a read costs beside the least that SQLite itself needs: one prepared statement, held and mapped, by the same id.
//!
//! The figures, in a few minutes; `ROWS=100000` for fewer rows, `ROUNDS=400` for steadier medians:
//! `cargo test --release -p service-accounts-sqlite --test figures -- --ignored --nocapture`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests")]

use std::{
    fs::File,
    hint::black_box,
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use pollster::block_on;
use rusqlite::{Connection, Statement, ToSql};
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{Change, Clearance, Committed, Store, Token, conformance::Subject};
use service_accounts_token::TokenId;
use time::UtcDateTime;

const PER_ACCOUNT: usize = 1_000;

#[test]
#[ignore = "a million rows, for figures"]
fn reads_beside_a_held_statement() {
    let rows = setting("ROWS", 1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let ids = fill(&Subject::new(store.clone()), rows);
    let raw = mapped(&path);
    let mut held = raw.prepare("SELECT record FROM held WHERE id = ?1").unwrap();
    let mut in_file = raw.prepare("SELECT record FROM token WHERE number = ?1").unwrap();
    let numbers: Vec<i64> = {
        let mut numbers = raw.prepare("SELECT number FROM token ORDER BY id").unwrap();
        numbers.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    ids.iter().for_each(|id| read_raw(&mut held, id.as_str()));
    numbers.iter().for_each(|number| read_raw(&mut in_file, number));
    ids.iter().for_each(|id| read(&store, id));
    let hot = ids[rows / 2];
    let (mut first, mut second) = (Walk::new(&ids), Walk::new(&numbers));
    let (mut third, mut fourth) = (Walk::new(&ids), Walk::new(&ids));
    let index = File::open(path.with_extension("db-shm")).unwrap();
    let figures = medians(vec![
        ("held, in a table of its own", Box::new(|| read_raw(&mut held, first.next().as_str()))),
        ("held, in the file, with its locks", Box::new(|| read_raw(&mut in_file, second.next()))),
        ("any record, which no cache holds", Box::new(|| read_record(&store, third.next()))),
        ("any credential, most of them found good before", Box::new(|| read(&store, fourth.next()))),
        ("one that was found good before", Box::new(|| read(&store, &hot))),
        ("the system call that asks for the last commit", Box::new(|| last_commit(&index))),
    ]);
    for (name, nanoseconds) in &figures {
        println!(
            "{name}\t{nanoseconds:.0} ns\t{:.3} and {:.3} of the first two",
            nanoseconds / figures[0].1,
            nanoseconds / figures[1].1
        );
    }
}

fn setting(name: &str, ordinary: usize) -> usize {
    std::env::var(name).map_or(ordinary, |value| value.parse().unwrap())
}

type Figure<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Each in turn for some milliseconds, so that a machine that slows down slows all of them down.
fn medians(mut figures: Vec<Figure<'_>>) -> Vec<(&'static str, f64)> {
    let mut samples = vec![Vec::new(); figures.len()];
    let rounds = setting("ROUNDS", 41);
    for _ in 0..rounds {
        for ((_, work), samples) in figures.iter_mut().zip(&mut samples) {
            let (began, mut calls) = (Instant::now(), 0_u32);
            while began.elapsed() < Duration::from_millis(4) {
                (0..64).for_each(|_| work());
                calls += 64;
            }
            samples.push(began.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
        }
    }
    samples.iter_mut().for_each(|samples| samples.sort_by(f64::total_cmp));
    figures.iter().zip(samples).map(|((name, _), samples)| (*name, samples[rounds / 2])).collect()
}

/// As a request reads: what was found out before, or else the record, of which something is found out.
fn read(store: &SqliteStore, id: &TokenId) {
    if let Some(told) = store.brief(id).and_then(|brief| brief.read()) {
        black_box(told);
        return;
    }
    read_record(store, id);
}

fn read_record(store: &SqliteStore, id: &TokenId) {
    let found = block_on(store.credential(id)).unwrap().unwrap();
    store.clear(&found, Clearance { by: 1, what: 1, until: UtcDateTime::MAX });
}

/// The least that a store must do that answers nothing stale while other processes write.
fn last_commit(index: &File) {
    let mut head = [0; 96];
    index.read_exact_at(&mut head, 0).unwrap();
    black_box(head);
}

fn read_raw(statement: &mut Statement<'_>, key: impl ToSql) {
    black_box(statement.query_row([key], |row| Ok(row.get_ref(0)?.as_bytes()?.len())).unwrap());
}

/// The same records in a table of their own, by their ids: the least that a read by id can be.
fn mapped(path: &Path) -> Connection {
    let raw = Connection::open(path).unwrap();
    raw.pragma_update(None, "cache_size", -65_536).unwrap();
    raw.pragma_update(None, "mmap_size", 0x7fff_0000_i64).unwrap();
    raw.execute_batch(
        "CREATE TEMP TABLE held (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
         INSERT INTO held SELECT id, record FROM token ORDER BY id",
    )
    .unwrap();
    raw
}

/// Tokens in the order of their ids, a thousand an account.
fn fill(host: &Subject<Arc<SqliteStore>>, rows: usize) -> Vec<TokenId> {
    let unnamed = Subject::<Arc<SqliteStore>>::account("load").id;
    let mut tokens: Vec<_> =
        (0..rows).map(|number| host.token(&unnamed, &format!("load-{}", number % PER_ACCOUNT))).collect();
    tokens.sort_by_key(|token| token.id);
    let ids = tokens.iter().map(|token| token.id).collect();
    for (number, tokens) in tokens.chunks(PER_ACCOUNT).enumerate() {
        let account = Subject::<Arc<SqliteStore>>::account(&format!("load_{number}"));
        let named = |(place, token): (usize, &Token)| {
            let account = account.id.clone();
            let class = host.token(&account, &format!("load-{place}")).class;
            Token { account, class, ..token.clone() }
        };
        let tokens = tokens.iter().enumerate().map(named).collect();
        let created = host.commit(Change::CreateAccount { account: Box::new(account), tokens });
        assert!(matches!(created, Committed::Applied(_)), "{created:?}");
    }
    ids
}

/// All keys in an order that no cache can guess, one behind the other in memory.
struct Walk<K> {
    keys: Vec<K>,
    at: usize,
}

impl<K: Copy> Walk<K> {
    fn new(keys: &[K]) -> Self {
        let (mut keys, mut state) = (keys.to_vec(), 0x9e37_79b9_7f4a_7c15_u64);
        for place in (1..keys.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            keys.swap(place, usize::try_from(state >> 33).unwrap() % (place + 1));
        }
        Self { keys, at: 0 }
    }

    fn next(&mut self) -> &K {
        self.at = (self.at + 1) % self.keys.len();
        &self.keys[self.at]
    }
}
