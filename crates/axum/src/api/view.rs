//! Records as clients see them; none of these types has room for a secret or a digest.

use std::net::IpAddr;

use serde::Serialize;
use service_accounts::{
    ServiceAccounts,
    access::{Allowlist, Permission, RoleName, Scopes, Teams},
    audit::{Label, Recorded},
    lifecycle::{Environment, TokenState},
    naming::{AccountId, DisplayName},
    store::{Account, Approval, Justification, Listed, Owner, Purpose, Status, Store, SystemName, Token},
    token::Hint,
};
use time::UtcDateTime;

use crate::instant::Instant;

#[derive(Serialize)]
pub(crate) struct AccountView<'a> {
    id: &'a AccountId,
    name: &'a DisplayName,
    purpose: &'a Purpose,
    owner: &'a Owner,
    systems: &'a [SystemName],
    role: &'a RoleName,
    scopes: &'a Scopes,
    teams: &'a Teams,
    environment: &'a Environment,
    ip_allowlist: &'a Allowlist,
    justification: Option<&'a Justification>,
    expires_at: Option<Instant>,
    status: Status,
    approval: &'static str,
    approved_by: Option<&'a Label>,
    created_at: Instant,
    created_by: &'a Label,
}

impl<'a> AccountView<'a> {
    pub(crate) fn new(account: &'a Account) -> Self {
        let (approval, approved_by) = match &account.approval {
            Approval::NotRequired => ("not_required", None),
            Approval::Pending => ("pending", None),
            Approval::Given { by, .. } => ("given", Some(by)),
        };
        Self {
            id: &account.id,
            name: &account.name,
            purpose: &account.purpose,
            owner: &account.owner,
            systems: &account.systems,
            role: account.grant.role(),
            scopes: account.grant.scopes(),
            teams: account.grant.teams(),
            environment: &account.environment,
            ip_allowlist: &account.allowlist,
            justification: account.justification.as_ref(),
            expires_at: account.expires_at.map(Instant),
            status: account.status,
            approval,
            approved_by,
            created_at: Instant(account.created_at),
            created_by: &account.created_by,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct TokenView {
    id: String,
    name: Option<String>,
    hint: Hint,
    state: &'static str,
    scopes: Scopes,
    environment: Environment,
    created_at: Instant,
    created_by: Label,
    expires_at: Option<Instant>,
    rotate_after: Option<Instant>,
}

/// A token with its last use, which only lists look up.
#[derive(Serialize)]
pub(crate) struct ListedTokenView {
    #[serde(flatten)]
    token: TokenView,
    last_used_at: Option<Instant>,
    last_used_ip: Option<IpAddr>,
}

impl ListedTokenView {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, listed: &Listed) -> Self {
        Self {
            token: TokenView::new(accounts, listed.credential.token()),
            last_used_at: listed.last_used.map(|last| Instant(last.at)),
            last_used_ip: listed.last_used.and_then(|last| last.address),
        }
    }
}

impl TokenView {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, token: &Token) -> Self {
        Self {
            id: token.id.as_str().into(),
            name: token.class.token_name().map(|name| name.as_str().into()),
            hint: token.hint,
            state: state(token, accounts.now()),
            scopes: token.grant.scopes().clone(),
            environment: token.environment.clone(),
            created_at: Instant(token.created_at),
            created_by: token.created_by.clone(),
            expires_at: token.expires_at.map(Instant),
            rotate_after: accounts.rotate_after(token).map(Instant),
        }
    }
}

fn state(token: &Token, now: UtcDateTime) -> &'static str {
    match token.state {
        TokenState::Deleted { .. } => "deleted",
        TokenState::Revoked { .. } | TokenState::Deletable { .. } => "revoked",
        _ if token.expires_at.is_some_and(|end| end <= now) => "expired",
        TokenState::Retiring { .. } => "retiring",
        TokenState::Active => "active",
    }
}

#[derive(Serialize)]
pub(crate) struct EventView {
    sequence: i64,
    at: Instant,
    action: &'static str,
    actor: Label,
    account: Option<Label>,
    token: Option<Label>,
    token_name: Option<Label>,
    address: Option<IpAddr>,
    reason: Option<Label>,
    details: std::collections::BTreeMap<Label, Label>,
}

impl From<&Recorded> for EventView {
    fn from(recorded: &Recorded) -> Self {
        let event = &recorded.event;
        Self {
            sequence: recorded.sequence.number(),
            at: Instant(event.at()),
            action: event.action().as_str(),
            actor: event.actor().clone(),
            account: event.account().cloned(),
            token: event.token().cloned(),
            token_name: event.token_name().cloned(),
            address: event.address(),
            reason: event.reason().cloned(),
            details: event.details().clone(),
        }
    }
}
