//! Which accounts a list shows.

use service_accounts_access::{TeamName, Teams};
use service_accounts_lifecycle::Environment;
use service_accounts_naming::Realm;

use crate::{Account, Owner, Status, SystemName};

/// Which accounts to list; all conditions must hold. Deleted accounts are never listed.
///
/// ```
/// use service_accounts_naming::Realm;
/// use service_accounts_store::{AccountFilter, Owner};
///
/// let of_one_team = AccountFilter { owner: Some(Owner::parse("data team")?), ..AccountFilter::of(Realm::default()) };
/// # Ok::<(), service_accounts_store::TextError>(())
/// ```
///
/// A store may answer by a scan: filters are for people at a screen, not for requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFilter {
    /// Only accounts of this realm.
    pub realm: Realm,
    /// Only accounts all of whose teams are among these.
    /// The facade sets it to the actor's own teams, so nobody lists what they may not read.
    pub within: Teams,
    /// Only accounts of this owner.
    pub owner: Option<Owner>,
    /// Only accounts of this team.
    pub team: Option<TeamName>,
    /// Only accounts that connect this system.
    pub system: Option<SystemName>,
    /// Only accounts used in this environment.
    pub environment: Option<Environment>,
    /// Only accounts with this status, or only those that wait for approval.
    pub status: Option<StatusFilter>,
    /// Only accounts whose name or id contains this text, in whatever case.
    pub text: Option<String>,
}

/// Which status an account must have to be listed. Nobody asks for deleted accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFilter {
    /// Accounts that are not suspended; those that wait for approval are among them.
    Enabled,
    /// Suspended accounts.
    Disabled,
    /// Accounts with a [proposal](Account::proposal), suspended or not: new accounts, and more rights that wait.
    Pending,
}

impl StatusFilter {
    fn matches(self, account: &Account) -> bool {
        match self {
            Self::Enabled => account.status == Status::Enabled,
            Self::Disabled => account.status == Status::Disabled,
            Self::Pending => account.proposal.is_some(),
        }
    }
}

impl AccountFilter {
    /// Every account of a realm.
    #[must_use]
    pub const fn of(realm: Realm) -> Self {
        Self {
            realm,
            within: Teams::every(),
            owner: None,
            team: None,
            system: None,
            environment: None,
            status: None,
            text: None,
        }
    }

    /// Whether an account is asked for.
    ///
    /// A store may put some conditions into its query and ask this for the rest: the answer is the same.
    ///
    /// ```
    /// use service_accounts_store::{AccountFilter, Owner};
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let filter = AccountFilter {
    ///     owner: Some(Owner::parse("data team").unwrap()),
    ///     text: Some("PIPE".into()),
    ///     ..AccountFilter::of("service".parse().unwrap())
    /// };
    /// assert!(filter.matches(&records::account()));
    /// assert!(!AccountFilter { owner: Some(Owner::parse("finance").unwrap()), ..filter }.matches(&records::account()));
    /// ```
    #[must_use]
    pub fn matches(&self, account: &Account) -> bool {
        account.status != Status::Deleted
            && account.id.is_in(&self.realm)
            && account.grant.teams().is_subset(&self.within)
            && self.owner.as_ref().is_none_or(|owner| account.owner == *owner)
            && self.team.as_ref().is_none_or(|team| account.grant.teams().contains(team))
            && self.system.as_ref().is_none_or(|system| account.systems.contains(system))
            && self.environment.as_ref().is_none_or(|environment| account.environment == *environment)
            && self.status.is_none_or(|status| status.matches(account))
            && self.text.as_ref().is_none_or(|text| has_text(account, text))
    }
}

/// Ids are lower case already.
fn has_text(account: &Account, text: &str) -> bool {
    let text = text.to_lowercase();
    account.name.as_str().to_lowercase().contains(&text) || account.id.as_str().contains(&text)
}
