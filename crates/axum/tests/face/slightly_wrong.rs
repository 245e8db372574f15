//! Requests that are nearly right, on every call of the document: each is told which field is wrong, hears nothing of
//! what it sent, and changes nothing.

use http::Method;
use serde_json::{Value, json};
use service_accounts::{
    audit::{Action, Query, Sequence},
    store::Store,
};

use crate::{
    openapi::{document, operations},
    support::{Answer, HOME, World, request, send},
};

/// What no answer may repeat. As a name it is none that a field could have.
const SENT: &str = "S3cr3t!";

async fn ask(world: &World, method: &Method, path: &str, body: Option<&Value>) -> Answer {
    let before = newest_change(world).await;
    let answer = send(&world.api(), request(HOME, Some(&world.admin), method, path, body)).await;
    if answer.status >= 400 {
        assert_eq!(newest_change(world).await, before, "{method} {path} was refused and changed something");
    }
    answer
}

/// Every change has its event; that somebody was let in or refused is none.
async fn newest_change(world: &World) -> Option<Sequence> {
    let page = world.store.events(&Query::default().limit(100)).await.unwrap();
    let is_change = |action| !matches!(action, Action::AccessGranted | Action::AccessDenied | Action::PermissionDenied);
    page.events.iter().find(|recorded| is_change(recorded.event.action())).map(|recorded| recorded.sequence)
}

/// The detail of a 422 that repeats nothing.
fn detail(answer: &Answer, what: &str) -> String {
    assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"), "{what}");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(!detail.contains("S3cr3t"), "{what}: {detail}");
    detail
}

/// The names of the parameters in the query of an operation.
fn parameters(operation: &Value) -> Vec<&str> {
    let every = operation["parameters"].as_array().unwrap().iter();
    every.filter(|parameter| parameter["in"] == "query").map(|parameter| parameter["name"].as_str().unwrap()).collect()
}

/// The example of each call that takes JSON.
fn bodies() -> Vec<(Method, String, Value)> {
    let all = operations(&document()).into_iter().map(|(method, path, operation)| {
        let example = operation["requestBody"]["content"]["application/json"]["example"].clone();
        (method, path, example)
    });
    all.filter(|(_, _, example)| example.is_object()).collect()
}

/// Each value of an example: its path as a refusal names it, and as a pointer.
fn places(value: &Value, (name, pointer): (String, String), into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let dot = if name.is_empty() { "" } else { "." };
                places(value, (format!("{name}{dot}{field}"), format!("{pointer}/{field}")), into);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                places(value, (format!("{name}[{at}]"), format!("{pointer}/{at}")), into);
            }
        }
        _ => {}
    }
    into.push((name, pointer));
}

fn all_places(example: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    places(example, (String::new(), String::new()), &mut all);
    all
}

#[tokio::test]
async fn a_parameter_that_is_no_utf_8_is_named() {
    let world = World::new().await;
    let mut tried = 0;
    for (method, path, operation) in operations(&document()) {
        let example = operation["requestBody"]["content"]["application/json"]["example"].clone();
        for name in parameters(&operation) {
            let asked = format!("{path}?{name}=%FF");
            let answer = ask(&world, &method, &asked, example.is_object().then_some(&example)).await;
            assert_eq!(detail(&answer, &asked), format!("{name}: send the query in UTF-8"));
            tried += 1;
        }
    }
    assert!(tried > 40);
    let answer = ask(&world, &Method::GET, "/api/v1/audit?%FF=1", None).await;
    assert_eq!(detail(&answer, "a name"), "send the query in UTF-8");
}

/// Whoever sends a parameter counts on it, such as on a page or on a condition.
#[tokio::test]
async fn a_parameter_that_nobody_reads_is_refused() {
    let world = World::new().await;
    for (method, path, operation) in operations(&document()) {
        let example = operation["requestBody"]["content"]["application/json"]["example"].clone();
        for query in ["surprise=1", "surprise", "%FF"] {
            let asked = format!("{path}?{query}");
            let answer = ask(&world, &method, &asked, example.is_object().then_some(&example)).await;
            detail(&answer, &asked);
        }
        let empty = ask(&world, &Method::GET, "/api/v1/peppers?", None).await;
        assert_eq!(empty.status, 200);
    }
}

/// Whoever sends a reason or a condition in a body counts on it too.
#[tokio::test]
async fn a_body_that_nobody_reads_is_refused_unless_it_says_nothing() {
    let world = World::new().await;
    let bodies = [json!({ SENT: 1 }), json!({ "reason": "x".repeat(100_000) }), json!([]), json!(0), json!(SENT)];
    let mut tried = 0;
    for (method, path, operation) in operations(&document()) {
        if operation["requestBody"].is_object() {
            continue;
        }
        for body in &bodies {
            let answer = ask(&world, &method, &path, Some(body)).await;
            assert_eq!(detail(&answer, &path), "this call takes no body, leave it out");
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
    for body in ["", " \r\n", "{}", " { }\n", "null"] {
        let mut asked = request(HOME, Some(&world.admin), &Method::GET, "/api/v1/peppers", None);
        *asked.body_mut() = body.into();
        assert_eq!(send(&world.api(), asked).await.status, 200, "{body:?}");
    }
}

/// The field is named where its name is one that a field could have; otherwise the object that has it.
#[tokio::test]
async fn an_unknown_field_is_told_with_the_object_it_stands_in() {
    let world = World::new().await;
    for (method, path, example) in bodies() {
        for (place, pointer) in all_places(&example) {
            let mut body = example.clone();
            let Some(object) = body.pointer_mut(&pointer).and_then(Value::as_object_mut) else { continue };
            object.insert(SENT.into(), json!(1));
            let told = detail(&ask(&world, &method, &path, Some(&body)).await, &format!("{method} {path} {place}"));
            let begins = if place.is_empty() { String::new() } else { format!("{place}: ") };
            assert!(told.starts_with(&begins), "{method} {path} {place}: {told}");
        }
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_told_by_its_path() {
    let world = World::new().await;
    let mut tried = 0;
    for (method, path, example) in bodies() {
        for (place, pointer) in all_places(&example) {
            let present = example.pointer(&pointer).unwrap();
            let wrong = [json!({SENT: 1}), json!([SENT]), json!(SENT), json!(true), json!(1.5), Value::Null];
            for value in wrong.iter().filter(|value| !is_like(value, present)) {
                let mut body = example.clone();
                *body.pointer_mut(&pointer).unwrap() = value.clone();
                let answer = ask(&world, &method, &path, Some(&body)).await;
                if value.is_null() && answer.status != 422 {
                    continue;
                }
                let told = detail(&answer, &format!("{method} {path} {place} {value}"));
                let begins = if place.is_empty() { String::new() } else { format!("{place}: ") };
                assert!(told.starts_with(&begins), "{method} {path} {place} {value}: {told}");
                tried += 1;
            }
        }
    }
    assert!(tried > 200);
}

/// Whether a value is of the type of another; what fits by its type is judged elsewhere.
fn is_like(value: &Value, present: &Value) -> bool {
    std::mem::discriminant(value) == std::mem::discriminant(present)
}

/// A list that goes on by a field of the body names that field's own source.
#[tokio::test]
async fn a_review_that_goes_on_from_nowhere_is_told_what_to_pass() {
    let world = World::new().await;
    let answer = ask(&world, &Method::POST, "/api/v1/reviews", Some(&json!({ "after": SENT }))).await;
    assert_eq!(detail(&answer, "after"), "after: pass the `next` of the review before");
}

#[tokio::test]
async fn a_policy_is_tried_only_if_it_could_be_kept() {
    let world = World::new().await;
    let named = |name: &str| json!({ "name": name, "rules": [] });
    for (path, body) in [
        ("validate-existing", json!({ "policy": named(SENT) })),
        ("validate", json!({ "policy": named(SENT), "request": { "name": "a", "environment": "production" } })),
    ] {
        let answer = ask(&world, &Method::POST, &format!("/api/v1/service/policies/{path}"), Some(&body)).await;
        let told = detail(&answer, path);
        assert!(told.starts_with("policy.name: "), "{told}");
    }
    let names: Vec<_> = (0..2_000).map(|number| format!("name-{number:08}")).collect();
    let long = json!({ "name": "long", "matching_criteria": { "names": names }, "rules": [] });
    let answer = ask(&world, &Method::POST, "/api/v1/service/policies", Some(&long)).await;
    assert!(detail(&answer, "long").starts_with("a policy has at most 16384 bytes"));
}
