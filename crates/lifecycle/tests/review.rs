//! The seven questions, attestations and what has changed since.

use service_accounts_lifecycle::{
    Attestation, Environment, LifecyclePolicy, Review, ReviewDelta, ReviewFinding, ReviewItem, ReviewQuestion, Span,
    TokenEntry, TokenFacts, TokenState,
};
use time::macros::utc_datetime;
use time::{Duration, UtcDateTime};

const ISSUED: UtcDateTime = utc_datetime!(2024-01-01 0:00);
const YEAR: Duration = Duration::days(365);

type Item = ReviewItem<u8, &'static str>;
type Pack = Review<u8, &'static str, &'static str>;

/// A token with nothing to remark.
fn spotless(key: u8) -> Item {
    ReviewItem {
        entry: TokenEntry {
            key,
            environment: Environment::production(),
            facts: TokenFacts::new(ISSUED, ISSUED + YEAR).with_last_use(ISSUED),
        },
        has_purpose: true,
        has_fitting_name: true,
        has_fitting_teams: true,
        has_account: true,
        used_every: None,
        granted: ["read"].into(),
        used: ["read"].into(),
    }
}

fn item(key: u8, change: impl FnOnce(&mut Item)) -> Item {
    let mut item = spotless(key);
    change(&mut item);
    item
}

fn review(items: &[Item], now: UtcDateTime) -> Pack {
    Review::of(items, &LifecyclePolicy::default(), now)
}

fn remarks(item: &Item, now: UtcDateTime) -> Vec<ReviewFinding<&'static str>> {
    review(std::slice::from_ref(item), now).remarks().map(|(_, _, remark)| remark.clone()).collect()
}

#[test]
fn a_spotless_token_has_no_remarks() {
    let review = review(&[spotless(1)], ISSUED + Duration::DAY);
    assert_eq!((review.len(), review.remarks().count(), review.at()), (1, 0, ISSUED + Duration::DAY));
    assert!(!review.is_empty());
}

#[test]
fn each_question_is_asked() {
    let table = [
        (item(1, |item| item.has_purpose = false), ReviewQuestion::Purpose, ReviewFinding::NoPurpose),
        (item(1, |item| item.has_fitting_name = false), ReviewQuestion::Name, ReviewFinding::UnfittingName),
        (item(1, |item| item.has_fitting_teams = false), ReviewQuestion::Teams, ReviewFinding::UnfittingTeams),
        (item(1, |item| item.has_account = false), ReviewQuestion::Orphan, ReviewFinding::Orphaned),
        (
            item(1, |item| item.granted = ["admin", "read", "write"].into()),
            ReviewQuestion::LeastPrivilege,
            ReviewFinding::Overprivileged { unused: vec!["admin", "write"] },
        ),
    ];
    for (item, question, remark) in table {
        let review = review(&[item], ISSUED);
        assert_eq!(review.remarks().collect::<Vec<_>>(), [(&1, question, &remark)]);
    }
}

#[test]
fn a_token_near_expiry_needs_a_successor() {
    let window = ISSUED + Duration::days(335);
    let used = |facts: TokenFacts| item(1, |item| item.entry.facts = facts.with_last_use(window));
    let facts = TokenFacts::new(ISSUED, ISSUED + YEAR);
    let missing = vec![ReviewFinding::NoSuccessor { expires_at: ISSUED + YEAR }];
    for (offset, expected) in [(-1, vec![]), (0, missing.clone()), (1, missing.clone())] {
        assert_eq!(remarks(&used(facts), window + Duration::seconds(offset)), expected);
    }
    assert_eq!(remarks(&used(facts.with_successor()), window), []);
    assert_eq!(remarks(&used(facts), ISSUED + YEAR), missing, "expired");
}

#[test]
fn a_token_is_to_be_used_as_often_as_expected() {
    let weekly = item(1, |item| item.used_every = Span::days(7));
    let unused = vec![ReviewFinding::Unused { last_use: Some(ISSUED) }];
    for (offset, expected) in [(-1, vec![]), (0, unused.clone()), (1, unused.clone())] {
        assert_eq!(remarks(&weekly, ISSUED + Duration::days(7) + Duration::seconds(offset)), expected);
    }
    assert_eq!(remarks(&spotless(1), ISSUED + Duration::days(90)), unused, "idle, though nobody said how often");
    let never = item(1, |item| item.entry.facts = TokenFacts::new(ISSUED, ISSUED + YEAR));
    assert_eq!(remarks(&never, ISSUED + Duration::days(90)), [ReviewFinding::Unused { last_use: None }]);
}

#[test]
fn a_revoked_token_is_not_reviewed() {
    let revoked = item(1, |item| {
        item.entry.facts = item.entry.facts.with_state(TokenState::Revoked { at: ISSUED });
        item.has_account = false;
    });
    assert!(review(std::slice::from_ref(&revoked), ISSUED).is_empty());
    assert_eq!(review(&[revoked, spotless(2), spotless(3)], ISSUED).len(), 2);
}

#[test]
fn a_delta_tells_new_standing_resolved_and_gone() {
    let nameless = |key| item(key, |item| item.has_fitting_name = false);
    let purposeless = |key| item(key, |item| item.has_purpose = false);
    let before = review(&[nameless(1), nameless(2), nameless(3)], ISSUED);
    let after = review(&[nameless(1), purposeless(2), purposeless(4)], ISSUED);
    assert_eq!(
        after.since(&before),
        ReviewDelta {
            new: vec![(2, ReviewQuestion::Purpose), (4, ReviewQuestion::Purpose)],
            standing: vec![(1, ReviewQuestion::Name)],
            resolved: vec![(2, ReviewQuestion::Name)],
            gone: vec![(3, ReviewQuestion::Name)],
        }
    );
}

#[test]
fn attestations_are_kept_in_order() {
    let mut review = review(&[spotless(1)], ISSUED);
    review.attest("alice", ISSUED + Duration::DAY);
    review.attest("bob", ISSUED);
    let expected = [Attestation { by: "alice", at: ISSUED + Duration::DAY }, Attestation { by: "bob", at: ISSUED }];
    assert_eq!(review.attestations(), expected);
}
