//! The life of an account, as administrators ask for it.

use std::sync::Arc;

use service_accounts_access::{Allowlist, Catalogue, Grant, Permission, RoleName, Scopes, Teams};
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{AccountId, DisplayName, NameAdvice};
use service_accounts_store::{
    Account, Approval, Change, Justification, Owner, Paged, Purpose, Revision, Status, Store, SystemName,
};
use service_accounts_token::SecretToken;
use time::UtcDateTime;

use crate::{
    Actor, ApprovalRule, Error, MintedToken, NewToken, ServiceAccounts, Unavailable, attempts::attempted,
    service::Inner, tokens::Draft,
};

/// What is asked for when an account is created.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name people will know it by; the id is made from it.
    pub name: DisplayName,
    /// What it is for.
    pub purpose: Purpose,
    /// Who answers for it.
    pub owner: Owner,
    /// Where it is used.
    pub environment: Environment,
    /// Its role; the catalogue's lowest where none is given.
    pub role: Option<RoleName>,
    /// What it may do at most; `Inherited` is all the role allows.
    pub scopes: Scopes,
    /// The teams it belongs to.
    pub teams: Teams,
    /// The networks it may come from.
    pub allowlist: Allowlist,
    /// When it ends.
    pub expires_at: Option<UtcDateTime>,
    /// Why it needs more than the lowest role.
    pub justification: Option<Justification>,
    /// The systems it connects.
    pub systems: Vec<SystemName>,
    /// A first token to mint in the same step.
    pub first_token: Option<NewToken>,
}

impl NewAccount {
    /// An account of the lowest role, without limits of time or network, and without a token yet.
    #[must_use]
    pub fn new(name: DisplayName, purpose: Purpose, owner: Owner, environment: Environment) -> Self {
        Self {
            name,
            purpose,
            owner,
            environment,
            role: None,
            scopes: Scopes::Inherited,
            teams: Teams::none(),
            allowlist: Allowlist::any(),
            expires_at: None,
            justification: None,
            systems: Vec::new(),
            first_token: None,
        }
    }
}

/// A new account with the only copies there will ever be of its secrets.
#[derive(Debug)]
pub struct CreatedAccount {
    /// The account.
    pub account: Arc<Account>,
    /// The secret of its client credentials; the client id is the account's id.
    pub client_secret: SecretToken,
    /// The first token, if one was asked for.
    pub first_token: Option<MintedToken>,
    /// What could be better about the names, with reasons.
    pub advice: Vec<NameAdvice>,
}

/// What changes about an account; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AccountUpdate {
    /// Another role.
    pub role: Option<RoleName>,
    /// Other scopes.
    pub scopes: Option<Scopes>,
    /// Other teams.
    pub teams: Option<Teams>,
    /// Other networks.
    pub allowlist: Option<Allowlist>,
    /// Another end.
    pub expires_at: Option<Expiry>,
    /// Another purpose.
    pub purpose: Option<Purpose>,
    /// Another owner.
    pub owner: Option<Owner>,
    /// Another justification.
    pub justification: Option<Justification>,
}

/// Whether an account ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It does not end by itself.
    Never,
    /// The first instant at which it is refused.
    At(UtcDateTime),
}

impl<S: Store, P: Permission> ServiceAccounts<S, P> {
    /// Creates an account with its client secret and, if asked for, its first token, in one step.
    ///
    /// # Errors
    /// The actor may not, would grant more than it holds, or what is asked for does not fit; see [`Error`].
    pub async fn create_account(&self, actor: &Actor<P>, wanted: NewAccount) -> Result<CreatedAccount, Error> {
        let inner = &*self.inner;
        inner.admit_manager(actor)?;
        let account = inner.draft_account(actor, &wanted)?;
        attempted(|| inner.try_create(actor, &account, &wanted)).await
    }

    /// One account.
    ///
    /// # Errors
    /// There is none with this id, or the store failed.
    pub async fn account(&self, actor: &Actor<P>, id: &AccountId) -> Result<Arc<Account>, Error> {
        self.inner.admit_manager(actor)?;
        self.inner.account(id).await
    }

    /// A page of accounts in the order of their ids, starting behind `after`.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn accounts(
        &self,
        actor: &Actor<P>,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, Error> {
        self.inner.admit_manager(actor)?;
        Ok(self.inner.store.accounts(after, limit).await.map_err(Unavailable::new)?)
    }

    /// Changes an account; what its tokens may do changes with it at once.
    ///
    /// # Errors
    /// The actor may not, or would grant more than it holds.
    pub async fn update_account(
        &self,
        actor: &Actor<P>,
        id: &AccountId,
        update: AccountUpdate,
    ) -> Result<Arc<Account>, Error> {
        let inner = &*self.inner;
        inner.change_account(actor, id, Action::AccountUpdated, |account| inner.updated(actor, account, &update)).await
    }

    /// Suspends an account: none of its credentials works from the next request on.
    ///
    /// # Errors
    /// The actor may not, or there is no such account.
    pub async fn disable_account(&self, actor: &Actor<P>, id: &AccountId) -> Result<Arc<Account>, Error> {
        self.set_status(actor, id, Status::Disabled, Action::AccountDisabled).await
    }

    /// Ends the suspension; its credentials work again, as far as they have not ended themselves.
    ///
    /// # Errors
    /// The actor may not, or there is no such account.
    pub async fn enable_account(&self, actor: &Actor<P>, id: &AccountId) -> Result<Arc<Account>, Error> {
        self.set_status(actor, id, Status::Enabled, Action::AccountEnabled).await
    }

    /// Agrees, as a second administrator, to an account that waits for it.
    ///
    /// # Errors
    /// The actor may not, created the account itself, holds less than the account would, or the account does not wait.
    pub async fn approve_account(&self, actor: &Actor<P>, id: &AccountId) -> Result<Arc<Account>, Error> {
        let inner = &*self.inner;
        inner.change_account(actor, id, Action::AccountApproved, |account| inner.approved(actor, account)).await
    }

    /// Ends an account and all its credentials for good; the audit trail keeps its history.
    ///
    /// # Errors
    /// The actor may not, or there is no such account.
    pub async fn delete_account(&self, actor: &Actor<P>, id: &AccountId) -> Result<(), Error> {
        self.inner.admit_manager(actor)?;
        let event = self.inner.event(Action::AccountDeleted, actor).about_account(Label::new(id.as_str()));
        self.inner.commit(actor, Change::DeleteAccount { account: id.clone() }, event).await.map(drop)
    }

    async fn set_status(
        &self,
        actor: &Actor<P>,
        id: &AccountId,
        status: Status,
        action: Action,
    ) -> Result<Arc<Account>, Error> {
        self.inner.change_account(actor, id, action, |account| Ok(Account { status, ..account.clone() })).await
    }
}

impl<S: Store, P: Permission> Inner<S, P> {
    pub(crate) async fn account(&self, id: &AccountId) -> Result<Arc<Account>, Error> {
        self.store.account(id).await.map_err(Unavailable::new)?.ok_or(Error::AccountMissing)
    }

    /// Reads, changes and writes, and does it over where somebody else wrote in between.
    async fn change_account(
        &self,
        actor: &Actor<P>,
        id: &AccountId,
        action: Action,
        changed: impl Fn(&Account) -> Result<Account, Error>,
    ) -> Result<Arc<Account>, Error> {
        self.admit_manager(actor)?;
        let changed = &changed;
        attempted(move || async move {
            let present = self.account(id).await?;
            let account = changed(&present)?;
            let event = self.event(action, actor).about_account(Label::new(id.as_str()));
            let change = Change::UpdateAccount { account: Box::new(account.clone()), expected: present.revision };
            let revision = self.commit(actor, change, event).await?;
            Ok(Arc::new(Account { revision, ..account }))
        })
        .await
    }

    fn draft_account(&self, actor: &Actor<P>, wanted: &NewAccount) -> Result<Account, Error> {
        let id = AccountId::from_name(&wanted.name, &self.realm).map_err(Error::Name)?;
        if self.reserved.contains(&id) {
            return Err(Error::IdReserved);
        }
        let catalogue = self.catalogue.load();
        let role = wanted.role.clone().unwrap_or_else(|| catalogue.least_role().clone());
        let grant = guard(&catalogue, actor, role, wanted.scopes.clone(), wanted.teams.clone())?;
        check_justification(&catalogue, &grant, wanted.justification.as_ref())?;
        Ok(Account {
            id,
            name: wanted.name.clone(),
            purpose: wanted.purpose.clone(),
            owner: wanted.owner.clone(),
            systems: wanted.systems.clone(),
            grant,
            allowlist: wanted.allowlist.clone(),
            environment: wanted.environment.clone(),
            justification: wanted.justification.clone(),
            expires_at: wanted.expires_at.map(UtcDateTime::truncate_to_second),
            status: Status::Enabled,
            approval: match self.approval {
                ApprovalRule::NotRequired => Approval::NotRequired,
                ApprovalRule::SecondAdministrator => Approval::Pending,
            },
            created_at: self.now(),
            created_by: actor.name().clone(),
            revision: Revision::NEW,
        })
    }

    async fn try_create(
        &self,
        actor: &Actor<P>,
        account: &Account,
        wanted: &NewAccount,
    ) -> Result<CreatedAccount, Error> {
        let (client_secret, secret) = self.draft_secret(actor, account)?;
        let first = wanted.first_token.as_ref().map(|token| self.draft_token(actor, account, token)).transpose()?;
        let tokens = [secret].into_iter().chain(first.iter().map(|(_, record)| record.clone())).collect();
        let event = self.creation_event(actor, account, first.as_ref());
        let change = Change::CreateAccount { account: Box::new(account.clone()), tokens };
        let revision = self.commit(actor, change, event).await?;
        Ok(CreatedAccount {
            account: Arc::new(Account { revision, ..account.clone() }),
            client_secret,
            first_token: first.map(|draft| MintedToken::kept(draft, revision)),
            advice: self.advice(wanted),
        })
    }

    fn creation_event(&self, actor: &Actor<P>, account: &Account, first: Option<&Draft>) -> Event {
        let event = self
            .event(Action::AccountCreated, actor)
            .about_account(Label::new(account.id.as_str()))
            .with(Label::new("role"), Label::new(account.grant.role().as_str()));
        match first {
            Some((_, record)) => event.with(Label::new("first_token"), Label::new(record.id.as_str())),
            None => event,
        }
    }

    fn advice(&self, wanted: &NewAccount) -> Vec<NameAdvice> {
        let token_advice = wanted.first_token.iter().flat_map(|token| self.advisor.token(&token.name));
        self.advisor.account(&wanted.name).into_iter().chain(token_advice).collect()
    }

    fn updated(&self, actor: &Actor<P>, account: &Account, update: &AccountUpdate) -> Result<Account, Error> {
        let catalogue = self.catalogue.load();
        let present = &account.grant;
        let role = update.role.clone().unwrap_or_else(|| present.role().clone());
        let scopes = update.scopes.clone().unwrap_or_else(|| present.scopes().clone());
        let teams = update.teams.clone().unwrap_or_else(|| present.teams().clone());
        let justification = update.justification.clone().or_else(|| account.justification.clone());
        let grant = guard(&catalogue, actor, role, scopes, teams)?;
        check_justification(&catalogue, &grant, justification.as_ref())?;
        Ok(Account {
            grant,
            justification,
            allowlist: update.allowlist.clone().unwrap_or_else(|| account.allowlist.clone()),
            expires_at: match update.expires_at {
                Some(Expiry::Never) => None,
                Some(Expiry::At(end)) => Some(end.truncate_to_second()),
                None => account.expires_at,
            },
            purpose: update.purpose.clone().unwrap_or_else(|| account.purpose.clone()),
            owner: update.owner.clone().unwrap_or_else(|| account.owner.clone()),
            ..account.clone()
        })
    }

    fn approved(&self, actor: &Actor<P>, account: &Account) -> Result<Account, Error> {
        if account.approval != Approval::Pending {
            return Err(Error::NotPending);
        }
        if account.created_by == *actor.name() {
            return Err(Error::OwnApproval);
        }
        let wanted = &account.grant;
        guard(&self.catalogue.load(), actor, wanted.role().clone(), wanted.scopes().clone(), wanted.teams().clone())?;
        let approval = Approval::Given { by: actor.name().clone(), at: self.now() };
        Ok(Account { approval, ..account.clone() })
    }
}

fn guard<P: Permission>(
    catalogue: &Catalogue<P>,
    actor: &Actor<P>,
    role: RoleName,
    scopes: Scopes,
    teams: Teams,
) -> Result<Grant, Error> {
    catalogue.guard(actor.grants(), role, scopes, teams).map_err(Error::Grant)
}

fn check_justification<P: Permission>(
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
