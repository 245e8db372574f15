//! What a host chose: pure settings, no state but the catalogue, which can be replaced.

use service_accounts_access::{LiveCatalogue, Permission};
use service_accounts_lifecycle::{AccountFacts, Environment, LifecyclePolicy, Schedule, TokenFacts};
use service_accounts_naming::{Advisor, Realm, ReservedIds};
use service_accounts_store::{Account, Token};
use time::UtcDateTime;

use super::trail::TrailRules;
use crate::{Retries, Targets, notify::Applications};

/// The settings by which every room decides.
pub(crate) struct Rules<P: Permission> {
    pub(crate) catalogue: LiveCatalogue<P>,
    pub(crate) administration: Administration<P>,
    pub(crate) realm: Realm,
    pub(crate) lifecycle: LifecyclePolicy,
    pub(crate) environment: Option<Environment>,
    pub(crate) approval: ApprovalRule,
    pub(crate) reserved: ReservedIds,
    pub(crate) advisor: Advisor,
    pub(crate) most_sessions: usize,
    pub(crate) most_tokens: usize,
    pub(crate) self_rotation: SelfRotation,
    pub(crate) on_idle: OnIdle,
    pub(crate) on_inactive: OnInactive,
    pub(crate) applications: Applications<P>,
    pub(crate) targets: Targets,
    pub(crate) retries: Retries,
    pub(crate) trail: TrailRules,
}

/// Which permissions of the host let somebody administrate service accounts.
///
/// ```
/// use service_accounts::{Administration, access::presets::data_quality::Permission};
///
/// let administration = Administration {
///     read_trail: Permission::UsersView,
///     ..Administration::all(Permission::ServiceAccountsManage)
/// };
/// assert_eq!(administration.create, Permission::ServiceAccountsManage);
/// ```
///
/// What each call takes besides is in the table of [`Call`](crate::Call).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Administration<P> {
    /// To create, register and import accounts.
    ///
    /// Nobody creates more than they hold.
    pub create: P,
    /// To change accounts and their credentials.
    ///
    /// It reads accounts and tokens too, and reads and changes policies; the latter only with every right on every
    /// team.
    pub manage: P,
    /// To read accounts, and to review them.
    pub review: P,
    /// To read the audit trail.
    ///
    /// An account that is told of this system's own events needs it as well.
    pub read_trail: P,
}

impl<P: Copy> Administration<P> {
    /// One permission for everything.
    #[must_use]
    pub const fn all(permission: P) -> Self {
        Self { create: permission, manage: permission, review: permission, read_trail: permission }
    }
}

/// Whether new accounts, and more rights of present ones, wait for a second administrator.
///
/// More rights are a wider role, wider scopes, more teams, more networks, or a later end or none. What only narrows never
/// waits, and neither does what describes an account, such as its name and owner: it changes nothing that a credential can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApprovalRule {
    /// They work at once.
    #[default]
    NotRequired,
    /// They work once somebody else than whoever asked for them has approved them.
    SecondAdministrator,
}

/// Whether a token may replace itself, without any right to administrate.
///
/// It gains nothing by it: the successor has the same rights, networks and environment, no longer a life than the old token
/// was given, and the old token ends.
///
/// Whoever stole a token can rotate it too: containing the token then revokes its heirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelfRotation {
    /// It may.
    #[default]
    Allowed,
    /// Only an administrator rotates tokens.
    Forbidden,
}

/// What upkeep does with a token that nobody has used for too long.
///
/// How long is too long says [`LifecyclePolicy`], 90 days by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnIdle {
    /// It writes an event that says so, once.
    #[default]
    Announce,
    /// It revokes the token.
    Revoke,
}

/// What upkeep does with an account none of whose credentials was used for too long.
///
/// An account is never deleted by time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnInactive {
    /// It writes an event that says so, once.
    #[default]
    Announce,
    /// It disables the account; enabling brings it back.
    Disable,
}

impl<P: Permission> Rules<P> {
    /// Sessions and client secrets are not rotated, so they have none.
    pub(crate) fn rotate_after(&self, token: &Token) -> Option<UtcDateTime> {
        let _name = token.class.token_name()?;
        Some(self.lifecycle.rotate_after(token.created_at, token.expires_at?))
    }

    pub(crate) fn schedule_of(&self, token: &Token) -> Schedule {
        self.lifecycle.schedule(&token.environment)
    }

    /// When a token first needs attention; client secrets carry the date of their account, see [`account_due`](Self::account_due).
    ///
    /// Too early a date costs a look and no more; too late a one would announce late. So each write that changes a fact
    /// works it out anew.
    pub(crate) fn next_due(&self, token: &Token, now: UtcDateTime) -> Option<UtcDateTime> {
        let _name = token.class.token_name()?;
        let facts = TokenFacts::new(token.created_at, token.expires_at?).with_state(token.state);
        let is_replaced = token.rotation.as_ref().is_some_and(|rotation| !rotation.is_cancelled());
        let facts = if is_replaced { facts.with_successor() } else { facts };
        let step = self.schedule_of(token).next_due(&facts, now);
        step.into_iter().chain(self.first_notice(&facts, now, token.expires_at?)).min()
    }

    /// When the next notice of an expiry is due.
    pub(crate) fn first_notice(&self, facts: &TokenFacts, now: UtcDateTime, end: UtcDateTime) -> Option<UtcDateTime> {
        self.lifecycle.notices_due(facts, now, end).into_iter().map(|notice| notice.at).min()
    }

    /// When something is first to be said of an account; its client secret carries the date.
    pub(crate) fn account_due(&self, account: &Account, now: UtcDateTime) -> Option<UtcDateTime> {
        let facts = AccountFacts::new(account.created_at).with_secret(now);
        let facts = account.expires_at.map_or(facts, |end| facts.with_expiry(end));
        self.lifecycle.next_account_due(&facts, now)
    }

    pub(crate) fn rotation_due(&self, token: &Token, now: UtcDateTime) -> Option<UtcDateTime> {
        let _name = token.class.token_name()?;
        self.lifecycle.rotation_due(token.created_at, token.expires_at?, now)
    }
}

/// The date of a token whose facts have changed: the next sweep looks at it, and at what it had not yet looked at.
pub(crate) fn due_soon(token: &Token, now: UtcDateTime) -> Option<UtcDateTime> {
    Some(token.next_due.map_or(now, |due| due.min(now)))
}
