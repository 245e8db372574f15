//! The trail: events from texts that nobody chose, and exports that somebody tampered with.

#![expect(clippy::expect_used, reason = "a body fails by panicking")]

use arbitrary::Arbitrary;
use service_accounts_audit::{
    Action, Event, Label, Recorded, Sequence, from_line,
    seal::{Export, SealKey, Sealer, Verifier},
    to_csv, to_line,
};
use time::{Duration, UtcDateTime};

/// A text is refused, or is an event that one line holds and that reads back; either way nothing breaks.
pub fn event(text: &str) {
    let Ok(read) = from_line(text) else { return };
    let line = to_line(&read).expect("an event has a line");
    assert_eq!(line.matches(['\n', '\r']).count(), 1, "an event is one line");
    assert_eq!(from_line(&line).as_ref(), Ok(&read));
    assert_eq!(to_line(&from_line(&line).expect("it was read")).as_deref(), Ok(line.as_str()), "it has one text");
    assert!(read.event.last_at() >= read.event.at() && read.event.count() > 0);
    assert!(read.event.address().is_none_or(|address| address == address.to_canonical()));
    if let Ok(row) = to_csv(&read) {
        assert!(row.lines().count() == 1 && row.starts_with('"'));
    }
}

/// What somebody who can write to a file does to it.
#[derive(Debug, Arbitrary)]
pub struct Tampering(Change);

#[derive(Debug, Arbitrary)]
enum Change {
    Flip { at: u16, bits: u8 },
    Insert { at: u16, bytes: Vec<u8> },
    Remove { at: u16, length: u8 },
    SwapLines { one: u8, other: u8 },
    DoubleLine { line: u8, to: u8 },
    CutOff { at: u16 },
}

/// A tampered export never verifies, unless it is byte for byte what was exported.
pub fn verifier(tampering: Vec<Tampering>) {
    let original = exported();
    let mut file = original.clone();
    tampering.iter().for_each(|one| one.0.apply(&mut file));
    assert_eq!(verifies(&file), file == original);
}

/// Nothing that a verifier can be given breaks it, and none of it verifies.
pub fn any_file(bytes: &[u8]) {
    assert!(!verifies(bytes) || bytes == exported());
}

fn verifies(file: &[u8]) -> bool {
    let mut verifier = Verifier::new(key());
    file.split_inclusive(|byte| *byte == b'\n').all(|line| verifier.line(line).is_ok()) && verifier.finish().is_ok()
}

fn key() -> SealKey {
    SealKey::new(&[7; 32])
}

/// Seven events under two seals and one that waits.
fn exported() -> Vec<u8> {
    let mut sealer = Sealer::new(key()).closing_at(3, Duration::HOUR);
    let mut export = Export::new(key());
    let mut file = String::new();
    for number in 1..=7 {
        let event = Event::new(Action::TokenRevoked, Label::new("ops"), UtcDateTime::UNIX_EPOCH);
        let recorded = Recorded { sequence: Sequence::new(number), event };
        file += &export.event(&recorded).expect("an event has a line");
        let seal = sealer.push(&recorded).expect("events come in order");
        file.extend(seal.map(|seal| export.seal(&seal).expect("a seal has a line")));
    }
    file += &export.end().expect("an end has a line");
    file.into_bytes()
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Flip { at, bits } => {
                let at = place(*at, file.len());
                file.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits);
            }
            Self::Insert { at, bytes } => {
                let at = place(*at, file.len());
                file.splice(at..at, bytes.iter().copied());
            }
            Self::Remove { at, length } => {
                let at = place(*at, file.len());
                file.drain(at..file.len().min(at + usize::from(*length)));
            }
            Self::SwapLines { one, other } => change_lines(file, |lines| {
                let (one, other) = (place((*one).into(), lines.len()), place((*other).into(), lines.len()));
                if !lines.is_empty() {
                    lines.swap(one, other);
                }
            }),
            Self::DoubleLine { line, to } => change_lines(file, |lines| {
                let (from, to) = (place((*line).into(), lines.len()), place((*to).into(), lines.len()));
                if let Some(line) = lines.get(from).cloned() {
                    lines.insert(to, line);
                }
            }),
            Self::CutOff { at } => file.truncate(place(*at, file.len())),
        }
    }
}

fn change_lines(file: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut lines: Vec<_> = file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    change(&mut lines);
    *file = lines.concat();
}

fn place(number: u16, length: usize) -> usize {
    usize::from(number).checked_rem(length).unwrap_or(0)
}
