//! Documents, and where readers of the trail stand.

use service_accounts_audit::{Action, Event, Label, Sequence};
use service_accounts_naming::AccountId;
use time::UtcDateTime;

use super::{Subject, contents, fixtures, samples::document, steps};
use crate::{Change, Committed, Cursor, Document, DocumentId, DocumentKind, Refusal, Revision, Store};

const NOW: UtcDateTime = UtcDateTime::UNIX_EPOCH;

/// A document comes back whole, at the revision of its event, and is replaced only from its present state.
pub fn a_document_is_replaced_only_from_its_present_state<S: Store>(subject: &Subject<S>) {
    let text = r#"{"note":"it's \"quoted\" – 数据; DROP TABLE document; -- \\ %_"}"#;
    let first = document("policy-1", text);
    subject.refuse(Refusal::DocumentMissing, put(&first, Some(Revision::NEW)));
    let made = Revision::made_by(subject.apply(put(&first, None)));
    assert_eq!(read(subject, &first), Some(Document { revision: made, ..first.clone() }));
    subject.refuse(Refusal::DocumentTaken, put(&first, None));
    let second = document("policy-1", "{}");
    subject.refuse(Refusal::Stale, put(&second, Some(Revision::NEW)));
    let later = Revision::made_by(subject.apply(put(&second, Some(made))));
    assert_eq!(read(subject, &first), Some(Document { revision: later, ..second.clone() }));
    subject.refuse(Refusal::Stale, put(&first, Some(made)));
    subject.refuse(Refusal::Stale, removal(&first, made));
    subject.apply(removal(&first, later));
    assert_eq!(read(subject, &first), None);
    subject.refuse(Refusal::DocumentMissing, removal(&first, later));
}

/// A change that was judged by an account's credentials is refused once one of them is new or another, sessions excepted;
/// and so is one that was judged by accounts, once one of them is another, gone or new.
pub fn a_change_judged_by_credentials_and_accounts_needs_them_unchanged<S: Store>(subject: &Subject<S>) {
    let (account, other) = (subject.create("sync", &[]), subject.create("other", &[]));
    let absent = fixtures::account_id("absent");
    let edit = || {
        let present = subject.stored_account(&account.id);
        steps::update(&steps::edited(&present), present.revision)
    };
    let judged = |credentials: Revision, accounts: &[(AccountId, Option<Revision>)]| Change::Judged {
        credentials: Some((account.id.clone(), credentials)),
        accounts: accounts.to_vec(),
        change: Box::new(edit()),
    };
    let seen = Revision::made_by(subject.applied(judged(Revision::NEW, &[])).sequence);
    subject.mint(subject.token(&other.id, "elsewhere"));
    subject.mint(subject.session(&account.id, subject.secret(&account.id).id));
    subject.apply(judged(seen, &[(other.id.clone(), Some(other.revision)), (absent.clone(), None)]));
    let token = subject.mint(subject.token(&account.id, "nightly"));
    subject.refuse(Refusal::Stale, judged(seen, &[]));
    subject.apply(judged(token.revision, &[]));
    let later = Revision::made_by(subject.apply(steps::token_update(&steps::looked_at(&token), token.revision)));
    subject.refuse(Refusal::Stale, judged(token.revision, &[]));
    subject.refuse(Refusal::Stale, judged(later, &[(other.id.clone(), Some(seen))]));
    subject.refuse(Refusal::Stale, judged(later, &[(absent, Some(seen))]));
    subject.refuse(Refusal::Stale, judged(later, &[(other.id.clone(), None)]));
    let nested = |change| Change::Judged { credentials: None, accounts: Vec::new(), change: Box::new(change) };
    subject.refuse(Refusal::Stale, nested(judged(later, &[])));
    subject.refuse(Refusal::Stale, nested(put(&document("rules", "{}"), None)));
    subject.apply(nested(edit()));
}

/// A change that was judged by a document is refused once the document is another, gone, or new, and its further events
/// follow its own.
pub fn a_change_judged_by_a_document_needs_it_unchanged<S: Store>(subject: &Subject<S>) {
    let (rules, account) = (document("rules", "{}"), subject.create("sync", &[]).id.clone());
    let minting = |name: &str, at, also: &[Event]| Change::Provided {
        kind: rules.kind,
        id: rules.id.clone(),
        at,
        change: Box::new(subject.minting(subject.token(&account, name))),
        also: also.to_vec(),
    };
    subject.refuse(Refusal::Stale, minting("never", Some(Revision::NEW), &[]));
    let also = [Action::PolicyWarned, Action::PolicyValidated].map(|action| Event::new(action, Label::new("ada"), NOW));
    let place = subject.apply(minting("before", None, &also));
    let made = Revision::made_by(subject.apply(put(&rules, None)));
    assert_eq!(made.event(), Sequence::new(place.number() + 3), "two events followed that of the change");
    subject.refuse(Refusal::Stale, minting("unseen", None, &also));
    subject.apply(minting("first", Some(made), &[]));
    let later = Revision::made_by(subject.apply(put(&document("rules", "[]"), Some(made))));
    subject.refuse(Refusal::Stale, minting("stale", Some(made), &[]));
    subject.apply(minting("second", Some(later), &[]));
    let hidden = Change::Provided {
        kind: rules.kind,
        id: name("other"),
        at: None,
        change: Box::new(put(&rules, None)),
        also: Vec::new(),
    };
    subject.refuse(Refusal::Stale, hidden);
    subject.apply(removal(&rules, later));
    subject.refuse(Refusal::Stale, minting("gone", Some(later), &[]));
}

/// Of two additions that counted the same documents one is refused, and an addition writes both documents or neither.
pub fn an_addition_is_made_only_in_its_turn<S: Store>(subject: &Subject<S>) {
    let turn = (DocumentKind::Setting, name("turn"));
    let adding = |id, at| {
        let document = document(id, "{\"is\":\"added\"}");
        Change::AddDocument { document, turn: turn.clone(), at }
    };
    subject.refuse(Refusal::Stale, adding("one", Some(Revision::NEW)));
    let first = Revision::made_by(subject.apply(adding("one", None)));
    assert_eq!(read(subject, &document("one", "")).map(|added| added.revision), Some(first));
    subject.refuse(Refusal::Stale, adding("two", None));
    subject.refuse(Refusal::DocumentTaken, adding("one", Some(first)));
    let second = Revision::made_by(subject.apply(adding("two", Some(first))));
    subject.refuse(Refusal::Stale, adding("three", Some(first)));
    assert_eq!((read(subject, &document("three", "")), second > first), (None, true));
    let itself = Document { kind: turn.0, ..document("turn", "{}") };
    subject.refuse(Refusal::Stale, Change::AddDocument { document: itself, turn: turn.clone(), at: Some(second) });
}

/// Of many additions that counted the same, one is made.
pub fn of_many_who_add_in_one_turn_one_wins<S: Store>(subject: &Subject<S>) {
    let turn = (DocumentKind::Setting, name("turn"));
    let mut at = None;
    for round in 0..8 {
        let answers = subject.race(4, |caller| {
            let document = document(&format!("{round}-{caller}"), "{}");
            subject.commit(Change::AddDocument { document, turn: turn.clone(), at })
        });
        let made = answers.iter().filter_map(|answer| match answer {
            Committed::Applied(applied) => Some(applied.revision()),
            Committed::Refused(refusal) => {
                assert_eq!(*refusal, Refusal::Stale);
                None
            }
        });
        let made: Vec<_> = made.collect();
        assert_eq!(made.len(), 1, "additions in round {round}");
        at = made.first().copied();
    }
    assert_eq!(contents::documents(subject, DocumentKind::Policy, 64).len(), 8);
}

/// One id may stand on every shelf, and each shelf is listed alone, in pages of any size.
pub fn documents_of_one_kind_are_listed_in_order<S: Store>(subject: &Subject<S>) {
    let names = ["b", "a:b", "a", "a.1", "z", "a-b", "B", "a@service"];
    for kind in DocumentKind::ALL {
        for name in names {
            let body = format!("\"{kind}\"");
            subject.apply(put(&Document { kind: *kind, ..document(name, &body) }, None));
        }
    }
    let mut expected = names.map(|name| DocumentId::parse(name).expect("a good id"));
    expected.sort();
    for kind in DocumentKind::ALL {
        for limit in 1..=9 {
            let found = contents::documents(subject, *kind, limit);
            assert!(found.iter().all(|each| each.kind == *kind && *each.body == *format!("\"{kind}\"")));
            assert_eq!(found.into_iter().map(|each| each.id).collect::<Vec<_>>(), expected, "{kind} by {limit}");
        }
    }
    let gone = contents::documents(subject, DocumentKind::Policy, 9).remove(0);
    subject.apply(removal(&gone, gone.revision));
    assert_eq!(contents::documents(subject, DocumentKind::Review, 9).len(), names.len(), "another shelf");
}

/// A reader moves only from where it stands, and leaves no event.
pub fn a_cursor_moves_only_from_where_it_stands<S: Store>(subject: &Subject<S>) {
    let (reader, other) = (name("notifier"), name("seal"));
    let before = subject.contents();
    assert_eq!((cursor(subject, &reader), slowest(subject)), (None, None));
    assert!(!advance(subject, &reader, Some(1), Some(2)), "it stands nowhere");
    assert!(advance(subject, &reader, None, Some(5)));
    assert!(!advance(subject, &reader, None, Some(9)), "it stands somewhere");
    assert!(!advance(subject, &reader, Some(4), Some(9)), "it stands elsewhere");
    assert_eq!(cursor(subject, &reader), Some(at(5)));
    assert!(advance(subject, &other, None, Some(3)));
    assert_eq!(slowest(subject), Some(Sequence::new(3)));
    assert!(advance(subject, &other, Some(3), Some(8)) && advance(subject, &reader, Some(5), Some(6)));
    assert_eq!((cursor(subject, &reader), slowest(subject)), (Some(at(6)), Some(Sequence::new(6))));
    assert!(!advance(subject, &reader, Some(5), None), "it is removed only from where it stands");
    assert!(advance(subject, &reader, Some(6), None));
    assert_eq!((cursor(subject, &reader), slowest(subject)), (None, Some(Sequence::new(8))));
    assert_eq!(subject.contents(), before, "a reader changes no record and leaves no event");
}

/// Of many who read for one reader, one has each stretch of the trail.
pub fn of_many_who_move_one_cursor_one_wins<S: Store>(subject: &Subject<S>) {
    let reader = name("notifier");
    assert!(advance(subject, &reader, None, Some(0)));
    for place in 0..8 {
        let won = subject.race(4, |_| advance(subject, &reader, Some(place), Some(place + 1)));
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1, "at {place}");
    }
    assert_eq!(cursor(subject, &reader), Some(at(8)));
}

fn put(document: &Document, expected: Option<Revision>) -> Change {
    Change::PutDocument { document: document.clone(), expected }
}

fn removal(document: &Document, expected: Revision) -> Change {
    Change::RemoveDocument { kind: document.kind, id: document.id.clone(), expected }
}

fn read<S: Store>(subject: &Subject<S>, document: &Document) -> Option<Document> {
    subject.wait(subject.reader().document(document.kind, &document.id)).expect("the store works")
}

fn name(id: &str) -> DocumentId {
    DocumentId::parse(id).expect("a good id")
}

/// A place, with a state that tells it from others.
fn at(place: i64) -> Cursor {
    Cursor { at: Sequence::new(place), state: format!("{{\"seen\":{place}}}").into() }
}

fn cursor<S: Store>(subject: &Subject<S>, reader: &DocumentId) -> Option<Cursor> {
    subject.wait(subject.reader().cursor(reader)).expect("the store works")
}

fn slowest<S: Store>(subject: &Subject<S>) -> Option<Sequence> {
    subject.wait(subject.reader().slowest_cursor()).expect("the store works")
}

fn advance<S: Store>(subject: &Subject<S>, reader: &DocumentId, from: Option<i64>, to: Option<i64>) -> bool {
    let answer = subject.writer().advance(reader, from.map(Sequence::new), to.map(at));
    subject.wait(answer).expect("the store works")
}
