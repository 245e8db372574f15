//! Accounts.

mod ask;
mod written;

use serde::Serialize;
use service_accounts::{
    access::{Allowlist, RoleName, Scopes, Teams},
    audit::Label,
    lifecycle::Environment,
    naming::{AccountId, DisplayName, UndeliverableEmail},
    store::{Account, Approval, Email, Justification, Owner, Proposal, Purpose, Status, SystemName, Title},
};
use utoipa::ToSchema;

pub(crate) use self::{
    ask::{AccountQuery, ApprovalQuery, CreateRequest, UpdateRequest},
    written::{CreatedView, GainView, SecretView, UpdatedView},
};
use super::{
    instant::Instant,
    shapes::{ScopesShape, TeamsShape},
};

/// An account; never with a secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountView<'a> {
    /// Its id, which is also its client id; it never changes.
    #[schema(value_type = String, example = "pipeline_automation@service")]
    id: &'a AccountId,
    /// The id as an address, for systems that insist on one; no mail reaches it.
    email: String,
    /// What people call it.
    #[schema(value_type = String)]
    name: &'a DisplayName,
    /// What it is for.
    #[schema(value_type = String)]
    purpose: &'a Purpose,
    /// Who answers for it.
    #[schema(value_type = String)]
    owner: &'a Owner,
    /// The systems it connects.
    #[schema(value_type = Vec<String>)]
    systems: &'a [SystemName],
    /// Its role in the present catalogue.
    #[schema(value_type = String)]
    role: &'a RoleName,
    /// What it may do at most: `inherited` is all that its role allows, an empty list nothing.
    #[schema(value_type = ScopesShape)]
    scopes: &'a Scopes,
    /// Whose resources it reaches: `every`, or a list of teams. An empty list reaches only what belongs to nobody.
    #[schema(value_type = TeamsShape)]
    teams: &'a Teams,
    /// Where it is used; it decides how long its tokens live.
    #[schema(value_type = String)]
    environment: &'a Environment,
    /// Addresses and networks its credentials may come from; empty: from anywhere.
    #[schema(value_type = Vec<String>)]
    ip_allowlist: &'a Allowlist,
    /// Why it has more than the lowest role.
    #[schema(value_type = Option<String>)]
    justification: Option<&'a Justification>,
    /// The first instant at which its credentials are refused; `null`: it does not end by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// Whether it was suspended. An enabled account may still have expired, or wait for approval.
    #[schema(value_type = StatusShape)]
    status: Status,
    /// Whether a second administrator has agreed, or still has to.
    #[schema(value_type = ApprovalShape)]
    approval: &'static str,
    /// Who agreed; `null` where nobody had to, or nobody has yet.
    #[schema(value_type = Option<String>)]
    approved_by: Option<&'a Label>,
    /// More rights than were approved, which wait for a second administrator; those above hold meanwhile.
    proposal: Option<ProposalView<'a>>,
    /// The event that last changed it: what an approval names as seen.
    revision: i64,
    /// The address that an import gave for it, for people; `null` if none did.
    #[schema(value_type = Option<String>)]
    contact_email: Option<&'a Email>,
    /// The job title that an import gave for it; `null` if none did.
    #[schema(value_type = Option<String>)]
    title: Option<&'a Title>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// Who created it: a person of the host, or a service account.
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
    /// `email` is the undeliverable address that is made of the id; that of an import is `contact_email`.
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
            proposal: account.proposal.as_deref().map(|proposal| ProposalView::new(account, proposal)),
            revision: account.revision.event().number(),
            contact_email: account.email.as_ref(),
            title: account.title.as_ref(),
            created_at: Instant(account.created_at),
            created_by: &account.created_by,
        }
    }
}

/// Rights, networks and an end that wait for approval.
#[derive(Serialize, ToSchema)]
#[schema(as = Proposal)]
pub(crate) struct ProposalView<'a> {
    /// The role that waits.
    #[schema(value_type = String)]
    role: &'a RoleName,
    /// The scopes that wait.
    #[schema(value_type = ScopesShape)]
    scopes: &'a Scopes,
    /// The teams that wait.
    #[schema(value_type = TeamsShape)]
    teams: &'a Teams,
    /// The networks that wait.
    #[schema(value_type = Vec<String>)]
    ip_allowlist: &'a Allowlist,
    /// The first instant at which the account would be refused; `null`: it would not end by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// Everybody who made or edited it; none of them may approve it.
    #[schema(value_type = Vec<String>)]
    by: &'a [Label],
    /// When it was last edited.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
}

impl<'a> ProposalView<'a> {
    /// Who made it is told, because none of them may approve it.
    fn new(account: &Account, proposal: &'a Proposal) -> Self {
        Self {
            role: proposal.grant.role(),
            scopes: proposal.grant.scopes(),
            teams: proposal.grant.teams(),
            ip_allowlist: &proposal.allowlist,
            expires_at: proposal.end.over(account.expires_at).map(Instant),
            by: &proposal.by,
            at: Instant(proposal.at),
        }
    }
}
