//! One token of an account, and what can be done to it.

use std::{fmt, sync::Arc};

use service_accounts_access::{Permission, Scopes};
use service_accounts_audit::{Action, Label};
use service_accounts_naming::AccountId;
use service_accounts_store::{Applied, Change, Class, Credential, Sighting, Store, Token};
use service_accounts_token::TokenId;

use super::{Acting, UpdatedToken};
use crate::{
    Error, Unavailable,
    core::{authority::Call, differences, journal::Due, retry::retry_on_conflict},
};

/// One token on somebody's word: what [`Acting::token`] returns.
///
/// Sessions and client secrets are no tokens: their ids are [`TokenMissing`](Error::TokenMissing) here, like a token of
/// another account.
pub struct TokenHandle<'a, S, P: Permission> {
    pub(super) acting: Acting<'a, S, P>,
    pub(super) account: &'a AccountId,
    pub(super) token: &'a TokenId,
}

impl<S: Store + 'static, P: Permission> TokenHandle<'_, S, P> {
    /// The token as it stands, with its account.
    ///
    /// It never holds the text: only the hint, which people compare with what they have.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// let found = accounts.acting(&ada).token(&id, &token).read().await?;
    /// assert_eq!(found.token().hint.to_string(), format!("{}…{}", &text[..13], &text[text.len() - 4..]));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadTokens`](crate::Call::ReadTokens).
    ///
    /// # Errors
    /// The actor may not, or there is no such token.
    pub async fn read(&self) -> Result<Arc<Credential>, Error> {
        self.found_for(Call::ReadTokens).await
    }

    /// Changes what the token may do at most; its text stays the same.
    ///
    /// Scopes narrow and never widen: whatever they say, the token may at most what its account may. The answer names whoever has
    /// seen the text and gains by it.
    ///
    /// ```
    /// use service_accounts::access::{Scopes, presets::data_quality::Permission};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// // An empty list is no access at all; `Scopes::Inherited` is all that the account may do.
    /// accounts.acting(&ada).token(&id, &token).set_scopes(Scopes::none()).await?;
    /// let principal = accounts.authenticate(&text, None).await?;
    /// assert!(accounts.authorize(&principal, Permission::ResultsRead, None).is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// It takes effect on the next request. Rule: [`Call::SetTokenScopes`](crate::Call::SetTokenScopes). Event:
    /// `token.updated`, with the old scopes and the new ones; none where they are the same.
    ///
    /// # Errors
    /// [`Revoked`](Error::Revoked), [`Grant`](Error::Grant) for unknown scopes or where the actor holds less than the
    /// account's role allows, or [`PolicyBlocked`](Error::PolicyBlocked).
    pub async fn set_scopes(&self, scopes: Scopes) -> Result<UpdatedToken, Error> {
        let Acting { core, actor } = self.acting;
        let scopes = &scopes;
        retry_on_conflict(move || async move {
            let found = self.found_for(Call::SetTokenScopes).await?;
            let present = found.token();
            if present.is_revoked(found.account()) {
                return Err(Error::Revoked);
            }
            let grant = self.acting.asker().token_grant(found.account(), scopes)?;
            let changed = Token { grant, ..present.clone() };
            let gains = self.acting.gains_of_token(found.account(), present, &changed).await?;
            let event = core.token_event(Action::TokenUpdated, actor, present);
            let event = differences::of_token(event, present, &changed);
            let change = Change::UpdateToken {
                token: Box::new(changed),
                expected: present.revision,
                account_revision: Some(found.account().revision),
            };
            let (applied, warnings) = core.commit_warned(actor, gains.guard(change), event).await?;
            let token = written(&applied, &found);
            Ok(UpdatedToken { token, gains: gains.found, warnings })
        })
        .await
    }

    /// Ends the token's work from the next request on, for good. Doing it twice is the same as once.
    ///
    /// The record stays, so that later attempts are recognised and recorded. A token may revoke itself.
    ///
    /// ```
    /// use service_accounts::{AuthenticateError, Rejection};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// accounts.acting(&ada).token(&id, &token).revoke().await?;
    /// let refused = accounts.authenticate(&text, None).await;
    /// assert!(matches!(refused, Err(AuthenticateError::Rejected(Rejection::Revoked))));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::RevokeToken`](crate::Call::RevokeToken). Event: `token.revoked`, once.
    ///
    /// # Errors
    /// The actor may not, or there is no such token.
    pub async fn revoke(&self) -> Result<Arc<Credential>, Error> {
        self.revoke_for(Call::RevokeToken, None).await
    }

    /// A token that ended only with all of its account still gets its own state, so that its observation begins.
    pub(super) async fn revoke_for(&self, call: Call, why: Option<&str>) -> Result<Arc<Credential>, Error> {
        let Acting { core, actor } = self.acting;
        retry_on_conflict(move || async move {
            let found = self.found_for(call).await?;
            let event = core.token_event(Action::TokenRevoked, actor, found.token());
            let event = why.into_iter().fold(event, |event, why| event.because(Label::new(why)));
            let change = Change::Revoke {
                token: *self.token,
                account: self.account.clone(),
                account_revision: Some(found.account().revision),
                at: core.now(),
            };
            let applied = core.commit(actor, change, event).await?;
            let is_as_found = applied.token(self.token).is_some() || found.token().state.is_revoked();
            // Somebody else revoked it since it was read.
            if is_as_found { Ok(written(&applied, &found)) } else { self.found_for(call).await }
        })
        .await
    }

    /// Removes a revoked token from the lists; the audit trail keeps its history.
    ///
    /// After that, an attempt with its text is one of an unknown token: it no longer tells that somebody still uses it.
    ///
    /// ```
    /// use service_accounts::Error;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, .. }| {
    /// assert!(matches!(accounts.acting(&ada).token(&id, &token).delete().await, Err(Error::NotRevoked)));
    /// accounts.acting(&ada).token(&id, &token).revoke().await?;
    /// accounts.acting(&ada).token(&id, &token).delete().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::DeleteToken`](crate::Call::DeleteToken). Event: `token.deleted`. Wait for
    /// [`is_safe_to_delete`](crate::Observation::is_safe_to_delete) where it matters who still uses it.
    ///
    /// # Errors
    /// [`NotRevoked`](Error::NotRevoked) or [`TokenMissing`](Error::TokenMissing).
    pub async fn delete(&self) -> Result<(), Error> {
        let Acting { core, actor } = self.acting;
        retry_on_conflict(move || async move {
            let found = self.found_for(Call::DeleteToken).await?;
            let event = core.token_event(Action::TokenDeleted, actor, found.token());
            let change = Change::DeleteToken {
                token: *self.token,
                account: self.account.clone(),
                account_revision: Some(found.account().revision),
                at: core.now(),
            };
            core.commit(actor, change, event).await.map(drop)
        })
        .await
    }

    /// What the token was seen to do up to this instant: addresses and permissions used, attempts after revocation.
    ///
    /// At most [`Sighting::MOST`] values of each kind are kept, those seen last.
    ///
    /// ```
    /// use service_accounts::store::Seen;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// accounts.authenticate(&text, "192.0.2.7".parse().ok()).await?;
    /// let seen = accounts.acting(&ada).token(&id, &token).sightings().await?;
    /// assert!(seen.iter().any(|row| row.seen == Seen::UsedFrom([192, 0, 2, 7].into())));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadTokens`](crate::Call::ReadTokens).
    ///
    /// # Errors
    /// The actor may not, or there is no such token.
    pub async fn sightings(&self) -> Result<Vec<Sighting>, Error> {
        let core = self.acting.core;
        self.found_for(Call::ReadTokens).await?;
        core.journal.flush(&core.store, Due::Of(self.account), core.now()).await?;
        Ok(core.store.sightings(self.token).await.map_err(Unavailable::new)?)
    }

    /// The token, if the actor may make this call on its account.
    ///
    /// The right is asked for before the read; one of another account, realm or kind is as absent as one that never
    /// was.
    pub(super) async fn found_for(&self, call: Call) -> Result<Arc<Credential>, Error> {
        let asker = self.acting.asker();
        asker.may(call)?;
        let found = self.acting.core.credential(self.account, self.token).await?;
        if !matches!(found.token().class, Class::Token(_)) {
            return Err(Error::TokenMissing);
        }
        asker.may_on(call, found.account())?;
        Ok(found)
    }
}

/// The token as it was written, with the account it was found with.
pub(super) fn written(applied: &Applied, found: &Arc<Credential>) -> Arc<Credential> {
    let token = applied.token(&found.token().id);
    token.map_or_else(|| found.clone(), |token| Arc::new(Credential::new(token.clone(), found.account().clone())))
}

impl<S, P: Permission> fmt::Debug for TokenHandle<'_, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenHandle").field("token", &self.token.as_str()).finish_non_exhaustive()
    }
}
