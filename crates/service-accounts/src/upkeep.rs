//! Time passes: what waits in memory is written, and what is due is settled.

mod inactive;
mod peppers;
mod purge;
mod sweep;
mod tripwire;
mod verdict;

use service_accounts_access::Permission;
use service_accounts_store::Store;

pub use self::peppers::PepperError;
pub use self::sweep::{Swept, UpkeepBounds};
use crate::{ServiceAccounts, Unavailable, core::journal::Due};

/// What one call of [`ServiceAccounts::upkeep`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// What was due and is settled.
    pub swept: Swept,
}

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Everything that time asks for, up to `bounds`: writes what waits in memory and settles what is due.
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
    /// The store failed. What was done is done, and the rest waits for the next call.
    pub async fn upkeep(&self, bounds: UpkeepBounds) -> Result<Upkeep, Unavailable> {
        self.core.journal.flush(&self.core.store, Due::Over, self.core.now()).await?;
        Ok(Upkeep { swept: self.core.sweep(bounds).await? })
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
