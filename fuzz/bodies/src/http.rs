//! What comes over HTTP: where a request comes from, and bodies in any shape.

use std::{
    cell::RefCell,
    net::{IpAddr, Ipv4Addr},
};

use axum::{Router, body::Body};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use service_accounts::{
    Actor, NewAccount, NewToken, ServiceAccounts,
    access::{
        Allowlist, Network, Teams,
        presets::data_quality::{self, Permission},
    },
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{Justification, MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_axum::{
    api, openapi,
    tower::{ClientAddress, Gate},
};
use tower::ServiceExt;

const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const CLAIM: &str = "198.51.100.66";

/// The client cannot choose its address: what stands in front of what the trusted proxy wrote changes nothing.
pub fn client_address(value: &[u8]) {
    for (header, claim) in [
        (header::FORWARDED, format!("for={CLAIM}, ")),
        (HeaderName::from_static("x-forwarded-for"), format!("{CLAIM}, ")),
    ] {
        let Some(found) = found(&header, value) else { continue };
        if !proxies().contains(found) {
            let claimed = [claim.as_bytes(), value].concat();
            assert_eq!(self::found(&header, &claimed), Some(found), "{header}: a claim was believed");
        }
    }
}

fn proxies() -> Allowlist {
    Network::parse("10.0.0.0/8").into_iter().collect()
}

fn found(header: &HeaderName, value: &[u8]) -> Option<IpAddr> {
    let mut headers = HeaderMap::new();
    headers.append(header, HeaderValue::from_bytes(value).ok()?);
    let address = ClientAddress::of_peer(|_| Some(PROXY)).behind(proxies(), header.clone());
    address.find(&headers, &Extensions::new()).ok()?
}

/// Any bytes, sent to any call that takes a body by an administrator, get an answer that is no failure of ours.
pub fn body(bytes: &[u8]) {
    let Some((which, body)) = bytes.split_first() else { return };
    WORLD.with_borrow_mut(|world| {
        let calls = world.calls.len().max(1);
        let Some((method, path, media_type)) = world.calls.get(usize::from(*which) % calls) else { return };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, media_type)
            .header(header::AUTHORIZATION, format!("Bearer {}", world.admin))
            .body(Body::from(body.to_vec()));
        let Ok(request) = request else { return };
        let Ok(answer) = pollster::block_on(world.router.clone().oneshot(request));
        assert!(answer.status().as_u16() < 500, "{method} {path}: {}", answer.status());
        if answer.status().is_success() {
            // What was written must not pile up.
            *world = World::new().unwrap_or_else(|| unreachable!("it was made before"));
        }
    });
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new().unwrap_or_else(|| unreachable!("every name here is good")));
}

/// A service in memory with one account besides its administrator.
struct World {
    router: Router,
    admin: String,
    /// Method, path and media type of each call that takes a body.
    calls: Vec<(Method, String, String)>,
}

impl World {
    fn new() -> Option<Self> {
        let keyring = Keyring::new(PepperId::parse("k1").ok()?, Pepper::from_bytes([7; 32]));
        let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
        let vendor = Vendor::parse("acme").ok()?;
        let accounts = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, manage).build();
        let admin = account(&accounts, "Platform Automation", "Admin")?;
        account(&accounts, "Finance Metrics", "Member")?;
        let router = api(accounts.clone(), Gate::new(accounts));
        Some(Self { router, admin, calls: calls() })
    }
}

/// Makes an account and returns its token.
fn account(accounts: &ServiceAccounts<MemoryStore, Permission>, name: &str, role: &str) -> Option<String> {
    let (purpose, owner) = (Purpose::parse("to be called").ok()?, Owner::parse("ops").ok()?);
    let wanted = NewAccount {
        role: Some(role.parse().ok()?),
        teams: Teams::every(),
        justification: Some(Justification::parse("fuzzing").ok()?),
        first_token: Some(NewToken::new(TokenName::parse("first").ok()?)),
        ..NewAccount::new(DisplayName::parse(name).ok()?, purpose, owner, Environment::production())
    };
    let made = pollster::block_on(accounts.acting(&Actor::host("ops")).create(wanted)).ok()?;
    Some(made.first_token?.secret.expose().to_owned())
}

fn calls() -> Vec<(Method, String, String)> {
    let document = openapi::<MemoryStore, Permission>();
    let mut all = Vec::new();
    for (path, methods) in document.get("paths").and_then(|paths| paths.as_object()).into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let media_types = operation.pointer("/requestBody/content").and_then(|content| content.as_object());
            let path = path.replace("{id}", "finance_metrics@service");
            let method = method.to_uppercase().parse().unwrap_or_default();
            all.extend(
                media_types
                    .into_iter()
                    .flat_map(|types| types.keys())
                    .map(|media_type| (Method::clone(&method), path.clone(), media_type.clone())),
            );
        }
    }
    all
}
