//! Seals as the store keeps them.
//!
//! ```text
//! documents   seal-…00 ◀─ seal-…01 ◀─ seal-…02        each under an id that is free only once
//! cursor      ───────────────────────────▶ 02          the newest seal, and the last event that it covers
//! ```
//!
//! The id of a seal is its number in the chain. So of two processes that seal at once, one has the number, and the other
//! goes on after it. A seal is kept before the cursor moves; where the process ends in between, whoever seals next finds
//! the number taken, and moves the cursor.
//!
//! Given up: a process that still has an earlier key alone seals nothing until it is told.

use serde::{Deserialize, Serialize};
use service_accounts_access::Permission;
use service_accounts_audit::{
    Action, Recorded, Sequence,
    seal::{Seal, SealError, Sealer},
};
use service_accounts_store::{Cursor, DocumentId, DocumentIdError, DocumentKind, Paged, Revision, Store};
use time::UtcDateTime;

use super::sealing::Sealing;
use crate::{
    Error, Unavailable,
    core::{
        Core,
        documents::{Kept, seconds},
    },
};

/// A seal of the trail, and when it was made.
///
/// The seal chains to the one before it, and is verified offline by `audit::seal` with the key alone; `sealed_at` is
/// not covered by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrailSeal {
    /// When the segment was closed.
    #[serde(with = "seconds")]
    pub sealed_at: UtcDateTime,
    /// The seal itself.
    pub seal: Seal,
}

/// The segment that is not sealed yet, as far as it was read.
pub(crate) struct OpenSegment {
    pub(crate) sealer: Sealer,
    /// Where the cursor stands.
    pub(crate) kept: Option<Sequence>,
    /// How far the trail was read.
    pub(crate) read: Option<Sequence>,
    /// Whether it holds an event that is not about the trail itself.
    has_news: bool,
}

impl OpenSegment {
    /// Takes the next event in, and closes the segment where it is full.
    ///
    /// It is closed by the event that fills it, so a segment never holds more than it may.
    pub(crate) fn push(&mut self, recorded: &Recorded) -> Result<Option<Seal>, SealError> {
        self.has_news |= !is_about_the_trail(recorded.event.action());
        let seal = self.sealer.push(recorded)?;
        self.read = Some(recorded.sequence);
        self.has_news &= seal.is_none();
        Ok(seal)
    }

    /// Closes the segment where it is old enough. One that holds nothing but events about the trail itself stays open, or
    /// an idle trail would be sealed for ever.
    pub(crate) fn close_due(&mut self, now: UtcDateTime) -> Option<Seal> {
        let seal = if self.has_news { self.sealer.close_due(now) } else { None };
        self.has_news &= seal.is_none();
        seal
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// The segment after the newest seal.
    pub(crate) async fn open_segment(&self, sealing: &Sealing) -> Result<OpenSegment, Unavailable> {
        let newest = self.newest_seal().await?;
        let sealer = match &newest {
            Some(kept) => sealing.sealer_after(&kept.value.seal).map_err(Unavailable::new)?,
            None => Sealer::new(sealing.key.clone()),
        };
        let kept = newest.map(|kept| kept.value.seal.last());
        let sealer = sealer.closing_at(sealing.most_events, sealing.longest);
        Ok(OpenSegment { sealer, kept, read: kept, has_news: false })
    }

    /// The seal that the cursor names.
    ///
    /// A cursor that names a seal which is gone is an error, not a fresh start: a second chain would hide the loss.
    pub(crate) async fn newest_seal(&self) -> Result<Option<Kept<TrailSeal>>, Unavailable> {
        let reader = reader()?;
        let Some(cursor) = self.store.cursor(&reader).await.map_err(Unavailable::new)? else { return Ok(None) };
        let number: u64 = cursor.state.parse().map_err(Unavailable::new)?;
        self.seal_numbered(number).await?.map(Some).ok_or_else(|| Unavailable::new(SealMissing { number }))
    }

    /// A seal by its place in the chain; `None` where it was trimmed or is not made yet.
    pub(crate) async fn seal_numbered(&self, number: u64) -> Result<Option<Kept<TrailSeal>>, Unavailable> {
        match self.kept(DocumentKind::Seal, &seal_id(number)?).await {
            Ok(kept) => Ok(Some(kept)),
            Err(Error::DocumentMissing) => Ok(None),
            Err(Error::Unavailable(error)) => Err(error),
            Err(error) => Err(Unavailable::new(error)),
        }
    }

    /// A page of the seals, the oldest first.
    pub(crate) async fn kept_seals(
        &self,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Kept<TrailSeal>, DocumentId>, Error> {
        self.kept_page(DocumentKind::Seal, after, limit).await
    }

    /// Moves the cursor to a seal that is kept; false where it did not stand at `from`.
    pub(crate) async fn move_to_seal(&self, from: Option<Sequence>, seal: &Seal) -> Result<bool, Unavailable> {
        let to = Cursor { at: seal.last(), state: seal.number().to_string().into() };
        self.store.advance(&reader()?, from, Some(to)).await.map_err(Unavailable::new)
    }
}

const fn is_about_the_trail(action: Action) -> bool {
    matches!(action, Action::TrailSealed | Action::TrailTrimmed | Action::TrailRetentionNoted)
}

/// A seal that somebody else has kept continues the chain only if it was made under one of these keys.
pub(crate) fn genuine(kept: Kept<TrailSeal>, sealing: &Sealing) -> Result<Kept<TrailSeal>, Unavailable> {
    if sealing.is_genuine(&kept.value.seal) {
        Ok(kept)
    } else {
        Err(Unavailable::new(SealError::Forged(kept.value.seal.number())))
    }
}

/// In the order of their numbers.
pub(crate) fn seal_id(number: u64) -> Result<DocumentId, Unavailable> {
    DocumentId::parse(&format!("seal-{number:012}")).map_err(Unavailable::new)
}

/// The name of the cursor: what is not sealed yet is not trimmed.
pub(crate) fn reader() -> Result<DocumentId, Unavailable> {
    DocumentId::parse("seals").map_err(|error: DocumentIdError| Unavailable::new(error))
}

/// A seal is gone that the chain cannot go on without.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("seal {number} of the trail is missing; restore the store from a backup")]
struct SealMissing {
    number: u64,
}

/// A seal as a document that is new.
pub(crate) const NEW: Option<Revision> = None;
