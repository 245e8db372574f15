//! The offline verifier reads a file as the service exports it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

#[path = "../verify_trail.rs"]
#[expect(dead_code, reason = "the program's main is not called here")]
mod program;

use service_accounts_audit::{
    Action, Event, Label, Recorded, Sequence,
    seal::{Export, Inclusion, SealKey, Sealer},
};
use time::{Duration, UtcDateTime};

fn key() -> SealKey {
    SealKey::new(&[1; 32])
}

fn exported(events: i64) -> String {
    let mut sealer = Sealer::new(key()).closing_at(10, Duration::HOUR);
    let mut export = Export::new(key());
    let mut file = String::new();
    for number in 1..=events {
        let event = Event::new(Action::TokenMinted, Label::new("ops"), UtcDateTime::UNIX_EPOCH);
        let recorded = Recorded { sequence: Sequence::new(number), event };
        file += &export.event(&recorded).unwrap();
        if let Some(seal) = sealer.push(&recorded).unwrap() {
            file += &export.seal(&seal).unwrap();
        }
    }
    file + &export.end().unwrap()
}

fn verdict(text: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trail.jsonl");
    std::fs::write(&file, text).unwrap();
    program::verify(file.to_str().unwrap(), &[key()])
        .map(|verified| program::told(&verified))
        .map_err(|error| error.to_string())
}

#[test]
fn an_intact_file_is_told_with_its_head() {
    let told = verdict(&exported(25)).unwrap();
    assert!(told.starts_with("verified: 25 events under 2 seals, 5 of them not sealed yet\nhead: "), "{told}");
}

#[test]
fn the_first_wrong_event_is_named() {
    let file = exported(25);
    let edited = file.replacen(
        "\"sequence\":13,\"event\":{\"action\":\"token.minted\"",
        "\"sequence\":13,\"event\":{\"action\":\"token.deleted\"",
        1,
    );
    assert_eq!(verdict(&edited).unwrap_err(), "line 14: event 13 was edited");
    let removed: String = file.split_inclusive('\n').filter(|line| !line.starts_with("{\"sequence\":13,")).collect();
    assert_eq!(verdict(&removed).unwrap_err(), "line 14: an event after event 12 is missing");
    assert_eq!(verdict(file.trim_end()).unwrap_err(), "line 28: the file is cut off after event 25");
}

#[test]
fn the_proof_of_one_event_is_verified_and_a_forged_one_is_not() {
    let event = Event::new(Action::TokenMinted, Label::new("ops"), UtcDateTime::UNIX_EPOCH);
    let segment: Vec<_> = (1..=5).map(|n| Recorded { sequence: Sequence::new(n), event: event.clone() }).collect();
    let mut sealer = Sealer::new(key());
    segment.iter().for_each(|recorded| assert_eq!(sealer.push(recorded), Ok(None)));
    let inclusion = Inclusion::of(&segment, Sequence::new(3), sealer.close().unwrap()).unwrap().unwrap();
    let text = serde_json::to_string_pretty(&inclusion).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proof.json");
    let verdict = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let inclusion = program::proof(file.to_str().unwrap()).unwrap().unwrap();
        program::prove(&inclusion, &[key()]).map_err(|error| error.to_string())
    };
    let told = "verified: event 3, token.minted by ops at 1970-01-01 0:00:00.0 +00, stands under seal 0";
    assert_eq!(verdict(&text).as_deref(), Ok(told));
    assert!(verdict(&text.replace("ops", "eve")).unwrap_err().starts_with("the proof does not hold"));
}
