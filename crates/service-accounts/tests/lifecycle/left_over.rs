//! Subscriptions that outlived what they were made under.

use service_accounts::{
    Error, NewSubscription, Next, Sealing, SubscriptionId, TargetError, TargetUrl, Targets,
    audit::{detect, seal::SealKey},
    store::Store,
    trail_readers,
};
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

/// Whoever moves a store must name them all, and one that is left over holds the trail like any other.
#[test]
fn every_reader_of_the_trail_is_found_also_one_whose_subscription_has_ended_and_no_lease() {
    let sealing = || Sealing::under(SealKey::new(&[8; 32])).closing_at(2, Duration::HOUR);
    let world = World::built(|builder| with_billing(builder).seal(sealing()).detect(detect::Settings::default()));
    let id = account(&world, "Finance Sync", "Member", finance());
    let [kept, ended] = [(); 2].map(|()| subscribe(&world, &id, wanted(billing(), &["*"])).subscription.id);
    publish(&world, "invoice.paid", &serde_json::json!({}));
    let outbox = world.accounts.outbox();
    for subscription in wait(outbox.subscriptions(None, 9)).unwrap().items {
        let Next::Message(message) = wait(outbox.next(&subscription)).unwrap() else { panic!("there is one") };
        wait(outbox.settle(*message, Ok(()))).unwrap();
    }
    world.upkeep();
    wait(outbox.hold("a node", Duration::MINUTE)).unwrap().unwrap();
    let ada = ada();
    let end = || wait(world.accounts.acting(&ada).subscriptions(&id).remove(&ended));
    world.store.failing(When::Each(Call::Advance), Fault::Refused, end).unwrap_or_default();

    let found = wait(trail_readers(world.accounts.store())).unwrap();
    let reader = |id: &SubscriptionId| format!("webhook:{id}");
    let mut expected = vec!["detectors".to_owned(), "seals".into(), reader(&kept), reader(&ended)];
    expected.sort();
    assert_eq!(found.iter().map(|id| id.as_str()).collect::<Vec<_>>(), expected);
    let places = found.iter().map(|id| wait(world.accounts.store().cursor(id)).unwrap().unwrap().at);
    assert_eq!(wait(world.accounts.store().slowest_cursor()).unwrap(), places.min());
}
