//! Accounts and tokens as policies see them.
//!
//! A policy judges what is asked for, so what is missing on a record is missing in the request: a rule that needs it
//! then fails.

use service_accounts_access::{Allowlist, Grant, Permission, Scopes, Teams};
use service_accounts_lifecycle::{RequestKind, Span, TokenRequest};
use service_accounts_naming::NameAdvice;
use service_accounts_store::{Account, Approval, Token};

use super::PolicySet;

impl<P: Permission> PolicySet<'_, P> {
    /// The account with the rights that wait for approval, if any do: they are what was asked for.
    pub(super) fn account_request(&self, account: &Account) -> TokenRequest {
        match &account.proposal {
            Some(proposal) => self.described(account, &proposal.grant, &proposal.allowlist),
            None => self.described(account, &account.grant, &account.allowlist),
        }
    }

    /// A token with what policies see of its account, by the rights that the account has now.
    ///
    /// A token without networks of its own is bound by its account's.
    pub(super) fn token_request(&self, account: &Account, token: &Token) -> TokenRequest {
        let of_account = self.described(account, &account.grant, &account.allowlist);
        let due = self.rules.rotate_after(token);
        let advice = token.class.token_name().map_or_else(Vec::new, |name| codes(self.rules.advisor.token(name)));
        TokenRequest {
            kind: RequestKind::Token,
            environment: token.environment.clone(),
            scopes: self.scopes(&account.grant, token.grant.scopes()),
            allowlist: if bounds(&token.allowlist).is_empty() {
                of_account.allowlist
            } else {
                bounds(&token.allowlist)
            },
            naming_advice: of_account.naming_advice.into_iter().chain(advice).collect(),
            lifetime: token.expires_at.and_then(|end| span(end - token.created_at)),
            rotation_lead: token.expires_at.zip(due).and_then(|(end, due)| span(end - due)),
            ..of_account
        }
    }

    /// What a policy sees of an account with these rights and networks.
    fn described(&self, account: &Account, grant: &Grant, allowlist: &Allowlist) -> TokenRequest {
        TokenRequest {
            owner: Some(account.owner.as_str().into()),
            purpose: Some(account.purpose.as_str().into()),
            role: Some(grant.role().as_str().into()),
            justification: account.justification.as_ref().map(|text| text.as_str().into()),
            // One that waits works only once somebody has approved it.
            is_approved: account.approval != Approval::NotRequired,
            teams: self.teams(grant.teams()),
            scopes: self.scopes(grant, &Scopes::Inherited),
            integrations: account.systems.iter().map(|system| system.as_str().into()).collect(),
            allowlist: bounds(allowlist),
            naming_advice: codes(self.rules.advisor.account(&account.name)),
            ..TokenRequest::account(account.name.as_str(), account.environment.clone())
        }
    }

    /// The teams by name. An account of every team counts as a member of each team that a policy names.
    fn teams(&self, teams: &Teams) -> Vec<String> {
        if teams.is_every() { self.teams.clone() } else { teams.names().map(|team| team.as_str().into()).collect() }
    }

    /// The scopes by name. Where none narrows, every permission of the role: no ceiling is passed by leaving scopes out.
    fn scopes(&self, grant: &Grant, scopes: &Scopes) -> Vec<String> {
        if let Some(narrowing) = [scopes, grant.scopes()].into_iter().find(|scopes| **scopes != Scopes::Inherited) {
            return narrowing.names().map(|name| name.as_str().into()).collect();
        }
        let held = self.catalogue.role(grant.role());
        held.into_iter().flat_map(|held| held.iter()).map(|permission| permission.name().into()).collect()
    }
}

/// The networks that bound it; none where they take in every address.
fn bounds(allowlist: &Allowlist) -> Vec<String> {
    let takes_in_all = allowlist.networks().any(|network| network.prefix() == 0);
    if takes_in_all { Vec::new() } else { allowlist.networks().map(|network| network.to_string()).collect() }
}

/// Advice as the codes that a rule may make an exception for.
fn codes(advice: Vec<NameAdvice>) -> Vec<String> {
    advice.iter().map(|advice| advice.code.as_str().into()).collect()
}

/// A span in whole seconds; none where there is none, which rules take for missing.
fn span(duration: time::Duration) -> Option<Span> {
    u32::try_from(duration.whole_seconds()).ok().and_then(Span::seconds)
}
