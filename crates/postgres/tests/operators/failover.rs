//! Another server takes the place of the primary.

use service_accounts_postgres::{PostgresError, PostgresStore, Prepared};
use service_accounts_private_postgres::Pooler;
use service_accounts_store::{Store, conformance::Subject};

use crate::load::{Node, Server, connect, event, eventually, name, settings, wait};

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
