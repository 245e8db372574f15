//! Access: documents, networks and decisions from bytes nobody chose.

use std::net::IpAddr;

use arbitrary::{Arbitrary, Unstructured};
use service_accounts_access::presets::data_quality::{self, Permission};
use service_accounts_access::{
    Allowlist, Catalogue, CatalogueDocument, Network, Permission as _, PermissionSet, RoleName, Scopes, TeamName, Teams,
};

/// A document is refused, or becomes a catalogue that is written and read again without a change.
pub fn document(text: &str) {
    let Ok(catalogue) = serde_json::from_str::<Catalogue<Permission>>(text) else { return };
    assert!(catalogue.role(catalogue.least_role()).is_some());
    let written = CatalogueDocument::from(&catalogue);
    let back = Catalogue::<Permission>::try_from(written.clone()).ok();
    assert_eq!(back.as_ref().map(CatalogueDocument::from), Some(written));
    assert!(back.is_some_and(|back| catalogue.changed_roles(&back).is_empty()));
    for role in catalogue.roles() {
        assert!(role.permissions().is_subset(PermissionSet::all()));
    }
}

/// A text is refused, or is the one network that it reads back as; if it has no slash, the standard library agrees.
pub fn network(text: &str) {
    let read = Network::parse(text).ok();
    if !text.contains('/') {
        assert_eq!(read, text.parse::<IpAddr>().ok().map(Network::from));
    }
    let Some(network) = read else { return };
    assert_eq!(Network::parse(&network.to_string()), Ok(network));
    assert_eq!(Network::new(network.address(), network.prefix()), Ok(network));
    assert!(network.contains(network.address()));
    let list = Allowlist::from_iter([network]);
    assert!(list.networks().eq([network]));
    assert!(list.contains(network.address()));
}

/// Networks and addresses to look for in them.
#[derive(Debug, Arbitrary)]
pub struct Matching {
    networks: Vec<(IpAddr, u8)>,
    asked: Vec<IpAddr>,
}

/// A list admits what one of its networks does, is within itself, and reads back as it was written.
pub fn matching(Matching { networks, asked }: Matching) {
    let networks: Vec<_> = networks.into_iter().filter_map(|(address, prefix)| cut(address, prefix)).collect();
    let list: Allowlist = networks.iter().copied().collect();
    let near = networks.iter().map(|network| network.address());
    for address in asked.iter().copied().chain(near) {
        let naive = networks.is_empty() || networks.iter().any(|network| network.contains(address));
        assert_eq!(list.contains(address), naive);
    }
    let texts: Vec<_> = list.networks().map(|network| network.to_string()).collect();
    assert_eq!(Allowlist::parse_all(texts.iter().map(String::as_str)).ok().as_ref(), Some(&list));
    assert!(list.is_subset_of(&list) && texts.len() <= networks.len());
    if let Some(learnt) = Allowlist::learn(asked.iter().copied().take(64), 4) {
        assert!(asked.iter().take(64).all(|address| learnt.contains(*address)));
        assert!(learnt.networks().count() <= 4);
    }
}

/// The network of the address and a prefix, with the bits beyond it cleared as the error proposes.
fn cut(address: IpAddr, prefix: u8) -> Option<Network> {
    use service_accounts_access::NetworkError::HostBits;
    match Network::new(address, prefix % 129) {
        Err(HostBits { correction }) => Some(correction),
        other => other.ok(),
    }
}

/// Two holders, each as its grantor and its account would have it, and a question.
#[derive(Debug, Arbitrary)]
pub struct Asking {
    grantor: (u8, u16, u8),
    account: (u8, u16, u8),
    token: u16,
    question: (u8, u8),
}

/// No scope widens, no team is reached from outside, and no grant exceeds its grantor.
pub fn decision(asking: &Asking) {
    let catalogue = data_quality::catalogue();
    let grants = |(role, scopes, teams): (u8, u16, u8), token: u16| {
        catalogue.grants(&nth_role(&catalogue, role), &ticked(scopes), &ticked(token), in_teams(teams)).ok()
    };
    let (Some(grantor), Some(account)) = (grants(asking.grantor, 0), grants(asking.account, 0)) else { return };
    let Some(with_token) = grants(asking.account, asking.token) else { return };
    let (Some(permission), team) = (nth(Permission::ALL, asking.question.0), team(asking.question.1)) else { return };
    let allows = |one: &service_accounts_access::Grants<Permission>| one.decide(permission, team.as_ref()).is_allow();

    assert!(!allows(&with_token) || allows(&account));
    assert!(
        !allows(&account)
            || catalogue.role(&nth_role(&catalogue, asking.account.0)).is_some_and(|held| held.contains(permission))
    );
    let (role, scopes, teams) = asking.account;
    if catalogue.guard(&grantor, nth_role(&catalogue, role), ticked(scopes), in_teams(teams)).is_ok() {
        assert!(!allows(&with_token) || allows(&grantor));
    }
}

fn nth<T: Copy>(all: &[T], at: u8) -> Option<T> {
    all.get(usize::from(at) % all.len().max(1)).copied()
}

fn nth_role(catalogue: &Catalogue<Permission>, at: u8) -> RoleName {
    let count = catalogue.roles().count().max(1);
    let role = catalogue.roles().nth(usize::from(at) % count);
    role.map_or_else(|| catalogue.least_role().clone(), |role| role.name().clone())
}

/// Inherited for nought, or the permissions of these bits.
fn ticked(bits: u16) -> Scopes {
    if bits == 0 {
        return Scopes::Inherited;
    }
    let chosen = Permission::ALL.iter().filter(|permission| bits >> permission.index() & 1 == 1);
    Scopes::ticked(chosen.copied().collect())
}

fn in_teams(bits: u8) -> Teams {
    if bits == u8::MAX {
        return Teams::every();
    }
    (0..4).filter(|at| bits >> at & 1 == 1).filter_map(|at| TeamName::parse(&format!("team{at}")).ok()).collect()
}

fn team(at: u8) -> Option<TeamName> {
    TeamName::parse(&format!("team{}", at % 5)).ok().filter(|_| at < 200)
}

/// Reads a structured input from bytes; for tests that have bytes and no fuzzer.
pub fn structured<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> Option<T> {
    T::arbitrary(&mut Unstructured::new(bytes)).ok()
}
