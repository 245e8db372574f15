//! What is made of the trail, over HTTP.

use http::{Method, header};
use service_accounts::{
    Actor, TokenPolicy, UpkeepBounds,
    access::Grants,
    audit::{
        Query,
        seal::{Inclusion, Verifier},
    },
    lifecycle::RequestCriteria,
};

use crate::support::{Answer, HOME, World, operator, request, seal_key, send};

async fn get(world: &World, path: &str) -> Answer {
    send(&world.api(), request(HOME, Some(&world.admin), &Method::GET, path, None)).await
}

/// The verdict of the offline verifier on a file.
fn verdict(file: &[u8]) -> bool {
    let mut verifier = Verifier::new(seal_key());
    let mut lines = file.split_inclusive(|byte| *byte == b'\n');
    lines.all(|line| verifier.line(line).is_ok()) && verifier.finish().is_ok()
}

#[tokio::test]
async fn an_exported_trail_is_verified_without_the_service() {
    let world = World::new().await;
    world.accounts.upkeep(UpkeepBounds::default()).await.unwrap();
    assert_eq!(get(&world, "/api/v1/audit/seals").await.json()["items"][0]["number"], 0);
    let file = get(&world, "/api/v1/audit/export").await;
    assert_eq!((file.status, file.header(header::CONTENT_TYPE)), (200, Some("application/jsonl")));
    assert!(verdict(&file.body), "{}", String::from_utf8_lossy(&file.body));
    for place in 0..file.body.len() {
        let mut edited = file.body.clone();
        edited[place] ^= 1;
        assert!(!verdict(&edited), "a change at byte {place} was not seen");
    }
}

/// Not 200 and half a file: a status cannot follow the first byte.
#[tokio::test]
async fn a_sealed_export_that_holds_events_of_another_realm_is_refused_before_its_first_byte() {
    let world = World::new().await;
    let neighbour = world.beside("tenant-b").await;
    for world in [&world, &neighbour] {
        let refused = get(world, "/api/v1/audit/export").await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("INSUFFICIENT_SCOPE")));
        assert_eq!(get(world, "/api/v1/audit/export?format=csv").await.status, 200, "of its own realm");
    }
}

#[tokio::test]
async fn a_trail_is_exported_as_a_table() {
    let world = World::new().await;
    let file = get(&world, "/api/v1/audit/export?format=csv").await;
    assert_eq!((file.status, file.header(header::CONTENT_TYPE)), (200, Some("text/csv; charset=utf-8")));
    assert!(file.body.starts_with(b"\"sequence\",") && file.body.iter().filter(|byte| **byte == b'\n').count() > 2);
    assert_eq!(get(&world, "/api/v1/audit/export?format=xml").await.status, 422);
}

#[tokio::test]
async fn seals_and_alerts_are_listed() {
    let world = World::new().await;
    world.accounts.upkeep(UpkeepBounds::default()).await.unwrap();
    for path in ["/api/v1/audit/seals", "/api/v1/alerts", "/api/v1/alerts?since=2026-01-01T00:00:00Z"] {
        let page = get(&world, path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.json()["items"].is_array() && page.json()["next_cursor"].is_null(), "{path}");
    }
    assert_eq!(get(&world, "/api/v1/alerts?cursor=%00").await.status, 422);
}

#[tokio::test]
async fn one_event_is_proved_without_the_others_and_without_the_service() {
    let world = World::new().await;
    world.accounts.upkeep(UpkeepBounds::default()).await.unwrap();
    let proof = get(&world, "/api/v1/audit/events/2/proof").await;
    assert_eq!(proof.status, 200);
    let text = String::from_utf8(proof.body.to_vec()).unwrap();
    let read = |text: &str| serde_json::from_str::<Inclusion>(text).is_ok_and(|inclusion| inclusion.holds(&seal_key()));
    assert!(read(&text), "{text}");
    // Nothing but white space may change: a digit, a letter or a field makes it another event or another seal.
    for place in (0..text.len()).filter(|place| text.as_bytes()[*place].is_ascii_alphanumeric()) {
        let mut edited = text.clone().into_bytes();
        edited[place] ^= 1;
        assert!(!String::from_utf8(edited).is_ok_and(|edited| read(&edited)), "a change at byte {place} was not seen");
    }
    for nobodys in ["0", "-1", "999999", "x", "1e3", "99999999999999999999"] {
        assert_eq!(get(&world, &format!("/api/v1/audit/events/{nobodys}/proof")).await.status, 404, "{nobodys}");
    }
    let member = request(HOME, Some(&world.member), &Method::GET, "/api/v1/audit/events/2/proof", None);
    assert_eq!(send(&world.api(), member).await.status, 403);
}

/// Two realms on one store, each behind its own face.
#[tokio::test]
async fn alerts_proofs_and_exports_of_another_realm_are_not_seen_over_http() {
    let world = World::new().await;
    let other = world.beside("tenant-b").await;
    for name in ["a secretive person", "a secretive helper"] {
        let policy = TokenPolicy::new(name.replace(' ', "-"), RequestCriteria::default());
        world.accounts.acting(&Actor::host(name)).policies().put(&policy, None).await.unwrap();
    }
    let eve = Actor::host_with("a secretive reader", Grants::nothing());
    assert!(world.accounts.acting(&eve).audit(&Query::default()).await.is_err());
    let (leaked, id) = (&world.member, "finance_metrics@service".parse().unwrap());
    world.accounts.acting(&operator()).account(&id).revoke_credentials().await.unwrap();
    assert!(world.accounts.authenticate(leaked, None).await.is_err());
    world.accounts.flush().await.unwrap();
    for _ in 0..2 {
        world.accounts.upkeep(UpkeepBounds::default()).await.unwrap();
        other.accounts.upkeep(UpkeepBounds::default()).await.unwrap();
    }
    let is_told = |answer: &Answer| {
        let text = String::from_utf8_lossy(&answer.body).to_lowercase();
        text.contains("secretive") || text.contains("finance_metrics@service")
    };
    for path in ["/api/v1/audit?limit=200", "/api/v1/alerts?limit=200", "/api/v1/audit/export?format=csv"] {
        let (ours, theirs) = (get(&world, path).await, get(&other, path).await);
        assert_eq!((ours.status, theirs.status), (200, 200), "{path}");
        assert_eq!((is_told(&ours), is_told(&theirs)), (true, false), "{path}");
    }
    let mut hidden = 0;
    for number in 1..40 {
        let path = format!("/api/v1/audit/events/{number}/proof");
        let (ours, theirs) = (get(&world, &path).await, get(&other, &path).await);
        assert!(!is_told(&theirs), "{path}");
        hidden += usize::from(is_told(&ours) && theirs.status == 404);
    }
    assert!(hidden >= 4, "{hidden}");
    let sealed = get(&other, "/api/v1/audit/export").await;
    assert_eq!((sealed.status, is_told(&sealed)), (403, false), "a sealed file has all, or is not begun");
}
