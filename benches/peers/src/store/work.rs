//! What is not on a request's way: sweeps, flushes, the trail, and an account with very many sessions.

use std::{
    collections::HashMap,
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use pollster::block_on;
use rusqlite::Connection;
use service_accounts::{
    access::{Scopes, TokenGrant, presets::data_quality},
    audit::{Action, Event, Label, Query},
    naming::Realm,
    sqlite::SqliteStore,
    store::{Account, Authority, Change, Class, Committed, LastUsed, Room, Store, Token, Usage},
    token::Kind,
};
use tempfile::TempDir;
use time::UtcDateTime;

use super::{account, keyring, token, vendor};
use crate::side_by_side::{contestant, medians, print_ratio};

const EVENTS: usize = 2_000_000;
const SESSIONS: usize = 40_000;
const MARKS: usize = 10_000;

pub fn run() {
    flush_of_marks();
    pages_of_the_trail();
    deletion_beside_mints();
}

/// A line with a time instead of a ratio: what the case took, and what it may take.
fn print_time(case: &str, took: Duration, unit: f64, goal: f64, name: &str) {
    let value = took.as_secs_f64() * 1e9 / unit;
    let verdict = if value <= goal { "ok" } else { "short" };
    println!("time\t{case}\t{value:.2} {name}\t≤ {goal} {name}\t{verdict}");
}

const RAW_DUE: &str = "
    SELECT record, (SELECT record FROM account WHERE id = token.account) FROM token
    WHERE substr(account, instr(account, '@') + 1) = 'service' AND next_due <= 9999999999
    ORDER BY next_due, id LIMIT 1000";

/// The same with all that a list tells of a credential: when and from where it was last used, and when it was last tried.
const RAW_LIST: &str = "
    SELECT token.record, (SELECT record FROM account WHERE id = token.account), last_used.at, last_used.address,
        (SELECT max(last) FROM sighting WHERE sighting.token = token.number AND kind = 'tried')
    FROM token LEFT JOIN last_used ON last_used.token = token.number
    WHERE substr(account, instr(account, '@') + 1) = 'service' AND next_due <= 9999999999
    ORDER BY next_due, id LIMIT 1000";

/// A thousand of the ten thousand that are due some day.
pub fn due_among_a_million(store: &SqliteStore, raw: &Connection) {
    let (realm, now) = (Realm::default(), UtcDateTime::MAX);
    let [mut held, mut decoded] = [RAW_DUE, RAW_LIST].map(|query| raw.prepare(query).expect("a statement"));
    let mut known = HashMap::new();
    let [raw, decoded, ours] = medians([
        contestant("raw, 1,000 records by the index", || {
            let mut rows = held.query([]).expect("rows");
            let mut length = 0;
            while let Some(row) = rows.next().expect("a row") {
                length += row.get_ref(0).expect("a record").as_str().expect("text").len();
            }
            black_box(length);
        }),
        contestant("raw with the last uses, and each text decoded once", || {
            let mut rows = decoded.query([]).expect("rows");
            let mut list = Vec::new();
            while let Some(row) = rows.next().expect("a row") {
                let text = |at| row.get_ref(at).expect("a record").as_str().expect("text");
                let token: Token = serde_json::from_str(text(0)).expect("a token");
                let account = known.entry(token.account.clone()).or_insert_with(|| {
                    (text(1).to_owned(), serde_json::from_str::<Account>(text(1)).expect("an account"))
                });
                assert_eq!(account.0, text(1));
                let used: Option<i64> = row.get(2).expect("a date");
                let tried: Option<i64> = row.get(4).expect("a date");
                list.push((token, used, tried));
            }
            black_box(list);
        }),
        contestant("due, SQLite, 1,000 of 1M", || {
            let due = block_on(store.due(&realm, now, 1_000)).expect("a store");
            assert_eq!(black_box(due).len(), 1_000);
        }),
    ]);
    print_ratio(ours.name, ours, raw, 1.2);
    print_ratio(ours.name, ours, decoded, 1.2);
    let nothing = UtcDateTime::UNIX_EPOCH;
    let [none] = medians([contestant("due, SQLite, nothing of 1M", || {
        assert!(block_on(store.due(&realm, nothing, 1_000)).expect("a store").is_empty());
    })]);
    print_time(none.name, Duration::from_nanos(none.nanoseconds as u64), 1e3, 50.0, "µs");
}

fn store() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path().join("peers.db")).expect("a database");
    (folder, store)
}

fn event() -> Event {
    Event::new(Action::AccountCreated, Label::new("peers"), UtcDateTime::UNIX_EPOCH)
}

fn commit(store: &SqliteStore, change: Change) {
    let committed = block_on(store.commit(&Authority::Host, change, event())).expect("a store");
    assert!(matches!(committed, Committed::Applied(_)), "{committed:?}");
}

/// An account with so many tokens.
fn created(store: &SqliteStore, number: usize, count: usize) -> (Account, Vec<Token>) {
    let account = account(number, &data_quality::catalogue());
    let mint = |_| keyring().mint(&vendor(), Kind::Token, &mut rand()).expect("a token");
    let tokens: Vec<_> =
        (0..count).map(mint).enumerate().map(|(place, minted)| token(&account, place, &minted)).collect();
    commit(store, Change::CreateAccount { account: Box::new(account.clone()), tokens: tokens.clone() });
    let account = block_on(store.account(&account.id)).expect("a store").expect("the account");
    (account.as_ref().clone(), tokens)
}

fn rand() -> impl rand_chacha::rand_core::CryptoRng {
    use rand_chacha::rand_core::SeedableRng;
    use std::sync::atomic::AtomicU64;

    static SEED: AtomicU64 = AtomicU64::new(1_000);
    rand_chacha::ChaCha8Rng::seed_from_u64(SEED.fetch_add(1, Ordering::Relaxed))
}

fn flush_of_marks() {
    let (_folder, store) = store();
    let (_, tokens) = created(&store, 0, MARKS);
    let mut times = Vec::new();
    for round in 1..8 {
        let at = UtcDateTime::UNIX_EPOCH + Duration::from_secs(round);
        let mark =
            |token: &Token| Usage { token: token.id, last: LastUsed { at, address: Some([192, 0, 2, 1].into()) } };
        let marks: Vec<_> = tokens.iter().map(mark).collect();
        let start = Instant::now();
        block_on(store.touch(&marks, &[])).expect("a store");
        times.push(start.elapsed());
    }
    times.sort();
    print_time("flush of 10,000 marks, SQLite, FULL, a row", times[times.len() / 2] / MARKS as u32, 1e3, 8.0, "µs");
}

/// A trail of one account's accesses, with a rare event now and then.
fn pages_of_the_trail() {
    let (_folder, store) = store();
    let about = |n: usize| {
        let action = if n % 50_000 == 7 { Action::TokenRevoked } else { Action::AccessGranted };
        Event::new(
            action,
            Label::new(&format!("actor_{}", n % 3)),
            UtcDateTime::UNIX_EPOCH + Duration::from_secs(n as u64),
        )
        .about_account(Label::new(&format!("account_{}", n % 2)))
        .about_token(Label::new(&format!("token_{}", n % 1_000)))
    };
    for start in (0..EVENTS).step_by(10_000) {
        let events: Vec<_> = (start..start + 10_000).map(about).collect();
        block_on(store.append(&events)).expect("a store");
    }
    let at = |seconds| UtcDateTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let all = Query::default();
    let account = || all.clone().for_account(Label::new("account_0"));
    let cases = [
        ("everything", all.clone()),
        ("oldest first", all.clone().oldest_first()),
        ("an account", account()),
        ("an actor", all.clone().by_actor(Label::new("actor_1"))),
        ("an account, a rare action", account().for_action(Action::TokenRevoked)),
        ("a token and an actor", all.clone().for_token(Label::new("token_4")).by_actor(Label::new("actor_1"))),
        ("two that never meet", account().for_token(Label::new("token_3"))),
        ("an old day", all.clone().since(at(86_400)).until(at(2 * 86_400))),
        ("an account, an old day, a rare action", account().for_action(Action::TokenRevoked).until(at(86_400))),
        ("nobody", all.clone().for_account(Label::new("nobody"))),
    ];
    for (name, query) in cases {
        let [page] = medians([contestant(name, || {
            black_box(block_on(store.events(&query)).expect("a store"));
        })]);
        let case = format!("first page of 2M events, SQLite: {name}");
        print_time(&case, Duration::from_nanos(page.nanoseconds as u64), 1e6, 5.0, "ms");
    }
}

/// How long another account's mint takes, alone and while an account with 40,000 sessions is deleted in steps.
fn deletion_beside_mints() {
    let (_folder, store) = store();
    let (big, _) = created(&store, 0, 1);
    let (other, _) = created(&store, 1, 1);
    let sessions = (0..SESSIONS).map(|_| session(&big));
    for session in sessions {
        let change =
            Change::OpenSession { session: Box::new(session), account_revision: big.revision, most: usize::MAX };
        // Not waited for one by one: what arrives together shares a write to disk.
        pending(&store, change);
    }
    let (is_over, mut number) = (AtomicBool::new(false), 0);
    let alone = percentile(mints(&store, &other, &mut number, 400, &AtomicBool::new(false)));
    let start = Instant::now();
    let (beside, took) = thread::scope(|scope| {
        let deleting = scope.spawn(|| {
            commit(&store, Change::DeleteAccount { account: big.id.clone(), expected: big.revision });
            while block_on(store.account(&big.id)).expect("a store").is_some() {
                commit(&store, Change::PurgeAccount { account: big.id.clone() });
            }
            is_over.store(true, Ordering::SeqCst);
            start.elapsed()
        });
        let beside = percentile(mints(&store, &other, &mut number, usize::MAX, &is_over));
        (beside, deleting.join().expect("a deletion"))
    });
    println!("time\tdeletion of an account with 40,000 sessions, SQLite\t{:.2} s\t-\t-", took.as_secs_f64());
    for (name, (alone, beside)) in [("median", (alone.0, beside.0)), ("p99", (alone.1, beside.1))] {
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        let verdict = if ratio <= 2.0 { "ok" } else { "short" };
        println!(
            "ratio\tanother account's mint meanwhile, {name}\t{beside:?}\talone\t{alone:?}\t{ratio:.2}\t≤ 2\t{verdict}"
        );
    }
}

fn session(account: &Account) -> Token {
    let minted = keyring().mint(&vendor(), Kind::Session, &mut rand()).expect("a session");
    let opened_with = minted.token.id();
    let end = Some(UtcDateTime::UNIX_EPOCH + Duration::from_secs(86_400));
    Token {
        expires_at: end,
        next_due: end,
        ..Token::new(
            account,
            Class::Session { opened_with },
            (minted.token.id(), minted.digest.clone(), minted.token.hint()),
            TokenGrant::restore(Scopes::Inherited),
            (Label::new("peers"), UtcDateTime::UNIX_EPOCH),
        )
    }
}

/// Asks for a change and goes on; the store makes it.
fn pending(store: &SqliteStore, change: Change) {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Waker},
    };

    let mut asked = pin!(store.commit(&Authority::Host, change, event()));
    assert!(asked.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

fn mints(
    store: &SqliteStore,
    account: &Account,
    number: &mut usize,
    most: usize,
    is_over: &AtomicBool,
) -> Vec<Duration> {
    let mut times = Vec::new();
    while times.len() < most && !is_over.load(Ordering::SeqCst) {
        *number += 1;
        let minted = keyring().mint(&vendor(), Kind::Token, &mut rand()).expect("a token");
        let token = Box::new(token(account, 1_000 + *number, &minted));
        let start = Instant::now();
        commit(store, Change::Mint { token, account_revision: account.revision, room: Room::Below(usize::MAX) });
        times.push(start.elapsed());
    }
    times
}

/// The median and the 99th percentile.
fn percentile(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}
