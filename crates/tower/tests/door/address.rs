//! The client's address, from the socket to the verdict of an allowlist.

use std::{convert::Infallible, future::ready, net::SocketAddr};

use http::{HeaderName, HeaderValue, Response};
use pollster::block_on;
use service_accounts::{
    AccessEvents, NewAccount,
    access::Allowlist,
    audit::{Action, Query},
};
use service_accounts_tower::{AuthenticateLayer, ClientAddress, Peer};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{World, operator};

/// An account that may only come from one network.
fn bound() -> World {
    let allowlist = Allowlist::parse_all(["198.51.100.0/24", "2001:db8::/32"]).unwrap();
    World::with(AccessEvents::Off, |account| NewAccount { allowlist, ..account })
}

fn behind_proxies() -> ClientAddress {
    let proxies = Allowlist::parse_all(["10.0.0.0/8"]).unwrap();
    ClientAddress::default().behind(proxies, HeaderName::from_static("x-forwarded-for"))
}

/// The status that a request over this socket with these header values gets.
fn status(world: &World, client: ClientAddress, peer: Option<&str>, forwarded: &[&[u8]]) -> u16 {
    let mut request = world.request();
    for value in forwarded {
        request.headers_mut().append("x-forwarded-for", HeaderValue::from_bytes(value).unwrap());
    }
    if let Some(peer) = peer {
        request.extensions_mut().insert(Peer(SocketAddr::new(peer.parse().unwrap(), 4711)));
    }
    let inner = service_fn(|_| ready(Ok::<_, Infallible>(Response::new(String::new()))));
    let guarded = AuthenticateLayer::new(world.gate().client_address(client)).layer(inner);
    block_on(guarded.oneshot(request)).unwrap().status().as_u16()
}

#[test]
fn without_proxies_the_socket_alone_counts() {
    let world = bound();
    for (peer, expected) in [
        (Some("198.51.100.7"), 200),
        (Some("::ffff:198.51.100.7"), 200),
        (Some("2001:db8::7"), 200),
        (Some("198.51.101.7"), 401),
        (Some("::ffff:192.0.2.1"), 401),
        (None, 401),
    ] {
        assert_eq!(status(&world, ClientAddress::default(), peer, &[]), expected, "{peer:?}");
        assert_eq!(
            status(&world, ClientAddress::default(), peer, &[b"198.51.100.7"]),
            expected,
            "{peer:?} with a claim"
        );
    }
    assert_eq!(status(&World::new(), ClientAddress::default(), None, &[]), 200, "nobody asked where it comes from");
}

#[test]
fn behind_a_trusted_proxy_the_right_most_stranger_counts() {
    let world = bound();
    for (peer, forwarded, expected) in [
        ("10.0.0.1", &[&b"198.51.100.7"[..]][..], 200),
        ("10.0.0.1", &[b"192.0.2.1, 198.51.100.7"], 200),
        ("10.0.0.1", &[b"198.51.100.7, 192.0.2.1"], 401),
        ("10.0.0.1", &[b"198.51.100.7", b"192.0.2.1"], 401),
        ("10.0.0.1", &[b"198.51.100.7, 10.0.0.2"], 200),
        ("::ffff:10.0.0.1", &[b"::ffff:198.51.100.7"], 200),
        ("10.0.0.1", &[], 401),
        ("192.0.2.1", &[b"198.51.100.7"], 401),
        ("198.51.100.7", &[b"192.0.2.1"], 200),
        ("10.0.0.1", &[b"198.51.100.7:51008"], 200),
        ("10.0.0.1", &[b"[2001:db8::7]:443, 10.0.0.2:80"], 200),
        ("10.0.0.1", &[b"[2001:db9::7]:443"], 401),
    ] {
        assert_eq!(status(&world, behind_proxies(), Some(peer), forwarded), expected, "{peer} {forwarded:?}");
    }
}

#[test]
fn what_a_trusted_proxy_sends_and_nobody_can_read_is_refused_even_without_an_allowlist() {
    let world = World::new();
    for value in [&b"unknown"[..], b"", b"198.51.100.7:http", b"198.51.100.07", b"198.51.100.7,", b"\xff"] {
        assert_eq!(status(&world, behind_proxies(), Some("10.0.0.1"), &[value]), 400, "{value:?}");
        assert_eq!(
            status(&world, behind_proxies(), Some("192.0.2.1"), &[value]),
            200,
            "a stranger's header is ignored"
        );
    }
}

/// firezone#15013: on a dual-stack socket every IPv4 client has a mapped address.
#[test]
fn a_mapped_address_reaches_the_trail_as_the_address_it_is() {
    let world = World::with(AccessEvents::Coalesced, |account| account);
    assert_eq!(status(&world, ClientAddress::default(), Some("::ffff:198.51.100.7"), &[]), 200);
    let granted = Query::default().for_action(Action::AccessGranted);
    let page = block_on(world.accounts.acting(&operator()).audit(&granted)).unwrap();
    assert_eq!(page.events[0].event.address().unwrap().to_string(), "198.51.100.7");
}
