//! Old segments of the trail are removed, whole and oldest first.
//!
//! The document of a segment's seal goes first, with an event that says so; from then on the trail begins with the next
//! segment. Then the events go. Where a process ends in between, the events that stand before the first seal are known
//! to be left over.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label, Sequence, detect::Alert, seal::Export};
use service_accounts_store::{Authority, Change, Committed, DocumentId, DocumentKind, Refusal, Revision, Store};
use time::{Duration, UtcDateTime};

use super::seal::about_seal;
use crate::{
    ArchivedSegment, Error, Incident, Unavailable,
    admin::reviews::opened_before,
    core::{
        Core,
        documents::{Kept, of_realm::is_of},
        trail::{sealing::Sealing, seals::TrailSeal},
    },
};

/// How often it is looked for what is too old.
pub(super) const EVERY: Duration = Duration::HOUR;

/// How many events are removed in one step, so that others can write in between.
const STEP: usize = 500;

/// How many reviews are removed in one call; each may be long.
const REVIEWS: usize = 16;

/// How many incidents are looked at in one call; each may be long.
const INCIDENTS: usize = 16;

/// How many alerts are removed in one call.
const ALERTS: usize = 100;

/// What trimming did.
///
/// Nothing is trimmed that is not sealed, archived where the host has an archive, and behind every reader of the trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Segments that the trail no longer has.
    pub segments: usize,
    /// Events that were removed.
    pub events: usize,
    /// Alerts that were removed.
    pub alerts: usize,
    /// Reviews that were removed.
    pub reviews: usize,
    /// Incidents that were removed.
    pub incidents: usize,
    /// Whether the bound was reached: there may be more.
    pub is_cut_short: bool,
    /// Whether segments that are old enough for this realm stay because another realm on the store keeps them for longer.
    pub is_held: bool,
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Removes what is too old, at most `most` segments, if it is time to look again.
    pub(super) async fn trim(&self, most: usize) -> Result<Trimmed, Unavailable> {
        let now = self.now();
        if let Some(cleaned) = self.followers.cleaned.take()
            && (Duration::ZERO..EVERY).contains(&(now - cleaned))
        {
            self.followers.cleaned.put(cleaned);
            return Ok(Trimmed::default());
        }
        self.note_retention().await?;
        let trimmed = self.trim_all(most, now).await?;
        if !trimmed.is_cut_short {
            self.followers.cleaned.put(now);
        }
        Ok(trimmed)
    }

    /// The trail and its alerts go by what all realms on the store want, reviews and incidents by what this one wants.
    async fn trim_all(&self, most: usize, now: UtcDateTime) -> Result<Trimmed, Unavailable> {
        let (rules, mut trimmed) = (&self.rules.trail, Trimmed::default());
        if let Some(sealing) = &rules.sealing
            && let Some(days) = sealing.retention_days
        {
            let own = now.checked_sub(Duration::days(days.into()));
            self.trim_reviews(own, &mut trimmed).await?;
            self.trim_incidents(own, &mut trimmed).await?;
            let oldest = self.oldest_for_all(own, now).await?;
            trimmed.is_held = oldest < own;
            self.trim_segments(sealing, oldest, most, &mut trimmed).await?;
        }
        if rules.sealing.is_some() || rules.detectors.is_some() {
            self.trim_alerts(now, &mut trimmed).await?;
        }
        Ok(trimmed)
    }

    /// Before what instant segments may go for all realms. The others are asked only where one may go for this realm.
    async fn oldest_for_all(
        &self,
        own: Option<UtcDateTime>,
        now: UtcDateTime,
    ) -> Result<Option<UtcDateTime>, Unavailable> {
        let first = self.oldest_seal().await?;
        let is_due = first.is_some_and(|first| own.is_some_and(|own| first.value.sealed_at <= own));
        if !is_due {
            return Ok(own);
        }
        Ok(self.retentions().await?.of_events().and_then(|kept| now.checked_sub(kept)))
    }

    /// The newest seal always stays, so that the chain can go on from it. A segment is archived, then let go, then
    /// removed; where the process ends in between, the next look goes on from there.
    async fn trim_segments(
        &self,
        sealing: &Sealing,
        oldest: Option<UtcDateTime>,
        most: usize,
        trimmed: &mut Trimmed,
    ) -> Result<(), Unavailable> {
        let (Some(oldest), Some(newest)) = (oldest, self.newest_seal().await?) else { return Ok(()) };
        loop {
            let Some(segment) = self.oldest_seal().await? else { return Ok(()) };
            trimmed.events += self.trim_below(segment.value.seal.first()).await?;
            let is_newest = segment.value.seal.number() >= newest.value.seal.number();
            if is_newest || segment.value.sealed_at > oldest || !self.is_let_by(segment.value.seal.last()).await? {
                return Ok(());
            }
            if trimmed.segments >= most {
                trimmed.is_cut_short = true;
                return Ok(());
            }
            self.archive(sealing, &segment.value).await?;
            trimmed.segments += usize::from(self.let_go(&segment).await?);
        }
    }

    /// The seal of the segment that goes next; none before anything was sealed.
    async fn oldest_seal(&self) -> Result<Option<Kept<TrailSeal>>, Unavailable> {
        let page = self.kept_seals(None, 1).await.map_err(unavailable)?;
        Ok(page.items.into_iter().next())
    }

    /// Removes the events of segments that were let go.
    async fn trim_below(&self, place: Sequence) -> Result<usize, Unavailable> {
        let mut removed = 0;
        loop {
            let step = self.store.trim(place, STEP).await.map_err(Unavailable::new)?;
            removed += step;
            if step < STEP {
                return Ok(removed);
            }
        }
    }

    /// Whether every reader of the trail is done with an event.
    ///
    /// Readers are subscriptions, detectors and the seals themselves: each has a cursor.
    async fn is_read(&self, last: Sequence) -> Result<bool, Unavailable> {
        let slowest = self.store.slowest_cursor().await.map_err(Unavailable::new)?;
        // Detectors that have not begun yet have no cursor.
        let has_begun = self.rules.trail.detectors.is_none() || self.is_watching().await?;
        Ok(has_begun && slowest.is_none_or(|slowest| slowest >= last))
    }

    /// The same, after cursors are gone that belong to nobody: their process ended between the end of a subscription and
    /// the removal of its cursor.
    ///
    /// It is asked only where something holds the trail, because it reads the trail from that place on.
    async fn is_let_by(&self, last: Sequence) -> Result<bool, Unavailable> {
        if self.is_read(last).await? {
            return Ok(true);
        }
        let Some(slowest) = self.store.slowest_cursor().await.map_err(Unavailable::new)? else { return Ok(false) };
        self.drop_cursors_of_ended_subscriptions(slowest).await?;
        self.is_read(last).await
    }

    /// Gives the host a segment as JSON Lines that the offline verifier reads. Where the archive fails, the segment
    /// stays.
    async fn archive(&self, sealing: &Sealing, kept: &TrailSeal) -> Result<(), Unavailable> {
        let Some(archive) = &sealing.archive else { return Ok(()) };
        let seal = &kept.seal;
        let mut export = Export::new(sealing.key.clone());
        let mut lines = String::new();
        for recorded in self.events_within(seal.first(), seal.last()).await? {
            lines += &export.event(&recorded).map_err(Unavailable::new)?;
        }
        lines += &export.seal(seal).map_err(Unavailable::new)?;
        lines += &export.end().map_err(Unavailable::new)?;
        let name = format!("trail-{:012}.jsonl", seal.number());
        let segment = ArchivedSegment { name, first: seal.first(), last: seal.last(), lines };
        archive.keep(segment).await.map_err(|error| Unavailable::new(NotArchived(error)))
    }

    /// Lets the trail begin after a segment; false where another process did.
    async fn let_go(&self, segment: &Kept<TrailSeal>) -> Result<bool, Unavailable> {
        let event = Event::new(Action::TrailTrimmed, Label::new("service-accounts"), self.now());
        let event = about_seal(event, &segment.value.seal);
        self.remove_document((DocumentKind::Seal, &segment.id), segment.revision, event).await
    }

    /// An alert lives as long as events are kept, or a year where no retention is set.
    pub(crate) async fn trim_alerts(&self, now: UtcDateTime, trimmed: &mut Trimmed) -> Result<(), Unavailable> {
        let page = self.kept_page::<Alert>(DocumentKind::Alert, None, ALERTS).await.map_err(unavailable)?;
        let before = |kept| now.checked_sub(kept).unwrap_or(UtcDateTime::MIN);
        if page.items.first().is_none_or(|first| first.value.at >= before(self.own_of_alerts())) {
            return Ok(());
        }
        let (oldest, found) = (before(self.retentions().await?.of_alerts()), page.items.len());
        for kept in page.items.iter().take_while(|kept| kept.value.at < oldest) {
            let event = Event::new(Action::DocumentRemoved, Label::new("service-accounts"), now);
            let event = event.with(Label::new("document"), Label::new(&format!("alert/{}", kept.id)));
            self.remove_document((DocumentKind::Alert, &kept.id), kept.revision, event).await?;
            trimmed.alerts += 1;
        }
        trimmed.is_cut_short |= found == trimmed.alerts && page.next.is_some();
        Ok(())
    }

    /// Reviews that are older than the trail is kept go too, those of this realm.
    async fn trim_reviews(&self, oldest: Option<UtcDateTime>, trimmed: &mut Trimmed) -> Result<(), Unavailable> {
        let Some(oldest) = oldest else { return Ok(()) };
        let (kind, realm) = (DocumentKind::Review, &self.rules.realm);
        let behind = opened_before(realm, oldest)?;
        let page = self.store.documents(kind, Some(&behind), REVIEWS).await.map_err(Unavailable::new)?;
        for document in page.items.iter().take_while(|document| is_of(realm, &document.id)) {
            let event = Event::new(Action::DocumentRemoved, Label::new("service-accounts"), self.now());
            let event = event.with(Label::new("document"), Label::new(&format!("review/{}", document.id)));
            self.remove_document((kind, &document.id), document.revision, event).await?;
            trimmed.reviews += 1;
        }
        trimmed.is_cut_short |= page.next.is_some_and(|next| is_of(realm, &next));
        Ok(())
    }

    /// So do incidents of this realm that nobody has written to since. Where the oldest ones are still written to, the others
    /// wait for them.
    async fn trim_incidents(&self, oldest: Option<UtcDateTime>, trimmed: &mut Trimmed) -> Result<(), Unavailable> {
        let Some(oldest) = oldest else { return Ok(()) };
        let kind = DocumentKind::Incident;
        let page = self.kept_page_of_realm::<Incident>(kind, None, INCIDENTS).await.map_err(unavailable)?;
        for kept in page.items.iter().filter(|kept| kept.value.last_written() < oldest) {
            let event = Event::new(Action::DocumentRemoved, Label::new("service-accounts"), self.now());
            let event = event.about_account(Label::new(kept.value.account.as_str()));
            let event = event.with(Label::new("document"), Label::new(&format!("incident/{}", kept.id)));
            let is_removed = self.remove_document((kind, &kept.id), kept.revision, event).await?;
            trimmed.incidents += usize::from(is_removed);
        }
        trimmed.is_cut_short |= trimmed.incidents == page.items.len() && page.next.is_some();
        Ok(())
    }

    /// False where the document has changed or is gone: another process was faster.
    async fn remove_document(
        &self,
        (kind, id): (DocumentKind, &DocumentId),
        expected: Revision,
        event: Event,
    ) -> Result<bool, Unavailable> {
        let change = Change::RemoveDocument { kind, id: id.clone(), expected };
        match self.commit_by(&Authority::Host, change, event).await? {
            Committed::Applied(_) => Ok(true),
            Committed::Refused(Refusal::Stale | Refusal::DocumentMissing) => Ok(false),
            Committed::Refused(refusal) => Err(Unavailable::new(refusal)),
        }
    }
}

/// The archive did not take a segment.
#[derive(Debug, thiserror::Error)]
#[error("the archive did not take a segment of the trail; nothing was removed")]
struct NotArchived(#[source] Box<dyn std::error::Error + Send + Sync>);

/// What upkeep reads is its own; an error that is not the store's is told as one.
pub(super) fn unavailable(error: Error) -> Unavailable {
    match error {
        Error::Unavailable(error) => error,
        other => Unavailable::new(other),
    }
}
