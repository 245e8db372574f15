//! Whatever is bounded in number stays so where two add the last one at once.

use std::sync::{Arc, atomic::AtomicI64};

use service_accounts::{
    ApplicationName, EventPattern, Incident, Narrowing, NewSubscription, NewToken, Note, Subscription, TargetUrl,
    TokenPolicy,
    lifecycle::{Enforcement, RequestCriteria, RequestKind, TokenRule},
    naming::{AccountId, TokenName},
    store::{DocumentKind, Store},
    token::Kind,
};
use service_accounts_store::conformance::Call;

use crate::world::{Accounts, Probe, START, World, ada, durable, fresh, wait};

/// How many sessions an account has in these worlds.
const SESSIONS: usize = 5;

/// How many tokens an account has in these worlds.
const TOKENS: usize = 6;

/// What one account, realm or record has a bounded number of.
#[derive(Clone, Copy, Debug)]
enum Bounded {
    Subscriptions,
    Sessions,
    Tokens,
    Policies,
    Notes,
}

/// What is added to: an account with its client secret.
#[derive(Clone)]
struct Scene {
    accounts: Accounts,
    id: AccountId,
    secret: String,
}

impl Bounded {
    const ALL: [Self; 5] = [Self::Subscriptions, Self::Sessions, Self::Tokens, Self::Policies, Self::Notes];

    const fn most(self) -> usize {
        match self {
            Self::Subscriptions => Subscription::MOST,
            Self::Sessions => SESSIONS,
            Self::Tokens => TOKENS,
            Self::Policies => 64,
            Self::Notes => Incident::MOST_NOTES,
        }
    }

    /// Whether one more was added.
    fn add(self, scene: &Scene, name: &str) -> bool {
        let (ada, accounts) = (ada(), &scene.accounts);
        match self {
            Self::Subscriptions => {
                let (own, all) = (ApplicationName::parse(ApplicationName::OWN), EventPattern::parse("token.*"));
                let url = TargetUrl::parse("https://hooks.example.com/x").unwrap();
                let wanted = NewSubscription::new(own.unwrap(), vec![all.unwrap()], url);
                wait(accounts.acting(&ada).subscriptions(&scene.id).create(wanted)).is_ok()
            }
            Self::Sessions => {
                wait(accounts.open_session(scene.id.as_str(), &scene.secret, &Narrowing::default(), None)).is_ok()
            }
            Self::Tokens => {
                let wanted = NewToken::new(TokenName::parse(name).unwrap());
                wait(accounts.acting(&ada).account(&scene.id).mint(&wanted)).is_ok()
            }
            Self::Policies => {
                let matching_criteria =
                    RequestCriteria { kinds: vec![RequestKind::Certificate], ..RequestCriteria::default() };
                let policy =
                    TokenPolicy::new(name, matching_criteria).with_rule(TokenRule::NoWildcardDomain, Enforcement::Soft);
                wait(accounts.acting(&ada).policies().put(&policy, None)).is_ok()
            }
            Self::Notes => {
                let incident = wait(accounts.acting(&ada).incidents(None, 1)).unwrap().items.remove(0);
                wait(accounts.acting(&ada).note_incident(&incident.id, Note::parse(name).unwrap())).is_ok()
            }
        }
    }

    fn count(self, scene: &Scene, store: &Probe) -> usize {
        let (ada, accounts) = (ada(), &scene.accounts);
        match self {
            Self::Subscriptions => wait(store.documents(DocumentKind::Subscription, None, 100)).unwrap().items.len(),
            Self::Sessions => wait(store.credentials(&scene.id, Kind::Session, None, 100)).unwrap().items.len(),
            Self::Tokens => wait(store.credentials(&scene.id, Kind::Token, None, 100)).unwrap().items.len(),
            Self::Policies => wait(accounts.acting(&ada).policies().list(None, 100)).unwrap().items.len(),
            Self::Notes => wait(accounts.acting(&ada).incidents(None, 1)).unwrap().items.remove(0).notes.len(),
        }
    }
}

/// Two administrators subscribed an account at the same moment, and it had 21 subscriptions where 20 are allowed.
#[test]
fn of_two_who_add_the_last_one_at_once_no_bound_is_passed() {
    for bounded in Bounded::ALL {
        let (_home, second) = durable();
        for store in [fresh(), second] {
            let world = World::on(store, Arc::new(AtomicI64::new(START)), |builder| {
                builder.most_sessions(SESSIONS).most_tokens(TOKENS)
            });
            let scene = scene(&world, bounded);
            for number in 1..bounded.most() {
                assert!(bounded.add(&scene, &format!("number-{number}")), "{bounded:?} {number}");
            }
            let meanwhile = scene.clone();
            world.store.interrupt(Call::Commit, move || assert!(bounded.add(&meanwhile, "meanwhile"), "{bounded:?}"));
            let made = bounded.add(&scene, "last");
            assert_eq!(bounded.count(&scene, &world.store), bounded.most(), "{bounded:?}");
            // A session takes the place of the one that ends first.
            assert_eq!(made, matches!(bounded, Bounded::Sessions), "{bounded:?}");
        }
    }
}

fn scene(world: &World, bounded: Bounded) -> Scene {
    let id = crate::subscriptions::account(world, "Pipeline", "Admin", service_accounts::access::Teams::every());
    let secret = wait(world.accounts.acting(&ada()).account(&id).regenerate_secret()).unwrap().secret;
    if matches!(bounded, Bounded::Notes) {
        wait(world.accounts.acting(&ada()).account(&id).contain(Note::parse("found in a log").unwrap())).unwrap();
    }
    Scene { accounts: world.accounts.clone(), id, secret: secret.expose().to_owned() }
}
