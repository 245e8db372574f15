//! What credentials were seen to do.

use std::net::IpAddr;

use service_accounts_audit::Label;
use service_accounts_token::TokenId;

use super::{Subject, contents, fixtures::at, steps};
use crate::{Seen, Sighting, Store};

/// Counts of one row add up and its span grows; rows of other kinds and tokens stay apart.
pub fn sightings_of_one_row_are_joined<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let [one, other] = ["one", "other"].map(|name| subject.mint(subject.token(&account.id, name)).id);
    let here = IpAddr::from([192, 0, 2, 1]);
    let rows = [Seen::UsedFrom(here), Seen::TriedFrom(here), Seen::Tried, Seen::Permission(Label::new("it's \"%_"))];
    note(subject, &rows.clone().map(|seen| row(one, seen, 2, (10, 20))));
    note(subject, &[row(one, rows[0].clone(), 3, (5, 15)), row(one, rows[0].clone(), 1, (12, 30))]);
    note(subject, &[row(other, rows[0].clone(), 1, (7, 7))]);
    note(subject, &[]);
    let mut expected = rows.clone().map(|seen| row(one, seen, 2, (10, 20)));
    expected[0] = row(one, rows[0].clone(), 6, (5, 30));
    assert_eq!(in_order(contents::sightings(subject, &one)), in_order(expected.into()));
    assert_eq!(contents::sightings(subject, &other), [row(other, rows[0].clone(), 1, (7, 7))]);
}

/// One kind of a token has a bounded number of rows; a new value takes the place of the one seen longest ago.
pub fn the_stalest_sighting_makes_room<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.mint(subject.token(&account.id, "nightly")).id;
    let most = i64::try_from(Sighting::MOST).expect("a small number");
    let from = |n: i64| Seen::UsedFrom(IpAddr::from([10, 0, (n / 200).to_le_bytes()[0], (n % 200).to_le_bytes()[0]]));
    note(subject, &[row(token, Seen::Tried, 1, (0, 0))]);
    let all: Vec<_> = (0..most).map(|n| row(token, from(n), 1, (n, 100 + n))).collect();
    note(subject, &all);
    assert_eq!(contents::sightings(subject, &token).len(), Sighting::MOST + 1, "the bound is for each kind");
    note(subject, &[row(token, from(0), 1, (0, 900))]);
    note(subject, &[row(token, from(most), 1, (901, 901))]);
    let seen: Vec<_> = contents::sightings(subject, &token).into_iter().map(|row| row.seen).collect();
    assert_eq!(seen.len(), Sighting::MOST + 1);
    assert!(seen.contains(&from(0)) && seen.contains(&from(most)) && seen.contains(&Seen::Tried));
    assert!(!seen.contains(&from(1)), "the one seen longest ago made room");
}

/// Sightings go with their token, and of an unknown one none is kept.
pub fn sightings_go_with_their_token<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let (token, unknown) = (subject.token(&account.id, "nightly"), subject.token(&account.id, "unknown"));
    subject.mint(token.clone());
    note(subject, &[token.id, unknown.id].map(|id| row(id, Seen::Tried, 1, (1, 1))));
    assert_eq!(contents::sightings(subject, &token.id).len(), 1);
    subject.apply(steps::revocation(&token));
    assert_eq!(contents::sightings(subject, &token.id).len(), 1, "a revoked token keeps its history");
    subject.apply(steps::removal(&token));
    for blank in [token, unknown] {
        let id = subject.mint(blank).id;
        assert_eq!(contents::sightings(subject, &id), []);
    }
}

/// Lists show when a token was last tried after its revocation, from wherever, and nothing else counts as that.
pub fn the_last_attempt_is_listed<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.mint(subject.token(&account.id, "nightly")).id;
    let here = IpAddr::from([192, 0, 2, 1]);
    let last = || contents::tokens(subject, &account.id, 5).into_iter().map(|listed| listed.last_attempt).next();
    let steps = [
        (Seen::UsedFrom(here), 50, None),
        (Seen::Permission(Label::new("read")), 60, None),
        (Seen::Tried, 10, Some(10)),
        (Seen::TriedFrom(here), 30, Some(30)),
        (Seen::Tried, 20, Some(30)),
    ];
    for (seen, when, expected) in steps {
        note(subject, &[row(token, seen.clone(), 1, (when, when))]);
        assert_eq!(last(), Some(expected.map(at)), "{seen:?} at {when}");
    }
}

fn row(token: TokenId, seen: Seen, count: u64, (first, last): (i64, i64)) -> Sighting {
    Sighting { token, seen, count, first: at(first), last: at(last) }
}

fn note<S: Store>(subject: &Subject<S>, sightings: &[Sighting]) {
    subject.wait(subject.writer().touch(&[], sightings)).expect("the store works");
}

fn in_order(mut rows: Vec<Sighting>) -> Vec<Sighting> {
    rows.sort_by(|one, other| one.seen.cmp(&other.seen));
    rows
}
