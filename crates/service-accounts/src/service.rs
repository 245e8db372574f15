//! The one object a host holds.

use std::{fmt, sync::Arc};

use service_accounts_access::{Permission, RoleCatalogue, ScopeName};
use service_accounts_lifecycle::LifecyclePolicy;
use service_accounts_store::Store;
use time::UtcDateTime;

use crate::{Actor, Administration, admin::Acting, core::Core};

/// Service accounts on a store `S` with the host's permissions `P`.
///
/// A credential comes in by [`authenticate`](Self::authenticate), [`open_session`](Self::open_session) and
/// [`introspect`](Self::introspect). Somebody administrates by [`acting`](Self::acting). Time passes by
/// [`upkeep`](Self::upkeep). A clone is another handle on the same accounts.
pub struct ServiceAccounts<S, P: Permission> {
    pub(crate) core: Arc<Core<S, P>>,
}

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Everything that `actor` may do to accounts, tokens and the rest.
    ///
    /// Every call asks anew what the actor holds by the catalogue of that moment.
    ///
    /// ```
    /// # use service_accounts::{Actor, ServiceAccounts, access::presets::data_quality::{self, Permission}, store::MemoryStore};
    /// # use service_accounts::token::{Keyring, Pepper, PepperId, Vendor};
    /// # pollster::block_on(async {
    /// # let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes([7; 32]));
    /// # let accounts = ServiceAccounts::builder(MemoryStore::new(), Vendor::parse("acme")?, keyring,
    /// #     data_quality::catalogue(), Permission::ServiceAccountsManage).build();
    /// let ada = Actor::host("ada@example.com");
    /// let page = accounts.acting(&ada).accounts(&accounts.every_account(), None, 50).await?;
    /// assert!(page.items.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn acting<'a>(&'a self, actor: &'a Actor<P>) -> Acting<'a, S, P> {
        Acting::new(&self.core, actor)
    }
}

impl<S, P: Permission> ServiceAccounts<S, P> {
    /// The permissions of the host that guard service accounts themselves.
    ///
    /// What else a call takes is in the table of [`Call`](crate::Call).
    ///
    /// ```
    /// use service_accounts::access::presets::data_quality::Permission;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, .. }| {
    /// assert_eq!(accounts.administration().manage, Permission::ServiceAccountsManage);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn administration(&self) -> Administration<P> {
        self.core.rules.administration
    }

    /// How long tokens live in which environment, and when they are due for what.
    ///
    /// It is fixed when the host is built. [`compare_policy`](Acting::compare_policy) tells what another one would change.
    ///
    /// ```
    /// use service_accounts::lifecycle::Environment;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, .. }| {
    /// let longest = accounts.lifecycle().lifetime(&Environment::production()).ok_or("it is known")?.maximum();
    /// assert_eq!(longest.to_string(), "365d");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn lifecycle(&self) -> &LifecyclePolicy {
        &self.core.rules.lifecycle
    }

    /// Every name that a token or a session may be narrowed to now, sorted: the scopes of the catalogue, and each permission.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, .. }| {
    /// let scopes = accounts.scope_names();
    /// let has = |wanted: &str| scopes.iter().any(|scope| scope.as_str() == wanted);
    /// assert!(has("read") && has("results:read"));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// What one account may ask for is less: what its own role and scopes hold.
    #[must_use]
    pub fn scope_names(&self) -> Vec<ScopeName> {
        self.core.rules.catalogue.current().scope_names().cloned().collect()
    }

    /// The store behind, for what a host keeps there itself.
    ///
    /// A change that is committed here directly passes no check of who may what.
    ///
    /// ```
    /// use service_accounts::store::Store;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, id, .. }| {
    /// let account = accounts.store().account(&id).await?;
    /// assert!(account.is_some_and(|account| account.id == id));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn store(&self) -> &S {
        &self.core.store
    }

    /// The present instant in whole seconds.
    ///
    /// It is what the [`Clock`](crate::Clock) of this host says, so tests can set it.
    ///
    /// Everything is judged by it: compare dates of answers with it and not with another clock.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, .. }| {
    /// assert_eq!(accounts.now().nanosecond(), 0);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn now(&self) -> UtcDateTime {
        self.core.now()
    }
}

impl<S, P: Permission> Clone for ServiceAccounts<S, P> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone() }
    }
}

impl<S, P: Permission> fmt::Debug for ServiceAccounts<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccounts").finish_non_exhaustive()
    }
}
