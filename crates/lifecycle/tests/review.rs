//! The questions, the decisions, and what has changed since.

use std::collections::BTreeSet;

use service_accounts_lifecycle::{
    AccountFacts, Attestation, Environment, HumanSign, LifecyclePolicy, NhiRisk, NotReviewedError, Review,
    ReviewDecision, ReviewDelta, ReviewFinding, ReviewItem, ReviewQuestion, ReviewSubject, ReviewedKind, Span,
    TokenEntry, TokenFacts, TokenState,
};
use time::macros::utc_datetime;
use time::{Duration, UtcDateTime};

const ISSUED: UtcDateTime = utc_datetime!(2024-01-01 0:00);
const YEAR: Duration = Duration::days(365);

type Item = ReviewItem<u8, &'static str>;
type Pack = Review<u8, &'static str, &'static str>;
type Finding = ReviewFinding<&'static str>;

/// Nothing to remark, as far as a host states it.
fn documented(item: Item) -> Item {
    ReviewItem {
        has_purpose: true,
        has_fitting_name: true,
        has_fitting_teams: true,
        has_account: true,
        has_owner: true,
        granted: ["read"].into(),
        used: ["read"].into(),
        ..item
    }
}

fn token_of(key: u8, facts: TokenFacts) -> Item {
    documented(ReviewItem::token(TokenEntry { key, environment: Environment::production(), facts }))
}

fn token(key: u8) -> Item {
    token_of(key, TokenFacts::new(ISSUED, ISSUED + YEAR).with_last_use(ISSUED))
}

fn account(key: u8) -> Item {
    documented(ReviewItem::account(key, AccountFacts::new(ISSUED)))
}

fn item(key: u8, change: impl FnOnce(&mut Item)) -> Item {
    let mut item = token(key);
    change(&mut item);
    item
}

fn review(items: &[Item], now: UtcDateTime) -> Pack {
    Review::of(items, &LifecyclePolicy::default(), now)
}

fn found(item: &Item, now: UtcDateTime) -> Vec<Finding> {
    review(std::slice::from_ref(item), now).findings().map(|(_, finding)| finding.clone()).collect()
}

#[test]
fn what_is_well_has_a_row_and_no_findings() {
    let review = review(&[token(1), account(2)], ISSUED + Duration::DAY);
    assert_eq!((review.rows().len(), review.findings().count(), review.at()), (2, 0, ISSUED + Duration::DAY));
    assert_eq!(
        review.rows().iter().map(|row| row.kind).collect::<Vec<_>>(),
        [ReviewedKind::Token, ReviewedKind::Account]
    );
}

#[test]
fn each_question_is_asked_and_shows_its_risk() {
    use {NhiRisk as R, ReviewFinding as F, ReviewQuestion as Q};
    let environments = |names: &[&str]| names.iter().filter_map(|name| Environment::parse(name).ok()).collect();
    let signs: BTreeSet<_> = [HumanSign::ManyAddresses, HumanSign::OddHours].into();
    let table: Vec<(Item, Q, Option<R>, Finding)> = vec![
        (item(1, |item| item.has_purpose = false), Q::Purpose, None, F::NoPurpose),
        (item(1, |item| item.has_fitting_name = false), Q::Name, None, F::UnfittingName),
        (item(1, |item| item.has_fitting_teams = false), Q::Teams, None, F::UnfittingTeams),
        (item(1, |item| item.has_account = false), Q::Orphan, Some(R::ImproperOffboarding), F::Orphaned),
        (
            item(1, |item| item.granted = ["admin", "read", "write"].into()),
            Q::LeastPrivilege,
            Some(R::Overprivileged),
            F::Overprivileged { unused: vec!["admin", "write"] },
        ),
        (item(1, |item| item.has_owner = false), Q::Owner, Some(R::ImproperOffboarding), F::OwnerGone),
        (item(1, |item| item.is_leaked = true), Q::Leakage, Some(R::SecretLeakage), F::Leaked),
        (item(1, |item| item.has_old_pepper = true), Q::Authentication, Some(R::InsecureAuthentication), F::OldPepper),
        (item(1, |item| item.never_expires = true), Q::Authentication, Some(R::InsecureAuthentication), F::NoExpiry),
        (
            token_of(1, TokenFacts::new(ISSUED, ISSUED + YEAR + Duration::SECOND)),
            Q::Longevity,
            Some(R::LongLivedSecrets),
            F::LongLived,
        ),
        (
            item(1, |item| item.environments = environments(&["staging"])),
            Q::Isolation,
            Some(R::EnvironmentIsolation),
            F::SeveralEnvironments { environments: 2 },
        ),
        (item(1, |item| item.systems = 2), Q::Reuse, Some(R::Reuse), F::Reused { systems: 2, networks: 0 }),
        (item(1, |item| item.networks = 6), Q::Reuse, Some(R::Reuse), F::Reused { systems: 0, networks: 6 }),
        (
            item(1, |item| item.human_signs = signs.clone()),
            Q::HumanUse,
            Some(R::HumanUse),
            F::HumanUse { signs: vec![HumanSign::OddHours, HumanSign::ManyAddresses] },
        ),
    ];
    for (item, question, risk, finding) in table {
        assert_eq!((finding.question(), finding.risk()), (question, risk), "{finding}");
        assert_eq!(found(&item, ISSUED), [finding]);
    }
    let fine = item(1, |item| {
        item.environments = environments(&["production"]);
        (item.systems, item.networks) = (1, 5);
    });
    assert_eq!(found(&fine, ISSUED), []);
}

#[test]
fn what_a_host_forgets_to_document_is_found_and_nothing_is_invented() {
    let entry =
        TokenEntry { key: 1, environment: Environment::production(), facts: TokenFacts::new(ISSUED, ISSUED + YEAR) };
    let bare = |item: &Item| found(item, ISSUED).iter().map(ReviewFinding::question).collect::<Vec<_>>();
    use ReviewQuestion::{Name, Orphan, Owner, Purpose, Teams};
    assert_eq!(bare(&ReviewItem::token(entry)), [Purpose, Name, Teams, Orphan, Owner]);
    assert_eq!(bare(&ReviewItem::account(1, AccountFacts::new(ISSUED))), [Purpose, Name, Teams, Owner]);
}

#[test]
fn somebody_has_to_say_each_quarter_that_it_is_required() {
    let quarter = ISSUED + Duration::days(90);
    let used = |key| item(key, |item| item.subject = used_until(quarter));
    let unconfirmed = |last_confirmed| vec![ReviewFinding::Unconfirmed { last_confirmed }];
    let around = |item: &Item, at| [-1, 0, 1].map(|offset| found(item, at + Duration::seconds(offset)));
    assert_eq!(around(&used(1), quarter), [vec![], unconfirmed(None), unconfirmed(None)]);
    let confirmed = item(1, |item| {
        item.subject = used_until(quarter);
        item.confirmed_at = Some(ISSUED + Duration::DAY);
    });
    let expected = unconfirmed(Some(ISSUED + Duration::DAY));
    assert_eq!(around(&confirmed, quarter + Duration::DAY), [vec![], expected.clone(), expected]);
}

fn used_until(last_use: UtcDateTime) -> ReviewSubject {
    ReviewSubject::Token(Environment::production(), TokenFacts::new(ISSUED, ISSUED + YEAR).with_last_use(last_use))
}

/// Everything is asked at once; this leaves out whether somebody has confirmed it.
fn found_but_unconfirmed(item: &Item, now: UtcDateTime) -> Vec<Finding> {
    let mut found = found(item, now);
    found.retain(|finding| finding.question() != ReviewQuestion::Required);
    found
}

#[test]
fn a_token_near_expiry_needs_a_successor() {
    let window = ISSUED + Duration::days(335);
    let used = |facts: TokenFacts| token_of(1, facts.with_last_use(window));
    let facts = TokenFacts::new(ISSUED, ISSUED + YEAR);
    let missing = vec![ReviewFinding::NoSuccessor { expires_at: ISSUED + YEAR }];
    for (offset, expected) in [(-1, vec![]), (0, missing.clone()), (1, missing.clone())] {
        assert_eq!(found_but_unconfirmed(&used(facts), window + Duration::seconds(offset)), expected);
    }
    assert_eq!(found_but_unconfirmed(&used(facts.with_successor()), window), []);
    assert_eq!(found_but_unconfirmed(&used(facts), ISSUED + YEAR), missing, "expired");
}

#[test]
fn it_is_to_be_used_as_often_as_expected() {
    let weekly = item(1, |item| item.used_every = Span::days(7));
    let unused = vec![ReviewFinding::Unused { last_use: Some(ISSUED) }];
    for (offset, expected) in [(-1, vec![]), (0, unused.clone()), (1, unused.clone())] {
        assert_eq!(found(&weekly, ISSUED + Duration::days(7) + Duration::seconds(offset)), expected);
    }
    let later = item(1, |item| {
        item.used_every = Span::days(7);
        item.subject = used_until(ISSUED + Duration::DAY);
    });
    let expected = vec![ReviewFinding::Unused { last_use: Some(ISSUED + Duration::DAY) }];
    let answers = [-1, 0].map(|offset| found(&later, ISSUED + Duration::days(8) + Duration::seconds(offset)));
    assert_eq!(answers, [vec![], expected], "counted from the last use");
    let idle = ISSUED + Duration::days(90);
    assert_eq!(found_but_unconfirmed(&token(1), idle), unused, "idle, though nobody said how often");
    let never = token_of(1, TokenFacts::new(ISSUED, ISSUED + YEAR));
    assert_eq!(found_but_unconfirmed(&never, idle), [ReviewFinding::Unused { last_use: None }]);
    assert_eq!(found_but_unconfirmed(&account(1), idle - Duration::SECOND), []);
    assert_eq!(found_but_unconfirmed(&account(1), idle), [ReviewFinding::Unused { last_use: None }]);
}

#[test]
fn an_account_s_client_secret_is_not_to_outlive_its_schedule() {
    let facts = AccountFacts::new(ISSUED).with_secret(ISSUED).with_last_use(ISSUED + Duration::days(89));
    let item = documented(ReviewItem::account(1, facts));
    let due = ISSUED + Duration::days(90);
    let answers = [-1, 0].map(|offset| found_but_unconfirmed(&item, due + Duration::seconds(offset)));
    assert_eq!(answers, [vec![], vec![ReviewFinding::LongLived]]);
}

#[test]
fn a_revoked_token_is_not_reviewed() {
    let facts = TokenFacts::new(ISSUED, ISSUED + YEAR).with_state(TokenState::Revoked { at: ISSUED });
    let revoked = ReviewItem { has_account: false, ..token_of(1, facts) };
    assert!(review(std::slice::from_ref(&revoked), ISSUED).rows().is_empty());
    assert_eq!(review(&[revoked, token(2), token(3)], ISSUED).rows().len(), 2);
}

#[test]
fn a_key_given_twice_is_reviewed_once_as_it_was_given_last() {
    let review = review(&[item(1, |item| item.has_purpose = false), token(1)], ISSUED);
    assert_eq!((review.rows().len(), review.findings().count()), (1, 0));
}

#[test]
fn a_delta_tells_new_standing_resolved_and_gone() {
    let nameless = |key| item(key, |item| item.has_fitting_name = false);
    let purposeless = |key| item(key, |item| item.has_purpose = false);
    let twice = |key| item(key, |item| (item.has_old_pepper, item.never_expires) = (true, true));
    let before = review(&[nameless(1), nameless(2), nameless(3), token(5)], ISSUED);
    let after = review(&[nameless(1), purposeless(2), purposeless(4), twice(5)], ISSUED);
    assert_eq!(
        after.since(&before),
        ReviewDelta {
            new: vec![(2, ReviewQuestion::Purpose), (4, ReviewQuestion::Purpose), (5, ReviewQuestion::Authentication)],
            standing: vec![(1, ReviewQuestion::Name)],
            resolved: vec![(2, ReviewQuestion::Name)],
            gone: vec![(3, ReviewQuestion::Name)],
        }
    );
}

fn decided(key: u8, by: &'static str, decision: ReviewDecision) -> Attestation<u8, &'static str> {
    Attestation { key, by, at: ISSUED, decision, note: None }
}

#[test]
fn decisions_are_kept_in_order_and_the_last_one_counts() {
    let mut review = review(&[token(1), token(2)], ISSUED);
    assert_eq!(review.undecided().count(), 2);
    let (first, second) = (decided(1, "alice", ReviewDecision::Revoke), decided(1, "bob", ReviewDecision::Keep));
    assert_eq!((review.attest(first.clone()), review.attest(second.clone())), (Ok(()), Ok(())));
    assert_eq!(review.attestations(), [first, second.clone()]);
    assert_eq!(review.decision(&1), Some(&second));
    assert_eq!(review.undecided().map(|row| row.key).collect::<Vec<_>>(), [2]);
    assert_eq!(review.attest(decided(3, "bob", ReviewDecision::Keep)), Err(NotReviewedError));
    let confirming =
        [ReviewDecision::Keep, ReviewDecision::Change, ReviewDecision::Revoke].map(ReviewDecision::confirms);
    assert_eq!(confirming, [true, true, false]);
}

#[test]
fn the_pack_for_people_has_a_line_for_each_finding() {
    let mut review = review(&[item(1, |item| item.has_owner = false), account(2)], ISSUED);
    let note = Some("gone | <b>\nsince `May`".to_owned());
    assert_eq!(review.attest(Attestation { note, ..decided(1, "alice_b", ReviewDecision::Change) }), Ok(()));
    let expected = "\
# Review of 2024-01-01

2 accounts and tokens, 1 findings, 1 undecided.

| key | kind | question | risk | finding | decision | by | note |
| --- | --- | --- | --- | --- | --- | --- | --- |
| 1 | token | owner exists? | NHI1 | the owner is gone | change | alice\\_b | gone \\| &lt;b> since \\`May\\` |
| 2 | account |  |  | nothing found |  |  |  |
";
    assert_eq!(review.to_markdown(), expected);
}

#[cfg(feature = "csv")]
#[test]
fn no_cell_of_the_csv_is_a_formula() {
    let facts = TokenFacts::new(ISSUED, ISSUED + YEAR);
    for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\u{ff1d}1"] {
        let entry = TokenEntry { key: evil, environment: Environment::production(), facts };
        let item = ReviewItem::<_, &str>::token(entry);
        let mut review = Review::<_, _, &str>::of([&item], &LifecyclePolicy::default(), ISSUED);
        let attestation =
            Attestation { key: evil, by: evil, at: ISSUED, decision: ReviewDecision::Keep, note: Some(evil.into()) };
        assert_eq!(review.attest(attestation), Ok(()));
        let text = review.to_csv();
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<_> = rows.records().filter_map(Result::ok).collect();
        assert_eq!(rows.len(), 5, "five findings, five rows");
        for row in rows {
            let cells: Vec<_> = row.iter().collect();
            assert_eq!([cells.first(), cells.get(6), cells.get(7)], [Some(&&*format!("'{evil}")); 3]);
        }
    }
}
