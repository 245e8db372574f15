//! What no call of the document takes: bodies and queries that another reader could understand otherwise.

use axum::{Router, body::Body};
use http::{Method, Request};
use serde_json::Value;

use crate::{
    openapi::{document, operations},
    support::{HOME, World, request, send},
};

/// Each call that takes JSON, with the example of its body.
fn calls_with_bodies() -> Vec<(Method, String, Value)> {
    let calls: Vec<_> = operations(&document())
        .into_iter()
        .map(|(method, path, operation)| {
            (method, path, operation["requestBody"]["content"]["application/json"]["example"].clone())
        })
        .filter(|(.., body)| !body.is_null())
        .collect();
    assert!(calls.len() > 15, "only {} calls take a body", calls.len());
    calls
}

/// As the administrator would send it.
async fn status(router: &Router, admin: &str, (method, path): (&Method, &str), body: String) -> u16 {
    let mut asked: Request<Body> = request(HOME, Some(admin), method, path, Some(&Value::Null));
    *asked.body_mut() = body.into();
    send(router, asked).await.status
}

/// The places of all objects in it, as pointers.
fn objects(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(place.to_owned());
            members.iter().for_each(|(name, member)| objects(member, &format!("{place}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| objects(item, &format!("{place}/{at}"), found));
        }
        _ => {}
    }
}

/// serde reads an array as an object whose fields have no names, so whoever leaves names out would be obeyed.
#[tokio::test]
async fn no_call_takes_an_array_for_an_object() {
    let world = World::new().await;
    let router = world.api();
    for (method, path, body) in calls_with_bodies() {
        let mut places = Vec::new();
        objects(&body, "", &mut places);
        for place in places {
            let mut changed = body.clone();
            let object = changed.pointer_mut(&place).unwrap();
            *object = object.as_object().unwrap().values().cloned().collect();
            let answer = status(&router, &world.admin, (&method, &path), changed.to_string()).await;
            assert_eq!(answer, 422, "{method} {path}: an array for `{place}`");
        }
    }
}

/// Two readers of one body would each believe another of the two.
#[tokio::test]
async fn no_call_takes_a_field_twice() {
    let world = World::new().await;
    let router = world.api();
    for (method, path, body) in calls_with_bodies() {
        for (name, value) in body.as_object().unwrap() {
            let text = body.to_string();
            let doubled = format!("{{\"{name}\":{value},{}", text.strip_prefix('{').unwrap());
            assert_eq!(
                status(&router, &world.admin, (&method, &path), doubled).await,
                422,
                "{method} {path}: {name} twice"
            );
        }
    }
}

/// better-auth CVE-2025-61928: who asks was read from the body.
#[tokio::test]
async fn no_call_reads_from_its_body_who_asks() {
    let world = World::new().await;
    let router = world.api();
    for (method, path, body) in calls_with_bodies() {
        for field in ["actor", "by", "created_by", "opened_by", "user"] {
            let mut claimed = body.clone();
            let before = claimed.as_object_mut().unwrap().insert(field.to_owned(), "ada@example.com".into());
            assert_eq!(before, None, "{method} {path} documents `{field}`");
            let answer = status(&router, &world.admin, (&method, &path), claimed.to_string()).await;
            assert_eq!(answer, 422, "{method} {path}: {field}");
        }
    }
    let (method, path, body) =
        calls_with_bodies().into_iter().find(|(.., path, _)| path.ends_with("/service-accounts")).unwrap();
    let made = send(&router, request(HOME, Some(&world.admin), &method, &path, Some(&body))).await.json();
    assert_eq!(made["created_by"], "platform_automation@service", "it is whose credential was sent");
}

/// A proxy that decodes would see two parameters where the service sees one, or the other way round.
#[tokio::test]
async fn no_call_takes_a_parameter_twice_however_it_is_encoded() {
    let world = World::new().await;
    let router = world.api();
    let mut tried = 0;
    for (method, path, operation) in operations(&document()) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for name in parameters.filter(|each| each["in"] == "query").map(|each| each["name"].as_str().unwrap()) {
            let encoded = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
            for query in [format!("{name}=1&{name}=1"), format!("{name}=1&{encoded}=1")] {
                let body = operation["requestBody"]["content"]["application/json"]["example"].clone();
                let body = (!body.is_null()).then_some(body);
                let asked = request(HOME, Some(&world.admin), &method, &format!("{path}?{query}"), body.as_ref());
                let answer = send(&router, asked).await;
                assert!(matches!(answer.status, 400 | 422), "{method} {path}?{query}: {}", answer.status);
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "only {tried} parameters");
}
