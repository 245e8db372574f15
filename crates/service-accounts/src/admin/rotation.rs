//! A token gets a successor, and both work until the successor is used or the overlap ends.
//!
//! The record of a rotation stands on the old token. A request has a key: the same key finds the same successor, with its
//! secret made anew as long as nobody has used it. So a lost answer loses nothing, and no secret is ever kept.

mod again;

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Label};
use service_accounts_lifecycle::{
    LifetimeError, Overlap, Rotation, RotationAdmission, RotationError, RotationKey, RotationPermit, Span, TokenState,
    TokenValidity,
};
use service_accounts_naming::TokenName;
use service_accounts_store::{Change, Class, Credential, Predecessor, Room, Store, Token};
use service_accounts_token::SecretToken;
use time::{Duration, UtcDateTime};

use super::{Acting, MintedToken, TokenHandle, token::written};
use crate::{
    Error, PolicyFinding, SelfRotation, Unavailable,
    core::{authority::Call, issuer::Draft, retry::retry_on_conflict},
};

/// How many names are proposed for a successor before the last one counts as taken.
const MOST_NAMES: usize = 64;

/// What is asked for when a token is rotated.
///
/// A client that does not know whether its request arrived sends it again as it was.
#[derive(Clone, Debug)]
pub struct RotateToken {
    /// What makes a retry the same request: the same key has one successor.
    pub key: RotationKey,
    /// How long old and new work side by side; until the first use of the new one where none is given, and at most as
    /// long as [`LifecyclePolicy::overlap`](service_accounts_lifecycle::LifecyclePolicy::overlap).
    pub overlap: Option<Overlap>,
    /// The successor's name; the next free one that [`TokenName::successor`] proposes where none is given.
    pub name: Option<TokenName>,
    /// How long the successor lives; the environment's lifetime where none is given. One that a token makes for itself lives at
    /// most as long as that token was given.
    pub lifetime: Option<Duration>,
}

impl RotateToken {
    /// A rotation with everything by policy.
    #[must_use]
    pub const fn new(key: RotationKey) -> Self {
        Self { key, overlap: None, name: None, lifetime: None }
    }
}

/// Whether a request was carried out now or before.
///
/// Over HTTP it is 201 for the first and 200 for the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Now.
    Now,
    /// Before, under the same key.
    Before,
}

/// A token and its successor.
///
/// It is made of what the commit wrote, or, where a retry changed nothing, of what stands.
#[derive(Debug)]
pub struct RotatedToken {
    /// Whether the successor was there before this request.
    pub served: Served,
    /// The successor's text, and the only copy of it; `None` where a retry comes after the successor was used.
    pub secret: Option<SecretToken>,
    /// The new token.
    pub successor: Token,
    /// The old token, with the record of its rotation.
    pub predecessor: Token,
    /// What soft rules of policies object to in the successor.
    pub warnings: Vec<PolicyFinding>,
}

impl<S: Store + 'static, P: Permission> TokenHandle<'_, S, P> {
    /// Replaces the token: a successor with the same rights, networks and environment, and dates by policy.
    ///
    /// The same key again finds the same successor. Until the successor is first used its secret is made anew each time,
    /// and the earlier text dies; after that there is no secret in the answer. A token may rotate itself, and no other,
    /// unless [`Builder::self_rotation`](crate::Builder::self_rotation) forbids it.
    ///
    /// ```
    /// use service_accounts::{RotateToken, lifecycle::RotationKey};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, secret }| {
    /// let wanted = RotateToken::new(RotationKey::parse("deploy-2026-12-01")?);
    /// let rotated = accounts.acting(&ada).token(&id, &token).rotate(&wanted).await?;
    ///
    /// // Both work until the client has loaded the new one; its first use ends the old one.
    /// assert!(accounts.authenticate(&text, None).await.is_ok());
    /// let new = rotated.secret.ok_or("the first answer has it")?;
    /// assert!(accounts.authenticate(new.expose(), None).await.is_ok());
    /// assert!(accounts.authenticate(&text, None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::RotateToken`](crate::Call::RotateToken), and none for a token that rotates itself. Event:
    /// `token.rotated` with the successor's id. The successor finds room as a [mint](crate::AccountHandle::mint) does. A
    /// dropped future loses nothing: ask again under the same key.
    ///
    /// # Errors
    /// The actor may not; a token asks again for its own successor, which may do more than it by now
    /// ([`Error::NotPermitted`]); another key has begun a rotation ([`Error::RotationInProgress`]); the account has too many
    /// tokens that work or ended a short while ago ([`Error::TooManyTokens`]); or the token no longer works, the key is
    /// spent, or the successor would end before the overlap does ([`Error::Rotation`]).
    pub async fn rotate(&self, wanted: &RotateToken) -> Result<RotatedToken, Error> {
        for taken in 0..MOST_NAMES {
            let rotate = move |room| self.rotate_once(wanted, taken, room);
            let rotated = move || self.acting.core.in_some_room(self.account, Some(self.token), rotate);
            match retry_on_conflict(rotated).await {
                Err(Error::NameTaken) if wanted.name.is_none() => {}
                done => return done,
            }
        }
        Err(Error::NameTaken)
    }

    /// Whether the request is new is told from the record on the old token, under the revision that the commit checks.
    /// `taken` is how many proposed names were taken.
    async fn rotate_once(&self, wanted: &RotateToken, taken: usize, room: Room) -> Result<RotatedToken, Error> {
        let (core, found) = (self.acting.core, self.found_for_rotation().await?);
        let successor = self.successor_of(found.token()).await?;
        let now = core.now();
        let state = found.state(now);
        let last =
            found.token().rotation.as_deref().map(|rotation| (rotation, successor_state(successor.as_ref(), now)));
        let expires_at = found.token().expires_at.unwrap_or(UtcDateTime::MAX);
        let admitted = Rotation::admit(last, &wanted.key, TokenValidity { state, expires_at }, now).map_err(refused)?;
        match (admitted, successor) {
            (RotationAdmission::Again(rotation), Some(successor)) => {
                self.again(&found, rotation, &successor, now).await
            }
            (RotationAdmission::Again(_), None) => Err(Error::TokenMissing),
            (RotationAdmission::New(permit), _) => self.open(&found, permit, wanted, (taken, now, room)).await,
        }
    }

    /// Draws up the successor and writes both tokens in one step.
    async fn open(
        &self,
        found: &Arc<Credential>,
        permit: RotationPermit,
        wanted: &RotateToken,
        (taken, now, room): (usize, UtcDateTime, Room),
    ) -> Result<RotatedToken, Error> {
        let (Acting { core, actor }, old) = (self.acting, found.token());
        let draft = self.draft_successor(found, wanted, (taken, now))?;
        let overlap = wanted.overlap.unwrap_or(Overlap::UntilFirstUse(core.rules.lifecycle.overlap()));
        let (ids, end) = ((old.id, draft.record.id), draft.record.expires_at.unwrap_or(UtcDateTime::MAX));
        let opened = permit.open(ids, end, overlap, actor.name().clone()).map_err(refused)?;
        let predecessor = Token { state: opened.predecessor, rotation: Some(Box::new(opened.rotation)), ..old.clone() };
        let next_due = if predecessor.state.is_revoked() { Some(now) } else { core.rules.next_due(&predecessor, now) };
        let event = core.token_event(Action::TokenRotated, actor, old);
        let change = Change::Rotate {
            successor: Box::new(draft.record.clone()),
            predecessor: Box::new(Token { next_due, ..predecessor }),
            expected: old.revision,
            account_revision: found.account().revision,
            room,
        };
        let event = event.with(Label::new("successor"), Label::new(draft.record.id.as_str()));
        let (applied, warnings) = core.commit_warned(actor, change, event).await?;
        let predecessor = written(&applied, found).token().clone();
        let MintedToken { secret, token: successor, .. } = MintedToken::kept(draft, &applied);
        Ok(RotatedToken { served: Served::Now, secret: Some(secret), successor, predecessor, warnings })
    }

    /// A token that may do what the old one may, from where it may, under the next free name.
    fn draft_successor(
        &self,
        found: &Credential,
        wanted: &RotateToken,
        (taken, now): (usize, UtcDateTime),
    ) -> Result<Draft, Error> {
        let Class::Token(present) = &found.token().class else { return Err(Error::TokenMissing) };
        let proposed = || (0..=taken).fold(present.clone(), |name, _| name.successor(now.year()));
        let most = self.acting.core.rules.lifecycle.lifetime(&found.token().environment);
        let most = most.map_or(Duration::MAX, |lifetime| lifetime.maximum().as_duration());
        let lifetime = if self.is_itself() { own_life(found.token(), wanted.lifetime, most)? } else { wanted.lifetime };
        self.draft_in_place(found, wanted.name.clone().unwrap_or_else(proposed), lifetime, now)
    }

    /// A token of this name that may do what another one may, from where it may.
    pub(super) fn draft_in_place(
        &self,
        found: &Credential,
        name: TokenName,
        lifetime: Option<Duration>,
        now: UtcDateTime,
    ) -> Result<Draft, Error> {
        let (Acting { core, actor }, old, class) = (self.acting, found.token(), Class::Token(name));
        let expires_at = core.rules.lifecycle.expiry(&old.environment, now, lifetime).map_err(Error::Lifetime)?;
        let Draft { secret, record } = core.issuer.draft(actor, found.account(), class, old.grant.clone(), now)?;
        let record = Token {
            environment: old.environment.clone(),
            allowlist: old.allowlist.clone(),
            replaces: Some(Predecessor { token: old.id, first_used: None }),
            expires_at: Some(expires_at),
            ..record
        };
        let next_due = core.rules.next_due(&record, now);
        Ok(Draft { secret, record: Token { next_due, ..record } })
    }

    /// Whether the token is the credential that the actor showed.
    fn is_itself(&self) -> bool {
        self.acting.actor.credential().is_some_and(|shown| shown.token().id == *self.token)
    }

    /// A token needs no right to administrate to replace itself; whoever came with another credential does.
    async fn found_for_rotation(&self) -> Result<Arc<Credential>, Error> {
        let Acting { core, actor } = self.acting;
        let is_itself = self.is_itself();
        if !is_itself && actor.is(self.account) {
            return Err(Error::OwnAccount);
        }
        if !is_itself {
            return self.found_for(Call::RotateToken).await;
        }
        if core.rules.self_rotation == SelfRotation::Forbidden {
            return Err(Error::RotationNotAllowed);
        }
        let found = core.credential(self.account, self.token).await?;
        if matches!(found.token().class, Class::Token(_)) { Ok(found) } else { Err(Error::TokenMissing) }
    }

    /// The successor of the token's last rotation; none where there was no rotation or the successor was deleted.
    pub(super) async fn successor_of(&self, token: &Token) -> Result<Option<Arc<Credential>>, Error> {
        match &token.rotation {
            Some(rotation) => {
                Ok(self.acting.core.store.credential(rotation.successor()).await.map_err(Unavailable::new)?)
            }
            None => Ok(None),
        }
    }
}

/// How long a successor lives that a token makes for itself: no longer than it was given itself.
///
/// Somebody may have minted it for an hour on purpose. An administrator gives a longer life. Given up: where the host
/// lengthens its lifetimes, tokens that replace themselves keep the shorter ones.
fn own_life(token: &Token, wanted: Option<Duration>, most: Duration) -> Result<Option<Duration>, Error> {
    let Some(own) = token.expires_at.map(|end| end - token.created_at) else { return Ok(wanted) };
    match wanted {
        Some(wanted) if wanted > own => Err(Error::Lifetime(longest(own))),
        Some(wanted) => Ok(Some(wanted)),
        None => Ok(Some(own.min(most))),
    }
}

fn longest(life: Duration) -> LifetimeError {
    let maximum = u32::try_from(life.whole_seconds()).ok().and_then(Span::seconds);
    maximum.map_or(LifetimeError::OutOfRange, |maximum| LifetimeError::TooLong { maximum })
}

/// Only revoked tokens are deleted, so a successor that is gone was revoked.
pub(super) fn successor_state(successor: Option<&Arc<Credential>>, now: UtcDateTime) -> TokenState {
    successor.map_or(TokenState::Deleted { at: now }, |successor| successor.state(now))
}

pub(super) fn refused(error: RotationError) -> Error {
    match error {
        RotationError::AlreadyRotating => Error::RotationInProgress,
        other => Error::Rotation(other),
    }
}
