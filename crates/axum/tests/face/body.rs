//! Bodies are read strictly, and problems about them repeat nothing that was sent.

use axum::{Router, routing::post};
use http::{Method, Request, header};
use serde::Deserialize;
use serde_json::{Value, json};
use service_accounts_axum::StrictJson;

use crate::support::{Answer, HOME, request, send};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    item: Item,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    count: u8,
}

fn shop() -> Router {
    Router::new().route("/", post(|StrictJson(order): StrictJson<Order>| async move { order.item.count.to_string() }))
}

async fn order(body: &Value) -> Answer {
    send(&shop(), request(HOME, None, &Method::POST, "/", Some(body))).await
}

#[tokio::test]
async fn the_first_field_that_does_not_fit_is_named() {
    assert_eq!(order(&json!({"item": {"count": 7}})).await.body, b"7");
    for (body, detail) in [
        (json!({"item": {"count": 256}}), "item.count: wrong type or value, expected u8"),
        (json!({"item": {"count": "s3cr3t"}}), "item.count: wrong type or value, expected u8"),
        (json!({"item": {}}), "item: missing field `count`"),
        (json!({"item": {"count": 1, "colour": 1}}), "item.colour: unknown field, expected `count`"),
        (json!({"item": {"count": 1, "S3cr3t": 1}}), "unknown field, expected `count`"),
        (json!({"item": {"count": 1, "x".repeat(65): 1}}), "unknown field, expected `count`"),
        (json!([]), "missing field `item`"),
    ] {
        let answer = order(&body).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"), "{body}");
        let said = answer.json()["detail"].as_str().unwrap().to_owned();
        if body.is_array() { assert!(!said.is_empty()) } else { assert_eq!(said, detail) }
    }
}

#[tokio::test]
async fn a_body_is_json_whatever_its_parameters_say() {
    for (kind, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("text/json", 415),
        ("multipart/form-data", 415),
    ] {
        let request = Request::post("/").header(header::CONTENT_TYPE, kind).body(r#"{"item": {"count": 7}}"#.into());
        assert_eq!(send(&shop(), request.unwrap()).await.status, status, "{kind}");
    }
}
