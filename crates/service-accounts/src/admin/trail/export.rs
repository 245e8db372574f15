//! The trail as a file, part by part.
//!
//! An export reads the trail in parts of some hundred events, so its memory does not grow with the trail, and a slow
//! reader holds nothing open in the store.

use service_accounts_access::Permission;
use service_accounts_audit::{
    Action, Label, LineError, Recorded, Sequence, csv_header,
    seal::{Export, Seal, Sealer},
    to_csv, to_line,
};
use service_accounts_store::{DocumentId, Store};

use super::TrailHandle;
use crate::{
    Error, Unavailable,
    core::{
        authority::Call,
        journal::Due,
        trail::reading::{Stretch, before},
    },
};

/// How many events a part holds at most.
const PART: usize = 500;

/// How many events that no seal covers yet are read at once to seal them.
const TO_SEAL: usize = 10_000;

/// What the file looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportForm {
    /// JSON Lines. Where the trail is sealed, its seals stand among the events, and the verifier of `audit` reads the file.
    #[default]
    JsonLines,
    /// CSV that no spreadsheet takes for formulas, without seals.
    Csv,
}

/// An export under way: what [`TrailHandle::export`] begins and [`TrailHandle::next_part`] goes on with.
///
/// It holds one seal and 32 bytes for each event that no seal covers yet, whatever the size of the trail: where more wait
/// than one segment takes, the export seals them first.
#[derive(Debug)]
pub struct TrailExport {
    form: ExportForm,
    /// Under which key; only where the trail is sealed and the form shows it.
    sealed: Option<Export>,
    /// How far the trail was read.
    place: Option<Sequence>,
    /// The newest event when the export began: the file goes so far.
    until: Option<Sequence>,
    segment: Option<Segment>,
    last_seal: Option<DocumentId>,
    stage: Stage,
    /// Events that no seal covers.
    unsealed: usize,
}

/// What the next part is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// A header, where the form has one.
    Begin,
    /// Sealed segments, each followed by its seal.
    Seals,
    /// Events that no seal covers yet.
    Rest,
    /// Nothing more.
    Over,
}

/// A sealed segment under way.
#[derive(Debug)]
struct Segment {
    id: DocumentId,
    seal: Seal,
    /// How many of its events are in the file; fewer than the seal counts means that they were trimmed meanwhile.
    written: usize,
}

impl<S: Store + 'static, P: Permission> TrailHandle<'_, S, P> {
    /// Begins an export of the whole trail up to this instant; the trail tells of it.
    ///
    /// ```
    /// # use service_accounts::{Actor, ExportForm, ServiceAccounts, access::presets::data_quality::{self, Permission}, store::MemoryStore};
    /// # use service_accounts::token::{Keyring, Pepper, PepperId, Vendor};
    /// # pollster::block_on(async {
    /// # let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes([7; 32]));
    /// # let accounts = ServiceAccounts::builder(MemoryStore::new(), Vendor::parse("acme")?, keyring,
    /// #     data_quality::catalogue(), Permission::ServiceAccountsManage).build();
    /// let ada = Actor::host("ada@example.com");
    /// let trail = accounts.acting(&ada).trail();
    /// let mut export = trail.export(ExportForm::JsonLines).await?;
    /// let mut file = String::new();
    /// while let Some(part) = trail.next_part(&mut export).await? {
    ///     file += &part;
    /// }
    /// assert!(file.contains("trail.exported"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadTrail`](crate::Call::ReadTrail). Event: `trail.exported` with the format; it is the last event
    /// of the file.
    ///
    /// A sealed file holds every event or cannot be verified. So where the trail holds events of another realm, only the
    /// host makes one; for a service account the trail is read through once before, to refuse it before the first part.
    ///
    /// # Errors
    /// The actor may not, a sealed file would show a service account the events of another realm, or the store failed.
    pub async fn export(&self, form: ExportForm) -> Result<TrailExport, Error> {
        let (acting, core) = (&self.acting, self.acting.core);
        acting.may(Call::ReadTrail)?;
        core.journal.flush(&core.store, Due::Now, core.now()).await?;
        let sealing = core.rules.trail.sealing.as_ref().filter(|_| form == ExportForm::JsonLines);
        if sealing.is_some() {
            self.may_export_all().await?;
        }
        let name = match form {
            ExportForm::JsonLines => "jsonl",
            ExportForm::Csv => "csv",
        };
        let event = core.realm_event(Action::TrailExported, acting.actor);
        core.record_by(acting.actor, event.with(Label::new("format"), Label::new(name))).await?;
        Ok(TrailExport {
            form,
            sealed: sealing.map(|sealing| Export::new(sealing.key.clone())),
            place: None,
            until: core.newest_place().await?,
            segment: None,
            last_seal: None,
            stage: Stage::Begin,
            unsealed: 0,
        })
    }

    /// The next part of an export, some whole lines; `None` at its end. Whether the actor may is asked anew each time.
    /// Where this future is dropped, begin the export anew.
    ///
    /// [`export`](Self::export) has the example.
    ///
    /// # Errors
    /// The actor may not, an event of another realm was written since a service account began a sealed file, the store
    /// failed, or the segment under way was trimmed meanwhile, which is a [`Conflict`](Error::Conflict): begin anew. What
    /// was written so far has no end then, and no verifier takes it.
    pub async fn next_part(&self, export: &mut TrailExport) -> Result<Option<String>, Error> {
        self.acting.still_may(Call::ReadTrail).await?;
        loop {
            let part = match export.stage {
                Stage::Begin => self.begin(export).await?,
                Stage::Seals => self.sealed_part(export).await?,
                Stage::Rest => self.unsealed_part(export).await?,
                Stage::Over => return Ok(None),
            };
            if !part.is_empty() {
                return Ok(Some(part));
            }
        }
    }

    /// Where more events wait for a seal than one segment takes, closes what is full first, or the file could not end.
    async fn begin(&self, export: &mut TrailExport) -> Result<String, Error> {
        if export.sealed.is_some() && self.is_far_behind(export.until).await {
            // Where it cannot be sealed, upkeep says so, and the evidence must still be handed out.
            let sealed = self.acting.core.seal(export.until, TO_SEAL).await;
            if sealed.is_ok_and(|sealed| sealed.is_cut_short) {
                return Ok(String::new());
            }
        }
        export.begin()
    }

    /// Whether more events wait for a seal than one segment takes, as far as their numbers tell.
    async fn is_far_behind(&self, until: Option<Sequence>) -> bool {
        let newest = self.acting.core.newest_seal().await.ok().flatten();
        let (sealed, until) =
            (newest.map_or(0, |kept| kept.value.seal.last().number()), until.map_or(0, Sequence::number));
        usize::try_from(until.saturating_sub(sealed)).is_ok_and(|behind| behind >= Sealer::MOST_EVENTS)
    }

    /// Whether the actor may have every event that is there now in a sealed file.
    async fn may_export_all(&self) -> Result<(), Error> {
        if self.is_host() {
            return Ok(());
        }
        let until = self.acting.core.newest_place().await?;
        let mut place = None;
        while place < until {
            let stretch = self.acting.core.events_after(place, PART).await?;
            stretch.events.iter().try_for_each(|recorded| self.may_export(recorded))?;
            place = if stretch.is_last { until } else { stretch.to };
        }
        Ok(())
    }

    fn may_export(&self, recorded: &Recorded) -> Result<(), Error> {
        let may = self.is_host() || self.acting.core.shows_event(&recorded.event);
        if may { Ok(()) } else { Err(Error::NotPermitted) }
    }

    fn is_host(&self) -> bool {
        self.acting.actor.credential().is_none()
    }

    /// The next events of the segment under way, and its seal behind the last of them.
    async fn sealed_part(&self, export: &mut TrailExport) -> Result<String, Error> {
        let core = self.acting.core;
        let Some(mut segment) = export.segment.take() else {
            let page = core.kept_seals(export.last_seal.as_ref(), 1).await?;
            match page.items.into_iter().next() {
                Some(kept) => export.enter(kept.id, kept.value.seal),
                None => export.stage = Stage::Rest,
            }
            return Ok(String::new());
        };
        let stretch = core.events_after(export.place, PART).await?;
        let last = segment.seal.last();
        let is_whole = stretch.is_last || stretch.to >= Some(last);
        let mut part = String::new();
        for recorded in stretch.events.iter().filter(|recorded| recorded.sequence <= last) {
            self.may_export(recorded)?;
            part += &export.line(recorded).map_err(Unavailable::new)?;
            segment.written += 1;
        }
        if !is_whole {
            (export.place, export.segment) = (stretch.to, Some(segment));
            return Ok(part);
        }
        if segment.written < segment.seal.count() && core.seal_numbered(segment.seal.number()).await?.is_none() {
            return Err(Error::Conflict);
        }
        part += &export.leave(segment)?;
        Ok(part)
    }

    /// The next events behind the last seal, up to the instant at which the export began; at the end, the line that
    /// says that the file is whole.
    async fn unsealed_part(&self, export: &mut TrailExport) -> Result<String, Error> {
        if export.place >= export.until {
            export.stage = Stage::Over;
            let end = export.sealed.take().map(Export::end).transpose();
            return Ok(end.map_err(Unavailable::new)?.unwrap_or_default());
        }
        // Fewer than a segment holds were left when the export began, unless the seals have gone meanwhile.
        let room = Sealer::MOST_EVENTS.saturating_sub(export.unsealed);
        if room == 0 {
            return Err(Error::Conflict);
        }
        let Stretch { events, to, is_last } = self.acting.core.events_after(export.place, PART.min(room)).await?;
        let mut part = String::new();
        let until = export.until;
        for recorded in events.iter().filter(|recorded| Some(recorded.sequence) <= until) {
            if export.sealed.is_some() {
                self.may_export(recorded)?;
            } else if !self.acting.core.shows_event(&recorded.event) {
                continue;
            }
            part += &export.line(recorded).map_err(Unavailable::new)?;
            export.unsealed += usize::from(export.sealed.is_some());
        }
        export.place = if is_last { export.until } else { to };
        Ok(part)
    }
}

impl TrailExport {
    /// The header of a table; JSON Lines need none.
    fn begin(&mut self) -> Result<String, Error> {
        self.stage = if self.sealed.is_some() { Stage::Seals } else { Stage::Rest };
        match self.form {
            ExportForm::JsonLines => Ok(String::new()),
            ExportForm::Csv => Ok(csv_header().map_err(Unavailable::new)?),
        }
    }

    /// What stands before the first segment was let go, and is about to be removed.
    fn enter(&mut self, id: DocumentId, seal: Seal) {
        self.place = self.place.max(Some(before(seal.first())));
        self.segment = Some(Segment { id, seal, written: 0 });
    }

    /// Goes on behind a segment that is written, with the line of its seal.
    fn leave(&mut self, segment: Segment) -> Result<String, Error> {
        let Segment { id, seal, .. } = segment;
        (self.place, self.last_seal) = (Some(seal.last()), Some(id));
        let line = self.sealed.as_mut().map(|export| export.seal(&seal)).transpose();
        Ok(line.map_err(Unavailable::new)?.unwrap_or_default())
    }

    /// One event as a line of the form.
    fn line(&mut self, recorded: &Recorded) -> Result<String, LineError> {
        match (&mut self.sealed, self.form) {
            (Some(export), _) => export.event(recorded),
            (None, ExportForm::JsonLines) => to_line(recorded),
            (None, ExportForm::Csv) => to_csv(recorded),
        }
    }
}
