//! For how long a trail is kept that several realms share.
//!
//! The trail is the store's, and no realm may lose evidence because another keeps less. So upkeep notes what its realm
//! wants in a document of its own, and trimming goes by the longest of those that count.
//!
//! ```text
//! setting/retention:service    30 days, counts until …
//! setting/retention:tenant-b   400 days, counts until …     ◀─ decides
//! setting/retention:tenant-c   for ever                     ◀─ would decide: nothing is trimmed
//! ```
//!
//! A realm that has gone must not hold the trail for good, and nobody says goodbye. So a number of days counts for as
//! long itself, from the realm's last upkeep on: then each of its events is old enough to go. Upkeep renews the note
//! rarely, as each time is an event.
//!
//! Notes may be many, so they are read only where something is old enough for this realm.
//!
//! Given up: a realm that keeps everything and has gone holds the trail until its upkeep runs once with a retention, or
//! somebody removes its note. A realm has a say from its first upkeep on. A realm that seals no longer goes by the days
//! that it noted until they no longer count, and keeps everything from then on. A note that no longer counts stays, a row
//! of a hundred bytes for each realm that ever was.

use serde::{Deserialize, Serialize};
use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_naming::Realm;
use service_accounts_store::{
    Authority, Change, Committed, Document, DocumentId, DocumentKind, Refusal, Revision, Store,
};
use time::{Duration, UtcDateTime};

use super::trim::{EVERY, unavailable};
use crate::{
    Unavailable,
    core::{
        Core,
        documents::{Kept, read, seconds},
    },
};

/// What the ids of the notes begin with.
const BEGINNING: &str = "retention:";

/// How many notes are read at once.
const PAGE: usize = 200;

/// What a realm wants of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RealmRetention {
    /// For how many days it keeps events; none for ever.
    days: Option<u16>,
    /// Until when the number counts; what is kept for ever counts for ever.
    #[serde(with = "seconds")]
    until: UtcDateTime,
}

impl RealmRetention {
    fn new(days: Option<u16>, now: UtcDateTime) -> Self {
        let (kept, margin) = days.map_or((Duration::ZERO, Duration::ZERO), |days| (lasting(days), margin(days)));
        Self { days, until: now.checked_add(kept + margin).unwrap_or(UtcDateTime::MAX) }
    }

    /// Whether it goes on counting until long after the next look.
    fn is_fresh(&self, now: UtcDateTime) -> bool {
        self.days.is_none_or(|days| self.until - now >= lasting(days) + EVERY)
    }

    /// Whether it counts for longer than one that is made now.
    fn is_long(&self, now: UtcDateTime) -> bool {
        self.days.is_some_and(|days| self.until - now > lasting(days) + margin(days))
    }

    fn counts(&self, now: UtcDateTime) -> bool {
        self.days.is_none() || now < self.until
    }
}

/// What all realms on a store want of it together.
pub(crate) struct Retentions(Vec<Option<u16>>);

impl Retentions {
    /// The longest; none where one keeps events for ever.
    pub(super) fn of_events(&self) -> Option<Duration> {
        self.0.iter().copied().collect::<Option<Vec<_>>>()?.into_iter().max().map(lasting)
    }

    /// The longest, where alerts of a realm that keeps its events for ever go after a year.
    pub(super) fn of_alerts(&self) -> Duration {
        self.0.iter().map(|days| lasting(days.unwrap_or(365))).max().unwrap_or(lasting(365))
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Notes what this realm wants, if that is not noted.
    pub(super) async fn note_retention(&self) -> Result<(), Unavailable> {
        let (id, now) = (id_of(&self.rules.realm)?, self.now());
        let found = self.store.document(DocumentKind::Setting, &id).await.map_err(Unavailable::new)?;
        let kept = found.as_ref().map(read_note).transpose()?;
        if kept.as_ref().is_some_and(|kept| self.leaves(&kept.value, now)) {
            return Ok(());
        }
        self.put_note(id, kept, RealmRetention::new(self.own_retention(), now)).await
    }

    /// Whether the note of this realm stays as it is.
    ///
    /// A host that seals nothing leaves the trail to the others of its realm: it says that everything is kept only where
    /// nothing that they said counts.
    ///
    /// A note that counts for too long was made by a clock that ran ahead, or this clock is behind, and a note by it would
    /// end what the realm has to say. So it is made again only where it still looks so an hour later.
    fn leaves(&self, note: &RealmRetention, now: UtcDateTime) -> bool {
        if self.rules.trail.sealing.is_none() {
            return note.counts(now);
        }
        let (is_same, since) = (note.days == self.own_retention(), self.followers.note_is_long.take());
        if is_same && note.is_long(now) {
            let since = since.unwrap_or(now);
            self.followers.note_is_long.put(since);
            return now - since < EVERY;
        }
        is_same && note.is_fresh(now)
    }

    /// Another process of this realm may be faster; what it noted is looked at with the next call.
    async fn put_note(
        &self,
        id: DocumentId,
        kept: Option<Kept<RealmRetention>>,
        note: RealmRetention,
    ) -> Result<(), Unavailable> {
        let wanted = note.days.map_or("for ever".to_owned(), |days| format!("{days} days"));
        let event = Event::new(Action::TrailRetentionNoted, Label::new("service-accounts"), self.now())
            .with(Label::new("realm"), Label::new(self.rules.realm.as_str()))
            .with(Label::new("retention"), Label::new(&wanted));
        let body = serde_json::to_string(&note).map_err(Unavailable::new)?.into();
        let document = Document { kind: DocumentKind::Setting, id, body, revision: Revision::NEW };
        let change = Change::PutDocument { document, expected: kept.map(|kept| kept.revision) };
        match self.commit_by(&Authority::Host, change, event).await? {
            Committed::Applied(_)
            | Committed::Refused(Refusal::Stale | Refusal::DocumentTaken | Refusal::DocumentMissing) => Ok(()),
            Committed::Refused(refusal) => Err(Unavailable::new(refusal)),
        }
    }

    /// What each realm on the store wants; this one as its host says it now, if it says so here.
    pub(crate) async fn retentions(&self) -> Result<Retentions, Unavailable> {
        let own = self.rules.trail.sealing.as_ref().map(|_| id_of(&self.rules.realm)).transpose()?;
        let (now, mut wanted) = (self.now(), Vec::from_iter(own.as_ref().map(|_| self.own_retention())));
        let mut after = Some(DocumentId::parse(BEGINNING).map_err(Unavailable::new)?);
        while let Some(place) = after.filter(|place| place.as_str().starts_with(BEGINNING)) {
            let page = self.store.documents(DocumentKind::Setting, Some(&place), PAGE).await;
            let page = page.map_err(Unavailable::new)?;
            for document in page.items.iter().take_while(|document| document.id.as_str().starts_with(BEGINNING)) {
                let note = read_note(document)?.value;
                wanted.extend(Some(note.days).filter(|_| Some(&document.id) != own.as_ref() && note.counts(now)));
            }
            after = page.next;
        }
        Ok(Retentions(wanted))
    }

    /// For how long this realm alone would keep an alert; nothing where it leaves that to others.
    pub(super) fn own_of_alerts(&self) -> Duration {
        let own = self.rules.trail.sealing.as_ref().map(|sealing| sealing.retention_days);
        own.map_or(Duration::ZERO, |days| Retentions(vec![days]).of_alerts())
    }

    fn own_retention(&self) -> Option<u16> {
        self.rules.trail.sealing.as_ref().and_then(|sealing| sealing.retention_days)
    }
}

/// Of another realm perhaps, so that the error must say of which.
fn read_note(document: &Document) -> Result<Kept<RealmRetention>, Unavailable> {
    let unreadable = |cause| Unavailable::new(NoteUnreadable { id: document.id.clone(), cause });
    read(document).map_err(unavailable).map_err(unreadable)
}

/// It may want that everything is kept.
#[derive(Debug, thiserror::Error)]
#[error("setting `{id}` cannot be read; put it right or remove it, as no realm trims the trail meanwhile")]
struct NoteUnreadable {
    id: DocumentId,
    #[source]
    cause: Unavailable,
}

fn id_of(realm: &Realm) -> Result<DocumentId, Unavailable> {
    DocumentId::parse(&format!("{BEGINNING}{}", realm.as_str())).map_err(Unavailable::new)
}

fn lasting(days: u16) -> Duration {
    Duration::days(days.into())
}

/// For how much longer than its days a note counts: a quarter of them, between a day and thirty.
fn margin(days: u16) -> Duration {
    lasting((days / 4).clamp(1, 30))
}
