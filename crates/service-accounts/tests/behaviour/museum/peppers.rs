//! A pepper is replaced while tokens live on.
//!
//! openvsx#2162: a new pepper killed every token there was.

use service_accounts::{
    Rejection, UpkeepBounds,
    audit::{Action, Event, Label, Query},
    store::{Authority, Change, Committed, Store},
    token::{Keyring, PepperId, TokenId},
};
use time::Duration;

use crate::support::{
    Call, Fault, Holder, OFFICE, Path, When, World, ada, keyring, on_every_store, pepper, token, wait,
};

#[test]
fn a_token_under_an_earlier_pepper_works_and_is_hashed_again_when_it_is_used() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let world = world.restarted(rotated());
        for path in Path::ALL {
            assert_eq!(pepper_of(&world, &holder, path), "k1");
            assert_eq!(holder.verdict(&world, path), Ok(()), "{path:?}");
            assert_eq!(pepper_of(&world, &holder, path), "k2", "{path:?}");
            assert_eq!(holder.verdict(&world, path), Ok(()), "{path:?}: the text is the same");
        }
        let rehashed =
            wait(world.accounts.acting(&ada()).audit(&Query::default().for_action(Action::TokenRehashed))).unwrap();
        assert_eq!(rehashed.events.len(), 3, "once for each credential");
    });
}

#[test]
fn a_retired_pepper_ends_what_was_not_used_meanwhile_and_nothing_else() {
    on_every_store(|world| {
        let used = world.holder("Pipeline Automation");
        let idle = world.holder("Alation Sync");
        let between = world.restarted(rotated());
        for path in Path::ALL {
            assert_eq!(used.verdict(&between, path), Ok(()));
        }
        let after = between.restarted(rotated().retired(id("k1")).unwrap());
        for path in Path::ALL {
            assert_eq!(used.verdict(&after, path), Ok(()), "{path:?}");
            assert_eq!(idle.verdict(&after, path), Err(Rejection::WrongSecret), "{path:?}");
        }
        let minted = wait(after.accounts.acting(&ada()).account(&idle.id).mint(&token("weekly"))).unwrap();
        assert_eq!(after.verdict(minted.secret.expose()), Ok(()), "what was lost is minted anew");
    });
}

/// Requests go on while the pepper is replaced and while the old one is retired: none fails, and nothing is left behind.
#[test]
fn a_pepper_is_rotated_and_retired_under_load() {
    on_every_store(|world| {
        let holders: Vec<_> = (0..8).map(|number| world.holder(&format!("Pipeline {number}"))).collect();
        let between = world.restarted(rotated());
        wait(between.accounts.check_peppers()).unwrap();
        under_load(&between, &holders);
        let left = |world: &World, pepper: &str| {
            let census = wait(world.accounts.acting(&ada()).peppers()).unwrap();
            census.iter().find(|each| each.id == id(pepper)).and_then(|each| each.credentials)
        };
        assert_eq!(left(&between, "k1"), Some(0), "it can be retired");
        assert_eq!(left(&between, "k2"), Some(24));
        let after = between.restarted(rotated().retired(id("k1")).unwrap());
        wait(after.accounts.check_peppers()).unwrap();
        under_load(&after, &holders);
        assert_eq!(left(&after, "k1"), None, "it is gone");
    });
}

/// Four clients at once, each with every credential of every account, several times.
fn under_load(world: &World, holders: &[Holder]) {
    let client = || {
        for holder in (0..5).flat_map(|_| holders) {
            for path in [Path::Token, Path::Session] {
                assert_eq!(holder.verdict(world, path), Ok(()), "{path:?}");
            }
            let client = world.accounts.authenticate_client(holder.id.as_str(), &holder.secret, Some(OFFICE));
            assert!(wait(client).is_ok(), "the client secret");
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(client))));
}

/// The credential is good; that its record could not be improved is nobody's fault but the store's.
#[test]
fn a_token_works_though_it_cannot_be_hashed_again_and_the_next_use_tries_again() {
    let before = World::new();
    let holder = before.holder("Pipeline Automation");
    let world = before.restarted(rotated());
    for fault in [Fault::Refused, Fault::AnswerLost] {
        let judged = world.store.failing(When::Each(Call::Commit), fault, || holder.verdict(&world, Path::Token));
        assert_eq!(judged, Ok(()), "{fault:?}");
        assert_eq!(pepper_of(&world, &holder, Path::Token), if fault == Fault::Refused { "k1" } else { "k2" });
    }
}

/// Two requests at once, or one behind by a release: the record is hashed once and never back.
#[test]
fn a_record_is_never_hashed_back_or_over_a_newer_one() {
    let before = World::new();
    let holder = before.holder("Pipeline Automation");
    let world = before.restarted(rotated());
    let (accounts, text) = (world.accounts.clone(), holder.token.clone());
    world.store.interrupt(Call::Commit, move || drop(wait(accounts.authenticate(&text, None)).unwrap()));
    assert_eq!(holder.verdict(&world, Path::Token), Ok(()));
    let rehashed =
        wait(world.accounts.acting(&ada()).audit(&Query::default().for_action(Action::TokenRehashed))).unwrap();
    assert_eq!(rehashed.events.len(), 1);

    let behind = world.restarted(keyring());
    assert_eq!(holder.verdict(&behind, Path::Token), Err(Rejection::WrongSecret), "it does not know the pepper");
    assert_eq!(pepper_of(&behind, &holder, Path::Token), "k2");
}

/// A refused credential is no proof of anything, so its record stays as it is.
#[test]
fn a_credential_that_is_refused_is_not_hashed_again() {
    let before = World::new();
    let holder = before.holder("Pipeline Automation");
    wait(before.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
    let world = before.restarted(rotated());
    for path in Path::ALL {
        assert_eq!(holder.verdict(&world, path), Err(Rejection::AccountDisabled));
        assert_eq!(pepper_of(&world, &holder, path), "k1");
    }
}

/// A request that was let in just before its account was deleted hashes a record again that waits to be removed.
#[test]
fn a_late_hash_of_what_a_deleted_account_left_lets_nobody_in_and_goes_with_the_rest() {
    let world = World::new();
    let id = world.holder("Pipeline Automation").id;
    let mint = |number| {
        let wanted = token(&format!("nightly-{number}"));
        wait(world.accounts.acting(&ada()).account(&id).mint(&wanted)).unwrap()
    };
    let minted: Vec<_> = (0..Change::BATCH + 9).map(mint).collect();
    // The first step of the deletion is made, and the process ends before the next.
    let account = wait(world.store.account(&id)).unwrap().unwrap();
    let event = |action| Event::new(action, Label::new("ada"), world.clock.now());
    let deletion = Change::DeleteAccount { account: id.clone(), expected: account.revision };
    let is_made = |change, action| {
        matches!(wait(world.store.commit(&Authority::Host, change, event(action))).unwrap(), Committed::Applied(_))
    };
    assert!(is_made(deletion, Action::AccountDeleted));
    let is_left = |id: &TokenId| wait(world.store.credential(id)).unwrap().is_some();
    let left: Vec<_> = minted.iter().filter(|minted| is_left(&minted.token.id)).collect();
    let (late, other) = (left.first().unwrap(), left.last().unwrap());
    let (token, from, to) = (late.token.id, late.token.digest.clone(), other.token.digest.clone());
    let rehash = Change::Rehash { token, from, to };
    assert!(is_made(rehash, Action::TokenRehashed));
    for minted in &left {
        assert!(world.authenticate(minted.secret.expose()).is_err(), "its account is deleted");
    }
    world.clock.advance(Duration::days(400));
    wait(world.accounts.upkeep(UpkeepBounds::default())).unwrap();
    assert!(left.iter().all(|minted| !is_left(&minted.token.id)));
    assert!(wait(world.store.account(&id)).unwrap().is_none());
}

fn rotated() -> Keyring {
    keyring().rotated(id("k2"), pepper(2)).unwrap()
}

fn id(text: &str) -> PepperId {
    PepperId::parse(text).unwrap()
}

fn pepper_of(world: &World, holder: &Holder, path: Path) -> String {
    let found = wait(world.store.credential(&holder.id_on(path))).unwrap().unwrap();
    found.token().digest.pepper().to_string()
}
