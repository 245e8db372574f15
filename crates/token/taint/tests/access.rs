//! What decides on every request asks for no memory.

use std::hint::black_box;
use std::net::IpAddr;

use service_accounts_access::presets::data_quality::{Permission, catalogue};
use service_accounts_access::{
    Allowlist, Decision, Denial, Grants, Network, Permission as _, RoleName, Scopes, TeamName, Teams,
};
use service_accounts_token_taint::{Watching, allocations};

#[global_allocator]
static ALLOCATOR: Watching = Watching;

fn grants(teams: Teams) -> Grants<Permission> {
    let [account, token] = [["write"], ["read"]].map(|names| Scopes::only(names).unwrap());
    catalogue().grants(&RoleName::parse("Manager").unwrap(), &account, &token, teams).unwrap()
}

#[test]
fn deciding_allocates_nothing_whatever_the_answer() {
    let [growth, finance] = ["growth", "finance"].map(|name| TeamName::parse(name).unwrap());
    let narrowed = catalogue().grants(
        &RoleName::parse("Manager").unwrap(),
        &Scopes::only(["read"]).unwrap(),
        &Scopes::Inherited,
        Teams::none(),
    );
    let (member, every, narrowed) =
        (grants(Teams::only(["growth"]).unwrap()), grants(Teams::every()), narrowed.unwrap());
    let cases = [
        (&member, Permission::ResultsRead, None, Decision::Allow),
        (&member, Permission::ResultsRead, Some(&growth), Decision::Allow),
        (&every, Permission::ResultsRead, Some(&finance), Decision::Allow),
        (&member, Permission::ServiceAccountsManage, None, Decision::Deny(Denial::NotInRole)),
        (&narrowed, Permission::ResourcesWrite, None, Decision::Deny(Denial::NotInAccountScopes)),
        (&member, Permission::ResourcesWrite, None, Decision::Deny(Denial::NotInTokenScopes)),
        (&member, Permission::ResultsRead, Some(&finance), Decision::Deny(Denial::WrongTeam)),
    ];
    for (grants, permission, team, expected) in cases {
        let (decision, count) = allocations(|| {
            let decision = black_box(grants).decide(black_box(permission), black_box(team));
            black_box(decision.into_result().is_ok());
            decision
        });
        assert_eq!((decision, count), (expected, 0));
    }
}

/// Lists of one network, of a few, and of many that crowd into few slots of the index.
fn lists() -> Vec<Allowlist> {
    let spread = |size: u32| -> Allowlist {
        let v4 = (0..size).map(|at| format!("10.{}.{}.0/25", at / 256, at % 256));
        let v6 = (0..size).map(|at| format!("2001:db8:{at:x}::/49"));
        v4.chain(v6).map(|text| Network::parse(&text).unwrap()).collect()
    };
    let far = ["255.255.255.255", "ffff::1"].map(|text| Network::parse(text).unwrap());
    let crowded = spread(64).networks().chain(far).collect();
    vec![Allowlist::any(), spread(1), spread(8), spread(1_000), crowded]
}

#[test]
fn matching_an_address_allocates_nothing() {
    let texts = ["10.0.0.1", "::ffff:10.0.7.1", "10.0.7.200", "192.0.2.1", "2001:db8:7::1", "2001:db8:7:8000::", "::"];
    let addresses = texts.map(|text| text.parse::<IpAddr>().unwrap());
    let (mut admitted, mut refused) = (0, 0);
    for list in lists() {
        for address in addresses {
            let (is_admitted, count) = allocations(|| black_box(&list).contains(black_box(address)));
            assert_eq!(count, 0, "{address}");
            *if is_admitted { &mut admitted } else { &mut refused } += 1;
        }
    }
    assert!(admitted > 10 && refused > 10);
}

#[test]
fn reading_a_network_allocates_nothing_even_if_it_is_refused() {
    let networks = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::ffff:10.0.0.0/104"];
    let mistakes =
        ["", "10.0.0.1/8", "010.0.0.0/8", "10.0.0.0/33", "10.0.0.0/+8", "::ffff:10.0.0.0/8", &"9".repeat(100_000)];
    for (texts, expected) in [(&networks[..], true), (&mistakes[..], false)] {
        for text in texts {
            let (is_read, count) = allocations(|| Network::parse(black_box(text)).is_ok());
            assert_eq!((is_read, count), (expected, 0), "{text}");
        }
    }
}

#[test]
fn finding_a_permission_by_name_and_refusing_a_name_allocate_nothing() {
    let (found, count) = allocations(|| Permission::named(black_box("integrations:configure")).is_ok());
    assert_eq!((found, count), (true, 0));
    for text in ["", "a b", &"x".repeat(100_000)] {
        let (refused, count) = allocations(|| TeamName::parse(black_box(text)).is_err());
        assert_eq!((refused, count), (true, 0));
    }
}
