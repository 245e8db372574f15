//! Subscriptions that outlived what they were made under.

use service_accounts::{Error, NewSubscription, Next, TargetError, TargetUrl, Targets};
use service_accounts_store::conformance::{Call, Fault, When};
use time::Duration;

use crate::{
    subscriptions::{account, billing, finance, host, next, publish, subscribe, wanted, with_billing},
    world::{World, ada, wait},
};

/// elasticsearch#157818, for what an account is told: another account under the same id is another account.
#[test]
fn a_subscription_that_a_deletion_left_behind_tells_the_next_account_of_the_name_nothing() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    subscribe(&world, &id, wanted(billing(), &["*"]));
    let fault = (When::Each(Call::Documents), Fault::Refused);
    let ada = ada();
    world.store.failing(fault.0, fault.1, || wait(world.accounts.acting(&ada).account(&id).delete())).unwrap();
    world.advance(Duration::SECOND);
    assert_eq!(account(&world, "Finance Sync", "Member", finance()), id);
    publish(&world, "invoice.paid", &serde_json::json!({}));
    assert!(matches!(next(&world), Next::Stopped));
    assert!(wait(world.accounts.acting(&ada).subscriptions(&id).list(None, 9)).unwrap().items.is_empty());
}

/// The host has narrowed its rule since, and nobody brings such a receiver back.
#[test]
fn a_target_that_is_not_allowed_any_more_gets_no_new_secret_and_no_replay() {
    let lenient = World::built(|builder| with_billing(builder).targets(Targets::Any));
    let id = account(&lenient, "Finance Sync", "Member", finance());
    let own = NewSubscription { url: TargetUrl::parse("https://127.0.0.1/x").unwrap(), ..wanted(billing(), &["*"]) };
    let created = subscribe(&lenient, &id, own).subscription.id;
    let strict = World::on(lenient.store.inner().clone(), lenient.clock.clone(), with_billing);
    let ada = ada();
    let room = strict.accounts.acting(&ada).subscriptions(&id);
    let rotated = wait(room.rotate_secret(&created)).map(drop);
    let replayed = wait(room.replay(&created, service_accounts::audit::Sequence::new(1))).map(drop);
    for answer in [rotated, replayed] {
        assert!(matches!(answer, Err(Error::Target(TargetError::NotPublic))), "{answer:?}");
    }
}
