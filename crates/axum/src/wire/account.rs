//! Accounts.

use serde::{Deserialize, Deserializer, Serialize};
use service_accounts::{
    AccountUpdate, CreatedAccount, Expiry, NewAccount, ServiceAccounts, UpdatedAccount,
    access::{Allowlist, Permission, RoleName, Scopes, TeamName, Teams},
    audit::{Label, Sequence},
    lifecycle::Environment,
    naming::{AccountId, DisplayName, OnTaken, UndeliverableEmail},
    store::{
        Account, AccountFilter, Approval, Justification, Owner, Proposal, Purpose, Revision, Status, Store, SystemName,
    },
};
use utoipa::{IntoParams, ToSchema};

use super::{
    instant::Instant,
    page::{Cursor, Limit},
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
    /// What to do where the id is taken: refuse, or take the next free number.
    #[serde(default)]
    #[schema(required = false)]
    on_taken: OnTakenShape,
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

/// What to do where an id is taken.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OnTaken)]
pub(crate) enum OnTakenShape {
    #[default]
    Refuse,
    Number,
}

impl From<CreateRequest> for NewAccount {
    fn from(asked: CreateRequest) -> Self {
        Self {
            on_taken: match asked.on_taken {
                OnTakenShape::Refuse => OnTaken::Refuse,
                OnTakenShape::Number => OnTaken::Number,
            },
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
    /// The id stays.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    name: Option<DisplayName>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false)]
    systems: Option<Vec<SystemName>>,
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
            name: asked.name,
            systems: asked.systems,
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
    /// The id as an address, for systems that insist on one; no mail reaches it.
    email: String,
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
    /// More rights than were approved, which wait for a second administrator; those above hold meanwhile.
    proposal: Option<ProposalView<'a>>,
    /// The event that last changed it: what an approval names as seen.
    revision: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String)]
    created_by: &'a Label,
}

/// Whether its credentials work.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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
            email: UndeliverableEmail::from(account.id.clone()).to_string(),
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
            proposal: account.proposal.as_deref().map(ProposalView::new),
            revision: account.revision.event().number(),
            created_at: Instant(account.created_at),
            created_by: &account.created_by,
        }
    }
}

/// Rights and networks that wait for approval.
#[derive(Serialize, ToSchema)]
#[schema(as = Proposal)]
pub(crate) struct ProposalView<'a> {
    #[schema(value_type = String)]
    role: &'a RoleName,
    #[schema(value_type = ScopesShape)]
    scopes: &'a Scopes,
    #[schema(value_type = TeamsShape)]
    teams: &'a Teams,
    #[schema(value_type = Vec<String>)]
    ip_allowlist: &'a Allowlist,
    /// Everybody who made or edited it; none of them may approve it.
    #[schema(value_type = Vec<String>)]
    by: &'a [Label],
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
}

impl<'a> ProposalView<'a> {
    fn new(proposal: &'a Proposal) -> Self {
        Self {
            role: proposal.grant.role(),
            scopes: proposal.grant.scopes(),
            teams: proposal.grant.teams(),
            ip_allowlist: &proposal.allowlist,
            by: &proposal.by,
            at: Instant(proposal.at),
        }
    }
}

/// An account after a change.
#[derive(Serialize, ToSchema)]
#[schema(as = UpdatedAccount)]
pub(crate) struct UpdatedView<'a> {
    #[serde(flatten)]
    account: AccountView<'a>,
    /// Credentials that gain rights which somebody who has seen their text could not have handed out.
    gains: Vec<GainView<'a>>,
}

/// A credential that gains rights by somebody else's hand.
#[derive(Serialize, ToSchema)]
#[schema(as = Gain)]
struct GainView<'a> {
    token: &'a str,
    #[schema(value_type = Vec<String>)]
    known_to: &'a [Label],
}

impl<'a> UpdatedView<'a> {
    pub(crate) fn new(updated: &'a UpdatedAccount) -> Self {
        let gains = updated.gains.iter();
        let gains = gains.map(|gain| GainView { token: gain.token.as_str(), known_to: &gain.known_to }).collect();
        Self { account: AccountView::new(&updated.account), gains }
    }
}

/// Which accounts to list; all conditions must hold.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountQuery {
    #[param(value_type = String, required = false)]
    owner: Option<Owner>,
    #[param(value_type = String, required = false)]
    team: Option<TeamName>,
    /// A system that the account connects.
    #[param(value_type = String, required = false)]
    system: Option<SystemName>,
    #[param(value_type = String, required = false)]
    environment: Option<Environment>,
    #[param(inline, value_type = StatusShape, required = false)]
    status: Option<StatusShape>,
    /// A part of the name or the id, in whatever case.
    #[param(value_type = String, required = false)]
    q: Option<String>,
    /// The `next_cursor` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor<AccountId>>,
    /// How many a page holds at most.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50, required = false)]
    limit: Limit,
}

impl AccountQuery {
    pub(crate) fn limit(&self) -> usize {
        self.limit.get()
    }

    pub(crate) fn after(&self) -> Option<AccountId> {
        self.cursor.as_ref().map(|cursor| cursor.0.clone())
    }

    pub(crate) fn filter(self, every: AccountFilter) -> AccountFilter {
        let status = self.status.map(|status| match status {
            StatusShape::Enabled => Status::Enabled,
            StatusShape::Disabled => Status::Disabled,
        });
        AccountFilter {
            owner: self.owner,
            team: self.team,
            system: self.system,
            environment: self.environment,
            status,
            text: self.q,
            ..every
        }
    }
}

/// What is approved.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApprovalQuery {
    /// The `revision` of the account as it was looked at; left out, as it stands now.
    #[param(required = false)]
    revision: Option<i64>,
}

impl ApprovalQuery {
    pub(crate) fn revision(&self) -> Option<Revision> {
        self.revision.map(|event| Revision::made_by(Sequence::new(event)))
    }
}

/// A new account, with the one sight of its secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedAccount)]
pub(crate) struct CreatedView<'a> {
    #[serde(flatten)]
    account: AccountView<'a>,
    #[schema(value_type = String)]
    client_id: &'a AccountId,
    /// Shown here and never again. Left out where a retry comes after a credential was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MintedView, required = false)]
    first_token: Option<MintedView<'a>>,
    /// What could be better about the names.
    advice: Vec<AdviceView>,
}

impl<'a> CreatedView<'a> {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, created: &'a CreatedAccount) -> Self {
        let account = &created.account;
        Self {
            account: AccountView::new(account),
            client_id: &account.id,
            client_secret: created.client_secret.as_ref().map(|secret| secret.expose()),
            first_token: created.first_token.as_ref().map(|minted| MintedView::new(accounts, minted)),
            advice: created.advice.iter().map(AdviceView::from).collect(),
        }
    }
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
