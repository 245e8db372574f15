//! When something has to be done about a token.
//!
//! A [`Schedule`] turns a token's dates into what is due. It is arithmetic only: it reads no clock and
//! touches no store, so one input has one answer.
//!
//! The answer is a step function of time. [`Schedule::next_due`] is its next step, which is what makes a
//! sweep cheap: a store indexes that one date, and visits only the tokens whose date has come. The
//! index is right exactly as long as no answer changes between two steps; a property test holds it to that.

use alloc::vec::Vec;

use time::UtcDateTime;

use crate::column::DateColumn;
use crate::facts::{Phase, TokenFacts};
use crate::finding::LifecycleFinding;
use crate::moment::Moment;
use crate::span::Span;

/// The arithmetic of one environment under one policy.
///
/// ```
/// use service_accounts_lifecycle::{TaskKind, Environment, TokenFacts, LifecyclePolicy};
/// use time::{Duration, UtcDateTime};
///
/// let schedule = LifecyclePolicy::default().schedule(&Environment::testing());
/// let issued_at = UtcDateTime::UNIX_EPOCH;
/// let facts = TokenFacts::new(issued_at, issued_at + Duration::days(30));
///
/// assert!(schedule.assess(&facts, issued_at).is_empty());
/// let due = schedule.next_due(&facts, issued_at).unwrap();
/// assert_eq!(due, issued_at + Duration::days(20));
/// assert_eq!(schedule.assess(&facts, due)[0].task(), TaskKind::Rotate);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub(crate) lead: Span,
    pub(crate) observation: Span,
    pub(crate) idle_after: Span,
    pub(crate) look_every: Span,
    pub(crate) review_every: Span,
    pub(crate) maximum: Option<Span>,
}

impl Schedule {
    /// Everything there is to say of a token; allocates nothing when there is nothing to say.
    ///
    /// An expired or retiring token is not said to be idle or due for a look: what to do about it is
    /// settled.
    #[must_use]
    pub fn assess(&self, facts: &TokenFacts, now: UtcDateTime) -> Vec<LifecycleFinding> {
        let now = Moment::of(now);
        let mut findings = Vec::new();
        match facts.phase {
            Phase::Active => self.assess_active(facts, now, &mut findings),
            Phase::Retiring => self.assess_retiring(facts, now, &mut findings),
            Phase::Revoked => self.assess_revoked(facts, now, &mut findings),
            Phase::Deletable => findings.push(LifecycleFinding::Deletable { since: facts.phase_at.to_utc() }),
            Phase::Deleted => {}
        }
        findings
    }

    /// The first instant after `now` at which the answer of [`assess`](Self::assess) is another one.
    ///
    /// A store that has acted on today's answer indexes the token by this date.
    #[must_use]
    pub fn next_due(&self, facts: &TokenFacts, now: UtcDateTime) -> Option<UtcDateTime> {
        self.next_step(facts, Moment::of(now)).and_then(Moment::to_utc_if_it_comes)
    }

    /// [`next_due`](Self::next_due) of many tokens, by position: what a change of policy asks for.
    #[must_use]
    pub fn next_due_of_all<'a>(&self, facts: impl IntoIterator<Item = &'a TokenFacts>, now: UtcDateTime) -> DateColumn {
        let now = Moment::of(now);
        facts.into_iter().map(|facts| self.next_step(facts, now).unwrap_or(Moment::NO_MORE)).collect()
    }

    /// The instant from which there is something to say of the token, if there ever is.
    ///
    /// A store that has not yet acted indexes the token by this date: a token of which there is something to say
    /// already is due since it was issued, and cannot be forgotten because its date lies in the past.
    #[must_use]
    pub fn due(&self, facts: &TokenFacts) -> Option<UtcDateTime> {
        let from_birth = match facts.phase {
            Phase::Active | Phase::Retiring => self.breaks_the_limits(facts),
            Phase::Revoked => tried(facts),
            Phase::Deletable => true,
            Phase::Deleted => false,
        };
        let due = if from_birth { Some(facts.issued_at) } else { self.next_step(facts, Moment::NEVER) };
        due.and_then(Moment::to_utc_if_it_comes)
    }

    fn next_step(&self, facts: &TokenFacts, now: Moment) -> Option<Moment> {
        let later = |step: Moment| (step > now).then_some(step);
        match facts.phase {
            Phase::Active => self.next_step_of_active(facts, now),
            Phase::Retiring => later(facts.phase_at.min(facts.expires_at)),
            Phase::Revoked => later(self.observed_until(facts)),
            Phase::Deletable | Phase::Deleted => None,
        }
    }

    /// Past its expiry an active token has no other step; before it, every step below counts.
    fn next_step_of_active(&self, facts: &TokenFacts, now: Moment) -> Option<Moment> {
        let expiry = facts.expires_at;
        let after = |step: Moment| if step > now { step } else { Moment::NO_MORE };
        let rotation = if facts.has_successor { expiry } else { self.window(facts) };
        let usual = after(rotation).min(after(self.idle(facts)));
        let human = after(self.look(facts)).min(after(self.review(facts)));
        (expiry > now).then(|| usual.min(human).min(expiry))
    }

    fn assess_active(&self, facts: &TokenFacts, now: Moment, findings: &mut Vec<LifecycleFinding>) {
        self.assess_limits(facts, findings);
        if now >= facts.expires_at {
            return findings.push(expired(facts));
        }
        let (window, idle, look, review) = (self.window(facts), self.idle(facts), self.look(facts), self.review(facts));
        if now >= window && !facts.has_successor {
            findings
                .push(LifecycleFinding::RotationDue { since: window.to_utc(), expires_at: facts.expires_at.to_utc() });
        }
        if now >= idle {
            findings
                .push(LifecycleFinding::Idle { since: idle.to_utc(), last_use: facts.last_use.to_utc_if_happened() });
        }
        if now >= look {
            findings.push(LifecycleFinding::LookDue {
                since: look.to_utc(),
                last_look: facts.last_look.to_utc_if_happened(),
            });
        }
        if now >= review {
            let last_review = facts.last_review.to_utc_if_happened();
            findings.push(LifecycleFinding::ReviewDue { since: review.to_utc(), last_review });
        }
    }

    fn assess_retiring(&self, facts: &TokenFacts, now: Moment, findings: &mut Vec<LifecycleFinding>) {
        self.assess_limits(facts, findings);
        if now >= facts.phase_at.min(facts.expires_at) {
            let at_deadline = facts.phase_at < facts.expires_at;
            findings.push(if at_deadline {
                LifecycleFinding::RetirementOver { at: facts.phase_at.to_utc() }
            } else {
                expired(facts)
            });
        }
    }

    fn assess_revoked(&self, facts: &TokenFacts, now: Moment, findings: &mut Vec<LifecycleFinding>) {
        let until = self.observed_until(facts);
        if now >= until {
            findings.push(LifecycleFinding::ObservationOver { since: until.to_utc() });
        } else if tried(facts) {
            let last_attempt = facts.last_attempt.to_utc();
            findings.push(LifecycleFinding::TriedAfterRevocation { last_attempt, observed_until: until.to_utc() });
        }
    }

    fn assess_limits(&self, facts: &TokenFacts, findings: &mut Vec<LifecycleFinding>) {
        match self.maximum {
            None => findings.push(LifecycleFinding::EnvironmentUnknown),
            Some(maximum) if self.breaks_the_limits(facts) => findings.push(LifecycleFinding::LifetimeTooLong {
                maximum,
                allowed_until: facts.issued_at.plus(maximum).to_utc(),
            }),
            Some(_) => {}
        }
    }

    fn breaks_the_limits(&self, facts: &TokenFacts) -> bool {
        self.maximum.is_none_or(|maximum| facts.expires_at > facts.issued_at.plus(maximum))
    }

    fn window(&self, facts: &TokenFacts) -> Moment {
        window_opens(self.lead, facts.issued_at, facts.expires_at)
    }

    fn idle(&self, facts: &TokenFacts) -> Moment {
        facts.last_use.max(facts.issued_at).plus(self.idle_after)
    }

    fn look(&self, facts: &TokenFacts) -> Moment {
        facts.last_look.max(facts.issued_at).plus(self.look_every)
    }

    fn review(&self, facts: &TokenFacts) -> Moment {
        facts.last_review.max(facts.issued_at).plus(self.review_every)
    }

    fn observed_until(&self, facts: &TokenFacts) -> Moment {
        facts.last_attempt.max(facts.phase_at).plus(self.observation)
    }
}

/// The lead before expiry, cut to the last third of the life.
pub(crate) fn window_opens(lead: Span, issued_at: Moment, expires_at: Moment) -> Moment {
    let life = expires_at.seconds_since(issued_at).max(0);
    expires_at.minus_seconds(lead.as_seconds().min(life / 3))
}

fn tried(facts: &TokenFacts) -> bool {
    facts.last_attempt >= facts.phase_at
}

fn expired(facts: &TokenFacts) -> LifecycleFinding {
    LifecycleFinding::Expired { at: facts.expires_at.to_utc(), last_use: facts.last_use.to_utc_if_happened() }
}
