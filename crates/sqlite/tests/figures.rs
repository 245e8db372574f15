//! What a read costs beside the least that SQLite itself needs: one prepared statement, held and mapped, by the same id.
//!
//! The figures, in a few minutes; `ROWS=100000` for fewer:
//! `cargo test --release -p service-accounts-sqlite --test figures -- --ignored --nocapture`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests")]

use std::{
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use pollster::block_on;
use rusqlite::{Connection, Statement};
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{Change, Clearance, Committed, Store, Token, conformance::Subject};
use service_accounts_token::TokenId;
use time::UtcDateTime;

const PER_ACCOUNT: usize = 1_000;
const ROUNDS: usize = 41;

#[test]
#[ignore = "a million rows, for figures"]
fn reads_beside_a_held_statement() {
    let rows = std::env::var("ROWS").map_or(1_000_000, |rows| rows.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let ids = fill(&Subject::new(store.clone()), rows);
    let raw = mapped(&path);
    let (mut held, mut alone) = (
        raw.prepare("SELECT record FROM held WHERE id = ?1").unwrap(),
        raw.prepare("SELECT count(*) FROM one").unwrap(),
    );
    ids.iter().for_each(|id| read_raw(&mut held, id));
    ids.iter().for_each(|id| read(&store, id));
    let hot = ids[rows / 2];
    let mut walks = [Walk::new(&ids), Walk::new(&ids)];
    let [first, second] = &mut walks;
    let figures = medians(vec![
        ("held statement", Box::new(|| read_raw(&mut held, first.next()))),
        ("a held statement that reads nothing", Box::new(|| assert!(alone.exists([]).unwrap()))),
        ("cold", Box::new(|| read(&store, second.next()))),
        ("hot", Box::new(|| read(&store, &hot))),
    ]);
    for (name, nanoseconds) in &figures {
        println!("{name}\t{nanoseconds:.0} ns\t{:.3} of the held statement", nanoseconds / figures[0].1);
    }
}

type Figure<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Each in turn for some milliseconds, so that a machine that slows down slows all of them down.
fn medians(mut figures: Vec<Figure<'_>>) -> Vec<(&'static str, f64)> {
    let mut samples = vec![Vec::new(); figures.len()];
    for _ in 0..ROUNDS {
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
    figures.iter().zip(samples).map(|((name, _), samples)| (*name, samples[ROUNDS / 2])).collect()
}

/// As a request reads: what was found out before, or else the record, of which something is found out.
fn read(store: &SqliteStore, id: &TokenId) {
    if let Some(told) = store.brief(id).and_then(|brief| brief.read()) {
        black_box(told);
        return;
    }
    let found = block_on(store.credential(id)).unwrap().unwrap();
    store.clear(&found, Clearance { by: 1, what: 1, until: UtcDateTime::MAX });
}

fn read_raw(statement: &mut Statement<'_>, id: &TokenId) {
    black_box(statement.query_row([id.as_str()], |row| Ok(row.get_ref(0)?.as_bytes()?.len())).unwrap());
}

/// The same records in a table of their own, by their ids: the least that a read by id can be.
fn mapped(path: &Path) -> Connection {
    let raw = Connection::open(path).unwrap();
    raw.pragma_update(None, "cache_size", -65_536).unwrap();
    raw.pragma_update(None, "mmap_size", 0x7fff_0000_i64).unwrap();
    raw.execute_batch(
        "CREATE TEMP TABLE held (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
         INSERT INTO held SELECT id, record FROM token ORDER BY id;
         CREATE TEMP TABLE one AS SELECT 1",
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

/// All ids in an order that no cache can guess, one behind the other in memory.
struct Walk {
    ids: Vec<TokenId>,
    at: usize,
}

impl Walk {
    fn new(ids: &[TokenId]) -> Self {
        let (mut ids, mut state) = (ids.to_vec(), 0x9e37_79b9_7f4a_7c15_u64);
        for place in (1..ids.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ids.swap(place, usize::try_from(state >> 33).unwrap() % (place + 1));
        }
        Self { ids, at: 0 }
    }

    fn next(&mut self) -> &TokenId {
        self.at = (self.at + 1) % self.ids.len();
        &self.ids[self.at]
    }
}
