//! What each published crate carries: its licences, and where its source and documentation are.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

fn published() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages: Vec<_> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["publish"].is_null())
        .cloned()
        .collect();
    assert!(packages.len() >= 10, "only {} crates are published", packages.len());
    packages
}

fn folder(package: &Value) -> &Path {
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap()
}

/// cargo#4242: a package holds what is in its own folder, so a licence at the root reaches nobody.
#[test]
fn each_published_crate_carries_both_licences() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for package in published() {
        assert_eq!(package["license"], "MIT OR Apache-2.0");
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let carried = fs::read(folder(&package).join(licence)).unwrap_or_default();
            assert!(carried == fs::read(root.join(licence)).unwrap(), "copy {licence} to {}", package["name"]);
        }
    }
}

/// tower-http#153: without these, registry pages lead nowhere and docs.rs shows half of the items.
#[test]
fn each_published_crate_says_where_its_source_and_documentation_are() {
    for package in published() {
        let name = package["name"].as_str().unwrap();
        for field in ["description", "repository", "homepage", "readme", "rust_version"] {
            assert!(package[field].is_string(), "`{name}` has no {field}");
        }
        assert_eq!(package["documentation"], format!("https://docs.rs/{name}"));
        for list in ["keywords", "categories"] {
            assert!((1..=5).contains(&package[list].as_array().unwrap().len()), "`{name}` has no {list}");
        }
        let docs = json!({"all-features": true, "rustdoc-args": ["--cfg", "docsrs"]});
        assert_eq!(package["metadata"]["docs"]["rs"], docs, "`{name}`");
    }
}

/// cargo#4242: a versioned dependency of a crate on itself cannot be published.
#[test]
fn no_crate_needs_its_own_release() {
    for package in published() {
        let own = package["dependencies"].as_array().unwrap().iter().filter(|used| used["name"] == package["name"]);
        for used in own {
            assert_eq!((&used["kind"], &used["req"]), (&json!("dev"), &json!("*")), "{}", package["name"]);
        }
    }
}

/// The rows of the README's table of features: whose, and which.
fn listed_features() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let table = readme.split_once("| Crate | Feature | Brings |").unwrap().1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>())
        .map(|cells| (cells[1].to_owned(), cells[2].trim_matches('`').to_owned()))
        .collect()
}

/// A feature that nobody reads of is not found; a row without a feature does not compile for who copies it.
#[test]
fn every_feature_stands_in_the_readme() {
    let listed = listed_features();
    let mut used = vec![false; listed.len()];
    for package in published() {
        let name = package["name"].as_str().unwrap();
        let short = format!("`{}`", name.trim_start_matches("service-accounts-"));
        let is_leaf =
            ["naming", "token", "access", "lifecycle", "audit", "oauth"].iter().any(|leaf| short.contains(leaf));
        for feature in package["features"].as_object().unwrap().keys().filter(|feature| *feature != "default") {
            let is_it = |(whose, which): &(String, String)| {
                let is_theirs = *whose == format!("`{name}`")
                    || whose.split(", ").any(|whose| whose == short)
                    || (whose == "every leaf" && is_leaf);
                is_theirs && which == feature
            };
            let row = listed.iter().position(is_it);
            used[row.unwrap_or_else(|| panic!("`{name}` has the feature `{feature}`: add it to the README's table"))] =
                true;
        }
    }
    let stale: Vec<_> = listed.iter().zip(used).filter(|(_, used)| !used).map(|(row, _)| row).collect();
    assert!(stale.is_empty(), "no crate has these features: {stale:?}");
}

/// The lines of the first block of this language.
fn first_block<'a>(readme: &'a str, language: &str) -> impl Iterator<Item = &'a str> {
    let block = readme.split_once(&format!("```{language}")).map_or("", |(_, rest)| rest);
    block.lines().skip(1).take_while(|line| *line != "```")
}

/// Who pastes the first example of a README finds its crates, in versions that work, in the block above it.
#[test]
fn each_readme_says_what_its_first_example_depends_on() {
    for package in published() {
        let Ok(readme) = fs::read_to_string(folder(&package).join("README.md")) else { continue };
        let name = package["name"].as_str().unwrap();
        let listed: Vec<_> = first_block(&readme, "toml").filter_map(|line| line.split_once(" = ")).collect();
        let example: Vec<_> = first_block(&readme, "rust").filter(|line| !line.starts_with("# ")).collect();
        for used in package["dependencies"].as_array().unwrap().iter().map(|used| used["name"].as_str().unwrap()) {
            let path = format!("{}::", used.replace('-', "_"));
            let is_used = example.iter().any(|line| match line.strip_prefix("use ") {
                Some(tree) => tree.starts_with(&path),
                None => line.split([' ', '(']).any(|word| word.starts_with(&path)),
            });
            let is_listed = listed.iter().any(|(dependency, _)| *dependency == used);
            assert!(is_listed || !is_used, "the README of `{name}` does not list `{used}`");
        }
        assert!(listed.iter().any(|(dependency, _)| *dependency == name), "the README of `{name}` lists it");
        for (dependency, version) in listed {
            let version = version.split('"').nth(1).unwrap();
            let used = package["dependencies"].as_array().unwrap().iter().find(|used| used["name"] == dependency);
            let tested = used.map_or(&package["version"], |used| &used["req"]).as_str().unwrap();
            let is_tested =
                dependency.starts_with("service-accounts") || tested.trim_start_matches('^').starts_with(version);
            assert!(is_tested, "the README of `{name}` lists {dependency} {version}, tested is {tested}");
        }
    }
}
