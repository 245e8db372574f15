//! A host in a box: the facade on a store that can be watched and broken, with a clock and a randomness that obey.

mod capture;
mod chance;
mod clock;
mod holder;
mod home;
mod stores;

use service_accounts::{
    naming::AccountId,
    store::{Account, Revision, Store},
};
use std::{net::IpAddr, sync::Arc};

use service_accounts::{
    Actor, AuthenticateError, Builder, CreatedAccount, Error, NewAccount, NewToken, Principal, Rejection,
    ServiceAccounts,
    access::{Grants, RoleName, Scopes, Teams, presets::data_quality},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{BoxStore, Justification, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_store::conformance::FaultyStore;

pub(crate) use capture::traced;
pub(crate) use chance::{Seeded, Stuck};
pub(crate) use clock::FakeClock;
pub(crate) use data_quality::Permission;
pub(crate) use holder::{Holder, Path};
pub(crate) use pollster::block_on as wait;
pub(crate) use service_accounts_store::conformance::{Call, Fault, When};
pub(crate) use stores::{durable, fresh, reopen};

/// A store that can be watched, broken and interrupted.
pub(crate) type Probe = Arc<FaultyStore<BoxStore>>;

pub(crate) type Accounts = ServiceAccounts<Probe, Permission>;

/// Where the clock of a world starts.
pub(crate) const START: i64 = 1_760_000_000;

/// Where requests come from unless a test says otherwise.
pub(crate) const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// A host of its own.
pub(crate) struct World {
    pub(crate) accounts: Accounts,
    pub(crate) store: Probe,
    pub(crate) clock: FakeClock,
}

impl World {
    /// On a store of its own, with every default.
    pub(crate) fn new() -> Self {
        Self::built(|builder| builder)
    }

    /// On a store of its own, with what a test chooses.
    pub(crate) fn built(choose: impl FnOnce(Builder<Probe, Permission>) -> Builder<Probe, Permission>) -> Self {
        Self::on(fresh(), keyring(), choose)
    }

    /// On any store.
    pub(crate) fn on(
        store: BoxStore,
        keyring: Keyring,
        choose: impl FnOnce(Builder<Probe, Permission>) -> Builder<Probe, Permission>,
    ) -> Self {
        let (store, clock) = (Arc::new(FaultyStore::new(store)), FakeClock::at(START));
        let builder = ServiceAccounts::builder(
            store.clone(),
            Vendor::parse("acme").unwrap(),
            keyring,
            data_quality::catalogue(),
            Permission::ServiceAccountsManage,
        );
        let builder = builder.clock(clock.reader()).randomness(Seeded::new(7));
        Self { accounts: choose(builder).build(), store, clock }
    }

    /// The same store and clock under another host, as after a restart.
    pub(crate) fn restarted(&self, keyring: Keyring) -> Self {
        let world = Self::on(self.store.inner().clone(), keyring, |builder| {
            builder.clock(self.clock.reader()).randomness(Seeded::new(8))
        });
        Self { clock: self.clock.clone(), ..world }
    }

    /// An account of the lowest role with a first token.
    pub(crate) fn create(&self, name: &str) -> CreatedAccount {
        self.create_with(name, |wanted| wanted)
    }

    /// An account with what a test chooses.
    pub(crate) fn create_with(&self, name: &str, choose: impl FnOnce(NewAccount) -> NewAccount) -> CreatedAccount {
        wait(self.accounts.acting(&ada()).create(choose(wanted(name)))).unwrap()
    }

    /// Approves what waits, as it stands at this instant.
    pub(crate) fn approve(&self, actor: &Actor<Permission>, id: &AccountId) -> Result<Arc<Account>, Error> {
        let seen = wait(self.store.inner().account(id)).unwrap().map_or(Revision::NEW, |account| account.revision);
        wait(self.accounts.acting(actor).account(id).approve(seen)).map(|approved| approved.account)
    }

    /// An account with every kind of credential.
    pub(crate) fn holder(&self, name: &str) -> Holder {
        Holder::open(self, self.create(name))
    }

    pub(crate) fn authenticate(&self, text: &str) -> Result<Principal<Permission>, AuthenticateError> {
        wait(self.accounts.authenticate(text, Some(OFFICE)))
    }

    /// As a layer asks: at once where that is possible.
    pub(crate) fn at_the_door(
        &self,
        text: &str,
        address: Option<IpAddr>,
    ) -> Result<Principal<Permission>, AuthenticateError> {
        let judged = self.accounts.authenticate_at_once(text, address);
        judged.unwrap_or_else(|| wait(self.accounts.authenticate(text, address)))
    }

    /// What becomes of a bearer credential that can be judged.
    pub(crate) fn verdict(&self, text: &str) -> Result<(), Rejection> {
        self.verdict_from(text, Some(OFFICE))
    }

    pub(crate) fn verdict_from(&self, text: &str, address: Option<IpAddr>) -> Result<(), Rejection> {
        match wait(self.accounts.authenticate(text, address)) {
            Ok(_) => Ok(()),
            Err(AuthenticateError::Rejected(rejection)) => Err(rejection),
            Err(AuthenticateError::Unavailable(error)) => panic!("{error}"),
        }
    }
}

/// The administrator of every world.
pub(crate) fn ada() -> Actor<Permission> {
    Actor::host("ada")
}

/// Somebody with a role of the catalogue and every team.
pub(crate) fn with_role(name: &str, role: &str) -> Actor<Permission> {
    let role = RoleName::parse(role).unwrap();
    let permissions = data_quality::catalogue().role(&role).unwrap();
    Actor::host_with(name, Grants::new(permissions, Teams::every()))
}

/// An account of the lowest role, with a first token `nightly`.
pub(crate) fn wanted(name: &str) -> NewAccount {
    let text = "nightly load of the warehouse";
    let account = NewAccount::new(
        DisplayName::parse(name).unwrap(),
        Purpose::parse(text).unwrap(),
        Owner::parse("Data Platform").unwrap(),
        Environment::production(),
    );
    NewAccount { first_token: Some(token("nightly")), ..account }
}

/// The same in a role that needs a justification.
pub(crate) fn in_role(role: &str) -> impl FnOnce(NewAccount) -> NewAccount {
    let role = Some(RoleName::parse(role).unwrap());
    let justification = Some(Justification::parse("it maintains the catalogue").unwrap());
    |wanted| NewAccount { role, justification, ..wanted }
}

pub(crate) fn token(name: &str) -> NewToken {
    NewToken::new(TokenName::parse(name).unwrap())
}

pub(crate) fn scoped(name: &str, scopes: Scopes) -> NewToken {
    NewToken { scopes, ..token(name) }
}

pub(crate) fn keyring() -> Keyring {
    Keyring::new(PepperId::parse("k1").unwrap(), pepper(1))
}

pub(crate) fn pepper(seed: u8) -> Pepper {
    Pepper::from_bytes([seed; Pepper::LEN])
}

/// A store that is gone with its handle and one that is not, each in a world of its own.
pub(crate) fn on_every_store(behaviour: impl Fn(&World)) {
    behaviour(&World::new());
    let (_home, store) = durable();
    behaviour(&World::on(store, keyring(), |builder| builder));
}

/// Whether a call failed because the store did, and for no other reason.
pub(crate) fn is_unavailable<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Unavailable(_)))
}
