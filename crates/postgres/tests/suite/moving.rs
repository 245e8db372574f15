//! Moving another store's contents to Postgres.

use std::sync::Arc;

use service_accounts_audit::{Action, Event, Label, Query, Sequence};
use service_accounts_naming::Realm;
use service_accounts_postgres::{ImportError, Imported};
use service_accounts_store::{
    Change, Committed, Cursor, Document, DocumentId, DocumentKind, LastUsed, MemoryStore, Revision, Seen, Sighting,
    Store, Usage, conformance::Subject,
};
use time::UtcDateTime;

use crate::support::{Server, connect, settings, wait};

const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;

/// A store with something of everything: 6 events, of which the first 2 are trimmed.
pub(crate) fn source() -> (Subject<MemoryStore>, DocumentId) {
    let subject = Subject::new(MemoryStore::new());
    let store = subject.writer();
    let account = Subject::<MemoryStore>::account("pipeline");
    let tokens =
        vec![subject.secret(&account.id), subject.token(&account.id, "nightly"), subject.token(&account.id, "b")];
    let (revoked, used) = (tokens[1].clone(), tokens[2].id);
    let apply = |change| assert!(matches!(subject.commit(change), Committed::Applied(_)));
    wait(store.append(&[Event::new(Action::AccessDenied, Label::new("unknown"), AT)])).unwrap();
    apply(Change::CreateAccount { account: Box::new(account.clone()), tokens });
    apply(Change::Revoke { token: revoked.id, account: account.id.clone(), account_revision: None, at: AT });
    let revision = wait(store.account(&account.id)).unwrap().unwrap().revision;
    apply(Change::RevokeAll { account: account.id.clone(), expected: revision });
    let id = DocumentId::parse("of-one").unwrap();
    let document = Document { kind: DocumentKind::Policy, id: id.clone(), body: "{}".into(), revision: Revision::NEW };
    apply(Change::PutDocument { document, expected: None });
    wait(store.append(&[Event::new(Action::AccessDenied, Label::new("unknown"), AT)])).unwrap();
    let seen = Seen::UsedFrom("192.0.2.1".parse().unwrap());
    let sighting = Sighting { token: used, seen, count: 3, first: AT, last: AT };
    wait(store.touch(&[Usage { token: used, last: LastUsed { at: AT, address: None } }], &[sighting])).unwrap();
    let cursor = Cursor { at: Sequence::new(4), state: Arc::from("[1]") };
    assert!(wait(store.advance(&id, None, Some(cursor))).unwrap());
    assert_eq!(wait(store.trim(Sequence::new(3), 10)).unwrap(), 2);
    (subject, id)
}

#[test]
fn everything_moves_and_keeps_its_place_and_what_was_revoked_stays_so() {
    let Some(server) = Server::shared() else { return };
    let ((source, reader), target) = (source(), connect(settings(server)));
    let imported = wait(target.import(source.writer(), &[Realm::default()], &[reader])).unwrap();
    assert_eq!(imported, Imported { accounts: 1, credentials: 3, documents: 1, events: 4 });
    let account = wait(target.account(&Subject::<MemoryStore>::account("pipeline").id)).unwrap().unwrap();
    for kind in [service_accounts_token::Kind::Token, service_accounts_token::Kind::Secret] {
        for listed in wait(target.credentials(&account.id, kind, None, 10)).unwrap().items {
            assert!(listed.credential.standing(AT).is_err(), "all were revoked in one step before the move");
        }
    }
    wait(target.append(&[Event::new(Action::AccessDenied, Label::new("after"), AT)])).unwrap();
    let newest = wait(target.events(&Query::default().limit(1))).unwrap().events;
    assert_eq!(newest[0].sequence, Sequence::new(7), "no place is given twice");
}

#[test]
fn a_reader_that_was_not_named_or_a_schema_in_use_stops_the_move() {
    let Some(server) = Server::shared() else { return };
    let ((source, reader), target) = (source(), connect(settings(server)));
    let realms = [Realm::default()];
    let unnamed = wait(target.import(source.writer(), &realms, &[]));
    assert!(matches!(unnamed, Err(ImportError::ReaderMissing(at)) if at == Sequence::new(4)), "{unnamed:?}");
    let [reader_alone, other] = [(&[][..], &reader), (&[Realm::parse("crm").unwrap()][..], &reader)]
        .map(|(realms, reader)| wait(target.import(source.writer(), realms, std::slice::from_ref(reader))));
    for missed in [reader_alone, other] {
        assert!(matches!(&missed, Err(ImportError::RealmMissing(realm)) if *realm == Realm::default()), "{missed:?}");
    }
    wait(target.append(&[Event::new(Action::AccessDenied, Label::new("x"), AT)])).unwrap();
    let used = wait(target.import(source.writer(), &realms, &[reader]));
    assert!(matches!(used, Err(ImportError::NotEmpty)), "{used:?}");
    assert_eq!(wait(target.events(&Query::default())).unwrap().events.len(), 1, "and nothing was kept");
}

/// It would set the trail forward to where it stands, for good.
#[test]
fn a_lease_does_not_move_whether_it_is_named_or_not() {
    let Some(server) = Server::shared() else { return };
    for has_reader in [true, false] {
        let ((source, reader), target) = (source(), connect(settings(server)));
        let lease = DocumentId::parse("deliverer:service").unwrap();
        let at = Sequence::new(Cursor::BEHIND_EVERYTHING.number() + 3);
        assert!(wait(source.writer().advance(&lease, None, Some(Cursor { at, state: Arc::from("{}") }))).unwrap());
        let mut named = vec![reader.clone(), lease.clone()];
        if !has_reader {
            assert!(wait(source.writer().advance(&reader, Some(Sequence::new(4)), None)).unwrap());
            named.clear();
        }
        wait(target.import(source.writer(), &[Realm::default()], &named)).unwrap();
        assert_eq!(wait(target.cursor(&lease)).unwrap(), None);
        assert_eq!(wait(target.slowest_cursor()).unwrap(), has_reader.then_some(Sequence::new(4)));
        wait(target.append(&[Event::new(Action::AccessDenied, Label::new("after"), AT)])).unwrap();
        let newest = wait(target.events(&Query::default().limit(1))).unwrap().events;
        assert_eq!(newest[0].sequence, Sequence::new(7));
    }
}
