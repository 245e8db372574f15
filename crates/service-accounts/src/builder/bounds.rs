//! How many of a kind one account may have.
//!
//! Each bound holds without help: what would be one too many takes the place of what is over, or is refused.

use service_accounts_access::Permission;
use service_accounts_store::{Change, Store};

use super::{Builder, Rules};

/// How many sessions of one account may be open at once, unless the host says otherwise.
pub(super) const MOST_SESSIONS: usize = 100;

/// How many tokens one account may have, unless the host says otherwise.
pub(super) const MOST_TOKENS: usize = 1_000;

/// Beyond this a mint would hold up all other changes for milliseconds while it counts.
const MOST_COUNTED: usize = 10_000;

impl<S: Store + 'static, P: Permission> Builder<S, P> {
    /// How many sessions of one account may be open at once, between 1 and 256; 100 by default.
    ///
    /// One more takes the place of the one that ends first, so that a client which never ends its sessions cannot lock itself out.
    #[must_use]
    pub fn most_sessions(self, most: usize) -> Self {
        let most_sessions = most.clamp(1, Change::BATCH);
        Self { rules: Rules { most_sessions, ..self.rules }, ..self }
    }

    /// How many tokens one account may have, ended ones included, between 1 and 10,000; 1,000 by default.
    ///
    /// One more takes the place of the one that ended longest ago, if that is at least as long as a revoked token is
    /// [observed](service_accounts_lifecycle::LifecyclePolicy::observation), a week by default. Otherwise it is refused
    /// ([`TooManyTokens`](crate::Error::TooManyTokens)), so leave room for what a client rotates within that time. An account
    /// that has more when the bound is lowered keeps them, and gets no more.
    #[must_use]
    pub fn most_tokens(self, most: usize) -> Self {
        let most_tokens = most.clamp(1, MOST_COUNTED);
        Self { rules: Rules { most_tokens, ..self.rules }, ..self }
    }
}
