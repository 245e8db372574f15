//! Two processes on one store: what one has acknowledged, the next request to the other knows.

use serde_json::{Value, json};

use crate::home::{Home, Service};

const AUTH: &str = "/api/v1/service-account/auth";

fn status(service: &Service, token: &str) -> u16 {
    service.with(token).get("/datastores").status
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn what_one_process_has_ended_is_refused_by_the_next_request_to_the_other() {
    let (home, one, admin) = Home::first_start();
    let nodes = [one, home.start()];
    for round in 0..12 {
        let (acting, other) = (&nodes[round % 2], &nodes[(round + 1) % 2]);
        let account = acting.create(&admin, &format!("Nightly Load {round}"), json!({}));
        let credentials = json!({"client_id": account["client_id"], "client_secret": account["client_secret"]});
        let session = other.without_credential().post(AUTH, &credentials).json();
        let (token, session) = (text(&account["first_token"]["token"]), text(&session["token"]));
        let one = format!("/api/v1/service-accounts/{}", text(&account["id"]));
        for node in &nodes {
            assert_eq!([status(node, token), status(node, session)], [200, 200], "both know what one of them made");
        }
        let of_token = format!("{one}/tokens/{}/revoke", text(&account["first_token"]["id"]));
        assert_eq!(acting.with(&admin).ask(&of_token).status, 200);
        assert_eq!(status(other, token), 401, "revoked by the other process");
        assert_eq!(status(other, session), 200);
        let end = if round % 3 == 0 { "" } else { "/disable" };
        let ended =
            if end.is_empty() { acting.with(&admin).delete(&one) } else { acting.with(&admin).ask(&(one + end)) };
        assert!(ended.status < 300, "{}", ended.text());
        assert_eq!(status(other, session), 401, "its account was ended by the other process");
        let again = other.without_credential().post(AUTH, &credentials);
        assert_eq!(again.status, 401, "{}", again.text());
    }
}
