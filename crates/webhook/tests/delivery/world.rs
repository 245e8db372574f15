//! A host that delivers, with a clock that a test moves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use service_accounts::{
    Actor, ApplicationName, CreatedSubscription, EventName, EventPattern, NewAccount, NewSubscription, Retries,
    ServiceAccounts, TargetUrl, Targets,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{AccountId, DisplayName},
    store::{BoxStore, MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_webhook::{Client, Deliverer, Settings, TokioTimer};
use time::UtcDateTime;
use tokio::task::JoinHandle;

pub(crate) type Accounts = ServiceAccounts<BoxStore, Permission>;

const START: i64 = 1_760_000_000;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) accounts: Accounts,
    clock: Arc<AtomicI64>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(BoxStore::new(MemoryStore::new()))
    }

    pub(crate) fn on(store: BoxStore) -> Self {
        Self::with(store, Arc::new(AtomicI64::new(START)))
    }

    /// Another node, whose clock is the same.
    pub(crate) fn beside(&self, store: BoxStore) -> Self {
        Self::with(store, self.clock.clone())
    }

    fn with(store: BoxStore, clock: Arc<AtomicI64>) -> Self {
        let reader = clock.clone();
        let now = move || UtcDateTime::from_unix_timestamp(reader.load(Ordering::SeqCst)).unwrap();
        Self { accounts: accounts(store, now), clock }
    }

    /// Delivers from now on, looking each 5 ms, for at most `time` an attempt; always as the same node.
    pub(crate) fn deliver(&self, time: Duration) -> JoinHandle<()> {
        let settings = Settings { time, ..often() };
        tokio::spawn(deliverer(&self.accounts).settings(settings).named("node").run())
    }

    pub(crate) fn advance(&self, by: time::Duration) {
        self.clock.fetch_add(by.whole_seconds(), Ordering::SeqCst);
    }

    /// Lets so many seconds go by each 2 ms.
    pub(crate) fn let_time_fly(&self, seconds: i64) -> JoinHandle<()> {
        let clock = self.clock.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(2)).await;
                clock.fetch_add(seconds, Ordering::SeqCst);
            }
        })
    }

    pub(crate) fn elapsed(&self) -> time::Duration {
        time::Duration::seconds(self.clock.load(Ordering::SeqCst) - START)
    }

    /// An account of its own that is told everything of the application `billing`.
    pub(crate) async fn subscribe(&self, name: &str, url: &str) -> (AccountId, CreatedSubscription) {
        subscribe(&self.accounts, name, url).await
    }

    pub(crate) async fn publish(&self, number: usize) {
        publish(&self.accounts, number).await;
    }
}

/// A look at all subscriptions each 5 ms.
pub(crate) fn often() -> Settings {
    Settings { rest: Duration::from_millis(5), ..Settings::default() }
}

pub(crate) fn deliverer(accounts: &Accounts) -> Deliverer<BoxStore, Permission, Client, TokioTimer> {
    Deliverer::new(accounts.clone(), Client::new(Targets::Any), TokioTimer).settings(often())
}

pub(crate) fn accounts(store: BoxStore, clock: impl service_accounts::Clock) -> Accounts {
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; Pepper::LEN]));
    let (vendor, manage) = (Vendor::parse("acme").unwrap(), Permission::ServiceAccountsManage);
    ServiceAccounts::builder(store, vendor, keyring, data_quality::catalogue(), manage)
        .clock(clock)
        .targets(Targets::Any)
        .retries(Retries::give_up_after(time::Duration::days(30)))
        .application(billing(), Permission::ResultsRead, None)
        .build()
}

pub(crate) fn billing() -> ApplicationName {
    ApplicationName::parse("billing").unwrap()
}

pub(crate) async fn subscribe(accounts: &Accounts, name: &str, url: &str) -> (AccountId, CreatedSubscription) {
    let (name, owner) = (DisplayName::parse(name).unwrap(), Owner::parse("Data Platform").unwrap());
    let wanted = NewAccount::new(name, Purpose::parse("is told").unwrap(), owner, Environment::production());
    let admin = Actor::host("ada");
    let id = accounts.acting(&admin).create(wanted).await.unwrap().account.id.clone();
    let wanted =
        NewSubscription::new(billing(), vec![EventPattern::parse("*").unwrap()], TargetUrl::parse(url).unwrap());
    let created = accounts.acting(&admin).subscriptions(&id).create(wanted).await.unwrap();
    (id, created)
}

pub(crate) async fn publish(accounts: &Accounts, number: usize) {
    accounts.publish(&billing(), &EventName::parse("numbered").unwrap(), &number).await.unwrap();
}

/// The number that a message tells.
pub(crate) fn number(body: &str) -> usize {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    usize::try_from(body["data"].as_u64().unwrap()).unwrap()
}
