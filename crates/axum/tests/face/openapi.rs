//! The document says what the router does.

use std::{collections::BTreeMap, fs, path::PathBuf};

use axum::Router;
use http::Method;
use serde_json::Value;
use service_accounts::{access::presets::data_quality::Permission, store::MemoryStore};
use service_accounts_axum::{OAuthServer, Room, api_with_oauth, oauth::Issuer, openapi, rooms};

use crate::support::{HOME, World, request, send};

pub(crate) fn document() -> Value {
    openapi::<MemoryStore, Permission>()
}

/// Every operation under `/api/`: method, path with real ids, and what the document says of it. Those of OAuth are tried
/// where their clients are.
pub(crate) fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/api/")) {
        let path = path
            .replace("{id}", "finance_metrics@service")
            .replace("{token_id}", "0000000000000000")
            .replace("{name}", "short-lived-tokens")
            .replace("{review_id}", "service:0");
        let path = path.replace("{session_id}", "0000000000000000");
        let path = path.replace("{subscription_id}", "00000000000000000000");
        let path = path.replace("{incident_id}", "service:001769860800-00");
        for (method, operation) in methods.as_object().unwrap() {
            all.push((method.to_uppercase().parse().unwrap(), path.clone(), operation.clone()));
        }
    }
    all
}

/// `openapi.json` is written by this test when `WRITE_OPENAPI` is set.
#[test]
fn the_written_document_is_the_one_that_the_code_makes() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    if std::env::var_os("WRITE_OPENAPI").is_some() {
        fs::write(&path, &made).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == made, "run this test with WRITE_OPENAPI=1 and commit openapi.json");
}

#[tokio::test]
async fn the_served_document_is_the_written_one_and_knows_its_prefix() {
    let world = World::new().await;
    let server = OAuthServer::new(Issuer::parse("https://auth.example.com").unwrap());
    let whole = api_with_oauth(world.accounts.clone(), world.gate(), server);
    let served = send(&whole, request(HOME, None, &Method::GET, "/api/v1/openapi.json", None)).await;
    assert_eq!((served.status, served.json()), (200, document()));
    let nested = Router::new().nest("/iam", whole);
    let served = send(&nested, request(HOME, None, &Method::GET, "/iam/api/v1/openapi.json", None)).await.json();
    assert_eq!(served["servers"][0]["url"], "/iam");
}

#[tokio::test]
async fn a_router_without_oauth_documents_none_of_it() {
    let world = World::new().await;
    let served = send(&world.api(), request(HOME, None, &Method::GET, "/api/v1/openapi.json", None)).await.json();
    let (served, whole) = (served["paths"].as_object().unwrap(), document());
    let own: Vec<_> = whole["paths"].as_object().unwrap().keys().filter(|path| path.starts_with("/api/")).collect();
    assert!(served.keys().eq(own), "{:?}", served.keys());
}

#[tokio::test]
async fn every_documented_call_has_a_route_and_answers_as_documented() {
    let world = World::new().await;
    for (method, path, operation) in operations(&document()) {
        let body = operation["requestBody"]["content"]["application/json"]["example"].clone();
        let body = (!body.is_null()).then_some(body);
        let answer = send(&world.api(), request(HOME, Some(&world.admin), &method, &path, body.as_ref())).await;
        assert_ne!(answer.status, 405, "{method} {path}");
        assert!(!operation["responses"][answer.status.to_string()].is_null(), "{method} {path}: {}", answer.status);
        assert!(
            !matches!(answer.status, 400 | 422),
            "{method} {path}: its own example does not fit: {}",
            answer.json()
        );
    }
}

/// A route that the document lacks would be found by asking for another method: `Allow` names what a path has.
#[tokio::test]
async fn no_path_has_a_method_that_the_document_lacks() {
    let world = World::new().await;
    let mut documented: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (method, path, _) in operations(&document()) {
        documented.entry(path).or_default().push(method.to_string());
    }
    for (path, mut methods) in documented {
        let answer = send(&world.api(), request(HOME, Some(&world.admin), &Method::TRACE, &path, None)).await;
        assert_eq!(answer.status, 405, "{path}");
        let allowed = answer.header(http::header::ALLOW).unwrap().split(',').filter(|method| *method != "HEAD");
        let mut allowed: Vec<_> = allowed.map(str::to_owned).collect();
        allowed.sort();
        methods.sort();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn what_is_documented_as_guarded_is_and_needs_what_it_says() {
    let world = World::new().await;
    for (method, path, operation) in operations(&document()) {
        let body = operation["requestBody"]["content"]["application/json"]["example"].clone();
        let body = (!body.is_null()).then_some(body);
        let is_guarded = operation["security"].as_array().unwrap().iter().any(|scheme| scheme.get("bearer").is_some());
        let strangers = send(&world.api(), request(HOME, None, &method, &path, body.as_ref())).await;
        assert_eq!(strangers.code() == "UNAUTHENTICATED", is_guarded, "{method} {path}");
        if operation.get("x-permission").is_some() {
            let members = send(&world.api(), request(HOME, Some(&world.member), &method, &path, body.as_ref())).await;
            assert_eq!(members.code(), "INSUFFICIENT_SCOPE", "{method} {path}");
        }
    }
}

#[test]
fn every_operation_has_a_name_a_summary_its_problems_and_an_example() {
    let document = document();
    let mut names = Vec::new();
    let calls = document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    for (place, operation) in calls {
        names.push(operation["operationId"].as_str().unwrap().to_owned());
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{place}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let content = response["content"].as_object();
            match status.as_str() {
                "204" => assert!(content.is_none(), "{place}"),
                "200" | "201" => {
                    let mut contents = content.unwrap().values();
                    assert!(contents.all(|content| !content["example"].is_null()), "{place}");
                }
                _ => assert!(content.unwrap().values().all(|told| told["examples"].is_object()), "{place} {status}"),
            }
        }
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "operation ids are unique");
}

/// Who reads the README sees all that the service does, and every code that a client has to handle.
#[test]
fn the_readme_lists_every_call_and_every_code() {
    let readme = include_str!("../../README.md");
    for path in document()["paths"].as_object().unwrap().keys() {
        let last = path.rsplit('/').find(|part| part.chars().all(|each| each.is_ascii_lowercase() || each == '-'));
        assert!(readme.contains(&format!("/{}", last.unwrap())), "the README does not tell of {path}");
    }
    for (_, _, operation) in operations(&document()) {
        let answers = operation["responses"].as_object().unwrap().values();
        for code in answers.filter_map(|answer| answer["x-codes"].as_array()).flatten() {
            let code = code.as_str().unwrap();
            let is_told =
                readme.contains(&format!("`{code}`")) || include_str!("../../../tower/README.md").contains(code);
            assert!(is_told, "the README does not tell of {code}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[tokio::test]
async fn a_room_alone_documents_itself_alone() {
    let world = World::new().await;
    let router = rooms(&[Room::Peppers], world.accounts.clone(), world.gate());
    let served = send(&router, request(HOME, None, &Method::GET, "/api/v1/openapi.json", None)).await.json();
    assert_eq!(served["paths"].as_object().unwrap().keys().collect::<Vec<_>>(), ["/api/v1/peppers"]);
}

/// The fields of a schema and of those that stand inside it, each with its own schema.
fn fields<'a>(place: &str, schema: &'a Value) -> Vec<(String, &'a Value)> {
    let own = schema["properties"].as_object().into_iter().flatten();
    let own = own.map(|(field, shape)| (format!("{place}.{field}"), shape));
    let parts = ["allOf", "anyOf", "oneOf"].iter().flat_map(|form| schema[form].as_array().into_iter().flatten());
    let items = Some(&schema["items"]).filter(|items| !items.is_null());
    let inner = parts.chain(items).map(|part| (place.to_owned(), part));
    let inner = inner.chain(own.clone()).flat_map(|(place, shape)| fields(&place, shape));
    own.chain(inner.collect::<Vec<_>>()).collect()
}

/// A field that the document lists without a word leaves whoever generates a client to guess.
#[test]
fn every_field_of_every_body_is_described() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let all: Vec<_> = schemas.iter().flat_map(|(name, schema)| fields(name, schema)).collect();
    let is_described = |shape: &Value| {
        let mut variants = shape["oneOf"].as_array().into_iter().flatten();
        shape["description"].is_string() || variants.any(|variant| variant["description"].is_string())
    };
    let bare: Vec<_> = all.iter().filter(|(_, shape)| !is_described(shape)).map(|(field, _)| field).collect();
    assert!(bare.is_empty(), "write a doc comment for each of {bare:?}");
    assert!(all.len() > 250, "only {} fields were found", all.len());
}
