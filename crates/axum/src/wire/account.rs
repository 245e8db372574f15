//! Accounts.

use serde::{Deserialize, Deserializer, Serialize};
use service_accounts::{
    AccountUpdate, Expiry, NewAccount,
    access::{Allowlist, RoleName, Scopes, Teams},
    audit::Label,
    lifecycle::Environment,
    naming::{AccountId, DisplayName},
    store::{Account, Approval, Justification, Owner, Purpose, Status, SystemName},
};
use utoipa::ToSchema;

use super::{
    instant::Instant,
    shapes::{ScopesShape, TeamsShape},
    token::{AdviceView, MintRequest, MintedView, inherited},
};

/// An account to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAccount)]
pub(crate) struct CreateRequest {
    /// What people call it; the id is made from it.
    #[schema(value_type = String, example = "Pipeline Automation")]
    name: DisplayName,
    #[schema(value_type = String, example = "loads the warehouse at night")]
    purpose: Purpose,
    /// Who answers for it.
    #[schema(value_type = String, example = "data team")]
    owner: Owner,
    #[schema(value_type = String, example = "production")]
    environment: Environment,
    /// Left out: the lowest role.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    role: Option<RoleName>,
    /// What it may do at most. Left out: what its role may.
    #[serde(default = "inherited")]
    #[schema(value_type = ScopesShape)]
    scopes: Scopes,
    #[serde(default)]
    #[schema(value_type = TeamsShape)]
    teams: Teams,
    /// Addresses and networks it may come from; empty: from anywhere.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["198.51.100.0/24"]))]
    ip_allowlist: Allowlist,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// Why it needs more than the lowest role.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    justification: Option<Justification>,
    /// The systems it connects.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    systems: Vec<SystemName>,
    /// A token to mint in the same step.
    #[serde(default)]
    first_token: Option<MintRequest>,
}

impl From<CreateRequest> for NewAccount {
    fn from(asked: CreateRequest) -> Self {
        Self {
            role: asked.role,
            scopes: asked.scopes,
            teams: asked.teams,
            allowlist: asked.ip_allowlist,
            expires_at: asked.expires_at.map(|instant| instant.0),
            justification: asked.justification,
            systems: asked.systems,
            first_token: asked.first_token.map(Into::into),
            ..Self::new(asked.name, asked.purpose, asked.owner, asked.environment)
        }
    }
}

/// What changes; a field that is left out stays, and `expires_at: null` takes the expiry away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountUpdate)]
pub(crate) struct UpdateRequest {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    role: Option<RoleName>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = ScopesShape, required = false)]
    scopes: Option<Scopes>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = TeamsShape, required = false)]
    teams: Option<Teams>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false)]
    ip_allowlist: Option<Allowlist>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime, required = false)]
    expires_at: Option<Option<Instant>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    purpose: Option<Purpose>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    owner: Option<Owner>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    justification: Option<Justification>,
}

/// A field that is there has a value of its type; `null` is no way of leaving it out.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl From<UpdateRequest> for AccountUpdate {
    fn from(asked: UpdateRequest) -> Self {
        let expiry = |end: Option<Instant>| end.map_or(Expiry::Never, |end| Expiry::At(end.0));
        Self {
            role: asked.role,
            scopes: asked.scopes,
            teams: asked.teams,
            allowlist: asked.ip_allowlist,
            expires_at: asked.expires_at.map(expiry),
            purpose: asked.purpose,
            owner: asked.owner,
            justification: asked.justification,
        }
    }
}

/// An account; never with a secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountView<'a> {
    #[schema(value_type = String, example = "pipeline_automation@service")]
    id: &'a AccountId,
    #[schema(value_type = String)]
    name: &'a DisplayName,
    #[schema(value_type = String)]
    purpose: &'a Purpose,
    #[schema(value_type = String)]
    owner: &'a Owner,
    #[schema(value_type = Vec<String>)]
    systems: &'a [SystemName],
    #[schema(value_type = String)]
    role: &'a RoleName,
    #[schema(value_type = ScopesShape)]
    scopes: &'a Scopes,
    #[schema(value_type = TeamsShape)]
    teams: &'a Teams,
    #[schema(value_type = String)]
    environment: &'a Environment,
    #[schema(value_type = Vec<String>)]
    ip_allowlist: &'a Allowlist,
    #[schema(value_type = Option<String>)]
    justification: Option<&'a Justification>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    #[schema(value_type = StatusShape)]
    status: Status,
    #[schema(value_type = ApprovalShape)]
    approval: &'static str,
    #[schema(value_type = Option<String>)]
    approved_by: Option<&'a Label>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String)]
    created_by: &'a Label,
}

/// Whether its credentials work.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
#[schema(as = AccountStatus)]
pub(crate) enum StatusShape {
    Enabled,
    Disabled,
}

/// Whether it waits for a second administrator.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
#[schema(as = Approval)]
pub(crate) enum ApprovalShape {
    NotRequired,
    Pending,
    Given,
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

/// A new account, with the one sight of its secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedAccount)]
pub(crate) struct CreatedView<'a> {
    #[serde(flatten)]
    pub(crate) account: AccountView<'a>,
    #[schema(value_type = String)]
    pub(crate) client_id: &'a AccountId,
    /// Shown here and never again.
    pub(crate) client_secret: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_token: Option<MintedView<'a>>,
    /// What could be better about the names.
    pub(crate) advice: Vec<AdviceView>,
}

/// A new client secret; the one before has stopped working.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientSecret)]
pub(crate) struct SecretView<'a> {
    #[schema(value_type = String)]
    pub(crate) client_id: &'a AccountId,
    /// Shown here and never again.
    pub(crate) client_secret: &'a str,
}
