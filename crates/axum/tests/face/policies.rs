//! Policies over HTTP: put, changed by several people, in force, and tried before.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, HOME, World, request, send};

const POLICIES: &str = "/api/v1/service/policies";
const NETWORKS: &str = "/api/v1/service/policies/networks";
const ACCOUNTS: &str = "/api/v1/service-accounts";

async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    send(&world.api(), request(HOME, Some(&world.admin), &method, path, body.as_ref())).await
}

/// Whoever has no networks: the accounts of the world have some.
fn networks(fail: &str) -> Value {
    json!({"name": "networks", "is_enabled": true, "rules": [{"kind": "allowlist_required", "fail": fail}]})
}

fn account(name: &str) -> Value {
    json!({"name": name, "purpose": "nightly load", "owner": "data team", "environment": "production",
           "first_token": {"name": "nightly-2026"}})
}

/// Policy, kind, code, field and consequence of each finding.
fn told(findings: &Value) -> Vec<[String; 5]> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or("null").to_owned();
    let one = |finding: &Value| ["policy", "kind", "code", "field", "fail"].map(|name| text(finding, name));
    findings.as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn of_two_who_change_one_policy_the_second_is_told() {
    let world = World::new().await;
    let created = call(&world, Method::POST, POLICIES, Some(networks("soft"))).await;
    assert_eq!((created.status, created.header(http::header::LOCATION)), (201, Some(NETWORKS)));
    let version = created.json()["version"].as_u64().unwrap();
    assert_eq!(call(&world, Method::POST, POLICIES, Some(networks("hard"))).await.code(), "NAME_TAKEN");
    let at = |version: u64| format!("{NETWORKS}?version={version}");
    let content = |fail: &str| Some(networks(fail));
    let changed = call(&world, Method::PUT, &at(version), content("hard")).await;
    assert_eq!(changed.status, 200);
    let latest = changed.json()["version"].as_u64().unwrap();
    for method in [Method::PUT, Method::DELETE] {
        let body = (method == Method::PUT).then(|| networks("soft"));
        let late = call(&world, method.clone(), &at(version), body).await;
        assert_eq!((late.status, late.code().as_str()), (409, "OUTDATED"), "{method}");
    }
    let shown = call(&world, Method::GET, NETWORKS, None).await.json();
    assert_eq!((&shown["rules"][0]["fail"], &shown["version"]), (&json!("hard"), &json!(latest)));
    let other_name = json!({"name": "another", "is_enabled": true, "rules": []});
    assert_eq!(call(&world, Method::PUT, &at(latest), Some(other_name)).await.status, 422);
    assert_eq!(call(&world, Method::DELETE, &at(latest), None).await.status, 204);
    assert_eq!(call(&world, Method::GET, NETWORKS, None).await.status, 404);
}

#[tokio::test]
async fn a_hard_rule_refuses_with_findings_that_name_policy_and_field() {
    let world = World::new().await;
    call(&world, Method::POST, POLICIES, Some(networks("hard"))).await;
    let refused = call(&world, Method::POST, ACCOUNTS, Some(account("Nightly Load"))).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "POLICY_BLOCKED"));
    let of = |kind: &str| ["networks", kind, "allowlist-required", "allowlist", "hard"].map(str::to_owned);
    assert_eq!(told(&refused.json()["findings"]), [of("account"), of("token")]);
    let missing = call(&world, Method::GET, &format!("{ACCOUNTS}/nightly_load@service"), None).await;
    assert_eq!(missing.status, 404, "nothing was created");
    // What has networks passes.
    let mut bound = account("Nightly Load");
    bound["ip_allowlist"] = json!(["198.51.100.0/24"]);
    assert_eq!(call(&world, Method::POST, ACCOUNTS, Some(bound)).await.status, 201);
}

#[tokio::test]
async fn a_soft_rule_warns_in_the_answer_of_every_call_that_gives_anything() {
    let world = World::new().await;
    let created = call(&world, Method::POST, ACCOUNTS, Some(account("Nightly Load"))).await.json();
    assert_eq!(created["warnings"], json!([]));
    call(&world, Method::POST, POLICIES, Some(networks("soft"))).await;
    let one = format!("{ACCOUNTS}/nightly_load@service");
    let token = format!("{one}/tokens/{}", created["first_token"]["id"].as_str().unwrap());
    call(&world, Method::POST, &format!("{one}/disable"), None).await;
    for (method, path, body, kind) in [
        (Method::POST, format!("{one}/enable"), None, "account"),
        (Method::PATCH, one.clone(), Some(json!({"purpose": "loads"})), "account"),
        (Method::POST, format!("{one}/client-secret"), None, "account"),
        (Method::PATCH, token.clone(), Some(json!({"scopes": []})), "token"),
        (Method::POST, format!("{one}/tokens"), Some(json!({"name": "second-2026"})), "token"),
        (Method::POST, format!("{token}/rotate"), Some(json!({"idempotency_key": "k"})), "token"),
        (Method::POST, format!("{one}/contain"), Some(json!({"reason": "r", "successor": true})), "account"),
    ] {
        let answer = call(&world, method, &path, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {:?}", answer.json());
        let expected = ["networks", kind, "allowlist-required", "allowlist", "soft"].map(str::to_owned);
        assert_eq!(told(&answer.json()["warnings"]), [expected], "{path}");
    }
}

#[tokio::test]
async fn a_policy_is_tried_before_it_is_kept() {
    let world = World::new().await;
    let request = json!({"kind": "token", "name": "nightly", "environment": "production", "lifetime": "365d"});
    let short = |fail: &str| {
        json!({"name": "short", "matching_criteria": {"environments": ["production"]},
               "rules": [{"kind": "maximum_lifetime", "maximum": "90d", "fail": fail}]})
    };
    let path = format!("{POLICIES}/validate");
    for (fail, outcome) in [("soft", "warn"), ("hard", "block")] {
        let tried = call(&world, Method::POST, &path, Some(json!({"policy": short(fail), "request": request}))).await;
        assert_eq!((tried.status, &tried.json()["outcome"]), (200, &json!(outcome)));
        let expected = ["short", "token", "maximum-lifetime", "lifetime", fail].map(str::to_owned);
        assert_eq!(told(&tried.json()["findings"]), [expected]);
    }
    let mut fits = request.clone();
    fits["lifetime"] = json!("90d");
    let tried = call(&world, Method::POST, &path, Some(json!({"policy": short("hard"), "request": fits}))).await;
    assert_eq!((&tried.json()["outcome"], &tried.json()["findings"]), (&json!("allow"), &json!([])));
    let existing = format!("{POLICIES}/validate-existing");
    let found = call(&world, Method::POST, &existing, Some(json!({"policy": short("hard")}))).await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 2, "the tokens of both accounts live for a year");
    let kept = call(&world, Method::GET, POLICIES, None).await.json();
    assert_eq!(kept["items"], json!([]), "nothing was kept");
    let events = call(&world, Method::GET, "/api/v1/audit?action=policy.validated", None).await.json();
    assert_eq!(events["items"].as_array().unwrap().len(), 4, "each trial is on record");
}

#[tokio::test]
async fn what_a_policy_takes_in_too_broadly_is_reported() {
    let world = World::new().await;
    let everything = call(&world, Method::POST, POLICIES, Some(networks("soft"))).await.json();
    assert_eq!(everything["over_broad"], json!([{"kind": "everything"}]));
    let names = json!({"name": "names", "matching_criteria": {"names": ["batch-*", "*"]}, "rules": []});
    let names = call(&world, Method::POST, POLICIES, Some(names)).await.json();
    assert_eq!(names["over_broad"], json!([{"kind": "every_name", "position": 1}]));
}

#[tokio::test]
async fn who_does_not_hold_everything_changes_no_policy() {
    let world = World::new().await;
    let refused = request(HOME, Some(&world.member), &Method::POST, POLICIES, Some(&networks("soft")));
    assert_eq!(send(&world.api(), refused).await.status, 403);
    assert_eq!(call(&world, Method::GET, NETWORKS, None).await.status, 404);
}

/// RFC 6750 §3: a token that does not enable the access is told so by a challenge, whoever finds it out.
#[tokio::test]
async fn who_may_not_change_policies_is_told_by_a_challenge() {
    let world = World::new().await;
    let lesser = json!({"name": "Lesser Keeper", "purpose": "keeps", "owner": "data team", "environment": "production",
        "role": "Admin", "justification": "it keeps accounts", "first_token": {"name": "nightly-2026"}});
    let token = call(&world, Method::POST, ACCOUNTS, Some(lesser)).await.json()["first_token"]["token"].clone();
    let asked = request(HOME, token.as_str(), &Method::POST, POLICIES, Some(&networks("soft")));
    let answer = send(&world.api(), asked).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "INSUFFICIENT_SCOPE"), "{token}");
    let challenge = answer.header(http::header::WWW_AUTHENTICATE);
    assert_eq!(challenge, Some("Bearer error=\"insufficient_scope\""));
}
