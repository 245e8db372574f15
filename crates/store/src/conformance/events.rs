//! The trail: no change without its event, and no event lost.

use std::net::IpAddr;

use service_accounts_audit::{Action, Event, Label, Query, Recorded, Sequence};

use super::{Subject, contents, fixtures, fixtures::at, samples::every_change, steps};
use crate::{Applied, Revision, Store, Write};

/// Every change leaves the one event given with it, at the place that the store answered, and behind it those it brings.
pub fn every_change_leaves_its_event<S: Store>(subject: &Subject<S>) {
    let mut trail = Vec::new();
    for change in every_change(subject) {
        let event = fixtures::event_of(&change);
        let Applied { sequence, writes } = subject.applied(change);
        trail.insert(0, Recorded { sequence, event });
        for write in writes {
            if let Write::Append(event) = write {
                let sequence = Sequence::new(trail[0].sequence.number() + 1);
                trail.insert(0, Recorded { sequence, event: *event });
            }
        }
        let newest = subject.contents().events;
        assert_eq!(newest.get(..trail.len()), Some(trail.as_slice()));
    }
    assert_rising(&subject.contents().events);
}

/// A record's revision is the place of the event that last changed it, so no two states share one.
pub fn a_revision_is_the_place_of_its_event<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let mut last = account.revision;
    for _ in 0..3 {
        let account = subject.stored_account(&account.id);
        let sequence = subject.apply(steps::update(&steps::edited(&account), account.revision));
        let revision = subject.stored_account(&account.id).revision;
        assert_eq!(revision, Revision::made_by(sequence));
        assert!(last < revision, "revisions rise");
        last = revision;
    }
}

/// Nothing of an event is lost.
pub fn an_event_is_read_back_whole<S: Store>(subject: &Subject<S>) {
    let addresses: [Option<IpAddr>; 3] = [None, Some([10, 0, 0, 1].into()), Some([0x2001, 0, 0, 0, 0, 0, 0, 1].into())];
    let text = "it's \"quoted\" – 数据; DROP TABLE event; -- \\ %_";
    let events = Action::ALL.iter().zip(addresses.into_iter().cycle()).zip(0..).map(|((action, from), n)| {
        let event = Event::new(*action, Label::new(text), at(fixtures::NOW - n)).from_address(from);
        let event = event.about_account(Label::new(text)).about_token(Label::new("0123456789abcdef"));
        event.named(Label::new(text)).because(Label::new(text)).with(Label::new("path"), Label::new(text))
    });
    let events: Vec<_> = events.chain([Event::new(Action::AccessDenied, Label::new(""), at(0))]).collect();
    subject.append(&events);
    let mut found: Vec<_> = subject.contents().events.into_iter().map(|recorded| recorded.event).collect();
    found.reverse();
    assert_eq!(found, events);
}

/// Events that change nothing else keep the order in which they came, and stand behind what was there.
pub fn appended_events_keep_their_order<S: Store>(subject: &Subject<S>) {
    subject.create("pipeline", &[]);
    subject.append(&[]);
    assert_eq!(subject.contents().events.len(), 1, "no events are no events");
    subject.append(&numbered(0..3));
    subject.append(&numbered(3..4));
    subject.create("other", &[]);
    let found = subject.contents().events;
    assert_rising(&found);
    let instants: Vec<_> = found.iter().map(|recorded| recorded.event.at()).collect();
    let expected = [fixtures::NOW, 3, 2, 1, 0, fixtures::NOW].map(at);
    assert_eq!(instants, expected);
}

/// Pages of any size, put together, are the trail; each event stands on one of them.
pub fn pages_of_events_have_no_gap_and_no_overlap<S: Store>(subject: &Subject<S>) {
    subject.append(&numbered(0..10));
    let all = contents::events(subject, &Query::default());
    assert_eq!(all.len(), 10);
    for query in queries() {
        let expected: Vec<_> = all.iter().filter(|recorded| query.matches(recorded)).cloned().collect();
        for limit in 1..=11 {
            assert_eq!(contents::events(subject, &query.clone().limit(limit)), expected, "{query:?} by {limit}");
        }
    }
    let oldest = all.last().expect("ten events").sequence;
    assert!(contents::events(subject, &Query::default().continue_from(oldest)).is_empty());
    assert!(contents::events(subject, &Query::default().continue_from(Sequence::new(i64::MIN))).is_empty());
}

/// Each condition narrows, alone and with the others, and nothing that fits is left out.
pub fn conditions_find_exactly_what_they_name<S: Store>(subject: &Subject<S>) {
    let events = numbered(0..10);
    subject.append(&events);
    for query in queries() {
        let fits = |event: &&Event| {
            query.account().is_none_or(|account| event.account() == Some(account))
                && query.token().is_none_or(|token| event.token() == Some(token))
                && query.action().is_none_or(|action| event.action() == action)
                && query.earliest().is_none_or(|since| event.at() >= since)
                && query.end().is_none_or(|until| event.at() < until)
                && query.actor().is_none_or(|actor| event.actor() == actor)
        };
        let mut expected: Vec<_> = events.iter().filter(fits).cloned().collect();
        expected.reverse();
        let found = contents::events(subject, &query);
        assert_eq!(found.into_iter().map(|recorded| recorded.event).collect::<Vec<_>>(), expected, "{query:?}");
    }
}

/// Oldest first, the trail is the same one the other way round, and a reader that goes on finds what came meanwhile.
pub fn the_trail_is_read_in_either_order<S: Store>(subject: &Subject<S>) {
    subject.append(&numbered(0..10));
    for query in queries() {
        let mut expected = contents::events(subject, &query);
        expected.reverse();
        for limit in 1..=11 {
            let ascending = query.clone().oldest_first().limit(limit);
            assert_eq!(contents::events(subject, &ascending), expected, "{query:?} by {limit}");
        }
    }
    let newest = contents::events(subject, &Query::default())[0].sequence;
    let onward = Query::default().oldest_first().continue_from(newest);
    assert_eq!(contents::events(subject, &onward), []);
    subject.append(&numbered(10..12));
    let instants: Vec<_> = contents::events(subject, &onward).iter().map(|recorded| recorded.event.at()).collect();
    assert_eq!(instants, [10, 11].map(at));
}

/// What is trimmed is gone, the oldest first and no more than asked for; its places are never given again.
pub fn a_trimmed_trail_goes_on_where_it_was<S: Store>(subject: &Subject<S>) {
    subject.append(&numbered(0..10));
    let all = contents::events(subject, &Query::default().oldest_first());
    let trim = |place, limit| subject.wait(subject.writer().trim(place, limit)).expect("the store works");
    assert_eq!(trim(all[0].sequence, 100), 0, "nothing stands below the first place");
    assert_eq!(trim(all[4].sequence, 3), 3, "no more than asked for");
    assert_eq!(contents::events(subject, &Query::default().oldest_first()), all[3..], "the oldest go first");
    assert_eq!(trim(all[4].sequence, 100), 1, "what is below the place, and not the place itself");
    let kept = Query::default().oldest_first().limit(2);
    assert_eq!(contents::events(subject, &kept), all[4..]);
    assert_eq!(
        contents::events(subject, &kept.continue_from(all[1].sequence)),
        all[4..],
        "a reader far behind goes on"
    );
    let last = all[9].sequence;
    assert_eq!(trim(Sequence::new(last.number() + 1), 100), 6);
    assert_eq!(contents::events(subject, &Query::default()), []);
    subject.append(&numbered(0..1));
    let account = subject.create("pipeline", &[]);
    assert!(contents::events(subject, &Query::default()).iter().all(|recorded| last < recorded.sequence));
    assert!(last < account.revision.event(), "a place was given again");
}

/// Who deletes an account does not delete what it did.
pub fn history_outlives_its_account<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.mint(subject.token(&account.id, "nightly"));
    subject.apply(steps::deletion(&account));
    subject.create("pipeline", &[]);
    let about_account = Query::default().for_account(Label::new(account.id.as_str()));
    let actions: Vec<_> =
        contents::events(subject, &about_account).iter().map(|recorded| recorded.event.action()).collect();
    use Action::{AccountCreated, AccountDeleted, TokenMinted};
    assert_eq!(actions, [AccountCreated, AccountDeleted, TokenMinted, AccountCreated]);
    let about_token = Query::default().for_token(Label::new(token.id.as_str()));
    assert_eq!(contents::events(subject, &about_token).len(), 1);
}

pub(super) fn assert_rising(newest_first: &[Recorded]) {
    let pairs = newest_first.iter().zip(newest_first.iter().skip(1));
    assert!(pairs.into_iter().all(|(newer, older)| newer.sequence > older.sequence), "the trail has one order");
}

/// Events that differ in account, token, action and instant, each with a rhythm of its own; some name nothing.
fn numbered(numbers: std::ops::Range<i64>) -> Vec<Event> {
    let event = |n: i64| {
        let action = if n % 2 == 0 { Action::AccessGranted } else { Action::AccessDenied };
        let event = Event::new(action, Label::new(&format!("actor_{}", n % 5 % 2)), at(n));
        let event = match n % 3 {
            0 => event,
            account => event.about_account(Label::new(&format!("account_{account}@service"))),
        };
        match n % 4 {
            0 => event,
            token => event.about_token(Label::new(&format!("token{token}"))),
        }
    };
    numbers.map(event).collect()
}

fn queries() -> Vec<Query> {
    let (account, token) = (Label::new("account_1@service"), Label::new("token3"));
    let narrowings: [fn(Query, &Label, &Label) -> Query; 6] = [
        |query, account, _| query.for_account(account.clone()),
        |query, _, token| query.for_token(token.clone()),
        |query, _, _| query.for_action(Action::AccessDenied),
        |query, _, _| query.since(at(4)),
        |query, _, _| query.until(at(9)),
        |query, _, _| query.by_actor(Label::new("actor_1")),
    ];
    let every_choice = (0..1_u32 << narrowings.len()).map(|choice| {
        let chosen = narrowings.iter().enumerate().filter(|(place, _)| choice & (1 << place) != 0);
        chosen.fold(Query::default(), |query, (_, narrow)| narrow(query, &account, &token))
    });
    every_choice.collect()
}
