//! Another server takes the place of the primary.

use std::{process::Stdio, time::Duration};

use service_accounts_postgres::{PostgresError, PostgresStore, Prepared};
use service_accounts_private_postgres::{Pooler, as_user};
use service_accounts_store::{Authority, Change, Committed, Room, Store, conformance::Subject};

use crate::load::{AT, DEADLINE, Node, Server, connect, event, eventually, name, settings, wait};

/// A standby is behind: a revocation that was acknowledged may be missing there.
#[test]
fn a_standby_is_refused_also_where_its_schema_is_current() {
    let Some(primary) = Server::start() else { return };
    let standby = primary.standby();
    let node = Node::start(&primary);
    let from = settings(&standby.text(), &node.name);
    eventually("the tables are there", || {
        standby.ask(&standby.text(), &format!("SELECT count(*) FROM pg_tables WHERE schemaname = '{}'", node.name))
            != "0"
    });
    let refused = connect(from).map(drop).unwrap_err();
    assert!(matches!(refused, PostgresError::ReadOnly(_)), "{refused:?}");
}

/// The text names both servers. The former primary comes back first, and only reads.
#[test]
fn after_a_failover_the_node_follows_and_nothing_acknowledged_is_lost() {
    let Some(primary) = Server::start() else { return };
    let standby = primary.standby();
    let hosts = format!("host={},{} port=5432,5432", primary.folder().display(), standby.folder().display());
    let name = name();
    let node = Node::with(settings(&format!("{hosts} user=service dbname=postgres"), &name), name.clone());
    node.under_load(|| {
        primary.demote();
        eventually("changes are refused", || {
            matches!(wait(node.store().append(&[event("x")])), Err(PostgresError::ReadOnly(_)))
        });
        let refused = wait(node.store().slowest_cursor());
        assert!(matches!(refused, Err(PostgresError::ReadOnly(_))), "a former primary is asked: {refused:?}");
        standby.promote();
    });
    assert!(node.open(&standby) > 0);
}

/// The pooler goes on with the connections of its clients, to whichever server it is led. A standby would not know of the newest
/// credentials, and not of revocations. A node that only reads never learns it from a refused change.
#[test]
fn behind_a_pooler_a_standby_is_not_believed_either() {
    let Some(primary) = Server::start() else { return };
    let standby = primary.standby();
    let Some(pooler) = Pooler::start(&primary) else { return };
    let name = name();
    let settings = settings(&pooler.text(), &name).prepared(Prepared::EachTime);
    let (node, reader) = (Node::with(settings.clone(), name), connect(settings).unwrap());
    let unknown = node.subject.token(&Subject::<PostgresStore>::account("pipeline").id, "unknown").id;
    assert!(wait(reader.credential(&unknown)).unwrap().is_none());
    node.under_load(|| {
        pooler.lead_to(&standby);
        let is_refused = || matches!(wait(reader.credential(&unknown)), Err(PostgresError::ReadOnly(_)));
        eventually("a standby is refused", is_refused);
        assert!((0..50).all(|_| is_refused()), "a standby is asked");
        let refused = wait(node.store().append(&[event("x")]));
        assert!(matches!(refused, Err(PostgresError::ReadOnly(_))), "{refused:?}");
        pooler.lead_to(&primary);
    });
    assert!(wait(reader.credential(&unknown)).unwrap().is_none());
}

/// Nobody can reach it any more, or everybody can again; it does not notice.
fn cut_off(server: &Server, is_cut_off: bool) {
    let [open, cut] = ["5432", "5433"].map(|port| server.folder().join(format!(".s.PGSQL.{port}")));
    let (from, to) = if is_cut_off { (open, cut) } else { (cut, open) };
    assert!(as_user("mv").args([from, to]).status().unwrap().success());
}

/// Nobody stopped the former primary: it takes changes and waits for no standby, and the text of the node names it first. What it
/// says of a credential may be from before the failover.
#[test]
fn of_two_primaries_a_node_never_returns_to_the_former_one() {
    let Some(former) = Server::start() else { return };
    let present = former.standby();
    let hosts = format!("host={},{} port=5432,5432", former.folder().display(), present.folder().display());
    let (name, text) = (name(), format!("{hosts} user=service dbname=postgres"));
    let node = Node::with(settings(&text, &name), name.clone());
    let cached = connect(settings(&text, &name).cache(1 << 20, Duration::from_secs(1))).unwrap();
    node.under_load(|| ());
    former.sql("ALTER SYSTEM RESET synchronous_standby_names");
    former.sql("SELECT pg_reload_conf()");
    present.promote();
    eventually("it is promoted", || present.ask(&present.text(), "SELECT pg_is_in_recovery()") == "f");
    cut_off(&former, true);
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'");
    assert!(former.psql(&end).args(["-p", "5433"]).stdout(Stdio::null()).status().unwrap().success());
    node.under_load(|| ());
    eventually("the cache is on", || cached.is_cache_on());
    cut_off(&former, false);
    node.under_load(|| {
        for _ in 0..10 {
            node.terminate_all(&present);
            node.until_it_works(10);
        }
    });
    let of =
        format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}' AND query LIKE '%event%'");
    assert_eq!(former.ask(&former.text(), &of), "0", "a former primary is asked");
    follows(&cached, &node);
}

/// The cache listens to the server that takes the node's changes.
fn follows(cached: &PostgresStore, node: &Node) {
    eventually("the cache is on", || cached.is_cache_on());
    let account = Subject::<PostgresStore>::account("pipeline").id;
    let account_revision = wait(node.store().account(&account)).unwrap().unwrap().revision;
    let token = Box::new(node.subject.token(&account, "of-two"));
    let id = token.id;
    assert!(matches!(
        node.subject.commit(Change::Mint { token, account_revision, room: Room::Below(usize::MAX) }),
        Committed::Applied(_)
    ));
    eventually("it is kept", || wait(cached.credential(&id)).unwrap().is_some_and(|found| found.standing(AT).is_ok()));
    let change = Change::Revoke { token: id, account, account_revision: None, at: AT };
    assert!(matches!(node.subject.commit(change), Committed::Applied(_)));
    std::thread::sleep(Duration::from_secs(1));
    assert!(wait(cached.credential(&id)).unwrap().unwrap().standing(AT).is_err(), "a revocation is not seen");
}

/// Cancels the waits for a standby, once there is one.
fn cancel_waits(server: &Server) {
    let of = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    let cancel = format!("SELECT count(pg_cancel_backend(pid)) {of}");
    eventually("it waits for a standby", || server.ask(&server.text(), &cancel) != "0");
}

/// A person cancels it to free a node that waits for a lost standby. Postgres then warns and acknowledges, and a failover would
/// undo what was acknowledged.
#[test]
fn a_change_whose_wait_for_the_standby_is_cancelled_is_not_acknowledged() {
    let Some(server) = Server::start() else { return };
    let Some(pooler) = Pooler::start(&server) else { return };
    let (direct, behind) = (settings(&server.text(), &name()), settings(&pooler.text(), &name()));
    for (settings, level) in [(direct, "error"), (behind.prepared(Prepared::EachTime), "warning")] {
        server.sql(&format!("ALTER ROLE service SET client_min_messages = {level}"));
        let subject = Subject::new(connect(settings.deadline(DEADLINE * 10)).unwrap());
        let account = Box::new(Subject::<PostgresStore>::account("pipeline"));
        let id = account.id.clone();
        let create = Change::CreateAccount { account, tokens: vec![] };
        server.sql("ALTER SYSTEM SET synchronous_standby_names = 'lost'");
        server.sql("SELECT pg_reload_conf()");
        std::thread::scope(|scope| {
            // The server takes a while to know its new setting.
            let append = || (0..).find_map(|_| wait(subject.writer().append(&[event("x")])).err());
            let append = scope.spawn(append);
            cancel_waits(&server);
            let answer = append.join().unwrap();
            assert!(matches!(answer, Some(PostgresError::NotReplicated)), "{answer:?}");
            let commit = || wait(subject.writer().commit(&Authority::Host, create, event("x")));
            let change = scope.spawn(commit);
            cancel_waits(&server);
            let answer = change.join().unwrap();
            assert!(matches!(answer, Err(PostgresError::NotReplicated)), "{answer:?}");
        });
        // Reads go on meanwhile, and say what this server has.
        assert!(wait(subject.writer().account(&id)).unwrap().is_some());
        server.sql("ALTER SYSTEM RESET synchronous_standby_names");
        server.sql("SELECT pg_reload_conf()");
        wait(subject.writer().append(&[event("x")])).unwrap();
    }
}

/// A beat of the cache waits for the change that waits for the standby, and a process of the server that waits does not notice that its
/// client has gone: each new attempt would take another of the server's connections, until there are none for anybody.
#[test]
fn without_its_standby_a_server_is_not_filled_by_a_cache() {
    let Some(server) = Server::start() else { return };
    let name = name();
    let subject = Subject::new(connect(settings(&server.text(), &name)).unwrap());
    let cached = connect(settings(&server.text(), &name).cache(1 << 20, Duration::from_millis(300))).unwrap();
    let account = Box::new(Subject::<PostgresStore>::account("pipeline"));
    let token = subject.token(&account.id, "nightly");
    let (key, of) = (token.id, account.id.clone());
    assert!(matches!(subject.commit(Change::CreateAccount { account, tokens: vec![token] }), Committed::Applied(_)));
    eventually("the cache is on", || cached.is_cache_on());
    server.sql("ALTER SYSTEM SET synchronous_standby_names = 'lost'");
    server.sql("SELECT pg_reload_conf()");
    let open = || -> usize {
        let of = format!("FROM pg_stat_activity WHERE application_name = '{name}'");
        server.ask(&server.text(), &format!("SELECT count(*) {of}")).parse().unwrap()
    };
    let revoke = || {
        let expected = wait(subject.writer().account(&of)).unwrap().unwrap().revision;
        wait(subject.writer().commit(&Authority::Host, Change::RevokeAll { account: of.clone(), expected }, event("x")))
    };
    // It has the lock on which every notification waits, and keeps it.
    eventually("a change waits for the standby", || {
        let _ = revoke();
        server.ask(&server.text(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") != "0"
    });
    std::thread::sleep(Duration::from_secs(5));
    // A few of each node's own, the one that listens, and the one before it.
    let open = open();
    assert!(open <= 8, "{open} connections");
    server.sql("ALTER SYSTEM RESET synchronous_standby_names");
    server.sql("SELECT pg_reload_conf()");
    eventually("the cache is on again", || cached.is_cache_on());
    assert!(wait(cached.credential(&key)).unwrap().unwrap().standing(AT).is_err());
}
