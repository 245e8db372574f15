//! Lists, dates and last-used marks.

use std::net::IpAddr;

use super::{Subject, contents, fixtures, fixtures::at, steps};
use crate::{Change, LastUsed, Store, Token, Usage};
use service_accounts_token::TokenId;

/// Pages of any size, put together, are the accounts in the order of their ids.
pub fn pages_of_accounts_have_no_gap_and_no_overlap<S: Store>(subject: &Subject<S>) {
    assert!(contents::accounts(subject, 1).is_empty());
    let mut created: Vec<_> =
        ["b", "a_b", "a", "a1", "z", "ab", "a_1"].map(|local| subject.create(local, &[]).as_ref().clone()).into();
    created.sort_by(|one, other| one.id.cmp(&other.id));
    for limit in 1..=8 {
        assert_eq!(contents::accounts(subject, limit), created, "{limit}");
    }
}

/// Pages of any size, put together, are the account's tokens in the order of their ids: no session, no client secret,
/// and nobody else's.
pub fn pages_of_tokens_have_no_gap_and_no_overlap<S: Store>(subject: &Subject<S>) {
    let (pipeline, other) = (subject.create("pipeline", &[]), subject.create("other", &[]));
    let secret = subject.mint(subject.secret(&pipeline.id));
    let mut minted = Vec::new();
    for n in 0..7 {
        minted.push(subject.mint(subject.token(&pipeline.id, &format!("token-{n}"))));
        subject.mint(subject.token(&other.id, &format!("token-{n}")));
        subject.mint(subject.session(&pipeline.id, secret.id));
    }
    minted.sort_by_key(|token| token.id);
    for limit in 1..=8 {
        let listed = contents::tokens(subject, &pipeline.id, limit);
        assert!(listed.iter().all(|listed| **listed.credential.account() == *pipeline && listed.last_used.is_none()));
        let listed: Vec<_> = listed.iter().map(|listed| listed.credential.token().clone()).collect();
        assert_eq!(listed, minted, "{limit}");
    }
}

/// What is due is found from its very instant on, the longest due first, and no more of it than asked for.
pub fn what_is_due_is_found_from_its_instant_on<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let dated = |token: Token, due: i64| subject.mint(Token { next_due: Some(at(due)), ..token }).id;
    let late = dated(subject.token(&account.id, "late"), 30);
    let early = dated(subject.session(&account.id, late), 10);
    let middle = dated(subject.secret(&account.id), 20);
    subject.mint(subject.token(&account.id, "undated"));
    let cases: [(i64, &[TokenId]); 5] =
        [(9, &[]), (10, &[early]), (19, &[early]), (20, &[early, middle]), (31, &[early, middle, late])];
    for (now, expected) in cases {
        assert_eq!(contents::due(subject, at(now), 10), expected, "at {now}");
    }
    assert_eq!(contents::due(subject, at(31), 2), [early, middle]);
}

/// A token is due by its present date only.
pub fn a_date_that_moves_is_found_where_it_is<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.mint(Token { next_due: Some(at(10)), ..subject.token(&account.id, "nightly") });
    let postpone = |next_due| {
        let present = subject.stored(&token.id);
        let expected = present.revision;
        subject.apply(steps::token_update(&Token { next_due, ..present }, expected));
    };
    postpone(Some(at(20)));
    assert_eq!(contents::due(subject, at(19), 10), []);
    assert_eq!(contents::due(subject, at(20), 10), [token.id]);
    postpone(None);
    assert_eq!(contents::due(subject, at(20), 10), []);
    postpone(Some(at(5)));
    assert_eq!(contents::due(subject, at(5), 10), [token.id]);
}

/// Marks come late and in any order; the newest is the one that lists show.
pub fn the_newest_mark_is_kept<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let [one, other] = ["one", "other"].map(|name| subject.mint(subject.token(&account.id, name)).id);
    let (v4, v6) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]));
    touch(subject, &[(one, 10, Some(v4))]);
    assert_eq!(marks(subject, &account.id, [one, other]), [used(10, Some(v4)), None]);
    touch(subject, &[(one, 9, Some(v6)), (one, 12, Some(v6)), (one, 11, None), (other, -5, None)]);
    assert_eq!(marks(subject, &account.id, [one, other]), [used(12, Some(v6)), used(-5, None)]);
    touch(subject, &[]);
    touch(subject, &[(one, 13, None)]);
    assert_eq!(marks(subject, &account.id, [one, other]), [used(13, None), used(-5, None)]);
}

/// A mark of a token that is not there is dropped, and the marks beside it are kept.
pub fn a_mark_of_an_unknown_token_is_dropped<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let known = subject.mint(subject.token(&account.id, "known")).id;
    let unknown = subject.token(&account.id, "unknown");
    touch(subject, &[(unknown.id, 10, None), (known, 10, None)]);
    assert!(subject.found(&unknown.id).is_none(), "a mark makes no token");
    let unknown = subject.mint(unknown).id;
    assert_eq!(marks(subject, &account.id, [known, unknown]), [used(10, None), None]);
}

/// A mark changes no record and leaves no event.
pub fn a_mark_is_no_change<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.mint(subject.token(&account.id, "nightly"));
    let before = subject.contents();
    touch(subject, &[(token.id, 10, None)]);
    let after = subject.contents();
    assert_eq!((after.credentials, after.events, after.due), (before.credentials, before.events, before.due));
}

/// A mark goes with its token, so a token that has its id later was never used.
pub fn a_mark_goes_with_its_token<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.token(&account.id, "nightly");
    let id = subject.mint(token.clone()).id;
    touch(subject, &[(id, 10, None)]);
    subject.apply(steps::revocation(&token));
    assert_eq!(marks(subject, &account.id, [id]), [used(10, None)], "a revoked token keeps its history");
    subject.apply(steps::removal(&token));
    subject.mint(token);
    assert_eq!(marks(subject, &account.id, [id]), [None]);
}

/// A pepper can be retired when nothing is stored under it: not a session, not a client secret, not a revoked token.
///
/// A store that cannot count says so; then there is nothing to hold.
pub fn every_credential_is_counted_under_its_pepper<S: Store>(subject: &Subject<S>) {
    let count = |pepper| subject.wait(subject.reader().count_under(fixtures::pepper(pepper))).expect("the store works");
    let counts = || ["k1", "k2", "k"].map(count);
    if count("k1").is_none() {
        return;
    }
    let account = subject.create("pipeline", &[]);
    let secret = subject.mint(subject.secret(&account.id));
    let session = subject.mint(subject.session(&account.id, secret.id));
    let token = subject.mint(subject.token(&account.id, "nightly"));
    subject.apply(steps::revocation(&token));
    assert_eq!(counts(), [Some(3), Some(0), Some(0)]);
    subject.apply(Change::Rehash { token: session.id, from: session.digest, to: subject.digest() });
    assert_eq!(counts(), [Some(2), Some(1), Some(0)]);
    subject.apply(steps::deletion(&account));
    assert_eq!(counts(), [Some(0), Some(0), Some(0)]);
}

fn touch<S: Store>(subject: &Subject<S>, marks: &[(TokenId, i64, Option<IpAddr>)]) {
    let usage = |(token, seconds, address): &(_, i64, _)| Usage {
        token: *token,
        last: LastUsed { at: at(*seconds), address: *address },
    };
    let marks: Vec<_> = marks.iter().map(usage).collect();
    subject.wait(subject.writer().touch(&marks, &[])).expect("the store works");
}

fn used(seconds: i64, address: Option<IpAddr>) -> Option<LastUsed> {
    Some(LastUsed { at: at(seconds), address })
}

fn marks<S: Store, const N: usize>(
    subject: &Subject<S>,
    account: &service_accounts_naming::AccountId,
    ids: [TokenId; N],
) -> [Option<LastUsed>; N] {
    let listed = contents::tokens(subject, account, 100);
    ids.map(|id| {
        let of_id = listed.iter().find(|listed| listed.credential.token().id == id);
        of_id.expect("the token is listed").last_used
    })
}
