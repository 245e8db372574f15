//! Behind PgBouncer in transaction mode, where each transaction may meet another server connection.

use service_accounts_audit::{Action, Event, Label};
use service_accounts_postgres::{PostgresStore, Prepared, Settings};
use service_accounts_store::{Change, Committed, Room, Store, conformance::Subject};
use time::UtcDateTime;

use service_accounts_private_postgres::Pooler;

use crate::support::{Server, connect, wait};

#[test]
fn all_works_behind_a_pooler_in_transaction_mode() {
    let Some(server) = Server::start() else { return };
    let Some(pooler) = Pooler::start(&server) else { return };
    let settings = Settings::parse(&pooler.text()).unwrap().prepared(Prepared::EachTime);
    let subject = Subject::new(connect(settings.clone()));
    let other = connect(settings);
    let account = Subject::<PostgresStore>::account("pipeline");
    let id = account.id.clone();
    assert!(matches!(
        subject.commit(Change::CreateAccount { account: Box::new(account), tokens: vec![] }),
        Committed::Applied(_)
    ));
    let revision = wait(other.account(&id)).unwrap().unwrap().revision;
    std::thread::scope(|scope| {
        for writer in 0..6 {
            let (subject, other, id) = (&subject, &other, &id);
            scope.spawn(move || {
                for n in 0..20 {
                    let token = subject.token(id, &format!("token-{writer}-{n}"));
                    let key = token.id;
                    let mint = Change::Mint {
                        token: Box::new(token),
                        account_revision: revision,
                        room: Room::Below(usize::MAX),
                    };
                    assert!(matches!(subject.commit(mint), Committed::Applied(_)));
                    assert!(wait(other.credential(&key)).unwrap().is_some());
                    let event = Event::new(Action::AccessGranted, Label::new("x"), UtcDateTime::UNIX_EPOCH);
                    wait(other.append(&[event])).unwrap();
                }
            });
        }
    });
    let contents = subject.contents();
    assert_eq!((contents.credentials.len(), contents.events.len()), (120, 241));
}
