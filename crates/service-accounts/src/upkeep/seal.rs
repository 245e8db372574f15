//! The trail is sealed segment by segment.
//!
//! A segment is open until it is full or old enough; then its seal is kept as a document, in one step with an event
//! that says so. Several processes may seal: the one whose seal finds its number taken goes on behind the other's.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label, Sequence, seal::Seal};
use service_accounts_store::{Authority, Change, Committed, Document, DocumentKind, Refusal, Revision, Store};

use crate::{
    Unavailable,
    core::{
        Core,
        trail::{
            sealing::Sealing,
            seals::{NEW, OpenSegment, TrailSeal, genuine, seal_id},
        },
    },
};

/// What sealing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Segments that were closed.
    pub segments: usize,
    /// Events that they hold.
    pub events: usize,
    /// Whether the bound was reached, or another process sealed at the same time: there may be more.
    pub is_cut_short: bool,
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Reads on up to `newest`, at most `most` events, and closes segments that are full or old.
    ///
    /// The open segment waits in memory between two calls. Where this future is dropped it is read again from the
    /// trail, from the last seal on.
    ///
    /// It never waits for other processes: whoever finds the number taken goes on behind that seal with the next call.
    pub(crate) async fn seal(&self, newest: Option<Sequence>, most: usize) -> Result<Sealed, Unavailable> {
        let Some(sealing) = &self.rules.trail.sealing else { return Ok(Sealed::default()) };
        let mut open = match self.followers.segment.take() {
            Some(open) => open,
            None => self.open_segment(sealing).await?,
        };
        let mut sealed = Sealed::default();
        if self.seal_on(sealing, &mut open, (newest, most), &mut sealed).await? {
            self.followers.segment.put(open);
        } else {
            sealed.is_cut_short = true;
        }
        Ok(sealed)
    }

    /// False where another process sealed meanwhile: the segment begins elsewhere then.
    ///
    /// `most` bounds the events that are read.
    async fn seal_on(
        &self,
        sealing: &Sealing,
        open: &mut OpenSegment,
        (newest, most): (Option<Sequence>, usize),
        sealed: &mut Sealed,
    ) -> Result<bool, Unavailable> {
        let mut room = most;
        while open.read < newest {
            if room == 0 {
                sealed.is_cut_short = true;
                return Ok(true);
            }
            let stretch = self.events_after(open.read, room).await?;
            room = room.saturating_sub(stretch.events.len().max(1));
            for recorded in &stretch.events {
                let full = open.push(recorded).map_err(Unavailable::new)?;
                if let Some(seal) = full
                    && !self.keep_seal(sealing, open, &seal, sealed).await?
                {
                    return Ok(false);
                }
            }
            open.read = stretch.to;
            if stretch.is_last {
                break;
            }
        }
        match open.close_due(self.now()) {
            Some(seal) => self.keep_seal(sealing, open, &seal, sealed).await,
            None => Ok(true),
        }
    }

    /// False where another process has kept a seal of this number, or has moved the cursor.
    ///
    /// The seal is kept before the cursor moves, so a process that ends in between leaves a seal which the next one
    /// finds.
    async fn keep_seal(
        &self,
        sealing: &Sealing,
        open: &mut OpenSegment,
        seal: &Seal,
        sealed: &mut Sealed,
    ) -> Result<bool, Unavailable> {
        let kept = TrailSeal { sealed_at: self.now(), seal: seal.clone() };
        let body = serde_json::to_string(&kept).map_err(Unavailable::new)?.into();
        let document =
            Document { kind: DocumentKind::Seal, id: seal_id(seal.number())?, body, revision: Revision::NEW };
        let change = Change::PutDocument { document, expected: NEW };
        let event = Event::new(Action::TrailSealed, Label::new("service-accounts"), kept.sealed_at);
        let event = about_seal(event, seal).with(Label::new("key"), Label::new(&sealing.key.id()));
        match self.commit_by(&Authority::Host, change, event).await? {
            Committed::Applied(_) => {
                sealed.segments += 1;
                sealed.events += seal.count();
                let has_moved = self.move_to_seal(open.kept, seal).await?;
                open.kept = Some(seal.last());
                Ok(has_moved)
            }
            Committed::Refused(Refusal::DocumentTaken) => {
                self.go_on_after_theirs(sealing, open.kept, seal.number()).await.map(|()| false)
            }
            Committed::Refused(refusal) => Err(Unavailable::new(refusal)),
        }
    }

    /// Another process was faster, or ended before it moved the cursor.
    ///
    /// Their seal is verified under the key before anything rests on it.
    async fn go_on_after_theirs(
        &self,
        sealing: &Sealing,
        from: Option<Sequence>,
        number: u64,
    ) -> Result<(), Unavailable> {
        // It is gone only where a third process has sealed and trimmed by now: the cursor stands further on then.
        let Some(theirs) = self.seal_numbered(number).await? else { return Ok(()) };
        let theirs = genuine(theirs, sealing)?;
        self.move_to_seal(from, &theirs.value.seal).await.map(drop)
    }
}

/// Names a seal in an event, its tag included: the chain stands in the trail too.
pub(super) fn about_seal(event: Event, seal: &Seal) -> Event {
    let facts = [
        ("seal", seal.number().to_string()),
        ("first", seal.first().to_string()),
        ("last", seal.last().to_string()),
        ("events", seal.count().to_string()),
        ("tag", seal.tag().to_string()),
    ];
    facts.into_iter().fold(event, |event, (name, value)| event.with(Label::new(name), Label::new(&value)))
}
