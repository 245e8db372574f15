//! The OpenAPI document, made of the same calls as the router.
//!
//! Everything in it follows from the list of calls: there is nothing to keep in step by hand. What a call says of
//! itself is in [`Description`], and the file `openapi.json` is the result, which a test compares.

mod refusals;
mod served;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use service_accounts::Duty;

use self::refusals::refusal;
pub(crate) use self::served::Served;
use crate::{
    call::{Answer, Content, Description, Needs, Refusals},
    problems::Kind,
    wire::problem::{OAuthErrorShape, ProblemShape},
};

/// OpenAPI 3.1 of these calls.
///
/// Paths and schemas come in a fixed order, so that the file changes only where a call does.
pub(crate) fn document(calls: &[&Description]) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut schemas = BTreeMap::new();
    for call in calls {
        let (name, schema) = match call.refusals {
            Refusals::Problems => ProblemShape::part(),
            Refusals::OAuth => OAuthErrorShape::part(),
        };
        schemas.insert(name, value(&schema));
        paths.entry(call.path).or_default().insert(call.method.as_str().to_lowercase(), operation(call, calls));
        let answers = call.other_answers.iter().chain([&call.answer]);
        for content in answers.flat_map(|answer| &answer.contents).chain(&call.body) {
            schemas.extend(content.parts.iter().map(|(name, schema)| (name.clone(), value(schema))));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Service accounts",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Machine users, their tokens and sessions, and the trail of what happened to them.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "A token or a session." },
                "client": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The client id and the client secret, each form-encoded (RFC 6749 §2.3.1).",
                },
            },
        },
    })
}

/// `x-permission` names the part of administration; generators ignore it and people read it.
fn operation(call: &Description, calls: &[&Description]) -> Value {
    let mut operation = json!({
        "operationId": call.id,
        "summary": call.summary,
        "description": description(call.needs),
        "tags": [tag(call.path)],
        "parameters": parameters(call),
        "responses": responses(call, calls),
        "security": security(call.needs),
    });
    if let (Some(body), Some(fields)) = (&call.body, operation.as_object_mut()) {
        let content = contents(std::slice::from_ref(body));
        fields.insert("requestBody".into(), json!({ "required": call.is_body_required, "content": content }));
    }
    if let (Needs::Administration(duty), Some(fields)) = (call.needs, operation.as_object_mut()) {
        fields.insert("x-permission".into(), permission(duty).into());
    }
    operation
}

fn description(needs: Needs) -> String {
    match needs {
        Needs::Nothing => "Needs no bearer credential.".into(),
        Needs::Credential => "Needs a bearer credential.".into(),
        Needs::Client => "Needs client credentials, by Basic or in the form, and not both.".into(),
        Needs::ClientOrBearer => {
            "Needs client credentials, by Basic or in the form, or a bearer credential; only one of them.".into()
        }
        Needs::Administration(duty) => format!("Needs the host's permission to {} service accounts.", permission(duty)),
    }
}

/// An empty requirement stands for client credentials in the form, for which OpenAPI has no word.
fn security(needs: Needs) -> Value {
    match needs {
        Needs::Nothing => json!([]),
        Needs::Credential | Needs::Administration(_) => json!([{ "bearer": [] }]),
        Needs::Client => json!([{ "client": [] }, {}]),
        Needs::ClientOrBearer => json!([{ "client": [] }, { "bearer": [] }, {}]),
    }
}

/// What the permission is for; which one it is, the host has chosen.
///
/// The words of [`Administration`](service_accounts::Administration), which each host maps to permissions of its own.
const fn permission(duty: Duty) -> &'static str {
    match duty {
        Duty::Create => "create",
        Duty::Manage => "manage",
        Duty::ManageOrReview => "manage or review",
        Duty::Review => "review",
        Duty::ReadTrail => "read the trail of",
    }
}

/// The noun that a path is about.
///
/// The innermost noun counts: a token of an account is about tokens.
fn tag(path: &str) -> &str {
    if !path.starts_with("/api/") {
        return "oauth2";
    }
    let noun = path
        .split('/')
        .rev()
        .find(|part| matches!(*part, "tokens" | "sessions" | "service-accounts" | "service-account"));
    noun.unwrap_or_else(|| path.split('/').nth(3).unwrap_or("document"))
}

/// Variables of the path first, then those of the call.
fn parameters(call: &Description) -> Value {
    let in_path = variables(call.path).map(|name| {
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" }, "example": sample(name) })
    });
    in_path.chain(call.parameters.iter().map(value)).collect()
}

/// Of a form that the endpoint takes, so that a tester's first request is a 404 and no 400.
fn sample(name: &str) -> &'static str {
    match name {
        "id" => "pipeline_automation@service",
        "incident_id" => "service:001769860800-00",
        "sequence" => "42",
        "subscription_id" => "0123456789abcdef0123",
        _ => "0123456789abcdef",
    }
}

/// One entry a status: several problems of one status share it, told apart by their codes.
fn responses(call: &Description, calls: &[&Description]) -> BTreeMap<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in call.all_problems() {
        by_status.entry(kind.status).or_default().push(kind);
    }
    let problems = by_status.into_iter().map(|(status, kinds)| (status.to_string(), refusal(&kinds, call.refusals)));
    let mut good = answer(&call.answer);
    if let (true, Some(fields)) = (call.answer.is_located, good.as_object_mut()) {
        fields.insert("links".into(), links(call.path, calls));
    }
    let again = call.answer.again.map(|status| (status.to_string(), answer(&call.answer)));
    let others = call.other_answers.iter().map(|other| (other.status.to_string(), answer(other)));
    problems.chain([(call.answer.status.to_string(), good)]).chain(again).chain(others).collect()
}

/// What can be done with what was made: every call on it takes its id from the answer, and the rest from the request.
///
/// A client that follows them never has to build a path.
fn links(made_at: &str, calls: &[&Description]) -> Value {
    let below = calls.iter().filter_map(|call| {
        let rest = call.path.strip_prefix(made_at)?.strip_prefix("/{")?;
        let (name, rest) = rest.split_once('}')?;
        let outer = variables(made_at).map(|name| (name.to_owned(), json!(format!("$request.path.{name}"))));
        let parameters: Map<_, _> = outer.chain([(name.to_owned(), json!("$response.body#/id"))]).collect();
        let link = json!({ "operationId": call.id, "parameters": parameters });
        (!rest.contains('{')).then_some((call.id.to_owned(), link))
    });
    Value::Object(below.collect())
}

/// In the order of the path.
fn variables(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn answer(answer: &Answer) -> Value {
    let mut headers = Map::new();
    if answer.is_located {
        headers.insert("Location".into(), header("Where the new one is found."));
    }
    let mut response = json!({ "description": answer.description, "headers": headers });
    if let (false, Some(fields)) = (answer.contents.is_empty(), response.as_object_mut()) {
        fields.insert("content".into(), contents(&answer.contents));
    }
    response
}

fn header(description: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string" } })
}

/// One entry a media type, in the order in which they are offered.
fn contents(contents: &[Content]) -> Value {
    let media = |content: &Content| json!({ "schema": value(&content.schema), "example": content.example });
    contents.iter().map(|content| (content.media_type.to_owned(), media(content))).collect::<Map<_, _>>().into()
}

/// Schemas serialise without a failure; what could not would stand as null, which the test of the document finds.
fn value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}
