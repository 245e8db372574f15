//! `examples/move_to_postgres`: a service that ran on a file goes on where it was, on a server.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use serde_json::json;
use service_accounts_private_postgres::Server;

use crate::home::{Home, Service};

const SEAL_KEY: &str = "2222222222222222222222222222222222222222222222222222222222222222";

fn moved(home: &Home, file: &Path, more: &[&str]) -> Output {
    let mut command = home.command("move_to_postgres", &[]);
    let address = command.get_envs().find_map(|(name, value)| (name == "DATABASE").then_some(value?.to_owned()));
    command.arg(file).arg(address.unwrap()).args(more).output().unwrap()
}

/// A place with a server, and the path of a file that is not there yet.
fn beginning() -> Option<(Home, PathBuf)> {
    Server::shared()?;
    let home = Home::new();
    let file = home.database();
    Some((home, file))
}

/// A service that was killed on a file, with all readers of its trail and whatever lease it held.
fn killed_on(home: &Home, file: &Path) -> (String, String) {
    let settings: [(&str, &OsStr); 5] = [
        ("DATABASE", file.as_os_str()),
        ("SERVICE_ACCOUNTS_PEPPER", OsStr::new(Home::KEY)),
        ("SEAL_KEY", OsStr::new(SEAL_KEY)),
        ("DETECT", OsStr::new("1")),
        ("WEBHOOK_ALLOW_PRIVATE", OsStr::new("1")),
    ];
    let (service, admin) = home.start_with_token_and(&settings);
    let account = service.create(&admin, "Nightly Load", json!({}));
    let wanted = json!({"application": "billing", "events": ["*"], "url": "http://127.0.0.1:9/nobody"});
    let path = format!("/api/v1/service-accounts/{}/subscriptions", account["id"].as_str().unwrap());
    let subscribed = service.with(&admin).post(&path, &wanted);
    assert_eq!(subscribed.status, 201, "{}", subscribed.text());
    service.with(&admin).ask(&format!("{path}/{}/test", subscribed.json()["id"].as_str().unwrap()));
    // Upkeep and the deliverer have run then.
    std::thread::sleep(Duration::from_secs(3));
    service.kill();
    (admin, account["first_token"]["token"].as_str().unwrap().to_owned())
}

/// The places of the newest events, in descending order.
fn places(service: &Service, admin: &str) -> Vec<i64> {
    let page = service.with(admin).get("/api/v1/audit?limit=100").json();
    page["items"].as_array().unwrap().iter().map(|event| event["sequence"].as_i64().unwrap()).collect()
}

#[test]
fn a_service_goes_on_where_it_was() {
    let Some((home, file)) = beginning() else { return };
    let (admin, token) = killed_on(&home, &file);
    let output = moved(&home, &file, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.starts_with(b"moved and read back: 2 accounts, 4 credentials"), "{output:?}");

    let again = moved(&home, &file, &[]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && said.contains("the schema is not empty"), "{said}");

    let service = home.start_with(&[("SEAL_KEY", OsStr::new(SEAL_KEY)), ("DETECT", OsStr::new("1"))]);
    assert_eq!(service.with(&token).get("/datastores").status, 200);
    service.create(&admin, "Another", json!({}));
    let places = places(&service, &admin);
    assert!(places.windows(2).all(|two| two[0] == two[1] + 1), "places without a gap: {places:?}");
}

#[test]
fn what_would_move_nothing_or_lose_something_is_refused() {
    let Some((home, file)) = beginning() else { return };
    let missing = moved(&home, &file, &[]);
    assert!(!missing.status.success() && !file.exists(), "{missing:?}");
    assert!(String::from_utf8_lossy(&missing.stderr).contains("there is no file"), "{missing:?}");

    killed_on(&home, &file);
    let of_another_realm = moved(&home, &file, &["crm"]);
    let said = String::from_utf8_lossy(&of_another_realm.stderr).into_owned();
    assert!(!of_another_realm.status.success() && said.contains("the realm `service`, which was not named"), "{said}");
    assert!(moved(&home, &file, &["crm", "service"]).status.success());
}
