//! The example behind PgBouncer.

use std::ffi::OsStr;

use serde_json::json;
use service_accounts_private_postgres::{Pooler, Server};

use crate::home::Home;

#[test]
fn behind_a_pooler_the_service_says_what_to_set_and_then_works() {
    let Some(server) = Server::start() else { return };
    let Some(_pooler) = Pooler::start(&server) else { return };
    let home = Home::new();
    let direct = server.database();
    let (server, database) = direct.rsplit_once('/').unwrap();
    let address = format!("{server}:6432/{database}");
    let address = ("DATABASE", OsStr::new(&address));
    let said = home.refuse(&[address]);
    assert!(said.ends_with("set `POOLER=1`\n") && !said.contains("6432"), "{said}");

    let (service, admin) = home.start_with_token_and(&[address, ("POOLER", OsStr::new("1"))]);
    let account = service.create(&admin, "Nightly Load", json!({}));
    let token = account["first_token"]["token"].as_str().unwrap();
    assert_eq!(service.with(token).get("/datastores").status, 200);
    let path = format!(
        "/api/v1/service-accounts/nightly_load@service/tokens/{}/revoke",
        account["first_token"]["id"].as_str().unwrap()
    );
    assert_eq!(service.with(&admin).ask(&path).status, 200);
    assert_eq!(service.with(token).get("/datastores").status, 401);
}
