//! Long work beside short: what one caller does must not hold up the others.
//!
//! The figures, in a minute or two:
//! `cargo test --release -p service-accounts-sqlite --test beside -- --ignored --nocapture`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use pollster::block_on;
use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_naming::AccountId;
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{Change, Committed, Room, Store, Token, conformance::Subject};
use tempfile::TempDir;
use time::UtcDateTime;

type Host = Subject<Arc<SqliteStore>>;

/// Two accounts with tokens, the first with many.
struct Stage {
    home: TempDir,
    host: Host,
    big: AccountId,
    other: AccountId,
    token: Token,
}

impl Stage {
    fn new(events: usize, tokens: usize) -> Self {
        let home = tempfile::tempdir().unwrap();
        let host = Subject::new(Arc::new(SqliteStore::open(home.path().join("accounts.db")).unwrap()));
        let (big, _) = created(&host, "big", tokens);
        let (other, token) = created(&host, "other", 1);
        append(host.writer(), events);
        Self { home, host, big, other, token }
    }

    fn length_of_log(&self) -> u64 {
        self.home.path().join("accounts.db-wal").metadata().unwrap().len()
    }

    fn mint(&self, number: usize) -> Duration {
        let token = Box::new(self.host.token(&self.other, &format!("minted-{number}")));
        let account_revision = block_on(self.host.writer().account(&self.other)).unwrap().unwrap().revision;
        let began = Instant::now();
        let minted = self.host.commit(Change::Mint { token, account_revision, room: Room::Below(usize::MAX) });
        let took = began.elapsed();
        assert!(matches!(minted, Committed::Applied(_)), "{minted:?}");
        took
    }

    fn read(&self) -> Duration {
        let began = Instant::now();
        assert!(block_on(self.host.writer().credential(&self.token.id)).unwrap().is_some());
        began.elapsed()
    }

    /// The 99th percentiles of reads and mints, until it is over.
    fn measure(&self, first: usize, is_over: impl Fn(usize) -> bool) -> [Duration; 2] {
        let (mut reads, mut mints) = (Vec::new(), Vec::new());
        while !is_over(mints.len()) {
            mints.push(self.mint(first + mints.len()));
            for _ in 0..20 {
                reads.push(self.read());
                thread::sleep(Duration::from_micros(20));
            }
        }
        for (name, times) in [("authenticate", &mut reads), ("mint", &mut mints)] {
            println!(
                "  {} of {name}: median {:?}, p99 {:?}",
                times.len(),
                percentile(times, 50),
                percentile(times, 99)
            );
        }
        [percentile(&mut reads, 99), percentile(&mut mints, 99)]
    }

    fn delete_big(&self) {
        let expected = block_on(self.host.writer().account(&self.big)).unwrap().unwrap().revision;
        let deleted = self.host.commit(Change::DeleteAccount { account: self.big.clone(), expected });
        assert!(matches!(deleted, Committed::Applied(_)), "{deleted:?}");
        while block_on(self.host.writer().account(&self.big)).unwrap().is_some() {
            let step = self.host.commit(Change::PurgeAccount { account: self.big.clone() });
            assert!(matches!(step, Committed::Applied(_)), "{step:?}");
        }
    }

    fn audit(&self) {
        for query in [
            Query::default().for_account(Label::new("account_0")).for_token(Label::new("token_3")),
            Query::default().by_actor(Label::new("actor_1")).for_action(Action::TokenRevoked),
        ] {
            drop(block_on(self.host.writer().events(&query)).unwrap());
        }
    }
}

fn created(host: &Host, name: &str, tokens: usize) -> (AccountId, Token) {
    let account = Host::account(name);
    let id = account.id.clone();
    let tokens: Vec<_> = (0..tokens).map(|number| host.token(&id, &format!("token-{number}"))).collect();
    let first = tokens[0].clone();
    let created = host.commit(Change::CreateAccount { account: Box::new(account), tokens });
    assert!(matches!(created, Committed::Applied(_)), "{created:?}");
    (id, first)
}

fn append(store: &SqliteStore, events: usize) {
    for first in (0..events).step_by(1_000) {
        let batch: Vec<_> = (first..first + 1_000).map(event).collect();
        block_on(store.append(&batch)).unwrap();
    }
}

fn event(number: usize) -> Event {
    let at = UtcDateTime::UNIX_EPOCH + Duration::from_secs(number.try_into().unwrap());
    Event::new(Action::AccessGranted, Label::new(&format!("actor_{}", number % 3)), at)
        .about_account(Label::new(&format!("account_{}", number % 2)))
        .about_token(Label::new(&format!("token_{}", number % 1_000)))
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[times.len().saturating_sub(1) * percent / 100]
}

/// While commits never stop, pages are moved beside them, and what the log may grow to is bounded all the same.
#[test]
fn the_log_is_bounded_while_commits_never_stop() {
    let stage = Stage::new(0, 1);
    let mut longest = 0;
    for round in 0..60 {
        let long = Label::new(&"x".repeat(400));
        let events: Vec<_> =
            (0..400).map(|number| event(round * 400 + number).with(long.clone(), long.clone())).collect();
        block_on(stage.host.writer().append(&events)).unwrap();
        longest = longest.max(stage.length_of_log());
    }
    println!("the log was {} KiB at most", longest >> 10);
    assert!(longest < 64 << 20, "{longest}");
}

/// A deletion in steps goes on however many others write, and they go on meanwhile.
#[test]
fn a_long_deletion_and_others_changes_go_on_beside_each_other() {
    let stage = Stage::new(1_000, 2_000);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            stage.delete_big();
            is_over.store(true, Ordering::SeqCst);
        });
        stage.measure(0, |mints| is_over.load(Ordering::SeqCst) && mints > 0);
    });
    assert!(block_on(stage.host.writer().account(&stage.big)).unwrap().is_none());
}

/// Closing waits for steps that were put off.
#[test]
fn what_was_put_off_is_done_before_the_store_closes() {
    let Stage { home, host, big, .. } = Stage::new(0, 270);
    let expected = block_on(host.writer().account(&big)).unwrap().unwrap().revision;
    for change in
        [Change::DeleteAccount { account: big.clone(), expected }, Change::PurgeAccount { account: big.clone() }]
    {
        let committed = host.commit(change);
        assert!(matches!(committed, Committed::Applied(_)), "{committed:?}");
    }
    drop(host);
    let store = SqliteStore::open(home.path().join("accounts.db")).unwrap();
    assert!(block_on(store.account(&big)).unwrap().is_none());
}

#[test]
#[ignore = "two million events, for figures"]
fn long_reads_and_a_big_deletion_hold_up_nobody() {
    let stage = Stage::new(2_000_000, 40_000);
    println!("alone:");
    let alone = stage.measure(0, |mints| mints == 2_000);
    println!("beside four audit queries and the deletion:");
    let beside = while_busy(
        4,
        || stage.audit(),
        |is_over| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    let began = Instant::now();
                    stage.delete_big();
                    println!("  the deletion took {:?}", began.elapsed());
                    is_over.store(true, Ordering::SeqCst);
                });
                stage.measure(10_000, |mints| is_over.load(Ordering::SeqCst) && mints > 0)
            })
        },
    );
    println!(
        "alone, while four threads that never touch the store only count (what the system's scheduler makes of it):"
    );
    let control = while_busy(4, spin, |_| stage.measure(100_000, |mints| mints == 2_000));
    for (place, name) in ["authenticate", "mint"].into_iter().enumerate() {
        let [alone, beside, control] = [alone, beside, control].map(|figures| figures[place]);
        let times = |other: Duration| other.as_secs_f64() / alone.as_secs_f64();
        println!("p99 of {name}: alone {alone:?}, beside {beside:?}, {:.2} times", times(beside));
        println!("    beside threads that only count {control:?}, {:.2} times", times(control));
    }
}

fn spin() {
    (0..100_000).for_each(|_| std::hint::spin_loop());
}

/// Does something while so many threads do something else over and over.
fn while_busy<T>(threads: usize, busy: impl Fn() + Sync, work: impl FnOnce(&AtomicBool) -> T) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    busy();
                }
            });
        }
        let done = work(&is_over);
        is_over.store(true, Ordering::SeqCst);
        done
    })
}
