//! How a host says what it wants.

use std::sync::Arc;

use arc_swap::ArcSwap;
use service_accounts_access::{Catalogue, Permission};
use service_accounts_lifecycle::{Environment, LifecyclePolicy};
use service_accounts_naming::{Advisor, Realm, ReservedIds};
use service_accounts_store::Store;
use service_accounts_token::{Keyring, Vendor};

use crate::{
    AccessEvents, ApprovalRule, Clock, Randomness, ServiceAccounts, SystemClock, SystemRandomness, access_log::Pending,
    service::Inner, usage::Marks,
};

/// What a host has chosen so far; everything but the four essentials has a default.
pub struct Builder<S, P: Permission>(Inner<S, P>);

impl<S: Store, P: Permission> ServiceAccounts<S, P> {
    /// Begins with the essentials: where records are kept, how tokens begin, the keys they are kept under, and the
    /// permissions of the host, of which `manage` is the one that guards service accounts themselves.
    #[must_use]
    pub fn builder(store: S, vendor: Vendor, keyring: Keyring, catalogue: Catalogue<P>, manage: P) -> Builder<S, P> {
        Builder(Inner {
            store,
            vendor,
            keyring,
            catalogue: ArcSwap::from_pointee(catalogue),
            manage,
            realm: Realm::default(),
            lifecycle: LifecyclePolicy::default(),
            environment: None,
            approval: ApprovalRule::default(),
            reserved: ReservedIds::default(),
            advisor: Advisor::default(),
            access_events: AccessEvents::default(),
            clock: Box::new(SystemClock),
            randomness: Box::new(SystemRandomness),
            marks: Marks::default(),
            pending: Pending::default(),
        })
    }
}

impl<S: Store, P: Permission> Builder<S, P> {
    /// What stands behind the `@` of new ids; `service` by default.
    #[must_use]
    pub fn realm(self, realm: Realm) -> Self {
        Self(Inner { realm, ..self.0 })
    }

    /// How long tokens live in which environment.
    #[must_use]
    pub fn lifecycle(self, lifecycle: LifecyclePolicy) -> Self {
        Self(Inner { lifecycle, ..self.0 })
    }

    /// Where this service runs: credentials of another environment are refused. By default all are accepted.
    #[must_use]
    pub fn environment(self, here: Environment) -> Self {
        Self(Inner { environment: Some(here), ..self.0 })
    }

    /// Whether a new account waits for a second administrator; not by default.
    #[must_use]
    pub fn approval(self, approval: ApprovalRule) -> Self {
        Self(Inner { approval, ..self.0 })
    }

    /// Ids that no account may have.
    #[must_use]
    pub fn reserved(self, reserved: ReservedIds) -> Self {
        Self(Inner { reserved, ..self.0 })
    }

    /// Who gives advice on names.
    #[must_use]
    pub fn advisor(self, advisor: Advisor) -> Self {
        Self(Inner { advisor, ..self.0 })
    }

    /// Whether the trail keeps an event for each authentication; in batches by default.
    #[must_use]
    pub fn access_events(self, access_events: AccessEvents) -> Self {
        Self(Inner { access_events, ..self.0 })
    }

    /// Another clock.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self(Inner { clock: Box::new(clock), ..self.0 })
    }

    /// Another source of randomness.
    #[must_use]
    pub fn randomness(self, randomness: impl Randomness) -> Self {
        Self(Inner { randomness: Box::new(randomness), ..self.0 })
    }

    /// The service accounts.
    #[must_use]
    pub fn build(self) -> ServiceAccounts<S, P> {
        ServiceAccounts { inner: Arc::new(self.0) }
    }
}

impl<S, P: Permission> std::fmt::Debug for Builder<S, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
