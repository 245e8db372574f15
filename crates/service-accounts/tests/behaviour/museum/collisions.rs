//! tower-sessions#180 and #188, on every call that draws an id: one that came up twice overwrote somebody else's session.
//!
//! The table has each call that draws. A new one joins it, as does a new way into one of them.

use service_accounts::{
    Actor, ApplicationName, EventPattern, ImportFile, ImportOptions, NewAccount, NewSubscription, RotateToken,
    Successor, TargetUrl,
    access::Teams,
    audit::{Action, Query},
    lifecycle::{Environment, RotationKey},
    naming::{AccountId, TokenName},
    store::{DocumentKind, Store},
    token::{Kind, TokenId},
};

use crate::support::{Permission, Stuck, World, ada, durable, fresh, in_role, keyring, token, wait, wanted};

/// An account to work on, and a bystander whose client secret and subscription have the ids that come up again.
struct Scene {
    world: World,
    source: Stuck,
    id: AccountId,
    secret: String,
    token: TokenId,
    text: String,
    itself: Actor<Permission>,
    bystander: AccountId,
    theirs: String,
}

/// What a call drew, or what it says.
type Drew = Result<Vec<String>, String>;

type Call = fn(&Scene) -> Drew;

/// What a call does with an id that is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    DrawsAnew,
    /// It answers an error. Asked again it draws others.
    Answers,
}

const CALLS: [(&str, Then, Call); 11] = [
    ("create an account with its first token", Then::DrawsAnew, |scene| {
        drew(wait(scene.world.accounts.acting(&ada()).create(wanted("Alation Sync"))), |made| {
            let secret = made.client_secret.as_ref().unwrap().id();
            vec![secret.to_string(), made.first_token.as_ref().unwrap().token.id.to_string()]
        })
    }),
    ("create an account under a key", Then::DrawsAnew, |scene| {
        let (ada, wanted) =
            (ada(), NewAccount { request: Some("deploy-7".parse().unwrap()), ..wanted("Alation Sync") });
        drew(wait(scene.world.accounts.acting(&ada).create(wanted)), |made| {
            vec![made.client_secret.as_ref().unwrap().id().to_string()]
        })
    }),
    ("mint", Then::DrawsAnew, |scene| {
        drew(wait(scene.world.accounts.acting(&ada()).account(&scene.id).mint(&token("weekly"))), |minted| {
            vec![minted.token.id.to_string()]
        })
    }),
    ("regenerate the client secret", Then::DrawsAnew, |scene| {
        drew(wait(scene.world.accounts.acting(&ada()).account(&scene.id).regenerate_secret()), |made| {
            vec![made.secret.id().to_string()]
        })
    }),
    ("open a session", Then::DrawsAnew, |scene| {
        let narrowing = Default::default();
        let opened = scene.world.accounts.open_session(scene.id.as_str(), &scene.secret, &narrowing, None);
        drew(wait(opened), |opened| vec![opened.token.id.to_string()])
    }),
    ("rotate a token", Then::DrawsAnew, |scene| {
        let wanted = RotateToken::new(RotationKey::parse("deploy-1").unwrap());
        drew(wait(scene.world.accounts.acting(&ada()).token(&scene.id, &scene.token).rotate(&wanted)), |rotated| {
            vec![rotated.successor.id.to_string()]
        })
    }),
    ("rotate itself", Then::DrawsAnew, |scene| {
        let wanted = RotateToken::new(RotationKey::parse("deploy-1").unwrap());
        drew(
            wait(scene.world.accounts.acting(&scene.itself).token(&scene.id, &scene.token).rotate(&wanted)),
            |rotated| vec![rotated.successor.id.to_string()],
        )
    }),
    ("contain a token with a successor", Then::DrawsAnew, |scene| {
        let (ada, reason) = (ada(), "found in a log".parse().unwrap());
        let token = scene.world.accounts.acting(&ada).token(&scene.id, &scene.token);
        drew(wait(token.contain(reason, Successor::Minted)), |contained| {
            vec![contained.successor.as_ref().unwrap().token.id.to_string()]
        })
    }),
    ("contain an account with a new secret", Then::DrawsAnew, |scene| {
        let (ada, reason) = (ada(), "found in a log".parse().unwrap());
        let account = scene.world.accounts.acting(&ada).account(&scene.id);
        drew(wait(account.contain_with_new_secret(reason)), |contained| {
            vec![contained.client_secret.secret.id().to_string()]
        })
    }),
    ("import", Then::Answers, |scene| import(scene, Some(TokenName::parse("first").unwrap()))),
    ("subscribe", Then::DrawsAnew, |scene| {
        let subscribed = wait(scene.world.accounts.acting(&ada()).subscriptions(&scene.bystander).create(messages()));
        drew(subscribed, |made| vec![made.subscription.id.to_string()])
    }),
];

fn import(scene: &Scene, first_token: Option<TokenName>) -> Drew {
    let csv = "user,display_name,email,title,role,password\nloader,,,,Editor,\nreader,,,,Member,\n";
    let options = ImportOptions { first_token, ..ImportOptions::new(Environment::production()) };
    let (ada, file) = (ada(), ImportFile { csv: csv.as_bytes(), options });
    let acting = scene.world.accounts.acting(&ada);
    let digest = wait(acting.preview_import(&file)).unwrap().digest;
    drew(wait(acting.confirm_import(&file, &digest)), |imported| {
        imported.accounts.iter().map(|account| account.client_secret.id().to_string()).collect()
    })
}

fn drew<T, E: std::fmt::Debug>(answer: Result<T, E>, ids: impl FnOnce(&T) -> Vec<String>) -> Drew {
    answer.map(|made| ids(&made)).map_err(|error| format!("{error:?}"))
}

fn messages() -> NewSubscription {
    let (own, url) = (ApplicationName::parse(ApplicationName::OWN), TargetUrl::parse("https://hooks.example.com/x"));
    NewSubscription::new(own.unwrap(), vec![EventPattern::parse("token.minted").unwrap()], url.unwrap())
}

impl Scene {
    /// The next `repeats` fetches from the source have the bystander's ids.
    fn new(world: impl FnOnce(Stuck) -> World, repeats: usize) -> Self {
        let source = Stuck::for_calls(1);
        let world = world(source.clone());
        let bystander = world.create_with("Bystander", |wanted| NewAccount {
            teams: Teams::every(),
            first_token: None,
            ..in_role("Admin")(wanted)
        });
        source.repeat(1);
        let theirs = &bystander.account.id;
        wait(world.accounts.acting(&ada()).subscriptions(theirs).create(messages())).unwrap();
        let created = world.create("Pipeline Automation");
        let first = created.first_token.as_ref().unwrap();
        let itself = world.authenticate(first.secret.expose()).unwrap().actor();
        // Else the access would be written before the first change, and look like one.
        wait(world.accounts.flush()).unwrap();
        let scene = Self {
            source: source.clone(),
            id: created.account.id.clone(),
            secret: created.client_secret.as_ref().unwrap().expose().to_owned(),
            token: first.token.id,
            text: first.secret.expose().to_owned(),
            itself,
            bystander: theirs.clone(),
            theirs: bystander.client_secret.as_ref().unwrap().expose().to_owned(),
            world,
        };
        source.repeat(repeats);
        scene
    }

    /// Both accounts with their credentials and documents, and every event.
    fn everything(&self) -> String {
        let store = self.world.store.inner();
        let events = wait(store.events(&Query::default().limit(Query::MAX_LIMIT))).unwrap().events;
        format!("{:#?}{events:#?}{:#?}", self.of(&self.id), self.of_bystander())
    }

    fn of_bystander(&self) -> String {
        let documents = wait(self.world.store.inner().documents(DocumentKind::Subscription, None, 9)).unwrap();
        format!("{}{:#?}", self.of(&self.bystander), documents.items.first())
    }

    fn of(&self, id: &AccountId) -> String {
        let store = self.world.store.inner();
        let of_kind = |kind| wait(store.credentials(id, kind, None, 99)).unwrap().items;
        let credentials = [Kind::Token, Kind::Session, Kind::Secret].map(of_kind);
        format!("{:#?}{credentials:#?}", wait(store.account(id)).unwrap())
    }

    fn opens(&self, id: &AccountId, secret: &str) -> bool {
        self.source.repeat(0);
        wait(self.world.accounts.open_session(id.as_str(), secret, &Default::default(), None)).is_ok()
    }
}

fn on_each_store(test: impl Fn(&dyn Fn(usize) -> Scene)) {
    let on = |store| |source| World::on(store, keyring(), |builder| builder.randomness(source));
    test(&|repeats| Scene::new(on(fresh()), repeats));
    let homes = std::cell::RefCell::new(Vec::new());
    test(&|repeats| {
        let (home, store) = durable();
        homes.borrow_mut().push(home);
        Scene::new(on(store), repeats)
    });
}

#[test]
fn each_call_that_draws_a_taken_id_draws_anew_or_says_so() {
    on_each_store(|scene| {
        for (name, then, call) in CALLS {
            let scene = scene(3);
            let (before, theirs) = (scene.everything(), scene.of_bystander());
            match call(&scene) {
                Ok(ids) => {
                    assert!(then == Then::DrawsAnew, "{name}: {ids:?}");
                    assert!(ids.iter().all(|id| !theirs.contains(id.as_str())), "{name}: {ids:?}");
                }
                Err(error) => {
                    assert!(then == Then::Answers && error.contains("Conflict"), "{name}: {error}");
                    assert!(before == scene.everything(), "{name} changed something and was refused");
                    scene.source.repeat(0);
                    assert!(call(&scene).is_ok(), "{name}: it works when asked again");
                }
            }
            assert!(scene.of_bystander() == theirs, "{name} changed the record that had the id");
            assert!(scene.opens(&scene.bystander, &scene.theirs), "{name}");
        }
    });
}

#[test]
fn each_call_whose_ids_are_all_taken_answers_an_error_and_changes_nothing() {
    on_each_store(|scene| {
        for (name, _, call) in CALLS {
            let scene = scene(usize::MAX);
            let before = scene.everything();
            let error = call(&scene).unwrap_err();
            assert!(error.contains("Conflict"), "{name}: {error}");
            assert!(before == scene.everything(), "{name} changed something");
            assert!(scene.opens(&scene.id, &scene.secret), "{name}");
            assert!(scene.opens(&scene.bystander, &scene.theirs), "{name}");
            assert_eq!(scene.world.verdict(&scene.text), Ok(()), "{name}");
        }
    });
}

/// The ids of one file may also meet each other, those of one row or of two.
#[test]
fn an_import_whose_rows_draw_one_id_creates_no_account() {
    on_each_store(|scene| {
        for first_token in [None, Some(TokenName::parse("first").unwrap())] {
            let scene = scene(0);
            scene.source.repeat_others(2);
            let before = scene.everything();
            let error = import(&scene, first_token).unwrap_err();
            assert!(error.contains("Conflict"), "{error}");
            assert!(before == scene.everything());
            let created = Query::default().for_action(Action::ImportConfirmed);
            assert_eq!(wait(scene.world.store.inner().events(&created)).unwrap().events, []);
        }
    });
}
