//! A stack with another `http`: `cargo run --manifest-path examples/actix/Cargo.toml`.
//!
//! The layer cannot stand in front of actix-web, whose requests are of another type. `caller` does what it does, in ten
//! lines; the rest is a test of it.

use std::error::Error;

use actix_web::{App, HttpRequest, HttpResponse, http::StatusCode, http::header::AUTHORIZATION, test, web};
use service_accounts::{
    Actor, NewAccount, NewToken, Principal, Randomness, ServiceAccounts, SystemRandomness,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_tower::{BearerError, Disclose, Problem, parse_bearer};

type Accounts = ServiceAccounts<MemoryStore, Permission>;

const REALM: &str = "acme";

/// Who sent a request.
async fn caller(request: &HttpRequest, accounts: &Accounts) -> Result<Principal<Permission>, Problem> {
    let mut values = request.headers().get_all(AUTHORIZATION);
    let token = match (values.next(), values.next()) {
        (None, _) => Err(BearerError::Missing),
        (Some(_), Some(_)) => Err(BearerError::Doubled),
        (Some(value), None) => value.to_str().map_err(|_| BearerError::Malformed).and_then(parse_bearer),
    };
    let token = token.map_err(|error| Problem::of_bearer(error, REALM))?;
    let judged = accounts.authenticate(token, request.peer_addr().map(|peer| peer.ip())).await;
    judged.map_err(|error| Problem::of_authentication(&error, REALM, Disclose::Nothing))
}

fn refused(problem: &Problem) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type("application/problem+json").insert_header(("cache-control", "no-store"));
    if let Some(challenge) = problem.challenge() {
        response.insert_header(("www-authenticate", challenge));
    }
    if let Some(seconds) = problem.retry_after() {
        response.insert_header(("retry-after", seconds.to_string()));
    }
    response.body(problem.to_json())
}

async fn whoami(request: HttpRequest, accounts: web::Data<Accounts>) -> HttpResponse {
    match caller(&request, &accounts).await {
        Ok(principal) => HttpResponse::Ok().body(principal.id().to_string()),
        Err(problem) => refused(&problem),
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let accounts = accounts()?;
    let token = first_token(&accounts).await?;
    let app = App::new().app_data(web::Data::new(accounts)).route("/whoami", web::get().to(whoami));
    let app = test::init_service(app).await;
    for (credential, status) in
        [(Some(format!("Bearer {token}")), 200), (Some("Bearer nonsense".into()), 401), (None, 401)]
    {
        let mut request = test::TestRequest::get().uri("/whoami");
        if let Some(credential) = credential {
            request = request.insert_header((AUTHORIZATION, credential));
        }
        let response = test::call_service(&app, request.to_request()).await;
        println!("{}", response.status());
        if response.status().as_u16() != status {
            return Err(format!("expected {status}").into());
        }
    }
    Ok(())
}

fn accounts() -> Result<Accounts, Box<dyn Error>> {
    let mut key = [0; 32];
    SystemRandomness.fill(&mut key)?;
    let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes(key));
    let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
    Ok(ServiceAccounts::builder(MemoryStore::new(), Vendor::parse("acme")?, keyring, catalogue, manage).build())
}

async fn first_token(accounts: &Accounts) -> Result<String, Box<dyn Error>> {
    let name = DisplayName::parse("Finance Metrics")?;
    let (purpose, owner) = (Purpose::parse("feeds the dashboard")?, Owner::parse("finance")?);
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("dashboard-2026")?)),
        ..NewAccount::new(name, purpose, owner, Environment::production())
    };
    let created = accounts.acting(&Actor::host("ops@example.com")).create(wanted).await?;
    Ok(created.first_token.ok_or("no token was minted")?.secret.expose().into())
}
