//! A principal of a token that was let in before is plain values; what it is asked for later is what stands then.

use service_accounts::{
    AccountUpdate, CreatedAccount, Error, NewAccount,
    access::{Decision, Denial, Grants, PermissionSet, RoleName, TeamName, Teams},
    store::Justification,
};

use crate::support::{Fault, Permission, When, World, ada, wait};

fn growth() -> TeamName {
    TeamName::parse("growth").unwrap()
}

/// A world with a token that has been let in so often that nothing of it is read any more.
fn recalled() -> (World, CreatedAccount, String) {
    let world = World::new();
    let choose = |wanted| NewAccount { teams: Teams::only(["growth"]).unwrap(), ..wanted };
    let created = world.create_with("Pipeline Automation", choose);
    let text = created.first_token.as_ref().unwrap().secret.expose().to_owned();
    (0..3).for_each(|_| assert_eq!(world.verdict(&text), Ok(())));
    let reads = world.store.calls_of(|| assert_eq!(world.verdict(&text), Ok(())));
    assert_eq!(reads, [], "the fourth time, nothing is read");
    (world, created, text)
}

#[test]
fn a_recalled_principal_says_what_one_that_was_read_says() {
    let (world, created, text) = recalled();
    let read = world.store.failing(When::At(usize::MAX), Fault::Refused, || world.authenticate(&text).unwrap());
    let recalled = world.authenticate(&text).unwrap();
    assert_eq!((recalled.id(), recalled.token_id()), (read.id(), read.token_id()));
    assert_eq!((recalled.address(), recalled.rotate_after()), (read.address(), read.rotate_after()));
    assert_eq!((recalled.account(), recalled.token()), (read.account(), read.token()));
    assert_eq!(recalled.grants(), read.grants());
    assert_eq!(recalled.id(), &created.account.id);
    let other = TeamName::parse("finance").unwrap();
    for permission in PermissionSet::<Permission>::all().iter() {
        for team in [None, Some(&growth()), Some(&other)] {
            assert_eq!(recalled.decide(permission, team), read.decide(permission, team), "{permission:?} {team:?}");
        }
    }
}

#[test]
fn a_principal_whose_token_was_deleted_keeps_its_name_and_reaches_no_team() {
    let (world, created, text) = recalled();
    let principal = world.authenticate(&text).unwrap();
    let token = *principal.token_id();
    let handle = |actor| wait(world.accounts.acting(actor).token(&created.account.id, &token).delete());
    wait(world.accounts.acting(&ada()).token(&created.account.id, &token).revoke()).unwrap();
    handle(&ada()).unwrap();
    assert_eq!(principal.id(), &created.account.id);
    assert!(principal.account().is_none() && principal.token().is_none());
    assert_eq!(principal.decide(Permission::ResultsRead, Some(&growth())), Decision::Deny(Denial::WrongTeam));
    // A host may narrow a list of its own by these teams.
    assert_eq!(*principal.grants(), Grants::nothing());
    let itself = principal.actor();
    assert_eq!(itself.name().as_str(), created.account.id.as_str());
    let read = wait(world.accounts.acting(&itself).account(&created.account.id).read());
    assert!(matches!(read, Err(Error::NotPermitted)), "{read:?}");
}

#[test]
fn a_permission_that_was_given_later_is_not_held_by_who_came_in_before() {
    let (world, created, text) = recalled();
    let principal = world.authenticate(&text).unwrap();
    assert!(!principal.decide(Permission::ResourcesWrite, None).is_allow());
    let justification = Some(Justification::parse("it maintains the catalogue").unwrap());
    let raised = AccountUpdate { role: Some(RoleName::parse("Manager").unwrap()), justification, ..Default::default() };
    wait(world.accounts.acting(&ada()).account(&created.account.id).update(raised)).unwrap();
    assert!(world.authenticate(&text).unwrap().decide(Permission::ResourcesWrite, None).is_allow());
    assert_eq!(principal.decide(Permission::ResourcesWrite, None), Decision::Deny(Denial::NotInRole));
}
