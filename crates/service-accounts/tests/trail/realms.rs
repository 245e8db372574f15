//! Two realms on one store: neither sees or proves what happened to the other's accounts, by whatever part of the trail.

use service_accounts::{
    Actor, Error, ExportForm, NewAccount, ReviewScope, TokenPolicy,
    access::{Grants, RoleName, presets::data_quality::Permission},
    audit::{
        Action, Label, Query, Sequence,
        detect::{AlertKind, Settings},
    },
    lifecycle::{Enforcement, RequestCriteria, TokenRule},
    naming::Realm,
    store::Justification,
};
use time::Duration;

use crate::world::{OFFICE, World, account, ada, sealing, wait};

/// The realm `service`, and `tenant-b` on the same store with the same seals and detectors.
struct Realms {
    ours: World,
    theirs: World,
    /// An administrator of `tenant-b`.
    keeper: Actor<Permission>,
}

impl Realms {
    /// In `service` everything happens that becomes an alert, and an administrator of it is refused and does things.
    fn new() -> Self {
        let ours = World::new();
        let theirs = World::built(ours.store.inner().clone(), ours.clock.clone(), |builder| {
            builder.realm(Realm::parse("tenant-b").unwrap()).seal(sealing()).detect(Settings::default())
        });
        let keeper = admin(&theirs, "Platform Keeper");
        let realms = Self { ours, theirs, keeper };
        realms.attack();
        realms
    }

    /// Repeated refusals, a revoked token, sudden use, a network nobody knows, a row of new tokens, changed rules.
    fn attack(&self) {
        let ours = &self.ours;
        let secretive = ours.create("Secretive Sync");
        let (id, first) = (&secretive.account.id, secretive.first_token.as_ref().unwrap());
        let boss = admin(ours, "Secretive Boss");
        for number in 0..30 {
            let name = format!("secretive-{number}").parse().unwrap();
            wait(ours.accounts.acting(&ada()).account(id).mint(&service_accounts::NewToken::new(name))).unwrap();
        }
        for day in 0..15_u8 {
            let from = if day == 14 { [203, 0, 113, 9].into() } else { OFFICE };
            for _ in 0..if day == 14 { 3000 } else { 10 } {
                wait(ours.accounts.authenticate(first.secret.expose(), Some(from))).unwrap();
            }
            ours.advance(Duration::DAY);
            self.upkeep();
        }
        let rule = TokenPolicy::new("secretive-rules", RequestCriteria::default());
        let rule = rule.with_rule(TokenRule::AllowlistRequired, Enforcement::Soft).enabled();
        for (name, rule) in [
            ("secretive person", rule.clone()),
            ("secretive helper", TokenPolicy { name: "secretive-2".into(), ..rule }),
        ] {
            wait(ours.accounts.acting(&Actor::host(name)).policies().put(&rule, None)).unwrap();
        }
        let eve = Actor::host_with("secretive eve", Grants::nothing());
        assert!(wait(ours.accounts.acting(&eve).account(id).disable()).is_err());
        assert!(wait(ours.accounts.acting(&boss).account(id).disable()).is_ok());
        for _ in 0..40 {
            assert!(wait(ours.accounts.authenticate(first.secret.expose(), Some(OFFICE))).is_err());
        }
        assert!(wait(ours.accounts.acting(&boss).account(id).enable()).is_ok());
        wait(ours.accounts.acting(&boss).token(id, &first.token.id).revoke()).unwrap();
        assert!(wait(ours.accounts.authenticate(first.secret.expose(), Some(OFFICE))).is_err());
        ours.advance(2 * Duration::MINUTE);
        self.upkeep();
        ours.advance(2 * Duration::HOUR);
        self.upkeep();
    }

    fn upkeep(&self) {
        self.ours.upkeep();
        self.theirs.upkeep();
    }
}

/// Somebody who may read the trail, as a service account of the realm.
fn admin(world: &World, name: &str) -> Actor<Permission> {
    let (role, why) = (RoleName::parse("Admin").ok(), Justification::parse("it maintains the catalogue").ok());
    let wanted = NewAccount { role, justification: why, ..account(name) };
    let created = wait(world.accounts.acting(&ada()).create(wanted)).unwrap();
    wait(world.accounts.authenticate(created.first_token.unwrap().secret.expose(), Some(OFFICE))).unwrap().actor()
}

/// The host's own code is of no realm; what it reads through a realm's handle is that realm's all the same.
fn readers(realms: &Realms) -> [(&'static str, Actor<Permission>); 2] {
    [("an account", realms.keeper.clone()), ("the host", ada())]
}

#[test]
fn an_alert_about_an_account_of_another_realm_is_not_seen() {
    let realms = Realms::new();
    let kinds = |world: &World, actor: &Actor<Permission>| {
        let page = wait(world.accounts.acting(actor).trail().alerts(None, None, 200)).unwrap().items;
        let told = format!("{page:?}").to_lowercase();
        (page.iter().map(|alert| alert.kind).collect::<std::collections::BTreeSet<_>>(), told)
    };
    let (ours, told) = kinds(&realms.ours, &ada());
    assert!(ours.len() >= 4 && ours.contains(&AlertKind::PolicyChange) && told.contains("secretive_"), "{ours:?}");
    for (reader, actor) in readers(&realms) {
        let (_, told) = kinds(&realms.theirs, &actor);
        assert!(!told.contains("secretive"), "{reader}: {told}");
    }
}

#[test]
fn an_event_of_another_realm_is_neither_read_nor_exported() {
    let realms = Realms::new();
    for (reader, actor) in readers(&realms) {
        let mut query = Query::default().limit(Query::MAX_LIMIT);
        loop {
            let page = wait(realms.theirs.accounts.acting(&actor).audit(&query)).unwrap();
            let told = format!("{:?}", page.events).to_lowercase();
            assert!(!told.contains("secretive"), "{reader}: {told}");
            let Some(next) = page.next else { break };
            query = query.continue_from(next);
        }
        let by_name = Query::default().for_account(Label::new("secretive_sync@service"));
        assert_eq!(wait(realms.theirs.accounts.acting(&actor).audit(&by_name)).unwrap().events, []);
        let trail = realms.theirs.accounts.acting(&actor).trail();
        let (mut table, mut file) = (wait(trail.export(ExportForm::Csv)).unwrap(), String::new());
        while let Some(part) = wait(trail.next_part(&mut table)).unwrap() {
            file += &part;
        }
        assert!(file.contains("platform_keeper@tenant-b") && !file.to_lowercase().contains("secretive"), "{reader}");
    }
}

/// The place of the next page was the id of another realm's incident: when it was opened, and that there was one.
#[test]
fn a_page_of_incidents_names_none_of_another_realm() {
    let ours = World::new();
    let theirs = World::built(ours.store.inner().clone(), ours.clock.clone(), |builder| {
        builder.realm(Realm::parse("tenant-b").unwrap())
    });
    let ada = ada();
    let open = |world: &World, name: &str| {
        let id = world.create(name).account.id.clone();
        wait(world.accounts.acting(&ada).account(&id).contain("found in a log".parse().unwrap())).unwrap()
    };
    for number in 0..3 {
        open(&ours, &format!("Secretive Sync {number}"));
    }
    let own = open(&theirs, "Plain Sync");
    let page = wait(theirs.accounts.acting(&ada).incidents(None, 2)).unwrap();
    assert_eq!((page.items, page.next), (vec![own], None));
    let page = wait(ours.accounts.acting(&ada).incidents(None, 3)).unwrap();
    assert_eq!((page.items.len(), page.next), (3, None), "none is promised behind the last of its own");
}

/// A next page was promised where only another realm's reviews were left.
#[test]
fn a_page_of_reviews_promises_none_of_another_realm() {
    let ours = World::new();
    let theirs = World::built(ours.store.inner().clone(), ours.clock.clone(), |builder| {
        builder.realm(Realm::parse("tenant-b").unwrap())
    });
    let ada = ada();
    for world in [&ours, &theirs] {
        wait(world.accounts.acting(&ada).reviews().open(ReviewScope::default(), 9)).unwrap();
        wait(world.accounts.acting(&ada).reviews().open(ReviewScope::default(), 9)).unwrap();
    }
    for world in [&ours, &theirs] {
        let page = |after: Option<&_>| wait(world.accounts.acting(&ada).reviews().list(after, 1)).unwrap();
        let first = page(None);
        let second = page(first.next.as_ref());
        assert_eq!((first.items.len(), second.items.len(), second.next), (1, 1, None));
    }
}

/// A sealed file without some of its events verifies nowhere, so an account gets none that holds another realm's.
#[test]
fn a_sealed_export_shows_an_account_nothing_of_another_realm() {
    let realms = Realms::new();
    let trail = realms.theirs.accounts.acting(&realms.keeper).trail();
    let refused = wait(trail.export(ExportForm::JsonLines)).map(drop);
    assert!(matches!(refused, Err(Error::NotPermitted)), "before its first part: {refused:?}");
    assert_eq!(realms.theirs.count(Action::TrailExported), 0, "nothing was exported");
    assert!(realms.theirs.file(ExportForm::JsonLines).contains("secretive"), "the host's own code may");
}

/// Each part asks who reads it, not who began.
#[test]
fn a_sealed_export_that_the_host_began_shows_an_account_nothing_of_another_realm() {
    let realms = Realms::new();
    let (host, keeper) = (ada(), &realms.keeper);
    let mut export = wait(realms.theirs.accounts.acting(&host).trail().export(ExportForm::JsonLines)).unwrap();
    let mut shown = String::new();
    let refused = loop {
        match wait(realms.theirs.accounts.acting(keeper).trail().next_part(&mut export)) {
            Ok(Some(part)) => shown += &part,
            Ok(None) => panic!("the file has an end: {shown}"),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Error::NotPermitted), "{refused:?}");
    assert!(!shown.to_lowercase().contains("secretive"), "{shown}");
}

#[test]
fn an_event_of_another_realm_is_not_proved() {
    let realms = Realms::new();
    let events = realms.ours.events();
    let sealed = |world: &World, actor: &Actor<Permission>, place: Sequence| {
        wait(world.accounts.acting(actor).trail().inclusion(place))
    };
    let (mut theirs, mut hidden) = (0, 0);
    for recorded in &events {
        let about = recorded.event.account().map(|account| account.as_str().to_owned()).unwrap_or_default();
        let ours = sealed(&realms.ours, &ada(), recorded.sequence);
        for (reader, actor) in readers(&realms) {
            match sealed(&realms.theirs, &actor, recorded.sequence) {
                Ok(proof) => {
                    assert!(!format!("{proof:?}").contains("secretive"), "{reader}: {proof:?}");
                    theirs += 1;
                }
                Err(Error::DocumentMissing) if about.ends_with("@service") && ours.is_ok() => hidden += 1,
                Err(Error::DocumentMissing) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    assert!(theirs > 4 && hidden > 20, "{theirs} proved, {hidden} hidden");
    assert!(realms.ours.count(Action::AlertRaised) > 3);
}
