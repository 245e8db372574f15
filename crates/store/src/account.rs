//! The record of a machine user.

use serde::{Deserialize, Serialize};
use service_accounts_access::{Allowlist, Grant};
use service_accounts_audit::Label;
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{AccountId, DisplayName};
use time::UtcDateTime;

use crate::{Justification, Owner, Purpose, Revision, SystemName, seconds};

/// A machine user: what it is, what it may do, and since when.
///
/// Who made it is a label, not a reference: the account outlives the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The identity, and the client id of the client-credentials grant.
    pub id: AccountId,
    /// The name people know it by.
    pub name: DisplayName,
    /// What it is for.
    pub purpose: Purpose,
    /// Who answers for it.
    pub owner: Owner,
    /// The systems it connects.
    pub systems: Vec<SystemName>,
    /// Its role, scopes and teams.
    pub grant: Grant,
    /// The networks it may come from.
    pub allowlist: Allowlist,
    /// Where it is used.
    pub environment: Environment,
    /// Why it needs more than the lowest role.
    pub justification: Option<Justification>,
    /// When it ends; the first instant at which it is refused.
    #[serde(with = "seconds::option")]
    pub expires_at: Option<UtcDateTime>,
    /// Whether its access is suspended.
    pub status: Status,
    /// Whether a second administrator agreed.
    pub approval: Approval,
    /// When it was created.
    #[serde(with = "seconds")]
    pub created_at: UtcDateTime,
    /// Who created it.
    pub created_by: Label,
    /// The event that last changed this record; the store sets it.
    pub revision: Revision,
}

/// Whether an account's access is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its credentials work.
    Enabled,
    /// None of its credentials works until it is enabled again.
    Disabled,
}

/// Whether an account waits for a second administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// The host does not ask for one.
    NotRequired,
    /// None of its credentials works until somebody else than its creator approves it.
    Pending,
    /// Somebody approved it.
    Given {
        /// Who.
        by: Label,
        /// When.
        #[serde(with = "seconds")]
        at: UtcDateTime,
    },
}
