//! Rights: what a token may do, and what its maker may give it.

use proptest::{prelude::*, sample::Index};
use service_accounts::{
    AccountUpdate, Actor, ApprovalRule, Error, NewAccount, NewToken,
    access::{GrantError, Grants, PermissionSet, RoleName, Scopes, Teams, presets::data_quality},
    audit::Query,
    store::{Account, Justification},
};

use crate::support::{Permission, World, ada, scoped, token, wait, wanted, with_role};

const ROLES: [&str; 4] = ["Member", "Editor", "Manager", "Admin"];

/// zeroid#301, CUDly#1567: an empty list of scopes meant all of them.
#[test]
fn a_credential_without_scopes_may_do_nothing() {
    let world = World::new();
    let of_account = |scopes| world.create_with("Finance Metrics", |wanted| NewAccount { scopes, ..admin(wanted) });
    let created = of_account(Scopes::none());
    let minted = wait(world.accounts.acting(&ada()).account(&created.account.id).mint(&token("weekly"))).unwrap();
    assert_eq!(permissions(&world, minted.secret.expose()), PermissionSet::empty());

    let created = world.create_with("Pipeline Automation", admin);
    let minted =
        wait(world.accounts.acting(&ada()).account(&created.account.id).mint(&scoped("weekly", Scopes::none())))
            .unwrap();
    assert_eq!(permissions(&world, minted.secret.expose()), PermissionSet::empty());

    let narrowing = service_accounts::Narrowing { scopes: Scopes::none(), ..Default::default() };
    let (client, secret) = (created.account.id.as_str(), created.client_secret.as_ref().unwrap().expose());
    let opened = wait(world.accounts.open_session(client, secret, &narrowing, None)).unwrap();
    assert_eq!(permissions(&world, opened.secret.expose()), PermissionSet::empty());
}

/// Grav CVE-2026-62231: scopes were stored and never enforced.
#[test]
fn what_a_token_may_do_is_what_role_and_account_and_token_all_allow() {
    let choices = [
        None,
        Some(&[][..]),
        Some(&["read"]),
        Some(&["write"]),
        Some(&["admin"]),
        Some(&["results:read", "users:view"]),
    ];
    let scopes = |choice: Option<&[&str]>| match choice {
        None => Scopes::Inherited,
        Some(names) => Scopes::only(names.iter().copied()).unwrap(),
    };
    for role in ROLES {
        for of_account in choices {
            let world = World::new();
            let created = world.create_with("Pipeline Automation", |wanted| NewAccount {
                role: Some(RoleName::parse(role).unwrap()),
                scopes: scopes(of_account),
                ..admin(wanted)
            });
            for (number, of_token) in choices.into_iter().enumerate() {
                let wanted = scoped(&format!("token-{number}"), scopes(of_token));
                let minted = wait(world.accounts.acting(&ada()).account(&created.account.id).mint(&wanted)).unwrap();
                let principal = world.authenticate(minted.secret.expose()).unwrap();
                for permission in PermissionSet::<Permission>::all().iter() {
                    let expected =
                        ticked(role, permission) && within(of_account, permission) && within(of_token, permission);
                    let context = format!("{permission:?} as {role} with {of_account:?} and {of_token:?}");
                    assert_eq!(principal.decide(permission, None).is_allow(), expected, "{context}");
                    assert_eq!(world.accounts.authorize(&principal, permission, None).is_ok(), expected, "{context}");
                }
            }
        }
    }
}

/// The published matrix: how many of the roles, from the top, hold the permission.
fn ticked(role: &str, permission: Permission) -> bool {
    let first = match permission {
        Permission::ResultsRead | Permission::DatastoresView => 0,
        Permission::ResourcesWrite => 1,
        Permission::UsersView => 2,
        Permission::ServiceAccountsManage | Permission::IntegrationsConfigure => 3,
    };
    ROLES.iter().position(|name| *name == role).unwrap() >= first
}

fn within(scopes: Option<&[&str]>, permission: Permission) -> bool {
    let in_scope = |name: &str| match (name, permission) {
        ("read", Permission::ResultsRead | Permission::DatastoresView | Permission::UsersView) => true,
        ("write", _) => within(Some(&["read"]), permission) || permission == Permission::ResourcesWrite,
        ("admin", _) => true,
        ("results:read", Permission::ResultsRead) | ("users:view", Permission::UsersView) => true,
        _ => false,
    };
    scopes.is_none_or(|names| names.iter().any(|name| in_scope(name)))
}

#[test]
fn a_change_of_role_or_scopes_bites_on_tokens_that_are_out_there() {
    let world = World::new();
    let created = world.create_with("Pipeline Automation", admin);
    let first = created.first_token.unwrap();
    let text = first.secret.expose();
    assert_eq!(permissions(&world, text), PermissionSet::all());

    let update = |update| wait(world.accounts.acting(&ada()).account(&created.account.id).update(update)).unwrap();
    update(AccountUpdate { role: Some(RoleName::parse("Editor").unwrap()), ..Default::default() });
    assert_eq!(permissions(&world, text).len(), 3);
    update(AccountUpdate { scopes: Some(Scopes::only(["read"]).unwrap()), ..Default::default() });
    assert_eq!(permissions(&world, text).len(), 2);
    let scopes = Scopes::only(["results:read"]).unwrap();
    wait(world.accounts.acting(&ada()).token(&created.account.id, &first.token.id).set_scopes(scopes)).unwrap();
    assert_eq!(permissions(&world, text), Permission::ResultsRead.into());

    let fewer = service_accounts::access::Catalogue::builder().role("Editor", "nothing", []).build().unwrap();
    wait(world.accounts.acting(&ada()).replace_catalogue(fewer)).unwrap();
    assert!(world.authenticate(text).is_err(), "a scope that is gone grants nothing, not the rest");
}

/// Whoever lacks the permission to manage service accounts gets nowhere, and learns nothing.
#[test]
fn only_who_may_manage_service_accounts_reads_or_changes_them() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let (accounts, id, token_id) = (&world.accounts, &holder.id, &holder.token_id);
    for role in ["Member", "Editor", "Manager"] {
        let actor = with_role("eve", role);
        let answers = [
            wait(accounts.acting(&actor).create(wanted("Back Door"))).map(drop),
            wait(accounts.acting(&actor).account(id).read()).map(drop),
            wait(accounts.acting(&actor).accounts(&accounts.every_account(), None, 10)).map(drop),
            wait(accounts.acting(&actor).account(id).update(AccountUpdate::default())).map(drop),
            wait(accounts.acting(&actor).account(id).disable()).map(drop),
            wait(accounts.acting(&actor).account(id).enable()).map(drop),
            world.approve(&actor, id).map(drop),
            wait(accounts.acting(&actor).account(id).delete()),
            wait(accounts.acting(&actor).account(id).regenerate_secret()).map(drop),
            wait(accounts.acting(&actor).account(id).mint(&token("weekly"))).map(drop),
            wait(accounts.acting(&actor).account(id).tokens(None, 10)).map(drop),
            wait(accounts.acting(&actor).token(id, token_id).set_scopes(Scopes::none())).map(drop),
            wait(accounts.acting(&actor).token(id, token_id).revoke()).map(drop),
            wait(accounts.acting(&actor).token(id, token_id).delete()),
            wait(accounts.acting(&actor).audit(&Query::default())).map(drop),
        ];
        for (number, answer) in answers.iter().enumerate() {
            assert!(matches!(answer, Err(Error::NotPermitted)), "call {number} as {role}: {answer:?}");
        }
    }
}

/// skypilot#9846, MinIO CVE-2025-62506: a right above the grantor's own could be granted, by leaving the role out.
#[test]
fn a_role_that_is_left_out_is_guarded_like_any_other() {
    let world = World::new();
    let manage_only = Actor::host_with("eve", Grants::new(Permission::ServiceAccountsManage.into(), Teams::every()));
    let created = wait(world.accounts.acting(&manage_only).create(wanted("Back Door")));
    let Err(Error::Grant(GrantError::Permissions { permissions })) = created else { panic!("{created:?}") };
    assert_eq!(permissions, ["results:read", "datastores:view"]);
}

/// An actor with some permissions, among them that to manage, and some teams.
fn grants() -> impl Strategy<Value = Grants<Permission>> {
    let permissions = any::<[bool; 6]>().prop_map(|held| {
        let every = PermissionSet::<Permission>::all();
        let some: PermissionSet<_> = every.iter().zip(held).filter(|(_, held)| *held).map(|(one, _)| one).collect();
        some.with(Permission::ServiceAccountsManage)
    });
    (permissions, teams()).prop_map(|(permissions, teams)| Grants::new(permissions, teams))
}

fn teams() -> impl Strategy<Value = Teams> {
    let some = any::<[bool; 2]>().prop_map(|[growth, finance]| {
        Teams::only([growth.then_some("growth"), finance.then_some("finance")].into_iter().flatten()).unwrap()
    });
    prop_oneof![1 => Just(Teams::every()), 4 => some]
}

fn role() -> impl Strategy<Value = RoleName> {
    any::<Index>().prop_map(|at| RoleName::parse(ROLES[at.index(ROLES.len())]).unwrap())
}

fn scopes() -> impl Strategy<Value = Scopes> {
    const NAMES: [&str; 5] = ["read", "write", "admin", "results:read", "integrations:configure"];
    prop_oneof![
        Just(Scopes::Inherited),
        proptest::sample::subsequence(&NAMES[..], 0..=2).prop_map(|names| Scopes::only(names).unwrap()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Exactly what an actor holds it can hand out, by whatever path.
    #[test]
    fn nobody_hands_out_more_than_it_holds_on_any_path(
        held in grants(), other in teams(), role in role(), of_account in scopes(), of_token in scopes(),
    ) {
        let world = World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator));
        let actor = Actor::host_with("eve", held.clone());
        let catalogue = data_quality::catalogue();
        // What counts is the whole role, whatever the scopes leave of it for the moment.
        let account = catalogue.grants(&role, &Scopes::Inherited, &Scopes::Inherited, other.clone()).unwrap();
        let member = RoleName::parse("Member").unwrap();
        let member = catalogue.grants(&member, &Scopes::Inherited, &Scopes::Inherited, Teams::none()).unwrap();
        let present_and_new = account.is_subset(&held) && member.is_subset(&held);
        let wanted = |name: &str| NewAccount {
            role: Some(role.clone()), scopes: of_account.clone(), teams: other.clone(), first_token: None, ..admin(wanted(name))
        };
        let accounts = &world.accounts;

        let created = wait(accounts.acting(&actor).create(wanted("Pipeline Automation"))).map(drop);
        prop_assert_eq!(is_granted(&created), account.is_subset(&held), "create: {:?}", created);

        let plain = world.create("Finance Metrics").account.id.clone();
        let update = AccountUpdate {
            role: Some(role.clone()), scopes: Some(of_account.clone()), teams: Some(other.clone()),
            justification: Some(Justification::parse("it maintains the catalogue").unwrap()), ..Default::default()
        };
        let updated = wait(accounts.acting(&actor).account(&plain).update(update)).map(drop);
        prop_assert_eq!(is_granted(&updated), present_and_new, "update: {:?}", updated);

        let target = wait(accounts.acting(&ada()).create(wanted("Alation Sync"))).unwrap().account.id.clone();
        let ours = wait(accounts.acting(&ada()).account(&target).mint(&scoped("ours", Scopes::none()))).unwrap().token.id;
        let minted = wait(accounts.acting(&actor).account(&target).mint(&scoped("weekly", of_token.clone()))).map(drop);
        prop_assert_eq!(is_granted(&minted), account.is_subset(&held), "mint: {:?}", minted);
        let widened = wait(accounts.acting(&actor).token(&target, &ours).set_scopes(of_token)).map(drop);
        prop_assert_eq!(is_granted(&widened), account.is_subset(&held), "token scopes: {:?}", widened);
        let regenerated = wait(accounts.acting(&actor).account(&target).regenerate_secret()).map(drop);
        prop_assert_eq!(is_granted(&regenerated), account.is_subset(&held), "regenerate: {:?}", regenerated);
        let touched = wait(accounts.acting(&actor).account(&target).update(AccountUpdate::default())).map(drop);
        prop_assert_eq!(is_granted(&touched), account.is_subset(&held), "a change of nothing: {:?}", touched);
        let approved = world.approve(&Actor::host_with("mallory", held.clone()), &target).map(drop);
        prop_assert_eq!(is_granted(&approved), account.is_subset(&held), "approve: {:?}", approved);
    }
}

fn is_granted(answer: &Result<(), Error>) -> bool {
    match answer {
        Ok(()) => true,
        Err(Error::Grant(GrantError::Permissions { .. } | GrantError::Teams)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_role_above_the_lowest_needs_a_reason() {
    let world = World::new();
    let editor = Some(RoleName::parse("Editor").unwrap());
    let created =
        wait(world.accounts.acting(&ada()).create(NewAccount { role: editor.clone(), ..wanted("Alation Sync") }));
    assert!(matches!(created, Err(Error::JustificationMissing { lowest }) if lowest == "Member"));
    let account = world.create("Alation Sync").account;
    let update = AccountUpdate { role: editor, ..Default::default() };
    let updated = wait(world.accounts.acting(&ada()).account(&account.id).update(update));
    assert!(matches!(updated, Err(Error::JustificationMissing { .. })), "{updated:?}");
    assert_eq!(Account::clone(&account).grant.role().as_str(), "Member");
}

fn admin(wanted: NewAccount) -> NewAccount {
    let environment = wanted.environment.clone();
    let first_token = wanted.first_token.clone().map(|token| NewToken { environment: Some(environment), ..token });
    NewAccount { first_token, ..crate::support::in_role("Admin")(wanted) }
}

fn permissions(world: &World, text: &str) -> PermissionSet<Permission> {
    world.authenticate(text).unwrap().grants().permissions()
}
