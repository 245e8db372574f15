//! A client of the host's own that panics.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use service_accounts::{Actor, DeliveryState, Failure, Targets};
use service_accounts_webhook::{Client, Deliverer, TokioTimer};
use tower_service::Service;

use crate::{
    receiver::{Manner, Receiver},
    world::{World, often},
};

#[derive(Clone)]
struct PanicsOnOne(Client);

impl Service<Request<Full<Bytes>>> for PanicsOnOne {
    type Response = <Client as Service<Request<Full<Bytes>>>>::Response;
    type Error = <Client as Service<Request<Full<Bytes>>>>::Error;
    type Future = <Client as Service<Request<Full<Bytes>>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        assert_ne!(request.uri().host(), Some("panics.test"), "a fault of the client");
        self.0.call(request)
    }
}

#[tokio::test]
async fn a_client_that_panics_on_one_receiver_delivers_to_the_others() {
    let (world, good) = (World::new(), Receiver::new(Manner::Takes).await);
    let (id, bad) = world.subscribe("Aa Bad", "https://panics.test/hook").await;
    world.subscribe("Zz Good", &good.url()).await;
    for number in 0..10 {
        world.publish(number).await;
    }
    let deliverer = Deliverer::new(world.accounts.clone(), PanicsOnOne(Client::new(Targets::Any)), TokioTimer);
    let delivering = tokio::spawn(deliverer.settings(often()).run());
    good.until(10).await;
    let admin = Actor::host("ada");
    let subscriptions = world.accounts.acting(&admin).subscriptions(&id);
    let failed = loop {
        assert!(!delivering.is_finished(), "nobody delivers any more");
        match subscriptions.deliveries(&bad.subscription.id).await.unwrap().first() {
            Some(delivery) => break delivery.state,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    delivering.abort();
    assert_eq!(failed, DeliveryState::Failed(Failure::Connection));
}
