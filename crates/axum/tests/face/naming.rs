//! Names over HTTP: ids, addresses, advice, and the names of successors.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, HOME, World, request, send};

const ACCOUNTS: &str = "/api/v1/service-accounts";

async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    send(&world.api(), request(HOME, Some(&world.admin), &method, path, body.as_ref())).await
}

async fn create(world: &World, name: &str, more: Value) -> Answer {
    let mut wanted =
        json!({"name": name, "purpose": "nightly load", "owner": "data team", "environment": "production"});
    wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(world, Method::POST, ACCOUNTS, Some(wanted)).await
}

fn codes(answer: &Value) -> Vec<&str> {
    let advice = answer["advice"].as_array();
    advice.into_iter().flatten().map(|advice| advice["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_taken_id_is_refused_or_numbered_and_has_an_address_that_nobody_can_write_to() {
    let world = World::new().await;
    let first = create(&world, "Pipeline Automation", json!({})).await.json();
    assert_eq!(first["id"], "pipeline_automation@service");
    assert_eq!(first["email"], "pipeline_automation@service.invalid");
    assert_eq!(create(&world, "pipeline automation", json!({})).await.code(), "ID_TAKEN");
    for number in 2..=3 {
        let numbered = create(&world, "Pipeline Automation", json!({"on_taken": "number"})).await.json();
        assert_eq!(numbered["id"], format!("pipeline_automation_{number}@service"));
        assert_eq!(numbered["email"], format!("pipeline_automation_{number}@service.invalid"));
    }
}

#[tokio::test]
async fn names_that_look_alike_or_say_nothing_come_with_advice_and_are_given_all_the_same() {
    let world = World::new().await;
    create(&world, "Pipeline Automation", json!({})).await;
    let alike = create(&world, "Рipeline Automatiоn", json!({"on_taken": "number"})).await;
    assert_eq!(alike.status, 201, "advice never refuses");
    assert!(codes(&alike.json()).contains(&"looks_alike"), "{:?}", alike.json()["advice"]);
    let vague = create(&world, "temp", json!({"first_token": {"name": "test123"}})).await.json();
    let first = codes(&vague);
    assert!(first.contains(&"vague") && first.contains(&"too_generic"), "{first:?}");
    assert!(vague["advice"][0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
}

#[tokio::test]
async fn a_minted_token_comes_with_advice_and_its_successor_with_the_next_free_name() {
    let world = World::new().await;
    let tokens = format!("{ACCOUNTS}/finance_metrics@service/tokens");
    let mint = async |name: &str| call(&world, Method::POST, &tokens, Some(json!({"name": name}))).await.json();
    assert!(codes(&mint("test123").await).contains(&"too_generic"));
    let good = mint("production-integration-2025").await;
    assert!(codes(&good).is_empty(), "{good}");
    let year = world.accounts.now().year();
    mint(&format!("production-integration-{year}")).await;
    let path = format!("{tokens}/{}/rotate", good["id"].as_str().unwrap());
    let rotated = call(&world, Method::POST, &path, Some(json!({"idempotency_key": "k"}))).await.json();
    assert_eq!(rotated["name"], format!("production-integration-{}", year + 1), "that of this year is taken");
}
