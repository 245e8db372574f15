//! Access: a decision against policy engines, an allowlist against scans and tries.

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use casbin::CoreApi as _;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use iptrie::{IpPrefix as _, Ipv4LCTrieSet, Ipv4Prefix, Ipv4RTrieSet, Ipv6LCTrieSet, Ipv6Prefix, Ipv6RTrieSet};
use prefix_trie::PrefixSet;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use service_accounts_access::presets::data_quality::{self, Permission};
use service_accounts_access::{Allowlist, Network, Permission as _, RoleName, Scopes, Teams};

use crate::side_by_side::{Timed, contestant, medians, print_ratio};

/// How many questions one timed call asks, so that the call itself does not count.
const QUESTIONS: usize = 512;

pub fn run() {
    decisions();
    for size in [1, 8, 64, 1_000, 100_000] {
        for hit in [true, false] {
            v4(size, hit);
            v6(size, hit);
        }
    }
}

/// The same matrix for all: Manager of the data-quality preset, asked for all six permissions in turn.
fn decisions() {
    let manager = RoleName::parse("Manager").unwrap();
    let catalogue = data_quality::catalogue();
    let grants = catalogue.grants(&manager, &Scopes::Inherited, &Scopes::Inherited, Teams::none()).unwrap();
    let held: u128 = grants.permissions().iter().map(|permission| 1 << permission.index()).sum();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let all = Permission::ALL;
    let asked: Vec<Permission> = (0..QUESTIONS).map(|_| all[(rng.next_u64() % all.len() as u64) as usize]).collect();
    let bits: Vec<u32> = asked.iter().map(|permission| permission.index()).collect();
    let sets = hash_sets();
    let (cedar, requests) = (Cedar::new(), &asked[..16]);
    let casbin = casbin();

    let grants = black_box(&grants);
    let held = black_box(&held);
    let [ours, raw, hashed, cedar, casbin] = medians([
        contestant("service-accounts", || {
            count(black_box(&asked).iter().filter(|one| grants.decide(**one, None).is_allow()));
        }),
        contestant("raw bit test", || count(black_box(&bits).iter().filter(|bit| *held >> **bit & 1 == 1))),
        contestant("HashMap of HashSets", || {
            count(asked.iter().filter(|one| sets[black_box("Manager")].contains(one.name())));
        }),
        contestant("cedar-policy", || count(requests.iter().filter(|one| cedar.allows(**one)))),
        contestant("casbin", || {
            count(requests.iter().filter(|one| casbin.enforce(("sync", one.name())).unwrap()));
        }),
    ]);
    let (ours, raw, hashed) = (per(ours, QUESTIONS), per(raw, QUESTIONS), per(hashed, QUESTIONS));
    print_ratio("decision", ours, raw, 2.0);
    print_ratio("decision", ours, hashed, 0.1);
    print_ratio("decision", ours, per(cedar, requests.len()), 0.01);
    print_ratio("decision", ours, per(casbin, requests.len()), 0.01);
}

fn count(answers: impl Iterator) {
    black_box(answers.count());
}

fn per(timed: Timed, questions: usize) -> Timed {
    Timed { nanoseconds: timed.nanoseconds / questions as f64, ..timed }
}

fn hash_sets() -> HashMap<String, HashSet<String>> {
    let catalogue = data_quality::catalogue();
    let row = |role: &service_accounts_access::Role<Permission>| {
        let held = role.permissions().iter().map(|permission| permission.name().to_owned()).collect();
        (role.name().to_string(), held)
    };
    catalogue.roles().map(row).collect()
}

struct Cedar {
    authorizer: cedar_policy::Authorizer,
    policies: cedar_policy::PolicySet,
    entities: cedar_policy::Entities,
    requests: HashMap<Permission, cedar_policy::Request>,
}

impl Cedar {
    fn new() -> Self {
        let permit = |role: &str, held: &HashSet<String>| {
            let actions: Vec<_> = held.iter().map(|name| format!("Action::\"{name}\"")).collect();
            format!("permit(principal in Role::\"{role}\", action in [{}], resource);", actions.join(", "))
        };
        let policies: String = hash_sets().iter().map(|(role, held)| permit(role, held)).collect();
        let uid = |text: &str| text.parse::<cedar_policy::EntityUid>().unwrap();
        let manager = uid("Role::\"Manager\"");
        let entities = [
            cedar_policy::Entity::new_no_attrs(manager.clone(), HashSet::new()),
            cedar_policy::Entity::new_no_attrs(uid("Account::\"sync\""), [manager].into()),
        ];
        let request = |permission: Permission| {
            let action = uid(&format!("Action::\"{}\"", permission.name()));
            let context = cedar_policy::Context::empty();
            cedar_policy::Request::new(uid("Account::\"sync\""), action, uid("Service::\"it\""), context, None).unwrap()
        };
        Self {
            authorizer: cedar_policy::Authorizer::new(),
            policies: policies.parse().unwrap(),
            entities: cedar_policy::Entities::from_entities(entities, None).unwrap(),
            requests: Permission::ALL.iter().map(|permission| (*permission, request(*permission))).collect(),
        }
    }

    fn allows(&self, permission: Permission) -> bool {
        let response = self.authorizer.is_authorized(&self.requests[&permission], &self.policies, &self.entities);
        response.decision() == cedar_policy::Decision::Allow
    }
}

fn casbin() -> casbin::Enforcer {
    use casbin::MgmtApi as _;
    const MODEL: &str = "[request_definition]\nr = sub, act\n[policy_definition]\np = sub, act\n[role_definition]\ng = _, _\n\
                         [policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = g(r.sub, p.sub) && r.act == p.act\n";
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let model = casbin::DefaultModel::from_str(MODEL).await.unwrap();
        let mut enforcer = casbin::Enforcer::new(model, casbin::MemoryAdapter::default()).await.unwrap();
        for (role, held) in hash_sets() {
            for name in held {
                enforcer.add_policy(vec![role.clone(), name]).await.unwrap();
            }
        }
        enforcer.add_grouping_policy(vec!["sync".into(), "Manager".into()]).await.unwrap();
        enforcer
    })
}

/// What a scan of 100,000 networks takes is measured on fewer questions, or it would take all day.
fn scanned(size: usize) -> usize {
    (4_000_000 / size).clamp(8, QUESTIONS)
}

/// Below which ratio ours counts as good enough, in the order ipnet, prefix-trie, iptrie.
fn goals(size: usize, v6: bool, hit: bool) -> [f64; 3] {
    match size {
        // A trie that is left at its root is the least that a miss can cost.
        1 if !v6 && !hit => [0.55, 1.25, 1.0],
        8 if !v6 && !hit => [1.0, 1.25, 1.0],
        1 => [0.55, 1.0, 1.0],
        64 => [0.066, 1.0, 1.0],
        100_000 => [0.001, 1.0, if v6 { 0.4 } else { 0.71 }],
        _ => [1.0, 1.0, 1.0],
    }
}

fn print_all(family: &str, size: usize, hit: bool, timed: [Timed; 4]) {
    let case = format!("allowlist {family}, {size} networks, {}", if hit { "hit" } else { "miss" });
    let [ours, scan, trie, lc_trie] = timed;
    let ours = per(ours, QUESTIONS);
    let peers = [per(scan, scanned(size)), per(trie, QUESTIONS), per(lc_trie, QUESTIONS)];
    for (peer, goal) in peers.into_iter().zip(goals(size, family == "v6", hit)) {
        print_ratio(&case, ours, peer, goal);
    }
}

fn v4(size: usize, hit: bool) {
    let mut rng = ChaCha8Rng::seed_from_u64(size as u64);
    let networks: Vec<Ipv4Net> = (0..size)
        .map(|_| Ipv4Net::new(Ipv4Addr::from_bits(rng.next_u32()), 20 + (rng.next_u32() % 9) as u8).unwrap().trunc())
        .collect();
    let mut ask = || loop {
        let random = rng.next_u32();
        let inside = networks[random as usize % size];
        let address = if hit { u32::from(inside.network()) | random & u32::from(inside.hostmask()) } else { random };
        let address = Ipv4Addr::from_bits(address);
        if hit || !networks.iter().any(|network| network.contains(&address)) {
            return address;
        }
    };
    let asked: Vec<Ipv4Addr> = (0..QUESTIONS).map(|_| ask()).collect();
    let (ours, scan) = prepare(networks.iter().map(|one| IpNet::V4(*one)));
    let trie: PrefixSet<Ipv4Net> = networks.iter().copied().collect();
    let prefix = |one: &Ipv4Net| Ipv4Prefix::new(one.network(), one.prefix_len()).unwrap();
    let lc_trie: Ipv4LCTrieSet = networks.iter().map(prefix).collect::<Ipv4RTrieSet>().compress();
    let addresses: Vec<IpAddr> = asked.iter().map(|one| IpAddr::V4(*one)).collect();
    print_all(
        "v4",
        size,
        hit,
        medians([
            contestant("service-accounts", || count(black_box(&addresses).iter().filter(|one| ours.contains(**one)))),
            contestant("ipnet scan", || {
                count(
                    black_box(&addresses[..scanned(size)])
                        .iter()
                        .filter(|one| scan.iter().any(|net| net.contains(*one))),
                )
            }),
            contestant("prefix-trie", || {
                count(black_box(&asked).iter().filter(|one| trie.get_spm(&Ipv4Net::from(**one)).is_some()))
            }),
            contestant("iptrie", || count(black_box(&asked).iter().filter(|one| lc_trie.lookup(*one).len() > 0))),
        ]),
    );
}

fn v6(size: usize, hit: bool) {
    let mut rng = ChaCha8Rng::seed_from_u64(size as u64);
    // Within 2000::/3, where all allocated addresses are.
    let mut random = || 1 << 125 | (u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())) >> 3;
    let networks: Vec<Ipv6Net> = (0..size)
        .map(|_| Ipv6Net::new(Ipv6Addr::from_bits(random()), 32 + (random() % 33) as u8).unwrap().trunc())
        .collect();
    let mut ask = || loop {
        let random = random();
        let inside = networks[random as usize % size];
        let address = if hit { u128::from(inside.network()) | random & u128::from(inside.hostmask()) } else { random };
        let address = Ipv6Addr::from_bits(address);
        if hit || !networks.iter().any(|network| network.contains(&address)) {
            return address;
        }
    };
    let asked: Vec<Ipv6Addr> = (0..QUESTIONS).map(|_| ask()).collect();
    let (ours, scan) = prepare(networks.iter().map(|one| IpNet::V6(*one)));
    let trie: PrefixSet<Ipv6Net> = networks.iter().copied().collect();
    let prefix = |one: &Ipv6Net| Ipv6Prefix::new(one.network(), one.prefix_len()).unwrap();
    let lc_trie: Ipv6LCTrieSet = networks.iter().map(prefix).collect::<Ipv6RTrieSet>().compress();
    let addresses: Vec<IpAddr> = asked.iter().map(|one| IpAddr::V6(*one)).collect();
    print_all(
        "v6",
        size,
        hit,
        medians([
            contestant("service-accounts", || count(black_box(&addresses).iter().filter(|one| ours.contains(**one)))),
            contestant("ipnet scan", || {
                count(
                    black_box(&addresses[..scanned(size)])
                        .iter()
                        .filter(|one| scan.iter().any(|net| net.contains(*one))),
                )
            }),
            contestant("prefix-trie", || {
                count(black_box(&asked).iter().filter(|one| trie.get_spm(&Ipv6Net::from(**one)).is_some()))
            }),
            contestant("iptrie", || count(black_box(&asked).iter().filter(|one| lc_trie.lookup(*one).len() > 0))),
        ]),
    );
}

/// Our list and the one to scan, of the same networks.
fn prepare(networks: impl Iterator<Item = IpNet>) -> (Allowlist, Vec<IpNet>) {
    let scan: Vec<IpNet> = networks.collect();
    let ours = scan.iter().map(|one| Network::new(one.network(), one.prefix_len()).unwrap()).collect();
    (ours, scan)
}
