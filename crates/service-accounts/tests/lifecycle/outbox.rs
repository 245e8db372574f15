//! What becomes of messages: in order, at least once, under one id, for a stated time.

use std::{
    pin::pin,
    task::{Context, Waker},
};

use service_accounts::{
    DeliveryState, DisabledBecause, Failure, Format, NewSubscription, Next, Retries, SubscriptionState,
    audit::{Action, Sequence, detect::AlertKind},
    lifecycle::Environment,
    store::Store,
};
use service_accounts_store::conformance::{Fault, When};
use time::Duration;

use crate::{
    subscriptions::{
        account, billing, delivered, finance, host, message, next, own, publish, subscribe, trail, wanted, with_billing,
    },
    world::{World, ada, wait},
};

fn numbered(world: &World, numbers: std::ops::Range<u32>) {
    numbers.for_each(|number| publish(world, "invoice.paid", &serde_json::json!(number)));
}

fn told(bodies: &[serde_json::Value]) -> Vec<u64> {
    bodies.iter().map(|body| body["data"].as_u64().unwrap()).collect()
}

#[test]
fn a_message_that_failed_comes_again_under_its_id_after_a_pause_and_before_any_later_one() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let created = subscribe(&world, &id, wanted(billing(), &["*"]));
    numbered(&world, 0..2);
    let first = message(&world);
    wait(world.accounts.outbox().settle(first.clone(), Err(Failure::Status(500)))).unwrap();
    assert!(matches!(next(&world), Next::NotBefore(at) if at == world.now() + Duration::SECOND));
    world.advance(Duration::SECOND);
    let again = message(&world);
    assert_eq!((again.id(), again.body(), again.attempts()), (first.id(), first.body(), 1));
    wait(world.accounts.outbox().settle(again, Ok(()))).unwrap();
    assert_eq!(told(&delivered(&world)), [1]);
    let admin = ada();
    let deliveries =
        wait(world.accounts.acting(&admin).subscriptions(&id).deliveries(&created.subscription.id)).unwrap();
    let tried: Vec<_> = deliveries.iter().map(|delivery| (delivery.attempts, delivery.state)).collect();
    assert_eq!(tried, [(1, DeliveryState::Delivered), (2, DeliveryState::Delivered)]);
}

#[test]
fn a_receiver_that_is_down_for_a_day_loses_nothing() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    subscribe(&world, &id, wanted(billing(), &["*"]));
    numbered(&world, 0..30);
    let (begin, mut attempts) = (world.now(), 0);
    while world.now() < begin + Duration::DAY {
        match next(&world) {
            Next::Message(message) => {
                attempts += 1;
                wait(world.accounts.outbox().settle(*message, Err(Failure::TimedOut))).unwrap();
            }
            Next::NotBefore(at) => world.set(at),
            other => panic!("{other:?}"),
        }
    }
    assert!((15..40).contains(&attempts), "{attempts} attempts in a day");
    assert_eq!(told(&delivered(&world)), (0..30).collect::<Vec<_>>());
}

#[test]
fn a_message_is_given_up_after_the_stated_time_with_an_alert_and_enabling_goes_on_with_it() {
    let world = World::built(|builder| with_billing(builder).retries(Retries::give_up_after(Duration::HOUR)));
    let id = account(&world, "Finance Sync", "Member", finance());
    let sid = subscribe(&world, &id, wanted(billing(), &["*"])).subscription.id;
    numbered(&world, 0..2);
    let begin = world.now();
    loop {
        match next(&world) {
            Next::Message(message) => {
                wait(world.accounts.outbox().settle(*message, Err(Failure::Connection))).unwrap();
            }
            Next::NotBefore(at) => world.set(at),
            _ => break,
        }
    }
    assert!(world.now() - begin >= Duration::HOUR && world.now() - begin < Duration::hours(3));
    let admin = ada();
    let subscriptions = world.accounts.acting(&admin).subscriptions(&id);
    let found = wait(subscriptions.get(&sid)).unwrap();
    assert!(matches!(found.state, SubscriptionState::Disabled { because: DisabledBecause::DeliveriesFailed, .. }));
    assert_eq!(trail(&world, Action::AlertRaised).len(), 1);
    let alerts = wait(world.accounts.acting(&admin).trail().alerts(None, None, 50)).unwrap().items;
    assert_eq!((alerts.len(), alerts[0].kind), (1, AlertKind::SubscriptionDisabled));
    assert_eq!((alerts[0].subject.as_str(), alerts[0].account.as_ref().unwrap().as_str()), (sid.as_str(), id.as_str()));
    assert!(alerts[0].count > 5, "it says how often it was tried");
    assert_eq!(trail(&world, Action::SubscriptionDisabled).len(), 1);
    let deliveries = wait(subscriptions.deliveries(&sid)).unwrap();
    assert_eq!(deliveries[0].state, DeliveryState::Failed(Failure::Connection));
    assert_eq!(wait(world.store.slowest_cursor()).unwrap(), None, "a dead receiver does not hold the trail");
    numbered(&world, 2..3);
    wait(subscriptions.enable(&sid)).unwrap();
    assert_eq!(told(&delivered(&world)), [0, 1, 2]);
}

#[test]
fn a_receiver_that_says_it_is_gone_is_asked_no_more() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let sid = subscribe(&world, &id, wanted(billing(), &["*"])).subscription.id;
    numbered(&world, 0..1);
    wait(world.accounts.outbox().settle(message(&world), Err(Failure::Status(410)))).unwrap();
    assert!(matches!(next(&world), Next::Stopped));
    let found = wait(world.accounts.acting(&ada()).subscriptions(&id).get(&sid)).unwrap();
    assert!(matches!(found.state, SubscriptionState::Disabled { because: DisabledBecause::ReceiverGone, .. }));
}

/// Upkeep of this host trims no alerts, because it neither seals nor watches its trail.
#[test]
fn an_alert_of_a_subscription_that_is_switched_off_is_not_kept_for_ever() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let sid = subscribe(&world, &id, wanted(billing(), &["*"])).subscription.id;
    let admin = ada();
    for number in 0..3 {
        numbered(&world, number..number + 1);
        wait(world.accounts.outbox().settle(message(&world), Err(Failure::Status(410)))).unwrap();
        wait(world.accounts.acting(&admin).subscriptions(&id).enable(&sid)).unwrap();
        let alerts = wait(world.accounts.acting(&admin).trail().alerts(None, None, 50)).unwrap().items;
        assert_eq!(alerts.len(), 1, "{number}");
        world.set(world.now() + Duration::days(400));
    }
}

#[test]
fn a_replay_tells_again_from_a_place_also_while_a_message_is_on_its_way() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let sid = subscribe(&world, &id, wanted(billing(), &["*"])).subscription.id;
    numbered(&world, 0..4);
    let places: Vec<_> = delivered(&world).iter().map(|body| body["place"].as_i64().unwrap()).collect();
    numbered(&world, 4..5);
    let on_its_way = message(&world);
    wait(world.accounts.acting(&ada()).subscriptions(&id).replay(&sid, Sequence::new(places[2]))).unwrap();
    wait(world.accounts.outbox().settle(on_its_way, Ok(()))).unwrap();
    assert_eq!(told(&delivered(&world)), [2, 3, 4]);
}

#[test]
fn a_test_message_reaches_the_one_subscription_whatever_it_asks_for() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let sid = subscribe(&world, &id, wanted(billing(), &["nothing"])).subscription.id;
    wait(world.accounts.acting(&ada()).subscriptions(&id).test(&sid)).unwrap();
    let bodies = delivered(&world);
    assert_eq!(bodies[0]["type"], "subscription.tested");
    assert_eq!(bodies.len(), 1);
}

#[test]
fn a_body_for_slack_is_one_line_that_marks_nothing_up() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    subscribe(&world, &id, NewSubscription { format: Format::Slack, ..wanted(billing(), &["*"]) });
    publish(&world, "invoice.paid", &serde_json::json!({ "by": "<!channel> & co\n" }));
    let body: serde_json::Value = serde_json::from_str(message(&world).body()).unwrap();
    let expected = r#"billing: invoice.paid {"by":"&lt;!channel&gt; &amp; co\n"}"#;
    assert_eq!(body, serde_json::json!({ "text": expected }));
}

#[test]
fn an_expiry_is_told_60_30_7_and_1_days_before_once_each() {
    let world = host();
    let id = account(&world, "Watcher", "Admin", service_accounts::access::Teams::none());
    subscribe(&world, &id, wanted(own(), &["token.announced"]));
    let holder = world.create_in("Pipeline Automation", Environment::production());
    let begin = world.now();
    let mut told = Vec::new();
    while world.now() < begin + Duration::days(370) {
        world.advance(Duration::hours(6));
        world.upkeep();
        world.upkeep();
        for body in delivered(&world) {
            if body["data"]["account"] == holder.account.id.as_str()
                && body["data"]["details"]["expires_in"].is_string()
            {
                told.push(body["data"]["details"]["expires_in"].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(told, ["60d", "30d", "7d", "1d"]);
}

/// However a call of the store fails, and wherever a future is dropped, nothing is lost and nothing changes its id.
#[test]
fn nothing_is_lost_wherever_a_delivery_is_broken_off() {
    for fault in [Fault::Refused, Fault::AnswerLost, Fault::Hangs] {
        for number in 0..12 {
            let world = host();
            let id = account(&world, "Finance Sync", "Member", finance());
            subscribe(&world, &id, wanted(billing(), &["*"]));
            numbered(&world, 0..3);
            let ids = wait(world.accounts.outbox().subscriptions(None, 10)).unwrap().items;
            let mut seen = Vec::new();
            {
                let outbox = world.accounts.outbox();
                let seen = &mut seen;
                let mut delivery = pin!(async {
                    while let Ok(Next::Message(message)) = outbox.next(&ids[0]).await {
                        seen.push((message.id().to_owned(), message.body().to_owned()));
                        if outbox.settle(*message, Ok(())).await.is_err() {
                            break;
                        }
                    }
                });
                world.store.fail(When::At(number), fault);
                let _ = delivery.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
            world.store.heal();
            while let Next::Message(message) = next(&world) {
                seen.push((message.id().to_owned(), message.body().to_owned()));
                wait(world.accounts.outbox().settle(*message, Ok(()))).unwrap();
            }
            seen.dedup();
            assert_eq!(seen.len(), 3, "{fault:?} at {number}: {seen:?}");
        }
    }
}

#[test]
fn a_removal_broken_off_at_any_call_is_finished_by_the_next_and_leaves_no_reader() {
    for fault in [Fault::Refused, Fault::AnswerLost, Fault::Hangs] {
        for number in 0..10 {
            let world = host();
            let id = account(&world, "Finance Sync", "Member", finance());
            let sid = subscribe(&world, &id, wanted(billing(), &["*"])).subscription.id;
            numbered(&world, 0..1);
            let _message = message(&world);
            let admin = ada();
            let subscriptions = world.accounts.acting(&admin).subscriptions(&id);
            world.store.fail(When::At(number), fault);
            {
                let mut removal = pin!(subscriptions.remove(&sid));
                let _ = removal.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
            world.store.heal();
            let _ = wait(subscriptions.remove(&sid));
            assert_eq!(wait(world.store.slowest_cursor()).unwrap(), None, "{fault:?} at {number}");
            assert!(matches!(next(&world), Next::Stopped));
        }
    }
}

#[test]
fn what_nobody_asks_for_is_read_once() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    subscribe(&world, &id, wanted(billing(), &["rare"]));
    numbered(&world, 0..200);
    assert!(matches!(next(&world), Next::Nothing));
    let calls = world.store.calls_of(|| assert!(matches!(next(&world), Next::Nothing)));
    assert!(calls.len() <= 5, "{calls:?}");
}

#[test]
fn one_call_looks_at_1024_events_at_most_and_the_next_goes_on_behind_them() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    subscribe(&world, &id, wanted(billing(), &["rare"]));
    numbered(&world, 0..1024);
    publish(&world, "rare", &serde_json::json!(1));
    assert!(matches!(next(&world), Next::More));
    let calls =
        world.store.calls_of(|| assert_eq!(told(&[serde_json::from_str(message(&world).body()).unwrap()]), [1]));
    assert!(calls.len() <= 6, "{calls:?}");
}
