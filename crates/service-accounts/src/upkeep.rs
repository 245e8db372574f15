//! Time passes: what waits in memory is written, what is due is settled, and the trail is watched, sealed and trimmed.

mod detect;
mod inactive;
mod peppers;
mod purge;
mod retention;
mod seal;
mod sweep;
mod trim;
mod tripwire;
mod verdict;

use service_accounts_access::Permission;
use service_accounts_store::Store;

pub use self::{detect::Watched, peppers::PepperError, seal::Sealed, sweep::Swept, trim::Trimmed};
use crate::{
    ServiceAccounts, Unavailable,
    core::{Core, journal::Due},
};

/// How much one call of upkeep may do.
///
/// They bound one call and not the work: what is over waits for the next. A call that reached a bound says so in its
/// `is_cut_short`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpkeepBounds {
    /// The most due credentials to settle.
    pub credentials: usize,
    /// The most events that sealing reads, and that the detectors read.
    pub events: usize,
    /// The most segments of the trail to remove.
    pub segments: usize,
}

impl Default for UpkeepBounds {
    /// A thousand credentials, ten thousand events, and sixteen segments.
    fn default() -> Self {
        Self { credentials: 1000, events: 10_000, segments: 16 }
    }
}

/// What one call of [`ServiceAccounts::upkeep`] did.
///
/// Feed it to the host's metrics; whoever sees `is_cut_short` often should call more often, or with larger bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// What was due and is settled.
    pub swept: Swept,
    /// What the detectors saw; nothing without [`Builder::detect`](crate::Builder::detect).
    pub watched: Watched,
    /// What was sealed; nothing without [`Builder::seal`](crate::Builder::seal).
    pub sealed: Sealed,
    /// What was too old and is removed.
    pub trimmed: Trimmed,
}

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Everything that time asks for, up to `bounds`: writes what waits in memory, settles what is due, and watches, seals
    /// and trims the trail where the host has chosen so.
    ///
    /// Call it every second or so, in each process: several may do so at once. Nothing that is refused depends on it. The
    /// future may be dropped at any await; the next call goes on.
    ///
    /// ```
    /// use service_accounts::UpkeepBounds;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, text, .. }| {
    /// accounts.authenticate(&text, None).await?;
    /// let done = accounts.upkeep(UpkeepBounds::default()).await?;
    /// assert!(!done.swept.is_cut_short);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The store failed, or the trail's last seal is not genuine under this host's key. What was done is done, and the rest
    /// waits for the next call; no step keeps another from its work.
    pub async fn upkeep(&self, bounds: UpkeepBounds) -> Result<Upkeep, Unavailable> {
        self.core.journal.flush(&self.core.store, Due::Over, self.core.now()).await?;
        let swept = self.core.sweep(bounds).await;
        let (watched, sealed, trimmed) = self.core.keep_trail(bounds).await?;
        Ok(Upkeep { swept: swept?, watched: watched?, sealed: sealed?, trimmed: trimmed? })
    }

    /// Writes everything that waits in memory: last uses and access events. For the end of a process.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, text, .. }| {
    /// accounts.authenticate(&text, None).await?;
    /// accounts.flush().await?; // then the process may end
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The store failed; what was gathered is kept for the next call.
    pub async fn flush(&self) -> Result<(), Unavailable> {
        self.core.journal.flush(&self.core.store, Due::Now, self.core.now()).await
    }
}

/// What became of each step.
type Steps = (Result<Watched, Unavailable>, Result<Sealed, Unavailable>, Result<Trimmed, Unavailable>);

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// One look at the end of the trail tells whether there is anything to read.
    ///
    /// Each step is tried whatever became of the one before, so that a wrong seal key does not stop the detectors.
    async fn keep_trail(&self, bounds: UpkeepBounds) -> Result<Steps, Unavailable> {
        let rules = &self.rules.trail;
        if rules.sealing.is_none() && rules.detectors.is_none() {
            return Ok((Ok(Watched::default()), Ok(Sealed::default()), self.trim(bounds.segments).await));
        }
        let newest = self.newest_place().await?;
        let watched = self.watch(newest, bounds.events).await;
        let sealed = self.seal(newest, bounds.events).await;
        Ok((watched, sealed, self.trim(bounds.segments).await))
    }
}
