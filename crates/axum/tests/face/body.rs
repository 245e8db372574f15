//! Bodies are read strictly, and problems about them repeat nothing that was sent.

use axum::{Router, body::Body, routing::post};
use http::{Method, Request, header};
use serde::Deserialize;
use serde_json::{Value, json};
use service_accounts_axum::StrictJson;

use crate::support::{Answer, HOME, request, send};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    item: Item,
    #[serde(default)]
    tags: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    count: u8,
}

pub(crate) fn shop() -> Router {
    let handler = |StrictJson(order): StrictJson<Order>| async move {
        let tags: usize = order.tags.iter().map(|tag| usize::from(tag.count)).sum();
        (usize::from(order.item.count) + tags).to_string()
    };
    Router::new().route("/", post(handler))
}

/// The answer to these bytes, sent as JSON.
pub(crate) async fn sent(body: impl Into<Body>) -> Answer {
    let request = Request::post("/").header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap();
    send(&shop(), request).await
}

async fn order(body: &Value) -> Answer {
    send(&shop(), request(HOME, None, &Method::POST, "/", Some(body))).await
}

#[tokio::test]
async fn the_first_field_that_does_not_fit_is_named() {
    assert_eq!(order(&json!({"item": {"count": 7}, "tags": [{"count": 1}]})).await.body, b"8");
    for (body, detail) in [
        (json!({"item": {"count": 256}}), "item.count: expected a whole number from 0 to 255"),
        (json!({"item": {"count": -1}}), "item.count: expected a whole number from 0 to 255"),
        (json!({"item": {"count": 7.0}}), "item.count: expected a whole number from 0 to 255"),
        (json!({"item": {"count": "s3cr3t"}}), "item.count: expected a whole number from 0 to 255"),
        (json!({"item": {}}), "item.count: this field is missing"),
        (json!({"item": {"count": 1, "colour": 1}}), "item.colour: unknown field, expected `count`"),
        (json!({"item": {"count": 1, "S3cr3t": 1}}), "item: unknown field, expected `count`"),
        (json!({"item": {"count": 1, "x".repeat(65): 1}}), "item: unknown field, expected `count`"),
        (
            json!({"item": {"count": 1}, "tags": [{"count": 1}, {"count": 1, "x": 1}]}),
            "tags[1].x: unknown field, expected `count`",
        ),
        (json!({"item": {"count": 1}, "tags": {}}), "tags: expected a list"),
        (json!({"item": null}), "item: expected an object"),
        (json!("s3cr3t"), "expected an object"),
        (json!(null), "expected an object"),
    ] {
        let answer = order(&body).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"), "{body}");
        assert_eq!(answer.json()["detail"], detail, "{body}");
    }
}

/// serde#1587: a struct takes an array of its fields, so `["id", "secret"]` would sign in.
#[tokio::test]
async fn an_array_is_no_object_at_any_depth() {
    for (body, detail) in [
        (json!([{"count": 7}]), "expected an object"),
        (json!({"item": [7]}), "item: expected an object"),
        (json!({"item": {"count": 1}, "tags": [[7]]}), "tags[0]: expected an object"),
    ] {
        let answer = order(&body).await;
        assert_eq!((answer.status, answer.json()["detail"].as_str().unwrap()), (422, detail), "{body}");
    }
}

#[tokio::test]
async fn a_field_that_comes_twice_is_named_by_its_path() {
    for (body, detail) in [
        (r#"{"item": {"count": 1}, "item": {"count": 1}}"#, "item: this field comes twice"),
        (r#"{"item": {"count": 1, "count": 1}}"#, "item.count: this field comes twice"),
        (r#"{"item": {"count": 1, "c\u006funt": 1}}"#, "item.count: this field comes twice"),
        (r#"{"item": {"count": 1}, "tags": [{"count": 1, "count": 2}]}"#, "tags[0].count: this field comes twice"),
    ] {
        let answer = sent(body).await;
        assert_eq!((answer.status, answer.json()["detail"].as_str().unwrap()), (422, detail), "{body}");
    }
}

/// What is sent as anything but JSON in UTF-8 would be read as what it is not.
#[tokio::test]
async fn only_json_in_utf_8_is_taken_for_json() {
    let kind = |kinds: &[&str], encoding: Option<&str>| {
        let mut request = Request::post("/").body(Body::from(r#"{"item": {"count": 7}}"#)).unwrap();
        for kind in kinds {
            request.headers_mut().append(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        if let Some(encoding) = encoding {
            request.headers_mut().insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        }
        request
    };
    for (request, status) in [
        (kind(&["application/json"], None), 200),
        (kind(&["application/json; charset=utf-8"], Some("identity")), 200),
        (kind(&["Application/JSON"], None), 200),
        (kind(&[], None), 415),
        (kind(&["text/json"], None), 415),
        (kind(&["multipart/form-data"], None), 415),
        (kind(&["application/json; charset=utf-16"], None), 415),
        (kind(&["application/json", "application/json"], None), 415),
        (kind(&["application/json", "text/plain"], None), 415),
        (kind(&["application/json"], Some("gzip")), 415),
        (kind(&["application/json"], Some("identity, gzip")), 415),
    ] {
        let named = format!("{:?}", request.headers());
        let answer = send(&shop(), request).await;
        assert_eq!(answer.status, status, "{named}");
        assert!(status == 200 || answer.code() == "UNSUPPORTED_MEDIA_TYPE");
    }
}
