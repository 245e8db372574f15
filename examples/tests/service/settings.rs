//! A setting that is not understood ends the start, in words that a person can act on.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use serde_json::json;

use crate::home::Home;

const KEY: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// cargo#7781: the start failed with `Error: Length(62)`.
#[test]
fn each_setting_is_named_with_what_is_expected_and_never_with_its_value() {
    let home = Home::new();
    let short = &KEY[2..];
    let not_a_key = KEY.replace('1', "x");
    for (name, value, expected) in [
        ("LISTEN", "nonsense", "address and port"),
        ("LISTEN", "127.0.0.1:99999", "address and port"),
        ("DATABASE", "", "the path of a file"),
        ("DATABASE", "mysql://ada:hunter2@db/accounts", "the path of a file"),
        ("DATABASE", "/nowhere/at/all.db", "the file that `DATABASE` names"),
        ("SERVICE_ACCOUNTS_PEPPER", "", "key 1"),
        ("SERVICE_ACCOUNTS_PEPPER", short, "32 bytes"),
        ("SERVICE_ACCOUNTS_PEPPER", &not_a_key, "hexadecimal or base64"),
        ("SERVICE_ACCOUNTS_PEPPER", &format!("k1:{KEY},"), "key 2"),
        ("SERVICE_ACCOUNTS_PEPPER", &format!("k1:{KEY},{KEY}"), "id:key"),
        ("SERVICE_ACCOUNTS_PEPPER", &format!("K1:{KEY}"), "key 1"),
        ("SERVICE_ACCOUNTS_PEPPER", &format!("k1:{KEY},k1:{KEY}"), "key 2"),
        ("ENVIRONMENT", "", "one of"),
        ("ENVIRONMENT", "Production", "production"),
        ("ENVIRONMENT", "prodution", "production"),
        ("TRUSTED_PROXIES", "", "networks"),
        ("TRUSTED_PROXIES", "010.0.0.0/8", "networks"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,nonsense", "networks"),
        ("LOG", "loud", "one of off"),
        ("SEAL_KEY", "", "64 hexadecimal digits"),
        ("SEAL_KEY", &KEY[1..], "64 hexadecimal digits"),
        ("SEAL_KEY", &format!("{KEY},"), "64 hexadecimal digits"),
        ("RETENTION_DAYS", "0", "from 1 to 36500"),
        ("RETENTION_DAYS", "-1", "from 1 to 36500"),
        ("RETENTION_DAYS", "400", "`SEAL_KEY` beside it"),
        ("DETECT", "yes", "1, or nothing"),
        ("POOLER", "yes", "1, or nothing"),
    ] {
        let said = home.refuse(&[(name, OsStr::new(value))]);
        let line = said.lines().last().unwrap_or_default();
        assert!(line.starts_with("error: ") && line.contains(name) && line.contains(expected), "{name}: {said}");
        // One letter stands in every sentence.
        assert!(value.len() < 2 || !said.contains(value) && !said.contains("hunter2"), "{name}: {said}");
        // The words are `Display`'s: `Debug` has names of Rust types in it.
        assert!(!line.contains("Error") && !line.contains("::"), "{name}: {said}");
    }
}

/// rust#122670: `env::var` tells neither from the other, and an environment that counts as unset admits every credential.
#[test]
fn a_setting_that_is_no_unicode_is_not_the_same_as_none() {
    let home = Home::new();
    for name in ["LISTEN", "DATABASE", "SERVICE_ACCOUNTS_PEPPER", "ENVIRONMENT", "TRUSTED_PROXIES", "LOG"] {
        let said = home.refuse(&[(name, OsStr::from_bytes(b"pr\xffduction"))]);
        assert!(said.contains(name) && said.contains("Unicode"), "{said}");
    }
    assert!(!home.database().exists(), "nothing was begun");
}

#[test]
fn a_service_of_one_environment_refuses_the_credentials_of_others() {
    let home = Home::new();
    let (service, admin) = home.start_with_token_and(&[("ENVIRONMENT", OsStr::new("staging"))]);
    let here = service.create(&admin, "Staging Load", json!({"environment": "staging"}));
    let elsewhere = service.create(&admin, "Nightly Load", json!({"environment": "production"}));
    for (account, status) in [(here, 200), (elsewhere, 401)] {
        let token = account["first_token"]["token"].as_str().unwrap();
        assert_eq!(service.with(token).get("/datastores").status, status);
    }
}

/// The trail is sealed, verified by another program, and watched, all by settings.
#[test]
fn a_service_seals_and_watches_its_trail_where_it_is_told_to() {
    let home = Home::new();
    let keys = format!("{}, {KEY}", KEY.replace('1', "2"));
    let before = [("SEAL_KEY", OsStr::new(KEY)), ("RETENTION_DAYS", OsStr::new("400")), ("DETECT", OsStr::new("1"))];
    let (service, admin) = home.start_with_token_and(&before);
    let verified = |file: &[u8], keys: &str| {
        let path = home.database().with_extension("jsonl");
        std::fs::write(&path, file).unwrap();
        let output = home.command("verify_trail", &[("SEAL_KEY", OsStr::new(keys))]).arg(path).output().unwrap();
        output.status.success() && output.stdout.starts_with(b"verified: ")
    };
    let file = service.with(&admin).get("/api/v1/audit/export");
    assert!(verified(&file.body, KEY) && !verified(&file.body, &keys));
    let account = service.create(&admin, "Nightly Load", json!({}));
    let (id, token) = (account["id"].as_str().unwrap(), &account["first_token"]);
    let revoke = format!("/api/v1/service-accounts/{id}/tokens/{}/revoke", token["id"].as_str().unwrap());
    assert!(service.with(&admin).ask(&revoke).status < 300);
    assert_eq!(service.with(token["token"].as_str().unwrap()).get("/datastores").status, 401);
    drop(service);
    // The key is changed, and what came before it still verifies.
    let service = home.start_with(&[("SEAL_KEY", OsStr::new(&keys)), ("DETECT", OsStr::new("1"))]);
    let file = service.with(&admin).get("/api/v1/audit/export");
    assert!(verified(&file.body, &keys) && !verified(&file.body, KEY));
}

#[test]
fn only_a_trusted_proxy_says_where_a_client_is() {
    for (proxies, status) in [(Some("127.0.0.0/8"), 200), (Some("192.0.2.0/24"), 401), (None, 401)] {
        let home = Home::new();
        let settings: Vec<_> = proxies.map(|proxies| ("TRUSTED_PROXIES", OsStr::new(proxies))).into_iter().collect();
        let (service, admin) = home.start_with_token_and(&settings);
        let account = service.create(&admin, "Nightly Load", json!({"ip_allowlist": ["198.51.100.0/24"]}));
        let token = account["first_token"]["token"].as_str().unwrap();
        let forwarded = "x-forwarded-for: 203.0.113.9, 198.51.100.7\r\n";
        assert_eq!(service.with(token).raw("GET", "/datastores", forwarded, b"").status, status, "{proxies:?}");
    }
}
