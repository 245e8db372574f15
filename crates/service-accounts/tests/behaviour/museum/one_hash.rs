//! What is remembered of a credential is found by a hash of its id, which has no key.

use std::sync::{Arc, Mutex};

use service_accounts::{
    CreatedAccount, Randomness, RandomnessError, Rejection,
    audit::{Action, Label, Query},
    store::Store,
    token::{TokenId, TokenIdHasher},
};

use crate::support::{Permission, Seeded, World, ada, durable, in_role, keyring, token, wait};

/// Two ids with one hash, all 64 bits of it. It folds a product: they are `a · b` and `3a/2 · 2b/3`.
const TWINS: [&str; 2] = ["AHTqQh56MzRN2le8", "k2gjec4b7WGngSUJ"];

/// Draws a certain id when it is told to, and what can be foretold else.
#[derive(Clone)]
struct Chosen {
    id: Arc<Mutex<Option<&'static str>>>,
    rest: Arc<Seeded>,
}

impl Randomness for Chosen {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        self.rest.fill(bytes)?;
        if let Some(id) = self.id.lock().unwrap().take() {
            bytes[..8].copy_from_slice(&word_of(&id[..9]));
            bytes[8..16].copy_from_slice(&word_of(&format!("{}00", &id[9..])));
        }
        Ok(())
    }
}

/// The random word that nine symbols are drawn from: the middle of all that give them.
fn word_of(symbols: &str) -> [u8; 8] {
    let value = symbols.chars().fold(0, |value, symbol| {
        let digit = ('0'..='9').chain('A'..='Z').chain('a'..='z').position(|each| each == symbol).unwrap();
        value * 62 + u128::try_from(digit).unwrap()
    });
    u64::try_from(((2 * value + 1) << 63) / 62_u128.pow(9)).unwrap().to_le_bytes()
}

/// An account with a token.
type Twin = (CreatedAccount, TokenId, String);

/// A world with a reader and an editor.
fn furnish(build: impl FnOnce(Chosen) -> World) -> (World, [Twin; 2]) {
    let chosen = Chosen { id: Arc::default(), rest: Arc::new(Seeded::new(7)) };
    let world = build(chosen.clone());
    let twins = [("Reader", "Member", TWINS[0]), ("Writer", "Editor", TWINS[1])].map(|(name, role, id)| {
        let created = world.create_with(name, in_role(role));
        *chosen.id.lock().unwrap() = Some(id);
        let minted = wait(world.accounts.acting(&ada()).account(&created.account.id).mint(&token("twin"))).unwrap();
        assert_eq!(minted.token.id.as_str(), id);
        (created, minted.token.id, minted.secret.expose().to_owned())
    });
    (world, twins)
}

fn hash(id: &TokenId) -> u64 {
    use std::hash::{Hash, Hasher};

    let mut hasher = TokenIdHasher::default();
    id.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn two_tokens_whose_ids_have_one_hash_are_never_taken_for_each_other() {
    let (_home, store) = durable();
    let worlds = [
        furnish(|chosen| World::built(|builder| builder.randomness(chosen))),
        furnish(|chosen| World::on(store, keyring(), |builder| builder.randomness(chosen))),
    ];
    for (world, twins) in worlds {
        assert_eq!(hash(&twins[0].1), hash(&twins[1].1), "or nothing is tried");
        let assert_each_is_itself = || {
            for (created, id, text) in &twins {
                let principal = world.at_the_door(text, None).unwrap();
                assert_eq!((principal.id(), principal.token_id()), (&created.account.id, id));
                assert_eq!(principal.token().map(|token| token.id), Some(*id));
                let writes = principal.decide(Permission::ResourcesWrite, None).is_allow();
                assert_eq!(writes, created.account.grant.role().as_str() == "Editor");
            }
        };
        (0..5).for_each(|_| assert_each_is_itself());
        // One after the other, so that each has been let in by what was found out.
        twins.iter().for_each(|(.., text)| (0..5).for_each(|_| assert!(world.at_the_door(text, None).is_ok())));
        wait(world.accounts.flush()).unwrap();
        for (created, id, _) in &twins {
            let query = Query::default().for_action(Action::AccessGranted).for_token(Label::new(id.as_str()));
            let events = wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events;
            assert_eq!(events.iter().map(|recorded| recorded.event.count()).sum::<u32>(), 10, "{id}");
            let listed = wait(world.accounts.acting(&ada()).account(&created.account.id).tokens(None, 10)).unwrap();
            let of_twin = listed.items.iter().find(|listed| listed.credential.token().id == *id).unwrap();
            assert_eq!(of_twin.last_used.map(|last| last.at), Some(world.clock.now()));
        }
        end_one_after_the_other(&world, &twins);
    }
}

fn end_one_after_the_other(world: &World, [first, second]: &[Twin; 2]) {
    let (created, id, text) = first;
    let handle = ada();
    wait(world.accounts.acting(&handle).token(&created.account.id, id).revoke()).unwrap();
    let is_let_in = |text: &str| world.at_the_door(text, None).is_ok();
    (0..3).for_each(|_| assert!(!is_let_in(text) && is_let_in(&second.2)));
    wait(world.accounts.acting(&handle).token(&created.account.id, id).delete()).unwrap();
    (0..3).for_each(|_| assert!(world.verdict(text) == Err(Rejection::Unknown) && is_let_in(&second.2)));
    assert!(wait(world.store.credential(id)).unwrap().is_none());
    wait(world.accounts.acting(&handle).account(&second.0.account.id).disable()).unwrap();
    assert!(!is_let_in(&second.2));
}
