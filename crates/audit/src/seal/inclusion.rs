//! One event, the seal over it, and the way from the one to the other, as one document.

use super::{key::SealKey, proof::Proof, record::Seal};
use crate::{LineError, Recorded, Sequence};

/// Shows that one event stands in the sealed trail, to who holds the key and nothing else.
///
/// It is one JSON object with the fields `event`, `seal` and `proof`, which a program may reformat: what is proved is the
/// event's line as an export writes it.
///
/// ```
/// use service_accounts_audit::{Action, Event, Label, Recorded, Sequence};
/// use service_accounts_audit::seal::{Inclusion, SealKey, Sealer};
/// use time::UtcDateTime;
///
/// let key = SealKey::new(&[7; 32]);
/// let mut sealer = Sealer::new(key.clone());
/// let event = Event::new(Action::TokenRevoked, Label::new("ops"), UtcDateTime::UNIX_EPOCH);
/// let segment: Vec<_> = (1..=5).map(|n| Recorded { sequence: Sequence::new(n), event: event.clone() }).collect();
/// for recorded in &segment {
///     sealer.push(recorded)?;
/// }
/// let seal = sealer.close().unwrap();
/// let inclusion = Inclusion::of(&segment, Sequence::new(3), seal)?.unwrap();
/// let text = serde_json::to_string_pretty(&inclusion)?;
/// let read: Inclusion = serde_json::from_str(&text)?;
/// assert!(read.holds(&key));
/// let forged: Inclusion = serde_json::from_str(&text.replace("ops", "eve"))?;
/// assert!(!forged.holds(&key));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inclusion {
    /// What is shown to have been sealed, as it stands in the trail.
    pub event: Recorded,
    /// The seal of its segment.
    pub seal: Seal,
    /// From the event's line to the root in the seal.
    pub proof: Proof,
}

impl Inclusion {
    /// Shows one event of a segment, of which all events are needed; `None` if it is not among them.
    ///
    /// # Errors
    /// An event has no text.
    pub fn of(segment: &[Recorded], event: Sequence, seal: Seal) -> Result<Option<Self>, LineError> {
        let found = segment.iter().find(|recorded| recorded.sequence == event);
        let parts = found.cloned().zip(Proof::of(segment, event)?);
        Ok(parts.map(|(event, proof)| Self { event, seal, proof }))
    }

    /// Whether the seal was made under this key and covers the event.
    #[must_use]
    pub fn holds(&self, key: &SealKey) -> bool {
        self.seal.is_genuine(key) && self.proof.holds(&self.event, &self.seal)
    }
}
