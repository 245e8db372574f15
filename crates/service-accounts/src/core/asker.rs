//! Whoever asks, with what it holds by the catalogue of this moment.
//!
//! The table of calls is in [`authority`](super::authority); this is the one place that reads it. Rights are counted by
//! role and not by momentary scopes, so nobody escapes by narrowing themselves for a while.

use std::sync::Arc;

use service_accounts_access::{
    Catalogue, Grant, GrantError, Grants, Permission, RoleCatalogue, RoleName, Scopes, Teams,
};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::Account;
use time::UtcDateTime;

use super::{
    authority::{Call, Covers, Duty, OnItself},
    journal::{Journal, Outcome, Shown},
    rules::{Administration, Rules},
};
use crate::{Actor, Error};

/// An actor, judged by one catalogue: what a call loads once and asks as often as it needs.
///
/// Its answers hold for the records they were asked about: the revisions of these, and the actor's own, are checked
/// again by the commit.
pub(crate) struct Asker<'a, P: Permission> {
    pub(crate) actor: &'a Actor<P>,
    pub(crate) catalogue: Arc<Catalogue<P>>,
    administration: Administration<P>,
    holds: Grants<P>,
    realm: &'a Realm,
    /// Where refusals are noted, and the present instant; none where a question only filters what is shown.
    noted: Option<(&'a Journal, UtcDateTime)>,
}

impl<'a, P: Permission> Asker<'a, P> {
    /// Loads the catalogue once, so that no two questions of a call are answered by two catalogues.
    pub(crate) fn new(actor: &'a Actor<P>, rules: &'a Rules<P>) -> Self {
        let catalogue = rules.catalogue.current();
        let holds = actor.holds(&catalogue);
        Self { actor, catalogue, administration: rules.administration, holds, realm: &rules.realm, noted: None }
    }

    /// The same, and each refusal is noted: summed up like accesses, so that whoever is refused makes the trail grow only so fast.
    pub(crate) fn noting(self, journal: &'a Journal, now: UtcDateTime) -> Self {
        Self { noted: Some((journal, now)), ..self }
    }

    /// Whether a call about no account, or about one not yet known, may be made at all.
    ///
    /// A call about an account asks this first and [`may_on`](Self::may_on) after it was read: whoever may nothing
    /// reads nothing.
    pub(crate) fn may(&self, call: Call) -> Result<(), Error> {
        self.judge(call).inspect_err(|_| self.note(call))
    }

    fn judge(&self, call: Call) -> Result<(), Error> {
        let rule = call.rule();
        let has_everything = || Grants::everything().is_subset(&self.holds);
        match rule.covers {
            _ if !self.has_duty(rule.duty) => Err(Error::NotPermitted),
            Covers::Everything if !has_everything() => Err(Error::NotPermitted),
            _ => Ok(()),
        }
    }

    /// Whether a call may be made on an account as it stands.
    ///
    /// The answer holds for this revision of the account only, which the commit must name.
    pub(crate) fn may_on(&self, call: Call, account: &Account) -> Result<(), Error> {
        self.judge_on(call, account).inspect_err(|_| self.note(call))
    }

    /// The order is the order of the errors that are told: the right, then the actor's own account, then what the actor
    /// must hold.
    fn judge_on(&self, call: Call, account: &Account) -> Result<(), Error> {
        self.judge(call)?;
        let rule = call.rule();
        if rule.on_itself == OnItself::Refused && self.actor.is(&account.id) {
            return Err(Error::OwnAccount);
        }
        match rule.covers {
            Covers::Rights => self.covers(&account.grant),
            Covers::Teams => self.covers_teams(account.grant.teams()),
            Covers::Nothing | Covers::Everything => Ok(()),
        }
    }

    /// Whether a call may be made on what is kept about an account of these teams, which may be gone.
    ///
    /// It is not noted: a list asks it for each row that it leaves out.
    pub(crate) fn may_about(&self, call: Call, account: &AccountId, teams: &Teams) -> Result<(), Error> {
        self.judge_about(call, account, teams).inspect_err(|_| self.note(call))
    }

    fn judge_about(&self, call: Call, account: &AccountId, teams: &Teams) -> Result<(), Error> {
        self.judge(call)?;
        if call.rule().on_itself == OnItself::Refused && self.actor.is(account) {
            return Err(Error::OwnAccount);
        }
        self.covers_teams(teams)
    }

    /// Whether the call may be made on what is about all of these teams.
    pub(crate) fn may_on_all_of(&self, call: Call, teams: &Teams) -> Result<(), Error> {
        self.covers_teams(teams).inspect_err(|_| self.note(call))
    }

    /// Whether the actor holds all that an account with this grant could ever do by its role.
    ///
    /// A role that the catalogue no longer knows may once have held anything, so only whoever holds everything covers it.
    pub(crate) fn covers(&self, grant: &Grant) -> Result<(), Error> {
        let whole = self.catalogue.guard(&self.holds, grant.role().clone(), Scopes::Inherited, grant.teams().clone());
        match whole {
            Ok(_) => Ok(()),
            Err(GrantError::Unknown(_)) if Grants::everything().is_subset(&self.holds) => Ok(()),
            Err(refused) => Err(Error::Grant(refused)),
        }
    }

    /// The grant of these names, if they are known and the actor covers it. One that it does not cover is noted as a
    /// refusal of the call.
    pub(crate) fn grant(&self, call: Call, role: RoleName, scopes: Scopes, teams: Teams) -> Result<Grant, Error> {
        let grant = self.catalogue.guard(&self.holds, role, scopes, teams).map_err(Error::Grant);
        let covered = grant.and_then(|grant| self.covers(&grant).map(|()| grant));
        covered.inspect_err(|error| self.note_excess(call, error))
    }

    /// Whether the actor covers a grant that the call would put in force.
    pub(crate) fn may_put_in_force(&self, call: Call, grant: &Grant) -> Result<(), Error> {
        self.covers(grant).inspect_err(|error| self.note_excess(call, error))
    }

    /// A name that nobody knows is a mistake, and no attempt on rights.
    fn note_excess(&self, call: Call, error: &Error) {
        if !matches!(error, Error::Grant(GrantError::Unknown(_))) {
            self.note(call);
        }
    }

    /// The teams whose accounts the actor may see.
    pub(crate) const fn teams(&self) -> &Teams {
        self.holds.teams()
    }

    /// What the actor holds on which teams' resources.
    pub(crate) const fn holds(&self) -> &Grants<P> {
        &self.holds
    }

    /// Notes that the call was refused to the credential that was shown, or to the person.
    fn note(&self, call: Call) {
        let Some((journal, at)) = self.noted else { return };
        match self.actor.credential() {
            Some(credential) => {
                let outcome = Outcome::Refused(call.name());
                journal.note(Shown { credential, address: self.actor.address(), at, outcome });
            }
            None => journal.refused((self.actor.name(), self.realm), call.name(), at),
        }
    }

    /// Whether each team is among the actor's, or the actor has every team; an account without teams is covered by
    /// everybody.
    fn covers_teams(&self, teams: &Teams) -> Result<(), Error> {
        if teams.is_subset(self.holds.teams()) { Ok(()) } else { Err(Error::Grant(GrantError::Teams)) }
    }

    /// Whether the actor holds the permission that the host has chosen for this part of administration.
    fn has_duty(&self, duty: Duty) -> bool {
        let Administration { create, manage, review, read_trail } = self.administration;
        let has = |permission| self.holds.permissions().contains(permission);
        match duty {
            Duty::Create => has(create),
            Duty::Manage => has(manage),
            Duty::ManageOrReview => has(manage) || has(review),
            Duty::Review => has(review),
            Duty::ReadTrail => has(read_trail),
        }
    }
}
