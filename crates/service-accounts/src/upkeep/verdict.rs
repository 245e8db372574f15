//! What becomes of one due token: a pure function of what was listed and the policy.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Label};
use service_accounts_lifecycle::{LifecycleFinding, Rotation, RotationStep, StepRecord, TokenState};
use service_accounts_store::{Listed, Token};
use service_accounts_token::TokenId;
use time::{Duration, UtcDateTime};

use crate::core::rules::{OnIdle, Rules};

/// A token as it goes on, and what the trail says of it.
pub(super) struct Settled {
    pub(super) token: Token,
    pub(super) action: Action,
    /// What is new, by name, for the details of the event.
    pub(super) notes: Vec<(&'static str, String)>,
}

impl<P: Permission> Rules<P> {
    /// The token with the state that time has brought it to, what is new to say of it, and its next date.
    ///
    /// Nothing here reads a clock or the store, so a test can put any token at any instant.
    pub(super) fn settled(&self, listed: &Listed, now: UtcDateTime) -> Settled {
        let present = listed.credential.token();
        let (state, rotation) = self.moved_on(listed, now);
        let news = if state.is_revoked() { Vec::new() } else { self.news(listed, state, now) };
        if self.on_idle == OnIdle::Revoke && self.is_idle(listed, state, now) {
            let token = Token { state: TokenState::Revoked { at: now }, next_due: Some(now), ..present.clone() };
            let notes = vec![("reason", "nobody used it for too long".to_owned())];
            return Settled { token, action: Action::TokenRevoked, notes };
        }
        let next_due = self.next_visit(listed, state, now);
        let action = if news.is_empty() { Action::TokenSettled } else { Action::TokenAnnounced };
        Settled { token: Token { state, rotation, next_due, ..present.clone() }, action, notes: news }
    }

    /// Whether a revoked token would be released by what is listed.
    pub(super) fn is_released(&self, listed: &Listed, now: UtcDateTime) -> bool {
        matches!(self.moved_on(listed, now).0, TokenState::Deletable { .. })
    }

    /// A deadline that passed revokes, and a whole quiet observation releases.
    fn moved_on(&self, listed: &Listed, now: UtcDateTime) -> (TokenState, Option<Box<Rotation<TokenId, Label>>>) {
        let (token, account) = (listed.credential.token(), listed.credential.account());
        let mut rotation = token.rotation.clone();
        let mut state = rotation.as_mut().map_or(token.state, |rotation| rotation.settle(token.state, now));
        if token.is_revoked(account) && !state.is_revoked() {
            // The account's revocation becomes the token's own.
            state = TokenState::Revoked { at: now };
        }
        if let (TokenState::Revoked { at }, Some(rotation)) = (state, rotation.as_mut()) {
            let _noted = rotation.record(RotationStep::Revoke, StepRecord { by: None, at }, state);
        }
        let facts = listed.entry().facts.with_state(state);
        let findings = self.schedule_of(token).assess(&facts, now);
        if findings.iter().any(|finding| matches!(finding, LifecycleFinding::ObservationOver { .. })) {
            state = state.release(now).unwrap_or(state);
            if let Some(rotation) = rotation.as_mut() {
                let _noted = rotation.record(RotationStep::Observe, StepRecord { by: None, at: now }, state);
            }
        }
        (state, rotation)
    }

    /// What there is to say since the last visit: findings and notices of expiry.
    ///
    /// The date by which the token was due is the first instant after the last visit at which anything changed, so what
    /// was true a second before it was said then.
    fn news(&self, listed: &Listed, state: TokenState, now: UtcDateTime) -> Vec<(&'static str, String)> {
        let (token, facts) = (listed.credential.token(), listed.entry().facts.with_state(state));
        let Some(_end) = token.expires_at else { return Vec::new() };
        let seen = token.next_due.unwrap_or(now).saturating_sub(Duration::SECOND);
        let schedule = self.schedule_of(token);
        let known = schedule.assess(&facts, seen);
        let is_new = |finding: &LifecycleFinding| known.iter().all(|known| known.code() != finding.code());
        let found = schedule.assess(&facts, now).into_iter().filter(is_new);
        let found: Vec<_> = found.map(|finding| finding.code()).collect();
        let found = if found.is_empty() { None } else { Some(("findings", found.join(", "))) };
        // Whoever slept through several says the last of them.
        let notice = self.lifecycle.notices_due(&facts, seen, now).pop();
        let notice = notice.filter(|notice| now < notice.expires_at);
        let notice = notice.map(|notice| ("expires_in", notice.before.to_string()));
        found.into_iter().chain(notice).collect()
    }

    /// Whether it has not been used for as long as the policy allows.
    fn is_idle(&self, listed: &Listed, state: TokenState, now: UtcDateTime) -> bool {
        let facts = listed.entry().facts.with_state(state);
        let findings = self.schedule_of(listed.credential.token()).assess(&facts, now);
        findings.iter().any(|finding| matches!(finding, LifecycleFinding::Idle { .. }))
    }

    /// The next date at which a finding or a notice comes.
    ///
    /// None once there is nothing more to say: the token leaves the list of what is due.
    fn next_visit(&self, listed: &Listed, state: TokenState, now: UtcDateTime) -> Option<UtcDateTime> {
        let (token, facts) = (listed.credential.token(), listed.entry().facts.with_state(state));
        let step = self.schedule_of(token).next_due(&facts, now);
        let notice = token.expires_at.and_then(|end| self.first_notice(&facts, now, end));
        step.into_iter().chain(notice).min()
    }
}
