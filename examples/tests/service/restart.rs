//! What a new process finds of the one before.

use std::io::Write;

use serde_json::{Value, json};

use crate::home::{Home, Service};

const AUTH: &str = "/api/v1/service-account/auth";

struct Before {
    admin: String,
    token: String,
    revoked: String,
    session: String,
    events: usize,
}

fn events(service: &Service, admin: &str) -> usize {
    let page = service.with(admin).get("/api/v1/audit?limit=200").json();
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        // Accesses and what upkeep settles come at their own time.
        .filter(|action| !action.starts_with("access.") && *action != "token.settled")
        .count()
}

fn live(service: &Service, admin: String) -> Before {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let account = service.create(&admin, "Pipeline Automation", json!({}));
    let one = format!("/api/v1/service-accounts/{}", text(&account["id"]));
    let extra = service.with(&admin).post(&format!("{one}/tokens"), &json!({"name": "short-lived-2026"})).json();
    service.with(&admin).ask(&format!("{one}/tokens/{}/revoke", text(&extra["id"])));
    let credentials = json!({"client_id": account["client_id"], "client_secret": account["client_secret"]});
    let session = service.without_credential().post(AUTH, &credentials).json();
    let events = events(service, &admin);
    Before {
        token: text(&account["first_token"]["token"]),
        revoked: text(&extra["token"]),
        session: text(&session["token"]),
        events,
        admin,
    }
}

fn everything_is_still_there(service: &Service, before: &Before) {
    for (token, status) in [(&before.admin, 200), (&before.token, 200), (&before.session, 200), (&before.revoked, 401)]
    {
        assert_eq!(service.with(token).get("/datastores").status, status);
    }
    assert_eq!(events(service, &before.admin), before.events);
}

#[test]
fn after_a_clean_end_everything_is_still_there_and_no_second_token_is_printed() {
    let (home, service, admin) = Home::first_start();
    let before = live(&service, admin);
    service.with(&before.token).get("/datastores");
    assert!(service.terminate().ends_with("stopped\n"));
    for _ in 0..2 {
        let service = home.start();
        everything_is_still_there(&service, &before);
        let said = service.terminate();
        assert!(!said.contains("admin token") && !said.contains("_sat_"), "{said}");
    }
}

#[test]
fn after_a_kill_everything_is_still_there_and_no_second_token_is_printed() {
    let (home, service, admin) = Home::first_start();
    let before = live(&service, admin);
    service.kill();
    for _ in 0..2 {
        let service = home.start();
        everything_is_still_there(&service, &before);
        let said = service.kill();
        assert!(!said.contains("admin token") && !said.contains("_sat_"), "{said}");
    }
}

/// Row 64: a restart, or another process, within a second of the first use revoked the administrator's tokens, also later ones.
#[test]
fn no_later_start_touches_the_first_token_however_soon_it_comes() {
    let (home, service, admin) = Home::first_start();
    let tokens = "/api/v1/service-accounts/service_administrator@service/tokens";
    let account = service.create(
        &admin,
        "Second Keeper",
        json!({"role": "Admin", "justification": "keeps watch", "teams": "every"}),
    );
    let second = account["first_token"]["token"].as_str().unwrap().to_owned();
    let minted = service.with(&second).post(tokens, &json!({"name": "later-2026"})).json();
    let later = minted["token"].as_str().unwrap().to_owned();
    let everything_works = |service: &Service| {
        for token in [&admin, &second, &later] {
            assert_eq!(service.with(token).get("/datastores").status, 200);
        }
    };
    let beside = home.start();
    everything_works(&beside);
    assert!(!beside.kill().contains("admin token"));
    everything_works(&service);
    service.kill();
    for _ in 0..3 {
        let service = home.start();
        everything_works(&service);
        let said = service.kill();
        assert!(!said.contains("admin token"), "{said}");
    }
}

#[test]
fn a_host_that_lost_every_administrator_makes_another_one() {
    let (home, service, lost) = Home::first_start();
    service.terminate();
    let (service, admin) = home.start_with_token_and(&[("RECOVER", "1".as_ref())]);
    assert_ne!(admin, lost);
    let trail = service.with(&admin).get("/api/v1/audit?action=account.created").json();
    assert_eq!(trail["items"].as_array().unwrap().len(), 2, "it is on record");
}

#[test]
fn a_start_under_another_pepper_is_refused_and_names_the_key() {
    let (home, service, admin) = Home::first_start();
    service.terminate();
    let said = home.refuse(&[(
        "SERVICE_ACCOUNTS_PEPPER",
        "k9:1111111111111111111111111111111111111111111111111111111111111111".as_ref(),
    )]);
    assert!(said.contains("is missing"), "{said}");
    assert_eq!(home.start().with(&admin).get("/datastores").status, 200);
}

#[test]
fn a_clean_end_keeps_the_last_uses_and_accesses() {
    let (home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Alation Sync", json!({}));
    service.with(account["first_token"]["token"].as_str().unwrap()).get("/datastores");
    service.terminate();
    let service = home.start();
    let id = account["id"].as_str().unwrap();
    let listed = service.with(&admin).get(&format!("/api/v1/service-accounts/{id}/tokens")).json();
    assert!(listed["items"][0]["last_used_at"].is_string());
    let trail = service.with(&admin).get(&format!("/api/v1/audit?account={id}&action=access.granted")).json();
    assert_eq!(trail["items"].as_array().unwrap().len(), 2, "it came in, and used a permission");
}

#[test]
fn an_idle_connection_does_not_keep_the_service_from_ending() {
    let (_home, service, admin) = Home::first_start();
    let client = service.with(&admin);
    let mut idle = client.connect().unwrap();
    idle.write_all(b"GET /datastores HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    let _silent = client.connect().unwrap();
    assert!(service.terminate().ends_with("stopped\n"));
}
