//! An account comes into being, with its first credentials, in one step.
//!
//! Under a request key a lost answer loses nothing: a retry finds the account and has its unused secrets made anew.

mod again;

use std::sync::Arc;

use service_accounts_access::{Permission, Scopes};
use service_accounts_audit::{Action, Event, Label};
use service_accounts_naming::{AccountId, NameAdvice, OnTaken};
use service_accounts_store::{Account, Approval, Change, Class, Proposal, ProposedEnd, Revision, Store, Token};
use time::UtcDateTime;

use super::{Acting, CreatedAccount, MintedToken, NewAccount, NewToken, update};
use crate::{
    ApprovalRule, Error,
    core::{asker::Asker, authority::Call, issuer::Draft, retry::retry_on_conflict},
};

/// How many numbered ids are tried before a name counts as taken.
const MOST_NUMBERS: u32 = 1000;

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// Creates an account with its client secret and, if asked for, its first token, in one step.
    ///
    /// An account that is to administrate others needs `Teams::every()`: without teams it covers no account that has one.
    ///
    /// ```
    /// use service_accounts::{
    ///     NewAccount,
    ///     access::RoleName,
    ///     lifecycle::Environment,
    ///     naming::{DisplayName, OnTaken},
    ///     store::{Justification, Owner, Purpose},
    /// };
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let name = DisplayName::parse("Finance Metrics")?;
    /// let (purpose, owner) = (Purpose::parse("feeds the dashboard")?, Owner::parse("finance")?);
    /// let wanted = NewAccount::new(name, purpose, owner, Environment::production());
    /// let created = accounts.acting(&ada).create(wanted.clone()).await?;
    /// assert_eq!(created.account.id.as_str(), "finance_metrics@service");
    ///
    /// // A role above the lowest needs a justification: somebody has to be able to ask later why.
    /// let wanted = NewAccount {
    ///     on_taken: OnTaken::Number,
    ///     role: Some(RoleName::parse("Editor")?),
    ///     justification: Some(Justification::parse("writes back corrected figures")?),
    ///     ..wanted
    /// };
    /// let created = accounts.acting(&ada).create(wanted).await?;
    /// assert_eq!(created.account.id.as_str(), "finance_metrics_2@service");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// The id is made of the name, with `@` and the realm behind it. Where it is taken or reserved, [`OnTaken::Number`]
    /// tries `_2`, `_3` and so on up to `_999`, or up to `_64` under a request key; [`OnTaken::Refuse`] answers at once.
    /// Where the host asks for a second administrator, the account is written and waits: its credentials are in the answer
    /// and work once it is approved.
    ///
    /// With [`NewAccount::request`] a lost answer is asked for again: the same actor, name and key find the account, also
    /// where an id with a lower number has become free meanwhile.
    /// Its secrets are made anew while no credential was used or revoked, and are left out of the answer afterwards.
    ///
    /// Rule: [`Call::CreateAccount`](crate::Call::CreateAccount). Event: `account.created` with the role and the first
    /// token's id, never a secret. Where the future is dropped the account may be there and its secrets are lost:
    /// create under a request key, or regenerate them.
    ///
    /// # Errors
    /// [`Name`](Error::Name) if no id can be made of it, [`IdTaken`](Error::IdTaken),
    /// [`IdReserved`](Error::IdReserved), [`JustificationMissing`](Error::JustificationMissing) above the lowest role,
    /// [`TooManyNetworks`](Error::TooManyNetworks) beyond 1,000, [`EnvironmentUnknown`](Error::EnvironmentUnknown),
    /// [`ExpiryPassed`](Error::ExpiryPassed), [`FirstToken`](Error::FirstToken) with the reason,
    /// [`PolicyBlocked`](Error::PolicyBlocked), or [`Randomness`](Error::Randomness). Nothing was created then.
    pub async fn create(&self, wanted: NewAccount) -> Result<CreatedAccount, Error> {
        let asker = self.asker();
        asker.may(Call::CreateAccount)?;
        let unnumbered = AccountId::from_name(&wanted.name, &self.core.rules.realm).map_err(Error::Name)?;
        // Before the commit: nothing that is awaited stands between a secret and its owner.
        let alike = self.core.look_alike(&wanted.name, &wanted.teams, asker.teams()).await;
        let created = if wanted.on_taken == OnTaken::Number && wanted.request.is_some() {
            self.create_by_request(&unnumbered, &wanted).await
        } else {
            self.create_free(&unnumbered, &wanted).await
        };
        created.map(|created| with_advice(created, alike))
    }

    /// Creates the account under the first id that is free, or under none other than its own where it is not to be numbered.
    async fn create_free(&self, unnumbered: &AccountId, wanted: &NewAccount) -> Result<CreatedAccount, Error> {
        let mut id = unnumbered.clone();
        for number in 2..=MOST_NUMBERS {
            let is_reserved = self.core.rules.reserved.contains(&id);
            let created = if is_reserved { Err(Error::IdReserved) } else { self.create_as(&id, wanted).await };
            match created {
                Err(Error::IdTaken | Error::IdReserved) if wanted.on_taken == OnTaken::Number => {
                    id = unnumbered.numbered(number)
                }
                done => return done,
            }
        }
        Err(Error::IdTaken)
    }

    /// Creates the account under this very id. Where the id is taken, it may be a retry's own account.
    async fn create_as(&self, id: &AccountId, wanted: &NewAccount) -> Result<CreatedAccount, Error> {
        retry_on_conflict(|| async {
            let asker = self.asker();
            let account = self.draft_account(&asker, id, wanted)?;
            match self.write_account(&asker, account, wanted, Vec::new()).await {
                Err(Error::IdTaken) if wanted.request.is_some() => self.created_before(id, wanted).await,
                done => done,
            }
        })
        .await
    }

    /// The record, after all that can be asked without the store: role, rights, justification, networks, environment
    /// and dates.
    pub(super) fn draft_account(
        &self,
        asker: &Asker<'_, P>,
        id: &AccountId,
        wanted: &NewAccount,
    ) -> Result<Account, Error> {
        let role = wanted.role.clone().unwrap_or_else(|| asker.catalogue.least_role().clone());
        let grant = asker.grant(Call::CreateAccount, role, wanted.scopes.clone(), wanted.teams.clone())?;
        update::check_justification(&asker.catalogue, &grant, wanted.justification.as_ref())?;
        update::check_networks(&wanted.allowlist)?;
        self.check_environment(&wanted.environment)?;
        let made = (self.actor.name().clone(), self.core.now());
        let (name, purpose) = ((id.clone(), wanted.name.clone()), (wanted.purpose.clone(), wanted.owner.clone()));
        let account = Account::new(name, purpose, grant, wanted.environment.clone(), made);
        Ok(self.waiting(Account {
            systems: update::distinct(&wanted.systems)?,
            allowlist: wanted.allowlist.clone(),
            justification: wanted.justification.clone(),
            expires_at: wanted.expires_at.map(|end| self.future(end)).transpose()?,
            email: wanted.email.clone(),
            title: wanted.title.clone(),
            request: wanted.request.clone(),
            ..account
        }))
    }

    /// The account as it waits for a second administrator, where the host asks for one.
    ///
    /// The proposal repeats what the account shows: an approval puts the proposal in force, and an edit while it waits
    /// adds its editor there.
    fn waiting(&self, account: Account) -> Account {
        match self.core.rules.approval {
            ApprovalRule::NotRequired => account,
            ApprovalRule::SecondAdministrator => {
                let (grant, allowlist) = (account.grant.clone(), account.allowlist.clone());
                let end = ProposedEnd::from(account.expires_at);
                let proposal = Proposal { grant, allowlist, end, by: self.actor.hands(), at: account.created_at };
                Account { approval: Approval::Pending, proposal: Some(Box::new(proposal)), ..account }
            }
        }
    }

    /// An end that has not passed yet, in whole seconds.
    ///
    /// Exactly now has passed: an end is the first instant at which the account is refused.
    pub(super) fn future(&self, end: UtcDateTime) -> Result<UtcDateTime, Error> {
        let end = end.truncate_to_second();
        if end > self.core.now() { Ok(end) } else { Err(Error::ExpiryPassed) }
    }

    /// One commit writes the account and its credentials, where other accounts are still as they were seen; what is handed
    /// out is what was written.
    async fn write_account(
        &self,
        asker: &Asker<'_, P>,
        account: Account,
        wanted: &NewAccount,
        others: Vec<(AccountId, Option<Revision>)>,
    ) -> Result<CreatedAccount, Error> {
        let secret = self.draft_secret(asker, &account)?;
        let first =
            wanted.first_token.as_ref().map(|token| self.draft_first_token(asker, &account, token)).transpose()?;
        let tokens = [&secret].into_iter().chain(&first).map(|draft| draft.record.clone()).collect();
        let event = self.creation_event(&account, first.as_ref());
        let change = Change::CreateAccount { account: Box::new(account.clone()), tokens };
        let change = match others.is_empty() {
            true => change,
            false => Change::Judged { credentials: None, accounts: others, change: Box::new(change) },
        };
        let (applied, warnings) = self.core.commit_at_once(self.actor, change, event).await?;
        Ok(CreatedAccount {
            account: Arc::new(applied.account().cloned().unwrap_or(account)),
            client_secret: Some(secret.secret),
            first_token: first.map(|draft| MintedToken::kept(draft, &applied)),
            advice: self.advice(wanted),
            warnings,
        })
    }

    /// What is wrong with the token is told apart from what is wrong with the account: both have scopes, for one.
    pub(super) fn draft_first_token(
        &self,
        asker: &Asker<'_, P>,
        account: &Account,
        wanted: &NewToken,
    ) -> Result<Draft, Error> {
        self.draft_token(asker, account, wanted).map_err(|error| Error::FirstToken(Box::new(error)))
    }

    /// The trail names the role and the first token, never a secret.
    pub(super) fn creation_event(&self, account: &Account, first: Option<&Draft>) -> Event {
        let event = self.core.account_event(Action::AccountCreated, self.actor, account);
        let event = event.with(Label::new("role"), Label::new(account.grant.role().as_str()));
        match first {
            Some(draft) => event.with(Label::new("first_token"), Label::new(draft.record.id.as_str())),
            None => event,
        }
    }

    /// It never refuses a name.
    fn advice(&self, wanted: &NewAccount) -> Vec<NameAdvice> {
        let advisor = &self.core.rules.advisor;
        let token_advice = wanted.first_token.iter().flat_map(|token| advisor.token(&token.name));
        advisor.account(&wanted.name).into_iter().chain(token_advice).collect()
    }

    /// A client secret works until it is regenerated; the account's own dates bound it.
    pub(super) fn draft_secret(&self, asker: &Asker<'_, P>, account: &Account) -> Result<Draft, Error> {
        let grant = asker.token_grant(account, &Scopes::Inherited)?;
        let now = self.core.now();
        let Draft { secret, record } = self.core.issuer.draft(self.actor, account, Class::Secret, grant, now)?;
        let next_due = self.core.rules.account_due(account, now);
        Ok(Draft { secret, record: Token { next_due, ..record } })
    }
}

/// Adds the account of a similar name, where there is one.
fn with_advice(mut created: CreatedAccount, more: Option<NameAdvice>) -> CreatedAccount {
    created.advice.extend(more);
    created
}
