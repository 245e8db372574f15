//! Which accounts a list shows, against a naive model.

use service_accounts_access::{Grant, RoleName, Scopes, TeamName, Teams};
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{AccountId, DisplayName, Realm};

use super::{Subject, contents, fixtures::at, steps};
use crate::{Account, AccountFilter, Owner, Proposal, ProposedEnd, Status, StatusFilter, Store, SystemName, Token};

type Narrowing = (&'static str, fn(AccountFilter) -> AccountFilter, fn(&Account) -> bool);

/// The conditions on the one field `status`.
const STATUS: [&str; 2] = ["disabled", "pending"];

/// Each condition alone, and each pair, finds exactly what it names, in pages of any size.
pub fn filters_find_exactly_what_they_name<S: Store>(subject: &Subject<S>) {
    let all = population(subject);
    let narrowings = narrowings();
    for (one, narrow, fits) in &narrowings {
        // Of one field, the second condition would only replace the first.
        let pairs = narrowings
            .iter()
            .filter(|(other, ..)| one == other || ![one, other].iter().all(|name| STATUS.contains(name)));
        for (other, narrow_too, fits_too) in pairs {
            let filter = narrow_too(narrow(AccountFilter::of(Realm::default())));
            let expected: Vec<_> = all.iter().filter(|account| fits(account) && fits_too(account)).cloned().collect();
            let fewest = if one == other { 1 } else { 0 };
            assert!((fewest..all.len()).contains(&expected.len()), "{one} and {other} tell nothing apart");
            for limit in [1, 2, 3, 100] {
                assert_eq!(contents::matching(subject, &filter, limit), expected, "{one} and {other} by {limit}");
            }
        }
    }
}

/// No list and no sweep of one realm shows anything of another.
pub fn realms_are_kept_apart<S: Store>(subject: &Subject<S>) {
    let [ours, theirs] = ["service", "tenant-b"].map(|realm| Realm::parse(realm).expect("a good realm"));
    for (realm, due) in [(&ours, 10), (&theirs, 5)] {
        let id = AccountId::parse(&format!("pipeline@{realm}")).expect("a good id");
        let token = Token { next_due: Some(at(due)), ..subject.token(&id, "nightly") };
        let account = Account { id, ..Subject::<S>::account("pipeline") };
        subject.apply(steps::creation(account, vec![token]));
    }
    for realm in [&ours, &theirs] {
        let listed = contents::matching(subject, &AccountFilter::of(realm.clone()), 5);
        assert!(listed.iter().all(|account| account.id.is_in(realm)) && listed.len() == 1, "{realm}");
        let due = contents::due_in(subject, realm, at(10), 1);
        assert_eq!(due.len(), 1, "another realm's dates stand in the way");
        assert!(due.iter().all(|id| subject.stored(id).account.is_in(realm)), "{realm}");
    }
    let unknown = Realm::parse("tenant-c").expect("a good realm");
    assert_eq!(contents::due_in(subject, &unknown, at(10), 9), []);
}

fn narrowings() -> [Narrowing; 8] {
    [
        (
            "owner",
            |filter| AccountFilter { owner: Owner::parse("data platform").ok(), ..filter },
            |account| account.owner.as_str() == "data platform",
        ),
        (
            "team",
            |filter| AccountFilter { team: Some(team("growth")), ..filter },
            |account| account.grant.teams().contains(&team("growth")),
        ),
        (
            "system",
            |filter| AccountFilter { system: SystemName::parse("erp").ok(), ..filter },
            |account| account.systems.iter().any(|system| system.as_str() == "erp"),
        ),
        (
            "environment",
            |filter| AccountFilter { environment: Some(Environment::production()), ..filter },
            |account| account.environment == Environment::production(),
        ),
        (
            "disabled",
            |filter| AccountFilter { status: Some(StatusFilter::Disabled), ..filter },
            |account| account.status == Status::Disabled,
        ),
        (
            "pending",
            |filter| AccountFilter { status: Some(StatusFilter::Pending), ..filter },
            |account| account.proposal.is_some(),
        ),
        (
            "text",
            |filter| AccountFilter { text: Some("LOAD%_".into()), ..filter },
            |account| account.name.as_str().to_lowercase().contains("load%_"),
        ),
        (
            "within",
            |filter| AccountFilter { within: teams(&["growth", "finance"]), ..filter },
            |account| account.grant.teams().is_subset(&teams(&["growth", "finance"])),
        ),
    ]
}

/// Accounts that differ in every condition independently.
fn population<S: Store>(subject: &Subject<S>) -> Vec<Account> {
    let of_teams: [&[&str]; 4] = [&[], &["growth"], &["growth", "finance"], &["legal"]];
    for n in 0_usize..24 {
        let pick = |bit: usize| (n * 7 + n / 4) >> bit & 1 == 1;
        let blank = Subject::<S>::account(&format!("account_{n}"));
        let name = if pick(0) { format!("Load%_ {n}") } else { format!("Loader {n}") };
        let account = Account {
            name: DisplayName::parse(&name).expect("a good name"),
            owner: Owner::parse(if pick(1) { "data platform" } else { "data" }).expect("a good owner"),
            systems: if pick(2) { systems(&["crm", "erp"]) } else { systems(&["erp2"]) },
            environment: if pick(3) { Environment::production() } else { Environment::staging() },
            status: if pick(4) { Status::Disabled } else { Status::Enabled },
            proposal: pick(5).then(|| Box::new(proposal_of(&blank))),
            grant: with_teams(&blank.grant, of_teams[n % 4]),
            ..blank
        };
        subject.apply(steps::creation(account, vec![]));
    }
    contents::accounts(subject, 100)
}

/// What is proposed is no matter here.
fn proposal_of(account: &Account) -> Proposal {
    let (grant, allowlist) = (account.grant.clone(), account.allowlist.clone());
    Proposal { grant, allowlist, end: ProposedEnd::Never, by: vec![account.created_by.clone()], at: at(1) }
}

fn with_teams(grant: &Grant, names: &[&str]) -> Grant {
    let role = RoleName::parse(grant.role().as_str()).expect("a role of the preset");
    Grant::restore(role, Scopes::Inherited, teams(names))
}

fn teams(names: &[&str]) -> Teams {
    if names.is_empty() { Teams::none() } else { Teams::only(names.iter().copied()).expect("good teams") }
}

fn team(name: &str) -> TeamName {
    TeamName::parse(name).expect("a good team")
}

fn systems(names: &[&str]) -> Vec<SystemName> {
    names.iter().map(|name| SystemName::parse(name).expect("a good name")).collect()
}
