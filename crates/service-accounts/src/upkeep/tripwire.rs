//! Attempts on revoked tokens.

use service_accounts_access::Permission;
use service_accounts_lifecycle::TokenState;
use service_accounts_store::{Class, Listed, Seen, Store, Token};
use time::UtcDateTime;

use crate::{
    Unavailable,
    core::{Core, journal::Due},
};

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// The last attempt on a revoked token, those that wait in this process included.
    ///
    /// It is asked only for a token about to be released: to release one that was just tried would hide the attempt.
    pub(super) async fn last_attempt(&self, listed: &Listed) -> Result<Option<UtcDateTime>, Unavailable> {
        let credential = &listed.credential;
        self.journal.flush(&self.store, Due::Of(&credential.account().id), self.now()).await?;
        let seen = self.store.sightings(&credential.token().id).await.map_err(Unavailable::new)?;
        let tried = seen.iter().filter(|each| matches!(each.seen, Seen::TriedFrom(_) | Seen::Tried));
        Ok(tried.map(|each| each.last).chain(listed.last_attempt).max())
    }

    /// Puts a released token back under observation because it was tried after all. Where that fails, the next attempt
    /// does it.
    pub(crate) async fn observe_again(&self, token: &Token, now: UtcDateTime) {
        let Class::Token(_) = token.class else { return };
        let Ok(state @ TokenState::Revoked { .. }) = token.state.reobserve() else { return };
        let next_due = now.checked_add(self.rules.lifecycle.observation().as_duration());
        let notes = vec![("reason", "it was tried after its observation".to_owned())];
        let token = Token { state, next_due, ..token.clone() };
        if let Err(error) = self.tend(token, service_accounts_audit::Action::TokenSettled, notes, now).await {
            tracing::warn!(target: "service_accounts::store", %error, "a token that was tried is not observed again");
        }
    }
}
