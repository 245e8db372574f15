//! What is told to whoever is not let in.

use std::{thread, time::Duration};

use serde_json::json;

use crate::{
    client::{Answer, in_seconds},
    home::{Home, Service},
};

const BARE: &str = "Bearer realm=\"service-accounts\"";

/// A well-formed token that this service has never seen.
fn unknown_token() -> String {
    with_checksum(&format!("sample_sat_{}", "0".repeat(54)))
}

/// The same id with another secret.
fn wrong_secret(token: &str) -> String {
    let covered = &token[..token.len() - 6];
    let last = if covered.ends_with('0') { '1' } else { '0' };
    with_checksum(&format!("{}{last}", &covered[..covered.len() - 1]))
}

/// Six base62 digits of the CRC-32 of all before them, computed here anew so that the format is held from outside.
fn with_checksum(covered: &str) -> String {
    let mut crc = covered.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    }) ^ u32::MAX;
    let symbols: Vec<char> = ('0'..='9').chain('A'..='Z').chain('a'..='z').collect();
    let mut digits = [' '; 6];
    for digit in digits.iter_mut().rev() {
        *digit = symbols[usize::try_from(crc % 62).unwrap()];
        crc /= 62;
    }
    covered.chars().chain(digits).collect()
}

fn refused(service: &Service, token: &str) -> Answer {
    service.with(token).get("/datastores").without_date()
}

#[test]
fn every_refused_credential_gets_the_same_bytes() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Pipeline Automation", json!({}));
    let one = "/api/v1/service-accounts/pipeline_automation@service";
    let token = account["first_token"]["token"].as_str().unwrap();
    let secret = account["client_secret"].as_str().unwrap();

    let unknown = refused(&service, &unknown_token());
    assert_eq!((unknown.status, unknown.code().as_str()), (401, "INVALID_TOKEN"));
    assert_eq!(unknown.header("www-authenticate"), Some(format!("{BARE}, error=\"invalid_token\"").as_str()));
    assert_eq!(refused(&service, &wrong_secret(token)), unknown, "wrong secret");
    assert_eq!(refused(&service, &token[1..]), unknown, "no token at all");
    assert_eq!(refused(&service, secret), unknown, "of another kind");

    let credentials = json!({"client_id": account["client_id"], "client_secret": secret, "expires_in": 1});
    let session = service.without_credential().post("/api/v1/service-account/auth", &credentials).json();
    thread::sleep(Duration::from_millis(2100));
    assert_eq!(refused(&service, session["token"].as_str().unwrap()), unknown, "expired");

    for (change, why) in [
        (json!({"ip_allowlist": ["192.0.2.0/24"]}), "wrong network"),
        (json!({"expires_at": in_seconds(3), "ip_allowlist": []}), "account expired"),
    ] {
        assert_eq!(service.with(&admin).patch(one, &change).status, 200);
        thread::sleep(Duration::from_millis(if change["expires_at"].is_null() { 0 } else { 3_100 }));
        assert_eq!(refused(&service, token), unknown, "{why}");
    }
    service.with(&admin).patch(one, &json!({"expires_at": null}));
    service.with(&admin).ask(&format!("{one}/disable"));
    assert_eq!(refused(&service, token), unknown, "disabled");
    service.with(&admin).ask(&format!("{one}/enable"));
    assert_eq!(service.with(token).get("/datastores").status, 200, "or else the rows above prove nothing");
    let id = account["first_token"]["id"].as_str().unwrap();
    service.with(&admin).ask(&format!("{one}/tokens/{id}/revoke"));
    assert_eq!(refused(&service, token), unknown, "revoked");
    service.with(&admin).delete(&format!("{one}/tokens/{id}"));
    assert_eq!(refused(&service, token), unknown, "deleted");
}

#[test]
fn each_case_has_its_status_its_code_and_its_challenge() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Pipeline Automation", json!({}));
    let member = account["first_token"]["token"].as_str().unwrap();
    let nobody = service.without_credential();
    let doubled = format!("authorization: Bearer {member}\r\nauthorization: Bearer {member}\r\n");
    let invalid = format!("{BARE}, error=\"invalid_request\"");
    for (answer, status, code, challenge) in [
        (nobody.get("/datastores"), 401, "UNAUTHENTICATED", BARE.to_owned()),
        (nobody.raw("GET", "/datastores", "authorization: Basic YTpi\r\n", b""), 401, "UNAUTHENTICATED", BARE.into()),
        (nobody.raw("GET", "/datastores", "authorization: garbage\r\n", b""), 400, "INVALID_REQUEST", invalid.clone()),
        (nobody.raw("GET", "/datastores", "authorization: Bearer\r\n", b""), 400, "INVALID_REQUEST", invalid.clone()),
        (nobody.raw("GET", "/datastores", &doubled, b""), 400, "INVALID_REQUEST", invalid.clone()),
        (
            service.with(member).post("/datastores", &json!({"name": "lake"})),
            403,
            "INSUFFICIENT_SCOPE",
            format!("{BARE}, error=\"insufficient_scope\", scope=\"resources:write\""),
        ),
        (
            service.with(member).get("/api/v1/audit"),
            403,
            "INSUFFICIENT_SCOPE",
            format!("{BARE}, error=\"insufficient_scope\", scope=\"service-accounts:manage\""),
        ),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{answer:?}");
        assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn the_scheme_may_be_spelt_in_any_case() {
    let (_home, service, admin) = Home::first_start();
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "] {
        let header = format!("authorization: {scheme} {admin}\r\n");
        assert_eq!(service.without_credential().raw("GET", "/datastores", &header, b"").status, 200, "{scheme}");
    }
}

#[test]
fn whoever_shows_no_credential_learns_nothing_about_a_guarded_route() {
    let (_home, service, _) = Home::first_start();
    let nobody = service.without_credential();
    for (method, path, body) in [
        ("GET", "/api/v1/service-accounts/nobody@service", None),
        ("GET", "/api/v1/service-accounts/%FF", None),
        ("POST", "/api/v1/service-accounts", Some(json!({"nonsense": true}))),
        ("GET", "/api/v1/service-accounts?limit=nonsense", None),
        ("PUT", "/api/v1/service-accounts", None),
        ("OPTIONS", "/api/v1/service-accounts", None),
        ("DELETE", "/api/v1/audit", None),
        ("HEAD", "/datastores", None),
        ("PUT", "/datastores", None),
        ("OPTIONS", "/datastores", None),
        ("TRACE", "/datastores", None),
    ] {
        assert_eq!(nobody.send(method, path, body.as_ref()).status, 401, "{method} {path}");
    }
}
