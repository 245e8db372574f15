//! One account with one token, on a store that can fail and under a clock that stands still.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use http::{Request, header::AUTHORIZATION};
use pollster::block_on;
use service_accounts::{
    AccessEvents, Actor, Clock, NewAccount, NewToken, ServiceAccounts,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{AccountId, DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, TokenId, Vendor},
};
use service_accounts_store::conformance::FaultyStore;
use service_accounts_tower::Gate;
use time::{Duration, UtcDateTime};

/// A store that can be made to fail.
pub(crate) type Faulty = Arc<FaultyStore<MemoryStore>>;

pub(crate) type Accounts = ServiceAccounts<Faulty, Permission>;

/// A clock that moves when it is told to.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.whole_seconds(), Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> UtcDateTime {
        UtcDateTime::from_unix_timestamp(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) accounts: Accounts,
    pub(crate) store: Faulty,
    pub(crate) clock: HandClock,
    pub(crate) account: AccountId,
    pub(crate) token: String,
    pub(crate) token_id: TokenId,
}

impl World {
    /// A Member that may come from anywhere.
    pub(crate) fn new() -> Self {
        Self::with(AccessEvents::Off, |account| account)
    }

    pub(crate) fn with(events: AccessEvents, wanted: impl FnOnce(NewAccount) -> NewAccount) -> Self {
        let store = Arc::new(FaultyStore::new(MemoryStore::new()));
        let clock = HandClock(Arc::new(AtomicI64::new(1_800_000_000)));
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
        let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
        let vendor = Vendor::parse("acme").unwrap();
        let accounts = ServiceAccounts::builder(store.clone(), vendor, keyring, catalogue, manage)
            .clock(clock.clone())
            .access_events(events)
            .build();
        let created = block_on(accounts.acting(&operator()).create(wanted(member()))).unwrap();
        let minted = created.first_token.unwrap();
        let (token, token_id) = (minted.secret.expose().to_owned(), minted.token.id);
        Self { account: created.account.id.clone(), accounts, store, clock, token, token_id }
    }

    pub(crate) fn gate(&self) -> Gate<Permission> {
        Gate::new(self.accounts.clone())
    }

    /// A request with the token.
    pub(crate) fn request(&self) -> Request<String> {
        request_with(&self.token)
    }
}

pub(crate) fn operator() -> Actor<Permission> {
    Actor::host("ops@example.com")
}

pub(crate) fn request_with(token: &str) -> Request<String> {
    Request::builder().uri("/").header(AUTHORIZATION, format!("Bearer {token}")).body(String::new()).unwrap()
}

fn member() -> NewAccount {
    let name = DisplayName::parse("Pipeline Automation").unwrap();
    let (purpose, owner) = (Purpose::parse("a test").unwrap(), Owner::parse("data team").unwrap());
    NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("nightly-load").unwrap())),
        ..NewAccount::new(name, purpose, owner, Environment::production())
    }
}
