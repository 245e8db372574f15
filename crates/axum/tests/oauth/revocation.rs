//! RFC 7009.

use crate::support::{World, refused};

#[tokio::test]
async fn a_client_gives_back_its_own_sessions_and_tokens() {
    let world = World::new().await;
    let session = world.session(&world.loader).await;
    for token in [&session, &world.loader.token] {
        assert!(world.works(token).await);
        let body = format!("token={token}&token_type_hint=refresh_token");
        let answer = world.post("/oauth2/revoke", Some(&world.loader.basic()), &body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
        assert!(!world.works(token).await);
        let again = world.post("/oauth2/revoke", Some(&world.loader.basic()), &body).await;
        assert_eq!(again.status, 200);
    }
}

#[tokio::test]
async fn a_session_ends_itself() {
    let world = World::new().await;
    let session = world.session(&world.loader).await;
    let answer = world.post("/oauth2/revoke", Some(&format!("Bearer {session}")), &format!("token={session}")).await;
    assert_eq!(answer.status, 200);
    assert!(!world.works(&session).await);
}

#[tokio::test]
async fn anothers_token_is_not_revoked_and_nobody_learns_whether_it_exists() {
    let world = World::new().await;
    for token in [&world.loader.token, &world.session(&world.loader).await] {
        let answer = world.post("/oauth2/revoke", Some(&world.other.basic()), &format!("token={token}")).await;
        let unknown = world.post("/oauth2/revoke", Some(&world.other.basic()), "token=unknown").await;
        assert_eq!((answer.status, answer.text), (unknown.status, unknown.text));
        assert!(world.works(token).await);
    }
}

#[tokio::test]
async fn a_manager_revokes_any() {
    let world = World::new().await;
    let session = world.session(&world.loader).await;
    for token in [&session, &world.loader.token] {
        let answer = world.post("/oauth2/revoke", Some(&world.admin.bearer()), &format!("token={token}")).await;
        assert_eq!(answer.status, 200);
        assert!(!world.works(token).await);
    }
}

#[tokio::test]
async fn a_client_secret_is_not_given_back_here() {
    let world = World::new().await;
    let body = format!("token={}", world.loader.secret);
    assert_eq!(world.post("/oauth2/revoke", Some(&world.loader.basic()), &body).await.status, 200);
    world.session(&world.loader).await;
}

#[tokio::test]
async fn what_a_disabled_account_had_is_revoked_for_good() {
    let world = World::new().await;
    world.disable(&world.loader).await;
    let body = format!("token={}", world.loader.token);
    assert_eq!(world.post("/oauth2/revoke", Some(&world.admin.bearer()), &body).await.status, 200);
    world.enable(&world.loader).await;
    assert!(!world.works(&world.loader.token).await);
}

#[tokio::test]
async fn nobody_revokes_without_authenticating() {
    let world = World::new().await;
    let body = format!("token={}", world.loader.token);
    assert_eq!(world.post("/oauth2/revoke", None, &body).await.refusal(), refused(401, "invalid_client"));
    assert!(world.works(&world.loader.token).await);
    let answer = world.post("/oauth2/revoke", Some(&world.loader.basic()), "token=").await;
    assert_eq!(answer.refusal(), refused(400, "invalid_request"));
}
