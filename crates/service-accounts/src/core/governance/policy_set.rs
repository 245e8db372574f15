//! Policies asked about accounts and tokens.

use std::{collections::BTreeSet, sync::Arc};

use service_accounts_access::{Catalogue, Permission, PermissionSet, RoleCatalogue, ScopeName};
use service_accounts_lifecycle::{EnforcedRule, TokenRequest, TokenRule};
use service_accounts_store::{Account, Class, Revision, Store, Token};

use super::{PolicyFinding, TokenPolicy};
use crate::{
    Error,
    core::{Core, rules::Rules},
};

/// The policies of a moment, ready to be asked.
///
/// It judges by the catalogue of the same moment, so that a scope counts for what it holds now.
pub(crate) struct PolicySet<'a, P: Permission> {
    pub(super) rules: &'a Rules<P>,
    pub(super) catalogue: Arc<Catalogue<P>>,
    policies: Vec<TokenPolicy>,
    /// Every team that a policy is about: an account of every team is in each of them.
    pub(super) teams: Vec<String>,
    /// The state of the policies' document.
    pub(super) at: Option<Revision>,
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// The policies in force.
    pub(crate) async fn policies_in_force(&self) -> Result<PolicySet<'_, P>, Error> {
        let (book, at) = self.book().await?;
        let in_force = book.policies.into_values().map(|entry| entry.policy).filter(|policy| policy.is_enabled);
        Ok(PolicySet { at, ..PolicySet::of(&self.rules, in_force) })
    }
}

impl<'a, P: Permission> PolicySet<'a, P> {
    /// These policies, as if each were in force.
    ///
    /// A trial and the real thing come by here, so that what a trial says is what would follow.
    pub(crate) fn of(rules: &'a Rules<P>, policies: impl IntoIterator<Item = TokenPolicy>) -> Self {
        let catalogue = rules.catalogue.current();
        let policies: Vec<_> = policies.into_iter().map(|policy| expanded(policy, &catalogue)).collect();
        let teams: BTreeSet<_> = policies.iter().flat_map(|policy| policy.matching_criteria.teams.clone()).collect();
        Self { rules, catalogue, policies, teams: teams.into_iter().collect(), at: None }
    }

    /// Whether there is nothing to ask, so that nothing need be read for it.
    pub(crate) fn is_silent(&self) -> bool {
        self.policies.is_empty()
    }

    /// What they object to in an account that is to be created with these credentials.
    ///
    /// A client secret is left out: it has no name, no scopes and no end of its own that a rule could be about.
    pub(crate) fn created(&self, account: &Account, tokens: &[Token]) -> Vec<PolicyFinding> {
        let tokens = tokens.iter().filter(|token| matches!(token.class, Class::Token(_)));
        let of_tokens = tokens.flat_map(|token| self.token(account, token));
        self.account(account).into_iter().chain(of_tokens).collect()
    }

    /// What they object to in an account, with the rights that wait for approval if any do.
    pub(crate) fn account(&self, account: &Account) -> Vec<PolicyFinding> {
        self.request(&self.account_request(account))
    }

    /// What they object to in a token of an account.
    pub(crate) fn token(&self, account: &Account, token: &Token) -> Vec<PolicyFinding> {
        self.request(&self.token_request(account, token))
    }

    /// What they object to in a request, policy by policy in the order of their names.
    pub(crate) fn request(&self, request: &TokenRequest) -> Vec<PolicyFinding> {
        let of_policy = |policy: &TokenPolicy| {
            let named = policy.name.clone();
            let findings = policy.validate(request).findings;
            let finding = move |violation| PolicyFinding { policy: named.clone(), kind: request.kind, violation };
            findings.into_iter().map(finding).collect::<Vec<_>>()
        };
        self.policies.iter().flat_map(of_policy).collect()
    }
}

/// The policy with each ceiling by all the names of what it allows: a scope is allowed that holds no more than those
/// listed, and so is each permission of theirs.
fn expanded<P: Permission>(policy: TokenPolicy, catalogue: &Catalogue<P>) -> TokenPolicy {
    let expand = |enforced: EnforcedRule<TokenRule>| match enforced.rule {
        TokenRule::ScopeCeiling { allowed } => {
            EnforcedRule { rule: TokenRule::ScopeCeiling { allowed: within(allowed, catalogue) }, ..enforced }
        }
        rule => EnforcedRule { rule, ..enforced },
    };
    TokenPolicy { rules: policy.rules.into_iter().map(expand).collect(), ..policy }
}

/// The names listed, every declared scope that holds no more than they do together, and each of their permissions.
fn within<P: Permission>(mut allowed: Vec<String>, catalogue: &Catalogue<P>) -> Vec<String> {
    let held = allowed.iter().filter_map(|name| catalogue.scope(&ScopeName::parse(name).ok()?));
    let held = held.fold(PermissionSet::empty(), PermissionSet::union);
    let scopes = catalogue.scopes().filter(|scope| scope.permissions().is_subset(held));
    allowed.extend(scopes.map(|scope| scope.name().as_str().into()));
    allowed.extend(held.iter().map(|permission| permission.name().into()));
    allowed
}
