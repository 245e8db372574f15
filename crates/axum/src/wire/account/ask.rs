//! What is asked of accounts.

use serde::{Deserialize, Deserializer};
use service_accounts::{
    AccountUpdate, Expiry, NewAccount,
    access::{Allowlist, RoleName, Scopes, TeamName, Teams},
    audit::Sequence,
    lifecycle::Environment,
    naming::{AccountId, DisplayName, OnTaken},
    store::{AccountFilter, Justification, Owner, Purpose, Revision, StatusFilter, SystemName},
};
use utoipa::{IntoParams, ToSchema};

use crate::wire::{
    instant::Instant,
    page::{Cursor, Limit},
    shapes::{ScopesShape, TeamsShape},
    token::{MintRequest, inherited},
};

/// An account to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAccount)]
pub(crate) struct CreateRequest {
    /// What people call it; the id is made from it.
    #[schema(value_type = String, example = "Pipeline Automation")]
    name: DisplayName,
    /// What it is for.
    #[schema(value_type = String, example = "loads the warehouse at night")]
    purpose: Purpose,
    /// Who answers for it.
    #[schema(value_type = String, example = "data team")]
    owner: Owner,
    /// Where it is used; the lifecycle policy must know it.
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
    /// Whose resources it reaches: `every`, or a list of teams. Left out: only what belongs to nobody.
    #[serde(default)]
    #[schema(value_type = TeamsShape)]
    teams: Teams,
    /// Addresses and networks it may come from; empty: from anywhere.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["198.51.100.0/24"]))]
    ip_allowlist: Allowlist,
    /// The first instant at which it is refused, in the future. Left out: it does not end by itself.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// Why it needs more than the lowest role.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    justification: Option<Justification>,
    /// The systems it connects; one that is named twice is kept once.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 200)]
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

/// What is left out is the facade's default; the key of a retry comes in a header and is added by the handler.
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
    /// The systems it connects, each kept once; the list replaces the present one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false, max_items = 200)]
    systems: Option<Vec<SystemName>>,
    /// Another role; above the lowest one it needs a justification.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    role: Option<RoleName>,
    /// What it may do at most: `inherited`, or a list that replaces the present one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = ScopesShape, required = false)]
    scopes: Option<Scopes>,
    /// Its teams: `every`, or a list that replaces the present one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = TeamsShape, required = false)]
    teams: Option<Teams>,
    /// Addresses and networks it may come from; empty: from anywhere.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false)]
    ip_allowlist: Option<Allowlist>,
    /// The first instant at which it is refused, in the future; `null` takes the end away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime, required = false)]
    expires_at: Option<Option<Instant>>,
    /// What it is for.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    purpose: Option<Purpose>,
    /// Who answers for it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    owner: Option<Owner>,
    /// Why it needs more than the lowest role.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    justification: Option<Justification>,
}

/// A field that is there has a value of its type; `null` is no way of leaving it out.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Only `expires_at` may be `null`: then the account does not end by itself. Of every other field `null` is refused,
/// and to leave it out is to leave it as it is.
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
    /// `enabled` or `disabled`; or `pending`: what waits for a second administrator, new accounts and more rights alike.
    #[param(inline, value_type = StatusFilterShape, required = false)]
    status: Option<StatusFilterShape>,
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

/// Which status to list.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StatusFilterShape {
    Enabled,
    Disabled,
    Pending,
}

impl AccountQuery {
    pub(crate) fn limit(&self) -> usize {
        self.limit.get()
    }

    /// An id that is gone by now still says where the list goes on.
    pub(crate) fn after(&self) -> Option<AccountId> {
        self.cursor.as_ref().map(|cursor| cursor.0.clone())
    }

    /// `every` has the realm, which no query can set.
    pub(crate) fn filter(self, every: AccountFilter) -> AccountFilter {
        let status = self.status.map(|status| match status {
            StatusFilterShape::Enabled => StatusFilter::Enabled,
            StatusFilterShape::Disabled => StatusFilter::Disabled,
            StatusFilterShape::Pending => StatusFilter::Pending,
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
    /// A number that no event has is refused as outdated.
    pub(crate) fn revision(&self) -> Option<Revision> {
        self.revision.map(|event| Revision::made_by(Sequence::new(event)))
    }
}
