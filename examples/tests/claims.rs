//! Promises as data: each in SECURITY.md, each with its test, each with a fault that the test has to find.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    claim: Vec<Claim>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    promise: String,
    package: String,
    target: String,
    test: String,
    file: PathBuf,
    find: String,
    replace: String,
}

impl Claim {
    fn row(&self) -> String {
        let Self { promise, package, target, test, .. } = self;
        match self.program() {
            Some(program) => format!("| {promise} | `{program}`, case `{test}` |"),
            None => format!("| {promise} | `cargo test -p {package} {target} {test}` |"),
        }
    }

    /// The program that reports the test, where it is none of cargo's.
    fn program(&self) -> Option<&str> {
        (!self.target.starts_with("--")).then_some(&*self.target)
    }

    /// How the test is written down in the code.
    fn written(&self) -> String {
        match self.program() {
            Some(_) => format!("name: \"{}\"", self.test),
            None => format!("fn {}(", self.test.rsplit("::").next().unwrap()),
        }
    }

    fn folder(&self) -> PathBuf {
        if let Some(program) = self.program() {
            return root().join(program).parent().unwrap().to_owned();
        }
        let name = self.package.trim_start_matches("service-accounts-");
        let folder = root().join("crates").join(name);
        if folder.exists() { folder } else { root().join(name) }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn claims() -> Vec<Claim> {
    let claims: Claims = toml::from_str(include_str!("claims.toml")).unwrap();
    assert!(!claims.claim.is_empty());
    claims.claim
}

/// The Rust files below a folder, joined.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { sources(&path) } else { source(&path) }).collect()
}

fn source(path: &Path) -> String {
    if path.extension().is_some_and(|end| end == "rs") { fs::read_to_string(path).unwrap() } else { String::new() }
}

#[test]
fn the_table_in_security_is_this_list() {
    let rows: Vec<_> = claims().iter().map(Claim::row).collect();
    let security = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let from_table = security.lines().skip_while(|line| *line != "| Promise | The test that keeps it |").skip(2);
    let table: Vec<_> = from_table.take_while(|line| !line.is_empty()).collect();
    assert_eq!(table, rows, "make the table in SECURITY.md this:\n{}", rows.join("\n"));
}

#[test]
fn the_test_of_each_promise_is_there() {
    for claim in claims() {
        let written = claim.written();
        let is_there = ["src", "tests"].iter().map(|part| claim.folder().join(part)).filter(|path| path.exists());
        let count: usize = is_there.map(|path| sources(&path).matches(&written).count()).sum();
        assert_eq!(count, 1, "{}: {written}", claim.promise);
    }
}

#[test]
fn the_fault_of_each_promise_still_fits_the_code() {
    for claim in claims() {
        let code = fs::read_to_string(root().join(&claim.file)).unwrap();
        assert_eq!(code.matches(&claim.find).count(), 1, "{}: say anew what to replace", claim.promise);
        assert_ne!(claim.find, claim.replace);
    }
}
