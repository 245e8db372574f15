//! A pepper is replaced while tokens live on.
//!
//! openvsx#2162: a new pepper killed every token there was.

use service_accounts::{
    Rejection,
    audit::{Action, Query},
    store::Store,
    token::{Keyring, PepperId},
};

use crate::support::{Call, Fault, Holder, Path, When, World, ada, keyring, on_every_store, pepper, token, wait};

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
