//! The cache that a host may switch on: what it may answer, and for how long.

use std::time::{Duration, Instant};

use service_accounts_audit::{Action, Event, Label};
use service_accounts_postgres::{PostgresError, PostgresStore, Prepared, Settings};
use service_accounts_store::{Authority, Change, Committed, Room, Status, Store, Token, conformance::Subject};
use time::UtcDateTime;

use crate::support::{Server, as_user, connect, runtime, schema_of, settings, wait};

const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;
const STALENESS: Duration = Duration::from_millis(1_500);

/// A node without a cache, a token, and a node with one.
struct Two {
    plain: Subject<PostgresStore>,
    token: Token,
    cached: PostgresStore,
    settings: Settings,
}

fn two(server: &Server) -> Two {
    let settings = settings(server);
    let plain = Subject::new(connect(settings.clone()));
    let account = Box::new(Subject::<PostgresStore>::account("pipeline"));
    let token = plain.token(&account.id, "nightly");
    commit(plain.writer(), Change::CreateAccount { account, tokens: vec![token.clone()] });
    let cached = connect(settings.clone().cache(1 << 20, STALENESS));
    let two = Two { plain, token, cached, settings };
    two.wait_until_on();
    two
}

fn commit(store: &PostgresStore, change: Change) {
    let event = Event::new(Action::TokenRevoked, Label::new("x"), AT);
    let answer = wait(store.commit(&Authority::Host, change, event)).unwrap();
    assert!(matches!(answer, Committed::Applied(_)), "{answer:?}");
}

impl Two {
    fn wait_until_on(&self) {
        let start = Instant::now();
        while !self.cached.is_cache_on() {
            assert!(start.elapsed() < Duration::from_secs(20), "it never listens");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn revoke_by(&self, store: &PostgresStore) {
        let account = self.token.account.clone();
        commit(store, Change::Revoke { token: self.token.id, account, account_revision: None, at: AT });
    }

    fn is_revoked(&self) -> bool {
        wait(self.cached.credential(&self.token.id)).unwrap().unwrap().token().state.is_revoked()
    }

    /// Whether reads ask no database. On a busy machine a beat may be late and the cache off for a moment.
    fn is_answered_from_memory(&self, server: &Server) -> bool {
        (0..20).any(|_| {
            self.wait_until_on();
            self.is_revoked();
            self.works_without_the_table(server)
        })
    }

    fn works_without_the_table(&self, server: &Server) -> bool {
        let hidden = format!("ALTER TABLE {}.token RENAME", schema_of(&self.settings));
        server.sql(&format!("{hidden} TO hidden"));
        let answer = wait(self.cached.credential(&self.token.id));
        server.sql(&format!("ALTER TABLE {}.hidden RENAME TO token", schema_of(&self.settings)));
        answer.is_ok()
    }

    fn is_off_without_its_connection(&self, server: &Server) -> bool {
        self.wait_until_on();
        server.sql(&format!("SELECT pg_terminate_backend({})", self.listening_process(server)));
        let start = Instant::now();
        while self.cached.is_cache_on() && start.elapsed() < STALENESS {}
        !self.cached.is_cache_on()
    }

    /// The server's process that serves the listening connection.
    fn listening_process(&self, server: &Server) -> String {
        let query = format!(
            "SELECT pid FROM pg_stat_activity WHERE query LIKE 'NOTIFY \"{}\",%' ORDER BY backend_start DESC LIMIT 1",
            schema_of(&self.settings)
        );
        server.ask(&server.text(), &query)
    }
}

/// Asks from now, where the change is acknowledged; what counts is when a read began, not when this thread got its answer.
fn is_known_within_the_bound(is_known: impl Fn() -> bool) {
    let start = Instant::now();
    loop {
        let asked = start.elapsed();
        if is_known() {
            return println!("known after {asked:?}");
        }
        assert!(asked < STALENESS, "staler than the bound");
    }
}

#[test]
fn a_read_is_answered_from_memory_and_a_change_elsewhere_is_known_within_the_bound() {
    let Some(server) = Server::shared() else { return };
    let two = two(server);
    assert!(!two.is_revoked());
    assert!(two.is_answered_from_memory(server));
    two.revoke_by(two.plain.writer());
    is_known_within_the_bound(|| two.is_revoked());
}

/// A credential that another node mints works with the next request of this one.
#[test]
fn that_a_credential_is_unknown_is_not_remembered() {
    let Some(server) = Server::shared() else { return };
    let two = two(server);
    let account = wait(two.cached.account(&two.token.account)).unwrap().unwrap();
    for number in 0..5 {
        let token = two.plain.token(&account.id, &format!("token-{number}"));
        for _ in 0..3 {
            assert!(wait(two.cached.credential(&token.id)).unwrap().is_none());
        }
        let id = token.id;
        commit(
            two.plain.writer(),
            Change::Mint { token: Box::new(token), account_revision: account.revision, room: Room::Below(usize::MAX) },
        );
        assert!(wait(two.cached.credential(&id)).unwrap().is_some());
    }
}

#[test]
fn a_change_of_the_account_elsewhere_is_known_within_the_bound() {
    let Some(server) = Server::shared() else { return };
    let two = two(server);
    let read = || wait(two.cached.credential(&two.token.id)).unwrap().unwrap().account().as_ref().clone();
    let before = read();
    let account = Box::new(service_accounts_store::Account { status: Status::Disabled, ..before.clone() });
    commit(two.plain.writer(), Change::UpdateAccount { account, expected: before.revision });
    is_known_within_the_bound(|| read().status == Status::Disabled);
}

#[test]
fn a_change_of_this_node_is_known_at_once() {
    let Some(server) = Server::shared() else { return };
    for _ in 0..5 {
        let two = two(server);
        assert!(!two.is_revoked());
        two.revoke_by(&two.cached);
        assert!(two.is_revoked());
    }
}

/// The connection is open and says nothing, as after a network that swallows packets: the bound holds without a word of it.
#[test]
fn where_nothing_is_heard_any_more_the_cache_is_off_after_the_bound() {
    let Some(server) = Server::shared() else { return };
    // On a busy machine the time of the bound may be over before the first read: that attempt proves nothing.
    assert!((0..20).any(|_| is_stale_until_the_bound(server)), "nothing was answered from memory");
}

/// Whether a read was stale before the bound was over; none may be after it.
fn is_stale_until_the_bound(server: &Server) -> bool {
    let two = two(server);
    assert!(!two.is_revoked());
    let process = two.listening_process(server);
    let signal = |name: &str| assert!(as_user("kill").args([name, &process]).status().unwrap().success());
    signal("-STOP");
    two.revoke_by(two.plain.writer());
    let start = Instant::now();
    let mut was_stale = false;
    while start.elapsed() < STALENESS {
        was_stale |= !two.is_revoked();
    }
    let is_known = two.is_revoked();
    signal("-CONT");
    assert!(is_known, "staler than the bound");
    was_stale
}

#[test]
fn a_lost_listening_connection_turns_the_cache_off_and_a_new_one_turns_it_on_again() {
    let Some(server) = Server::shared() else { return };
    let two = two(server);
    assert!(!two.is_revoked());
    // It listens again so soon that being off may pass unseen.
    assert!((0..20).any(|_| two.is_off_without_its_connection(server)), "it was never off");
    two.revoke_by(two.plain.writer());
    assert!(two.is_revoked(), "asked of the database");
    two.wait_until_on();
    assert!(two.is_revoked());
    assert!(two.is_answered_from_memory(server));
}

#[test]
fn without_the_setting_nothing_is_answered_from_memory_and_nobody_listens() {
    let Some(server) = Server::shared() else { return };
    let two = two(server);
    let plain = two.plain.writer();
    assert!(wait(plain.credential(&two.token.id)).unwrap().is_some());
    assert!(!plain.is_cache_on());
    server.sql(&format!("ALTER TABLE {}.token RENAME TO hidden", schema_of(&two.settings)));
    assert!(wait(plain.credential(&two.token.id)).is_err());
}

#[test]
fn a_bound_without_end_is_a_bound() {
    let Some(server) = Server::shared() else { return };
    let cached = connect(settings(server).cache(1 << 20, Duration::MAX));
    crate::support::eventually("it listens", || cached.is_cache_on());
}

#[test]
fn a_cache_behind_a_pooler_is_refused() {
    let Some(server) = Server::shared() else { return };
    let settings = settings(server).prepared(Prepared::EachTime).cache(1 << 20, STALENESS);
    let refused = wait(runtime().spawn(PostgresStore::connect(settings))).unwrap();
    assert!(matches!(refused, Err(PostgresError::CacheBehindPooler)), "{refused:?}");
}
