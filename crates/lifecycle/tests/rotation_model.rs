//! Every order of everything that can happen to one rotation.
//!
//! The search is exhaustive: from each state every possible event is tried, until no new state turns up.
//! The world is small (a few seconds, two requests, one token) but holds all that has gone wrong elsewhere:
//! requests race, answers are lost, the process dies between reading and writing, marks of use arrive
//! late or never, the sweeper may never run, and an operator may revoke either token at any time.
//!
//! Each invariant has a fault that must break it, so that a search that looks at nothing would be noticed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use service_accounts_lifecycle::{
    Overlap, Rotation, RotationAdmission, RotationKey, RotationPermit, Span, TokenState, TokenValidity,
};
use time::UtcDateTime;

const KEYS: usize = 2;
/// Three seconds, and four in a release build: each one makes the world three times larger.
const LAST_SECOND: i64 = if cfg!(debug_assertions) { 2 } else { 3 };
const OLD_EXPIRES: i64 = LAST_SECOND;
/// After every deadline, even one that forgets the expiry of the old token.
const NEW_EXPIRES: i64 = LAST_SECOND + 2;

type Record = Rotation<usize, ()>;

#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    now: i64,
    old: TokenValidity,
    successors: Vec<Successor>,
    last: Option<Rc<Record>>,
    requests: [Option<Read>; KEYS],
    mark: Option<(usize, i64)>,
    /// An operator has revoked a token; what follows is no fault of the rotation.
    incident: bool,
    old_has_stopped: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Successor {
    standing: TokenValidity,
    key: usize,
    /// The caller got the answer, and with it the secret.
    is_known: bool,
    has_stopped: bool,
}

/// A request that has read, and has not yet written.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Read {
    at: i64,
    old: TokenValidity,
    last: Option<(Rc<Record>, TokenState)>,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Second,
    Read(usize),
    Commit { key: usize, overlap: Overlap, is_answer_lost: bool },
    Crash(usize),
    UseSuccessor(usize),
    MarkArrives,
    MarkIsLost,
    Settle,
    Cancel,
    RevokeOld,
    RevokeSuccessor,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    WriteWithoutPrecondition,
    MintAgainOnRetry,
    MintAgainOnceCancelled,
    KillAtMint,
    LeaveOldAsItWas,
    OutliveExpiry,
    SettleTheWrongToken,
    ReinstateRevoked,
    CancelHalf,
}

fn at(second: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(second).unwrap()
}

fn key(key: usize) -> RotationKey {
    RotationKey::parse(["a", "b"][key]).unwrap()
}

fn events(world: &World) -> Vec<Event> {
    let [one, two] = [1, 2].map(|seconds| Span::seconds(seconds).unwrap());
    let mut events = vec![Event::Second, Event::MarkArrives, Event::MarkIsLost, Event::Settle, Event::Cancel];
    events.extend([Event::RevokeOld, Event::RevokeSuccessor]);
    events.extend((0..world.successors.len()).map(Event::UseSuccessor));
    for key in 0..KEYS {
        events.extend([Event::Read(key), Event::Crash(key)]);
        for overlap in [Overlap::None, Overlap::UntilFirstUse(one), Overlap::Fixed(two)] {
            events.extend([true, false].map(|is_answer_lost| Event::Commit { key, overlap, is_answer_lost }));
        }
    }
    events
}

impl World {
    fn begin() -> Self {
        Self {
            now: 0,
            old: TokenValidity { state: TokenState::Active, expires_at: at(OLD_EXPIRES) },
            successors: Vec::new(),
            last: None,
            requests: [const { None }; KEYS],
            mark: None,
            incident: false,
            old_has_stopped: false,
        }
    }

    /// The world after an event, unless the event cannot happen.
    fn after(&self, event: Event, fault: Fault) -> Option<Self> {
        let mut world = self.clone();
        let now = at(self.now);
        match event {
            Event::Second if self.now < LAST_SECOND => world.now += 1,
            Event::Second => return None,
            Event::Read(key) => world.requests[key] = Some(world.read()),
            Event::Crash(key) => drop(world.requests[key].take()?),
            Event::Commit { key, overlap, is_answer_lost } => world.commit(key, overlap, is_answer_lost, fault)?,
            Event::UseSuccessor(index) => {
                let successor = &self.successors[index];
                (successor.is_known && successor.standing.works(now)).then_some(())?;
                world.mark = Some((index, self.now));
            }
            Event::MarkIsLost => drop(world.mark.take()?),
            Event::MarkArrives => {
                let (index, used) = world.mark.take()?;
                let rotation = world.last.as_mut().filter(|rotation| *rotation.successor() == index)?;
                world.old.state = Rc::make_mut(rotation).note_successor_use(world.old.state, at(used));
            }
            Event::Settle => {
                let settled = Rc::make_mut(world.last.as_mut()?).settle(world.old.state, now);
                match world.successors.last_mut().filter(|_| fault == Fault::SettleTheWrongToken) {
                    Some(successor) if settled.is_revoked() => successor.standing.state = settled,
                    _ => world.old.state = settled,
                }
            }
            Event::Cancel => world.cancel(fault)?,
            Event::RevokeOld => {
                world.old.state = world.old.state.revoke(now).ok()?;
                world.incident = true;
            }
            Event::RevokeSuccessor => {
                let successor = world.successors.last_mut()?;
                successor.standing.state = successor.standing.state.revoke(now).ok()?;
                world.incident = true;
            }
        }
        world.remember_what_stopped();
        if fault != Fault::WriteWithoutPrecondition {
            world.forget_stale_reads();
        }
        Some(world)
    }

    fn read(&self) -> Read {
        Read { at: self.now, old: self.old, last: self.last() }
    }

    /// The precondition of a write is that what was read is still so.
    fn last(&self) -> Option<(Rc<Record>, TokenState)> {
        self.last.clone().map(|rotation| {
            let successor = self.successors[*rotation.successor()].standing.state;
            (rotation, successor)
        })
    }

    /// An answer that mints nothing ends the request and changes nothing else, as a crash does.
    fn commit(&mut self, asked: usize, overlap: Overlap, is_answer_lost: bool, fault: Fault) -> Option<()> {
        let Read { at: then, old, last } = self.requests[asked].take()?;
        let unchanged = last.clone();
        let last = last.as_ref().filter(|(rotation, _)| match fault {
            Fault::MintAgainOnRetry => false,
            Fault::MintAgainOnceCancelled => !rotation.is_cancelled(),
            _ => true,
        });
        let admitted = Record::admit(last.map(|(rotation, state)| (&**rotation, *state)), &key(asked), old, at(then));
        let Ok(RotationAdmission::New(permit)) = admitted else {
            return None;
        };
        let is_stale = (self.old, self.last()) != (old, unchanged) && fault != Fault::WriteWithoutPrecondition;
        if is_stale { None } else { self.open(permit, asked, overlap, is_answer_lost, fault) }
    }

    fn open(
        &mut self,
        permit: RotationPermit,
        key: usize,
        overlap: Overlap,
        is_answer_lost: bool,
        fault: Fault,
    ) -> Option<()> {
        let index = self.successors.len();
        let opened = permit.open((usize::MAX, index), at(NEW_EXPIRES), overlap, ()).ok()?;
        let now = at(self.now);
        self.old.state = match fault {
            Fault::KillAtMint => TokenState::Revoked { at: now },
            Fault::LeaveOldAsItWas => self.old.state,
            Fault::OutliveExpiry => TokenState::Retiring { until: at(self.now + 3) },
            _ => opened.predecessor,
        };
        self.last = Some(Rc::new(opened.rotation));
        let standing = TokenValidity { state: TokenState::Active, expires_at: at(NEW_EXPIRES) };
        self.successors.push(Successor { standing, key, is_known: !is_answer_lost, has_stopped: false });
        Some(())
    }

    fn cancel(&mut self, fault: Fault) -> Option<()> {
        let rotation = Rc::make_mut(self.last.as_mut()?);
        let successor = &mut self.successors[*rotation.successor()];
        let cancelled = rotation.cancel((), self.old.state, successor.standing.state, at(self.now));
        if fault == Fault::ReinstateRevoked && self.old.state.is_revoked() {
            self.old.state = TokenState::Active;
            return Some(());
        }
        let cancelled = cancelled.ok()?;
        self.old.state = cancelled.predecessor;
        if fault != Fault::CancelHalf {
            successor.standing.state = cancelled.successor;
        }
        Some(())
    }

    /// What was read and is no longer so can only be refused: the request might as well begin again.
    fn forget_stale_reads(&mut self) {
        let current = (self.old, self.last());
        for request in &mut self.requests {
            request.take_if(|read| (read.old, &read.last) != (current.0, &current.1));
        }
    }

    fn remember_what_stopped(&mut self) {
        let now = at(self.now);
        self.old_has_stopped |= !self.old.works(now);
        for successor in &mut self.successors {
            successor.has_stopped |= !successor.standing.works(now);
        }
    }

    /// What must be true of every world that can be reached; the name of what is not.
    fn broken_invariant(&self) -> Option<&'static str> {
        let now = at(self.now);
        let works = |successor: &&Successor| successor.standing.works(now);
        let live = self.successors.iter().filter(|successor| !successor.standing.state.is_revoked()).count();
        let is_known = self.successors.iter().filter(works).any(|successor| successor.is_known);
        let rotation = self.last.as_ref().filter(|rotation| !rotation.is_cancelled());
        let deadline = rotation.map_or(at(OLD_EXPIRES), |rotation| rotation.deadline());
        let revived = self.old_has_stopped && self.old.works(now)
            || self.successors.iter().any(|successor| successor.has_stopped && successor.standing.works(now));
        let outlives = matches!(self.old.state, TokenState::Retiring { until } if until > self.old.expires_at);
        let of_key = |key| self.successors.iter().filter(|successor| successor.key == key).count();
        let called_off = self.last.as_ref().filter(|rotation| rotation.is_cancelled());
        let is_in_use = called_off.is_some_and(|rotation| live > 0 || rotation.successor_last_use().is_some());
        let is_lost = rotation.is_some() && self.old.works(now) && !self.can_be_cancelled();
        [
            (live > 1, "two successors"),
            (of_key(0) > 1 || of_key(1) > 1, "two successors of one key"),
            (revived, "a token that had stopped works again"),
            (outlives, "a deadline beyond the expiry"),
            (
                !self.incident && now < deadline && !self.old.works(now) && !is_known,
                "nobody can work before the deadline",
            ),
            (!self.incident && rotation.is_some() && now >= deadline && live == 0, "no successor after the deadline"),
            (is_in_use, "a successor called off and in use"),
            (is_lost, "a lost answer that cannot be called off"),
        ]
        .into_iter()
        .find_map(|(is_broken, name)| is_broken.then_some(name))
    }

    /// As long as the old token works and the new one was not seen in use, there is a way back.
    fn can_be_cancelled(&self) -> bool {
        let mut world = self.clone();
        let is_in_use = self.last.as_ref().is_some_and(|rotation| rotation.successor_last_use().is_some());
        is_in_use || self.old.state.is_revoked() || world.cancel(Fault::None).is_some()
    }
}

/// How many worlds there are, or the first that breaks an invariant.
fn search(fault: Fault) -> Result<usize, &'static str> {
    let begin = Rc::new(World::begin());
    let mut seen = HashSet::from([begin.clone()]);
    let mut open = VecDeque::from([begin]);
    while let Some(world) = open.pop_front() {
        if let Some(name) = world.broken_invariant() {
            return Err(name);
        }
        for next in events(&world).into_iter().filter_map(|event| world.after(event, fault)) {
            let next = Rc::new(next);
            if seen.insert(next.clone()) {
                open.push_back(next);
            }
        }
    }
    Ok(seen.len())
}

#[test]
fn no_order_of_events_locks_anyone_out_or_leaves_two_successors() {
    let worlds = search(Fault::None).unwrap();
    println!("{worlds} worlds");
    assert!(worlds > 50_000, "the search has looked at {worlds} worlds only");
}

#[test]
fn a_write_without_its_precondition_is_noticed() {
    assert_eq!(search(Fault::WriteWithoutPrecondition), Err("a token that had stopped works again"));
}

#[test]
fn a_retry_that_forgets_its_rotation_leaves_two_successors() {
    let broken = search(Fault::MintAgainOnRetry).unwrap_err();
    assert!(broken.starts_with("two successors"), "{broken}");
}

#[test]
fn a_cancelled_key_that_is_forgotten_mints_again() {
    assert_eq!(search(Fault::MintAgainOnceCancelled), Err("two successors of one key"));
}

#[test]
fn killing_the_old_token_at_minting_locks_out_whoever_lost_the_answer() {
    assert_eq!(search(Fault::KillAtMint), Err("nobody can work before the deadline"));
}

#[test]
fn a_grace_longer_than_the_token_is_noticed() {
    assert_eq!(search(Fault::OutliveExpiry), Err("a deadline beyond the expiry"));
}

#[test]
fn a_successor_without_the_deadline_of_the_old_token_cannot_be_called_off() {
    assert_eq!(search(Fault::LeaveOldAsItWas), Err("a lost answer that cannot be called off"));
}

#[test]
fn a_deadline_that_ends_the_wrong_token_is_noticed() {
    assert_eq!(search(Fault::SettleTheWrongToken), Err("no successor after the deadline"));
}

#[test]
fn half_a_cancellation_is_noticed() {
    assert_eq!(search(Fault::CancelHalf), Err("a successor called off and in use"));
}

#[test]
fn a_cancellation_that_revives_is_noticed() {
    assert_eq!(search(Fault::ReinstateRevoked), Err("a token that had stopped works again"));
}
