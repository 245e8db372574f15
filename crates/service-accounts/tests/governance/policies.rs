//! Policies in force, tried before, and changed by several people.

use std::sync::Arc;

use service_accounts::{
    AccountUpdate, Acting, Actor, ApprovalRule, Error, KeptPolicy, Note, PolicyFinding, PolicyVersion, TokenPolicy,
    access::{Allowlist, Grants, PermissionSet, Scopes, Teams},
    audit::{Action, Label, Query},
    lifecycle::{
        Enforcement, Environment, NamePattern, OverBroad, PolicyOutcome, RequestCriteria, RequestKind, RotationKey,
        Span, TokenRequest, TokenRule,
    },
    store::{
        BoxStore, MemoryStore, Owner, Store,
        conformance::{Call, Fault, FaultyStore, When},
    },
};
use time::Duration;

use crate::world::{Permission, World, first, in_role, on_every_store, text, token, wait, wanted};

fn policy(name: &str, rule: TokenRule, fail: Enforcement) -> TokenPolicy {
    TokenPolicy::new(name, RequestCriteria::default()).with_rule(rule, fail).enabled()
}

fn of_kind(kind: RequestKind, policy: TokenPolicy) -> TokenPolicy {
    TokenPolicy { matching_criteria: RequestCriteria { kinds: vec![kind], ..RequestCriteria::default() }, ..policy }
}

fn put(world: &World, policy: &TokenPolicy) -> KeptPolicy {
    wait(world.admin().policies().put(policy, None)).unwrap()
}

fn blocked<T: std::fmt::Debug>(answer: Result<T, Error>) -> Vec<PolicyFinding> {
    match answer {
        Err(Error::PolicyBlocked { findings }) => findings,
        other => panic!("not blocked: {other:?}"),
    }
}

fn codes(findings: &[PolicyFinding]) -> Vec<(&str, RequestKind, &'static str)> {
    findings.iter().map(|one| (&*one.policy, one.kind, one.violation.code)).collect()
}

fn another_owner() -> AccountUpdate {
    AccountUpdate { owner: Some(Owner::parse("Somebody Else").unwrap()), ..AccountUpdate::default() }
}

fn quarter() -> TokenRule {
    TokenRule::MaximumLifetime { maximum: Span::days(90).unwrap() }
}

#[test]
fn a_hard_rule_refuses_and_names_every_finding_by_policy_and_field() {
    on_every_store(|world| {
        put(world, &policy("networks", TokenRule::AllowlistRequired, Enforcement::Hard));
        put(world, &policy("short", quarter(), Enforcement::Soft));
        let refused = wait(world.admin().create(wanted("Nightly Load")));
        let said = refused.as_ref().unwrap_err().to_string();
        let findings = blocked(refused);
        assert_eq!(
            codes(&findings),
            [
                ("networks", RequestKind::Account, "allowlist-required"),
                ("networks", RequestKind::Token, "allowlist-required"),
                ("short", RequestKind::Token, "maximum-lifetime"),
            ]
        );
        assert_eq!(findings[0].violation.field, Some("allowlist"));
        assert!(
            said.contains("networks: the account has no network allowlist (allowlist-required, allowlist)"),
            "{said}"
        );
        let trail = world.trail(Action::PolicyBlocked);
        assert_eq!(trail.len(), 1);
        let event = &trail[0].event;
        assert_eq!(event.account().map(Label::as_str), Some("nightly_load@service"));
        assert_eq!(event.details()["policy networks"].as_str(), "allowlist-required, allowlist-required");
        assert!(world.trail(Action::AccountCreated).is_empty(), "nothing was created");
        let networks = Allowlist::parse_all(["192.0.2.0/24"]).unwrap();
        world.create_with("Nightly Load", |wanted| service_accounts::NewAccount { allowlist: networks, ..wanted });
    });
}

#[test]
fn a_soft_rule_warns_in_the_answer_and_in_the_trail_beside_the_change() {
    on_every_store(|world| {
        put(world, &policy("short", quarter(), Enforcement::Soft));
        let created = world.create("Nightly Load");
        let id = created.account.id.clone();
        assert_eq!(codes(&created.warnings), [("short", RequestKind::Token, "maximum-lifetime")]);
        let brief = service_accounts::NewToken { lifetime: Some(Duration::days(90)), ..token("brief") };
        assert!(wait(world.admin().account(&id).mint(&brief)).unwrap().warnings.is_empty());
        let minted = wait(world.admin().account(&id).mint(&token("long"))).unwrap();
        assert_eq!(codes(&minted.warnings), [("short", RequestKind::Token, "maximum-lifetime")]);
        let key = RotationKey::parse("k").unwrap();
        let rotate = service_accounts::RotateToken::new(key);
        let rotated = wait(world.admin().token(&id, &minted.token.id).rotate(&rotate)).unwrap();
        assert_eq!(rotated.warnings.len(), 1);
        put(world, &policy("networks", TokenRule::AllowlistRequired, Enforcement::Soft));
        let updated = wait(world.admin().account(&id).update(another_owner())).unwrap();
        assert_eq!(codes(&updated.warnings), [("networks", RequestKind::Account, "allowlist-required")]);
        let warned = world.trail(Action::PolicyWarned);
        assert_eq!(warned.len(), 4);
        let tried: Vec<_> = warned.iter().map(|one| one.event.details()["tried"].as_str().to_owned()).collect();
        assert_eq!(tried, ["account.updated", "token.rotated", "token.minted", "account.created"]);
        assert_eq!(warned[3].sequence.number(), world.trail(Action::AccountCreated)[0].sequence.number() + 1);
    });
}

#[test]
fn a_soft_rule_warns_in_the_answer_of_every_call_that_gives_anything() {
    let world = World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator));
    put(&world, &policy("networks", TokenRule::AllowlistRequired, Enforcement::Soft));
    let created = world.create("Nightly Load");
    let (id, token) = (created.account.id.clone(), first(&created).token.id);
    let (account, handle) = (world.admin().account(&id), world.admin().token(&id, &token));
    let bob = Actor::host("bob");
    let seen = created.account.revision;
    let approved = wait(world.accounts.acting(&bob).account(&id).approve(seen)).unwrap();
    assert!(approved.account.proposal.is_none());
    wait(account.disable()).unwrap();
    let enabled = wait(account.enable()).unwrap();
    let narrowed = wait(handle.set_scopes(Scopes::none())).unwrap();
    let regenerated = wait(account.regenerate_secret()).unwrap();
    let contained = wait(account.contain_with_new_secret(Note::parse("found in a log").unwrap())).unwrap();
    let of_account = ("networks", RequestKind::Account, "allowlist-required");
    let of_token = ("networks", RequestKind::Token, "allowlist-required");
    assert_eq!(codes(&created.warnings), [of_account, of_token]);
    for warnings in [&approved.warnings, &enabled.warnings, &regenerated.warnings, &contained.client_secret.warnings] {
        assert_eq!(codes(warnings), [of_account]);
    }
    assert_eq!(codes(&narrowed.warnings), [of_token]);
    assert_eq!(world.trail(Action::PolicyWarned).len(), 6, "each is in the trail too");
}

#[test]
fn what_only_takes_away_is_never_refused() {
    let world = World::new();
    let created = world.create("Nightly Load");
    let (id, first) = (created.account.id.clone(), first(&created).token.id);
    put(&world, &policy("networks", TokenRule::AllowlistRequired, Enforcement::Hard));
    let (account, token) = (world.admin().account(&id), world.admin().token(&id, &first));
    blocked(wait(account.update(another_owner())));
    wait(account.disable()).unwrap();
    blocked(wait(account.enable()));
    wait(token.revoke()).unwrap();
    wait(account.revoke_credentials()).unwrap();
    wait(token.delete()).unwrap();
    wait(account.delete()).unwrap();
}

/// Nothing happens, so there is nothing to object to: neither a refusal, nor a warning, nor an event of either.
#[test]
fn a_change_of_nothing_is_not_judged() {
    let world = World::new();
    let created = world.create("Nightly Load");
    let (id, first) = (created.account.id.clone(), first(&created).token.clone());
    put(&world, &policy("networks", TokenRule::AllowlistRequired, Enforcement::Hard));
    let (account, token) = (world.admin().account(&id), world.admin().token(&id, &first.id));
    let before = wait(world.accounts.store().events(&Query::default())).unwrap();
    let updated = wait(account.update(AccountUpdate::default())).unwrap();
    assert_eq!((&*updated.account, &updated.warnings[..]), (&*created.account, &[][..]));
    assert_eq!(*wait(account.enable()).unwrap().account, *created.account);
    let scopes = wait(token.set_scopes(first.grant.scopes().clone())).unwrap();
    assert_eq!((scopes.token.token(), scopes.warnings), (&first, vec![]));
    assert_eq!(wait(world.accounts.store().events(&Query::default())).unwrap(), before);
    blocked(wait(token.set_scopes(Scopes::none())));
}

/// The policy keeps its version, so that whoever read it can still change it.
#[test]
fn the_same_policy_again_keeps_its_version_and_leaves_no_event() {
    let world = World::new();
    let law = policy("networks", TokenRule::AllowlistRequired, Enforcement::Hard);
    let kept = put(&world, &law);
    let again = wait(world.admin().policies().put(&law, Some(kept.version))).unwrap();
    assert_eq!((again.version, world.trail(Action::PolicyUpdated).len()), (kept.version, 0));
    let softer = policy("networks", TokenRule::AllowlistRequired, Enforcement::Soft);
    let changed = wait(world.admin().policies().put(&softer, Some(kept.version))).unwrap();
    assert!(changed.version != kept.version && world.trail(Action::PolicyUpdated).len() == 1);
    let outdated = wait(world.admin().policies().put(&softer, Some(kept.version)));
    assert!(matches!(outdated, Err(Error::PolicyChanged)), "the version is asked first: {outdated:?}");
}

#[test]
fn a_ceiling_is_not_passed_by_leaving_the_scopes_out() {
    let world = World::new();
    let ceiling = TokenRule::ScopeCeiling { allowed: vec!["read".into()] };
    put(&world, &of_kind(RequestKind::Token, policy("readers", ceiling, Enforcement::Hard)));
    let reader = world.create("Reader Of Results").account.id.clone();
    let editor = wait(world.admin().create(in_role("Editor")(wanted("Writer Of Results"))));
    assert_eq!(codes(&blocked(editor)), [("readers", RequestKind::Token, "scope-ceiling")]);
    let without_token = |wanted| service_accounts::NewAccount { first_token: None, ..wanted };
    let id =
        world.create_with("Writer Of Results", |wanted| without_token(in_role("Editor")(wanted))).account.id.clone();
    blocked(wait(world.admin().account(&id).mint(&token("inherits"))));
    let narrow = |scopes: &[&str]| Scopes::only(scopes.iter().copied()).unwrap();
    let reads = service_accounts::NewToken { scopes: narrow(&["read"]), ..token("reads") };
    let minted = wait(world.admin().account(&id).mint(&reads)).unwrap();
    let handle = world.admin().token(&id, &minted.token.id);
    wait(handle.set_scopes(narrow(&["results:read"]))).unwrap();
    blocked(wait(handle.set_scopes(narrow(&["write"]))));
    blocked(wait(handle.set_scopes(Scopes::Inherited)));
    // The token of the reader has whatever its account has, so the account may not become a writer.
    let justification = service_accounts::store::Justification::parse("it writes now").unwrap();
    let role = service_accounts::access::RoleName::parse("Editor").unwrap();
    let raise = AccountUpdate { role: Some(role), justification: Some(justification), ..AccountUpdate::default() };
    blocked(wait(world.admin().account(&reader).update(raise)));
}

#[test]
fn networks_that_take_in_every_address_are_no_allowlist_and_an_account_of_every_team_is_in_each() {
    let world = World::new();
    put(&world, &policy("networks", TokenRule::AllowlistRequired, Enforcement::Hard));
    for everything in [vec!["0.0.0.0/0"], vec!["0.0.0.0/1", "128.0.0.0/1"], vec!["192.0.2.0/24", "::/0"]] {
        let allowlist = Allowlist::parse_all(everything).unwrap();
        let open = service_accounts::NewAccount { allowlist, ..wanted("Nightly Load") };
        blocked(wait(world.admin().create(open)));
    }
    let world = World::new();
    let criteria = RequestCriteria { teams: vec!["data".into()], ..RequestCriteria::default() };
    let of_team = TokenPolicy { matching_criteria: criteria, ..policy("data", quarter(), Enforcement::Hard) };
    put(&world, &of_team);
    let in_teams = |teams| service_accounts::NewAccount { teams, ..wanted("Nightly Load") };
    blocked(wait(world.admin().create(in_teams(Teams::every()))));
    wait(world.admin().create(in_teams(Teams::only(["web"]).unwrap()))).unwrap();
}

#[test]
fn of_two_who_change_one_policy_the_second_is_told() {
    on_every_store(|world| {
        let room = world.admin().policies();
        let kept = put(world, &policy("short", quarter(), Enforcement::Soft));
        assert!(matches!(wait(room.put(&kept.policy, None)), Err(Error::DocumentTaken)));
        let harder = policy("short", quarter(), Enforcement::Hard);
        let changed = wait(room.put(&harder, Some(kept.version))).unwrap();
        for expected in [kept.version, PolicyVersion::new(0), PolicyVersion::new(changed.version.number() + 1)] {
            assert!(matches!(wait(room.put(&kept.policy, Some(expected))), Err(Error::PolicyChanged)));
            assert!(matches!(wait(room.remove("short", expected)), Err(Error::PolicyChanged)));
        }
        // Somebody else's change of another policy is none of this one.
        put(world, &policy("networks", TokenRule::AllowlistRequired, Enforcement::Soft));
        assert_eq!(wait(room.get("short")).unwrap(), changed);
        wait(room.remove("short", changed.version)).unwrap();
        assert!(matches!(wait(room.get("short")), Err(Error::DocumentMissing)));
        assert!(matches!(wait(room.remove("short", changed.version)), Err(Error::DocumentMissing)));
        let again = put(world, &harder);
        assert!(again.version > changed.version, "no version comes twice");
        let names: Vec<_> = wait(room.list(None, 1)).unwrap().items.into_iter().map(|one| one.policy.name).collect();
        assert_eq!(names, ["networks"]);
        assert_eq!(wait(room.list(Some("networks"), 1)).unwrap().items, [again]);
        let written = [Action::PolicyCreated, Action::PolicyUpdated, Action::PolicyDeleted];
        assert_eq!(written.map(|action| world.trail(action).len()), [3, 1, 1]);
    });
}

#[test]
fn only_whoever_holds_everything_changes_policies() {
    let world = World::new();
    let manage = PermissionSet::from(Permission::ServiceAccountsManage);
    let eve = Actor::host_with("eve", Grants::new(manage, Teams::every()));
    let room = |actor| -> Acting<'_, BoxStore, Permission> { world.accounts.acting(actor) };
    let short = policy("short", quarter(), Enforcement::Hard);
    assert!(matches!(wait(room(&eve).policies().put(&short, None)), Err(Error::NotPermitted)));
    let kept = put(&world, &short);
    assert!(matches!(wait(room(&eve).policies().remove("short", kept.version)), Err(Error::NotPermitted)));
    assert_eq!(wait(room(&eve).policies().get("short")).unwrap(), kept);
    let nobody = Actor::host_with("mallory", Grants::nothing());
    assert!(matches!(wait(room(&nobody).policies().list(None, 9)), Err(Error::NotPermitted)));
    // What is wrong with a policy names the host's environments and roles, which is not for everybody.
    let criteria = RequestCriteria { roles: vec!["Nobody".into()], ..RequestCriteria::default() };
    let unfit = TokenPolicy { matching_criteria: criteria, ..short };
    assert!(matches!(wait(room(&nobody).policies().put(&unfit, None)), Err(Error::NotPermitted)));
}

#[test]
fn a_policy_is_tried_on_a_request_and_on_what_exists_before_it_is_kept() {
    let world = World::new();
    let id = world.create("Nightly Load").account.id.clone();
    let room = world.admin().policies();
    let draft = policy("short", quarter(), Enforcement::Hard);
    let draft = TokenPolicy { is_enabled: false, ..draft };
    let request = TokenRequest::new("Nightly Load", Environment::production());
    let trial = wait(room.validate(&draft, &request)).unwrap();
    assert_eq!((trial.outcome, trial.over_broad), (PolicyOutcome::Block, vec![OverBroad::Everything]));
    assert_eq!(codes(&trial.findings), [("short", RequestKind::Token, "maximum-lifetime")]);
    let found = wait(room.validate_existing(&draft, None, 9)).unwrap().items;
    assert_eq!(found.len(), 1, "the account itself is fine");
    assert_eq!((&found[0].account, found[0].token.is_some()), (&id, true));
    assert_eq!(world.trail(Action::PolicyValidated).len(), 2);
    assert!(wait(room.list(None, 9)).unwrap().items.is_empty(), "nothing was kept");
    put(&world, &draft);
    wait(world.admin().account(&id).mint(&token("second"))).unwrap();
}

#[test]
fn a_host_asks_the_policies_about_a_certificate() {
    let world = World::new();
    let wildcard = policy("certificates", TokenRule::NoWildcardDomain, Enforcement::Hard);
    put(&world, &of_kind(RequestKind::Certificate, wildcard));
    let certificate = |domain: &str| TokenRequest {
        domains: vec![domain.into()],
        ..TokenRequest::certificate("web", Environment::production())
    };
    assert!(wait(world.admin().policies().enforce(&certificate("www.example.org"))).unwrap().is_empty());
    blocked(wait(world.admin().policies().enforce(&certificate("*.example.org"))));
    assert_eq!(world.trail(Action::PolicyBlocked).len(), 1);
}

#[test]
fn names_numbers_and_lengths_of_policies_are_bounded() {
    let world = World::new();
    let room = world.admin().policies();
    for name in ["", "with space", "ä"] {
        assert!(matches!(wait(room.put(&policy(name, quarter(), Enforcement::Soft), None)), Err(Error::PolicyName)));
    }
    let names = vec!["n".repeat(100).parse::<NamePattern>().unwrap(); 200];
    let long = RequestCriteria { names, ..RequestCriteria::default() };
    let long = TokenPolicy { matching_criteria: long, ..policy("long", quarter(), Enforcement::Soft) };
    assert!(matches!(wait(room.put(&long, None)), Err(Error::PolicyTooLong { .. })));
    for number in 0..64 {
        put(&world, &policy(&format!("policy-{number}"), quarter(), Enforcement::Soft));
    }
    let one_more = wait(room.put(&policy("last", quarter(), Enforcement::Soft), None));
    assert!(matches!(one_more, Err(Error::TooManyEntries { most: 64 })));
}

/// A policy that is put while a token is being minted: whichever is written second knows of the other.
#[test]
fn a_policy_that_is_put_while_a_token_is_minted_lets_nothing_through() {
    let home = tempfile::tempdir().unwrap();
    let store = service_accounts_sqlite::SqliteStore::open(home.path().join("accounts.db")).unwrap();
    let world = World::on(BoxStore::new(store));
    let id = world.create("Nightly Load").account.id.clone();
    for round in 0..30 {
        let name = format!("short-{round}");
        let kept = std::thread::scope(|threads| {
            let minting = threads.spawn(|| {
                let mut minted = Vec::new();
                for number in 0..20 {
                    let wanted = token(&format!("long-{round}-{number}"));
                    minted.extend(wait(world.admin().account(&id).mint(&wanted)));
                }
                minted
            });
            let kept = put(&world, &policy(&name, quarter(), Enforcement::Hard));
            let put_at = world.trail(Action::PolicyCreated)[0].sequence;
            for minted in minting.join().unwrap() {
                let at = minted.token.revision.event();
                assert!(at < put_at, "a token of a year was minted at {at:?}, after the policy of {put_at:?}");
            }
            kept
        });
        wait(world.admin().policies().remove(&name, kept.version)).unwrap();
    }
}

#[test]
fn policies_are_read_once_a_change_and_never_on_a_request() {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    let world = World::on(BoxStore::new(store.clone()));
    put(&world, &policy("short", quarter(), Enforcement::Soft));
    let created = world.create("Nightly Load");
    let id = created.account.id.clone();
    let reads = |calls: &[Call]| calls.iter().filter(|call| matches!(call, Call::Document | Call::Documents)).count();
    let on_request = store.calls_of(|| assert_eq!(world.verdict(text(first(&created))), Ok(())));
    assert!(!on_request.is_empty() && reads(&on_request) == 0, "{on_request:?}");
    let on_change = store.calls_of(|| drop(wait(world.admin().account(&id).mint(&token("second"))).unwrap()));
    assert_eq!(reads(&on_change), 1, "{on_change:?}");
    store.fail(When::Each(Call::Document), Fault::Refused);
    assert!(matches!(wait(world.admin().account(&id).mint(&token("third"))), Err(Error::Unavailable(_))));
    assert_eq!(world.verdict(text(first(&created))), Ok(()), "who has a token is let in");
    wait(world.admin().account(&id).disable()).unwrap();
}
