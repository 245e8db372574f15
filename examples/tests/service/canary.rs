//! Where secrets must not be: logs, problems, the database and its log, and every answer but one.

use serde_json::{Value, json};

use crate::{
    client::Answer,
    home::{Home, Service},
};

const AUTH: &str = "/api/v1/service-account/auth";
const ONE: &str = "/api/v1/service-accounts/pipeline_automation@service";

/// Talks to the service and keeps all that it answers.
struct Scribe<'a> {
    service: &'a Service,
    answers: Vec<Answer>,
}

impl Scribe<'_> {
    fn tell(&mut self, token: Option<&str>, method: &str, path: &str, body: Option<Value>) -> Value {
        let client = token.map_or_else(|| self.service.without_credential(), |token| self.service.with(token));
        let answer = client.send(method, path, body.as_ref());
        let json = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        self.answers.push(answer);
        json
    }

    fn answers_with(&self, secret: &str) -> usize {
        self.answers.iter().filter(|answer| format!("{:?}{}", answer.headers, answer.text()).contains(secret)).count()
    }
}

/// The 38 characters that only the client may know.
fn half(secret: &str) -> &str {
    &secret[secret.len() - 44..secret.len() - 6]
}

fn found_in(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// The whole path, and each secret sent to places where it does not belong.
fn walk(scribe: &mut Scribe<'_>, admin: &str) -> Vec<String> {
    let root = Some(admin);
    let account = json!({"name": "Pipeline Automation", "purpose": "p", "owner": "o", "environment": "production", "first_token": {"name": "first-token"}});
    let created = scribe.tell(root, "POST", "/api/v1/service-accounts", Some(account));
    let minted = scribe.tell(root, "POST", &format!("{ONE}/tokens"), Some(json!({"name": "second-token"})));
    let renewed = scribe.tell(root, "POST", &format!("{ONE}/client-secret"), None);
    let credentials = json!({"client_id": "pipeline_automation@service", "client_secret": renewed["client_secret"]});
    let session = scribe.tell(None, "POST", AUTH, Some(credentials));
    let shown = [
        &created["client_secret"],
        &created["first_token"]["token"],
        &minted["token"],
        &renewed["client_secret"],
        &session["token"],
    ];
    let secrets: Vec<String> = shown.iter().map(|secret| secret.as_str().expect("a secret").to_owned()).collect();
    for secret in &secrets {
        misplace(scribe, admin, secret);
    }
    for path in ["/api/v1/service-accounts", ONE, &format!("{ONE}/tokens"), "/api/v1/audit?limit=200"] {
        scribe.tell(root, "GET", path, None);
    }
    scribe.tell(root, "POST", &format!("{ONE}/tokens/{}/revoke", minted["id"].as_str().unwrap()), None);
    scribe.tell(Some(secrets[2].as_str()), "GET", "/datastores", None);
    scribe.tell(Some(secrets[4].as_str()), "POST", &format!("{AUTH}/revoke"), None);
    secrets
}

fn misplace(scribe: &mut Scribe<'_>, admin: &str, secret: &str) {
    scribe.tell(Some(secret), "GET", "/datastores", None);
    scribe.tell(Some(secret), "GET", &format!("{AUTH}/verify"), None);
    scribe.tell(Some(secret), "POST", "/datastores", Some(json!({"name": secret, "surprise": secret})));
    scribe.tell(Some(&format!("{secret}x")), "GET", "/datastores", None);
    scribe.tell(None, "POST", AUTH, Some(json!({"client_id": secret, "client_secret": secret})));
    scribe.tell(None, "POST", AUTH, Some(json!({"client_secret": [secret]})));
    scribe.tell(None, "POST", AUTH, Some(json!({secret: secret})));
    scribe.tell(Some(admin), "POST", "/api/v1/service-accounts", Some(json!({"environment": secret})));
    scribe.tell(Some(admin), "POST", &format!("{ONE}/tokens"), Some(json!({"name": secret})));
    scribe.tell(Some(admin), "POST", &format!("{ONE}/tokens"), Some(json!({"name": "t", "scopes": [secret]})));
    scribe.tell(Some(admin), "GET", &format!("/api/v1/service-accounts/{secret}"), None);
    scribe.tell(Some(admin), "GET", &format!("{ONE}/tokens?cursor={secret}"), None);
    scribe.tell(Some(admin), "GET", &format!("/api/v1/audit?{secret}={secret}"), None);
    scribe.tell(Some(admin), "GET", &format!("/api/v1/audit?action={secret}"), None);
    scribe.tell(None, "GET", &format!("/datastores?access_token={secret}"), None);
    scribe.tell(None, "GET", &format!("/{secret}"), None);
}

#[test]
fn a_secret_is_in_one_answer_and_nowhere_else() {
    let (home, service, admin) = Home::first_start();
    let mut scribe = Scribe { service: &service, answers: Vec::new() };
    let secrets = walk(&mut scribe, &admin);
    assert_eq!(secrets.len(), 5);
    for (place, secret) in secrets.iter().enumerate() {
        assert_eq!(scribe.answers_with(half(secret)), 1, "secret {place}");
    }
    assert_eq!(scribe.answers_with(half(&admin)), 0);
    for answer in scribe.answers.iter().filter(|answer| answer.status >= 400) {
        let text = answer.text();
        assert!(!text.contains("sample_s"), "{text}");
    }

    let during = home.database_bytes();
    let said = service.terminate();
    let (log, after) = (home.log(), home.database_bytes());
    assert!(log.contains("access.granted"), "the log is on, or else it proves nothing");
    let id = &secrets[1][11..27];
    assert!(found_in(&during, id), "the database is read where it is, or else it proves nothing");
    for secret in secrets.iter().chain([&admin]) {
        let line = log.lines().find(|line| line.contains(half(secret)));
        assert!(line.is_none(), "logged: {}", line.unwrap_or_default().replace(half(secret), "THE SECRET"));
        assert!(!said.contains(half(secret)), "printed");
        assert!(!found_in(&during, half(secret)) && !found_in(&after, half(secret)), "stored");
    }
}
