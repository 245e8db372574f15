//! A trail as one file that can be verified anywhere.

use alloc::{string::String, vec::Vec};

use super::{
    key::{Digest, SealKey},
    merkle,
    record::{Chain, End, Seal},
};
use crate::{LineError, Recorded, to_line};

/// Writes events and seals as JSON Lines, one line at a time.
///
/// Write all events of a segment, then its seal, and [`end`](Self::end) after the last event. The end signs what the file
/// holds and covers the events that no seal covers yet. An export of a trimmed trail starts with the first segment that is
/// kept.
#[derive(Clone, Debug)]
pub struct Export {
    key: SealKey,
    first_seal: Option<u64>,
    chain: Chain,
    events: u64,
    tail: Vec<Digest>,
}

impl Export {
    /// An export without a line.
    #[must_use]
    pub fn new(key: SealKey) -> Self {
        Self { key, first_seal: None, chain: Chain::default(), events: 0, tail: Vec::new() }
    }

    /// The line of an event.
    ///
    /// # Errors
    /// The event has no text.
    pub fn event(&mut self, recorded: &Recorded) -> Result<String, LineError> {
        let line = to_line(recorded)?;
        self.tail.push(merkle::leaf(line.trim_end().as_bytes()));
        self.events = self.events.saturating_add(1);
        Ok(line)
    }

    /// The line of a seal, after the events that it covers.
    ///
    /// # Errors
    /// The seal has no text.
    pub fn seal(&mut self, seal: &Seal) -> Result<String, LineError> {
        self.first_seal.get_or_insert(seal.number);
        self.chain = Chain::after(seal);
        self.tail.clear();
        seal.to_line()
    }

    /// The last line.
    ///
    /// # Errors
    /// It has no text.
    pub fn end(self) -> Result<String, LineError> {
        End::make(&self.key, self.first_seal.unwrap_or(0), &self.chain, self.events, &self.tail).to_line()
    }
}
