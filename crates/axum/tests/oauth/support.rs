//! An authorization server with an administrator and two clients.

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use service_accounts::{
    Actor, NewAccount, NewToken, ServiceAccounts,
    access::{
        RoleName, Teams,
        presets::data_quality::{self, Permission},
    },
    lifecycle::Environment,
    naming::{AccountId, DisplayName, TokenName},
    store::{Justification, LastUsed, MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_axum::{OAuthServer, oauth::Issuer, oauth_router, tower::Gate};
use service_accounts_store::conformance::FaultyStore;
use std::sync::Arc;
use tower::ServiceExt;

/// A store that can be made to fail.
pub(crate) type Faulty = Arc<FaultyStore<MemoryStore>>;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) struct World {
    pub(crate) accounts: ServiceAccounts<Faulty, Permission>,
    pub(crate) store: Faulty,
    pub(crate) router: Router,
    pub(crate) admin: Client,
    pub(crate) loader: Client,
    pub(crate) other: Client,
}

/// An account with what it authenticates with.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        let store = Arc::new(FaultyStore::new(MemoryStore::new()));
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
        let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
        let vendor = Vendor::parse("acme").unwrap();
        let accounts = ServiceAccounts::builder(store.clone(), vendor, keyring, catalogue, manage).build();
        let server = OAuthServer::new(Issuer::parse("https://auth.example.com").unwrap());
        let router = oauth_router(accounts.clone(), Gate::new(accounts.clone()), server);
        let admin = client(&accounts, "Platform Automation", "Admin").await;
        let loader = client(&accounts, "Nightly Load", "Editor").await;
        let other = client(&accounts, "Finance Metrics", "Member").await;
        Self { accounts, store, router, admin, loader, other }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
        Answer { status: head.status, headers: head.headers, text }
    }

    /// A form, from whoever the `Authorization` names.
    pub(crate) async fn post(&self, path: &str, authorization: Option<&str>, body: &str) -> Answer {
        self.send(request(path, FORM, authorization, body)).await
    }

    pub(crate) async fn post_json(&self, path: &str, authorization: Option<&str>, body: &str) -> Answer {
        self.send(request(path, "application/json", authorization, body)).await
    }

    /// A session of a client, with all that it has.
    pub(crate) async fn session(&self, client: &Client) -> String {
        let answer = self.post("/oauth2/token", Some(&client.basic()), "grant_type=client_credentials").await;
        answer.json()["access_token"].as_str().unwrap().into()
    }

    pub(crate) async fn disable(&self, client: &Client) {
        let id = AccountId::parse(&client.id).unwrap();
        self.accounts.acting(&Actor::host("ops@example.com")).account(&id).disable().await.unwrap();
    }

    pub(crate) async fn enable(&self, client: &Client) {
        let id = AccountId::parse(&client.id).unwrap();
        self.accounts.acting(&Actor::host("ops@example.com")).account(&id).enable().await.unwrap();
    }

    /// When the client's token was last used, as the store knows once all that waits is written.
    pub(crate) async fn last_used(&self, client: &Client) -> Option<LastUsed> {
        self.accounts.flush().await.unwrap();
        let id = AccountId::parse(&client.id).unwrap();
        let page = self.accounts.acting(&Actor::host("ops@example.com")).account(&id).tokens(None, 50).await.unwrap();
        page.items.first().unwrap().last_used
    }

    /// Whether a bearer is let in.
    pub(crate) async fn works(&self, bearer: &str) -> bool {
        self.accounts.authenticate(bearer, None).await.is_ok()
    }
}

impl Client {
    pub(crate) fn basic(&self) -> String {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        basic(&format!("{}:{}", encode(&self.id), encode(&self.secret)))
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Status and `error`.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap_or_default().into())
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.into())
}

pub(crate) fn basic(joined: &str) -> String {
    use base64ct::{Base64, Encoding};
    format!("Basic {}", Base64::encode_string(joined.as_bytes()))
}

pub(crate) fn request(path: &str, content_type: &str, authorization: Option<&str>, body: &str) -> Request<Body> {
    let builder = Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, content_type);
    let builder =
        authorization.into_iter().fold(builder, |builder, value| builder.header(header::AUTHORIZATION, value));
    builder.body(Body::from(body.to_owned())).unwrap()
}

async fn client(accounts: &ServiceAccounts<Faulty, Permission>, name: &str, role: &str) -> Client {
    let (purpose, owner) = (Purpose::parse("a test").unwrap(), Owner::parse("data team").unwrap());
    let account = NewAccount {
        role: Some(RoleName::parse(role).unwrap()),
        teams: Teams::every(),
        justification: Some(Justification::parse("runs the platform").unwrap()),
        first_token: Some(NewToken::new(TokenName::parse("first").unwrap())),
        ..NewAccount::new(DisplayName::parse(name).unwrap(), purpose, owner, Environment::production())
    };
    let host = Actor::host("ops@example.com");
    let created = accounts.acting(&host).create(account).await.unwrap();
    Client {
        id: created.account.id.to_string(),
        secret: created.client_secret.unwrap().expose().into(),
        token: created.first_token.unwrap().secret.expose().into(),
    }
}
