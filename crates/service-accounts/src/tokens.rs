//! The life of a token, as administrators ask for it.

use std::sync::Arc;

use service_accounts_access::{Allowlist, Permission, Scopes, TokenGrant};
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::{Environment, TokenState};
use service_accounts_naming::{AccountId, NameAdvice, TokenName};
use service_accounts_store::{Account, Change, Class, Credential, ListedToken, Paged, Revision, Store, Token};
use service_accounts_token::{Kind, Minted, SecretToken, TokenId};
use time::Duration;

use crate::{
    Actor, Error, RandomnessError, ServiceAccounts, Unavailable, attempts::attempted, randomness::Source,
    service::Inner,
};

/// A token's text, and its record.
pub(crate) type Draft = (SecretToken, Token);

/// What is asked for when a token is minted.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The name people will know it by, unique within the account.
    pub name: TokenName,
    /// What it may do at most; `Inherited` is all the account may.
    pub scopes: Scopes,
    /// How long it lives; the environment's lifetime where none is given.
    pub lifetime: Option<Duration>,
    /// The only environment it works in; the account's where none is given.
    pub environment: Option<Environment>,
}

impl NewToken {
    /// A token that may do what its account may, for as long as the environment allows.
    #[must_use]
    pub const fn new(name: TokenName) -> Self {
        Self { name, scopes: Scopes::Inherited, lifetime: None, environment: None }
    }
}

/// A new token with the only copy there will ever be of its text.
#[derive(Debug)]
pub struct MintedToken {
    /// The text to hand over.
    pub secret: SecretToken,
    /// The record.
    pub token: Token,
}

impl MintedToken {
    /// A draft that the store has taken.
    pub(crate) fn kept((secret, token): Draft, revision: Revision) -> Self {
        Self { secret, token: Token { revision, ..token } }
    }
}

impl<S: Store, P: Permission> ServiceAccounts<S, P> {
    /// Mints a token for an account.
    ///
    /// # Errors
    /// The actor may not, holds less than the account, or what is asked for does not fit; see [`Error`].
    pub async fn mint_token(
        &self,
        actor: &Actor<P>,
        account: &AccountId,
        wanted: &NewToken,
    ) -> Result<MintedToken, Error> {
        let inner = &*self.inner;
        inner.admit_manager(actor)?;
        attempted(move || async move {
            let account = inner.account(account).await?;
            let draft = inner.draft_token(actor, &account, wanted)?;
            let revision = inner.keep(actor, &account, &draft.1, Action::TokenMinted).await?;
            Ok(MintedToken::kept(draft, revision))
        })
        .await
    }

    /// What could be better about a token's name, with reasons.
    #[must_use]
    pub fn advise_token_name(&self, name: &TokenName) -> Vec<NameAdvice> {
        self.inner.advisor.token(name)
    }

    /// A page of an account's tokens in the order of their ids, with their last use up to this instant.
    ///
    /// # Errors
    /// The actor may not, there is no such account, or the store failed.
    pub async fn tokens(
        &self,
        actor: &Actor<P>,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<ListedToken, TokenId>, Error> {
        self.inner.admit_manager(actor)?;
        self.inner.account(account).await?;
        self.inner.flush_marks().await?;
        Ok(self.inner.store.tokens(account, after, limit).await.map_err(Unavailable::new)?)
    }

    /// Changes what a token may do at most; its text stays the same.
    ///
    /// # Errors
    /// The actor may not, holds less than the account, or the token is revoked.
    pub async fn set_token_scopes(
        &self,
        actor: &Actor<P>,
        account: &AccountId,
        token: &TokenId,
        scopes: Scopes,
    ) -> Result<Arc<Credential>, Error> {
        let inner = &*self.inner;
        inner.admit_manager(actor)?;
        let scopes = &scopes;
        attempted(move || async move {
            let found = inner.token(account, token).await?;
            let grant = inner.guard_token(actor, found.account(), scopes)?;
            let changed = Token { grant, ..found.token().clone() };
            let change = Change::UpdateToken { token: Box::new(changed.clone()), expected: found.token().revision };
            let event = inner.token_event(Action::TokenUpdated, actor, found.token());
            let revision = inner.commit(actor, change, event).await?;
            Ok(joined(Token { revision, ..changed }, &found))
        })
        .await
    }

    /// Ends a token's work from the next request on, for good. Doing it twice is the same as once.
    ///
    /// # Errors
    /// The actor may not, or there is no such token.
    pub async fn revoke_token(
        &self,
        actor: &Actor<P>,
        account: &AccountId,
        token: &TokenId,
    ) -> Result<Arc<Credential>, Error> {
        let inner = &*self.inner;
        inner.admit_manager(actor)?;
        let found = inner.token(account, token).await?;
        let at = inner.now();
        let Ok(state) = found.token().state.revoke(at) else { return Ok(found) };
        let event = inner.token_event(Action::TokenRevoked, actor, found.token());
        let revision = inner.commit(actor, Change::Revoke { token: *token, at }, event).await?;
        Ok(joined(Token { state, next_due: None, revision, ..found.token().clone() }, &found))
    }

    /// Removes a revoked token from the lists; the audit trail keeps its history.
    ///
    /// # Errors
    /// The actor may not, or the token is not revoked.
    pub async fn delete_token(&self, actor: &Actor<P>, account: &AccountId, token: &TokenId) -> Result<(), Error> {
        let inner = &*self.inner;
        inner.admit_manager(actor)?;
        let found = inner.token(account, token).await?;
        let event = inner.token_event(Action::TokenDeleted, actor, found.token());
        inner.commit(actor, Change::DeleteToken { token: *token, at: inner.now() }, event).await.map(drop)
    }
}

/// Another state of a token with the account it was found with.
fn joined(token: Token, found: &Credential) -> Arc<Credential> {
    Arc::new(Credential::new(token, found.account().clone()))
}

impl<S: Store, P: Permission> Inner<S, P> {
    /// A token by its account: a token of another account is as absent as one that never was.
    async fn token(&self, account: &AccountId, token: &TokenId) -> Result<Arc<Credential>, Error> {
        let found = self.store.credential(token).await.map_err(Unavailable::new)?.ok_or(Error::TokenMissing)?;
        let is_listed = matches!(found.token().class, Class::Token(_)) && found.account().id == *account;
        if is_listed { Ok(found) } else { Err(Error::TokenMissing) }
    }

    /// Writes a new token or session, if the account is still what the draft was made for.
    pub(crate) async fn keep(
        &self,
        actor: &Actor<P>,
        account: &Account,
        token: &Token,
        action: Action,
    ) -> Result<Revision, Error> {
        let change = Change::Mint { token: Box::new(token.clone()), account_revision: account.revision };
        self.commit(actor, change, self.token_event(action, actor, token)).await
    }

    pub(crate) fn token_event(&self, action: Action, actor: &Actor<P>, token: &Token) -> Event {
        let event = self
            .event(action, actor)
            .about_account(Label::new(token.account.as_str()))
            .about_token(Label::new(token.id.as_str()));
        match token.class.token_name() {
            Some(name) => event.named(Label::new(name.as_str())),
            None => event,
        }
    }

    pub(crate) fn draft_token(&self, actor: &Actor<P>, account: &Account, wanted: &NewToken) -> Result<Draft, Error> {
        let grant = self.guard_token(actor, account, &wanted.scopes)?;
        let now = self.now();
        let environment = wanted.environment.as_ref().unwrap_or(&account.environment).clone();
        let expires_at = self.lifecycle.expiry(&environment, now, wanted.lifetime).map_err(Error::Lifetime)?;
        let (secret, blank) = self.draft(actor, account, Class::Token(wanted.name.clone()), grant)?;
        Ok((secret, Token { environment, expires_at: Some(expires_at), ..blank }))
    }

    /// A client secret works until it is regenerated; the account's own dates bound it.
    pub(crate) fn draft_secret(&self, actor: &Actor<P>, account: &Account) -> Result<Draft, Error> {
        let grant = self.guard_token(actor, account, &Scopes::Inherited)?;
        self.draft(actor, account, Class::Secret, grant)
    }

    /// A credential without limits of time or network of its own, inside those of its account.
    pub(crate) fn draft(
        &self,
        actor: &Actor<P>,
        account: &Account,
        class: Class,
        grant: TokenGrant,
    ) -> Result<Draft, Error> {
        let Minted { token: secret, digest } = self.mint(class.kind())?;
        let record = Token {
            id: secret.id(),
            account: account.id.clone(),
            digest,
            hint: secret.hint(),
            grant,
            environment: account.environment.clone(),
            allowlist: Allowlist::any(),
            state: TokenState::default(),
            created_at: self.now(),
            created_by: actor.name().clone(),
            expires_at: None,
            next_due: None,
            class,
            revision: Revision::NEW,
        };
        Ok((secret, record))
    }

    fn mint(&self, kind: Kind) -> Result<Minted, Error> {
        let mut source = Source(&*self.randomness);
        self.keyring
            .mint(&self.vendor, kind, &mut source)
            .map_err(|error| Error::Randomness(RandomnessError::new(error)))
    }

    /// An actor hands out only what it holds itself, and only scopes that the catalogue knows.
    pub(crate) fn guard_token(
        &self,
        actor: &Actor<P>,
        account: &Account,
        scopes: &Scopes,
    ) -> Result<TokenGrant, Error> {
        let catalogue = self.catalogue.load();
        catalogue.guard_token(actor.grants(), &account.grant, scopes.clone()).map_err(Error::Grant)
    }
}
