//! Access: the decision, resolving a holder, the guard, and allowlists from 1 to 100,000 networks.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use service_accounts_access::presets::data_quality::{Permission, catalogue};
use service_accounts_access::{Allowlist, Grants, Network, RoleName, Scopes, Teams};

fn decisions(c: &mut Criterion) {
    let catalogue = catalogue();
    let Ok(manager) = RoleName::parse("Manager") else { return };
    let Ok(read) = Scopes::only(["read"]) else { return };
    let Ok(grants) = catalogue.grants(&manager, &Scopes::Inherited, &read, Teams::none()) else { return };
    c.bench_function("decide, allowed", |b| b.iter(|| grants.decide(black_box(Permission::ResultsRead), None)));
    c.bench_function("decide, denied", |b| b.iter(|| grants.decide(black_box(Permission::ResourcesWrite), None)));
    c.bench_function("resolve a holder", |b| {
        b.iter(|| catalogue.effective(black_box(&manager), &Scopes::Inherited, black_box(&read)));
    });
    let all = Grants::everything();
    c.bench_function("guard a grant", |b| {
        b.iter(|| catalogue.guard(black_box(&all), manager.clone(), Scopes::Inherited, Teams::none()));
    });
}

fn allowlists(c: &mut Criterion) {
    let mut group = c.benchmark_group("allowlist");
    for size in [1_u32, 8, 64, 1_000, 100_000] {
        // Spread evenly, one network of 16 addresses each, and asked where the middle one starts.
        let step = u32::MAX / size / 16 * 16;
        let firsts = (0..size).map(|at| at.wrapping_mul(step) & !15);
        let v4 = firsts.clone().map(|first| IpAddr::from(Ipv4Addr::from_bits(first)));
        let v6 = firsts.map(|first| IpAddr::from(Ipv6Addr::from_bits(0x2001 << 112 | u128::from(first) << 64)));
        for (family, prefix, addresses) in [("v4", 28, v4.collect::<Vec<_>>()), ("v6", 64, v6.collect())] {
            let list: Allowlist = addresses.iter().filter_map(|one| Network::new(*one, prefix).ok()).collect();
            let Some(asked) = addresses.get(addresses.len() / 2) else { continue };
            // The reference is hidden, not the address: a copy just written would be slower to read than any list.
            group.bench_function(BenchmarkId::new(family, size), |b| b.iter(|| list.contains(*black_box(asked))));
        }
    }
    group.finish();
}

criterion_group!(benches, decisions, allowlists);
criterion_main!(benches);
