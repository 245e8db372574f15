//! A sealed trail: what was done to its file is found, and named.

#![cfg(feature = "seal")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, in its helpers too")]

use service_accounts_audit::{
    Action, Event, Label, Recorded, Sequence, from_line,
    seal::{Export, Fault, FaultKind, Proof, Seal, SealError, SealKey, Sealer, Verified, Verifier},
};
use time::{Duration, UtcDateTime};

const EVENTS: i64 = 1000;
/// Small segments and one that does not divide the number of events, so that an unsealed tail remains.
const SEGMENT: usize = 7;

fn key() -> SealKey {
    SealKey::new(&[7; 32])
}

fn at(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds).unwrap()
}

fn recorded(number: i64) -> Recorded {
    let actions = [Action::AccessGranted, Action::TokenRevoked, Action::AccountUpdated];
    let action = actions[usize::try_from(number % 3).unwrap()];
    let event = Event::new(action, Label::new("ops"), at(1_790_000_000 + number));
    let event =
        if number % 5 == 0 { event.because(Label::new("é\"")).repeated(3, at(1_790_000_050 + number)) } else { event };
    // Numbers have gaps, as some stores leave them.
    Recorded { sequence: Sequence::new(number * 2), event }
}

fn sealed(events: impl IntoIterator<Item = i64>, most: usize) -> (String, Vec<Seal>) {
    let (mut file, mut seals) = (String::new(), Vec::new());
    let mut sealer = Sealer::new(key()).closing_at(most, Duration::HOUR);
    let mut export = Export::new(key());
    for number in events {
        file += &export.event(&recorded(number)).unwrap();
        if let Some(seal) = sealer.push(&recorded(number)).unwrap() {
            file += &export.seal(&seal).unwrap();
            seals.push(seal);
        }
    }
    (file + &export.end().unwrap(), seals)
}

/// A file, cut into lines, with the state of a verifier before each.
struct Trail {
    lines: Vec<Vec<u8>>,
    before: Vec<Verifier>,
}

impl Trail {
    fn new() -> Self {
        let (file, _) = sealed(1..=EVENTS, SEGMENT);
        let lines: Vec<_> = file.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
        let mut verifier = Verifier::new(key());
        let mut before = Vec::new();
        for line in &lines {
            before.push(verifier.clone());
            verifier.line(line).unwrap();
        }
        assert_eq!(verifier.finish().unwrap().events, EVENTS.unsigned_abs());
        Self { lines, before }
    }

    /// The first fault if line `from` and what follows are replaced; everything before was verified already.
    fn read<'a>(&self, from: usize, lines: impl IntoIterator<Item = &'a [u8]>) -> Result<Verified, Fault> {
        let mut verifier = self.before[from].clone();
        lines.into_iter().try_for_each(|line| verifier.line(line))?;
        verifier.finish()
    }

    fn rest(&self, from: usize) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().skip(from).map(Vec::as_slice)
    }

    fn event(&self, line: usize) -> Option<Sequence> {
        let text = str::from_utf8(&self.lines[line]).unwrap();
        from_line(text).ok().map(|recorded| recorded.sequence)
    }
}

fn number(line: usize) -> u64 {
    u64::try_from(line + 1).unwrap()
}

/// The bytes to try in a byte's place: one everywhere, and where lines stand for all others letters of another case and
/// line feeds too.
fn others(byte: u8, place: usize) -> impl Iterator<Item = u8> {
    let tried = [byte ^ 1, byte ^ 32, b'\n', b' '];
    let most = if place <= 2 * SEGMENT { tried.len() } else { 1 };
    tried.into_iter().take(most).filter(move |other| *other != byte)
}

#[test]
fn every_change_of_a_byte_is_found_on_its_line() {
    let trail = Trail::new();
    for (place, line) in trail.lines.iter().enumerate() {
        let mut changed = line.clone();
        for at in 0..line.len() {
            for other in others(line[at], place) {
                changed[at] = other;
                let pieces = changed.split_inclusive(|byte| *byte == b'\n').chain(trail.rest(place + 1));
                let fault = trail.read(place, pieces).unwrap_err();
                // A new line feed makes two lines of one; the second may be the one that makes no sense.
                let is_named = fault.line == number(place) || other == b'\n' && fault.line == number(place) + 1;
                assert!(is_named, "byte {at} of line {} as {other}: {fault:?}", number(place));
                changed[at] = line[at];
            }
        }
    }
}

/// Every byte against every other value, where one event and its seal stand for all.
#[test]
fn every_value_of_every_byte_of_an_event_and_its_seal_is_found() {
    let trail = Trail::new();
    for place in [SEGMENT - 1, SEGMENT] {
        let line = trail.lines[place].clone();
        let mut changed = line.clone();
        for at in 0..line.len() {
            for other in (0..=255).filter(|other| *other != line[at]) {
                changed[at] = other;
                let pieces = changed.split_inclusive(|byte| *byte == b'\n').chain(trail.rest(place + 1));
                let found = trail.read(place, pieces).unwrap_err().line;
                assert!(found == number(place) || other == b'\n' && found == number(place) + 1);
                changed[at] = line[at];
            }
        }
    }
}

#[test]
fn every_removed_event_is_named_by_the_one_before_it() {
    let trail = Trail::new();
    for place in 0..trail.lines.len() {
        let fault = trail.read(place, trail.rest(place + 1)).unwrap_err();
        if trail.event(place).is_some() {
            let is_first = place % (SEGMENT + 1) == 0;
            let before = if is_first { None } else { trail.event(place - 1) };
            assert_eq!(fault, Fault { line: number(place), kind: FaultKind::Missing, event: before });
        } else if place + 1 == trail.lines.len() {
            assert_eq!((fault.line, fault.kind), (number(place), FaultKind::CutOff));
        } else {
            assert_eq!(fault.kind, FaultKind::SealMissing, "{place}");
        }
    }
}

#[test]
fn every_swap_of_neighbours_and_of_distant_lines_is_found() {
    let trail = Trail::new();
    for first in 0..trail.lines.len() {
        for second in (first + 1..trail.lines.len()).filter(|second| second - first < 10 || second % 97 == first % 97) {
            let mut lines: Vec<_> = trail.rest(first).collect();
            lines.swap(0, second - first);
            let fault = trail.read(first, lines).unwrap_err();
            assert!(fault.line >= number(first), "{fault:?}");
            let is_within = (first..=second).all(|line| trail.event(line).is_some());
            if is_within {
                let expected = Fault { line: number(first), kind: FaultKind::Reordered, event: trail.event(second) };
                assert_eq!(fault, expected);
            }
        }
    }
}

#[test]
fn every_truncation_is_found() {
    let trail = Trail::new();
    for (place, line) in trail.lines.iter().enumerate() {
        for length in 0..line.len() {
            let fault = trail.read(place, (length > 0).then_some(&line[..length])).unwrap_err();
            assert_eq!((fault.line, fault.kind), (number(place), FaultKind::CutOff));
        }
    }
}

#[test]
fn every_doubled_or_foreign_line_is_found() {
    let trail = Trail::new();
    let foreign = b"{\"sequence\":9,\"event\":{\"action\":\"access.granted\",\"actor\":\"eve\",\"at\":0}}\n";
    for place in 0..trail.lines.len() {
        let doubled = [trail.lines[place].as_slice()].into_iter().chain(trail.rest(place));
        assert!(trail.read(place, doubled).is_err());
        let added = [foreign.as_slice()].into_iter().chain(trail.rest(place));
        let fault = trail.read(place, added).unwrap_err();
        assert_eq!(fault, Fault { line: number(place), kind: FaultKind::Added, event: Some(Sequence::new(9)) });
    }
    let after = trail.rest(trail.lines.len() - 1).chain([foreign.as_slice()]);
    assert_eq!(trail.read(trail.lines.len() - 1, after).unwrap_err().kind, FaultKind::Added);
}

/// Somebody who can write to the storage cuts whole segments, seals included.
#[test]
fn whole_segments_cannot_be_cut_from_front_middle_or_back() {
    let trail = Trail::new();
    let segments = trail.lines.len() / (SEGMENT + 1);
    for from in 0..=segments {
        for to in from + 1..=segments {
            let fault = trail.read(from * (SEGMENT + 1), trail.rest(to * (SEGMENT + 1))).unwrap_err();
            assert_eq!(fault.kind, FaultKind::SealMissing, "{from}..{to}");
        }
    }
}

fn verify(file: &str, verifier: Verifier) -> Result<Verified, Fault> {
    let mut verifier = verifier;
    file.split_inclusive('\n').try_for_each(|line| verifier.line(line.as_bytes()))?;
    verifier.finish()
}

#[test]
fn an_intact_export_tells_what_it_holds() {
    let (file, seals) = sealed(1..=EVENTS, SEGMENT);
    let report = verify(&file, Verifier::new(key())).unwrap();
    assert_eq!((report.events, report.seals, report.unsealed), (1000, 142, 6));
    assert_eq!((report.first_seal, report.head), (Some(0), Some(seals[141].tag())));
    assert_eq!((report.first, report.last), (Some(Sequence::new(2)), Some(Sequence::new(2000))));
    assert_eq!(verify(&sealed([], 7).0, Verifier::new(key())).unwrap(), Verified::default());
}

#[test]
fn another_key_verifies_nothing() {
    let (file, seals) = sealed(1..=20, SEGMENT);
    let other = SealKey::new(&[8; 32]);
    assert!(!seals[0].is_genuine(&other));
    assert_eq!(verify(&file, Verifier::new(other.clone())).unwrap_err().kind, FaultKind::Forged);
    assert!(matches!(Sealer::after(other, &seals[0]), Err(SealError::Forged(0))));
}

fn sealed_under(key: &SealKey, numbers: std::ops::RangeInclusive<i64>) -> Vec<String> {
    let mut sealer = Sealer::new(key.clone()).closing_at(3, Duration::HOUR);
    let mut export = Export::new(key.clone());
    let mut lines = Vec::new();
    for number in numbers {
        lines.push(export.event(&recorded(number)).unwrap());
        lines.extend(sealer.push(&recorded(number)).unwrap().map(|seal| export.seal(&seal).unwrap()));
    }
    lines.push(export.end().unwrap());
    lines
}

/// Who lacks the key can compute every hash, but no tag.
#[test]
fn a_seal_or_an_end_under_another_key_is_forged() {
    let (ours, theirs) = (sealed_under(&key(), 1..=7), sealed_under(&SealKey::new(&[8; 32]), 1..=7));
    for (line, forged) in theirs.iter().enumerate().filter(|(_, line)| !line.starts_with("{\"sequence")) {
        let mut lines = ours.clone();
        lines[line].clone_from(forged);
        let fault = verify(&lines.concat(), Verifier::new(key())).unwrap_err();
        assert_eq!((fault.line, fault.kind), (number(line), FaultKind::Forged));
    }
}

/// Two trails under one key: a segment of one does not fit into the other.
#[test]
fn segments_of_another_trail_do_not_continue_the_chain() {
    let (one, other) = (sealed_under(&key(), 1..=7), sealed_under(&key(), 2..=8));
    let spliced = [&one[..4], &other[4..]].concat().concat();
    assert_eq!(verify(&spliced, Verifier::new(key())).unwrap_err().kind, FaultKind::SealMissing);
}

#[test]
fn what_remains_of_a_trimmed_trail_verifies_from_the_kept_head() {
    let (_, seals) = sealed(1..=70, SEGMENT);
    let mut export = Export::new(key());
    let mut file = String::new();
    for seal in &seals[4..] {
        for number in seal.first().number() / 2..=seal.last().number() / 2 {
            file += &export.event(&recorded(number)).unwrap();
        }
        file += &export.seal(seal).unwrap();
    }
    file += &export.end().unwrap();
    let report = verify(&file, Verifier::new(key()).expecting(seals[3].clone())).unwrap();
    assert_eq!((report.first_seal, report.seals, report.events), (Some(4), 6, 42));
    let another = sealed(2..=71, SEGMENT).1[3].clone();
    let fault = verify(&file, Verifier::new(key()).expecting(another)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unexpected, "the head that was kept is another trail's");
}

/// Who restores an old copy of everything is found by a seal that was kept elsewhere.
#[test]
fn a_trail_that_was_put_back_lacks_the_expected_seal() {
    let (old, _) = sealed(1..=20, SEGMENT);
    let (new, seals) = sealed(1..=70, SEGMENT);
    let newest = seals[9].clone();
    assert!(verify(&new, Verifier::new(key()).expecting(newest.clone())).is_ok());
    assert_eq!(verify(&old, Verifier::new(key()).expecting(newest)).unwrap_err().kind, FaultKind::Unexpected);
    let (another, _) = sealed(2..=71, SEGMENT);
    let fault = verify(&another, Verifier::new(key()).expecting(seals[1].clone())).unwrap_err();
    assert_eq!((fault.kind, fault.line), (FaultKind::Unexpected, 16));
}

#[test]
fn a_sealer_goes_on_after_a_restart_as_if_there_had_been_none() {
    let (_, seals) = sealed(1..=70, SEGMENT);
    for (at, seal) in seals.iter().enumerate().take(9) {
        let kept: Seal = serde_json::from_str(&serde_json::to_string(seal).unwrap()).unwrap();
        let mut sealer = Sealer::after(key(), &kept).unwrap().closing_at(SEGMENT, Duration::HOUR);
        let next = (seal.last().number() / 2 + 1..).find_map(|number| sealer.push(&recorded(number)).unwrap());
        assert_eq!(next.as_ref(), Some(&seals[at + 1]));
    }
}

/// Its first event would otherwise keep it open until the clock is there again.
#[test]
fn a_segment_that_began_by_a_clock_ahead_of_time_closes_once_it_was_set_back() {
    let mut sealer = Sealer::new(key()).closing_at(3, Duration::minutes(10));
    assert!(sealer.push(&recorded(1)).unwrap().is_none());
    let start = recorded(1).event.at();
    assert!(sealer.close_due(start - Duration::seconds(599)).is_none());
    assert_eq!(sealer.close_due(start - Duration::seconds(600)).unwrap().count(), 1);
}

#[test]
fn a_segment_closes_by_number_and_by_time() {
    let mut sealer = Sealer::new(key()).closing_at(3, Duration::minutes(10));
    assert!(sealer.close().is_none() && sealer.close_due(at(i64::from(i32::MAX))).is_none());
    assert!(sealer.push(&recorded(1)).unwrap().is_none());
    let start = recorded(1).event.at();
    assert!(sealer.close_due(start + Duration::seconds(599)).is_none());
    assert_eq!(sealer.close_due(start + Duration::seconds(600)).unwrap().count(), 1);
    assert_eq!(sealer.waiting(), 0);
    let closed: Vec<_> = (2..=7).filter_map(|number| sealer.push(&recorded(number)).unwrap()).collect();
    assert_eq!(closed.iter().map(|seal| (seal.number(), seal.count())).collect::<Vec<_>>(), [(1, 3), (2, 3)]);
}

#[test]
fn events_are_sealed_in_their_order_only() {
    let (_, seals) = sealed(1..=7, SEGMENT);
    let mut sealer = Sealer::after(key(), &seals[0]).unwrap();
    assert!(matches!(sealer.push(&recorded(7)), Err(SealError::Order(_))));
    assert!(sealer.push(&recorded(9)).unwrap().is_none());
    for number in [8, 9] {
        assert!(matches!(sealer.push(&recorded(number)), Err(SealError::Order(_))));
    }
    assert_eq!(sealer.waiting(), 1);
}

#[test]
fn one_event_can_be_proved_without_the_others() {
    let (_, seals) = sealed(1..=13, 13);
    let segment: Vec<_> = (1..=13).map(recorded).collect();
    for event in &segment {
        let proof = Proof::of(&segment, event.sequence).unwrap().unwrap();
        let proof: Proof = serde_json::from_str(&serde_json::to_string(&proof).unwrap()).unwrap();
        for other in &segment {
            assert_eq!(proof.holds(other, &seals[0]), other == event);
        }
        let mut forged = event.clone();
        forged.event = forged.event.because(Label::new("forged"));
        assert!(!proof.holds(&forged, &seals[0]));
    }
    assert_eq!(Proof::of(&segment, Sequence::new(1)).unwrap(), None);
}

/// A file without seals must not fill the memory of who verifies it.
#[test]
fn a_segment_has_a_largest_size() {
    let line = service_accounts_audit::to_line(&recorded(1)).unwrap();
    let mut verifier = Verifier::new(key());
    let read = (0..=Sealer::MOST_EVENTS).map(|_| verifier.line(line.as_bytes())).position(|read| read.is_err());
    assert_eq!(read, Some(Sealer::MOST_EVENTS));
}
