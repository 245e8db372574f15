//! The gate's outcomes and the changes of accounts as Prometheus text: `cargo run --example metrics`.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::State, routing::get};
use http::{Request, header::AUTHORIZATION};
use service_accounts::{
    Actor, ChangeObserver, NewAccount, NewToken, ServiceAccounts,
    access::presets::data_quality::{self, Permission, permission},
    audit::Event,
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_axum::{
    GuardedRouter, Require,
    tower::{Gate, Observer, Outcome},
};
use tower::ServiceExt;

/// How often each outcome was met, how long requests waited at the gate, and what was changed.
#[derive(Clone)]
struct Metrics(Arc<Counters>);

struct Counters {
    start: Instant,
    requests: [AtomicU64; 4],
    nanoseconds: AtomicU64,
    changes: Mutex<BTreeMap<&'static str, u64>>,
}

const OUTCOMES: [Outcome; 4] = [Outcome::Admitted, Outcome::Refused(""), Outcome::Forbidden, Outcome::Unavailable];

impl Observer for Metrics {
    fn now(&self) -> Duration {
        self.0.start.elapsed()
    }

    fn observe(&self, outcome: Outcome, took: Duration) {
        for (known, count) in OUTCOMES.iter().zip(&self.0.requests) {
            if known.as_str() == outcome.as_str() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.0.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl ChangeObserver for Metrics {
    fn changed(&self, event: &Event) {
        let mut changes = self.0.changes.lock().unwrap_or_else(PoisonError::into_inner);
        *changes.entry(event.action().as_str()).or_default() += 1;
    }
}

impl Metrics {
    fn text(&self) -> String {
        let mut text = String::from("# TYPE service_account_requests_total counter\n");
        for (outcome, count) in OUTCOMES.iter().zip(&self.0.requests) {
            let (outcome, count) = (outcome.as_str(), count.load(Ordering::Relaxed));
            text.push_str(&format!("service_account_requests_total{{outcome=\"{outcome}\"}} {count}\n"));
        }
        let seconds = Duration::from_nanos(self.0.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        text.push_str("# TYPE service_account_wait_seconds_total counter\n");
        text.push_str(&format!("service_account_wait_seconds_total {seconds}\n"));
        text.push_str("# TYPE service_account_changes_total counter\n");
        for (action, count) in &*self.0.changes.lock().unwrap_or_else(PoisonError::into_inner) {
            text.push_str(&format!("service_account_changes_total{{action=\"{action}\"}} {count}\n"));
        }
        text
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let metrics = Metrics(Arc::new(Counters {
        start: Instant::now(),
        requests: Default::default(),
        nanoseconds: AtomicU64::new(0),
        changes: Mutex::default(),
    }));
    let (accounts, token) = accounts(metrics.clone()).await?;
    let gate = Gate::new(accounts).observer(metrics.clone());
    let guarded = GuardedRouter::new(gate.clone()).get("/datastores", datastores).post("/datastores", create);
    let open = Router::new().route("/metrics", get(|State(metrics): State<Metrics>| async move { metrics.text() }));
    let app = guarded.with_state(gate).merge(open.with_state(metrics.clone()));

    for (method, token) in
        [("GET", Some(token.as_str())), ("POST", Some(&token)), ("GET", Some("nonsense")), ("GET", None)]
    {
        let mut request = Request::builder().method(method).uri("/datastores");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        app.clone().oneshot(request.body(Body::empty())?).await?;
    }
    let scraped = app.oneshot(Request::get("/metrics").body(Body::empty())?).await?;
    let text = String::from_utf8(axum::body::to_bytes(scraped.into_body(), 10_000).await?.to_vec())?;
    print!("{text}");
    let expected = ["admitted\"} 2", "refused\"} 2", "forbidden\"} 1", "unavailable\"} 0", "account.created\"} 1"];
    if expected.iter().all(|line| text.contains(line)) { Ok(()) } else { Err("the counts are wrong".into()) }
}

async fn datastores(_: Require<permission::DatastoresView>) -> &'static str {
    "[]"
}

async fn create(_: Require<permission::ResourcesWrite>) {}

async fn accounts(metrics: Metrics) -> Result<(ServiceAccounts<MemoryStore, Permission>, String), Box<dyn Error>> {
    let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes([7; 32])); // yours: 32 random bytes
    let (vendor, catalogue) = (Vendor::parse("acme")?, data_quality::catalogue());
    let manage = Permission::ServiceAccountsManage;
    let builder = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, manage);
    let accounts = builder.observe(metrics).build();
    let (name, purpose) = (DisplayName::parse("Finance Metrics")?, Purpose::parse("feeds the dashboard")?);
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("dashboard-2026")?)),
        ..NewAccount::new(name, purpose, Owner::parse("finance")?, Environment::production())
    };
    let created = accounts.acting(&Actor::host("ops@example.com")).create(wanted).await?;
    let token = created.first_token.ok_or("no token was minted")?.secret.expose().to_owned();
    Ok((accounts, token))
}
