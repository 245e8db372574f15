//! How connections are shared, and what becomes of those that are lost or left.

use std::{
    process::{Child, Stdio},
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_postgres::{PostgresError, PostgresStore, Settings};
use service_accounts_store::{Store, conformance::Subject};
use time::UtcDateTime;

use crate::support::{Server, as_user, connect, eventually, runtime, settings, wait};

/// Settings by whose name the server knows their connections.
fn named(server: &Server, name: &str) -> Settings {
    Settings::parse(&format!("{} application_name={name}", server.text())).unwrap().schema(name).unwrap()
}

fn count(server: &Server, name: &str) -> usize {
    let query = format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'");
    server.ask(&server.text(), &query).parse().unwrap()
}

fn event(note: &str) -> Event {
    Event::new(Action::AccessGranted, Label::new(note), UtcDateTime::UNIX_EPOCH)
}

async fn append(store: &PostgresStore) {
    store.append(&[event("one")]).await.unwrap();
}

#[test]
fn two_hundred_callers_share_four_connections() {
    let Some(server) = Server::shared() else { return };
    let store = connect(named(server, "shared").connections(4).deadline(Duration::from_secs(60)));
    wait(join_all((0..200).map(|_| append(&store))));
    assert_eq!(wait(store.events(&Query::default().limit(500))).unwrap().events.len(), 200);
    let open = count(server, "shared");
    assert!((1..=4).contains(&open), "{open} connections");
}

/// Each connection dies while nobody uses it, and the call that would have used it does not notice.
#[test]
fn a_connection_that_died_while_idle_is_replaced_within_the_call() {
    let Some(server) = Server::shared() else { return };
    let store = connect(named(server, "replaced").connections(3));
    let all = Query::default();
    for _ in 0..5 {
        wait(join_all((0..9).map(|_| store.events(&all)))).into_iter().for_each(|page| drop(page.unwrap()));
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'replaced'");
        assert!(wait(store.events(&all)).is_ok());
    }
    assert!(count(server, "replaced") <= 3);
}

/// At whichever await a caller stops waiting, its place is free again: the last calls would otherwise wait for ever.
#[test]
fn a_read_dropped_at_any_await_gives_its_place_back() {
    let Some(server) = Server::shared() else { return };
    let store = connect(settings(server).connections(2));
    let all = Query::default();
    for polls in 0..60 {
        // The third of them waits for a place.
        let mut calls: Vec<_> = (0..3).map(|_| Box::pin(store.events(&all))).collect();
        for _ in 0..polls % 10 {
            calls.retain_mut(|call| call.as_mut().now_or_never().is_none());
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    wait(join_all((0..20).map(|_| append(&store))));
}

/// Begins a call and leaves it after a few polls.
fn leave<T>(call: impl Future<Output = T>, polls: usize) {
    let mut call = Box::pin(call);
    for _ in 0..polls {
        if call.as_mut().now_or_never().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Closing and opening connections would be the dearest thing that a stranger who hangs up early could ask for.
#[test]
fn callers_that_leave_early_make_no_new_connections() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let store = connect(Settings::parse(&url).unwrap().connections(2));
    let all = Query::default();
    let opened = || -> usize {
        let of = url.rsplit('/').next().unwrap();
        server
            .ask(&server.text(), &format!("SELECT sessions FROM pg_stat_database WHERE datname = '{of}'"))
            .parse()
            .unwrap()
    };
    for polls in 0..300 {
        leave(store.events(&all), polls % 4);
    }
    wait(join_all((0..20).map(|_| append(&store))));
    let opened = opened();
    assert!(opened <= 2, "{opened} connections were opened");
}

/// Somebody who holds what every call needs, until dropped.
struct Holder<'s>(&'s Server, Child, &'static str);

impl<'s> Holder<'s> {
    fn of(server: &'s Server, statement: &str, name: &'static str) -> Self {
        let text = format!("BEGIN; {statement}; SELECT pg_sleep(600), '{name}'");
        let holder = Self(server, server.psql(&text).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(), name);
        eventually("it is held", || holder.ask("SELECT count(*)") == "1");
        holder
    }

    fn ask(&self, what: &str) -> String {
        let of = format!("FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%{}%'", self.2);
        self.0.ask(&self.0.text(), &format!("{what} {of}"))
    }
}

impl Drop for Holder<'_> {
    fn drop(&mut self) {
        self.ask("SELECT pg_terminate_backend(pid)");
        let _ = self.1.wait();
    }
}

/// A server process does not notice that its client has gone while it waits for a lock.
#[test]
fn a_crowd_that_leaves_a_slow_server_opens_no_more_connections_than_agreed() {
    let Some(server) = Server::shared() else { return };
    let store = connect(named(server, "left").connections(3).deadline(Duration::from_secs(60)));
    let holder = Holder::of(server, "LOCK TABLE \"left\".event", "reads are held");
    for _ in 0..8 {
        leave(store.events(&Query::default()), 80);
    }
    let open = count(server, "left");
    assert!((1..=3).contains(&open), "{open} connections");
    drop(holder);
    assert!(wait(store.events(&Query::default())).is_ok());
}

/// What waits is the caller's; a crowd that leaves would otherwise fill the memory with changes that nobody waits for.
#[test]
fn only_as_many_changes_go_on_without_their_callers_as_there_are_connections() {
    let Some(server) = Server::shared() else { return };
    let store = connect(named(server, "crowd").connections(2).deadline(Duration::from_secs(60)));
    let holder = Holder::of(server, "UPDATE crowd.turn SET last = last", "changes are held");
    for _ in 0..40 {
        leave(store.append(&[event("left")]), 2);
    }
    drop(holder);
    wait(append(&store));
    eventually("what was on its way has happened", || count_active(server, "crowd") == 0);
    let kept = wait(store.events(&Query::default().limit(500))).unwrap().events.len();
    assert!((1..=3).contains(&kept), "{kept} of 41 changes");
}

/// While a change waits for a standby or a slow disk, or a node hangs in the middle of one, every other waits for its turn.
#[test]
fn changes_that_wait_for_their_turn_leave_a_connection_to_reads() {
    let Some(server) = Server::shared() else { return };
    let subject = Subject::new(connect(named(server, "turns").connections(4).deadline(Duration::from_secs(60))));
    let (store, account) = (subject.writer(), Subject::<PostgresStore>::account("pipeline").id);
    let unknown = subject.token(&account, "unknown").id;
    let holder = Holder::of(server, "UPDATE turns.turn SET last = last", "turns are held");
    let start = std::time::Instant::now();
    std::thread::scope(|scope| {
        (0..12).for_each(|_| drop(scope.spawn(|| wait(append(store)))));
        eventually("changes wait", || count_active(server, "turns") >= 3);
        for _ in 0..20 {
            assert!(wait(store.credential(&unknown)).unwrap().is_none());
        }
        assert!(start.elapsed() < Duration::from_secs(30), "a read waited for changes");
        drop(holder);
    });
}

fn count_active(server: &Server, name: &str) -> usize {
    let of = format!("FROM pg_stat_activity WHERE application_name = '{name}' AND state <> 'idle'");
    server.ask(&server.text(), &format!("SELECT count(*) {of}")).parse().unwrap()
}

/// As a half-open address of a load balancer: it takes connections and says nothing.
#[test]
fn a_server_that_never_greets_keeps_no_place_taken() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!("host=127.0.0.1 port={} user=nobody", silent.local_addr().unwrap().port());
    let settings = Settings::parse(&text).unwrap().connections(2).deadline(Duration::from_millis(200));
    for _ in 0..3 {
        let refused = wait(runtime().spawn(PostgresStore::connect(settings.clone()))).unwrap();
        assert!(matches!(refused, Err(PostgresError::TooSlow | PostgresError::Unavailable(_))), "{refused:?}");
    }
}

/// After a network was lost each idle connection is dead and does not say so; one call after another would run into its
/// deadline on one of them.
#[test]
fn idle_connections_that_went_silent_do_not_each_cost_a_call() {
    let Some(server) = Server::shared() else { return };
    let store = connect(named(server, "silent").connections(10).deadline(Duration::from_millis(400)));
    let all = Query::default();
    wait(join_all((0..40).map(|_| store.events(&all)))).into_iter().for_each(|page| drop(page.unwrap()));
    let of = "FROM pg_stat_activity WHERE application_name = 'silent'";
    let processes = server.ask(&server.text(), &format!("SELECT string_agg(pid::text, ' ') {of}"));
    let signal = |name| as_user("kill").arg(name).args(processes.split(' ')).status().unwrap();
    assert!(processes.split(' ').count() > 7 && signal("-STOP").success(), "{processes}");
    let failed = (0..10).take_while(|_| wait(store.events(&all)).is_err()).count();
    assert!((1..6).contains(&failed), "{failed} calls ran into their deadline");
    server.sql(&format!("SELECT pg_terminate_backend(pid) {of}"));
    signal("-CONT");
}

/// CockroachDB answers so where it lost a node in a commit; another try could do it twice.
#[test]
fn an_engine_that_does_not_know_the_outcome_is_not_asked_again() {
    let Some(server) = Server::shared() else { return };
    let store = connect(named(server, "unsure"));
    server.sql(
        "CREATE SEQUENCE unsure.tries;
         CREATE FUNCTION unsure.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM nextval('unsure.tries'); RAISE 'unknown' USING ERRCODE = '40003'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON unsure.event FOR EACH ROW EXECUTE FUNCTION unsure.refuse()",
    );
    let answer = wait(store.append(&[event("once")]));
    assert!(matches!(answer, Err(PostgresError::OutcomeUnknown(_))), "{answer:?}");
    assert_eq!(server.ask(&server.text(), "SELECT last_value FROM unsure.tries"), "1");
}
