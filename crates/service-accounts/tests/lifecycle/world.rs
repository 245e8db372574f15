//! A host with a clock that stands still until a test moves it.

#[path = "../behaviour/support/stores.rs"]
mod stores;

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use service_accounts::{
    Actor, AuthenticateError, Builder, Clock, CreatedAccount, Error, NewAccount, NewToken, Principal, Randomness,
    RandomnessError, Rejection, RotateToken, RotatedToken, ServiceAccounts, TokenRotation, UpkeepBounds,
    access::presets::data_quality,
    lifecycle::{Environment, RotationKey},
    naming::{AccountId, DisplayName, TokenName},
    store::{BoxStore, Credential, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, TokenId, Vendor},
};
use service_accounts_store::conformance::FaultyStore;
use time::{Duration, UtcDateTime};

pub(crate) use data_quality::Permission;
pub(crate) use pollster::block_on as wait;
pub(crate) use stores::{Home, durable, fresh, reopen};

/// A store that can be watched, broken and interrupted.
pub(crate) type Probe = Arc<FaultyStore<BoxStore>>;

pub(crate) type Accounts = ServiceAccounts<Probe, Permission>;

/// Where the clock of a world starts.
pub(crate) const START: i64 = 1_760_000_000;

/// Where requests come from.
pub(crate) const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// A host of its own.
pub(crate) struct World {
    pub(crate) accounts: Accounts,
    pub(crate) store: Probe,
    pub(crate) clock: Arc<AtomicI64>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::built(|builder| builder)
    }

    pub(crate) fn built(choose: impl FnOnce(Builder<Probe, Permission>) -> Builder<Probe, Permission>) -> Self {
        Self::on(fresh(), Arc::new(AtomicI64::new(START)), choose)
    }

    /// On any store, with a clock that others may share.
    pub(crate) fn on(
        store: BoxStore,
        clock: Arc<AtomicI64>,
        choose: impl FnOnce(Builder<Probe, Permission>) -> Builder<Probe, Permission>,
    ) -> Self {
        let store = Arc::new(FaultyStore::new(store));
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; Pepper::LEN]));
        let vendor = Vendor::parse("acme").unwrap();
        let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
        let builder = ServiceAccounts::builder(store.clone(), vendor, keyring, catalogue, manage);
        let builder = builder.clock(reader(&clock)).randomness(Seeded::new());
        Self { accounts: choose(builder).build(), store, clock }
    }

    pub(crate) fn now(&self) -> UtcDateTime {
        reader(&self.clock).now()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.fetch_add(by.whole_seconds(), Ordering::SeqCst);
    }

    pub(crate) fn set(&self, now: UtcDateTime) {
        self.clock.store(now.unix_timestamp(), Ordering::SeqCst);
    }

    /// An account in production with a first token `nightly-2025`.
    pub(crate) fn create(&self, name: &str) -> CreatedAccount {
        self.create_in(name, Environment::production())
    }

    pub(crate) fn create_in(&self, name: &str, environment: Environment) -> CreatedAccount {
        let (name, owner) = (DisplayName::parse(name).unwrap(), Owner::parse("Data Platform").unwrap());
        let account = NewAccount::new(name, Purpose::parse("nightly load").unwrap(), owner, environment);
        let first_token = Some(NewToken::new(TokenName::parse("nightly-2025").unwrap()));
        wait(self.accounts.acting(&ada()).create(NewAccount { first_token, ..account })).unwrap()
    }

    /// A holder of one token of its own account.
    pub(crate) fn holder(&self, name: &str) -> Holder {
        let created = self.create(name);
        let token = created.first_token.unwrap();
        Holder { account: created.account.id.clone(), token: token.token.id, text: token.secret.expose().into() }
    }

    pub(crate) fn admit(&self, text: &str) -> Result<Principal<Permission>, AuthenticateError> {
        wait(self.accounts.authenticate(text, Some(OFFICE)))
    }

    pub(crate) fn verdict(&self, text: &str) -> Result<(), Rejection> {
        match self.admit(text) {
            Ok(_) => Ok(()),
            Err(AuthenticateError::Rejected(rejection)) => Err(rejection),
            Err(AuthenticateError::Unavailable(error)) => panic!("{error}"),
        }
    }

    pub(crate) fn upkeep(&self) -> service_accounts::Swept {
        wait(self.accounts.upkeep(UpkeepBounds::default())).unwrap().swept
    }

    pub(crate) fn stored(&self, token: &TokenId) -> Arc<Credential> {
        use service_accounts::store::Store;
        wait(self.store.inner().credential(token)).unwrap().unwrap()
    }
}

/// A token with its text.
pub(crate) struct Holder {
    pub(crate) account: AccountId,
    pub(crate) token: TokenId,
    pub(crate) text: String,
}

impl Holder {
    pub(crate) fn rotate(&self, world: &World, wanted: &RotateToken) -> Result<RotatedToken, Error> {
        self.rotate_as(&ada(), world, wanted)
    }

    pub(crate) fn rotate_as(
        &self,
        actor: &Actor<Permission>,
        world: &World,
        wanted: &RotateToken,
    ) -> Result<RotatedToken, Error> {
        wait(world.accounts.acting(actor).token(&self.account, &self.token).rotate(wanted))
    }

    pub(crate) fn rotation(&self, world: &World) -> TokenRotation {
        wait(world.accounts.acting(&ada()).token(&self.account, &self.token).rotation()).unwrap()
    }

    pub(crate) fn cancel(&self, world: &World) -> Result<TokenRotation, Error> {
        wait(world.accounts.acting(&ada()).token(&self.account, &self.token).cancel_rotation())
    }

    pub(crate) fn finish(&self, world: &World) -> Result<TokenRotation, Error> {
        wait(world.accounts.acting(&ada()).token(&self.account, &self.token).finish_rotation())
    }

    pub(crate) fn revoke(&self, world: &World) {
        wait(world.accounts.acting(&ada()).token(&self.account, &self.token).revoke()).unwrap();
    }
}

pub(crate) fn ada() -> Actor<Permission> {
    Actor::host("ada")
}

pub(crate) fn by_key(key: &str) -> RotateToken {
    RotateToken::new(RotationKey::parse(key).unwrap())
}

pub(crate) fn text_of(rotated: &RotatedToken) -> String {
    rotated.secret.as_ref().unwrap().expose().into()
}

/// A store that is gone with its handle and one that is not, each in a world of its own.
pub(crate) fn on_every_store(behaviour: impl Fn(&World)) {
    behaviour(&World::new());
    let (_home, store) = durable();
    behaviour(&World::on(store, Arc::new(AtomicI64::new(START)), |builder| builder));
}

fn reader(clock: &Arc<AtomicI64>) -> impl Clock + use<> {
    let seconds = clock.clone();
    move || UtcDateTime::from_unix_timestamp(seconds.load(Ordering::SeqCst)).unwrap()
}

/// Randomness that differs between worlds, so that a reopened store meets no taken id.
struct Seeded(Mutex<ChaCha20Rng>);

impl Seeded {
    fn new() -> Self {
        static WORLDS: AtomicI64 = AtomicI64::new(0);
        let world = WORLDS.fetch_add(1, Ordering::SeqCst).unsigned_abs();
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(world)))
    }
}

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        self.0.lock().unwrap().fill_bytes(bytes);
        Ok(())
    }
}
