//! A host on a memory store with a clock that obeys.

use std::net::IpAddr;

use service_accounts::{
    Acting, Actor, AuthenticateError, Builder, CreatedAccount, MintedToken, NewAccount, NewToken, Principal, Rejection,
    ServiceAccounts,
    access::{Grants, PermissionSet, RoleName, Teams, presets::data_quality},
    audit::{Action, Query, Recorded},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{BoxStore, Justification, MemoryStore, Owner, Purpose, SystemName},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_sqlite::SqliteStore;

pub(crate) use data_quality::Permission;
pub(crate) use pollster::block_on as wait;

pub(crate) const START: i64 = 1_760_000_000;

pub(crate) type Accounts = ServiceAccounts<BoxStore, Permission>;

pub(crate) struct World {
    pub(crate) accounts: Accounts,
    ada: Actor<Permission>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(BoxStore::new(MemoryStore::new()))
    }

    pub(crate) fn on(store: BoxStore) -> Self {
        Self::built_on(store, |builder| builder)
    }

    pub(crate) fn built(choose: impl FnOnce(Builder<BoxStore, Permission>) -> Builder<BoxStore, Permission>) -> Self {
        Self::built_on(BoxStore::new(MemoryStore::new()), choose)
    }

    pub(crate) fn built_on(
        store: BoxStore,
        choose: impl FnOnce(Builder<BoxStore, Permission>) -> Builder<BoxStore, Permission>,
    ) -> Self {
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; Pepper::LEN]));
        let vendor = Vendor::parse("acme").unwrap();
        let now = || time::UtcDateTime::from_unix_timestamp(START).unwrap();
        let manage = Permission::ServiceAccountsManage;
        let builder = ServiceAccounts::builder(store, vendor, keyring, data_quality::catalogue(), manage).clock(now);
        let accounts = choose(builder).build();
        Self { accounts, ada: Actor::host("ada") }
    }

    /// Everything, on the word of the administrator.
    pub(crate) fn admin(&self) -> Acting<'_, BoxStore, Permission> {
        self.accounts.acting(&self.ada)
    }

    pub(crate) fn create(&self, name: &str) -> CreatedAccount {
        self.create_with(name, |wanted| wanted)
    }

    pub(crate) fn create_with(&self, name: &str, choose: impl FnOnce(NewAccount) -> NewAccount) -> CreatedAccount {
        wait(self.admin().create(choose(wanted(name)))).unwrap()
    }

    pub(crate) fn verdict(&self, text: &str) -> Result<(), Rejection> {
        match self.authenticate(text) {
            Ok(_) => Ok(()),
            Err(AuthenticateError::Rejected(rejection)) => Err(rejection),
            Err(AuthenticateError::Unavailable(error)) => panic!("{error}"),
        }
    }

    pub(crate) fn authenticate(&self, text: &str) -> Result<Principal<Permission>, AuthenticateError> {
        wait(self.accounts.authenticate(text, Some(IpAddr::from([192, 0, 2, 7]))))
    }

    pub(crate) fn trail(&self, action: Action) -> Vec<Recorded> {
        wait(self.admin().audit(&Query::default().for_action(action))).unwrap().events
    }
}

/// Both stores that come with the workspace.
pub(crate) fn on_every_store(behaviour: impl Fn(&World)) {
    behaviour(&World::new());
    let home = tempfile::tempdir().unwrap();
    behaviour(&World::on(BoxStore::new(SqliteStore::open(home.path().join("accounts.db")).unwrap())));
}

/// Somebody who may manage accounts of one team, and holds nothing else.
pub(crate) fn manager_of(team: &str) -> Actor<Permission> {
    let permissions = PermissionSet::from(Permission::ServiceAccountsManage);
    Actor::host_with("eve", Grants::new(permissions, Teams::only([team]).unwrap()))
}

pub(crate) fn wanted(name: &str) -> NewAccount {
    let (purpose, owner) = (Purpose::parse("nightly load").unwrap(), Owner::parse("Data Platform").unwrap());
    let account = NewAccount::new(DisplayName::parse(name).unwrap(), purpose, owner, Environment::production());
    let systems = vec![SystemName::parse("warehouse").unwrap()];
    NewAccount { first_token: Some(token("nightly")), systems, ..account }
}

pub(crate) fn in_role(role: &str) -> impl FnOnce(NewAccount) -> NewAccount {
    let role = Some(RoleName::parse(role).unwrap());
    let justification = Some(Justification::parse("it maintains the catalogue").unwrap());
    |wanted| NewAccount { role, justification, ..wanted }
}

pub(crate) fn token(name: &str) -> NewToken {
    NewToken::new(TokenName::parse(name).unwrap())
}

pub(crate) fn first(created: &CreatedAccount) -> &MintedToken {
    created.first_token.as_ref().unwrap()
}

pub(crate) fn text(minted: &MintedToken) -> &str {
    minted.secret.expose()
}
