//! RFC 7591 and RFC 8414.

use axum::body::Body;
use http::{Request, header};
use service_accounts_axum::{OAuthServer, oauth::Endpoints, oauth::Issuer, oauth_router, tower::Gate};
use tower::ServiceExt;

use crate::support::{Client, World, refused};

#[tokio::test]
async fn registering_a_client_makes_its_account() {
    let world = World::new().await;
    let body = r#"{"client_name":"Catalogue Sync","scope":"results:read","redirect_uris":["https://x.example/cb"],
        "token_endpoint_auth_method":"client_secret_post","grant_types":["client_credentials"],"logo_uri":"https://x"}"#;
    let answer = world.post_json("/oauth2/register", Some(&world.admin.bearer()), body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let body = answer.json();
    assert_eq!(body["client_id"], "catalogue_sync@service");
    assert_eq!((&body["client_name"], &body["scope"]), (&"Catalogue Sync".into(), &"results:read".into()));
    assert_eq!(
        (body["client_secret_expires_at"].as_i64(), body["grant_types"][0].as_str()),
        (Some(0), Some("client_credentials"))
    );
    assert_eq!(body["token_endpoint_auth_method"], "client_secret_post");
    assert!(body["client_id_issued_at"].as_i64().unwrap() > 1_700_000_000);
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    let registered = Client { id: text("client_id"), secret: text("client_secret"), token: String::new() };
    let session = world.session(&registered).await;
    assert!(world.works(&session).await);
}

#[tokio::test]
async fn a_registration_without_a_scope_tells_what_the_role_may() {
    let world = World::new().await;
    let body = r#"{"client_name":"Reader"}"#;
    let answer = world.post_json("/oauth2/register", Some(&world.admin.bearer()), body).await.json();
    assert_eq!(answer["scope"], "datastores:view results:read");
}

#[tokio::test]
async fn only_who_may_create_accounts_registers() {
    let world = World::new().await;
    let body = r#"{"client_name":"Catalogue Sync"}"#;
    for (authorization, expected) in [
        (None, refused(401, "invalid_token")),
        (Some("Bearer x".to_owned()), refused(401, "invalid_token")),
        (Some(world.admin.basic()), refused(401, "invalid_token")),
        (Some(world.loader.bearer()), refused(403, "insufficient_scope")),
    ] {
        let answer = world.post_json("/oauth2/register", authorization.as_deref(), body).await;
        assert_eq!(answer.refusal(), expected, "{authorization:?}");
        assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer realm="));
    }
}

// RFC 6750 §3.1: a request without any authentication information is told no error, and what is told to another is why.
#[tokio::test]
async fn a_challenge_names_an_error_only_to_who_has_shown_a_bearer_token() {
    let world = World::new().await;
    for (authorization, expected) in [
        (None, "Bearer realm=\"service-accounts\""),
        (Some(world.admin.basic()), "Bearer realm=\"service-accounts\""),
        (Some("Bearer".to_owned()), "Bearer realm=\"service-accounts\", error=\"invalid_token\""),
        (Some("Bearer x".to_owned()), "Bearer realm=\"service-accounts\", error=\"invalid_token\""),
        (Some(world.loader.bearer()), "Bearer realm=\"service-accounts\", error=\"insufficient_scope\""),
    ] {
        let body = r#"{"client_name":"Catalogue Sync"}"#;
        let answer = world.post_json("/oauth2/register", authorization.as_deref(), body).await;
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), expected, "{authorization:?}");
    }
}

// serde#1587: a body that is an array was taken for the object. `null` in place of a value opened more than was meant.
#[tokio::test]
async fn metadata_that_do_not_fit_are_refused_and_not_repeated() {
    let world = World::new().await;
    for body in [
        "",
        "[]",
        r#"["hush"]"#,
        "{",
        "null",
        "{}",
        r#"{"client_name":"hush","client_name":"hush"}"#,
        r#"{"client_name":"x hush","scope":null}"#,
        r#"{"client_name":"x hush","scope":"hush"}"#,
        r#"{"client_name":"x hush","role":"hush"}"#,
        r#"{"client_name":"x hush","role":null}"#,
        r#"{"client_name":"x hush","role":"Admin"}"#,
        r#"{"client_name":"x hush","teams":"hush"}"#,
        r#"{"client_name":"x hush","environment":"pr oduction"}"#,
        r#"{"client_name":"テスト"}"#,
        r#"{"client_name":"root"}"#,
        r#"{"client_name":"Nightly Load"}"#,
        r#"{"client_name":"x","grant_types":["implicit"]}"#,
    ] {
        let answer = world.post_json("/oauth2/register", Some(&world.admin.bearer()), body).await;
        assert_eq!(answer.refusal(), refused(400, "invalid_client_metadata"), "{body}: {answer:?}");
        assert!(!answer.text.contains("hush"), "{answer:?}");
    }
    let form = world.post("/oauth2/register", Some(&world.admin.bearer()), "client_name=x").await;
    assert_eq!(form.refusal(), refused(415, "invalid_request"));
}

#[tokio::test]
async fn the_metadata_name_every_endpoint_and_each_answers() {
    let world = World::new().await;
    let well_known = Request::get("/.well-known/oauth-authorization-server").body(Body::empty()).unwrap();
    let answer = world.send(well_known).await;
    assert_eq!((answer.status.as_u16(), answer.header(header::CONTENT_TYPE)), (200, "application/json"));
    let body = answer.json();
    assert_eq!(body["issuer"], "https://auth.example.com");
    for (field, url) in body.as_object().unwrap().iter().filter(|(field, _)| field.ends_with("_endpoint")) {
        let path = url.as_str().unwrap().strip_prefix("https://auth.example.com").unwrap();
        assert_ne!(world.post(path, None, "").await.status, 404, "{field}");
    }
}

// RFC 8414 §3.1: the well-known part goes before the issuer's path.
#[tokio::test]
async fn an_issuer_with_a_path_answers_behind_the_well_known_part() {
    let world = World::new().await;
    let issuer = Issuer::parse("https://example.com/auth").unwrap();
    let server = OAuthServer::new(issuer).endpoints(Endpoints::under("https://example.com/auth/oauth2"));
    let router = oauth_router(world.accounts.clone(), Gate::new(world.accounts.clone()), server);
    for path in ["/.well-known/oauth-authorization-server/auth", "/.well-known/oauth-authorization-server"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(router.clone().oneshot(request).await.unwrap().status(), 200, "{path}");
    }
    let nested = axum::Router::new().nest("/any/prefix", router);
    let request = crate::support::request(
        "/any/prefix/oauth2/token",
        crate::support::FORM,
        Some(&world.loader.basic()),
        "grant_type=client_credentials",
    );
    assert_eq!(nested.oneshot(request).await.unwrap().status(), 200);
}
