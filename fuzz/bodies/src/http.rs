//! What comes over HTTP: where a request comes from, and bodies in any shape.

use std::{
    cell::RefCell,
    net::{IpAddr, Ipv4Addr},
};

use axum::{Router, body::Body};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
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
    OAuthServer, api_with_oauth,
    oauth::Issuer,
    openapi,
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
        let call = usize::from(*which) % world.calls.len().max(1);
        if world.answer(call, body).is_some_and(|status| status.is_success()) {
            // What was written must not pile up.
            *world = World::new().unwrap_or_else(|| unreachable!("it was made before"));
        }
    });
}

/// Each call that takes JSON looks at its body, whatever else it looks at: no target tries bytes on a closed door.
pub fn every_body_is_read() {
    WORLD.with_borrow(|world| {
        let is_json = |call: &(usize, &(Method, String, String))| call.1.2 == "application/json";
        let calls: Vec<_> = world.calls.iter().enumerate().filter(is_json).collect();
        assert!(calls.len() > 15, "only {} calls take JSON", calls.len());
        for (call, (method, path, _)) in calls {
            assert_eq!(world.answer(call, b"["), Some(StatusCode::BAD_REQUEST), "{method} {path}");
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
        let server = OAuthServer::new(Issuer::parse("https://auth.example.com").ok()?);
        let router = api_with_oauth(accounts.clone(), Gate::new(accounts), server);
        Some(Self { router, admin, calls: calls() })
    }

    fn answer(&self, call: usize, body: &[u8]) -> Option<StatusCode> {
        let (method, path, media_type) = self.calls.get(call)?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, media_type)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.admin))
            .body(Body::from(body.to_vec()));
        let Ok(answer) = pollster::block_on(self.router.clone().oneshot(request.ok()?));
        assert!(answer.status().as_u16() < 500, "{method} {path}: {}", answer.status());
        Some(answer.status())
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

/// The path of the document with ids that can be read, so that the body is looked at.
fn with_ids(path: &str) -> String {
    let ids = [
        ("{id}", "finance_metrics@service"),
        ("{token_id}", "0000000000000000"),
        ("{session_id}", "0000000000000000"),
        ("{subscription_id}", "00000000000000000000"),
        ("{name}", "short-lived-tokens"),
        ("{review_id}", "service:0"),
        ("{incident_id}", "service:001769860800-00"),
    ];
    ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
}

fn calls() -> Vec<(Method, String, String)> {
    let document = openapi::<MemoryStore, Permission>();
    let mut all = Vec::new();
    for (path, methods) in document.get("paths").and_then(|paths| paths.as_object()).into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let media_types = operation.pointer("/requestBody/content").and_then(|content| content.as_object());
            let path = with_ids(path);
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
