//! What the trail tells of a change, and in which order it tells things.

use service_accounts::{
    AccountUpdate, Expiry, Rejection,
    access::{Allowlist, RoleName, Scopes, Teams},
    audit::{Action, Label, Query, Recorded},
    naming::DisplayName,
    store::{Justification, Owner, Purpose, SystemName},
};
use time::Duration;

use crate::support::{World, ada, on_every_store, wait};

fn trail(world: &World, query: &Query) -> Vec<Recorded> {
    wait(world.accounts.acting(&ada()).audit(query)).unwrap().events
}

/// Found by a newcomer: accesses that waited in memory were numbered after the revocation that had followed them, and the
/// trail read as if a revoked token had been accepted.
#[test]
fn an_access_stands_in_the_trail_before_the_change_that_followed_it() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        world.authenticate(&holder.token).unwrap();
        wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke()).unwrap();
        assert_eq!(world.verdict(&holder.token), Err(Rejection::Revoked));
        wait(world.accounts.flush()).unwrap();
        let query = Query::default().for_token(Label::new(holder.token_id.as_str())).oldest_first().limit(100);
        let told: Vec<_> = trail(world, &query).iter().map(|told| told.event.action()).collect();
        assert_eq!(told, [Action::AccessGranted, Action::TokenRevoked, Action::AccessDenied]);
    });
}

/// product-is#23676: an update was on record and what it changed was not.
#[test]
fn every_field_of_an_update_is_told_with_its_old_and_new_value() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let update = AccountUpdate {
        name: DisplayName::parse("Nightly Load").ok(),
        systems: Some(vec![SystemName::parse("warehouse").unwrap()]),
        role: RoleName::parse("Editor").ok(),
        scopes: Scopes::only(["results:read"]).ok(),
        teams: Some(Teams::every()),
        allowlist: Allowlist::parse_all(["198.51.100.0/24"]).ok(),
        expires_at: Some(Expiry::At(world.clock.now() + Duration::days(30))),
        purpose: Purpose::parse("writes back figures").ok(),
        owner: Owner::parse("finance").ok(),
        justification: Justification::parse("corrects figures").ok(),
    };
    wait(world.accounts.acting(&ada()).account(&holder.id).update(update)).unwrap();
    let told = trail(&world, &Query::default().for_action(Action::AccountUpdated));
    let changes = told[0].event.changes();
    let fields: Vec<_> = changes.keys().map(|field| field.as_str()).collect();
    let expected =
        ["expires_at", "justification", "name", "networks", "owner", "purpose", "role", "scopes", "systems", "teams"];
    assert_eq!(fields, expected);
    for (field, change) in changes {
        assert!(change.new.is_some() && change.old != change.new, "{field}: {change:?}");
    }
    let role = &changes[&Label::new("role")];
    assert_eq!([&role.old, &role.new].map(|value| value.as_ref().unwrap().as_str()), ["Member", "Editor"]);
}

/// The same of a token.
#[test]
fn other_scopes_of_a_token_are_told_with_the_old_ones() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).set_scopes(Scopes::none())).unwrap();
    let told = trail(&world, &Query::default().for_action(Action::TokenUpdated));
    let scopes = &told[0].event.changes()[&Label::new("scopes")];
    assert_eq!([&scopes.old, &scopes.new].map(|value| value.as_ref().unwrap().as_str()), ["all of the role", ""]);
}
