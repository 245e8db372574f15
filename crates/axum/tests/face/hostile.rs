//! Texts that are no JSON, texts that are JSON and nothing else, and a hundred thousand of both.
//!
//! The corpus follows the cases of JSONTestSuite (Seriot, "Parsing JSON is a minefield").

use axum::Router;
use http::Method;
use serde_json::json;

use crate::{
    body::{sent, shop},
    support::{HOME, World, request, send},
};

/// No JSON by RFC 8259, whatever lenient parsers make of it.
const MALFORMED: [&[u8]; 74] = [
    b"",
    b" ",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[1",
    b"[1,",
    b"[1,]",
    b"[,1]",
    b"[1,,2]",
    b"[1 2]",
    b"[1:2]",
    b"[\"\"",
    b"[\"a",
    b"{\"a\"",
    b"{\"a\":",
    b"{\"a\":1",
    b"{\"a\":1,",
    b"{\"a\":1,}",
    b"{\"a\" 1}",
    b"{\"a\":1 \"b\":2}",
    b"{1:1}",
    b"{a:1}",
    b"{'a':1}",
    b"{\"a\":'b'}",
    b"{null:null}",
    b"{\"a\":1}}",
    b"{\"a\":1}[",
    b"{}{}",
    b"[][]",
    b"{\"a\":1}#",
    b"{\"a\":1}//",
    b"/* */{}",
    b"{}/**/",
    b"#{}",
    b"nul",
    b"nulll",
    b"True",
    b"FALSE",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"-NaN",
    b"undefined",
    b"01",
    b"-01",
    b"+1",
    b"1.",
    b".1",
    b"-.1",
    b"1e",
    b"1e+",
    b"1.e1",
    b"0x1",
    b"0x",
    b"1_000",
    b"--1",
    b"-",
    b"1 000.0",
    b"\"",
    b"\"\\",
    b"\"\\x00\"",
    b"\"\\u12\"",
    b"\"\\ud800\"",
    b"\"\\ud800\\u0041\"",
    b"\"a\nb\"",
    b"\"a\tb\"",
    b"\"\x00\"",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b"\"\xff\"",
    b"\"\xed\xa0\x80\"",
    b"{\"a\":\"\xc0\xaf\"}",
];

/// JSON by RFC 8259, and no order of ours.
const ANOTHER_SHAPE: [&str; 34] = [
    "[]",
    "[[]]",
    "{}",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1e5",
    "1E-2",
    "1.5",
    "123456789012345678901234567890",
    "-9223372036854775809",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud834\\udd1e\"",
    "\"\u{2028}\"",
    "\"\u{10ffff}\"",
    "[null, 1, \"1\", {}]",
    " [] ",
    "\t{}\n",
    "[1,2,[3,[4]]]",
    "{\"\":0}",
    "{\"a\\u0000b\":0}",
    "{\"item\":{}}",
    "{\"item\":{\"count\":\"1\"}}",
    "{\"item\":{\"count\":1.5}}",
    "{\"item\":{\"count\":1e2}}",
    "{\"item\":{\"count\":null}}",
    "{\"item\":{\"count\":[1]}}",
    "{\"item\":{\"count\":true}}",
    "{\"Item\":{\"count\":1}}",
    "{\"item\":{\"count\":1},\"__proto__\":{}}",
    "{\"item\":{\"count\":1},\"item\":{\"count\":1}}",
];

#[tokio::test]
async fn what_is_no_json_is_400_and_says_where_and_nothing_of_what_was_sent() {
    for text in MALFORMED {
        let answer = sent(text.to_vec()).await;
        let shown = String::from_utf8_lossy(text);
        assert_eq!((answer.status, answer.code().as_str()), (400, "MALFORMED_JSON"), "{shown}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        let is_plain = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || " :,.".contains(c));
        let place = detail.strip_prefix("The body is not JSON: see line ").map(|place| place.replace("column", ""));
        let fixed = ["The body is not JSON: it is not UTF-8.", "The body is empty; send a JSON object."];
        assert!(fixed.contains(&&*detail) || place.is_some_and(|place| is_plain(&place)), "{shown}: {detail}");
    }
}

#[tokio::test]
async fn json_of_another_shape_is_422() {
    for text in ANOTHER_SHAPE {
        let answer = sent(text).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"), "{text}");
        assert_speaks_plainly(answer.json()["detail"].as_str().unwrap());
    }
}

#[tokio::test]
async fn depth_is_no_danger() {
    for depth in [31, 32, 33, 200, 30_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        assert_eq!(sent(format!("{open}{close}")).await.status, 422, "{depth}");
        assert_eq!(sent(open).await.status, 400, "{depth}");
        let nested = format!("{}0{}", "{\"item\":".repeat(depth.min(7000)), "}".repeat(depth.min(7000)));
        assert_eq!(sent(nested).await.status, 422, "{depth}");
    }
}

/// Words that a client's author should not have to know.
fn assert_speaks_plainly(detail: &str) {
    for jargon in ["struct", "u8", "u32", "usize", "map", "sequence", "EOF", "variant", "Option", "::"] {
        let is_there = detail.split(|c: char| !c.is_alphanumeric() && c != ':').any(|word| word == jargon);
        assert!(!is_there, "{jargon} in {detail}");
    }
}

/// A plain generator: the same bodies in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    /// A body with some bytes cut, doubled or replaced.
    fn mangle(&mut self, body: &[u8]) -> Vec<u8> {
        const SPICE: &[u8] = b"{}[]\",:\\ 0e-.nutf\xff\x00\xf0\xed";
        let mut mangled = body.to_vec();
        for _ in 0..=self.roll(3) {
            let place = self.roll(mangled.len() + 1);
            match self.roll(4) {
                0 => mangled.truncate(place),
                1 => mangled.insert(place, SPICE[self.roll(SPICE.len())]),
                2 => mangled.extend_from_within(place..),
                _ if place < mangled.len() => mangled[place] = SPICE[self.roll(SPICE.len())],
                _ => {}
            }
        }
        mangled
    }
}

async fn assert_survives(router: &Router, seeds: &[Vec<u8>], rounds: usize, token: Option<&str>, path: &str) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..rounds {
        let seed = dice.roll(seeds.len());
        let body = dice.mangle(&seeds[seed]);
        let mut hostile = request(HOME, token, &Method::POST, path, Some(&json!({})));
        *hostile.body_mut() = body.clone().into();
        let answer = send(router, hostile).await;
        let shown = String::from_utf8_lossy(&body);
        assert!(answer.status < 500, "{} for {shown}", answer.status);
        if answer.status >= 400 {
            answer.code();
            assert_speaks_plainly(answer.json()["detail"].as_str().unwrap());
        }
    }
}

#[tokio::test]
async fn a_hundred_thousand_hostile_bodies_are_a_clients_fault_each() {
    let order = br#"{"item": {"count": 7}, "tags": [{"count": 1}]}"#.to_vec();
    let corpus = MALFORMED.iter().map(|text| text.to_vec());
    let seeds: Vec<_> =
        corpus.chain(ANOTHER_SHAPE.iter().map(|text| text.as_bytes().to_vec())).chain([order]).collect();
    assert_survives(&shop(), &seeds, 94_000, None, "/").await;

    let world = World::new().await;
    let account = json!({
        "name": "Pipeline Automation", "purpose": "p", "owner": "o", "environment": "production", "role": "Editor",
        "scopes": ["datastores:view"], "teams": ["finance"], "ip_allowlist": ["198.51.100.0/24", "2001:db8::/32"],
        "expires_at": "2027-01-31T12:00:00Z", "justification": "j", "systems": ["warehouse"],
        "first_token": {"name": "t", "scopes": [], "expires_in_days": 7, "environment": "production"},
    });
    let credentials =
        json!({"client_id": "finance_metrics@service", "client_secret": "x", "scope": "a b", "expires_in": 60});
    let seeds = [account.to_string().into_bytes(), credentials.to_string().into_bytes()];
    assert_survives(&world.api(), &seeds, 3_000, Some(&world.admin), "/api/v1/service-accounts").await;
    assert_survives(&world.api(), &seeds, 3_000, None, "/api/v1/service-account/auth").await;
}
