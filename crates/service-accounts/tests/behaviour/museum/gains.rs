//! Who gains is worked out from what is read, and told only where that is still so when the change is made.

use service_accounts::{
    AccountUpdate, Actor, Gain, NewAccount, ServiceAccounts,
    access::{Scopes, Teams},
    audit::Label,
    naming::AccountId,
    token::TokenId,
};

use crate::support::{Call, OFFICE, Permission, Probe, World, ada, in_role, scoped, token, wait};

type Widen = fn(&Scene) -> Vec<Gain>;
type Accounts = ServiceAccounts<Probe, Permission>;

/// A manager of some teams, and an account of one team for which it has minted a token without scopes.
struct Scene {
    world: World,
    eve: AccountId,
    eves: String,
    target: AccountId,
    minted: TokenId,
}

fn teams(names: &[&str]) -> Teams {
    Teams::only(names.iter().copied()).unwrap()
}

fn of(teams: Teams) -> AccountUpdate {
    AccountUpdate { teams: Some(teams), ..AccountUpdate::default() }
}

fn actor(accounts: &Accounts, text: &str) -> Actor<Permission> {
    wait(accounts.authenticate(text, Some(OFFICE))).unwrap().actor()
}

impl Scene {
    fn new(eves_teams: &[&str]) -> Self {
        let world = World::new();
        let eve =
            world.create_with("Eve", |wanted| NewAccount { teams: teams(eves_teams), ..in_role("Admin")(wanted) });
        let target =
            world.create_with("Target", |wanted| NewAccount { teams: teams(&["data"]), ..wanted }).account.id.clone();
        let eves = eve.first_token.unwrap().secret.expose().to_owned();
        let by_eve = actor(&world.accounts, &eves);
        let minted =
            wait(world.accounts.acting(&by_eve).account(&target).mint(&scoped("early", Scopes::none()))).unwrap();
        Self { eve: eve.account.id.clone(), minted: minted.token.id, world, eves, target }
    }

    /// Does something after all reads and just before the commit.
    fn before_the_commit(&self, meanwhile: impl FnOnce(&Accounts) + Send + 'static) {
        let accounts = self.world.accounts.clone();
        self.world.store.interrupt(Call::Commit, move || meanwhile(&accounts));
    }

    fn widen(&self) -> Vec<Gain> {
        let update = of(teams(&["data", "web"]));
        wait(self.world.accounts.acting(&ada()).account(&self.target).update(update)).unwrap().gains
    }

    fn known_to_eve(&self, token: TokenId) -> Gain {
        Gain { token, known_to: vec![Label::new(self.eve.as_str())] }
    }
}

#[test]
fn a_token_minted_between_the_reading_of_gains_and_the_commit_is_named() {
    let scene = Scene::new(&["data"]);
    let (eves, target) = (scene.eves.clone(), scene.target.clone());
    scene.before_the_commit(move |accounts| {
        let by_eve = actor(accounts, &eves);
        wait(accounts.acting(&by_eve).account(&target).mint(&token("late"))).unwrap();
    });
    let gains = scene.widen();
    let tokens = wait(scene.world.accounts.acting(&ada()).account(&scene.target).tokens(None, 10)).unwrap().items;
    let late = tokens.iter().find(|listed| {
        listed.credential.token().id != scene.minted && {
            listed.credential.token().created_by.as_str() == scene.eve.as_str()
        }
    });
    let late = late.expect("it was minted").credential.token().id;
    assert!(
        gains.contains(&scene.known_to_eve(scene.minted)) && gains.contains(&scene.known_to_eve(late)),
        "{gains:?}"
    );
}

#[test]
fn whoever_loses_its_rights_between_the_reading_of_gains_and_the_commit_is_named() {
    let widened = |scene: &Scene| scene.widen();
    let scoped = |scene: &Scene| {
        let ada = ada();
        let handle = scene.world.accounts.acting(&ada);
        wait(handle.token(&scene.target, &scene.minted).set_scopes(Scopes::Inherited)).unwrap().gains
    };
    let calls: [(_, Widen, _); 2] = [("update", widened, "data"), ("scopes", scoped, "web")];
    for (told, widen, left) in calls {
        let scene = Scene::new(&["data", "web"]);
        let eve = scene.eve.clone();
        scene.before_the_commit(move |accounts| {
            wait(accounts.acting(&ada()).account(&eve).update(of(teams(&[left])))).unwrap();
        });
        assert_eq!(widen(&scene), [scene.known_to_eve(scene.minted)], "{told}");
        let unmoved = Scene::new(&["data", "web"]);
        assert_eq!(widen(&unmoved), [], "{told}: nobody lost anything");
    }
}

/// Sessions make no change stale, so they are looked for again once it is made.
#[test]
fn a_session_opened_between_the_reading_of_gains_and_the_commit_is_named() {
    let scene = Scene::new(&["data"]);
    let by_eve = actor(&scene.world.accounts, &scene.eves);
    let secret = wait(scene.world.accounts.acting(&by_eve).account(&scene.target).regenerate_secret()).unwrap().secret;
    let (client, text) = (scene.target.clone(), secret.expose().to_owned());
    scene.before_the_commit(move |accounts| {
        let whole = service_accounts::Narrowing::default();
        drop(wait(accounts.open_session(client.as_str(), &text, &whole, Some(OFFICE))).unwrap());
    });
    let gains = scene.widen();
    let sessions = wait(scene.world.accounts.acting(&ada()).account(&scene.target).sessions(None, 10)).unwrap().items;
    let [session] = &*sessions else { panic!("{sessions:?}") };
    assert!(gains.contains(&scene.known_to_eve(session.credential.token().id)), "{gains:?}");
    assert!(gains.contains(&scene.known_to_eve(secret.id())) && gains.contains(&scene.known_to_eve(scene.minted)));
}

/// openvsx and elasticsearch#157818: a name that was made anew stood for whoever had it before.
#[test]
fn whoever_had_the_name_of_an_account_before_is_not_taken_for_it() {
    let scene = Scene::new(&["data", "web"]);
    assert_eq!(scene.widen(), [], "she holds both");
    let back = of(teams(&["data"]));
    wait(scene.world.accounts.acting(&ada()).account(&scene.target).update(back)).unwrap();
    wait(scene.world.accounts.acting(&ada()).account(&scene.eve).delete()).unwrap();
    scene.world.clock.advance(time::Duration::SECOND);
    let again = scene
        .world
        .create_with("Eve", |wanted| NewAccount { teams: teams(&["data", "web"]), ..in_role("Admin")(wanted) });
    assert_eq!(again.account.id, scene.eve);
    assert_eq!(scene.widen(), [scene.known_to_eve(scene.minted)]);
}

#[test]
fn what_happens_elsewhere_makes_no_gain_stale() {
    let scene = Scene::new(&["data"]);
    scene.before_the_commit(|accounts| {
        wait(accounts.acting(&ada()).create(crate::support::wanted("Elsewhere"))).unwrap();
    });
    let calls = scene.world.store.calls_of(|| assert_eq!(scene.widen(), [scene.known_to_eve(scene.minted)]));
    let commits = calls.iter().filter(|call| **call == Call::Commit).count();
    assert_eq!(commits, 2, "the other account and the change, which was not tried again");
}
