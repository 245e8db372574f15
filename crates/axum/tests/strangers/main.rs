//! Requests of strangers with headers and bodies of any shape; alone in its process, so that only their memory is counted.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{alloc::System, net::SocketAddr};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderValue, Request, header};
use proptest::{prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use service_accounts::{
    ServiceAccounts,
    access::{
        Allowlist,
        presets::data_quality::{self, Permission},
    },
    store::MemoryStore,
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_axum::{
    OAuthServer, api_with_oauth, connect_info,
    oauth::Issuer,
    tower::{ClientAddress, Gate},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tower::ServiceExt;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How many requests, if `REQUESTS` does not say so.
const FEW: usize = 5_000;

/// What the first half of the requests may leave in memory: the bounded record of strangers, and buffers that grow once.
const FILLED: usize = 1 << 20;

/// What the second half may add.
const GROWTH: usize = 64 << 10;

const PATHS: [&str; 9] = [
    "GET /api/v1/service-account/auth/verify",
    "POST /api/v1/service-account/auth",
    "POST /api/v1/service-accounts",
    "GET /api/v1/reviews/service:0",
    "POST /api/v1/imports",
    "POST /oauth2/token",
    "POST /oauth2/introspect",
    "POST /oauth2/revoke",
    "POST /oauth2/register",
];

const HEADERS: [&str; 10] = [
    "authorization",
    "forwarded",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "accept",
    "idempotency-key",
    "host",
    "origin",
];

/// What a header begins with, so that not every value fails at its first byte.
const VALUES: [&str; 14] = [
    "",
    "Bearer ",
    "Bearer acme_sat_0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab",
    "bearer\t",
    "Basic ",
    "Basic YTpi",
    "Basic YSUwMDpiJTI1",
    "for=",
    "for=\"[2001:db8::1]:80\", for=10.0.0.2;by=_x, for=",
    "application/json",
    "application/x-www-form-urlencoded",
    "text/csv; charset=",
    "*/*;q=0.",
    "gzip",
];

const BODIES: [&str; 8] = [
    "",
    "{\"client_id\":\"a\",\"client_secret\":",
    "{\"client_name\":\"a\"}",
    "[\"a\",\"b\"]",
    "grant_type=client_credentials&client_id=a&client_secret=b",
    "token=a&token=%61&to%6ben=b",
    "user,display_name,email,title,role,password\n",
    "{\"name\":\"\\ud800\"",
];

fn api() -> Router {
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
    let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
    let vendor = Vendor::parse("acme").unwrap();
    let accounts = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, manage).build();
    let proxies = Allowlist::parse_all(["10.0.0.0/8"]).unwrap();
    let address = ClientAddress::of_peer(connect_info).behind(proxies, header::FORWARDED);
    let gate = Gate::new(accounts.clone()).client_address(address);
    api_with_oauth(accounts, gate, OAuthServer::new(Issuer::parse("https://auth.example.com").unwrap()))
}

prop_compose! {
    fn header()(name in select(&HEADERS[..]), start in select(&VALUES[..]), rest in "[ -~\t\u{80}-\u{ff}]{0,24}") -> (&'static str, String) {
        (name, format!("{start}{rest}"))
    }
}

prop_compose! {
    fn request()(
        call in select(&PATHS[..]),
        query in "(\\?(limit|confirm|access_token|%[0-9a-f]{2}|[a-z]{0,6})=[!-~]{0,8}){0,1}",
        headers in prop::collection::vec(header(), 0..6),
        start in select(&BODIES[..]),
        rest in prop::collection::vec(any::<u8>(), 0..24),
    ) -> Option<Request<Body>> {
        let (method, path) = call.split_once(' ')?;
        let mut request = Request::builder().method(method).uri(format!("{path}{query}"));
        for (name, value) in headers {
            // One byte for each character, as it comes off the wire.
            let bytes: Vec<_> = value.chars().filter_map(|each| u8::try_from(u32::from(each)).ok()).collect();
            request = request.header(name, HeaderValue::from_bytes(&bytes).ok()?);
        }
        let peer = ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4711)));
        request.extension(peer).body(Body::from([start.as_bytes(), &rest].concat())).ok()
    }
}

/// Bytes in use beyond those at the start of the region.
fn in_use(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.bytes_allocated.saturating_sub(change.bytes_deallocated)
}

/// Issue 14: no 5xx, and memory that does not follow the number of requests.
#[tokio::test]
async fn strangers_get_refusals_and_leave_nothing_behind() {
    let count = std::env::var("REQUESTS").map_or(FEW, |count| count.parse().unwrap());
    let (router, mut runner) = (api(), TestRunner::deterministic());
    let requests = request();
    let region = Region::new(COUNTED);
    let (mut sent, mut after_half) = (0, 0);
    while sent < count {
        let Some(request) = requests.new_tree(&mut runner).unwrap().current() else { continue };
        let shown = format!("{request:?}");
        let answer = router.clone().oneshot(request).await.unwrap();
        assert!(answer.status().is_client_error(), "{} for {shown}", answer.status());
        sent += 1;
        if sent == count / 2 {
            after_half = in_use(&region);
        }
    }
    let after_all = in_use(&region);
    assert!(after_half <= FILLED, "{after_half} bytes after {} requests", count / 2);
    assert!(after_all <= after_half + GROWTH, "{after_half} bytes became {after_all}");
}
