//! How a host says what it wants.
//!
//! Every method replaces one choice and can be called in any order. Nothing is read or written before the first call on
//! what is built.

mod bounds;

use std::sync::Arc;

use service_accounts_access::{Catalogue, LiveCatalogue, Permission, TeamName};
use service_accounts_audit::detect;
use service_accounts_lifecycle::{Environment, LifecyclePolicy};
use service_accounts_naming::{Advisor, Realm, ReservedIds};
use service_accounts_store::Store;
use service_accounts_token::{Keyring, Vendor};

use crate::{
    AccessEvents, Administration, ApprovalRule, Clock, OnIdle, OnInactive, Randomness, Sealing, SelfRotation,
    ServiceAccounts, SystemClock, SystemRandomness,
    core::{
        Core,
        issuer::Issuer,
        journal::Journal,
        observe::{ChangeObserver, Observers},
        resolve,
        rules::Rules,
        trail::TrailRules,
    },
};

use self::bounds::{MOST_SESSIONS, MOST_TOKENS};
use crate::{ApplicationName, Retries, Targets, notify::Applications};

/// What a host has chosen so far; everything but the five essentials has a default.
///
/// [`build`](Self::build) cannot fail: what could be wrong with a choice is refused by the type of its argument, before
/// it is passed here.
///
/// ```
/// use service_accounts::{
///     AccessEvents, Administration, ApplicationName, ApprovalRule, OnIdle, OnInactive, ServiceAccounts,
///     access::presets::data_quality::{self, Permission},
///     audit::detect,
///     lifecycle::Environment,
///     store::MemoryStore,
///     token::{Keyring, Pepper, PepperId, Vendor},
/// };
///
/// # let pepper = Pepper::from_bytes([7; 32]);
/// let (vendor, keyring) = (Vendor::parse("acme")?, Keyring::new(PepperId::parse("k1")?, pepper));
/// let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
/// let accounts = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, manage)
///     .administration(Administration { read_trail: Permission::UsersView, ..Administration::all(manage) })
///     .environment(Environment::production()) // credentials of staging are refused here
///     .approval(ApprovalRule::SecondAdministrator)
///     .application(ApplicationName::parse("billing")?, Permission::ResultsRead, None)
///     .on_idle(OnIdle::Revoke)
///     .on_inactive(OnInactive::Disable)
///     .most_sessions(20)
///     .most_tokens(200)
///     .access_events(AccessEvents::Each)
///     .detect(detect::Settings::default())
///     .build();
/// # let _ = accounts;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Builder<S, P: Permission> {
    store: S,
    rules: Rules<P>,
    issuer: Issuer,
    access_events: AccessEvents,
    clock: Box<dyn Clock>,
    observers: Observers,
}

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Begins with the essentials: where records are kept, how tokens begin, the keys they are kept under, the roles of
    /// the host, and the permission that guards service accounts themselves.
    ///
    /// The vendor begins every token's text, so that leaked ones are found: choose one and keep it. Records under a
    /// pepper that the keyring does not have verify no more. `manage` is asked for all of administration, unless
    /// [`administration`](Builder::administration) splits it.
    #[must_use]
    pub fn builder(store: S, vendor: Vendor, keyring: Keyring, catalogue: Catalogue<P>, manage: P) -> Builder<S, P> {
        Builder {
            store,
            rules: Rules {
                catalogue: LiveCatalogue::new(catalogue),
                administration: Administration::all(manage),
                realm: Realm::default(),
                lifecycle: LifecyclePolicy::default(),
                environment: None,
                approval: ApprovalRule::default(),
                reserved: ReservedIds::default(),
                advisor: Advisor::default(),
                most_sessions: MOST_SESSIONS,
                most_tokens: MOST_TOKENS,
                self_rotation: SelfRotation::default(),
                on_idle: OnIdle::default(),
                on_inactive: OnInactive::default(),
                applications: Applications::default(),
                targets: Targets::default(),
                retries: Retries::default(),
                trail: TrailRules::default(),
            },
            issuer: Issuer { vendor, keyring, randomness: Box::new(SystemRandomness) },
            access_events: AccessEvents::default(),
            clock: Box::new(SystemClock),
            observers: Observers::default(),
        }
    }
}

impl<S: Store + 'static, P: Permission> Builder<S, P> {
    /// Which permissions guard which part of administration; the one given at the start guards all by default.
    #[must_use]
    pub fn administration(self, administration: Administration<P>) -> Self {
        Self { rules: Rules { administration, ..self.rules }, ..self }
    }

    /// What stands behind the `@` of ids; `service` by default. Accounts of another realm in the same store are neither
    /// admitted nor seen. Choose one in which no person of the host has a name: approvals and the trail take a person who is
    /// called `ada@service` for the account of that id.
    #[must_use]
    pub fn realm(self, realm: Realm) -> Self {
        Self { rules: Rules { realm, ..self.rules }, ..self }
    }

    /// How long tokens live in which environment.
    ///
    /// By default production 365 days, staging 180, development 90 and testing 30. An account in an environment that
    /// the policy does not know is refused.
    #[must_use]
    pub fn lifecycle(self, lifecycle: LifecyclePolicy) -> Self {
        Self { rules: Rules { lifecycle, ..self.rules }, ..self }
    }

    /// Where this service runs: credentials of another environment are refused. By default all are accepted.
    #[must_use]
    pub fn environment(self, here: Environment) -> Self {
        Self { rules: Rules { environment: Some(here), ..self.rules }, ..self }
    }

    /// Whether new accounts and more rights wait for a second administrator; not by default.
    #[must_use]
    pub fn approval(self, approval: ApprovalRule) -> Self {
        Self { rules: Rules { approval, ..self.rules }, ..self }
    }

    /// Whether a token may replace itself; it may by default.
    #[must_use]
    pub fn self_rotation(self, self_rotation: SelfRotation) -> Self {
        Self { rules: Rules { self_rotation, ..self.rules }, ..self }
    }

    /// What upkeep does with tokens that nobody uses; it announces them by default.
    #[must_use]
    pub fn on_idle(self, on_idle: OnIdle) -> Self {
        Self { rules: Rules { on_idle, ..self.rules }, ..self }
    }

    /// What upkeep does with accounts that nobody uses; it announces them by default.
    #[must_use]
    pub fn on_inactive(self, on_inactive: OnInactive) -> Self {
        Self { rules: Rules { on_inactive, ..self.rules }, ..self }
    }

    /// An application of the host's whose events can be subscribed, and what an account must hold to be told them: the
    /// permission, on this team's resources or on nobody's.
    ///
    /// This system itself is the application [`ApplicationName::OWN`]; being told its events takes the permission to read the
    /// trail.
    #[must_use]
    pub fn application(self, name: ApplicationName, permission: P, team: Option<TeamName>) -> Self {
        let applications = self.rules.applications.with(name, permission, team);
        Self { rules: Rules { applications, ..self.rules }, ..self }
    }

    /// Every other name is an application too, and takes this permission; by default there are no others.
    #[must_use]
    pub fn every_other_application(self, permission: P) -> Self {
        let applications = self.rules.applications.with_every_other(permission);
        Self { rules: Rules { applications, ..self.rules }, ..self }
    }

    /// Which receivers of messages are allowed; by default those on the public Internet, over TLS.
    #[must_use]
    pub fn targets(self, targets: Targets) -> Self {
        Self { rules: Rules { targets, ..self.rules }, ..self }
    }

    /// For how long a message is tried; three days by default.
    #[must_use]
    pub fn retries(self, retries: Retries) -> Self {
        Self { rules: Rules { retries, ..self.rules }, ..self }
    }

    /// Ids that no account may have.
    /// By default the names that people take for a system's own, such as `root`, `admin` and `system`.
    #[must_use]
    pub fn reserved(self, reserved: ReservedIds) -> Self {
        Self { rules: Rules { reserved, ..self.rules }, ..self }
    }

    /// Who gives advice on names.
    #[must_use]
    pub fn advisor(self, advisor: Advisor) -> Self {
        Self { rules: Rules { advisor, ..self.rules }, ..self }
    }

    /// How the trail keeps accesses; coalesced by the minute by default.
    #[must_use]
    pub fn access_events(self, access_events: AccessEvents) -> Self {
        Self { access_events, ..self }
    }

    /// Has upkeep seal the trail, so that it cannot be edited unseen; and trim it, where the host says for how long it is
    /// kept. By default it is neither sealed nor trimmed.
    #[must_use]
    pub fn seal(mut self, sealing: Sealing) -> Self {
        self.rules.trail.sealing = Some(sealing);
        self
    }

    /// Has upkeep watch the trail and raise alerts; by default nobody watches it. Nobody is locked out by an alert.
    #[must_use]
    pub fn detect(mut self, detectors: detect::Settings) -> Self {
        self.rules.trail.detectors = Some(detectors);
        self
    }

    /// Tells this observer of each change, once it is made; several may be added. By default only `tracing` is told.
    ///
    /// ```
    /// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
    /// use service_accounts::audit::{Action, Event};
    /// # use service_accounts::{ServiceAccounts, access::presets::data_quality::{self, Permission}, store::MemoryStore};
    /// # use service_accounts::token::{Keyring, Pepper, PepperId, Vendor};
    /// # let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes([7; 32]));
    /// # let builder = ServiceAccounts::builder(MemoryStore::new(), Vendor::parse("acme")?, keyring,
    /// #     data_quality::catalogue(), Permission::ServiceAccountsManage);
    ///
    /// let revoked = Arc::new(AtomicU64::new(0));
    /// let count = revoked.clone();
    /// let builder = builder.observe(move |event: &Event| {
    ///     if event.action() == Action::TokenRevoked {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// # builder.build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn observe(mut self, observer: impl ChangeObserver) -> Self {
        self.observers.add(observer);
        self
    }

    /// Another clock.
    ///
    /// For tests, and for hosts that have their own source of time. Everything that expires is judged by it.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Another source of randomness.
    ///
    /// Whoever can foretell it can foretell every secret: anything but the system's is for tests.
    #[must_use]
    pub fn randomness(self, randomness: impl Randomness) -> Self {
        Self { issuer: Issuer { randomness: Box::new(randomness), ..self.issuer }, ..self }
    }

    /// The service accounts.
    ///
    /// Clone it for whatever needs it: clones share their state, two builds on one store do not share what waits in
    /// memory.
    #[must_use]
    pub fn build(self) -> ServiceAccounts<S, P> {
        let Self { store, rules, issuer, access_events, clock, observers } = self;
        let core = Arc::new(Core::new(store, rules, issuer, Journal::new(access_events), clock, observers));
        resolve::register(&core);
        ServiceAccounts { core }
    }
}

impl<S, P: Permission> std::fmt::Debug for Builder<S, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
