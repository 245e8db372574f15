//! A person checks a token.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::Action;
use service_accounts_store::{Change, Credential, Store, Tended, Token};
use time::UtcDateTime;

use super::{Acting, TokenHandle, change::judged_by, token::written};
use crate::{
    Error,
    core::{authority::Call, differences, retry::retry_on_conflict, rules::due_soon},
};

impl<S: Store + 'static, P: Permission> TokenHandle<'_, S, P> {
    /// Notes that somebody checked the token's use and role now; the next look is due a month later, or as the policy says.
    ///
    /// It changes no right and revokes nothing; it only moves the date of the next look.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, .. }| {
    /// let looked = accounts.acting(&ada).token(&id, &token).look_at().await?;
    /// assert_eq!(looked.token().last_look, Some(accounts.now()));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::Review`](crate::Call::Review). Event: `token.looked_at`, with the earlier date and the new one.
    ///
    /// # Errors
    /// [`OwnAccount`](Error::OwnAccount) or [`TokenMissing`](Error::TokenMissing).
    pub async fn look_at(&self) -> Result<Arc<Credential>, Error> {
        self.checked(Action::TokenLookedAt, |token, now| Token { last_look: Some(now), ..token }).await
    }

    /// Notes that a review found the token still needed as it is.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, .. }| {
    /// let reviewed = accounts.acting(&ada).token(&id, &token).note_review().await?;
    /// assert!(reviewed.token().last_review.is_some());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::Review`](crate::Call::Review). Event: `token.reviewed`.
    ///
    /// # Errors
    /// As [`look_at`](Self::look_at).
    pub async fn note_review(&self) -> Result<Arc<Credential>, Error> {
        self.checked(Action::TokenReviewed, |token, now| Token { last_review: Some(now), ..token }).await
    }

    /// The token becomes due at once, so that the next sweep works out its next date from what was noted.
    async fn checked(
        &self,
        action: Action,
        checked: impl Fn(Token, UtcDateTime) -> Token,
    ) -> Result<Arc<Credential>, Error> {
        let (Acting { core, actor }, checked) = (self.acting, &checked);
        retry_on_conflict(move || async move {
            let (found, now) = (self.found_for(Call::Review).await?, core.now());
            let present = found.token();
            let token = Token { next_due: due_soon(present, now), ..checked(present.clone(), now) };
            let event = differences::of_token(core.token_event(action, actor, present), present, &token);
            let tended = Change::Tend { tokens: vec![Tended { token, expected: present.revision }] };
            let change = judged_by(found.account(), tended);
            let applied = core.commit(actor, change, event).await?;
            Ok(written(&applied, &found))
        })
        .await
    }
}
