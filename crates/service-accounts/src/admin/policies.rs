//! Governance policies: kept, changed, and tried before they are in force.
//!
//! All policies of a realm are kept in one document, the book, so that a change reads them in one step and names one
//! revision.

mod kept;
mod names;
mod trial;

use std::fmt;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_store::{DocumentId, DocumentKind, Paged, Store};

pub use self::kept::{KeptPolicy, PolicyObjection, PolicyTrial, PolicyVersion};
use super::Acting;
use crate::{
    Error, TokenPolicy, Unavailable,
    core::{
        authority::Call,
        governance::{Entry, PolicyBook},
        retry::retry_on_conflict,
    },
};

/// The most policies that are kept: each change that gives rights reads them all.
const MOST_POLICIES: usize = 64;

/// The longest policy, in bytes of JSON.
const MOST_BYTES: usize = 16 * 1024;

/// The longest name of a policy, in bytes.
const MOST_NAME: usize = 128;

/// The governance policies on somebody's word: what [`Acting::policies`] returns.
///
/// Policies in force are asked before accounts and tokens are created, changed, approved, enabled, minted, rotated or given
/// another secret. A hard rule refuses with [`Error::PolicyBlocked`]; a soft one warns in the answer and in the trail.
/// To disable, revoke, contain or delete is never refused.
///
/// Policies of one realm are one document: a change that gives rights reads it once and is refused as stale where it is
/// another by the commit. A request never reads it.
pub struct Policies<'a, S, P: Permission> {
    acting: Acting<'a, S, P>,
}

impl<'a, S, P: Permission> Acting<'a, S, P> {
    /// The governance policies.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let policies = accounts.acting(&ada).policies();
    /// assert!(policies.list(None, 50).await?.items.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn policies(self) -> Policies<'a, S, P> {
        Policies { acting: self }
    }
}

impl<S: Store + 'static, P: Permission> Policies<'_, S, P> {
    /// A page of the policies in the order of their names, starting behind `after`.
    ///
    /// Rule: [`Call::ReadPolicies`](crate::Call::ReadPolicies). Policies that are not enabled are listed too.
    ///
    /// ```
    /// use service_accounts::{TokenPolicy, lifecycle::RequestCriteria};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let policies = accounts.acting(&ada).policies();
    /// policies.put(&TokenPolicy::new("nightly", RequestCriteria::default()), None).await?;
    /// let page = policies.list(None, 50).await?;
    /// assert_eq!(page.items[0].policy.name, "nightly");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Unavailable`](Error::Unavailable) also where the document does not read back whole.
    pub async fn list(&self, after: Option<&str>, limit: usize) -> Result<Paged<KeptPolicy, String>, Error> {
        self.acting.may(Call::ReadPolicies)?;
        let (book, _) = self.acting.core.book().await?;
        let behind = book.policies.into_values().filter(|entry| after.is_none_or(|after| &*entry.policy.name > after));
        let items = behind.map(KeptPolicy::from).take(limit.saturating_add(1)).collect();
        Ok(Paged::new(items, limit, |kept: &KeptPolicy| kept.policy.name.clone()))
    }

    /// One policy.
    ///
    /// Rule: [`Call::ReadPolicies`](crate::Call::ReadPolicies).
    ///
    /// ```
    /// use service_accounts::Error;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let found = accounts.acting(&ada).policies().get("nightly").await;
    /// assert!(matches!(found, Err(Error::DocumentMissing)));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing).
    pub async fn get(&self, name: &str) -> Result<KeptPolicy, Error> {
        self.acting.may(Call::ReadPolicies)?;
        let (mut book, _) = self.acting.core.book().await?;
        book.policies.remove(name).map(KeptPolicy::from).ok_or(Error::DocumentMissing)
    }

    /// Keeps a policy: a new one, whose name must be free, or another content of the one at the version `expected`.
    ///
    /// It holds for the next change that gives anything. What exists is not touched: ask
    /// [`validate_existing`](Self::validate_existing) first. At most 64 policies are kept, each of at most 16 KiB of
    /// JSON.
    ///
    /// Rule: [`Call::ChangePolicies`](crate::Call::ChangePolicies). Event: `policy.created` or `policy.updated`. The same policy
    /// again leaves no event and keeps its version.
    ///
    /// ```
    /// use service_accounts::{
    ///     Error, NewToken, TokenPolicy,
    ///     lifecycle::{Enforcement, RequestCriteria, Span, TokenRule},
    ///     naming::TokenName,
    /// };
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let quarter = TokenRule::MaximumLifetime { maximum: Span::days(90).ok_or("it fits")? };
    /// let policy = TokenPolicy::new("short", RequestCriteria::default()).with_rule(quarter, Enforcement::Hard).enabled();
    /// let kept = accounts.acting(&ada).policies().put(&policy, None).await?;
    /// assert_eq!(kept.over_broad.len(), 1); // it is about every account and token
    ///
    /// let wanted = NewToken::new(TokenName::parse("nightly-report-2026")?); // lives for a year
    /// let refused = accounts.acting(&ada).account(&id).mint(&wanted).await;
    /// assert!(matches!(refused, Err(Error::PolicyBlocked { .. })));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentTaken`](Error::DocumentTaken) by another policy of this name,
    /// [`DocumentMissing`](Error::DocumentMissing) where it was removed meanwhile,
    /// [`PolicyChanged`](Error::PolicyChanged), [`PolicyName`](Error::PolicyName),
    /// [`PolicyFitsNothing`](Error::PolicyFitsNothing) where it is enabled,
    /// [`PolicyTooLong`](Error::PolicyTooLong), or [`TooManyEntries`](Error::TooManyEntries).
    pub async fn put(&self, policy: &TokenPolicy, expected: Option<PolicyVersion>) -> Result<KeptPolicy, Error> {
        self.acting.may(Call::ChangePolicies)?;
        check_form(policy)?;
        // One that is out of force may name what is gone: otherwise nobody could switch it off.
        if policy.is_enabled {
            self.check_criteria(policy)?;
        }
        let action = if expected.is_some() { Action::PolicyUpdated } else { Action::PolicyCreated };
        self.change(action, &policy.name, |book| {
            check(book, &policy.name, expected)?;
            if let Some(present) = book.policies.get(&policy.name).filter(|present| present.policy == *policy) {
                return Ok(present.clone().into());
            }
            let entry = Entry { version: book.next_version(), policy: policy.clone() };
            book.policies.insert(policy.name.clone(), entry.clone());
            if book.policies.len() > MOST_POLICIES {
                return Err(Error::TooManyEntries { most: MOST_POLICIES });
            }
            Ok(entry.into())
        })
        .await
    }

    /// Removes a policy, as it stands at the version `expected`.
    ///
    /// Rule: [`Call::ChangePolicies`](crate::Call::ChangePolicies). Event: `policy.deleted`.
    ///
    /// ```
    /// use service_accounts::{TokenPolicy, lifecycle::RequestCriteria};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let policies = accounts.acting(&ada).policies();
    /// let kept = policies.put(&TokenPolicy::new("nightly", RequestCriteria::default()), None).await?;
    /// policies.remove("nightly", kept.version).await?;
    /// assert!(policies.list(None, 50).await?.items.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing) or [`PolicyChanged`](Error::PolicyChanged).
    pub async fn remove(&self, name: &str, expected: PolicyVersion) -> Result<(), Error> {
        self.change(Action::PolicyDeleted, name, |book| {
            check(book, name, Some(expected))?;
            book.next_version();
            book.policies.remove(name);
            Ok(())
        })
        .await
    }

    /// Another state of the policies, written where nobody else was faster.
    ///
    async fn change<T>(
        &self,
        action: Action,
        name: &str,
        changed: impl Fn(&mut PolicyBook) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (Acting { core, actor }, changed) = (self.acting, &changed);
        retry_on_conflict(move || async move {
            self.acting.may(Call::ChangePolicies)?;
            let (mut book, at) = core.book().await?;
            let done = changed(&mut book)?;
            let (id, event) = (core.book_id()?, self.event(action, name));
            match core.keep(actor, (DocumentKind::Policy, &id), &book, at, event).await {
                // Somebody kept the first policy of this realm meanwhile.
                Err(Error::DocumentTaken) => Err(Error::Conflict),
                kept => kept.map(|_| done),
            }
        })
        .await
    }

    pub(super) fn event(&self, action: Action, name: &str) -> Event {
        self.acting.core.realm_event(action, self.acting.actor).with(Label::new("policy"), Label::new(name))
    }
}

/// What can be kept has a name that can, and is not too long.
fn check_form(policy: &TokenPolicy) -> Result<(), Error> {
    check_name(&policy.name)?;
    let length = serde_json::to_string(policy).map_err(Unavailable::new)?.len();
    if length > MOST_BYTES { Err(Error::PolicyTooLong { most: MOST_BYTES }) } else { Ok(()) }
}

/// A new name must be free; a present one must be at the version that was read.
fn check(book: &PolicyBook, name: &str, expected: Option<PolicyVersion>) -> Result<(), Error> {
    match (book.policies.get(name), expected) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(Error::DocumentTaken),
        (None, Some(_)) => Err(Error::DocumentMissing),
        (Some(entry), Some(version)) if entry.version != version.number() => Err(Error::PolicyChanged),
        (Some(_), Some(_)) => Ok(()),
    }
}

impl<S, P: Permission> fmt::Debug for Policies<'_, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Policies").field(&self.acting).finish()
    }
}

/// A policy is named as documents are, and shorter: its name stands in findings and in the trail.
fn check_name(name: &str) -> Result<(), Error> {
    let is_name = name.len() <= MOST_NAME && DocumentId::parse(name).is_ok();
    if is_name { Ok(()) } else { Err(Error::PolicyName) }
}
