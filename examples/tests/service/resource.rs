//! The sample resource: what a host guards with it, by permission and by team.

use serde_json::{Value, json};

use crate::home::Home;

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|datastore| datastore["name"].as_str().unwrap()).collect()
}

#[test]
fn a_team_reaches_what_is_its_own_and_what_is_nobodys() {
    let (_home, service, admin) = Home::first_start();
    for (name, team) in [("lake", "?team=data"), ("ledger", "?team=finance"), ("stage", "")] {
        let made = service.with(&admin).post(&format!("/datastores{team}"), &json!({"name": name}));
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let more = json!({"role": "Editor", "justification": "loads", "teams": ["data"]});
    let account = service.create(&admin, "Nightly Load", more);
    let editor = service.with(account["first_token"]["token"].as_str().unwrap());

    assert_eq!(names(&service.with(&admin).get("/datastores").json()), ["warehouse", "lake", "ledger", "stage"]);
    assert_eq!(names(&editor.get("/datastores").json()), ["warehouse", "lake", "stage"]);
    assert_eq!(editor.get("/datastores?team=data").json(), json!([{"name": "lake", "team": "data"}]));
    for refused in [
        editor.get("/datastores?team=finance"),
        editor.post("/datastores?team=finance", &json!({"name": "mine"})),
        editor.post("/datastores?team=finance", &json!({"nonsense": true})),
    ] {
        assert_eq!((refused.status, refused.code().as_str()), (403, "INSUFFICIENT_SCOPE"));
    }
    assert_eq!(editor.post("/datastores?team=data", &json!({"name": "mine"})).status, 201);
}

#[test]
fn a_query_that_is_not_understood_is_refused() {
    let (_home, service, admin) = Home::first_start();
    for query in ["team=", "team=a&team=b", "teams=a", "team=a&surprise=1", "team=%00", "team=%ff"] {
        let answer = service.with(&admin).get(&format!("/datastores?{query}"));
        assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"), "{query}");
    }
}
