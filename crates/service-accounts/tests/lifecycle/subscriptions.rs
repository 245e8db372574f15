//! Who may be told what, and what is kept of it.

use service_accounts::{
    Actor, ApplicationName, CreatedSubscription, DisabledBecause, Error, EventName, EventPattern, Message, NewAccount,
    NewSubscription, Next, SubscriptionState, Subscriptions, TargetError, TargetUrl,
    access::{Grants, PermissionSet, RoleName, Teams},
    audit::{Action, Query, Recorded},
    lifecycle::Environment,
    naming::{AccountId, DisplayName},
    store::{DocumentKind, Justification, MemoryStore, Owner, Purpose, Store},
    token::{Keyring, Pepper, PepperId},
};
use std::sync::{Arc, atomic::AtomicI64};
use time::Duration;

use crate::world::{Accounts, Permission, Probe, START, World, ada, on_every_store, wait};

pub(crate) fn billing() -> ApplicationName {
    ApplicationName::parse("billing").unwrap()
}

pub(crate) fn own() -> ApplicationName {
    ApplicationName::parse(ApplicationName::OWN).unwrap()
}

/// A host with an application of its own, for members of the team `finance`.
pub(crate) fn host() -> World {
    World::built(with_billing)
}

pub(crate) fn with_billing(
    builder: service_accounts::Builder<Probe, Permission>,
) -> service_accounts::Builder<Probe, Permission> {
    let team = service_accounts::access::TeamName::parse("finance").unwrap();
    builder.application(billing(), Permission::ResultsRead, Some(team))
}

pub(crate) fn account(world: &World, name: &str, role: &str, teams: Teams) -> AccountId {
    let (name, owner) = (DisplayName::parse(name).unwrap(), Owner::parse("Data Platform").unwrap());
    let wanted = NewAccount {
        role: Some(RoleName::parse(role).unwrap()),
        teams,
        justification: Some(Justification::parse("it tells the finance team").unwrap()),
        ..NewAccount::new(name, Purpose::parse("tells").unwrap(), owner, Environment::production())
    };
    wait(world.accounts.acting(&ada()).create(wanted)).unwrap().account.id.clone()
}

/// Documents are in the order of the local part of the account's name, which accounts of several realms may share.
#[test]
fn the_subscriptions_of_an_account_are_listed_and_counted_past_those_of_its_namesake_in_another_realm() {
    let one = host();
    let other = World::on(one.store.inner().clone(), one.clock.clone(), |builder| {
        with_billing(builder.realm(service_accounts::naming::Realm::parse("tenant-b").unwrap()))
    });
    let theirs = account(&other, "Billing Relay", "Member", finance());
    for _ in 0..20 {
        subscribe(&other, &theirs, wanted(billing(), &["invoice.*"]));
    }
    // The two worlds draw the same random numbers, and are to draw different ids.
    account(&one, "Alation Sync", "Member", finance());
    let ours = account(&one, "Billing Relay", "Member", finance());
    let mut made: Vec<_> =
        (0..20).map(|_| subscribe(&one, &ours, wanted(billing(), &["invoice.*"])).subscription.id).collect();
    let ada = ada();
    let room = one.accounts.acting(&ada).subscriptions(&ours);
    let full = wait(room.create(wanted(billing(), &["invoice.*"])));
    assert!(matches!(full, Err(Error::TooManySubscriptions { .. })), "{full:?}");
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = wait(room.list(after.as_ref(), 2)).unwrap();
        listed.extend(page.items.into_iter().map(|subscription| subscription.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    made.sort();
    assert_eq!(listed, made);
}

pub(crate) fn finance() -> Teams {
    Teams::only(["finance"]).unwrap()
}

pub(crate) fn wanted(application: ApplicationName, events: &[&str]) -> NewSubscription {
    let events = events.iter().map(|event| EventPattern::parse(event).unwrap()).collect();
    NewSubscription::new(application, events, TargetUrl::parse("https://hooks.example.com/x").unwrap())
}

pub(crate) fn subscribe(world: &World, id: &AccountId, wanted: NewSubscription) -> CreatedSubscription {
    wait(world.accounts.acting(&ada()).subscriptions(id).create(wanted)).unwrap()
}

pub(crate) fn publish(world: &World, event: &str, payload: &serde_json::Value) {
    wait(world.accounts.publish(&billing(), &EventName::parse(event).unwrap(), payload)).unwrap();
}

/// What is due for the only subscription there is.
pub(crate) fn next(world: &World) -> Next {
    let ids = wait(world.accounts.outbox().subscriptions(None, 10)).unwrap().items;
    assert!(ids.len() < 2);
    ids.first().map_or(Next::Stopped, |id| wait(world.accounts.outbox().next(id)).unwrap())
}

pub(crate) fn message(world: &World) -> Message {
    match next(world) {
        Next::Message(message) => *message,
        other => panic!("no message: {other:?}"),
    }
}

/// Delivers everything that is due, and returns the bodies.
pub(crate) fn delivered(world: &World) -> Vec<serde_json::Value> {
    let mut bodies = Vec::new();
    while let Next::Message(message) = next(world) {
        bodies.push(serde_json::from_str(message.body()).unwrap());
        wait(world.accounts.outbox().settle(*message, Ok(()))).unwrap();
    }
    bodies
}

pub(crate) fn trail(world: &World, action: Action) -> Vec<Recorded> {
    wait(world.accounts.acting(&ada()).audit(&Query::default().for_action(action))).unwrap().events
}

fn types(bodies: &[serde_json::Value]) -> Vec<&str> {
    bodies.iter().map(|body| body["type"].as_str().unwrap()).collect()
}

#[test]
fn a_subscription_is_told_the_events_of_its_application_and_no_others() {
    on_every_store(|plain| {
        let world =
            World::on(service_accounts::store::BoxStore::new(plain.store.clone()), plain.clock.clone(), with_billing);
        let id = account(&world, "Ledger Sync", "Member", finance());
        publish(&world, "invoice.paid", &serde_json::json!({ "number": 1 }));
        subscribe(&world, &id, wanted(billing(), &["invoice.*"]));
        publish(&world, "invoice.paid", &serde_json::json!({ "number": 2, "text": "a\nb\u{2028}" }));
        publish(&world, "customer.added", &serde_json::json!(null));
        publish(&world, "invoice.sent", &serde_json::json!([3]));
        let bodies = delivered(&world);
        assert_eq!(types(&bodies), ["invoice.paid", "invoice.sent"]);
        assert_eq!(bodies[0]["data"], serde_json::json!({ "number": 2, "text": "a\nb\u{2028}" }));
        assert_eq!((&bodies[1]["data"], &bodies[0]["application"]), (&serde_json::json!([3]), &"billing".into()));
        assert!(delivered(&world).is_empty());
    });
}

#[test]
fn this_systems_own_events_are_subscribed_like_the_hosts() {
    let world = host();
    let id = account(&world, "Watcher", "Admin", Teams::none());
    subscribe(&world, &id, wanted(own(), &["token.*"]));
    let holder = world.holder("Pipeline Automation");
    holder.revoke(&world);
    publish(&world, "invoice.paid", &serde_json::json!({}));
    let bodies = delivered(&world);
    assert_eq!(types(&bodies), ["token.revoked"]);
    assert_eq!(bodies[0]["data"]["account"], holder.account.as_str());
}

#[test]
fn whoever_lacks_the_permission_of_an_application_is_not_subscribed_to_it() {
    let world = host();
    let member = account(&world, "Ledger Sync", "Member", Teams::none());
    let create = |id: &AccountId, wanted| {
        let acting = ada();
        wait(world.accounts.acting(&acting).subscriptions(id).create(wanted)).map(drop)
    };
    let of_finance = account(&world, "Finance Sync", "Member", finance());
    for (id, application) in [(&member, billing()), (&member, own()), (&of_finance, own())] {
        assert!(matches!(create(id, wanted(application, &["*"])), Err(Error::ApplicationNotPermitted)));
    }
    assert!(create(&of_finance, wanted(billing(), &["*"])).is_ok());
    let unknown = ApplicationName::parse("payroll").unwrap();
    assert!(matches!(create(&of_finance, wanted(unknown.clone(), &["*"])), Err(Error::ApplicationMissing)));
    let told = wait(world.accounts.publish(&unknown, &EventName::parse("a").unwrap(), &1));
    assert!(matches!(told, Err(Error::ApplicationMissing)));
    let told = wait(world.accounts.publish(&own(), &EventName::parse("token.revoked").unwrap(), &1));
    assert!(matches!(told, Err(Error::ApplicationMissing)), "nobody forges this system's own events");
}

#[test]
fn an_account_that_lost_its_permission_is_told_nothing_more() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let created = subscribe(&world, &id, wanted(billing(), &["*"]));
    publish(&world, "invoice.paid", &serde_json::json!({}));
    wait(world.accounts.acting(&ada()).account(&id).disable()).unwrap();
    assert!(matches!(next(&world), Next::Stopped));
    let admin = ada();
    let subscriptions = world.accounts.acting(&admin).subscriptions(&id);
    let found = wait(subscriptions.get(&created.subscription.id)).unwrap();
    assert!(matches!(found.state, SubscriptionState::Disabled { because: DisabledBecause::NotPermitted, .. }));
    let reasons =
        |action| trail(&world, action).iter().map(|r| r.event.reason().unwrap().to_string()).collect::<Vec<_>>();
    assert_eq!(reasons(Action::SubscriptionDisabled), ["not_permitted"]);
    assert_eq!(reasons(Action::AlertRaised), ["subscription_disabled"]);
    assert!(matches!(wait(subscriptions.enable(&created.subscription.id)), Err(Error::ApplicationNotPermitted)));
    wait(world.accounts.acting(&admin).account(&id).enable()).unwrap();
    wait(subscriptions.enable(&created.subscription.id)).unwrap();
    assert_eq!(types(&delivered(&world)), ["invoice.paid"], "it goes on where it stopped");
}

#[test]
fn who_does_not_cover_an_account_neither_subscribes_it_nor_sees_what_it_is_told() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let created = subscribe(&world, &id, wanted(billing(), &["*"]));
    let eve = Actor::host_with("eve", Grants::new(PermissionSet::all(), Teams::only(["growth"]).unwrap()));
    let others = world.accounts.acting(&eve).subscriptions(&id);
    let sid = &created.subscription.id;
    assert!(matches!(wait(others.create(wanted(billing(), &["*"]))), Err(Error::Grant(_))));
    assert!(matches!(wait(others.list(None, 9)), Err(Error::Grant(_))));
    assert!(matches!(wait(others.get(sid)), Err(Error::Grant(_))));
    assert!(matches!(wait(others.deliveries(sid)), Err(Error::Grant(_))));
    for refused in [
        wait(others.rotate_secret(sid)).map(drop),
        wait(others.enable(sid)).map(drop),
        wait(others.replay(sid, service_accounts::audit::Sequence::new(1))).map(drop),
        wait(others.test(sid)),
        wait(others.remove(sid)),
    ] {
        assert!(matches!(refused, Err(Error::Grant(_))), "{refused:?}");
    }
}

#[test]
fn no_account_reaches_a_subscription_through_another() {
    let world = host();
    let (one, two) = (account(&world, "Sync", "Member", finance()), account(&world, "Sync Two", "Member", finance()));
    let created = subscribe(&world, &one, wanted(billing(), &["*"]));
    let admin = ada();
    let through = world.accounts.acting(&admin).subscriptions(&two);
    assert!(matches!(wait(through.get(&created.subscription.id)), Err(Error::DocumentMissing)));
    assert!(matches!(wait(through.remove(&created.subscription.id)), Err(Error::DocumentMissing)));
    assert!(wait(through.list(None, 9)).unwrap().items.is_empty());
    let listed = |subscriptions: Subscriptions<'_, Probe, Permission>| wait(subscriptions.list(None, 9)).unwrap().items;
    assert_eq!(listed(world.accounts.acting(&admin).subscriptions(&one)), [created.subscription]);
}

#[test]
fn a_target_that_the_host_does_not_allow_is_refused() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    for (url, refused) in [
        ("https://127.0.0.1/x", TargetError::NotPublic),
        ("https://[::ffff:10.0.0.1]/x", TargetError::NotPublic),
        ("http://hooks.example.com/x", TargetError::Plain),
    ] {
        let wanted = NewSubscription { url: TargetUrl::parse(url).unwrap(), ..wanted(billing(), &["*"]) };
        let answer = wait(world.accounts.acting(&ada()).subscriptions(&id).create(wanted));
        assert!(matches!(answer, Err(Error::Target(error)) if error == refused), "{url}");
    }
}

#[test]
fn subscriptions_events_and_payloads_are_bounded() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let create = |wanted| wait(world.accounts.acting(&ada()).subscriptions(&id).create(wanted)).map(drop);
    for (count, is_fit) in [(0, false), (1, true), (50, true), (51, false)] {
        let events: Vec<_> = (0..count).map(|_| "a").collect();
        assert_eq!(create(wanted(billing(), &events)).is_ok(), is_fit, "{count}");
    }
    for number in 3..=21 {
        assert_eq!(create(wanted(billing(), &["*"])).is_ok(), number <= 20, "{number}");
    }
    for (length, is_fit) in [(8189, true), (8190, true), (8191, false)] {
        let told = wait(world.accounts.publish(&billing(), &EventName::parse("a").unwrap(), &"x".repeat(length)));
        assert_eq!(told.is_ok(), is_fit, "{length}");
    }
    let unknown = wait(world.accounts.acting(&ada()).subscriptions(&id).create(wanted(own(), &["token.created"])));
    assert!(matches!(unknown, Err(Error::EventUnknown)));
}

#[test]
fn a_rotated_secret_signs_beside_the_earlier_one_for_a_day() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let created = subscribe(&world, &id, wanted(billing(), &["*"]));
    let admin = ada();
    let new = wait(world.accounts.acting(&admin).subscriptions(&id).rotate_secret(&created.subscription.id)).unwrap();
    publish(&world, "invoice.paid", &serde_json::json!({}));
    let signed = |world: &World| {
        let message = message(world);
        let signing = world.accounts.outbox().sign(&message).unwrap();
        let by = |secret: &service_accounts::token::SigningSecret| {
            secret.sign(message.id(), signing.timestamp, message.body().as_bytes())
        };
        assert_eq!(signing.timestamp, world.now().unix_timestamp());
        (signing.signatures.clone(), by(&new), by(&created.secret))
    };
    let (signatures, by_new, by_old) = signed(&world);
    assert_eq!(signatures, format!("{by_new} {by_old}"));
    world.advance(Duration::DAY);
    let (signatures, by_new, _) = signed(&world);
    assert_eq!(signatures, by_new);
}

#[test]
fn neither_the_store_nor_a_message_holds_a_signing_secret_and_its_pepper_is_still_in_use() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    let created = subscribe(&world, &id, wanted(billing(), &["*"]));
    publish(&world, "invoice.paid", &serde_json::json!({}));
    let secret = created.secret.expose();
    let kept = wait(world.store.documents(DocumentKind::Subscription, None, 9)).unwrap().items;
    assert!(!kept[0].body.contains(secret.trim_start_matches("whsec_")));
    assert!(!format!("{created:?}").contains(&secret) && !message(&world).body().contains(&secret));
    let census = wait(world.accounts.acting(&ada()).peppers()).unwrap();
    let credentials = wait(world.store.count_under(PepperId::parse("k1").unwrap())).unwrap();
    assert_eq!(census[0].credentials, credentials.map(|count| count + 1));
}

#[test]
fn what_an_account_was_told_ends_with_the_account() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    subscribe(&world, &id, wanted(billing(), &["*"]));
    publish(&world, "invoice.paid", &serde_json::json!({}));
    let _message = message(&world);
    assert!(wait(world.store.slowest_cursor()).unwrap().is_some());
    wait(world.accounts.acting(&ada()).account(&id).delete()).unwrap();
    assert!(matches!(next(&world), Next::Stopped));
    assert_eq!(wait(world.store.slowest_cursor()).unwrap(), None, "the trail can be trimmed");
    world.advance(Duration::SECOND);
    let again = account(&world, "Finance Sync", "Member", finance());
    assert_eq!(again, id);
    assert!(wait(world.accounts.acting(&ada()).subscriptions(&id).list(None, 9)).unwrap().items.is_empty());
}

/// Another host on the same store that lost the pepper.
#[test]
fn nothing_is_signed_once_its_pepper_is_gone() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    subscribe(&world, &id, wanted(billing(), &["*"]));
    publish(&world, "invoice.paid", &serde_json::json!({}));
    let keyring = Keyring::new(PepperId::parse("k2").unwrap(), Pepper::from_bytes([2; Pepper::LEN]));
    let vendor = service_accounts::token::Vendor::parse("acme").unwrap();
    let catalogue = service_accounts::access::presets::data_quality::catalogue();
    let other: Accounts = with_billing(service_accounts::ServiceAccounts::builder(
        world.store.clone(),
        vendor,
        keyring,
        catalogue,
        Permission::ServiceAccountsManage,
    ))
    .build();
    assert!(other.outbox().sign(&message(&world)).is_none());
}

#[test]
fn subscriptions_of_another_realm_are_not_delivered() {
    let clock = Arc::new(AtomicI64::new(START));
    let shared = Arc::new(MemoryStore::new());
    let on = |realm: &str| {
        let realm = service_accounts::naming::Realm::parse(realm).unwrap();
        let store = service_accounts::store::BoxStore::new(shared.clone());
        World::on(store, clock.clone(), |builder| with_billing(builder).realm(realm))
    };
    let (one, two) = (on("one"), on("two"));
    let id = account(&one, "Finance Sync", "Member", finance());
    subscribe(&one, &id, wanted(billing(), &["*"]));
    publish(&one, "invoice.paid", &serde_json::json!({}));
    assert!(matches!(next(&two), Next::Stopped));
    assert_eq!(delivered(&one).len(), 1);
}
