//! The trail is watched, and what a person should look at becomes an alert. Nobody is locked out by it.
//!
//! What the detectors know is kept with their cursor, once a minute and at most 4 MiB: a document would cost an event
//! each time.

use service_accounts_access::Permission;
use service_accounts_audit::{Sequence, detect::Alert};
use service_accounts_store::Store;
use time::Duration;

use crate::{
    Unavailable,
    core::{
        Core,
        trail::alerts::{Watching, trace},
    },
};

/// How often what the watch knows is kept. After a restart it reads again what came since, and tells nothing twice.
const KEPT_EVERY: Duration = Duration::MINUTE;

/// What the detectors did.
///
/// An alert is counted where it was raised by this call; one that another process has raised is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Events that were looked at.
    pub events: usize,
    /// Alerts that were raised.
    pub alerts: usize,
    /// Whether the bound was reached: there may be more.
    pub is_cut_short: bool,
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Looks at the events up to `newest`, at most `most` of them.
    ///
    /// What the detectors know waits in memory between two calls. Where this future is dropped they are restored from
    /// what was kept last, and read on from there.
    ///
    /// Two processes may watch at once: each alert has the id of its evidence, and the second one to keep it is told
    /// that it is there.
    pub(super) async fn watch(&self, newest: Option<Sequence>, most: usize) -> Result<Watched, Unavailable> {
        let Some(settings) = &self.rules.trail.detectors else { return Ok(Watched::default()) };
        let mut watching = match self.followers.watching.take() {
            Some(watching) => watching,
            None => self.watching(settings).await?,
        };
        let mut watched = Watched::default();
        self.watch_on(&mut watching, (newest, most), &mut watched).await?;
        let now = self.now();
        // A clock that was set back is no reason to wait.
        let is_due = watching.kept_at.is_none_or(|kept_at| !(Duration::ZERO..KEPT_EVERY).contains(&(now - kept_at)));
        if watching.watch.cursor() == watching.kept || !is_due || self.keep_watching(&mut watching, now).await? {
            self.followers.watching.put(watching);
        }
        Ok(watched)
    }

    /// Each event is shown to every detector once, in the order of the trail.
    async fn watch_on(
        &self,
        watching: &mut Watching,
        (newest, most): (Option<Sequence>, usize),
        watched: &mut Watched,
    ) -> Result<(), Unavailable> {
        while watching.watch.cursor() < newest {
            let room = most.saturating_sub(watched.events);
            if room == 0 {
                watched.is_cut_short = true;
                return Ok(());
            }
            let stretch = self.events_after(watching.watch.cursor(), room).await?;
            watched.events += stretch.events.len();
            for recorded in &stretch.events {
                for alert in watching.watch.see(recorded) {
                    let is_kept = watching.has_room_for(&alert);
                    watched.alerts += usize::from(self.tell(&alert, is_kept).await?);
                }
            }
            if stretch.is_last {
                break;
            }
        }
        Ok(())
    }

    /// Keeps an alert with its event and tells it to `tracing`; false where that was done before.
    ///
    /// An alert has the same id however often it is raised for the same events, which is how a repeat is recognised.
    /// Beyond the bound of what is kept, alerts go to `tracing` alone.
    async fn tell(&self, alert: &Alert, is_kept: bool) -> Result<bool, Unavailable> {
        if is_kept && !self.keep_alert(alert, alert.event(self.now())).await? {
            return Ok(false);
        }
        trace(alert);
        Ok(true)
    }
}
