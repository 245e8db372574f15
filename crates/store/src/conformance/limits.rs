//! Instants and texts at the ends of what can be written.

use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_lifecycle::TokenState;
use time::UtcDateTime;

use super::{Subject, contents, fixtures, fixtures::at, steps};
use crate::{Account, LastUsed, Purpose, Store, Token, Usage};

/// Expiry is what a credential is refused by, so it comes back to the second, at both ends of time and where there is none.
pub fn an_expiry_is_read_back_to_the_second<S: Store>(subject: &Subject<S>) {
    for (place, expires_at) in instants().into_iter().map(Some).chain([None]).enumerate() {
        let account = Account { expires_at, ..Subject::<S>::account(&format!("account_{place}")) };
        let id = account.id.clone();
        let token = Token { expires_at, next_due: expires_at, ..subject.token(&id, "nightly") };
        subject.apply(steps::creation(account, vec![token.clone()]));
        assert_eq!(subject.stored_account(&id).expires_at, expires_at);
        let stored = subject.stored(&token.id);
        assert_eq!((stored.expires_at, stored.next_due), (expires_at, expires_at));
    }
}

/// So do the other dates of a record.
pub fn every_other_date_is_read_back_to_the_second<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    for (place, instant) in instants().into_iter().enumerate() {
        let states = [
            TokenState::Retiring { until: instant },
            TokenState::Revoked { at: instant },
            TokenState::Deletable { revoked_at: instant, since: instant },
        ];
        for (n, state) in states.into_iter().enumerate() {
            let token = subject.token(&account.id, &format!("token-{place}-{n}"));
            let token = Token { state, created_at: instant, ..token };
            let stored = subject.mint(token.clone());
            assert_eq!(stored, Token { revision: stored.revision, ..token });
        }
    }
}

/// What is due since the beginning of time comes before all else, and what is due at its end comes last.
pub fn dates_are_ordered_from_one_end_of_time_to_the_other<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let mut expected: Vec<_> = instants().into_iter().rev().zip(0..).collect();
    let ids = expected.iter().map(|(instant, n)| {
        let token = subject.token(&account.id, &format!("token-{n}"));
        (*instant, subject.mint(Token { next_due: Some(*instant), ..token }).id)
    });
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    expected.sort();
    let in_order: Vec<_> = ids.iter().map(|(_, id)| *id).collect();
    assert_eq!(contents::due(subject, last_second(), 100), in_order);
    assert_eq!(contents::due(subject, first_second(), 100), in_order[..1]);
}

/// Marks and events keep their instants too.
pub fn marks_and_events_keep_their_instants<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    for (place, instant) in instants().into_iter().enumerate() {
        let token = subject.mint(subject.token(&account.id, &format!("token-{place}")));
        let last = LastUsed { at: instant, address: None };
        subject.wait(subject.writer().touch(&[Usage { token: token.id, last }], &[])).expect("the store works");
        subject.append(&[Event::new(Action::AccessGranted, Label::new("conformance"), instant)]);
        let listed = contents::tokens(subject, &account.id, 100);
        let marks: Vec<_> = listed
            .iter()
            .filter(|listed| listed.credential.token().id == token.id)
            .map(|listed| listed.last_used)
            .collect();
        assert_eq!(marks, [Some(last)]);
        let since = Query::default().for_action(Action::AccessGranted).since(instant);
        let found = contents::events(subject, &since);
        assert!(found.iter().any(|recorded| recorded.event.at() == instant), "{instant}");
        assert!(found.iter().all(|recorded| recorded.event.at() >= instant), "{instant}");
    }
}

/// The longest texts come back uncut.
pub fn the_longest_texts_are_read_back_whole<S: Store>(subject: &Subject<S>) {
    let longest = "数".repeat(Purpose::MAX_CHARS);
    let local = "l".repeat(64);
    let account = Account { purpose: Purpose::parse(&longest).expect("just fits"), ..Subject::<S>::account(&local) };
    let id = account.id.clone();
    subject.apply(steps::creation(account, vec![]));
    assert_eq!(subject.stored_account(&id).purpose.as_str(), longest);
    let label = Label::new(&"数".repeat(Label::MAX_CHARS));
    subject.append(&[Event::new(Action::AccessDenied, label.clone(), at(fixtures::NOW)).because(label.clone())]);
    let newest = subject.contents().events.into_iter().next().expect("an event");
    assert_eq!((newest.event.actor(), newest.event.reason()), (&label, Some(&label)));
}

/// From one end of time to the other, with the seconds around 1970, 2038 and a leap day.
fn instants() -> Vec<UtcDateTime> {
    let between = [-1, 0, 1, 951_782_399, 951_782_400, i64::from(i32::MAX), i64::from(i32::MAX) + 1];
    [first_second()].into_iter().chain(between.map(at)).chain([last_second()]).collect()
}

fn first_second() -> UtcDateTime {
    at(UtcDateTime::MIN.unix_timestamp())
}

fn last_second() -> UtcDateTime {
    at(UtcDateTime::MAX.unix_timestamp())
}
