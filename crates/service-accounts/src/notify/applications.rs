//! Which applications there are, and what an account must hold to hear of one.
//!
//! It is asked when somebody subscribes and before every delivery, with the account's rights of that moment.

use std::collections::BTreeMap;

use service_accounts_access::{Permission, Scopes, TeamName};
use service_accounts_store::Account;
use time::UtcDateTime;

use super::ApplicationName;
use crate::{Error, core::rules::Rules};

/// What it takes to be told an application's events.
#[derive(Clone, Debug)]
pub(crate) struct Needed<P> {
    permission: P,
    team: Option<TeamName>,
}

/// The applications of a host.
///
/// This system itself is always one, and stands in neither.
#[derive(Clone, Debug)]
pub(crate) struct Applications<P> {
    named: BTreeMap<ApplicationName, Needed<P>>,
    every_other: Option<P>,
}

impl<P> Default for Applications<P> {
    fn default() -> Self {
        Self { named: BTreeMap::new(), every_other: None }
    }
}

impl<P: Permission> Applications<P> {
    /// A name that is given twice has what was given last.
    pub(crate) fn with(mut self, name: ApplicationName, permission: P, team: Option<TeamName>) -> Self {
        self.named.insert(name, Needed { permission, team });
        self
    }

    pub(crate) fn with_every_other(self, permission: P) -> Self {
        Self { every_other: Some(permission), ..self }
    }
}

impl<P: Permission> Rules<P> {
    /// What it takes to be told the application's events; an error where there is no such application.
    pub(crate) fn needed_for(&self, application: &ApplicationName) -> Result<Needed<P>, Error> {
        if application.is_own() {
            return Ok(Needed { permission: self.administration.read_trail, team: None });
        }
        let every_other = || self.applications.every_other.map(|permission| Needed { permission, team: None });
        self.applications.named.get(application).cloned().or_else(every_other).ok_or(Error::ApplicationMissing)
    }

    /// Whether an account is told the application's events at this moment.
    ///
    /// It counts the account's role and scopes, since a subscription belongs to no single token.
    pub(crate) fn check_hears(
        &self,
        account: &Account,
        application: &ApplicationName,
        now: UtcDateTime,
    ) -> Result<(), Error> {
        let needed = self.needed_for(application)?;
        account.standing(now).map_err(|_| Error::ApplicationNotPermitted)?;
        let held = self.catalogue.with(|catalogue| catalogue.holder(&account.grant, &Scopes::Inherited));
        match held {
            Ok(held) if held.decide(needed.permission, needed.team.as_ref()).is_allow() => Ok(()),
            _ => Err(Error::ApplicationNotPermitted),
        }
    }
}
