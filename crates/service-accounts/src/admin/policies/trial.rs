//! Policies asked about what is not there yet, and about what exists, before anything rests on them.
//!
//! A trial keeps nothing and refuses nothing. That somebody tried is recorded all the same, because a trial over what
//! exists shows accounts and tokens.

use service_accounts_access::Permission;
use service_accounts_audit::Action;
use service_accounts_lifecycle::{PolicyOutcome, TokenRequest};
use service_accounts_naming::AccountId;
use service_accounts_store::{Paged, Store};
use service_accounts_token::Kind;

use super::{Policies, PolicyObjection, PolicyTrial, check_form};
use crate::{
    Error, PolicyFinding, TokenPolicy, Unavailable,
    core::{authority::Call, governance::PolicySet},
};

impl<S: Store + 'static, P: Permission> Policies<'_, S, P> {
    /// What a policy would say of a request if it were in force. Neither is kept; that it was asked is recorded.
    ///
    /// Rule: [`Call::ReadPolicies`](crate::Call::ReadPolicies). Event: `policy.validated`. Policies in force are not
    /// asked.
    ///
    /// ```
    /// use service_accounts::{
    ///     TokenPolicy,
    ///     lifecycle::{Enforcement, Environment, PolicyOutcome, RequestCriteria, Span, TokenRequest, TokenRule},
    /// };
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let quarter = TokenRule::MaximumLifetime { maximum: Span::days(90).ok_or("it fits")? };
    /// let policy = TokenPolicy::new("short", RequestCriteria::default()).with_rule(quarter, Enforcement::Soft);
    /// let request = TokenRequest::new("nightly", Environment::production()); // says no lifetime, which the rule needs
    /// let trial = accounts.acting(&ada).policies().validate(&policy, &request).await?;
    /// assert_eq!(trial.outcome, PolicyOutcome::Warn);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of every call, and those of [`put`](Self::put) about the policy alone; a request that the policy objects to is
    /// an answer, not an error.
    pub async fn validate(&self, policy: &TokenPolicy, request: &TokenRequest) -> Result<PolicyTrial, Error> {
        let policies = self.trial(policy).await?;
        let findings = policies.request(request);
        Ok(PolicyTrial { outcome: outcome(&findings), findings, over_broad: policy.breadth() })
    }

    /// What a policy would object to in what exists, if it were in force: a page of accounts in the order of their ids,
    /// starting behind `after`, with their tokens. Nothing is kept; that it was asked is recorded.
    ///
    /// Rules: [`Call::ReadPolicies`](crate::Call::ReadPolicies) and [`Call::ReadAccounts`](crate::Call::ReadAccounts).
    /// Event: `policy.validated`, one a page. `limit` counts accounts and not objections.
    ///
    /// ```
    /// use service_accounts::{
    ///     TokenPolicy,
    ///     lifecycle::{Enforcement, RequestCriteria, TokenRule},
    /// };
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let policy = TokenPolicy::new("networks", RequestCriteria::default());
    /// let policy = policy.with_rule(TokenRule::AllowlistRequired, Enforcement::Hard);
    /// let page = accounts.acting(&ada).policies().validate_existing(&policy, None, 50).await?;
    /// assert_eq!(page.items[0].account, id); // it comes from anywhere
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub async fn validate_existing(
        &self,
        policy: &TokenPolicy,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<PolicyObjection, AccountId>, Error> {
        let (asker, core) = (self.acting.asker(), self.acting.core);
        asker.may(Call::ReadAccounts)?;
        let policies = self.trial(policy).await?;
        let filter = self.acting.visible(&asker);
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
    /// Rule: [`Call::ReadPolicies`](crate::Call::ReadPolicies). Event: `policy.warned` or `policy.blocked` where
    /// anything was found, else none.
    ///
    /// ```
    /// use service_accounts::lifecycle::{Environment, TokenRequest};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let certificate = TokenRequest {
    ///     domains: vec!["www.example.org".into()],
    ///     ..TokenRequest::certificate("web", Environment::production())
    /// };
    /// assert!(accounts.acting(&ada).policies().enforce(&certificate).await?.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`PolicyBlocked`](Error::PolicyBlocked) where a hard rule objects.
    pub async fn enforce(&self, request: &TokenRequest) -> Result<Vec<PolicyFinding>, Error> {
        self.acting.may(Call::ReadPolicies)?;
        let findings = self.acting.core.policies_in_force().await?.request(request);
        if findings.is_empty() {
            return Ok(findings);
        }
        let blocks = findings.iter().any(PolicyFinding::blocks);
        let action = if blocks { Action::PolicyBlocked } else { Action::PolicyWarned };
        let named = findings.iter().map(|finding| finding.policy.as_str()).collect::<Vec<_>>().join(", ");
        self.acting.core.record_by(self.acting.actor, self.event(action, &named)).await?;
        if blocks { Err(Error::PolicyBlocked { findings }) } else { Ok(findings) }
    }

    /// Revoked tokens are left out: no policy says anything of what does not work.
    async fn object_to_tokens(
        &self,
        policies: &PolicySet<'_, P>,
        account: &service_accounts_store::Account,
        into: &mut Vec<PolicyObjection>,
    ) -> Result<(), Error> {
        let mut pages = self.acting.core.credentials_of(&account.id, &[Kind::Token]);
        while let Some(page) = pages.next().await? {
            let live = page.iter().map(|listed| listed.credential.token());
            into.extend(live.filter(|token| !token.is_revoked(account)).map(|token| PolicyObjection {
                account: account.id.clone(),
                token: Some(token.id),
                findings: policies.token(account, token),
            }));
        }
        Ok(())
    }

    /// One policy, as if it alone were in force.
    async fn trial(&self, policy: &TokenPolicy) -> Result<PolicySet<'_, P>, Error> {
        self.acting.may(Call::ReadPolicies)?;
        check_form(policy)?;
        self.check_criteria(policy)?;
        self.acting.core.record_by(self.acting.actor, self.event(Action::PolicyValidated, &policy.name)).await?;
        Ok(PolicySet::of(&self.acting.core.rules, [policy.clone()]))
    }
}

/// The hardest rule that fails decides.
///
/// Without a finding nothing would follow.
fn outcome(findings: &[PolicyFinding]) -> PolicyOutcome {
    match findings {
        [] => PolicyOutcome::Allow,
        some if some.iter().any(PolicyFinding::blocks) => PolicyOutcome::Block,
        _ => PolicyOutcome::Warn,
    }
}
