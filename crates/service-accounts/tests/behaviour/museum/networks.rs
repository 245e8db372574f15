//! Addresses: one verdict for every spelling, on every path.

use std::net::IpAddr;

use service_accounts::{
    Narrowing, NewAccount, Rejection,
    access::{Allowlist, NetworkError},
};

use crate::support::{Holder, Path, World, wait};

/// CVE-2021-29922, ipnet 2.12.2: `010.0.0.0/8` was read as `8.0.0.0/8` by some and `10.0.0.0/8` by others.
/// CVE-2026-90711 (proxy-addr): `::ffff:10.0.0.0/8` trusted all of IPv4.
#[test]
fn an_allowlist_that_can_be_read_in_two_ways_is_refused() {
    for text in ["010.0.0.0/8", "127.0.0.01/32", "10.0.0.0/08", "10.1/16", "0x0a.0.0.0/8", "10.0.0.1/8"] {
        assert!(Allowlist::parse_all([text]).is_err(), "{text}");
    }
    let reason = Allowlist::parse_all(["::ffff:10.0.0.0/8"]).unwrap_err().reason;
    assert_eq!(reason, NetworkError::MappedPrefix);
}

/// 3proxy#807: an IPv4 rule was passed by writing the address as `::ffff:…`.
#[test]
fn every_spelling_of_an_address_has_one_verdict() {
    for rule in ["10.1.0.0/16", "::ffff:10.1.0.0/112"] {
        let world = World::new();
        let holder = within(&world, rule);
        let spellings = [
            ("10.1.2.3", Ok(())),
            ("::ffff:10.1.2.3", Ok(())),
            ("::ffff:a01:203", Ok(())),
            ("10.2.0.0", Err(Rejection::AddressNotAllowed)),
            ("::ffff:10.2.0.0", Err(Rejection::AddressNotAllowed)),
            ("::10.1.2.3", Err(Rejection::AddressNotAllowed)),
            ("64:ff9b::10.1.2.3", Err(Rejection::AddressNotAllowed)),
        ];
        for (address, verdict) in spellings {
            assert_eq!(world.verdict_from(&holder.token, Some(parse(address))), verdict, "{address} under {rule}");
        }
    }
}

/// GitLab CVE-2023-4895: the rule was missing on some paths.
#[test]
fn the_allowlist_holds_on_every_path_and_for_an_unknown_address() {
    let world = World::new();
    let holder = within(&world, "10.1.0.0/16");
    for path in Path::ALL {
        let outside = [Some(parse("10.2.0.1")), Some(parse("2001:db8::1")), None];
        for address in outside {
            let verdict = holder.verdict_from(&world, path, address);
            assert_eq!(verdict, Err(Rejection::AddressNotAllowed), "{path:?} from {address:?}");
        }
        assert_eq!(holder.verdict_from(&world, path, Some(parse("10.1.255.255"))), Ok(()), "{path:?}");
    }
}

#[test]
fn a_session_opened_for_one_address_is_bound_to_it_and_to_what_becomes_of_the_account() {
    let world = World::new();
    let created =
        world.create_with("Pipeline Automation", |wanted| NewAccount { allowlist: list("10.1.0.0/16"), ..wanted });
    let narrowing = Narrowing { allowlist: list("10.1.2.3"), ..Narrowing::default() };
    let client = created.account.id.as_str();
    let address = Some(parse("10.1.2.3"));
    let opened = wait(world.accounts.open_session(
        client,
        created.client_secret.as_ref().unwrap().expose(),
        &narrowing,
        address,
    ))
    .unwrap();
    let session = opened.secret.expose();
    assert_eq!(world.verdict_from(session, address), Ok(()));
    assert_eq!(world.verdict_from(session, Some(parse("10.1.2.4"))), Err(Rejection::AddressNotAllowed));

    let update = service_accounts::AccountUpdate { allowlist: Some(list("10.9.0.0/16")), ..Default::default() };
    wait(world.accounts.acting(&crate::support::ada()).account(&created.account.id).update(update)).unwrap();
    assert_eq!(world.verdict_from(session, address), Err(Rejection::AddressNotAllowed));
}

fn within(world: &World, rule: &str) -> Holder {
    let created = world.create("Pipeline Automation");
    let holder = Holder::open(world, created);
    let update = service_accounts::AccountUpdate { allowlist: Some(list(rule)), ..Default::default() };
    wait(world.accounts.acting(&crate::support::ada()).account(&holder.id).update(update)).unwrap();
    holder
}

fn list(network: &str) -> Allowlist {
    Allowlist::parse_all([network]).unwrap()
}

fn parse(address: &str) -> IpAddr {
    address.parse().unwrap()
}
