//! An administrator and a Member on a store that can be made to fail.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{Method, Request, Response, header};
use http_body_util::BodyExt;
use serde_json::Value;
use service_accounts::{
    Actor, ApprovalRule, Clock, NewAccount, NewToken, Sealing, ServiceAccounts, SystemClock,
    access::{
        Allowlist, RoleName, Teams,
        presets::data_quality::{self, Permission},
    },
    audit::{detect::Settings, seal::SealKey},
    lifecycle::Environment,
    naming::{DisplayName, Realm, TokenName},
    store::{Justification, MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_axum::{
    api, connect_info, not_found,
    tower::{ClientAddress, Gate},
};
use service_accounts_store::conformance::FaultyStore;
use time::Duration;
use tower::ServiceExt;

/// A store that can be made to fail.
pub(crate) type Faulty = Arc<FaultyStore<MemoryStore>>;

pub(crate) type Accounts = ServiceAccounts<Faulty, Permission>;

/// The network that both accounts are bound to.
pub(crate) const HOME: &str = "198.51.100.7";
pub(crate) const ABROAD: &str = "192.0.2.1";

pub(crate) struct World {
    pub(crate) accounts: Accounts,
    pub(crate) store: Faulty,
    pub(crate) admin: String,
    pub(crate) member: String,
    pub(crate) client_secret: String,
    gate: Gate<Permission>,
    /// To make it costs far more than a request.
    api: OnceLock<Router>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at(SystemClock).await
    }

    pub(crate) async fn at(clock: impl Clock) -> Self {
        Self::on(Arc::new(FaultyStore::new(MemoryStore::new())), Realm::default(), clock).await
    }

    /// Another realm on the same store.
    pub(crate) async fn beside(&self, realm: &str) -> Self {
        Self::on(self.store.clone(), Realm::parse(realm).unwrap(), SystemClock).await
    }

    async fn on(store: Faulty, realm: Realm, clock: impl Clock) -> Self {
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
        let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
        let vendor = Vendor::parse("acme").unwrap();
        let accounts = ServiceAccounts::builder(store.clone(), vendor, keyring, catalogue, manage)
            .seal(Sealing::under(seal_key()).closing_at(2, Duration::HOUR))
            .detect(Settings::default())
            .clock(clock)
            .realm(realm)
            .build();
        let host = operator();
        let admin = accounts.acting(&host).create(account("Platform Automation", "Admin")).await.unwrap();
        let member = accounts.acting(&host).create(account("Finance Metrics", "Member")).await.unwrap();
        let text = |minted: Option<service_accounts::MintedToken>| minted.unwrap().secret.expose().to_owned();
        let client_secret = member.client_secret.unwrap().expose().to_owned();
        let gate = Gate::new(accounts.clone()).client_address(ClientAddress::of_peer(connect_info));
        let (admin, member) = (text(admin.first_token), text(member.first_token));
        Self { gate, accounts, store, admin, member, client_secret, api: OnceLock::new() }
    }

    /// The same accounts, where more rights wait for a second administrator.
    pub(crate) fn careful(&self) -> Accounts {
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
        let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
        ServiceAccounts::builder(self.store.clone(), Vendor::parse("acme").unwrap(), keyring, catalogue, manage)
            .approval(ApprovalRule::SecondAdministrator)
            .build()
    }

    pub(crate) fn gate(&self) -> Gate<Permission> {
        self.gate.clone()
    }

    pub(crate) fn api(&self) -> Router {
        self.api.get_or_init(|| api(self.accounts.clone(), self.gate()).fallback(not_found)).clone()
    }
}

/// The key of the seals, which a verifier needs.
pub(crate) fn seal_key() -> SealKey {
    SealKey::new(&[9; 32])
}

pub(crate) fn operator() -> Actor<Permission> {
    Actor::host("ops@example.com")
}

fn account(name: &str, role: &str) -> NewAccount {
    let (purpose, owner) = (Purpose::parse("a test").unwrap(), Owner::parse("data team").unwrap());
    NewAccount {
        role: Some(RoleName::parse(role).unwrap()),
        teams: Teams::every(),
        justification: Some(Justification::parse("runs the platform").unwrap()),
        allowlist: Allowlist::parse_all(["198.51.100.0/24"]).unwrap(),
        first_token: Some(NewToken::new(TokenName::parse("first-token").unwrap())),
        ..NewAccount::new(DisplayName::parse(name).unwrap(), purpose, owner, Environment::production())
    }
}

/// A request from an address, with a credential and a JSON body where there are any.
pub(crate) fn request(
    from: &str,
    token: Option<&str>,
    method: &Method,
    path: &str,
    body: Option<&Value>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = match body {
        Some(json) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(json.to_string())
        }
        None => Body::empty(),
    };
    let mut request = request.body(body).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(from.parse().unwrap(), 4711)));
    request
}

/// Status, headers and body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The code of a problem, after a look at what makes it one.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header(header::CONTENT_TYPE), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        problem["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = Response::into_parts(router.clone().oneshot(request).await.unwrap());
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}
