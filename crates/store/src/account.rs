//! The record of a machine user.

mod proposal;

use serde::{Deserialize, Serialize};
use service_accounts_access::{Allowlist, Grant};
use service_accounts_audit::Label;
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{AccountId, DisplayName};
use time::UtcDateTime;

pub use self::proposal::{Proposal, ProposedEnd};
use crate::{Email, Justification, Owner, Purpose, RequestKey, Revision, SystemName, Title, seconds, text::kept};

/// A machine user: what it is, what it may do, and since when.
///
/// Who made it is a label, not a reference: the account outlives the person.
///
/// It serialises as one JSON object, as every store keeps it. Fields that were added later are left out where they say
/// nothing, so that records of earlier versions read back; an unknown field is an error.
///
/// It reads and writes as JSON, and two that are equal are written alike:
///
/// ```
/// use service_accounts_store::Account;
///
/// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
/// let account = records::account();
/// let text = serde_json::to_string(&account)?;
/// assert_eq!(serde_json::from_str::<Account>(&text)?, account);
/// assert!(serde_json::from_str::<Account>(&text.replacen('{', "{\"new\":1,", 1)).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// One text, and beside it only the keys that a store finds it by: one encoding for all stores is one place that can be
/// wrong. Given up: plain columns for questions of the moment; a database's own JSON functions still read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The identity, and the client id of the client-credentials grant.
    /// It is made from the name once, and stays when the name changes.
    pub id: AccountId,
    /// The name people know it by.
    pub name: DisplayName,
    /// What it is for.
    ///
    /// Every account has one; reviews show it.
    #[serde(deserialize_with = "kept::one")]
    pub purpose: Purpose,
    /// Who answers for it.
    /// A text, so that it may name a person, a group, or a mailbox.
    #[serde(deserialize_with = "kept::one")]
    pub owner: Owner,
    /// The systems it connects.
    ///
    /// Whoever cleans up after an incident changes their credentials too.
    #[serde(deserialize_with = "kept::all")]
    pub systems: Vec<SystemName>,
    /// Its role, scopes and teams.
    ///
    /// Names, judged by the host's catalogue at each use. A name that the catalogue no longer knows allows nothing.
    pub grant: Grant,
    /// The networks it may come from.
    ///
    /// Both this list and the credential's must let an address in.
    pub allowlist: Allowlist,
    /// Where it is used.
    /// Its tokens work in no other one.
    pub environment: Environment,
    /// Why it needs more than the lowest role.
    #[serde(default, deserialize_with = "kept::option")]
    pub justification: Option<Justification>,
    /// When it ends; the first instant at which it is refused.
    /// None: it does not end by itself.
    #[serde(with = "seconds::option")]
    pub expires_at: Option<UtcDateTime>,
    /// Whether its access is suspended.
    /// Whoever disabled it, and when, stands in the trail.
    pub status: Status,
    /// Whether a second administrator agreed to the account.
    /// A pending account exists and cannot be used.
    pub approval: Approval,
    /// More rights than were approved, which wait for a second administrator; `grant`, `allowlist` and `expires_at` hold
    /// meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Box<Proposal>>,
    /// The generation in which its credentials work: those of an earlier one are revoked.
    ///
    /// [`Change::RevokeAll`](crate::Change::RevokeAll) counts it up; nothing counts it down.
    #[serde(default, skip_serializing_if = "Generation::is_first")]
    pub generation: Generation,
    /// Where people of an imported account are reached. It is kept, and used for nothing.
    #[serde(default, deserialize_with = "kept::option", skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The job title of an imported account. It is kept, and used for nothing.
    #[serde(default, deserialize_with = "kept::option", skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
    /// The key of the request that created it, so that a retry of that request finds it.
    #[serde(default, deserialize_with = "kept::option", skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestKey>,
    /// When it was created.
    #[serde(with = "seconds")]
    pub created_at: UtcDateTime,
    /// Who created it.
    /// It is kept for good, also when whoever it names is gone.
    pub created_by: Label,
    /// The event that last changed this record; the store sets it.
    ///
    /// A change that was judged by an earlier one is refused as [`Stale`](crate::Refusal::Stale).
    pub revision: Revision,
}

impl Account {
    /// An enabled account that needs no approval, without limits of time or network.
    #[must_use]
    pub fn new(
        (id, name): (AccountId, DisplayName),
        (purpose, owner): (Purpose, Owner),
        grant: Grant,
        environment: Environment,
        (created_by, created_at): (Label, UtcDateTime),
    ) -> Self {
        Self {
            id,
            name,
            purpose,
            owner,
            systems: Vec::new(),
            grant,
            allowlist: Allowlist::any(),
            environment,
            justification: None,
            expires_at: None,
            status: Status::Enabled,
            approval: Approval::NotRequired,
            proposal: None,
            generation: Generation::FIRST,
            email: None,
            title: None,
            request: None,
            created_at,
            created_by,
            revision: Revision::NEW,
        }
    }
}

/// How often all credentials of an account were revoked in one step.
///
/// A credential works only in the generation it was minted in, so one write to the account ends any number of them.
///
/// It never goes back, whatever an update made from an older copy says: [`decide`](crate::decide()) keeps the present
/// one.
///
/// ```
/// use service_accounts_store::Generation;
///
/// let (first, second) = (Generation::FIRST, Generation::FIRST.next());
/// assert!(first.is_first() && second > first);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u32);

impl Generation {
    /// The generation of a new account.
    pub const FIRST: Self = Self(0);

    /// The next generation; credentials of this one are revoked in it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether nothing was ever revoked in one step.
    #[must_use]
    pub fn is_first(&self) -> bool {
        *self == Self::FIRST
    }
}

/// Whether an account's access is suspended.
///
/// A text in the record; a store may keep it as a column to filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Status {
    /// Its credentials work.
    Enabled,
    /// None of its credentials works until it is enabled again.
    Disabled,
    /// The account was deleted and some of its credentials are still to be removed. It is gone for everybody but the
    /// sweep, and its id is free again when the last credential is removed.
    Deleted,
}

/// Whether an account waits for a second administrator.
///
/// Only [`Pending`](Self::Pending) keeps credentials from working. More rights that wait are a [`Proposal`] and change
/// nothing here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
