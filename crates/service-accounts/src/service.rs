//! The one object a host holds.

use std::sync::Arc;

use arc_swap::ArcSwap;
use service_accounts_access::{Catalogue, Permission, TeamName};
use service_accounts_audit::{Action, Event, Page, Query};
use service_accounts_lifecycle::{Environment, LifecyclePolicy};
use service_accounts_naming::{Advisor, Realm, ReservedIds};
use service_accounts_store::{Change, Committed, Revision, Store, Token};
use service_accounts_token::{Keyring, Vendor};
use time::UtcDateTime;

use crate::{
    AccessEvents, Actor, Clock, Error, Principal, Randomness, Unavailable,
    access_log::{Access, Pending},
    usage::Marks,
};

/// Service accounts on a store `S` with the host's permissions `P`.
///
/// A clone is another handle on the same accounts.
pub struct ServiceAccounts<S, P: Permission> {
    pub(crate) inner: Arc<Inner<S, P>>,
}

pub(crate) struct Inner<S, P: Permission> {
    pub(crate) store: S,
    pub(crate) vendor: Vendor,
    pub(crate) keyring: Keyring,
    pub(crate) catalogue: ArcSwap<Catalogue<P>>,
    pub(crate) manage: P,
    pub(crate) realm: Realm,
    pub(crate) lifecycle: LifecyclePolicy,
    pub(crate) environment: Option<Environment>,
    pub(crate) approval: ApprovalRule,
    pub(crate) reserved: ReservedIds,
    pub(crate) advisor: Advisor,
    pub(crate) access_events: AccessEvents,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) randomness: Box<dyn Randomness>,
    pub(crate) marks: Marks,
    pub(crate) pending: Pending,
}

/// Whether a new account waits for a second administrator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApprovalRule {
    /// It works at once.
    #[default]
    NotRequired,
    /// It works once somebody else than its creator has approved it.
    SecondAdministrator,
}

impl<S: Store, P: Permission> ServiceAccounts<S, P> {
    /// Judges by another catalogue from the next request on.
    pub fn replace_catalogue(&self, catalogue: Catalogue<P>) {
        self.inner.catalogue.store(Arc::new(catalogue));
    }

    /// Whether a principal may, on something of `team` or of nobody; a refusal is recorded.
    ///
    /// # Errors
    /// It may not: [`Forbidden`] says what was missing.
    pub fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden> {
        let decision = principal.decide(permission, team);
        if decision.is_allow() {
            return Ok(());
        }
        self.inner.note_forbidden(principal, permission.name());
        Err(Forbidden { permission: permission.name() })
    }

    /// Writes what is gathered in memory: last-used marks and batched access events.
    ///
    /// Call it every second or so and once before the process ends.
    ///
    /// # Errors
    /// The store failed; what was gathered is kept for the next call.
    pub async fn flush(&self) -> Result<(), Unavailable> {
        self.inner.flush_accesses().await?;
        self.inner.flush_marks().await
    }

    /// A page of the audit trail, newest first, up to this instant.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn audit(&self, actor: &Actor<P>, query: &Query) -> Result<Page, Error> {
        self.inner.admit_manager(actor)?;
        self.inner.flush_accesses().await?;
        Ok(self.inner.store.events(query).await.map_err(Unavailable::new)?)
    }

    /// The permission that guards service accounts themselves.
    #[must_use]
    pub fn manage_permission(&self) -> P {
        self.inner.manage
    }

    /// When a token's rotation window opens; nothing for sessions and client secrets, which are not rotated.
    #[must_use]
    pub fn rotate_after(&self, token: &Token) -> Option<UtcDateTime> {
        self.inner.rotate_after(token)
    }

    /// The present instant in whole seconds.
    #[must_use]
    pub fn now(&self) -> UtcDateTime {
        self.inner.now()
    }
}

/// A principal lacks a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the permission `{permission}` is missing")]
pub struct Forbidden {
    /// The permission's name.
    pub permission: &'static str,
}

impl<S: Store, P: Permission> Inner<S, P> {
    /// Stores keep whole seconds, so nothing finer may enter a decision.
    pub(crate) fn now(&self) -> UtcDateTime {
        self.clock.now().truncate_to_second()
    }

    pub(crate) fn rotate_after(&self, token: &Token) -> Option<UtcDateTime> {
        let _name = token.class.token_name()?;
        Some(self.lifecycle.rotate_after(token.created_at, token.expires_at?))
    }

    pub(crate) fn rotation_due(&self, token: &Token, now: UtcDateTime) -> Option<UtcDateTime> {
        let _name = token.class.token_name()?;
        self.lifecycle.rotation_due(token.created_at, token.expires_at?, now)
    }

    /// Makes a change on the actor's word, as it stands at this instant, and tells the revision it made.
    ///
    /// Callers answer from what they wrote and do not read it again: a read that failed after the change would report
    /// a change that happened as one that did not, and lose a secret that is shown once.
    pub(crate) async fn commit(&self, actor: &Actor<P>, change: Change, event: Event) -> Result<Revision, Error> {
        let authority = actor.authority(self.now());
        match self.store.commit(&authority, change, event).await.map_err(Unavailable::new)? {
            Committed::Applied(sequence) => Ok(Revision::made_by(sequence)),
            Committed::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// Only whoever may manage service accounts gets any further.
    pub(crate) fn admit_manager(&self, actor: &Actor<P>) -> Result<(), Error> {
        if actor.grants().permissions().contains(self.manage) { Ok(()) } else { Err(Error::NotPermitted) }
    }

    pub(crate) fn event(&self, action: Action, actor: &Actor<P>) -> Event {
        Event::new(action, actor.name().clone(), self.now()).from_address(actor.address())
    }

    /// Adds a missing permission to the batch: the answer is no whether or not the record can be written.
    fn note_forbidden(&self, principal: &Principal<P>, permission: &'static str) {
        let access = Access::forbidden(principal, permission);
        access.trace();
        if self.access_events != AccessEvents::Off {
            self.pending.push(access);
        }
    }

    /// Records an access as the host chose; in strict mode nobody is let in without.
    ///
    /// Where nobody listens and nothing is kept, the access is not even drawn up.
    pub(crate) async fn record(&self, access: impl FnOnce() -> Access) -> Result<(), Unavailable> {
        if self.access_events == AccessEvents::Off && !Access::is_traced() {
            return Ok(());
        }
        let access = access();
        access.trace();
        match self.access_events {
            AccessEvents::Off => Ok(()),
            AccessEvents::Batched => {
                if self.pending.push(access) {
                    // What could not be written waits for the next flush.
                    let _ = self.flush_accesses().await;
                }
                Ok(())
            }
            AccessEvents::Strict => self.store.append(&[access.event()]).await.map_err(Unavailable::new),
        }
    }

    pub(crate) async fn flush_accesses(&self) -> Result<(), Unavailable> {
        let batch = self.pending.take();
        let events = batch.events();
        if !events.is_empty() {
            self.store.append(&events).await.map_err(Unavailable::new)?;
        }
        batch.written();
        Ok(())
    }

    pub(crate) async fn flush_marks(&self) -> Result<(), Unavailable> {
        let batch = self.marks.take();
        if !batch.usages().is_empty() {
            self.store.touch(batch.usages()).await.map_err(Unavailable::new)?;
        }
        batch.written();
        Ok(())
    }
}

impl<S, P: Permission> Clone for ServiceAccounts<S, P> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<S, P: Permission> std::fmt::Debug for ServiceAccounts<S, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccounts").finish_non_exhaustive()
    }
}
