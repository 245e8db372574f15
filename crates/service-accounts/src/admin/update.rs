//! What changes about an account.

use std::{collections::BTreeSet, sync::Arc};

use service_accounts_access::{Allowlist, Catalogue, Grant, Permission, RoleName, Scopes, Teams};
use service_accounts_audit::Action;
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{AccountId, DisplayName};
use service_accounts_store::{
    Account, Approval, Justification, Owner, Proposal, ProposedEnd, Purpose, Store, SystemName,
};
use time::UtcDateTime;

use super::{Acting, gains::Gain, widening::Widening};
use crate::{
    ApprovalRule, Error, PolicyFinding,
    core::{asker::Asker, authority::Call},
};

/// The most networks an account may be bound to.
const MOST_NETWORKS: usize = 1000;

/// The most systems an account names.
const MOST_SYSTEMS: usize = 200;

/// The most people and accounts in whose hand what waits may be.
const MOST_EDITORS: usize = 500;

/// What changes about an account; what is `None` stays.
///
/// ```
/// use service_accounts::{AccountUpdate, Expiry, access::Scopes};
///
/// // Takes every right away and lets the account live on; everything else stays.
/// let update = AccountUpdate { scopes: Some(Scopes::none()), expires_at: Some(Expiry::Never), ..AccountUpdate::default() };
/// assert!(update.role.is_none());
/// ```
///
/// What was left out also stays while a proposal waits: a second edit builds on the proposed rights, not on those in
/// force.
#[derive(Clone, Debug, Default)]
pub struct AccountUpdate {
    /// Another name; the id stays.
    pub name: Option<DisplayName>,
    /// Another role.
    ///
    /// A role above the lowest needs a justification, given here or before.
    pub role: Option<RoleName>,
    /// Other scopes.
    ///
    /// `Inherited` takes the bounds away, so that the role decides alone.
    pub scopes: Option<Scopes>,
    /// Other teams.
    ///
    /// The actor must hold the old teams and the new ones.
    pub teams: Option<Teams>,
    /// Other networks.
    ///
    /// At most 1,000; `Allowlist::any()` unbinds the account from networks. It holds for the next request.
    pub allowlist: Option<Allowlist>,
    /// Another end.
    ///
    /// Sessions that would outlive an earlier end are refused from that end on.
    pub expires_at: Option<Expiry>,
    /// Another purpose.
    pub purpose: Option<Purpose>,
    /// Another owner.
    pub owner: Option<Owner>,
    /// Other systems that it connects, at most 200; one that is named twice is kept once.
    pub systems: Option<Vec<SystemName>>,
    /// Another justification.
    ///
    /// One that is there is replaced and never taken away.
    pub justification: Option<Justification>,
}

/// Whether an account ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It does not end by itself.
    Never,
    /// The first instant at which it is refused; it must lie in the future.
    At(UtcDateTime),
}

/// An account after a change that may have widened what it can do.
///
/// It is made of what the commit wrote, not of what was read before it.
#[derive(Clone, Debug)]
pub struct UpdatedAccount {
    /// The account as it was written. Where more rights wait for approval, they stand in its proposal.
    pub account: Arc<Account>,
    /// Credentials that gain rights which somebody who has seen their text could not have handed out.
    pub gains: Vec<Gain>,
    /// What soft rules of policies object to.
    pub warnings: Vec<PolicyFinding>,
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// The judgement is in [`updated`](Self::updated); all else is what every change of an account shares.
    pub(super) async fn update_account(&self, id: &AccountId, update: &AccountUpdate) -> Result<UpdatedAccount, Error> {
        let changed = |asker: &Asker<'_, P>, account: &Account| self.updated(asker, account, update);
        self.change_account(Call::UpdateAccount, id, changed).await
    }

    /// The account as it would be: what is left out stays, and what is asked for is judged with the actor's own rights.
    fn updated(
        &self,
        asker: &Asker<'_, P>,
        account: &Account,
        update: &AccountUpdate,
    ) -> Result<(Action, Account), Error> {
        // An edit builds on what waits, so that a second edit does not undo the first.
        let present = proposed(account);
        let role = update.role.clone().unwrap_or_else(|| present.grant.role().clone());
        let scopes = update.scopes.clone().unwrap_or_else(|| present.grant.scopes().clone());
        let teams = update.teams.clone().unwrap_or_else(|| present.grant.teams().clone());
        let allowlist = update.allowlist.clone().unwrap_or_else(|| present.allowlist.clone());
        let grant = asker.grant(Call::UpdateAccount, role, scopes, teams)?;
        let expires_at = match update.expires_at {
            Some(Expiry::Never) => None,
            Some(Expiry::At(end)) => Some(self.future(end)?),
            None => present.expires_at,
        };
        let wanted = Account { grant, allowlist, expires_at, proposal: None, ..described(account, update)? };
        check_justification(&asker.catalogue, &wanted.grant, wanted.justification.as_ref())?;
        check_networks(&wanted.allowlist)?;
        let (action, updated) = self.guarded(asker, account, wanted)?;
        Ok((action, unless_it_waits(account, updated)))
    }

    /// The account as it is wanted, or with a proposal of what is more than was approved.
    ///
    /// Of two edits, one that narrows and one that widens, the narrow half takes effect at once: to wait with it would
    /// keep rights that somebody wants gone. Rights, networks and the end are judged apart for the same reason.
    fn guarded(&self, asker: &Asker<'_, P>, present: &Account, wanted: Account) -> Result<(Action, Account), Error> {
        let more = Widening::of_account(&asker.catalogue, (present, &wanted), self.core.now());
        let is_pending = present.approval == Approval::Pending;
        let is_guarded = self.core.rules.approval == ApprovalRule::SecondAdministrator;
        let waits = is_pending || is_guarded && more.waits();
        if !waits {
            return Ok((Action::AccountUpdated, wanted));
        }
        let proposal = Some(Box::new(self.proposal(present, &wanted)?));
        // Nothing of a pending account works yet, so what it shows is what waits.
        let holds = |is_more: bool| is_more && !is_pending;
        let grant = if holds(more.rights) { present.grant.clone() } else { wanted.grant };
        let allowlist = if holds(more.networks) { present.allowlist.clone() } else { wanted.allowlist };
        let expires_at = if holds(more.end) { present.expires_at } else { wanted.expires_at };
        Ok((Action::AccountProposed, Account { grant, allowlist, expires_at, proposal, ..wanted }))
    }

    /// Whoever has edited what waits is remembered, so that none of them approves it.
    ///
    /// An account is read on every request, so their number is bounded: once somebody approves, or takes back what waits, the list
    /// begins anew.
    fn proposal(&self, present: &Account, wanted: &Account) -> Result<Proposal, Error> {
        let earlier = present.proposal.iter().flat_map(|proposal| proposal.by.iter().cloned());
        let mut by: Vec<_> = self.actor.hands().into_iter().chain(earlier).collect();
        by.sort();
        by.dedup();
        if by.len() > MOST_EDITORS {
            return Err(Error::TooManyEntries { most: MOST_EDITORS });
        }
        let (grant, allowlist) = (wanted.grant.clone(), wanted.allowlist.clone());
        Ok(Proposal { grant, allowlist, end: ProposedEnd::from(wanted.expires_at), by, at: self.core.now() })
    }

    /// An account whose environment the policy does not know could never mint a token.
    ///
    /// The error names those that it knows, so that the caller can choose.
    pub(super) fn check_environment(&self, environment: &Environment) -> Result<(), Error> {
        let lifecycle = &self.core.rules.lifecycle;
        match lifecycle.lifetime(environment) {
            Some(_) => Ok(()),
            None => Err(Error::EnvironmentUnknown {
                known: lifecycle.environments().map(|(known, _)| known.to_string()).collect(),
            }),
        }
    }
}

/// Whoever asks for what waits already edits nothing, and does not become one of those who may not approve it.
fn unless_it_waits(account: &Account, updated: Account) -> Account {
    let (Some(waiting), Some(asked)) = (&account.proposal, &updated.proposal) else { return updated };
    let end = |proposal: &Proposal| proposal.end.over(account.expires_at);
    let is_same_end = end(waiting) == end(asked);
    let is_asked_again = is_same_end && (&waiting.grant, &waiting.allowlist) == (&asked.grant, &asked.allowlist);
    let kept = || Account { proposal: account.proposal.clone(), ..updated.clone() };
    if is_asked_again && kept() == *account { account.clone() } else { updated }
}

/// The account as it would be once what waits is approved.
pub(super) fn proposed(account: &Account) -> Account {
    let Some(proposal) = account.proposal.as_deref() else { return account.clone() };
    let Proposal { grant, allowlist, end, by: _, at: _ } = proposal.clone();
    Account { grant, allowlist, expires_at: end.over(account.expires_at), proposal: None, ..account.clone() }
}

/// Everything of an update that is no right, no network and no date.
fn described(account: &Account, update: &AccountUpdate) -> Result<Account, Error> {
    Ok(Account {
        name: update.name.clone().unwrap_or_else(|| account.name.clone()),
        purpose: update.purpose.clone().unwrap_or_else(|| account.purpose.clone()),
        owner: update.owner.clone().unwrap_or_else(|| account.owner.clone()),
        systems: update.systems.as_deref().map_or_else(|| Ok(account.systems.clone()), distinct)?,
        justification: update.justification.clone().or_else(|| account.justification.clone()),
        ..account.clone()
    })
}

/// The lowest role needs no reason; above it, somebody has to be able to ask later why.
pub(super) fn check_justification<P: Permission>(
    catalogue: &Catalogue<P>,
    grant: &Grant,
    justification: Option<&Justification>,
) -> Result<(), Error> {
    let lowest = catalogue.least_role();
    if grant.role() == lowest || justification.is_some() {
        return Ok(());
    }
    Err(Error::JustificationMissing { lowest: lowest.as_str().into() })
}

/// An account is read on every request, so its list is bounded.
pub(super) fn check_networks(allowlist: &Allowlist) -> Result<(), Error> {
    let is_too_long = allowlist.networks().take(MOST_NETWORKS + 1).count() > MOST_NETWORKS;
    if is_too_long { Err(Error::TooManyNetworks { most: MOST_NETWORKS }) } else { Ok(()) }
}

/// The systems as they were named, each once. They are counted as they are given, as networks are.
pub(super) fn distinct(systems: &[SystemName]) -> Result<Vec<SystemName>, Error> {
    if systems.len() > MOST_SYSTEMS {
        return Err(Error::TooManySystems { most: MOST_SYSTEMS });
    }
    let mut seen = BTreeSet::new();
    Ok(systems.iter().filter(|system| seen.insert(system.as_str())).cloned().collect())
}
