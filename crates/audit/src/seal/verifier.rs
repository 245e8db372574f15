//! Reads an export and names the first place that is wrong.

use alloc::{vec, vec::Vec};

use super::{
    fault::{Fault, FaultKind, Line, compare},
    key::{Digest, SealKey},
    merkle,
    record::{Chain, End, Seal, Statement},
    sealer::Sealer,
};
use crate::Sequence;

/// Verifies an export line by line, in memory for one segment.
///
/// It needs no store and no network: the file and the key are enough. Every byte of the file counts, line feeds too.
#[derive(Clone, Debug)]
pub struct Verifier {
    /// The present one first, then earlier ones.
    keys: Vec<SealKey>,
    /// Which key the last seal was made under; the chain never goes back to an earlier one.
    reached: usize,
    expected: Option<Seal>,
    line: u64,
    segment: Vec<Line>,
    first_seal: Option<u64>,
    chain: Option<Chain>,
    report: Verified,
    is_ended: bool,
}

/// What an export that is whole and unchanged holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// All events.
    pub events: u64,
    /// Those that no seal covers yet; only the end of the file does.
    pub unsealed: u64,
    /// All seals.
    pub seals: u64,
    /// The number of the first seal; above zero if the trail was trimmed.
    pub first_seal: Option<u64>,
    /// The first event.
    pub first: Option<Sequence>,
    /// The last event.
    pub last: Option<Sequence>,
    /// The tag of the last seal: what to keep elsewhere.
    pub head: Option<Digest>,
}

impl Verifier {
    /// A verifier that has read nothing.
    #[must_use]
    pub fn new(key: SealKey) -> Self {
        Self {
            keys: vec![key],
            reached: 0,
            expected: None,
            line: 0,
            segment: Vec::new(),
            first_seal: None,
            chain: None,
            report: Verified::default(),
            is_ended: false,
        }
    }

    /// Also takes seals that were made under an earlier key, before the change to the one that was named before.
    ///
    /// Once a seal of a later key was read, none of an earlier one is taken, and the end of the file must be made under the
    /// present key. So who learns an earlier key can change nothing.
    #[must_use]
    pub fn accepting(mut self, earlier: SealKey) -> Self {
        self.keys.push(earlier);
        self.reached = self.keys.len().saturating_sub(1);
        self
    }

    /// Also demands that the chain holds this seal or begins after it: the newest one that was kept elsewhere.
    #[must_use]
    pub fn expecting(self, seal: Seal) -> Self {
        Self { expected: Some(seal), ..self }
    }

    /// Reads the next line with its line feed.
    ///
    /// # Errors
    /// The first place that is wrong. Stop reading then: what follows proves nothing.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.line = self.line.saturating_add(1);
        if self.is_ended {
            return Err(self.fault(FaultKind::Added, event_of(line)));
        }
        let Some(line) = line.strip_suffix(b"\n") else { return Err(self.fault(FaultKind::CutOff, self.report.last)) };
        if line.starts_with(b"{\"seal\":") || line.starts_with(b"{\"end\":") {
            return match Statement::read(line) {
                Some(Statement::Seal(seal)) => self.seal(&seal),
                Some(Statement::End(end)) => self.end(&end),
                None => Err(self.fault(FaultKind::Unreadable, None)),
            };
        }
        if line.starts_with(b"{\"sequence\":") && line.ends_with(b"}") {
            return self.event(line);
        }
        Err(self.fault(FaultKind::Unreadable, None))
    }

    /// Tells what was verified.
    ///
    /// # Errors
    /// The end is missing.
    pub fn finish(self) -> Result<Verified, Fault> {
        if self.is_ended {
            return Ok(self.report);
        }
        Err(Fault { line: self.line.saturating_add(1), kind: FaultKind::CutOff, event: self.report.last })
    }

    fn event(&mut self, line: &[u8]) -> Result<(), Fault> {
        if self.segment.len() >= Sealer::MOST_EVENTS {
            return Err(self.fault(FaultKind::Unsealed, None));
        }
        let event = event_of(line);
        self.segment.push(Line { event, leaf: merkle::leaf(line) });
        self.report.events = self.report.events.saturating_add(1);
        self.report.first = self.report.first.or(event);
        self.report.last = event.or(self.report.last);
        Ok(())
    }

    fn seal(&mut self, seal: &Seal) -> Result<(), Fault> {
        let by = self.keys.iter().take(self.reached.saturating_add(1)).position(|key| seal.is_genuine(key));
        let Some(by) = by else { return Err(self.fault(FaultKind::Forged, None)) };
        let is_next = match self.chain {
            Some(chain) => (chain.number, chain.previous) == (seal.number, seal.previous),
            None => !self.holds_earlier_events(seal),
        };
        if !is_next {
            return Err(self.fault(FaultKind::SealMissing, None));
        }
        compare(&self.segment, &seal.hints, &seal.root, self.start())?;
        self.meet_expected(seal)?;
        self.reached = by;
        self.segment.clear();
        self.chain = Some(Chain::after(seal));
        self.first_seal.get_or_insert(seal.number);
        self.report.seals = self.report.seals.saturating_add(1);
        Ok(())
    }

    /// Whether another seal stood before what looks like the first one.
    fn holds_earlier_events(&self, seal: &Seal) -> bool {
        let mut are_earlier = self.segment.iter().map(|line| line.event.is_some_and(|event| event < seal.first));
        let is_first_earlier = are_earlier.next() == Some(true);
        is_first_earlier && (self.segment.len() > seal.count() || are_earlier.all(|is_earlier| is_earlier))
    }

    /// The expected seal itself, or the one right after it.
    fn meet_expected(&mut self, seal: &Seal) -> Result<(), Fault> {
        let Some(expected) = &self.expected else { return Ok(()) };
        let is_met = if seal.number == expected.number {
            seal.tag == expected.tag
        } else if Some(seal.number) == expected.number.checked_add(1) {
            seal.previous == expected.tag
        } else {
            true
        };
        if !is_met {
            return Err(self.fault(FaultKind::Unexpected, None));
        }
        self.expected.take_if(|expected| expected.number <= seal.number);
        Ok(())
    }

    fn end(&mut self, end: &End) -> Result<(), Fault> {
        if !self.keys.first().is_some_and(|key| end.is_genuine(key)) {
            return Err(self.fault(FaultKind::Forged, None));
        }
        let chain = self.chain.unwrap_or_default();
        let is_whole = (end.first_seal, end.seals, end.previous)
            == (self.first_seal.unwrap_or(0), self.report.seals, chain.previous);
        if !is_whole {
            return Err(self.fault(FaultKind::SealMissing, None));
        }
        compare(&self.segment, &end.hints, &end.root, self.start())?;
        if end.events != self.report.events {
            return Err(self.fault(FaultKind::Forged, None));
        }
        if self.expected.is_some() {
            return Err(self.fault(FaultKind::Unexpected, None));
        }
        self.is_ended = true;
        self.report.unsealed = self.waiting();
        self.report.first_seal = self.first_seal;
        self.report.head = self.chain.map(|chain| chain.previous);
        Ok(())
    }

    fn waiting(&self) -> u64 {
        u64::try_from(self.segment.len()).unwrap_or(u64::MAX)
    }

    /// The line of the open segment's first event.
    fn start(&self) -> u64 {
        self.line.saturating_sub(self.waiting())
    }

    const fn fault(&self, kind: FaultKind, event: Option<Sequence>) -> Fault {
        Fault { line: self.line, kind, event }
    }
}

/// The event's number as its line tells it, to name it by; the hash decides whether that is true.
fn event_of(line: &[u8]) -> Option<Sequence> {
    let rest = line.strip_prefix(b"{\"sequence\":")?;
    let digits = rest.split(|byte| *byte == b',').next()?;
    str::from_utf8(digits).ok()?.parse().ok().map(Sequence::new)
}
