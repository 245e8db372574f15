//! Governance policies: kept, changed, and tried before they are in force.
//!
//! All policies of a realm are kept in one document, the book, so that a change reads them in one step and names one
//! revision.

mod kept;

use std::fmt;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::{PolicyOutcome, TokenRequest};
use service_accounts_naming::AccountId;
use service_accounts_store::{AccountFilter, DocumentId, DocumentKind, Paged, Store};
use service_accounts_token::Kind;

pub use self::kept::{KeptPolicy, PolicyObjection, PolicyTrial, PolicyVersion};
use super::Acting;
use crate::{
    Error, PolicyFinding, TokenPolicy, Unavailable,
    core::{
        authority::Call,
        governance::{Entry, PolicyBook, PolicySet},
        retry::retry_on_conflict,
    },
};

/// The most policies that are kept: each change that gives rights reads them all.
const MOST_POLICIES: usize = 64;

/// The longest policy, in bytes of JSON.
const MOST_BYTES: usize = 16 * 1024;

/// How many tokens of an account are read at a time.
const PAGE: usize = 200;

/// The governance policies on somebody's word: what [`Acting::policies`] returns.
///
/// Policies in force are asked before accounts and tokens are created, changed, approved, enabled, minted, rotated or given
/// another secret. A hard rule refuses with [`Error::PolicyBlocked`]; a soft one warns in the answer and in the trail.
/// To disable, revoke, contain or delete is never refused.
pub struct Policies<'a, S, P: Permission> {
    acting: Acting<'a, S, P>,
}

impl<'a, S, P: Permission> Acting<'a, S, P> {
    /// The governance policies.
    #[must_use]
    pub const fn policies(self) -> Policies<'a, S, P> {
        Policies { acting: self }
    }
}

impl<S: Store + 'static, P: Permission> Policies<'_, S, P> {
    /// A page of the policies in the order of their names, starting behind `after`.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn list(&self, after: Option<&str>, limit: usize) -> Result<Paged<KeptPolicy, String>, Error> {
        self.acting.may(Call::ReadPolicies)?;
        let (book, _) = self.acting.core.book().await?;
        let behind = book.policies.into_values().filter(|entry| after.is_none_or(|after| &*entry.policy.name > after));
        let items = behind.map(KeptPolicy::from).take(limit.saturating_add(1)).collect();
        Ok(Paged::new(items, limit, |kept: &KeptPolicy| kept.policy.name.clone()))
    }

    /// One policy.
    ///
    /// # Errors
    /// The actor may not, or there is no such policy.
    pub async fn get(&self, name: &str) -> Result<KeptPolicy, Error> {
        self.acting.may(Call::ReadPolicies)?;
        let (mut book, _) = self.acting.core.book().await?;
        book.policies.remove(name).map(KeptPolicy::from).ok_or(Error::DocumentMissing)
    }

    /// Keeps a policy: a new one, whose name must be free, or another content of the one at the version `expected`.
    ///
    /// # Errors
    /// The actor does not hold everything on every team; the name is taken or unusable; the policy was changed meanwhile
    /// ([`Error::PolicyChanged`]) or removed; or there are too many.
    pub async fn put(&self, policy: &TokenPolicy, expected: Option<PolicyVersion>) -> Result<KeptPolicy, Error> {
        DocumentId::parse(&policy.name).map_err(|_| Error::PolicyName)?;
        let length = serde_json::to_string(policy).map_err(Unavailable::new)?.len();
        if length > MOST_BYTES {
            return Err(Error::PolicyTooLong { most: MOST_BYTES });
        }
        let action = if expected.is_some() { Action::PolicyUpdated } else { Action::PolicyCreated };
        self.change(action, &policy.name, |book| {
            check(book, &policy.name, expected)?;
            let entry = Entry { version: book.last, policy: policy.clone() };
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
    /// # Errors
    /// The actor does not hold everything on every team, there is no such policy, or it was changed meanwhile.
    pub async fn remove(&self, name: &str, expected: PolicyVersion) -> Result<(), Error> {
        self.change(Action::PolicyDeleted, name, |book| {
            check(book, name, Some(expected))?;
            book.policies.remove(name);
            Ok(())
        })
        .await
    }

    /// What a policy would say of a request if it were in force. Neither is kept; that it was asked is recorded.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn validate(&self, policy: &TokenPolicy, request: &TokenRequest) -> Result<PolicyTrial, Error> {
        let policies = self.trial(policy).await?;
        let findings = policies.request(request);
        Ok(PolicyTrial { outcome: outcome(&findings), findings, over_broad: policy.breadth() })
    }

    /// What a policy would object to in what exists, if it were in force: a page of accounts in the order of their ids,
    /// starting behind `after`, with their tokens. Nothing is kept; that it was asked is recorded.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn validate_existing(
        &self,
        policy: &TokenPolicy,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<PolicyObjection, AccountId>, Error> {
        let (asker, core) = (self.acting.asker(), self.acting.core);
        asker.may(Call::ReadAccounts)?;
        let policies = self.trial(policy).await?;
        let filter = AccountFilter { within: asker.teams().clone(), ..AccountFilter::of(core.rules.realm.clone()) };
        let page = core.store.accounts(&filter, after, limit).await.map_err(Unavailable::new)?;
        let mut items = Vec::new();
        for account in &page.items {
            let subject =
                PolicyObjection { account: account.id.clone(), token: None, findings: policies.account(account) };
            items.push(subject);
            self.object_to_tokens(&policies, account, &mut items).await?;
        }
        items.retain(|subject| !subject.findings.is_empty());
        Ok(Paged { items, next: page.next })
    }

    /// Asks the policies in force about a request that the host itself is to serve, such as a certificate, and returns what
    /// soft rules object to.
    ///
    /// # Errors
    /// A hard rule objects ([`Error::PolicyBlocked`]), the actor may not, or the store failed.
    pub async fn enforce(&self, request: &TokenRequest) -> Result<Vec<PolicyFinding>, Error> {
        self.acting.may(Call::ReadPolicies)?;
        let findings = self.acting.core.policies_in_force().await?.request(request);
        if findings.is_empty() {
            return Ok(findings);
        }
        let blocks = findings.iter().any(PolicyFinding::blocks);
        let action = if blocks { Action::PolicyBlocked } else { Action::PolicyWarned };
        let named = findings.iter().map(|finding| finding.policy.as_str()).collect::<Vec<_>>().join(", ");
        self.acting.core.record(self.event(action, &named)).await?;
        if blocks { Err(Error::PolicyBlocked { findings }) } else { Ok(findings) }
    }

    /// Revoked tokens are left out: no policy says anything of what does not work.
    async fn object_to_tokens(
        &self,
        policies: &PolicySet<'_, P>,
        account: &service_accounts_store::Account,
        into: &mut Vec<PolicyObjection>,
    ) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = self.acting.core.store.credentials(&account.id, Kind::Token, after.as_ref(), PAGE).await;
            let page = page.map_err(Unavailable::new)?;
            let live = page.items.iter().map(|listed| listed.credential.token());
            into.extend(live.filter(|token| !token.is_revoked(account)).map(|token| PolicyObjection {
                account: account.id.clone(),
                token: Some(token.id),
                findings: policies.token(account, token),
            }));
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// One policy, as if it alone were in force.
    async fn trial(&self, policy: &TokenPolicy) -> Result<PolicySet<'_, P>, Error> {
        self.acting.may(Call::ReadPolicies)?;
        self.acting.core.record(self.event(Action::PolicyValidated, &policy.name)).await?;
        Ok(PolicySet::of(&self.acting.core.rules, [policy.clone()]))
    }

    /// Another state of the policies, written where nobody else was faster.
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
            book.last = book.last.saturating_add(1);
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

    fn event(&self, action: Action, name: &str) -> Event {
        self.acting.core.event(action, self.acting.actor).with(Label::new("policy"), Label::new(name))
    }
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

/// The hardest rule that fails decides.
fn outcome(findings: &[PolicyFinding]) -> PolicyOutcome {
    match findings {
        [] => PolicyOutcome::Allow,
        some if some.iter().any(PolicyFinding::blocks) => PolicyOutcome::Block,
        _ => PolicyOutcome::Warn,
    }
}

impl<S, P: Permission> fmt::Debug for Policies<'_, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Policies").field(&self.acting).finish()
    }
}
