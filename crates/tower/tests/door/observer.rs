//! What a host's metrics are told.

use std::{
    convert::Infallible,
    future::ready,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use pollster::block_on;
use service_accounts::access::presets::data_quality::Permission;
use service_accounts_store::conformance::{Fault, When};
use service_accounts_tower::{AuthenticateLayer, ClientAddress, Observer, Outcome, Peer, RequestHead};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{World, request_with};

/// A clock that ticks with each reading, and everything that was told.
#[derive(Clone, Default)]
struct Notebook {
    ticks: Arc<AtomicU64>,
    told: Arc<Mutex<Vec<(Outcome, Duration)>>>,
}

impl Observer for Notebook {
    fn now(&self) -> Duration {
        Duration::from_millis(self.ticks.fetch_add(1, Ordering::Relaxed) * 7)
    }

    fn observe(&self, outcome: Outcome, took: Duration) {
        self.told.lock().unwrap().push((outcome, took));
    }
}

const ONE_TICK: Duration = Duration::from_millis(7);

#[test]
fn each_request_is_told_once_with_the_time_it_waited() {
    let (world, notebook) = (World::new(), Notebook::default());
    let inner = service_fn(|_: Request<String>| ready(Ok::<_, Infallible>(Response::new(String::new()))));
    let proxies = service_accounts::access::Allowlist::parse_all(["10.0.0.0/8"]).unwrap();
    let client = ClientAddress::default().behind(proxies, http::HeaderName::from_static("x-forwarded-for"));
    let gate = world.gate().observer(notebook.clone()).client_address(client);
    let guarded = AuthenticateLayer::new(gate).require(Permission::DatastoresView).layer(inner);
    let send = |request| block_on(guarded.clone().oneshot(request)).unwrap();

    send(world.request());
    send(Request::default());
    send(request_with("a b"));
    send(request_with("nonsense"));
    let mut unreadable = world.request();
    unreadable.extensions_mut().insert(Peer(([10, 0, 0, 1], 1).into()));
    unreadable.headers_mut().insert("x-forwarded-for", "unknown".parse().unwrap());
    send(unreadable);
    world.store.fail(When::Always, Fault::Refused);
    send(world.request());

    let told = std::mem::take(&mut *notebook.told.lock().unwrap());
    let expected = [
        (Outcome::Admitted, ONE_TICK),
        (Outcome::Refused("UNAUTHENTICATED"), Duration::ZERO),
        (Outcome::Refused("INVALID_REQUEST"), ONE_TICK),
        (Outcome::Refused("INVALID_TOKEN"), ONE_TICK),
        (Outcome::Refused("INVALID_REQUEST"), Duration::ZERO),
        (Outcome::Unavailable, ONE_TICK),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_missing_permission_is_told_apart_from_a_bad_credential() {
    let (world, notebook) = (World::new(), Notebook::default());
    let gate = world.gate().observer(notebook.clone());
    let (parts, _) = world.request().into_parts();
    let principal = block_on(gate.admit(RequestHead::from(&parts))).unwrap();
    assert!(gate.authorize(&principal, Permission::ResourcesWrite, None).is_err());
    assert!(gate.authorize(&principal, Permission::DatastoresView, None).is_ok());
    let told = std::mem::take(&mut *notebook.told.lock().unwrap());
    assert_eq!(told, [(Outcome::Admitted, ONE_TICK), (Outcome::Forbidden, Duration::ZERO)]);
    let names =
        [Outcome::Admitted, Outcome::Refused("X"), Outcome::Forbidden, Outcome::Unavailable].map(Outcome::as_str);
    assert_eq!(names, ["admitted", "refused", "forbidden", "unavailable"]);
}
