//! A record moves to the current pepper when its credential is used.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_store::{Authority, Change, Store, Token};
use service_accounts_token::Digest;
use time::UtcDateTime;

use crate::core::{Core, commit::about_token};

impl<S: Store, P: Permission> Core<S, P> {
    /// The credential is good under its old pepper, so a failure here must not turn it away; the next use tries again.
    ///
    /// The change names the digest it was made from, so two that do so at once write once. Event: `token.rehashed`.
    pub(super) async fn rehash(&self, token: &Token, to: Digest, now: UtcDateTime) {
        let event = Event::new(Action::TokenRehashed, Label::new("service-accounts"), now);
        let change = Change::Rehash { token: token.id, from: token.digest.clone(), to };
        if let Err(error) = self.commit_by(&Authority::Host, change, about_token(event, token)).await {
            tracing::warn!(target: "service_accounts::store", %error, "a record still depends on an earlier pepper");
        }
    }
}
