//! Whatever is sent in a body: a problem with a stable code, nothing changed, and the service goes on.

use serde_json::{Value, json};

use crate::bad_input::{ACCOUNTS, everything, started};

const JSON: &str = "content-type: application/json\r\n";
const LIMIT: usize = 64 * 1024;

fn valid() -> Value {
    json!({"name": "Pipeline Automation", "purpose": "p", "owner": "o", "environment": "production"})
}

/// The valid body with one field set to another value.
fn with(field: &str, value: Value) -> Value {
    let mut body = valid();
    body[field] = value;
    body
}

#[test]
fn a_body_that_does_not_fit_is_refused_and_its_field_named() {
    let (_home, mut service, admin) = started();
    let before = everything(&service, &admin);
    for (body, field) in [
        (with("surprise", json!(1)), "surprise"),
        (with("name", json!(7)), "name"),
        (with("name", json!("")), "name"),
        (with("name", json!("!!!")), "name"),
        (with("name", json!("root")), "name"),
        (with("name", json!("a\u{0}b")), "name"),
        (with("name", json!("x".repeat(5000))), "name"),
        (with("purpose", json!(null)), "purpose"),
        (with("purpose", json!(" ")), "purpose"),
        (with("owner", json!(["o"])), "owner"),
        (with("environment", json!("Not An Environment")), "environment"),
        (with("role", json!("Emperor")), "role"),
        (with("role", json!("member")), "role"),
        (with("role", json!("Editor")), "justification"),
        (with("scopes", json!("everything")), "scopes"),
        (with("scopes", json!(null)), "scopes"),
        (with("scopes", json!(["no-such-scope"])), "scopes"),
        (with("scopes", json!([7])), "scopes[0]"),
        (with("teams", json!(7)), "teams"),
        (with("ip_allowlist", json!(["010.0.0.0/8"])), "ip_allowlist"),
        (with("ip_allowlist", json!(["::ffff:10.0.0.0/8"])), "ip_allowlist"),
        (with("ip_allowlist", json!("10.0.0.0/8")), "ip_allowlist"),
        (with("expires_at", json!("tomorrow")), "expires_at"),
        (with("expires_at", json!(1_900_000_000)), "expires_at"),
        (with("expires_at", json!("9999-12-31T23:59:59-01:00")), "expires_at"),
        (with("expires_at", json!("0000-01-01T00:00:00+01:00")), "expires_at"),
        (with("systems", json!([""])), "systems[0]"),
        (with("first_token", json!({})), "first_token"),
        (with("first_token", json!({"name": "UPPER"})), "first_token.name"),
        (with("first_token", json!({"name": "t", "expires_in_days": 0})), "expires_in_days"),
        (with("first_token", json!({"name": "t", "expires_in_days": 366})), "expires_in_days"),
        (with("first_token", json!({"name": "t", "expires_in_days": u32::MAX})), "expires_in_days"),
        (with("first_token", json!({"name": "t", "expires_in_days": -1})), "first_token.expires_in_days"),
        (with("first_token", json!({"name": "t", "expires_in_days": 1e300})), "first_token.expires_in_days"),
        (with("first_token", json!({"name": "t", "surprise": 1})), "first_token.surprise"),
        (json!({"name": "Pipeline Automation"}), "purpose"),
        (json!({}), "name"),
        (json!([]), ""),
        (json!("text"), ""),
        (json!(null), ""),
    ] {
        let answer = service.with(&admin).post(ACCOUNTS, &body);
        assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"), "{field}: {}", answer.text());
        assert!(answer.json()["detail"].as_str().unwrap().contains(field), "{field}: {}", answer.text());
    }
    assert_eq!(everything(&service, &admin), before);
    assert!(service.is_running());
}

#[test]
fn what_is_no_json_is_refused() {
    let (_home, mut service, admin) = started();
    let before = everything(&service, &admin);
    let deep = "[".repeat(60_000);
    let sent = valid().to_string();
    let cases: [(&[u8], &str); 10] = [
        (b"", "MALFORMED_JSON"),
        (b"{", "MALFORMED_JSON"),
        (b"{\"name\": }", "MALFORMED_JSON"),
        (b"nonsense", "MALFORMED_JSON"),
        (b"\xff\xfe", "MALFORMED_JSON"),
        (b"{\"name\": \"\xff\"}", "MALFORMED_JSON"),
        (b"{\"name\": \"\\ud800\"}", "MALFORMED_JSON"),
        (b"{\"name\": \"a\", \"name\": \"b\"}", "VALIDATION_ERROR"),
        (deep.as_bytes(), "MALFORMED_JSON"),
        (&sent.as_bytes()[..sent.len() - 1], "MALFORMED_JSON"),
    ];
    for (body, code) in cases {
        let headers = format!("{JSON}content-length: {}\r\n", body.len());
        let answer = service.with(&admin).raw("POST", ACCOUNTS, &headers, body);
        assert_eq!(answer.code(), code, "{:?}", String::from_utf8_lossy(&body[..body.len().min(40)]));
    }
    let twice = format!("{sent}{sent}");
    let headers = format!("{JSON}content-length: {}\r\n", twice.len());
    assert_eq!(service.with(&admin).raw("POST", ACCOUNTS, &headers, twice.as_bytes()).code(), "MALFORMED_JSON");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "\u{e9}"] {
        let headers = format!("content-type: {kind}\r\ncontent-length: {}\r\n", sent.len());
        let answer = service.with(&admin).raw("POST", ACCOUNTS, &headers, sent.as_bytes());
        assert_eq!((answer.status, answer.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{kind}");
    }
    assert_eq!(everything(&service, &admin), before);
    assert!(service.is_running());
}

/// A body of exactly this many bytes that is valid but for its size.
fn padded(length: usize) -> String {
    let body = json!({"name": "lake"}).to_string();
    format!("{body}{}", " ".repeat(length - body.len()))
}

#[test]
fn a_body_may_have_64_kib_and_not_one_byte_more() {
    let (_home, mut service, admin) = started();
    for (length, status) in [(LIMIT - 1, 201), (LIMIT, 201), (LIMIT + 1, 413)] {
        let body = padded(length);
        let declared = format!("{JSON}content-length: {length}\r\n");
        let answer = service.with(&admin).raw("POST", "/datastores", &declared, body.as_bytes());
        assert_eq!(answer.status, status, "{length} declared");
        let chunks = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
        let chunked = format!("{JSON}transfer-encoding: chunked\r\n");
        let answer = service.with(&admin).raw("POST", "/datastores", &chunked, chunks.as_bytes());
        assert_eq!(answer.status, status, "{length} in chunks");
        if status == 413 {
            assert_eq!(answer.code(), "BODY_TOO_LARGE");
        }
    }
    let announced = format!("{JSON}content-length: {}\r\n", u64::MAX / 2);
    let answer = service.with(&admin).raw("POST", "/datastores", &announced, b"");
    assert_eq!(answer.code(), "BODY_TOO_LARGE", "what is announced too large is not waited for");
    assert!(service.is_running());
}

#[test]
fn the_sample_resource_is_as_strict_as_the_endpoints() {
    let (_home, service, admin) = started();
    for body in [
        json!({}),
        json!({"name": ""}),
        json!({"name": " "}),
        json!({"name": "a\nb"}),
        json!({"name": "x".repeat(101)}),
        json!({"name": "a", "b": 1}),
    ] {
        let answer = service.with(&admin).post("/datastores", &body);
        assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"), "{body}");
    }
    assert_eq!(service.with(&admin).get("/datastores").json().as_array().unwrap().len(), 1);
    assert_eq!(service.with(&admin).post("/datastores", &json!({"name": "lake"})).status, 201);
}
