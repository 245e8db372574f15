//! Where nothing is sent.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use service_accounts::{Actor, DeliveryState, Failure, Targets};
use service_accounts_webhook::{Client, TargetRefused};
use tokio::net::TcpListener;
use tower_service::Service;

use crate::{
    receiver::{Manner, Receiver},
    world::World,
};

fn is_refused(error: &(dyn Error + 'static)) -> bool {
    error.is::<TargetRefused>() || error.source().is_some_and(is_refused)
}

/// A name that leads to the loopback address, and the addresses themselves: no connection is even begun.
#[tokio::test]
async fn no_connection_is_made_to_an_address_that_is_not_public() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let refused = |url: String, targets| async move {
        let request = Request::post(url).body(Full::from(Bytes::new())).unwrap();
        let answer = Client::new(targets).call(request).await;
        answer.is_err_and(|error| is_refused(&error) || error.to_string().contains("no address that is allowed"))
    };
    // `ip6-localhost` and the machine's own name are names that the check of the text cannot know.
    let hosts =
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "10.0.0.1", "ip6-localhost"];
    for host in hosts {
        let is_known = host != "ip6-localhost" || tokio::net::lookup_host((host, 0)).await.is_ok();
        if is_known {
            assert!(refused(format!("https://{host}:{port}/"), Targets::Public).await, "{host}");
        }
    }
    let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "somebody connected");
    // The same target where the host allows it: the listener is there to be reached.
    let allowed = tokio::spawn(refused(format!("https://127.0.0.1:{port}/"), Targets::Any));
    let somebody = tokio::time::timeout(Duration::from_secs(10), listener.accept()).await;
    allowed.abort();
    assert!(somebody.is_ok_and(|accepted| accepted.is_ok()));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (world, elsewhere) = (World::new(), Receiver::new(Manner::Takes).await);
    let receiver = Receiver::new(Manner::SendsTo(elsewhere.address.port())).await;
    let (id, created) = world.subscribe("One", &receiver.url()).await;
    world.publish(1).await;
    let delivering = world.deliver(Duration::from_secs(60));
    receiver.until(1).await;
    let admin = Actor::host("ada");
    let subscriptions = world.accounts.acting(&admin).subscriptions(&id);
    let failed = loop {
        let deliveries = subscriptions.deliveries(&created.subscription.id).await.unwrap();
        match deliveries.first() {
            Some(first) => break first.state,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    delivering.abort();
    assert_eq!(failed, DeliveryState::Failed(Failure::Status(302)));
    assert!(elsewhere.received().is_empty());
}
