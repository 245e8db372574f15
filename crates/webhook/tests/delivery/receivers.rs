//! Receivers that fail, hang, break off, flood, redirect, and are down for a day.

use std::time::{Duration, Instant};

use service_accounts::{Actor, DeliveryState, Failure};
use tokio::net::TcpListener;

use crate::{
    receiver::{Manner, Receiver},
    world::{World, number},
};

/// Longer than any test waits: whoever is delayed by a receiver that hangs is late for sure.
const LONG: Duration = Duration::from_secs(600);

fn numbers(receiver: &Receiver) -> Vec<usize> {
    receiver.messages().iter().map(|received| number(&received.body)).collect()
}

#[tokio::test]
async fn a_message_is_signed_and_arrives_once_and_in_order() {
    let (world, receiver) = (World::new(), Receiver::new(Manner::Takes).await);
    let (_, created) = world.subscribe("One", &receiver.url()).await;
    for number in 0..300 {
        world.publish(number).await;
    }
    let delivering = world.deliver(LONG);
    receiver.until(300).await;
    delivering.abort();
    assert_eq!(numbers(&receiver), (0..300).collect::<Vec<_>>());
    assert_eq!(receiver.received().len(), 300, "none came twice");
    for received in receiver.received() {
        let head = |name: &str| {
            let line = received.head.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_once(": ").unwrap().1.to_owned()
        };
        let timestamp = head("webhook-timestamp").parse().unwrap();
        let expected = created.secret.sign(&received.id, timestamp, received.body.as_bytes());
        assert_eq!(head("webhook-signature"), expected);
        assert!(!received.head.contains("whsec_") && !received.body.contains("whsec_"));
    }
}

#[tokio::test]
async fn receivers_that_hang_or_fail_delay_no_other() {
    let world = World::new();
    for number in 0..40 {
        let manner = if number % 2 == 0 { Manner::Hangs } else { Manner::Answers(500) };
        world.subscribe(&format!("Dead {number}"), &Receiver::new(manner).await.url()).await;
    }
    let good = Receiver::new(Manner::Takes).await;
    world.subscribe("Zz Good", &good.url()).await;
    let delivering = world.deliver(LONG);
    let begin = Instant::now();
    for number in 0..100 {
        world.publish(number).await;
    }
    good.until(100).await;
    println!("100 messages beside 20 receivers that hang and 20 that fail: {:?}", begin.elapsed());
    delivering.abort();
    assert_eq!(numbers(&good), (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_receiver_that_answers_500_a_hundred_times_gets_everything_in_the_end() {
    let world = World::new();
    let receiver = Receiver::with([Manner::Answers(500); 100], Manner::Takes).await;
    world.subscribe("One", &receiver.url()).await;
    for number in 0..5 {
        world.publish(number).await;
    }
    let (delivering, time) = (world.deliver(LONG), world.let_time_fly(3600));
    receiver.until(5).await;
    while receiver.received().len() < 105 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    delivering.abort();
    time.abort();
    assert_eq!(numbers(&receiver), (0..5).collect::<Vec<_>>());
    let received = receiver.received();
    assert!(received[..101].iter().all(|each| (&each.id, &each.body) == (&received[0].id, &received[0].body)));
}

#[tokio::test]
async fn a_receiver_that_is_down_for_a_day_gets_everything_in_order_when_it_is_back() {
    let world = World::new();
    let place = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let (id, created) = world.subscribe("One", &format!("http://{address}/hook")).await;
    for number in 0..50 {
        world.publish(number).await;
    }
    let (delivering, time) = (world.deliver(LONG), world.let_time_fly(120));
    while world.elapsed() < time::Duration::DAY {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let listener = TcpListener::bind(address).await.unwrap();
    let back = Receiver::on(listener, Manner::Takes);
    back.until(50).await;
    delivering.abort();
    time.abort();
    assert_eq!(numbers(&back), (0..50).collect::<Vec<_>>());
    let admin = Actor::host("ada");
    let deliveries =
        world.accounts.acting(&admin).subscriptions(&id).deliveries(&created.subscription.id).await.unwrap();
    assert_eq!(deliveries.len(), 20, "the list is bounded");
}

#[tokio::test]
async fn what_breaks_off_or_comes_too_late_is_sent_again_under_the_same_id() {
    for (manner, failure) in [
        (Manner::BreaksOff, Failure::Connection),
        (Manner::Hangs, Failure::TimedOut),
        (Manner::Drips, Failure::TimedOut),
        (Manner::Answers(204 + 100), Failure::Status(304)),
    ] {
        let (world, receiver) = (World::new(), Receiver::with([manner], Manner::Takes).await);
        let (id, created) = world.subscribe("One", &receiver.url()).await;
        world.publish(7).await;
        // What must time out is not waited for long; what must not has time, however busy the machine.
        let patience = if failure == Failure::TimedOut { Duration::from_secs(1) } else { LONG };
        let delivering = world.deliver(patience);
        let admin = Actor::host("ada");
        let subscriptions = world.accounts.acting(&admin).subscriptions(&id);
        let last = async || subscriptions.deliveries(&created.subscription.id).await.unwrap().first().cloned();
        let first = loop {
            match last().await {
                Some(delivery) => break delivery,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        assert_eq!(first.state, DeliveryState::Failed(failure), "{manner:?}");
        world.advance(time::Duration::seconds(2));
        while last().await.is_none_or(|delivery| delivery.state != DeliveryState::Delivered) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        delivering.abort();
        let received = receiver.received();
        assert_eq!(received.len(), 2, "{manner:?}");
        assert_eq!((&received[0].id, &received[0].body), (&received[1].id, &received[1].body));
    }
}

#[tokio::test]
async fn an_answer_without_end_is_read_to_its_bound_and_no_further() {
    let (world, receiver) = (World::new(), Receiver::new(Manner::Floods).await);
    world.subscribe("One", &receiver.url()).await;
    for number in 0..20 {
        world.publish(number).await;
    }
    let delivering = world.deliver(LONG);
    receiver.until(20).await;
    delivering.abort();
    assert_eq!(receiver.received().len(), 20);
}

/// After how many microseconds a deliverer is dropped.
const MOMENTS: [u64; 8] = [0, 137, 410, 1_370, 2_740, 3_699, 4_247, 4_932];

#[tokio::test]
async fn a_deliverer_that_is_dropped_and_started_anew_at_any_moment_loses_nothing() {
    let (world, receiver) = (World::new(), Receiver::new(Manner::Takes).await);
    world.subscribe("One", &receiver.url()).await;
    for number in 0..200 {
        world.publish(number).await;
        if number % 10 == 0 {
            let delivering = world.deliver(LONG);
            tokio::time::sleep(Duration::from_micros(MOMENTS[number / 10 % MOMENTS.len()])).await;
            delivering.abort();
        }
    }
    let delivering = world.deliver(LONG);
    receiver.until(200).await;
    delivering.abort();
    assert_eq!(numbers(&receiver), (0..200).collect::<Vec<_>>());
}
