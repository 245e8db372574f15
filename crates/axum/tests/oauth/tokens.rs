//! RFC 6749 §4.4 and §5.

use axum::body::Body;
use http::{Request, header};
use service_accounts_store::conformance::{Fault, When};

use crate::support::{FORM, World, basic, refused, request};

const GRANT: &str = "grant_type=client_credentials";

#[tokio::test]
async fn client_credentials_become_a_session_and_nothing_else() {
    let world = World::new().await;
    let answer = world.post("/oauth2/token", Some(&world.loader.basic()), GRANT).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!((answer.header(header::CACHE_CONTROL), answer.header(header::PRAGMA)), ("no-store", "no-cache"));
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    let body = answer.json();
    let mut fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!((body["token_type"].as_str(), body["expires_in"].as_u64()), (Some("Bearer"), Some(86_400)));
    assert_eq!(body["scope"], "datastores:view resources:write results:read");
    assert!(world.works(body["access_token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn id_and_secret_may_come_in_the_body() {
    let world = World::new().await;
    let body = format!("{GRANT}&client_id={}&client_secret={}", world.loader.id, world.loader.secret);
    assert_eq!(world.post("/oauth2/token", None, &body).await.status, 200);
    let both = world.post("/oauth2/token", Some(&world.loader.basic()), &body).await;
    assert_eq!(both.refusal(), refused(400, "invalid_request"));
}

// example-oauth2-server#52: a scope was answered that the account does not hold.
#[tokio::test]
async fn a_session_has_the_scopes_that_were_asked_for_or_is_refused() {
    let world = World::new().await;
    let basic = world.loader.basic();
    let asked = |scope: &str| format!("{GRANT}&scope={scope}");
    let answer = world.post("/oauth2/token", Some(&basic), &asked("results%3Aread+datastores:view")).await;
    assert_eq!(answer.json()["scope"], "datastores:view results:read");
    for scope in ["service-accounts:manage", "nothing:known", "results:read+nothing", "Ä", "%22"] {
        let answer = world.post("/oauth2/token", Some(&basic), &asked(scope)).await;
        assert_eq!(answer.refusal(), refused(400, "invalid_scope"), "{scope}");
    }
}

// Row 108: `"scope": null` opened a full session; `pr\xffoduction` was accepted.
#[tokio::test]
async fn a_forgotten_or_garbled_scope_opens_nothing() {
    let world = World::new().await;
    for scope in ["scope", "scope=", "scope=+", "scope=%20", "scope=results:read%ff", "scope=null"] {
        let answer = world.post("/oauth2/token", Some(&world.loader.basic()), &format!("{GRANT}&{scope}")).await;
        assert_eq!(answer.status, 400, "{scope}: {answer:?}");
    }
}

#[tokio::test]
async fn an_unknown_client_and_a_wrong_secret_are_one_answer() {
    let world = World::new().await;
    let mut answers = Vec::new();
    for joined in [
        format!("{}:{}", world.loader.id, world.other.secret),
        format!("{}:wrong", world.loader.id),
        format!("nobody%40service:{}", world.loader.secret),
        format!("{}:{}", world.loader.id, world.loader.token),
        "garbage".to_owned(),
    ] {
        let answer = world.post("/oauth2/token", Some(&basic(&joined)), GRANT).await;
        assert_eq!(answer.refusal(), refused(401, "invalid_client"), "{joined}");
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Basic realm=\"service-accounts\", charset=\"UTF-8\"");
        answers.push(answer.text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

#[tokio::test]
async fn a_disabled_account_learns_why_only_with_its_secret() {
    let world = World::new().await;
    world.disable(&world.loader).await;
    let told = world.post("/oauth2/token", Some(&world.loader.basic()), GRANT).await;
    assert_eq!(told.refusal(), refused(401, "invalid_client"));
    assert_eq!(told.json()["error_description"], "the service account is disabled or waits for approval");
    let guess = basic(&format!("{}:wrong", world.loader.id));
    let untold = world.post("/oauth2/token", Some(&guess), GRANT).await;
    assert_eq!(untold.json()["error_description"], "client authentication failed");
}

#[tokio::test]
async fn other_grants_are_named_as_not_supported() {
    let world = World::new().await;
    for (body, code) in [
        ("grant_type=password&username=a&password=b", "unsupported_grant_type"),
        ("grant_type=refresh_token", "unsupported_grant_type"),
        ("grant_type=", "invalid_request"),
        ("", "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&scope=a&sc%6Fpe=b", "invalid_request"),
    ] {
        let answer = world.post("/oauth2/token", Some(&world.loader.basic()), body).await;
        assert_eq!(answer.refusal(), refused(400, code), "{body}");
    }
}

// Grav CVE-2026-62386, Argo CVE-2023-25163: a token in the URL, a secret in errors. navidrome#6013: names as written.
#[tokio::test]
async fn a_secret_in_the_url_is_refused_and_not_repeated() {
    let world = World::new().await;
    for query in ["client_secret=hush", "client%5Fsecret=hush", "ACCESS_TOKEN=hush", "a=b&token=hush"] {
        let path = format!("/oauth2/token?{query}");
        let answer = world.post(&path, Some(&world.loader.basic()), GRANT).await;
        assert_eq!(answer.refusal(), refused(400, "invalid_request"), "{query}");
        assert!(!answer.text.contains("hush"));
    }
    assert_eq!(world.post("/oauth2/token?x=1", Some(&world.loader.basic()), GRANT).await.status, 200);
}

// headers#141, owncast#3376: case and spaces of the scheme; two headers.
#[tokio::test]
async fn the_scheme_has_any_case_and_two_headers_are_400() {
    let world = World::new().await;
    let header = world.loader.basic();
    for scheme in ["basic ", "BASIC ", "Basic   "] {
        let header = header.replacen("Basic ", scheme, 1);
        assert_eq!(world.post("/oauth2/token", Some(&header), GRANT).await.status, 200, "{scheme}");
    }
    let mut doubled = request("/oauth2/token", FORM, Some(&header), GRANT);
    doubled.headers_mut().append(header::AUTHORIZATION, header.parse().unwrap());
    assert_eq!(world.send(doubled).await.refusal(), refused(400, "invalid_request"));
}

// `charset=utf-16`, a second Content-Type, `Content-Encoding: gzip`, none at all were accepted.
#[tokio::test]
async fn only_a_form_is_read_as_a_form() {
    let world = World::new().await;
    let basic = world.loader.basic();
    let send = async |content_type: &str, encoding: Option<&str>| {
        let mut request = request("/oauth2/token", content_type, Some(&basic), GRANT);
        if let Some(encoding) = encoding {
            request.headers_mut().insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        }
        world.send(request).await.status.as_u16()
    };
    assert_eq!(send("application/x-www-form-urlencoded; charset=UTF-8", None).await, 200);
    assert_eq!(send(FORM, Some("gzip")).await, 415);
    for content_type in ["application/json", "text/plain", "application/x-www-form-urlencoded; charset=utf-16", ""] {
        assert_eq!(send(content_type, None).await, 415, "{content_type}");
    }
    let mut none = request("/oauth2/token", FORM, Some(&basic), GRANT);
    none.headers_mut().remove(header::CONTENT_TYPE);
    assert_eq!(world.send(none).await.status, 415);
    let large = format!("{GRANT}&x={}", "x".repeat(64 * 1024));
    assert_eq!(world.post("/oauth2/token", Some(&basic), &large).await.refusal(), refused(413, "invalid_request"));
}

#[tokio::test]
async fn other_methods_are_405_in_the_same_shape() {
    let world = World::new().await;
    for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/register"] {
        let answer = world.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.refusal(), refused(405, "invalid_request"), "{path}");
        assert_eq!(answer.header(header::ALLOW), "POST");
    }
}

#[tokio::test]
async fn an_outage_is_503_and_no_answer_about_the_client() {
    let world = World::new().await;
    world.store.fail(When::Always, Fault::Refused);
    for (path, body) in [("token", GRANT), ("introspect", "token=x"), ("revoke", "token=x")] {
        let answer = world.post(&format!("/oauth2/{path}"), Some(&world.loader.basic()), body).await;
        assert_eq!(answer.refusal(), refused(503, "temporarily_unavailable"), "{path}");
        assert_eq!(answer.header(header::RETRY_AFTER), "1");
    }
}

/// The same rule as for JSON: `identity` is no encoding.
#[tokio::test]
async fn a_body_that_is_not_packed_may_say_so() {
    let world = World::new().await;
    for (encoding, status) in [("identity", 200), ("Identity", 200), ("gzip", 415), ("identity, gzip", 415)] {
        let mut request = request("/oauth2/token", FORM, Some(&world.loader.basic()), GRANT);
        request.headers_mut().insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        assert_eq!(world.send(request).await.status, status, "{encoding}");
    }
}
