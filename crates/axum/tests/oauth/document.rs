//! What the OpenAPI document says of the OAuth calls is what they do.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::Value;
use service_accounts::access::presets::data_quality::Permission;
use service_accounts_axum::openapi;

use crate::support::{Answer, FORM, Faulty, World};

/// A documented call: where it is, and what is told of it.
struct Told {
    method: Method,
    path: String,
    operation: Value,
}

impl Told {
    /// Its own example, written as the document says.
    fn body(&self) -> Option<(&str, String)> {
        let (media_type, content) = self.operation["requestBody"]["content"].as_object()?.iter().next()?;
        let example = &content["example"];
        let pairs = example.as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap_or_default()));
        let text = match media_type.as_str() {
            FORM => form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish(),
            _ => example.to_string(),
        };
        Some((media_type, text))
    }

    async fn send(&self, world: &World, authorization: Option<&str>) -> Answer {
        let mut request = Request::builder().method(self.method.clone()).uri(&self.path);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let body = match self.body() {
            Some((media_type, text)) => {
                request = request.header(header::CONTENT_TYPE, media_type);
                Body::from(text)
            }
            None => Body::empty(),
        };
        world.send(request.body(body).unwrap()).await
    }
}

fn document() -> Value {
    openapi::<Faulty, Permission>()
}

fn told() -> Vec<Told> {
    let document = document();
    let paths = document["paths"].as_object().unwrap().iter().filter(|(path, _)| !path.starts_with("/api/"));
    let all = paths.flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| Told {
            method: method.to_uppercase().parse().unwrap(),
            path: path.clone(),
            operation: operation.clone(),
        })
    });
    all.collect()
}

/// The fields that an answer may have, and those that it must have.
fn fields(document: &Value, operation: &Value, answer: &Answer) -> (BTreeSet<String>, BTreeSet<String>) {
    let content = &operation["responses"][answer.status.as_str()]["content"]["application/json"];
    let pointer = content["schema"]["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
    let schema = document.pointer(pointer).unwrap();
    let names = |value: &Value| value.as_str().unwrap().to_owned();
    let may = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    (may, schema["required"].as_array().into_iter().flatten().map(names).collect())
}

#[tokio::test]
async fn every_documented_call_answers_as_documented() {
    let world = World::new().await;
    let (document, told) = (document(), told());
    assert_eq!(told.len(), 5);
    for call in told {
        let place = format!("{} {}", call.method, call.path);
        let authorization = if call.path == "/oauth2/token" { world.loader.basic() } else { world.admin.bearer() };
        let answer = call.send(&world, Some(&authorization)).await;
        assert!(matches!(answer.status.as_u16(), 200 | 201), "{place}: {answer:?}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json", "{place}");
        let (may, must) = fields(&document, &call.operation, &answer);
        let has: BTreeSet<_> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert!(has.is_subset(&may) && must.is_subset(&has), "{place}: {has:?}");
    }
}

#[tokio::test]
async fn what_is_documented_as_guarded_is() {
    let world = World::new().await;
    let document = document();
    for call in told() {
        let place = format!("{} {}", call.method, call.path);
        let answer = call.send(&world, None).await;
        if call.operation["security"].as_array().unwrap().is_empty() {
            assert_eq!(answer.status, 200, "{place}");
            continue;
        }
        assert_eq!(answer.status, 401, "{place}");
        let codes = &call.operation["responses"]["401"]["x-codes"];
        assert!(codes.as_array().unwrap().contains(&answer.json()["error"]), "{place}: {answer:?}");
        let (may, must) = fields(&document, &call.operation, &answer);
        assert!(may == must && answer.json().as_object().unwrap().keys().eq(&may), "{place}");
        if call.operation.get("x-permission").is_some() {
            assert_eq!(call.send(&world, Some(&world.loader.bearer())).await.status, 403, "{place}");
        }
    }
}

/// A route that the document lacks would be found by asking for another method: `Allow` names what a path has.
#[tokio::test]
async fn no_path_has_a_method_that_the_document_lacks() {
    let world = World::new().await;
    for call in told() {
        let request = Request::builder().method(Method::TRACE).uri(&call.path).body(Body::empty()).unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.refusal(), (405, "invalid_request".into()), "{}", call.path);
        let allowed: Vec<_> = answer.header(header::ALLOW).split(',').filter(|method| *method != "HEAD").collect();
        assert_eq!(allowed, [call.method.as_str()], "{}", call.path);
    }
}

#[tokio::test]
async fn a_repeated_registration_gets_the_same_client() {
    let world = World::new().await;
    let register = async |key: &str| {
        let request = Request::post("/oauth2/register")
            .header(header::AUTHORIZATION, world.admin.bearer())
            .header(header::CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", key);
        world.send(request.body(Body::from(r#"{"client_name":"Catalogue Sync"}"#)).unwrap()).await
    };
    let (first, again, other) = (register("a").await, register("a").await, register("b").await);
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201), "{again:?}");
    let (first, again) = (first.json(), again.json());
    assert_eq!(first["client_id"], again["client_id"]);
    assert_ne!(first["client_secret"], again["client_secret"], "the earlier text dies");
    assert_eq!(other.refusal(), (400, "invalid_client_metadata".into()));
    let text = |name: &str| again[name].as_str().unwrap().to_owned();
    let client = crate::support::Client { id: text("client_id"), secret: text("client_secret"), token: String::new() };
    world.session(&client).await;
    let used = register("a").await;
    assert_eq!((used.status.as_u16(), used.json().get("client_secret")), (201, None), "its secret was used");
    assert_eq!(register("").await.refusal(), (400, "invalid_request".into()));
}

/// RFC 8414 §2: the values that a client can use as `scope`, the catalogue's own scopes among them.
#[tokio::test]
async fn every_scope_that_the_metadata_names_can_be_asked_for() {
    let world = World::new().await;
    let request = Request::get("/.well-known/oauth-authorization-server").body(Body::empty()).unwrap();
    let metadata = world.send(request).await.json();
    let named: BTreeSet<_> =
        metadata["scopes_supported"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for scope in ["read", "write", "admin", "results:read", "service-accounts:manage"] {
        assert!(named.contains(scope), "{scope}");
    }
    for scope in named {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("grant_type", "client_credentials"), ("scope", scope)])
            .finish();
        let answer = world.post("/oauth2/token", Some(&world.admin.basic()), &form).await;
        assert_eq!(answer.status, 200, "{scope}: {answer:?}");
    }
}
