//! Alerts as the store keeps them, and the watch that raises them.

use service_accounts_access::Permission;
use service_accounts_audit::{
    Event, Sequence,
    detect::{Alert, AlertKind, Settings, State, Watch},
};
use service_accounts_store::{
    Authority, Change, Committed, Cursor, Document, DocumentId, DocumentKind, Refusal, Revision, Store,
};
use time::UtcDateTime;

use crate::{Unavailable, core::Core};

/// What a watch remembers takes at most so many bytes in the store.
const MOST_BYTES: usize = 4 << 20;

/// Strangers can bring about alerts about failures; so many a day are kept at most, and `tracing` gets the rest.
const MOST_OF_STRANGERS: u32 = 1000;

/// Which those are.
const OF_STRANGERS: [AlertKind; 2] = [AlertKind::FailuresFromSource, AlertKind::FailuresOfAccount];

/// How many alerts are read at once.
const PAGE: usize = 256;

/// The watch, and what the store knows of it.
///
/// It waits in memory between two calls of upkeep, and is restored from the store after a restart.
pub(crate) struct Watching {
    pub(crate) watch: Watch,
    /// Where the cursor stands.
    pub(crate) kept: Option<Sequence>,
    /// When it got there.
    pub(crate) kept_at: Option<UtcDateTime>,
    /// How many subjects it remembers at most; lowered where they take too much room.
    most_subjects: usize,
    /// A day and how many alerts of strangers it had.
    strangers: (i64, u32),
}

impl Watching {
    /// Whether an alert is to be kept.
    ///
    /// Others are raised by what genuine credentials do, of which there is only so much.
    pub(crate) fn has_room_for(&mut self, alert: &Alert) -> bool {
        if !OF_STRANGERS.contains(&alert.kind) {
            return true;
        }
        let day = day_of(alert.at);
        let (known, count) = self.strangers;
        self.strangers = (day, if known == day { count.saturating_add(1) } else { 1 });
        self.strangers.1 <= MOST_OF_STRANGERS
    }

    /// What the watch remembers as text; where that is too long, it forgets what it saw longest ago.
    fn text(&mut self) -> Result<String, Unavailable> {
        loop {
            let text = serde_json::to_string(self.watch.state()).map_err(Unavailable::new)?;
            if text.len() <= MOST_BYTES || self.most_subjects <= 1 {
                return Ok(text);
            }
            self.most_subjects /= 2;
            self.watch.forget_down_to(self.most_subjects);
        }
    }
}

impl<S: Store, P: Permission> Core<S, P> {
    /// The watch as it was last kept.
    ///
    /// What cannot be read is given up, and the detectors learn anew: a watch that stops would be worse than one that
    /// forgets.
    pub(crate) async fn watching(&self, settings: &Settings) -> Result<Watching, Unavailable> {
        let cursor = self.store.cursor(&reader()?).await.map_err(Unavailable::new)?;
        let kept = cursor.as_ref().map(|cursor| cursor.at);
        let state = cursor.map(|cursor| serde_json::from_str::<State>(&cursor.state)).transpose();
        let watch = match state {
            Ok(Some(state)) => Watch::resume(settings.clone(), state),
            Ok(None) => Watch::new(settings.clone()),
            Err(error) => {
                tracing::error!(target: "service_accounts::alert", %error, "the detectors' memory cannot be read; they learn anew");
                Watch::new(settings.clone())
            }
        };
        let strangers = self.alerts_of_strangers(self.now()).await?;
        Ok(Watching { watch, kept, kept_at: None, most_subjects: settings.most_subjects, strangers })
    }

    /// The day and how many alerts of strangers it has in the store, so that the bound holds over restarts.
    async fn alerts_of_strangers(&self, now: UtcDateTime) -> Result<(i64, u32), Unavailable> {
        let (day, mut count) = (day_of(now), 0_u32);
        let mut after = Some(before_alerts_of(now.truncate_to_day())?);
        while let Some(place) = after.filter(|_| count < MOST_OF_STRANGERS) {
            let page = self.store.documents(DocumentKind::Alert, Some(&place), PAGE).await.map_err(Unavailable::new)?;
            let is_theirs = |id: &DocumentId| OF_STRANGERS.iter().any(|kind| id.as_str().ends_with(kind.as_str()));
            let theirs = page.items.iter().filter(|document| is_theirs(&document.id)).count();
            count = count.saturating_add(u32::try_from(theirs).unwrap_or(u32::MAX));
            after = page.next;
        }
        Ok((day, count))
    }

    /// Keeps an alert with its event; false where that was done before.
    pub(crate) async fn keep_alert(&self, alert: &Alert, event: Event) -> Result<bool, Unavailable> {
        let body = serde_json::to_string(alert).map_err(Unavailable::new)?.into();
        let document = Document { kind: DocumentKind::Alert, id: alert_id(alert)?, body, revision: Revision::NEW };
        let change = Change::PutDocument { document, expected: None };
        match self.commit_by(&Authority::Host, change, event).await? {
            Committed::Applied(_) => Ok(true),
            Committed::Refused(Refusal::DocumentTaken) => Ok(false),
            Committed::Refused(refusal) => Err(Unavailable::new(refusal)),
        }
    }

    /// Whether there is anything that a watch has kept.
    pub(crate) async fn is_watching(&self) -> Result<bool, Unavailable> {
        Ok(self.store.cursor(&reader()?).await.map_err(Unavailable::new)?.is_some())
    }

    /// Keeps what the watch knows; false where another process has kept its own meanwhile.
    pub(crate) async fn keep_watching(&self, watching: &mut Watching, now: UtcDateTime) -> Result<bool, Unavailable> {
        let Some(at) = watching.watch.cursor() else { return Ok(true) };
        let to = Cursor { at, state: watching.text()?.into() };
        let has_moved = self.store.advance(&reader()?, watching.kept, Some(to)).await.map_err(Unavailable::new)?;
        (watching.kept, watching.kept_at) = (Some(at), Some(now));
        Ok(has_moved)
    }
}

fn day_of(instant: UtcDateTime) -> i64 {
    instant.unix_timestamp().div_euclid(86_400)
}

/// In the order of time; the same alert has the same id again.
fn alert_id(alert: &Alert) -> Result<DocumentId, Unavailable> {
    let (second, last) = (alert.at.unix_timestamp().max(0), alert.last.number());
    // One event may end several subscriptions.
    let of_one =
        if alert.kind == AlertKind::SubscriptionDisabled { format!("-{}", alert.subject) } else { String::new() };
    DocumentId::parse(&format!("{second:012}-{last:019}-{}{of_one}", alert.kind)).map_err(Unavailable::new)
}

/// Tells an alert to whoever reads `tracing`.
pub(crate) fn trace(alert: &Alert) {
    tracing::warn!(
        target: "service_accounts::alert",
        kind = alert.kind.as_str(),
        subject = alert.subject.as_str(),
        count = alert.count,
        first = alert.first.number(),
        last = alert.last.number(),
        account = alert.account.as_ref().map(AsRef::<str>::as_ref),
        token = alert.token.as_ref().map(AsRef::<str>::as_ref),
        address = alert.address.map(tracing::field::display),
        "an alert was raised",
    );
}

/// What stands before every alert of this instant or later.
pub(crate) fn before_alerts_of(instant: UtcDateTime) -> Result<DocumentId, Unavailable> {
    DocumentId::parse(&format!("{:012}", instant.unix_timestamp().max(0))).map_err(Unavailable::new)
}

/// The name of the cursor, whose state is what the detectors remember.
pub(crate) fn reader() -> Result<DocumentId, Unavailable> {
    DocumentId::parse("detectors").map_err(Unavailable::new)
}

#[cfg(test)]
mod tests {
    use pollster::block_on;
    use service_accounts_access::presets::data_quality::{self, Permission};
    use service_accounts_audit::Label;
    use service_accounts_store::MemoryStore;
    use service_accounts_token::{Keyring, Pepper, PepperId, Vendor};
    use time::Duration;

    use super::*;
    use crate::ServiceAccounts;

    #[test]
    fn the_alerts_of_strangers_that_were_kept_count_after_a_restart() {
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
        let (vendor, catalogue) = (Vendor::parse("acme").unwrap(), data_quality::catalogue());
        let (store, manage) = (MemoryStore::new(), Permission::ServiceAccountsManage);
        let noon = UtcDateTime::UNIX_EPOCH + Duration::days(9) + Duration::hours(12);
        let builder = ServiceAccounts::builder(store, vendor, keyring, catalogue, manage).clock(move || noon);
        let (core, settings) = (builder.build().core, Settings::default());
        let keep = |kind, at, last| {
            let alert = Alert { last: Sequence::new(last), ..alert(kind, at) };
            block_on(core.keep_alert(&alert, alert.event(at))).unwrap();
        };
        keep(AlertKind::FailuresFromSource, noon - Duration::days(1), 1);
        (2..600).for_each(|last| keep(AlertKind::RevokedUse, noon, last));
        (600..1_599).for_each(|last| keep(AlertKind::FailuresFromSource, noon - Duration::hours(12), last));
        let mut resumed = block_on(core.watching(&settings)).unwrap();
        let next = alert(AlertKind::FailuresOfAccount, noon);
        assert_eq!([resumed.has_room_for(&next), resumed.has_room_for(&next)], [true, false]);
        let mut full = block_on(core.watching(&settings)).unwrap();
        keep(AlertKind::FailuresOfAccount, noon, 1_600);
        assert!(full.has_room_for(&next), "it was read before");
        full = block_on(core.watching(&settings)).unwrap();
        assert!(!full.has_room_for(&next));
        assert!(full.has_room_for(&alert(AlertKind::FailuresOfAccount, noon + Duration::DAY)));
    }

    fn alert(kind: AlertKind, at: UtcDateTime) -> Alert {
        let (subject, last) = (Label::new("198.51.100.0/24"), Sequence::new(1));
        Alert {
            kind,
            subject,
            at,
            first: last,
            last,
            count: 30,
            account: None,
            token: None,
            address: None,
            realm: None,
        }
    }

    #[test]
    fn of_the_alerts_that_strangers_bring_about_a_thousand_a_day_are_kept() {
        let watch = Watch::new(Settings::default());
        let mut watching = Watching { watch, kept: None, kept_at: None, most_subjects: 1, strangers: (0, 0) };
        for day in 1..=2 {
            let at = UtcDateTime::UNIX_EPOCH + Duration::days(day);
            let kinds = [AlertKind::FailuresFromSource, AlertKind::FailuresOfAccount].into_iter().cycle();
            let kept = kinds.take(5_000).filter(|kind| watching.has_room_for(&alert(*kind, at))).count();
            assert_eq!(kept, 1_000, "day {day}");
            assert!(watching.has_room_for(&alert(AlertKind::RevokedUse, at)), "others are kept all the same");
        }
    }
}
