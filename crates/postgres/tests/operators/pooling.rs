//! What is done to PgBouncer in transaction mode while nodes are at work behind it.

use service_accounts_postgres::{PostgresError, Prepared};
use service_accounts_private_postgres::{Balancer, Pooler};
use service_accounts_store::Store;

use crate::load::{DEADLINE, Node, Server, connect, name, settings, wait};

fn behind(pooler: &Pooler<'_>) -> Node {
    let name = name();
    Node::with(settings(&pooler.text(), &name).prepared(Prepared::EachTime), name)
}

#[test]
fn a_pooler_that_is_reloaded_reconnected_or_killed_loses_nothing() {
    let Some(server) = Server::start() else { return };
    let Some(mut pooler) = Pooler::start(&server) else { return };
    let node = behind(&pooler);
    for _ in 0..3 {
        node.under_load(|| pooler.command("RELOAD"));
        node.under_load(|| pooler.command("RECONNECT"));
        node.under_load(|| pooler.restart());
        node.under_load(|| pooler.command("KILL postgres; RESUME postgres"));
    }
}

/// Calls wait, and are answered within their deadline.
#[test]
fn a_pooler_that_is_paused_for_longer_than_the_deadline_goes_on_afterwards() {
    let Some(server) = Server::start() else { return };
    let Some(pooler) = Pooler::start(&server) else { return };
    let node = behind(&pooler);
    node.under_load(|| {
        pooler.command("PAUSE");
        std::thread::sleep(DEADLINE * 2);
        let answer = wait(node.store().slowest_cursor());
        assert!(matches!(answer, Err(PostgresError::TooSlow | PostgresError::Unavailable(_))), "{answer:?}");
        pooler.command("RESUME");
    });
}

/// There nothing of a session is ours to set, so a role's own settings hold.
#[test]
fn what_is_set_on_a_role_behind_a_pooler_loses_nothing() {
    let Some(server) = Server::start() else { return };
    let Some(pooler) = Pooler::start(&server) else { return };
    for set in [
        "default_transaction_isolation = 'serializable'",
        "search_path = pg_catalog",
        "lock_timeout = '5ms'",
        "statement_timeout = '20ms'",
        "idle_in_transaction_session_timeout = '1ms'",
    ] {
        let node = behind(&pooler);
        node.under_load(|| {
            server.sql(&format!("ALTER ROLE service SET {set}"));
            pooler.command("RECONNECT");
            std::thread::sleep(DEADLINE / 4);
            server.sql("ALTER ROLE service RESET ALL");
            pooler.command("RECONNECT");
        });
    }
}

/// It sends reads to a standby that does not have them yet, and what names a volatile function to the primary: a question whether
/// this is a standby among them. So a statement that asks along is safe, and a connection that is asked once is not.
#[test]
fn behind_a_balancer_a_revocation_is_seen_that_the_standby_has_not() {
    let Some(primary) = Server::start() else { return };
    let standby = primary.standby();
    let Some(balancer) = Balancer::start(&primary, &standby) else { return };
    let name = name();
    let settings = settings(&balancer.text(), &name);
    let node = Node::with(settings.clone().prepared(Prepared::EachTime), name);
    node.under_load(|| ());
    standby.sql("SELECT pg_wal_replay_pause()");
    node.under_load(|| std::thread::sleep(DEADLINE));
    assert_eq!(node.failed(), 0);
    let refused = connect(settings).map(drop);
    assert!(matches!(refused, Err(PostgresError::Pooled(_))), "{refused:?}");
}

/// An operator who wants nothing of one client to reach the next sets so.
const RESET: &str = "server_reset_query = DISCARD ALL\nserver_reset_query_always = 1";

#[test]
fn a_pooler_that_discards_everything_after_each_transaction_loses_nothing() {
    let Some(server) = Server::start() else { return };
    let Some(pooler) = Pooler::start_with(&server, RESET) else { return };
    let node = behind(&pooler);
    node.under_load(|| {
        for _ in 0..10 {
            node.until_it_works(20);
            pooler.command("RECONNECT");
        }
    });
    assert_eq!(node.failed(), 0);
}

/// A pooler may also be told to drop the settings of a session, without which a standby, a level of isolation and a lock would go
/// unnoticed.
#[test]
fn a_node_that_was_not_told_of_the_pooler_is_told_what_to_set() {
    let Some(server) = Server::start() else { return };
    let drops = "ignore_startup_parameters = options";
    for more in ["", drops, &format!("{drops}\n{RESET}"), &format!("{drops}\npool_mode = session")] {
        let Some(pooler) = Pooler::start_with(&server, more) else { return };
        let refused = connect(settings(&pooler.text(), &name())).map(drop);
        assert!(matches!(refused, Err(PostgresError::Pooled(_))), "{more}: {refused:?}");
        behind(&pooler).under_load(|| ());
    }
}
