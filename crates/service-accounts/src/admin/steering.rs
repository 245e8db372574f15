//! A rotation that has begun: watched, called off, finished early, and noted step by step.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::{Rotation, RotationError, RotationStep, StepRecord};
use service_accounts_store::{Change, Credential, Store, Tended, Token};
use service_accounts_token::TokenId;

use super::{
    Acting, TokenHandle,
    change::judged_by,
    rotation::{refused, successor_state},
    token::written,
};
use crate::{
    Error,
    core::{authority::Call, retry::retry_on_conflict, rules::due_soon},
};

/// A rotation as it stands.
///
/// Both tokens are as they stand, and not as they were when the rotation began.
#[derive(Clone, Debug)]
pub struct TokenRotation {
    /// The record: its key and deadline, and each of the eight [`steps`](Rotation::steps) with who and when.
    pub record: Rotation<TokenId, Label>,
    /// The old token.
    pub predecessor: Arc<Credential>,
    /// The new token; none once it was deleted.
    pub successor: Option<Arc<Credential>>,
}

/// Both tokens of a rotation as they are to be, and the event that says so.
struct Steered {
    record: Rotation<TokenId, Label>,
    predecessor: Token,
    successor: Option<Token>,
    event: Event,
}

impl<S: Store + 'static, P: Permission> TokenHandle<'_, S, P> {
    /// The last rotation of this token as the one that was replaced.
    ///
    /// Ask the old token, not its successor: the record stands where the rotation began.
    ///
    /// ```
    /// use service_accounts::{RotateToken, lifecycle::RotationKey};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, .. }| {
    /// let wanted = RotateToken::new(RotationKey::parse("deploy-2026-12-01")?);
    /// accounts.acting(&ada).token(&id, &token).rotate(&wanted).await?;
    /// let rotation = accounts.acting(&ada).token(&id, &token).rotation().await?;
    /// assert!(rotation.successor.is_some());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadTokens`](crate::Call::ReadTokens).
    ///
    /// # Errors
    /// The actor may not, there is no such token, or it was never rotated ([`Error::RotationMissing`]).
    pub async fn rotation(&self) -> Result<TokenRotation, Error> {
        self.rotation_for(Call::ReadTokens).await
    }

    /// Calls the rotation off: the old token works as before, and the new one is revoked.
    ///
    /// The key of a rotation that was called off is spent; the next rotation takes another key.
    ///
    /// ```
    /// use service_accounts::{RotateToken, lifecycle::RotationKey};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, secret }| {
    /// let wanted = RotateToken::new(RotationKey::parse("deploy-2026-12-01")?);
    /// let rotated = accounts.acting(&ada).token(&id, &token).rotate(&wanted).await?;
    /// accounts.acting(&ada).token(&id, &token).cancel_rotation().await?;
    /// assert!(accounts.authenticate(&text, None).await.is_ok());
    /// let new = rotated.secret.ok_or("the first answer has it")?;
    /// assert!(accounts.authenticate(new.expose(), None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::SteerRotation`](crate::Call::SteerRotation). Event: `rotation.cancelled`.
    ///
    /// # Errors
    /// It is too late ([`Error::Rotation`]): the new token has been used, or the old one no longer works. Or the actor may
    /// not.
    pub async fn cancel_rotation(&self) -> Result<TokenRotation, Error> {
        self.steer(|token, now| {
            let mut record = token.record.clone();
            let old = token.predecessor.state(now);
            let new = successor_state(token.successor.as_ref(), now);
            let by = self.acting.actor.name().clone();
            let cancelled = record.cancel(by, old, new, now).map_err(refused)?;
            let successor = token.successor.as_ref().map(|successor| Token {
                state: cancelled.successor,
                next_due: Some(now),
                ..successor.token().clone()
            });
            let predecessor = Token { state: cancelled.predecessor, ..token.predecessor.token().clone() };
            let event = self.event(Action::RotationCancelled, &token.predecessor);
            Ok(Some(Steered { record, predecessor, successor, event }))
        })
        .await
    }

    /// Ends the overlap now: the old token is revoked. Doing it twice is the same as once.
    ///
    /// Use it where several clients share the token and all of them have loaded the new one.
    ///
    /// ```
    /// use service_accounts::{RotateToken, lifecycle::RotationKey};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// let wanted = RotateToken::new(RotationKey::parse("deploy-2026-12-01")?);
    /// accounts.acting(&ada).token(&id, &token).rotate(&wanted).await?;
    /// accounts.acting(&ada).token(&id, &token).finish_rotation().await?;
    /// assert!(accounts.authenticate(&text, None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::SteerRotation`](crate::Call::SteerRotation). Event: `rotation.finished`.
    ///
    /// # Errors
    /// The rotation was called off or its successor no longer works ([`Error::Rotation`]), or the actor may not.
    pub async fn finish_rotation(&self) -> Result<TokenRotation, Error> {
        self.steer(|token, now| {
            let mut record = token.record.clone();
            let old = token.predecessor.state(now);
            if record.is_cancelled() {
                return Err(refused(RotationError::Cancelled));
            }
            if old.is_revoked() {
                return Ok(None);
            }
            let heir = token.successor.as_ref().map(|successor| successor.standing(now));
            if !matches!(heir, Some(Ok(()))) {
                return Err(refused(RotationError::NotHappened));
            }
            let state = old.revoke(now).map_err(|error| refused(error.into()))?;
            record.record(RotationStep::Revoke, self.mark(now), state).map_err(refused)?;
            let predecessor = Token { state, ..token.predecessor.token().clone() };
            let event = self.event(Action::RotationFinished, &token.predecessor);
            // It stays as it is; named, so that no end of it in this instant leaves the client without any token.
            let successor = token.successor.as_ref().map(|successor| successor.token().clone());
            Ok(Some(Steered { record, predecessor, successor, event }))
        })
        .await
    }

    /// Notes that a step was done, by the actor and now. The first note of a step stays.
    ///
    /// For the steps that only people see, such as handing over the text. What the tokens themselves show, such as the first use,
    /// is recorded without it.
    ///
    /// ```
    /// use service_accounts::{RotateToken, lifecycle::{RotationKey, RotationStep}};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, .. }| {
    /// let wanted = RotateToken::new(RotationKey::parse("deploy-2026-12-01")?);
    /// accounts.acting(&ada).token(&id, &token).rotate(&wanted).await?;
    /// let handle = accounts.acting(&ada).token(&id, &token);
    /// let noted = handle.record_rotation_step(RotationStep::HandOver).await?;
    /// let by = noted.record.evidence(RotationStep::HandOver).and_then(|evidence| evidence.by.clone());
    /// assert_eq!(by.as_ref(), Some(ada.name()));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::SteerRotation`](crate::Call::SteerRotation). Event: `rotation.step` with the step's name, once.
    ///
    /// # Errors
    /// The states of the tokens show that it was not done ([`Error::Rotation`]), or the actor may not.
    pub async fn record_rotation_step(&self, step: RotationStep) -> Result<TokenRotation, Error> {
        self.steer(|token, now| {
            let mut record = token.record.clone();
            record.record(step, self.mark(now), token.predecessor.state(now)).map_err(refused)?;
            if record == token.record {
                return Ok(None);
            }
            let event = self.event(Action::RotationStep, &token.predecessor);
            let event = event.with(Label::new("step"), Label::new(step.as_str()));
            let predecessor = token.predecessor.token().clone();
            Ok(Some(Steered { record, predecessor, successor: None, event }))
        })
        .await
    }

    /// Writes what `decide` makes of a rotation, in one step; nothing where nothing changes.
    ///
    /// Both tokens are written under the revisions they were read at, so a first use that comes in between is seen by
    /// the second attempt.
    async fn steer(
        &self,
        decide: impl Fn(&TokenRotation, time::UtcDateTime) -> Result<Option<Steered>, Error>,
    ) -> Result<TokenRotation, Error> {
        let (Acting { core, actor }, decide) = (self.acting, &decide);
        retry_on_conflict(move || async move {
            let (present, now) = (self.rotation_for(Call::SteerRotation).await?, core.now());
            let Some(Steered { record, predecessor, successor, event }) = decide(&present, now)? else {
                return Ok(present);
            };
            let (rotation, next_due) = (Some(Box::new(record.clone())), due_soon(present.predecessor.token(), now));
            let predecessor = Token { rotation, next_due, ..predecessor };
            let tended = |token: Token| Tended { expected: token.revision, token };
            let tokens = [predecessor].into_iter().chain(successor).map(tended).collect();
            let change = judged_by(present.predecessor.account(), Change::Tend { tokens });
            let applied = core.commit(actor, change, event).await?;
            Ok(TokenRotation {
                record,
                predecessor: written(&applied, &present.predecessor),
                successor: present.successor.map(|successor| written(&applied, &successor)),
            })
        })
        .await
    }

    async fn rotation_for(&self, call: Call) -> Result<TokenRotation, Error> {
        let predecessor = self.found_for(call).await?;
        let record = predecessor.token().rotation.as_deref().cloned().ok_or(Error::RotationMissing)?;
        let successor = self.successor_of(predecessor.token()).await?;
        Ok(TokenRotation { record, predecessor, successor })
    }

    fn mark(&self, at: time::UtcDateTime) -> StepRecord<Label> {
        StepRecord { by: Some(self.acting.actor.name().clone()), at }
    }

    fn event(&self, action: Action, credential: &Credential) -> Event {
        self.acting.core.token_event(action, self.acting.actor, credential.token())
    }
}
