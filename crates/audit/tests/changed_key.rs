//! The key of the seals is changed: the chain goes on, and the earlier key is good for nothing new.

#![cfg(feature = "seal")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use service_accounts_audit::{
    Action, Event, Label, Recorded, Sequence, from_line,
    seal::{Export, Fault, FaultKind, Seal, SealKey, Sealer, Verified, Verifier},
};
use time::{Duration, UtcDateTime};

/// Segments of two events: three under the first key, three under the second, one event that waits.
fn lines(first: &SealKey, second: &SealKey) -> Vec<String> {
    let (mut lines, mut export) = (Vec::new(), Export::new(second.clone()));
    let mut sealer = Sealer::new(first.clone()).closing_at(2, Duration::HOUR);
    for number in 1..=13 {
        let event = Event::new(Action::TokenMinted, Label::new("ops"), UtcDateTime::UNIX_EPOCH);
        let recorded = Recorded { sequence: Sequence::new(number), event };
        lines.push(export.event(&recorded).unwrap());
        if let Some(seal) = sealer.push(&recorded).unwrap() {
            lines.push(export.seal(&seal).unwrap());
            if number == 6 {
                sealer = Sealer::succeeding(second.clone(), first, &seal).unwrap().closing_at(2, Duration::HOUR);
            }
        }
    }
    lines.push(export.end().unwrap());
    lines
}

fn verdict(mut verifier: Verifier, lines: &[String]) -> Result<Verified, Fault> {
    lines.iter().try_for_each(|line| verifier.line(line.as_bytes()))?;
    verifier.finish()
}

#[test]
fn a_chain_goes_on_under_another_key_and_never_back() {
    let (old, new) = (SealKey::new(&[1; 32]), SealKey::new(&[2; 32]));
    let lines = lines(&old, &new);
    let verifier = || Verifier::new(new.clone()).accepting(old.clone());
    assert_eq!(verdict(verifier(), &lines).unwrap().seals, 6);
    for other in [
        Verifier::new(new.clone()),
        Verifier::new(old.clone()),
        Verifier::new(old.clone()).accepting(new.clone()),
        Verifier::new(new.clone()).accepting(SealKey::new(&[3; 32])),
    ] {
        assert_eq!(verdict(other, &lines).unwrap_err().kind, FaultKind::Forged);
    }
    assert!(Sealer::succeeding(old.clone(), &new, &seal_of(&lines[2])).is_err());
}

/// Who learns the earlier key, which is why it was changed, can forge neither what it sealed nor what follows.
#[test]
fn an_earlier_key_forges_nothing() {
    let (old, new) = (SealKey::new(&[1; 32]), SealKey::new(&[2; 32]));
    let genuine = lines(&old, &new);
    let verifier = || Verifier::new(new.clone()).accepting(old.clone());
    // The whole file made anew under the earlier key, edited or not.
    assert_eq!(verdict(verifier(), &lines(&old, &old)).unwrap_err().kind, FaultKind::Forged);
    // What it sealed, edited and sealed again, before the genuine rest.
    let forged: Vec<_> = lines(&old, &new)[..9].iter().map(|line| line.replace("ops", "eve")).collect();
    let mut sealer = Sealer::new(old.clone()).closing_at(2, Duration::HOUR);
    let mut export = Export::new(old.clone());
    let mut made = Vec::new();
    for line in forged.iter().filter_map(|line| from_line(line).ok()) {
        made.push(export.event(&line).unwrap());
        made.extend(sealer.push(&line).unwrap().map(|seal| export.seal(&seal).unwrap()));
    }
    assert_eq!(made.len(), 9);
    let joined: Vec<_> = made.iter().chain(&genuine[9..]).cloned().collect();
    assert_eq!(verdict(verifier(), &joined).unwrap_err().kind, FaultKind::SealMissing);
    // The file ends before the change, under an end of the earlier key.
    made.push(export.end().unwrap());
    assert_eq!(verdict(verifier(), &made).unwrap_err().kind, FaultKind::Forged);
    // The chain goes back to the earlier key.
    let (mut export, mut back) = (Export::new(new.clone()), genuine[..18].to_vec());
    let last = seal_of(&genuine[17]);
    let mut sealer = Sealer::succeeding(old.clone(), &new, &last).unwrap().closing_at(2, Duration::HOUR);
    for number in 13..=14 {
        let event = Event::new(Action::TokenMinted, Label::new("eve"), UtcDateTime::UNIX_EPOCH);
        let recorded = Recorded { sequence: Sequence::new(number), event };
        back.push(export.event(&recorded).unwrap());
        back.extend(sealer.push(&recorded).unwrap().map(|seal| export.seal(&seal).unwrap()));
    }
    assert_eq!(back.len(), 21);
    assert_eq!(verdict(verifier(), &back).unwrap_err().kind, FaultKind::Forged);
}

fn seal_of(line: &str) -> Seal {
    let text = line.trim_end().strip_prefix("{\"seal\":").unwrap().strip_suffix('}').unwrap();
    serde_json::from_str(text).unwrap()
}
