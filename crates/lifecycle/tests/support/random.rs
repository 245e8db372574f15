//! Random facts and policies; most dates are close together, so that deadlines coincide.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its part of it")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use service_accounts_lifecycle::{Environment, LifecyclePolicy, Lifetime, Span, TokenFacts, TokenState};
use time::UtcDateTime;

/// Instants around 1970 that are near each other, or at the ends of the calendar.
pub(crate) fn instant() -> impl Strategy<Value = UtcDateTime> {
    let (min, max) = (-377_705_116_800_i64, 253_402_300_799_i64);
    prop_oneof![12 => 0_i64..40, 4 => -400_i64..400, 1 => min..=max, 1 => min..min + 40, 1 => max - 40..=max]
        .prop_map(|seconds| UtcDateTime::from_unix_timestamp(seconds).unwrap())
}

pub(crate) fn span() -> impl Strategy<Value = Span> {
    prop_oneof![12 => 1_u32..40, 1 => 1_u32..=u32::MAX, 1 => Just(u32::MAX)]
        .prop_map(|seconds| Span::seconds(seconds).unwrap())
}

pub(crate) fn state() -> impl Strategy<Value = TokenState> {
    prop_oneof![
        4 => Just(TokenState::Active),
        2 => instant().prop_map(|until| TokenState::Retiring { until }),
        2 => instant().prop_map(|at| TokenState::Revoked { at }),
        1 => (instant(), instant()).prop_map(|(revoked_at, since)| TokenState::Deletable { revoked_at, since }),
        1 => instant().prop_map(|at| TokenState::Deleted { at }),
    ]
}

pub(crate) fn facts() -> impl Strategy<Value = TokenFacts> {
    let dates = [(); 4].map(|()| prop::option::of(instant()));
    (instant(), instant(), state(), dates, any::<bool>()).prop_map(
        |(issued_at, expires_at, state, dates, successor)| {
            let [used, tried, looked, reviewed] = dates;
            let mut facts = TokenFacts::new(issued_at, expires_at).with_state(state);
            facts = used.map_or(facts, |at| facts.with_last_use(at));
            facts = tried.map_or(facts, |at| facts.with_last_attempt(at));
            facts = looked.map_or(facts, |at| facts.with_last_look(at));
            facts = reviewed.map_or(facts, |at| facts.with_last_review(at));
            if successor { facts.with_successor() } else { facts }
        },
    )
}

/// The environment the random policies know, unless they know none.
pub(crate) fn environment() -> Environment {
    Environment::parse("here").unwrap()
}

pub(crate) fn policy() -> impl Strategy<Value = LifecyclePolicy> {
    let spans = [(); 5].map(|()| span());
    (spans, prop::option::weighted(0.8, span())).prop_map(|([lead, observation, idle, look, review], maximum)| {
        let policy = LifecyclePolicy::default()
            .with_rotation_lead(lead)
            .with_observation(observation)
            .with_idle_after(idle)
            .with_look_every(look)
            .with_review_every(review);
        match maximum {
            None => policy,
            Some(maximum) => policy.with_environment(environment(), Lifetime::up_to(maximum)),
        }
    })
}

/// Instants worth asking about: where two adjacent seconds might have different answers.
pub(crate) fn seconds_around(instant: UtcDateTime) -> impl Iterator<Item = UtcDateTime> {
    (-1_i64..=1).filter_map(move |offset| UtcDateTime::from_unix_timestamp(instant.unix_timestamp() + offset).ok())
}
