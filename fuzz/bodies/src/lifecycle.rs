//! Lifecycle: documents, dates and sequences of operations from bytes nobody chose.

use arbitrary::Arbitrary;
use service_accounts_lifecycle::{
    Environment, GovernancePolicy, LifecyclePolicy, Lifetime, Overlap, RequestCriteria, Rotation, RotationAdmission,
    RotationKey, Span, TokenFacts, TokenRequest, TokenRule, TokenState, TokenValidity,
};
use time::UtcDateTime;

type Policy = GovernancePolicy<RequestCriteria, TokenRule>;

/// A document is refused, or is written and read again without a change; either way nothing breaks.
pub fn document(text: &str) {
    same_again::<LifecyclePolicy>(text);
    same_again::<Policy>(text);
    same_again::<TokenRequest>(text);
    same_again::<TokenState>(text);
    same_again::<Rotation<String, String>>(text);
}

fn same_again<T>(text: &str)
where
    T: serde::de::DeserializeOwned + serde::Serialize + PartialEq + std::fmt::Debug,
{
    let Ok(read) = serde_json::from_str::<T>(text) else { return };
    let again = serde_json::to_string(&read).ok().and_then(|text| serde_json::from_str(&text).ok());
    assert_eq!(again, Some(read));
}

/// A token, a policy and instants to ask about.
#[derive(Debug, Arbitrary)]
pub struct Case {
    issued_at: i64,
    expires_at: i64,
    state: (u8, i64),
    last: [Option<i64>; 4],
    spans: [u32; 6],
    asked: Vec<i64>,
    now: i64,
}

/// No dates make the arithmetic panic, and no answer changes before its due date.
pub fn schedule(case: Case) {
    let (now, policy, facts) = (instant(case.now), case.policy(), case.facts());
    let schedule = policy.schedule(&Environment::testing());
    let (today, next) = (schedule.assess(&facts, now), schedule.next_due(&facts, now));
    assert!(next.is_none_or(|next| next > now && schedule.assess(&facts, next) != today));
    for then in case.asked.iter().copied().map(instant).filter(|then| *then >= now) {
        let is_before = next.is_none_or(|next| then < next);
        assert!(!is_before || schedule.assess(&facts, then) == today, "the answer has changed before its date");
        assert!(schedule.assess(&facts, then).is_empty() || schedule.due(&facts).is_some());
    }
    let opens = policy.rotate_after(instant(case.issued_at), instant(case.expires_at));
    assert!(opens <= instant(case.expires_at));
}

impl Case {
    fn policy(&self) -> LifecyclePolicy {
        let [lead, observation, idle, look, review, maximum] = self.spans.map(span);
        LifecyclePolicy::default()
            .with_rotation_lead(lead)
            .with_observation(observation)
            .with_idle_after(idle)
            .with_look_every(look)
            .with_review_every(review)
            .with_environment(Environment::testing(), Lifetime::up_to(maximum))
    }

    fn facts(&self) -> TokenFacts {
        let at = instant(self.state.1);
        let state = match self.state.0 % 5 {
            0 => TokenState::Active,
            1 => TokenState::Retiring { until: at },
            2 => TokenState::Revoked { at },
            3 => TokenState::Deletable { revoked_at: at, since: at },
            _ => TokenState::Deleted { at },
        };
        let [used, tried, looked, reviewed] = self.last.map(|at| at.map(instant));
        let facts = TokenFacts::new(instant(self.issued_at), instant(self.expires_at)).with_state(state);
        let facts = used.map_or(facts, |at| facts.with_last_use(at));
        let facts = tried.map_or(facts, |at| facts.with_last_attempt(at));
        let facts = looked.map_or(facts, |at| facts.with_last_look(at));
        reviewed.map_or(facts, |at| facts.with_last_review(at))
    }
}

/// Something that happens to a token and its successor.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub enum RotationStep {
    /// Time passes.
    Wait(u8),
    /// A rotation is asked for, by one of four keys.
    Rotate {
        /// Which key.
        key: u8,
        /// How long old and new work side by side; zero is not at all.
        overlap: u8,
        /// Whether the successor's first use ends the overlap.
        until_first_use: bool,
    },
    /// The successor is used.
    Use,
    /// The sweep comes by.
    Settle,
    /// The rotation is called off.
    Cancel,
    /// The old token is revoked.
    RevokeOld,
    /// The successor is revoked.
    RevokeNew,
}

/// Any sequence of steps leaves the tokens as a model with three plain fields says.
pub fn rotation(steps: Vec<RotationStep>) {
    let mut world = World::new();
    for step in steps {
        world.take(step);
        world.compare();
    }
}

const OLD_EXPIRES: i64 = 1_000;
const NEW_EXPIRES: i64 = 1_000_000;

/// The real record and states beside the naive model.
struct World {
    now: i64,
    old: TokenState,
    new: TokenState,
    last: Option<Rotation<u8, ()>>,
    minted: Vec<u8>,
    /// From when on the old token is dead, if at all.
    model_old_dead_from: i64,
    /// Whether the old token was revoked: then nothing brings it back.
    model_old_revoked: bool,
}

impl World {
    fn new() -> Self {
        Self {
            now: 0,
            old: TokenState::Active,
            new: TokenState::Active,
            last: None,
            minted: Vec::new(),
            model_old_dead_from: OLD_EXPIRES,
            model_old_revoked: false,
        }
    }

    fn standing(&self) -> TokenValidity {
        TokenValidity { state: self.old, expires_at: instant(OLD_EXPIRES) }
    }

    fn take(&mut self, step: RotationStep) {
        match step {
            RotationStep::Wait(seconds) => self.now += i64::from(seconds),
            RotationStep::Rotate { key, overlap, until_first_use } => self.rotate(key % 4, overlap, until_first_use),
            RotationStep::Use => self.use_new(),
            RotationStep::Settle => {
                let now = instant(self.now);
                self.old = self.last.as_mut().map_or(self.old, |rotation| rotation.settle(self.old, now));
            }
            RotationStep::Cancel => self.cancel(),
            RotationStep::RevokeOld => {
                self.old = self.old.revoke(instant(self.now)).unwrap_or(self.old);
                self.model_old_revoked = true;
            }
            RotationStep::RevokeNew => self.new = self.new.revoke(instant(self.now)).unwrap_or(self.new),
        }
    }

    fn rotate(&mut self, key: u8, overlap: u8, until_first_use: bool) {
        let Ok(name) = RotationKey::parse(["a", "b", "c", "d"].get(usize::from(key)).copied().unwrap_or("e")) else {
            return;
        };
        let last = self.last.as_ref().map(|rotation| (rotation, self.new));
        let admitted = Rotation::admit(last, &name, self.standing(), instant(self.now));
        let Ok(RotationAdmission::New(permit)) = admitted else { return };
        let overlap = match Span::seconds(overlap.into()) {
            None => Overlap::None,
            Some(span) if until_first_use => Overlap::UntilFirstUse(span),
            Some(span) => Overlap::Fixed(span),
        };
        let Ok(opened) = permit.open((0, key), instant(NEW_EXPIRES), overlap, ()) else { return };
        assert!(!self.minted.contains(&key), "one key, one successor");
        self.minted.push(key);
        let wanted = self.now + overlap_seconds(overlap);
        self.model_old_dead_from = self.model_old_dead_from.min(wanted);
        self.model_old_revoked |= overlap == Overlap::None;
        (self.old, self.new, self.last) = (opened.predecessor, TokenState::Active, Some(opened.rotation));
    }

    fn use_new(&mut self) {
        let works = self.new.may_authenticate(instant(self.now)) && self.now < NEW_EXPIRES;
        let Some(rotation) = self.last.as_mut().filter(|_| works) else { return };
        let before = self.old;
        self.old = rotation.note_successor_use(self.old, instant(self.now));
        self.model_old_revoked |= self.old != before;
        assert!(!before.is_revoked() || self.old == before);
    }

    fn cancel(&mut self) {
        let now = instant(self.now);
        let Some(rotation) = self.last.as_mut() else { return };
        if let Ok(cancelled) = rotation.cancel((), self.old, self.new, now) {
            assert!(!self.model_old_revoked && self.now < self.model_old_dead_from);
            self.model_old_dead_from = OLD_EXPIRES;
            (self.old, self.new) = (cancelled.predecessor, cancelled.successor);
        }
    }

    fn compare(&self) {
        let expected = !self.model_old_revoked && self.now < self.model_old_dead_from;
        assert_eq!(self.standing().works(instant(self.now)), expected);
    }
}

fn overlap_seconds(overlap: Overlap) -> i64 {
    match overlap {
        Overlap::None => 0,
        Overlap::UntilFirstUse(span) | Overlap::Fixed(span) => span.as_seconds(),
    }
}

/// Any number as an instant; numbers beyond the calendar fold back into it.
fn instant(seconds: i64) -> UtcDateTime {
    let last = UtcDateTime::MAX.unix_timestamp();
    UtcDateTime::from_unix_timestamp(seconds % (last + 1)).unwrap_or(UtcDateTime::MIN)
}

fn span(seconds: u32) -> Span {
    Span::seconds(seconds).unwrap_or(LifecyclePolicy::default().observation())
}
