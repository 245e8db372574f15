//! Random orders of everything that can happen to one rotation, through the facade.
//!
//! The leaf `lifecycle` searches every order of a small model. This is the same with the real calls: answers are lost,
//! calls race, the process dies and opens the store anew. The invariants are those of the leaf's model.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use service_accounts::{
    Error, NewToken, RotateToken,
    lifecycle::{Overlap, Span, TokenState},
    naming::{AccountId, TokenName},
    store::{Credential, Store},
    token::{Kind, TokenId},
};
use service_accounts_store::conformance::{Call, Fault, When};
use time::Duration;

use crate::world::{Accounts, Home, OFFICE, START, World, ada, by_key, durable, fresh, reopen, wait};

const KEYS: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Copy, Debug)]
enum Step {
    Hours(i64),
    Rotate { key: &'static str, overlap: Option<Overlap> },
    UseSuccessor,
    UseOld,
    Sweep,
    Cancel,
    Finish,
    RevokeOld,
    RevokeSuccessor,
}

/// What happens to a step on its way.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    None,
    AnswerLost,
    Refused,
    /// Another step comes in just before the write.
    RacedBy(Step),
    /// The process dies afterwards.
    Crash,
}

/// What whoever runs the client knows, and what an operator has done.
#[derive(Default)]
struct Known {
    texts: BTreeMap<TokenId, String>,
    successor_of_key: BTreeMap<&'static str, TokenId>,
    /// An operator has ended a token; what follows is no fault of the rotation.
    incident: bool,
}

/// One token to rotate, and everything about it that outlives a crash.
#[derive(Clone)]
struct Subject {
    account: AccountId,
    old: TokenId,
    old_text: String,
    known: Arc<Mutex<Known>>,
}

impl Subject {
    fn act(&self, accounts: &Accounts, clock: &AtomicI64, step: Step) {
        let ada = ada();
        let old = accounts.acting(&ada).token(&self.account, &self.old);
        match step {
            Step::Hours(hours) => drop(clock.fetch_add(hours * 3600, Ordering::SeqCst)),
            Step::Sweep => drop(wait(accounts.upkeep(service_accounts::UpkeepBounds::default()))),
            Step::UseOld => drop(wait(accounts.authenticate(&self.old_text, Some(OFFICE)))),
            Step::UseSuccessor => {
                let texts: Vec<_> = self.known().texts.values().cloned().collect();
                texts.iter().for_each(|text| drop(wait(accounts.authenticate(text, Some(OFFICE)))));
            }
            Step::Cancel => drop(wait(old.cancel_rotation())),
            Step::Finish => {
                // Where the answer is lost, it may be finished.
                let finished = wait(old.finish_rotation());
                self.known().incident |= matches!(finished, Ok(_) | Err(Error::Unavailable(_)));
            }
            Step::RevokeOld => {
                self.known().incident = true;
                drop(wait(old.revoke()));
            }
            Step::RevokeSuccessor => {
                let Some(successor) = wait(old.rotation()).ok().and_then(|rotation| rotation.successor) else { return };
                self.known().incident = true;
                drop(wait(accounts.acting(&ada).token(&self.account, &successor.token().id).revoke()));
            }
            Step::Rotate { key, overlap } => {
                let Ok(rotated) = wait(old.rotate(&RotateToken { overlap, ..by_key(key) })) else { return };
                let mut known = self.known();
                let id = rotated.successor.id;
                assert_eq!(*known.successor_of_key.entry(key).or_insert(id), id, "two successors of one key");
                rotated.secret.map(|secret| known.texts.insert(id, secret.expose().to_owned()));
            }
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Model {
    /// What a durable store leaves behind.
    home: Option<Home>,
    world: World,
    random: ChaCha20Rng,
}

impl Model {
    fn begin(seed: u64, is_durable: bool) -> Self {
        let (home, store) = if is_durable {
            let (home, store) = durable();
            (Some(home), store)
        } else {
            (None, fresh())
        };
        let world = World::on(store, Arc::new(AtomicI64::new(START)), |builder| builder);
        Self { home, world, random: ChaCha20Rng::seed_from_u64(seed) }
    }

    fn below(&mut self, end: u32) -> usize {
        usize::try_from(self.random.next_u32() % end).unwrap()
    }

    fn step(&mut self) -> Step {
        let key = KEYS[self.below(3)];
        let overlaps = [None, Some(Overlap::None), Some(Overlap::Fixed(Span::days(1).unwrap()))];
        let overlap = overlaps[self.below(3)];
        match self.below(16) {
            0..=2 => Step::Hours(i64::try_from(self.below(20)).unwrap() + 1),
            3..=6 => Step::Rotate { key, overlap },
            7..=9 => Step::UseSuccessor,
            10 => Step::UseOld,
            11 => Step::Sweep,
            12 => Step::Finish,
            13 if self.below(3) == 0 => Step::RevokeOld,
            14 if self.below(3) == 0 => Step::RevokeSuccessor,
            _ => Step::Cancel,
        }
    }

    fn mishap(&mut self) -> Mishap {
        match self.below(10) {
            0 => Mishap::AnswerLost,
            1 => Mishap::Refused,
            2 | 3 => Mishap::RacedBy(self.step()),
            4 if self.below(8) == 0 => Mishap::Crash,
            _ => Mishap::None,
        }
    }

    /// A token of three days, so that its own end plays its part.
    fn subject(&mut self, account: &AccountId, number: usize) -> Subject {
        let name = TokenName::parse(&format!("token-{number}")).unwrap();
        let wanted = NewToken { lifetime: Some(Duration::days(3)), ..NewToken::new(name) };
        let minted = wait(self.world.accounts.acting(&ada()).account(account).mint(&wanted)).unwrap();
        let old_text = minted.secret.expose().to_owned();
        Subject { account: account.clone(), old: minted.token.id, old_text, known: Arc::default() }
    }

    fn take(&mut self, subject: &Subject, step: Step, mishap: Mishap) {
        let (accounts, clock) = (self.world.accounts.clone(), self.world.clock.clone());
        let act = || subject.act(&self.world.accounts, &self.world.clock, step);
        match mishap {
            Mishap::None | Mishap::Crash => act(),
            Mishap::AnswerLost => self.world.store.failing(When::Each(Call::Commit), Fault::AnswerLost, act),
            Mishap::Refused => self.world.store.failing(When::Each(Call::Commit), Fault::Refused, act),
            Mishap::RacedBy(other) => {
                let subject = subject.clone();
                self.world.store.interrupt(Call::Commit, move || subject.act(&accounts, &clock, other));
                act();
            }
        }
        if matches!(mishap, Mishap::Crash) {
            let clock = self.world.clock.clone();
            let store = self.home.as_ref().map_or_else(|| self.world.store.inner().clone(), reopen);
            self.world = World::on(store, clock, |builder| builder);
        }
    }

    fn walk(&mut self, account: &AccountId, number: usize) {
        let subject = self.subject(account, number);
        let (mut stopped, mut path) = (BTreeSet::new(), Vec::new());
        for _ in 0..12 {
            let (step, mishap) = (self.step(), self.mishap());
            path.push((step, mishap));
            self.take(&subject, step, mishap);
            // Whatever did not meet its write must not meet the next one.
            self.world.store.interrupt(Call::Trim, || ());
            if let Some(broken) = self.broken_invariant(&subject, &mut stopped) {
                panic!("{broken}: {path:#?}");
            }
        }
    }

    fn stored(&self, token: &TokenId) -> Option<Arc<Credential>> {
        wait(self.world.store.inner().credential(token)).unwrap()
    }

    /// The eight invariants of the leaf's model; the name of the one that does not hold.
    fn broken_invariant(&self, subject: &Subject, stopped: &mut BTreeSet<TokenId>) -> Option<&'static str> {
        let now = self.world.now();
        let old = self.stored(&subject.old)?;
        let known = subject.known();
        let ids: BTreeSet<_> = known.successor_of_key.values().copied().collect();
        let last = old.token().rotation.as_deref();
        let ids: BTreeSet<_> = ids.into_iter().chain(last.map(|rotation| *rotation.successor())).collect();
        let successors: Vec<_> = ids.iter().filter_map(|id| self.stored(id)).collect();
        let works = |credential: &Arc<Credential>| credential.standing(now).is_ok();
        let live = successors.iter().filter(|each| !each.token().state.is_revoked()).count();
        let is_known = successors.iter().any(|each| works(each) && known.texts.contains_key(&each.token().id));
        let rotation = last.filter(|rotation| !rotation.is_cancelled());
        let deadline = rotation.map_or(old.token().expires_at?, |rotation| rotation.deadline());
        let mut revived = false;
        for each in successors.iter().chain([&old]) {
            revived |= stopped.contains(&each.token().id) && works(each);
            if !works(each) {
                stopped.insert(each.token().id);
            }
        }
        let outlives =
            matches!(old.token().state, TokenState::Retiring { until } if Some(until) > old.token().expires_at);
        let called_off = last.filter(|rotation| rotation.is_cancelled());
        let is_in_use = called_off.is_some_and(|rotation| live > 0 || rotation.successor_last_use().is_some());
        let of_key = rotation.and_then(|rotation| known.successor_of_key.get(rotation.key().as_str()));
        let is_other = of_key.is_some_and(|id| rotation.is_some_and(|rotation| rotation.successor() != id));
        let is_lost = rotation.is_some_and(|rotation| {
            let successor = self.stored(rotation.successor()).map(|each| each.token().state);
            let mut record = rotation.clone();
            let state = successor.unwrap_or(TokenState::Deleted { at: now });
            let by = service_accounts::audit::Label::new("ada");
            works(&old)
                && rotation.successor_last_use().is_none()
                && record.cancel(by, old.token().state, state, now).is_err()
        });
        [
            (live > 1, "two successors"),
            (is_other, "two successors of one key"),
            (revived, "a token that had stopped works again"),
            (outlives, "a deadline beyond the expiry"),
            (!known.incident && now < deadline && !works(&old) && !is_known, "nobody can work before the deadline"),
            (!known.incident && rotation.is_some() && now >= deadline && live == 0, "no successor after the deadline"),
            (is_in_use, "a successor called off and in use"),
            (is_lost, "a lost answer that cannot be called off"),
        ]
        .into_iter()
        .find_map(|(is_broken, name)| is_broken.then_some(name))
    }
}

fn walk(walks: usize, seed: u64, is_durable: bool) {
    let mut model = Model::begin(seed, is_durable);
    let mut account = model.world.create("Pipeline 0").account.id.clone();
    for number in 0..walks {
        if number % 50 == 49 {
            account = model.world.create(&format!("Pipeline {number}")).account.id.clone();
        }
        model.walk(&account, number);
    }
    let page = wait(model.world.store.inner().credentials(&account, Kind::Token, None, 200)).unwrap();
    assert!(page.items.len() > 1, "the walks have rotated something");
}

/// On a server each step is a round trip.
fn is_on_a_server() -> bool {
    env!("CARGO_CRATE_NAME").ends_with("on_postgres")
}

/// Ten thousand walks on SQLite, in shares that run side by side.
macro_rules! shares {
    ($($name:ident: $seed:literal;)+) => {$(
        #[test]
        fn $name() {
            walk(if is_on_a_server() { 20 } else { 1_250 }, $seed, true);
        }
    )+};
}

shares! {
    no_order_of_events_locks_anyone_out_or_leaves_two_successors: 12;
    nor_does_another_order: 112;
    nor_does_a_third: 212;
    nor_does_a_fourth: 312;
    nor_does_a_fifth: 412;
    nor_does_a_sixth: 512;
    nor_does_a_seventh: 612;
    nor_does_an_eighth: 712;
}

#[test]
fn no_order_of_events_locks_anyone_out_in_memory() {
    walk(if is_on_a_server() { 50 } else { 2_000 }, 14, false);
}

/// A million, or as many as `WALKS` says, from the seed `SEED` on.
#[test]
#[ignore = "hours in release; WALKS=100000 for fewer"]
fn no_order_of_events_locks_anyone_out_in_a_million_walks() {
    let number = |name: &str, usual| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (walks, seed) = (number("WALKS", 1_000_000), number("SEED", 13));
    let share = |one: u64| move || walk(usize::try_from(walks).unwrap().div_ceil(8), seed + one, true);
    let shares: Vec<_> = (0..8).map(|one| std::thread::spawn(share(one))).collect();
    shares.into_iter().for_each(|share| share.join().unwrap());
}
