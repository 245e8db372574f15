//! Who may depend on whom: the walls of the house, read from `cargo metadata`.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

const LEAVES: [&str; 6] = ["access", "audit", "lifecycle", "naming", "oauth", "token"];

/// Which crates of the house each crate may use, in its library and its build. Whoever is not named may use none.
const ALLOWED: [(&str, &[&str]); 7] = [
    ("store", &["access", "audit", "lifecycle", "naming", "token"]),
    ("sqlite", &["store", "access", "audit", "lifecycle", "naming", "token"]),
    ("postgres", &["store", "access", "audit", "lifecycle", "naming", "token"]),
    // The facade re-exports an adapter behind a feature, so that a host names one crate.
    ("", &["store", "sqlite", "postgres", "access", "audit", "lifecycle", "naming", "token"]),
    ("tower", &[""]),
    ("axum", &["", "oauth", "tower"]),
    ("webhook", &[""]),
];

/// What only some crates may name, whatever comes with it.
const RESERVED: [(&[&str], &[&str]); 3] = [
    (&["rusqlite", "tokio-postgres", "sqlx", "tokio", "async-std", "smol"], &["sqlite", "postgres", "webhook"]),
    (&["http", "http-body", "axum", "hyper", "tower", "tower-layer", "tower-service"], &["tower", "axum", "webhook"]),
    (&["hmac", "sha2", "subtle", "zeroize", "aes", "ring"], &["token", "audit"]),
];

/// The dependencies of each crate of the house by its short name; the facade's is empty.
fn house() -> BTreeMap<String, Vec<(String, String)>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .filter(|package| package["publish"].is_null())
        .map(|package| (short(&package["name"]), uses(package)))
        .collect()
}

fn uses(package: &Value) -> Vec<(String, String)> {
    let kind = |dependency: &Value| dependency["kind"].as_str().unwrap_or("normal").to_owned();
    let name = |dependency: &Value| dependency["name"].as_str().unwrap().to_owned();
    package["dependencies"].as_array().unwrap().iter().map(|dependency| (kind(dependency), name(dependency))).collect()
}

fn short(name: &Value) -> String {
    let name = name.as_str().unwrap();
    name.strip_prefix("service-accounts").unwrap_or(name).trim_start_matches('-').into()
}

fn allowed(crate_name: &str) -> BTreeSet<&'static str> {
    ALLOWED.iter().filter(|(name, _)| *name == crate_name).flat_map(|(_, uses)| uses.iter().copied()).collect()
}

#[test]
fn every_crate_of_the_house_is_known() {
    let known: BTreeSet<_> = LEAVES.into_iter().chain(ALLOWED.iter().map(|(name, _)| *name)).collect();
    let house = house();
    assert!(LEAVES.iter().all(|leaf| house.contains_key(*leaf)), "a leaf is missing: {:?}", house.keys());
    for name in house.keys() {
        assert!(
            known.contains(name.as_str()),
            "`service-accounts-{name}` has no place in the house yet: give it one here"
        );
    }
}

#[test]
fn no_crate_uses_another_across_a_wall() {
    let mut across = Vec::new();
    for (name, uses) in house() {
        let may_use = allowed(&name);
        let siblings = uses.iter().filter(|(_, used)| used.starts_with("service-accounts"));
        for (kind, used) in siblings {
            let used = used.trim_start_matches("service-accounts").trim_start_matches('-');
            let is_test_only = kind == "dev" && (used == name || !LEAVES.contains(&name.as_str()));
            if !may_use.contains(used) && !is_test_only {
                across.push(format!("service-accounts-{name} → service-accounts-{used} ({kind})"));
            }
        }
    }
    assert!(across.is_empty(), "edges that the architecture forbids:\n{}", across.join("\n"));
}

#[test]
fn databases_http_and_cryptography_stay_in_their_rooms() {
    let mut astray = Vec::new();
    for (name, uses) in house() {
        for (reserved, rooms) in RESERVED {
            let outside = uses.iter().filter(|(kind, used)| kind != "dev" && reserved.contains(&used.as_str()));
            if !rooms.contains(&name.as_str()) {
                astray.extend(outside.map(|(_, used)| format!("service-accounts-{name} names {used}")));
            }
        }
    }
    assert!(astray.is_empty(), "crates outside their room:\n{}", astray.join("\n"));
}
