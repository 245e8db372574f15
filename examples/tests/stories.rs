//! The stories are told to their end, and end as they say.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::process::Command;

/// What an example prints. Cargo puts examples beside the directory of the test binaries.
fn told(example: &str) -> String {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().and_then(|deps| deps.parent()).unwrap().join("examples");
    let output = Command::new(folder.join(example)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn has(story: &str, lines: &[&str]) {
    let mut left = story.lines();
    assert!(lines.iter().all(|line| left.any(|told| told == *line)), "{lines:#?}\nare not in this order in\n{story}");
}

#[test]
fn a_token_is_replaced_and_nobody_is_locked_out() {
    let story = told("rotation");
    has(&story, &["one successor: true", "old works: true", "new works: true", "old works: false", "delete: None"]);
    assert!(story.contains("observe: Some("), "the old token was observed for its week");
}

#[test]
fn a_leaked_token_ends_with_all_that_it_made_of_itself() {
    has(
        &told("incident"),
        &[
            "the leaked one works: false",
            "what it made of itself works: false",
            "the new one works: true",
            "rotate the credentials of: [SystemName(\"erp\")]",
            "attempts look like Some(LikelyTheft)",
        ],
    );
}

#[test]
fn a_file_is_looked_at_corrected_and_becomes_accounts_once() {
    let story = told("import");
    has(
        &story,
        &[
            "line 2: `loader@example.com` becomes loader@service",
            "line 4: `reader` is refused: `password` must be empty: the service mints each secret itself",
            "2 of 3 rows cannot be imported; nothing is until all can be",
            "all 3 accounts can be created; nothing is written yet",
            "catalogue_sync@service from `catalogue_sync`: works",
            "the result has 4 lines",
            "the first token works: true",
            "confirmed twice: false",
        ],
    );
    assert!(!story.contains("hunter2") && !story.contains("_sat_") && !story.contains("_sec_"));
}

#[test]
fn a_host_asks_its_own_policy_about_a_kind_of_its_own() {
    has(
        &told("own_policy"),
        &[
            "3072 bits, 1 hosts: signed",
            "3072 bits, 2 hosts: signed, with a warning",
            "  hosts: the key opens several hosts (one-host)",
            "2048 bits, 1 hosts: refused",
            "  bits: the key is too short (key-strength)",
        ],
    );
}

#[test]
fn each_story_fits_on_two_screens() {
    for story in [include_str!("../rotation.rs"), include_str!("../incident.rs"), include_str!("../import.rs")] {
        assert!(story.lines().count() <= 80);
    }
}
