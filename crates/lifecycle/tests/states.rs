//! Laws of the token's states.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use service_accounts_lifecycle::{TokenState, TokenValidity, TransitionError, Watermark};
use time::UtcDateTime;

#[derive(Clone, Copy, Debug)]
enum RotationStep {
    Retire(UtcDateTime),
    Reinstate(UtcDateTime),
    Revoke(UtcDateTime),
    Release(UtcDateTime),
    Reobserve,
    Delete(UtcDateTime),
}

fn instant() -> impl Strategy<Value = UtcDateTime> {
    let (min, max) = (-377_705_116_800_i64, 253_402_300_799_i64);
    prop_oneof![4 => -3_i64..=3, 1 => min..=max, 1 => Just(min), 1 => Just(max)]
        .prop_map(|seconds| UtcDateTime::from_unix_timestamp(seconds).unwrap())
}

fn step() -> impl Strategy<Value = RotationStep> {
    prop_oneof![
        instant().prop_map(RotationStep::Retire),
        instant().prop_map(RotationStep::Reinstate),
        instant().prop_map(RotationStep::Revoke),
        instant().prop_map(RotationStep::Release),
        Just(RotationStep::Reobserve),
        instant().prop_map(RotationStep::Delete),
    ]
}

fn apply(state: TokenState, step: RotationStep) -> Result<TokenState, TransitionError> {
    match step {
        RotationStep::Retire(until) => state.retire(until),
        RotationStep::Reinstate(now) => state.reinstate(now),
        RotationStep::Revoke(at) => state.revoke(at),
        RotationStep::Release(at) => state.release(at),
        RotationStep::Reobserve => state.reobserve(),
        RotationStep::Delete(at) => state.delete(at),
    }
}

proptest! {
    /// Revocation is monotonic: no order of writes, and no clock, brings a revoked token back.
    #[test]
    fn a_revoked_token_never_authenticates_again(
        before in prop::collection::vec(step(), 0..8), after in prop::collection::vec(step(), 0..16), now in instant(),
    ) {
        let mut state = before.into_iter().fold(TokenState::Active, |state, step| apply(state, step).unwrap_or(state));
        state = state.revoke(now).unwrap_or(state);
        for step in after {
            state = apply(state, step).unwrap_or(state);
            prop_assert!(state.is_revoked());
            prop_assert!(!state.may_authenticate(now));
        }
    }

    /// A clock that moves on never turns a refusal into an acceptance.
    #[test]
    fn what_is_refused_now_is_refused_later(
        steps in prop::collection::vec(step(), 0..8), a in instant(), b in instant(),
    ) {
        let state = steps.into_iter().fold(TokenState::Active, |state, step| apply(state, step).unwrap_or(state));
        prop_assert!(state.may_authenticate(a.min(b)) || !state.may_authenticate(a.max(b)));
    }

    /// A token that is deleted was revoked first.
    #[test]
    fn nothing_is_deleted_that_was_not_revoked(steps in prop::collection::vec(step(), 0..16)) {
        let mut state = TokenState::Active;
        for step in steps {
            let next = apply(state, step).unwrap_or(state);
            let is_deleted = matches!(next, TokenState::Deleted { .. });
            prop_assert!(!is_deleted || state.is_revoked());
            state = next;
        }
    }

    /// A clock that jumps about, read through a watermark, revives nothing: refused once is refused for good.
    #[test]
    fn behind_a_watermark_no_clock_revives_what_was_refused(
        until in instant(), expires_at in instant(), readings in prop::collection::vec(instant(), 1..20),
    ) {
        let standing = TokenValidity { state: TokenState::Retiring { until }, expires_at };
        let mut watermark = Watermark::new(UtcDateTime::MIN);
        let mut was_refused = false;
        for reading in readings {
            let works = standing.works(watermark.advance(reading));
            prop_assert!(!works || !was_refused);
            was_refused |= !works;
        }
    }
}
