//! The first place where a trail is not what was sealed.

use core::fmt;

use super::{
    key::Digest,
    merkle,
    record::{Hints, hint},
};
use crate::Sequence;

/// Where a trail was tampered with, or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1, where it is wrong or where something is missing.
    pub line: u64,
    /// What is wrong.
    pub kind: FaultKind,
    /// The event that is wrong, as far as its line still tells; for what is missing, the event before it.
    pub event: Option<Sequence>,
}

/// What can be wrong with a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// An event is not what was sealed.
    Edited,
    /// An event was left out.
    Missing,
    /// An event stands in another's place.
    Reordered,
    /// An event stands in the file that was not sealed there.
    Added,
    /// The file ends too early.
    CutOff,
    /// The line is no event, no seal and no end.
    Unreadable,
    /// A seal or an end was not made under this key, or was changed.
    Forged,
    /// A seal was left out, or stands in another's place.
    SealMissing,
    /// The chain does not hold the seal that was expected: the trail was put back or made anew.
    Unexpected,
    /// More events without a seal than a segment can have.
    Unsealed,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match (self.kind, self.event) {
            (FaultKind::Missing, Some(event)) => write!(f, "an event after event {event} is missing"),
            (FaultKind::Missing, None) => f.write_str("an event is missing"),
            (FaultKind::CutOff, Some(event)) => write!(f, "the file is cut off after event {event}"),
            (FaultKind::CutOff, None) => f.write_str("the file is cut off"),
            (FaultKind::Unreadable, _) => f.write_str("this is no event and no seal"),
            (FaultKind::Forged, _) => f.write_str("a seal is not genuine under this key"),
            (FaultKind::SealMissing, _) => f.write_str("a seal is missing before this one"),
            (FaultKind::Unexpected, _) => f.write_str("the expected seal is not in the chain; the trail was put back"),
            (FaultKind::Unsealed, _) => f.write_str("too many events without a seal"),
            (kind, Some(event)) => write!(f, "event {event} was {}", kind.verb()),
            (kind, None) => write!(f, "an event was {}", kind.verb()),
        }
    }
}

impl core::error::Error for Fault {}

impl FaultKind {
    const fn verb(self) -> &'static str {
        match self {
            Self::Reordered => "moved",
            Self::Added => "added",
            _ => "edited",
        }
    }
}

/// A line that was read, and that a seal must cover.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) event: Option<Sequence>,
    pub(super) leaf: Digest,
}

/// Compares the lines that were read with what was sealed; `start` is the number of the first line.
pub(super) fn compare(lines: &[Line], hints: &Hints, root: &Digest, start: u64) -> Result<(), Fault> {
    let expected = hints.each();
    let differs =
        |(at, sealed): (usize, &[u8; 4])| (lines.get(at).map(|line| hint(&line.leaf)) != Some(*sealed)).then_some(at);
    let wrong = expected.iter().enumerate().find_map(differs);
    match wrong.or_else(|| (lines.len() > expected.len()).then_some(expected.len())) {
        Some(at) => Err(name(lines, expected, at, start)),
        None => {
            let leaves: alloc::vec::Vec<_> = lines.iter().map(|line| line.leaf).collect();
            // The hints agree and the root does not: somebody searched for a line with the same hint.
            if merkle::root(&leaves) == *root { Ok(()) } else { Err(at_line(start, 0, FaultKind::Edited, None)) }
        }
    }
}

/// What happened at the first line that differs.
fn name(lines: &[Line], expected: &[[u8; 4]], at: usize, start: u64) -> Fault {
    let before = at.checked_sub(1).and_then(|before| lines.get(before)).and_then(|line| line.event);
    let Some(line) = lines.get(at) else { return at_line(start, at, FaultKind::Missing, before) };
    let is_read_later = |wanted: Option<&[u8; 4]>| {
        wanted.is_some_and(|wanted| lines.iter().skip(at + 1).any(|line| hint(&line.leaf) == *wanted))
    };
    let is_sealed_later = expected.iter().skip(at + 1).any(|sealed| *sealed == hint(&line.leaf));
    let kind = match (is_sealed_later, is_read_later(expected.get(at))) {
        (true, false) => return at_line(start, at, FaultKind::Missing, before),
        (true, true) => FaultKind::Reordered,
        (false, true) => FaultKind::Added,
        (false, false) if at >= expected.len() => FaultKind::Added,
        (false, false) => FaultKind::Edited,
    };
    at_line(start, at, kind, line.event)
}

fn at_line(start: u64, at: usize, kind: FaultKind, event: Option<Sequence>) -> Fault {
    Fault { line: start.saturating_add(u64::try_from(at).unwrap_or(u64::MAX)), kind, event }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            key::SealKey,
            record::{Chain, Seal},
        },
        *,
    };

    /// Four bytes can be searched for; the root cannot.
    #[test]
    fn a_line_with_the_same_hint_is_still_not_the_line() {
        let mut leaf = merkle::leaf(b"sealed");
        let place = Sequence::new(1);
        let seal = Seal::make(&SealKey::new(&[7; 32]), &Chain::default(), place, place, &[leaf]);
        let line = |leaf| [Line { event: Some(place), leaf }];
        assert_eq!(compare(&line(leaf), &seal.hints, &seal.root, 1), Ok(()));
        leaf.0[31] ^= 1;
        let fault = compare(&line(leaf), &seal.hints, &seal.root, 1).unwrap_err();
        assert_eq!((fault.line, fault.kind), (1, FaultKind::Edited));
    }
}
