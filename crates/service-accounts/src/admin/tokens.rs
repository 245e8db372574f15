//! The tokens of an account.

use service_accounts_access::{Permission, Scopes, TokenGrant};
use service_accounts_audit::Action;
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{NameAdvice, TokenName};
use service_accounts_store::{Account, Change, Class, Listed, Paged, Room, Store, Token};
use service_accounts_token::{Kind, TokenId};

use super::{AccountHandle, Acting, MintedToken, NewToken};
use crate::{
    Error, ServiceAccounts, Unavailable,
    core::{asker::Asker, authority::Call, issuer::Draft, journal::Due, retry::retry_on_conflict},
};

impl<S: Store + 'static, P: Permission> AccountHandle<'_, S, P> {
    /// Mints a token for the account.
    ///
    /// The text is in the answer and nowhere else. Whoever mints sees it, so the actor must hold everything that the account's
    /// role allows.
    ///
    /// ```
    /// use service_accounts::{NewToken, naming::TokenName};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, text, secret, .. }| {
    /// let wanted = NewToken::new(TokenName::parse("nightly-report-2026")?);
    /// let minted = accounts.acting(&ada).account(&id).mint(&wanted).await?;
    /// // The only moment at which the text can be read.
    /// assert!(accounts.authenticate(minted.secret.expose(), None).await.is_ok());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// The token has its account's role, teams and networks, and its environment unless another is given; scopes and
    /// lifetime narrow it. It works from the moment of the answer, unless its account is disabled or waits.
    ///
    /// Where the account has as many tokens as it may ([`Builder::most_tokens`](crate::Builder::most_tokens)), the one that
    /// ended longest ago is removed in the same step, as if it were deleted.
    ///
    /// Rule: [`Call::MintToken`](crate::Call::MintToken). Event: `token.minted`, and behind it `token.deleted` with the
    /// reason `made_room` for a token that made room. There is no key for a retry: where the answer was lost, mint under
    /// another name and revoke the first.
    ///
    /// # Errors
    /// [`NameTaken`](Error::NameTaken), also by a revoked token; [`Lifetime`](Error::Lifetime);
    /// [`EnvironmentUnknown`](Error::EnvironmentUnknown); [`EnvironmentDiffers`](Error::EnvironmentDiffers);
    /// [`Grant`](Error::Grant) where the actor holds less than the account's role allows or a scope is unknown;
    /// [`TooManyTokens`](Error::TooManyTokens); [`PolicyBlocked`](Error::PolicyBlocked); or
    /// [`Randomness`](Error::Randomness). Nothing was minted then.
    pub async fn mint(&self, wanted: &NewToken) -> Result<MintedToken, Error> {
        let mint = move |room| self.mint_once(wanted, room);
        retry_on_conflict(move || self.acting.core.in_some_room(self.id, None, mint)).await
    }

    async fn mint_once(&self, wanted: &NewToken, room: Room) -> Result<MintedToken, Error> {
        let Acting { core, actor } = self.acting;
        let account = self.acting.account_for(Call::MintToken, self.id).await?;
        let draft = self.acting.draft_token(&self.acting.asker(), &account, wanted)?;
        let event = core.token_event(Action::TokenMinted, actor, &draft.record);
        let change = Change::Mint { token: Box::new(draft.record.clone()), account_revision: account.revision, room };
        let (applied, warnings) = core.commit_at_once(actor, change, event).await?;
        let advice = core.rules.advisor.token(&wanted.name);
        Ok(MintedToken { advice, warnings, ..MintedToken::kept(draft, &applied) })
    }

    /// A page of the account's tokens in the order of their ids, with their last use up to this instant.
    ///
    /// Revoked tokens are listed until they are deleted, or until [one more](Self::mint) takes the place of one. Sessions and
    /// the client secret are not tokens.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, .. }| {
    /// let page = accounts.acting(&ada).account(&id).tokens(None, 50).await?;
    /// assert_eq!(page.items[0].credential.token().id, token);
    /// assert!(page.next.is_none());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadTokens`](crate::Call::ReadTokens). Uses that wait in this process are written first.
    ///
    /// # Errors
    /// [`AccountMissing`](Error::AccountMissing).
    pub async fn tokens(&self, after: Option<&TokenId>, limit: usize) -> Result<Paged<Listed, TokenId>, Error> {
        self.credentials(Kind::Token, after, limit).await
    }

    /// Waiting uses of the account are written first, so that a list never shows less than this process knows.
    pub(super) async fn credentials(
        &self,
        kind: Kind,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<Listed, TokenId>, Error> {
        let core = self.acting.core;
        self.acting.account_for(Call::ReadTokens, self.id).await?;
        core.journal.flush(&core.store, Due::Of(self.id), core.now()).await?;
        Ok(core.store.credentials(self.id, kind, after, limit).await.map_err(Unavailable::new)?)
    }
}

impl<S, P: Permission> ServiceAccounts<S, P> {
    /// What could be better about a token's name, with reasons.
    ///
    /// Advice never refuses: show it and let the person decide.
    ///
    /// ```
    /// use service_accounts::naming::TokenName;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, .. }| {
    /// let advice = accounts.advise_token_name(&TokenName::parse("test1")?);
    /// assert!(!advice.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn advise_token_name(&self, name: &TokenName) -> Vec<NameAdvice> {
        self.core.rules.advisor.token(name)
    }
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// A token of an account that waits for approval is drawn by the rights the account shows, and works once they are
    /// approved.
    pub(super) fn draft_token(
        &self,
        asker: &Asker<'_, P>,
        account: &Account,
        wanted: &NewToken,
    ) -> Result<Draft, Error> {
        let environment = wanted.environment.as_ref().unwrap_or(&account.environment);
        self.check_token_environment(account, environment)?;
        let grant = asker.token_grant(account, &wanted.scopes)?;
        self.check_environment(environment)?;
        let (now, lifecycle) = (self.core.now(), &self.core.rules.lifecycle);
        let expires_at = lifecycle.expiry(environment, now, wanted.lifetime).map_err(Error::Lifetime)?;
        let class = Class::Token(wanted.name.clone());
        let Draft { secret, record } = self.core.issuer.draft(self.actor, account, class, grant, now)?;
        let record = Token { environment: environment.clone(), expires_at: Some(expires_at), ..record };
        let next_due = self.core.rules.next_due(&record, now);
        Ok(Draft { secret, record: Token { next_due, ..record } })
    }
}

impl<S, P: Permission> Acting<'_, S, P> {
    /// A token may be for an environment of shorter lives than its account's, such as a rehearsal in staging; an account
    /// for tests gets no token for production.
    ///
    /// They are compared by their longest lifetimes, and not by name: a shorter life cannot be used to get round the
    /// account's.
    fn check_token_environment(&self, account: &Account, environment: &Environment) -> Result<(), Error> {
        let longest = |environment| self.core.rules.lifecycle.lifetime(environment).map(|lifetime| lifetime.maximum());
        match (longest(environment), longest(&account.environment)) {
            (Some(wanted), Some(allowed)) if wanted > allowed => Err(Error::EnvironmentDiffers),
            (Some(_), Some(_)) | (None, _) => Ok(()),
            (Some(_), None) => Err(Error::EnvironmentDiffers),
        }
    }
}

impl<P: Permission> Asker<'_, P> {
    /// Only scopes that the catalogue knows; that the actor covers the account was asked before.
    pub(super) fn token_grant(&self, account: &Account, scopes: &Scopes) -> Result<TokenGrant, Error> {
        self.covers(&account.grant)?;
        self.catalogue.guard_token(self.holds(), &account.grant, scopes.clone()).map_err(Error::Grant)
    }
}
