//! Several nodes on one store: one delivers, and another goes on where it ends.

use std::time::Duration;

use service_accounts::store::BoxStore;
use service_accounts_postgres::{PostgresStore, Settings};
use service_accounts_private_postgres::Server;
use tokio::sync::oneshot;

use crate::{
    receiver::{Manner, Receiver},
    world::{World, deliverer, number, often},
};

/// Longer than the lease.
const LATER: time::Duration = time::Duration::seconds(31);

async fn postgres() -> Option<[BoxStore; 2]> {
    let url = Server::shared()?.database();
    let connect = async || PostgresStore::connect(Settings::parse(&url).unwrap().connections(4)).await.unwrap();
    Some([BoxStore::new(connect().await), BoxStore::new(connect().await)])
}

/// Two nodes in memory, and two on Postgres where it is installed.
async fn worlds() -> Vec<[World; 2]> {
    let alone = World::new();
    let mut worlds = vec![[alone.clone(), alone]];
    if let Some([one, other]) = postgres().await {
        let one = World::on(one);
        let other = one.beside(other);
        worlds.push([one, other]);
    }
    worlds
}

async fn publish(world: &World, numbers: std::ops::Range<usize>) {
    for number in numbers {
        world.publish(number).await;
    }
}

fn numbers(receiver: &Receiver) -> Vec<usize> {
    receiver.received().iter().map(|received| number(&received.body)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_one_delivers_and_the_other_goes_on_once_the_lease_of_a_dead_one_is_over() {
    for [one, other] in worlds().await {
        let receiver = Receiver::new(Manner::Takes).await;
        for name in ["One", "Two", "Three"] {
            one.subscribe(name, &receiver.url()).await;
        }
        publish(&one, 0..60).await;
        let first = tokio::spawn(deliverer(&one.accounts).run());
        receiver.until(1).await;
        let second = tokio::spawn(deliverer(&other.accounts).run());
        publish(&other, 60..100).await;
        receiver.until(300).await;
        assert_eq!(receiver.received().len(), 300, "each message once");
        // It is gone without a word.
        first.abort();
        let _ = first.await;
        publish(&other, 100..110).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(receiver.messages().len() < 330, "the lease holds: nobody knows that the first is dead");
        one.advance(LATER);
        receiver.until(330).await;
        second.abort();
        let twice = receiver.received().len() - 330;
        assert!(twice <= 3, "{twice} came again: only what was under way may");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_ends_in_order_is_followed_at_once() {
    for [one, other] in worlds().await {
        let receiver = Receiver::new(Manner::Takes).await;
        one.subscribe("One", &receiver.url()).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let first = tokio::spawn(deliverer(&one.accounts).run_until(async { drop(stopped.await) }));
        publish(&one, 0..10).await;
        receiver.until(10).await;
        let second = tokio::spawn(deliverer(&other.accounts).run());
        stop.send(()).unwrap();
        first.await.unwrap();
        publish(&one, 10..20).await;
        receiver.until(20).await;
        second.abort();
        assert_eq!(numbers(&receiver)[10..], (10..20).collect::<Vec<_>>());
    }
}

/// Nodes end at any moment, and the clock goes on: whoever is left delivers the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_nodes_end_at_any_moment() {
    for [one, other] in worlds().await {
        let receiver = Receiver::new(Manner::Takes).await;
        one.subscribe("One", &receiver.url()).await;
        let mut nodes = [tokio::spawn(deliverer(&one.accounts).run()), tokio::spawn(deliverer(&other.accounts).run())];
        for round in 0..20 {
            publish(&one, round * 10..round * 10 + 10).await;
            tokio::time::sleep(Duration::from_micros(u64::try_from(round * 611 % 5_003).unwrap())).await;
            let (node, world) = (&mut nodes[round % 2], [&one, &other][round % 2]);
            node.abort();
            *node = tokio::spawn(deliverer(&world.accounts).settings(often()).run());
            one.advance(LATER);
        }
        // The last to take the lease may be one that was ended.
        let time = one.let_time_fly(1);
        receiver.until(200).await;
        time.abort();
        nodes.iter().for_each(tokio::task::JoinHandle::abort);
        let order: Vec<_> = receiver.messages().iter().map(|received| number(&received.body)).collect();
        assert_eq!(order, (0..200).collect::<Vec<_>>());
    }
}
