//! RFC 7662.

use crate::support::{World, basic, refused};

const INACTIVE: &str = r#"{"active":false}"#;

#[tokio::test]
async fn an_account_learns_what_its_own_credentials_are_good_for() {
    let world = World::new().await;
    let session = world.session(&world.loader).await;
    for token in [&session, &world.loader.token] {
        let answer = world.post("/oauth2/introspect", Some(&world.loader.basic()), &format!("token={token}")).await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!((body["active"].as_bool(), body["token_type"].as_str()), (Some(true), Some("Bearer")));
        assert_eq!(
            (&body["client_id"], &body["sub"]),
            (&world.loader.id.clone().into(), &world.loader.id.clone().into())
        );
        assert_eq!(body["scope"], "datastores:view resources:write results:read");
        assert!(body["exp"].as_i64().unwrap() > body["iat"].as_i64().unwrap());
    }
}

#[tokio::test]
async fn a_narrow_session_is_shown_narrow() {
    let world = World::new().await;
    let body = "grant_type=client_credentials&scope=results:read";
    let opened = world.post("/oauth2/token", Some(&world.loader.basic()), body).await.json();
    let body = format!("token={}", opened["access_token"].as_str().unwrap());
    let answer = world.post("/oauth2/introspect", Some(&world.loader.bearer()), &body).await;
    assert_eq!(answer.json()["scope"], "results:read");
}

#[tokio::test]
async fn a_manager_learns_about_all_and_others_about_their_own() {
    let world = World::new().await;
    let body = format!("token={}", world.loader.token);
    let manager = world.post("/oauth2/introspect", Some(&world.admin.bearer()), &body).await;
    assert_eq!(manager.json()["client_id"], world.loader.id.as_str());
    for asking in [world.other.basic(), world.other.bearer()] {
        assert_eq!(world.post("/oauth2/introspect", Some(&asking), &body).await.text, INACTIVE);
    }
}

#[tokio::test]
async fn everything_else_is_exactly_inactive() {
    let world = World::new().await;
    let revoked = world.session(&world.loader).await;
    world.post("/oauth2/revoke", Some(&world.loader.basic()), &format!("token={revoked}")).await;
    let mut forged = world.loader.token.clone();
    forged.replace_range(20..21, if &forged[20..21] == "A" { "B" } else { "A" });
    for token in ["x", "%22", "acme_sat_", &revoked, &forged, &world.loader.secret, &"y".repeat(5000)] {
        let answer = world.post("/oauth2/introspect", Some(&world.admin.bearer()), &format!("token={token}")).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, INACTIVE), "{token}");
    }
    world.disable(&world.loader).await;
    let body = format!("token={}", world.loader.token);
    assert_eq!(world.post("/oauth2/introspect", Some(&world.admin.bearer()), &body).await.text, INACTIVE);
}

#[tokio::test]
async fn nobody_asks_without_authenticating() {
    let world = World::new().await;
    let body = format!("token={}", world.loader.token);
    assert_eq!(world.post("/oauth2/introspect", None, &body).await.refusal(), refused(401, "invalid_client"));
    let wrong = basic(&format!("{}:wrong", world.loader.id));
    assert_eq!(world.post("/oauth2/introspect", Some(&wrong), &body).await.refusal(), refused(401, "invalid_client"));
    for bearer in ["Bearer x", "Bearer"] {
        let answer = world.post("/oauth2/introspect", Some(bearer), &body).await;
        assert_eq!(answer.refusal(), refused(401, "invalid_token"), "{bearer}");
        assert!(answer.header(http::header::WWW_AUTHENTICATE).starts_with("Bearer "));
    }
    let answer = world.post("/oauth2/introspect", Some(&world.loader.basic()), "token_type_hint=access_token").await;
    assert_eq!(answer.refusal(), refused(400, "invalid_request"));
}

#[tokio::test]
async fn a_question_is_no_use_of_the_token() {
    let world = World::new().await;
    let body = format!("token={}", world.loader.token);
    let before = world.last_used(&world.loader).await;
    world.post("/oauth2/introspect", Some(&world.admin.bearer()), &body).await;
    assert_eq!(world.last_used(&world.loader).await, before);
    assert!(world.works(&world.loader.token).await);
    assert_ne!(world.last_used(&world.loader).await, before);
}
