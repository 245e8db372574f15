//! Behind PgBouncer in transaction mode, where each transaction may meet another server connection.

use std::{
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use service_accounts_audit::{Action, Event, Label};
use service_accounts_postgres::{PostgresStore, Prepared, Settings};
use service_accounts_store::{Change, Committed, Store, conformance::Subject};
use time::UtcDateTime;

use crate::support::{Server, as_user, connect, wait};

/// Ends with the test.
struct Pooler(Child);

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Three server connections for all, so that they change hands.
fn start(server: &Server) -> Option<Pooler> {
    if !Path::new("/usr/sbin/pgbouncer").exists() {
        let message = "NOT TESTED: no PgBouncer; install Debian's pgbouncer";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{message}");
        eprintln!("{message}");
        return None;
    }
    let folder = server.folder().display();
    let file = server.folder().join("pgbouncer.ini");
    let text = format!(
        "[databases]\npostgres = host={folder} port=5432 user=service\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n\
         unix_socket_dir = {folder}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n"
    );
    std::fs::write(&file, text).unwrap();
    let mut command = as_user("/usr/sbin/pgbouncer");
    let child = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pooler = Pooler(child);
    let start = Instant::now();
    while !server.folder().join(".s.PGSQL.6432").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "the pooler does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(pooler)
}

#[test]
fn all_works_behind_a_pooler_in_transaction_mode() {
    let Some(server) = Server::start() else { return };
    let Some(_pooler) = start(&server) else { return };
    let settings = Settings::parse(&server.text().replace("5432", "6432")).unwrap().prepared(Prepared::EachTime);
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
                    let mint = Change::Mint { token: Box::new(token), account_revision: revision };
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
