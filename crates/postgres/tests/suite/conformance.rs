//! The suite that every store must pass, on Postgres.

use crate::support::{Server, connect, settings};
use service_accounts_postgres::{PostgresStore, Prepared};
use service_accounts_store::{BoxStore, conformance::Subject};

mod one_handle {
    service_accounts_store::conformance!(match super::one_handle() {
        Some(subject) => subject,
        None => return,
    });
}

mod boxed {
    service_accounts_store::conformance!(match super::boxed() {
        Some(subject) => subject,
        None => return,
    });
}

/// As two nodes on one database: what the one has acknowledged, the other must see at once.
mod two_handles {
    service_accounts_store::conformance!(match super::two_handles() {
        Some(subject) => subject,
        None => return,
    });
}

/// As behind a pooler, which knows no prepared statements.
mod unprepared {
    service_accounts_store::conformance!(match super::unprepared() {
        Some(subject) => subject,
        None => return,
    });
}

/// With a cache, whose node knows its own changes at once.
mod cached {
    service_accounts_store::conformance!(match super::cached() {
        Some(subject) => subject,
        None => return,
    });
}

fn cached() -> Option<Subject<PostgresStore>> {
    let bound = std::time::Duration::from_secs(10);
    Server::shared().map(|server| Subject::new(connect(settings(server).cache(1 << 20, bound))))
}

fn one_handle() -> Option<Subject<PostgresStore>> {
    Server::shared().map(|server| Subject::new(connect(settings(server))))
}

fn boxed() -> Option<Subject<BoxStore>> {
    Server::shared().map(|server| Subject::new(BoxStore::new(connect(settings(server)))))
}

fn two_handles() -> Option<Subject<PostgresStore>> {
    let settings = settings(Server::shared()?);
    Some(Subject::across(connect(settings.clone()), connect(settings)))
}

fn unprepared() -> Option<Subject<PostgresStore>> {
    Server::shared().map(|server| Subject::new(connect(settings(server).prepared(Prepared::EachTime))))
}
