//! An account comes into being, with its first credentials, in one step.
//!
//! Under a request key a lost answer loses nothing: a retry finds the account and has its unused secrets made anew.

use std::sync::Arc;

use service_accounts_access::{Permission, Scopes};
use service_accounts_audit::{Action, Event, Label};
use service_accounts_naming::{AccountId, NameAdvice, OnTaken};
use service_accounts_store::{Account, Approval, Change, Class, Listed, Proposal, ProposedEnd, Store, Token};
use service_accounts_token::Kind;
use time::UtcDateTime;

use super::{Acting, CreatedAccount, MintedToken, NewAccount, NewToken, update};
use crate::{
    ApprovalRule, Error, Unavailable,
    core::{asker::Asker, authority::Call, credentials::EVERY_KIND, issuer::Draft, retry::retry_on_conflict},
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
    /// tries `_2`, `_3` and so on up to `_999`; [`OnTaken::Refuse`] answers at once. Where the host asks for a second
    /// administrator, the account is written and waits: its credentials are in the answer and work once it is approved.
    ///
    /// With [`NewAccount::request`] a lost answer is asked for again: the same actor, name and key find the account.
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
        let mut id = unnumbered.clone();
        // Before the commit: nothing that is awaited stands between a secret and its owner.
        let alike = self.core.look_alike(&wanted.name, &wanted.teams, asker.teams()).await;
        for number in 2..=MOST_NUMBERS {
            let is_reserved = self.core.rules.reserved.contains(&id);
            let created = if is_reserved { Err(Error::IdReserved) } else { self.create_as(&id, &wanted).await };
            match created {
                Err(Error::IdTaken | Error::IdReserved) if wanted.on_taken == OnTaken::Number => {
                    id = unnumbered.numbered(number)
                }
                done => return done.map(|created| with_advice(created, alike)),
            }
        }
        Err(Error::IdTaken)
    }

    /// Creates the account under this very id. Where the id is taken, it may be a retry's own account.
    async fn create_as(&self, id: &AccountId, wanted: &NewAccount) -> Result<CreatedAccount, Error> {
        let created = retry_on_conflict(|| async {
            let asker = self.asker();
            let account = self.draft_account(&asker, id, wanted)?;
            self.write_account(&asker, account, wanted).await
        });
        match created.await {
            Err(Error::IdTaken) if wanted.request.is_some() => self.created_before(id, wanted).await,
            done => done,
        }
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

    /// One commit writes the account and its credentials; what is handed out is what was written.
    async fn write_account(
        &self,
        asker: &Asker<'_, P>,
        account: Account,
        wanted: &NewAccount,
    ) -> Result<CreatedAccount, Error> {
        let secret = self.draft_secret(asker, &account)?;
        let first =
            wanted.first_token.as_ref().map(|token| self.draft_first_token(asker, &account, token)).transpose()?;
        let tokens = [&secret].into_iter().chain(&first).map(|draft| draft.record.clone()).collect();
        let event = self.creation_event(&account, first.as_ref());
        let change = Change::CreateAccount { account: Box::new(account.clone()), tokens };
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

    /// The answer to a request that was carried out before and is sent again.
    ///
    /// Only for whoever has created it, under the same key: for anybody else the id is taken. The key alone is
    /// compared, not the rest of the request.
    async fn created_before(&self, id: &AccountId, wanted: &NewAccount) -> Result<CreatedAccount, Error> {
        let account = self.core.account(id).await.map_err(|error| match error {
            Error::AccountMissing => Error::IdTaken,
            error => error,
        })?;
        if account.request != wanted.request || account.created_by != *self.actor.name() {
            return Err(Error::IdTaken);
        }
        self.asker().may_on(Call::CreateAccount, &account)?;
        let (client_secret, first_token) = match wanted.first_token.as_ref() {
            _ if self.is_used(&account).await? => (None, None),
            None => (self.reissue(&account, Kind::Secret, None).await?, None),
            Some(first) => (
                self.reissue(&account, Kind::Secret, None).await?,
                self.reissue(&account, Kind::Token, Some(first)).await?,
            ),
        };
        let warnings = [&client_secret, &first_token].into_iter().flatten().flat_map(|minted| minted.warnings.clone());
        let (warnings, advice) = (warnings.collect(), self.advice(wanted));
        let client_secret = client_secret.map(|minted| minted.secret);
        Ok(CreatedAccount { account, client_secret, first_token, advice, warnings })
    }

    /// Whether any credential of the account has been used, or revoked: a secret that somebody has ended is not made anew.
    ///
    /// What waits in memory is written first. An open session is a use of the client secret, and a second credential of
    /// a kind is not of this request. Otherwise a retry would kill the text that a client with the first answer uses.
    async fn is_used(&self, account: &Account) -> Result<bool, Error> {
        self.core.journal.flush(&self.core.store, crate::core::journal::Due::Of(&account.id), self.core.now()).await?;
        for kind in EVERY_KIND.iter().copied() {
            let page = self.core.store.credentials(&account.id, kind, None, 2).await.map_err(Unavailable::new)?;
            let is_revoked = |listed: &Listed| listed.credential.token().is_revoked(account);
            let is_used = |listed: &Listed| listed.last_used.is_some() || kind == Kind::Session || is_revoked(listed);
            if page.next.is_some() || page.items.iter().any(is_used) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives the only credential of a kind another secret.
    ///
    /// The earlier text dies with the change. A token of another name than the one asked for is not of this request.
    async fn reissue(
        &self,
        account: &Account,
        kind: Kind,
        wanted: Option<&NewToken>,
    ) -> Result<Option<MintedToken>, Error> {
        let page = self.core.store.credentials(&account.id, kind, None, 1).await.map_err(Unavailable::new)?;
        let Some(listed) = page.items.first() else { return Ok(None) };
        let token = listed.credential.token();
        let is_wanted = match &token.class {
            Class::Token(name) => wanted.is_some_and(|wanted| wanted.name == *name),
            Class::Secret | Class::Session { .. } => true,
        };
        if !is_wanted {
            return Ok(None);
        }
        let draft = self.core.issuer.reissue(self.actor, token)?;
        let action = if kind == Kind::Secret { Action::SecretRegenerated } else { Action::TokenMinted };
        let event = self.core.token_event(action, self.actor, token);
        let change = Change::UpdateToken {
            token: Box::new(draft.record.clone()),
            expected: token.revision,
            account_revision: Some(account.revision),
        };
        let (applied, warnings) = self.core.commit_warned(self.actor, change, event).await?;
        Ok(Some(MintedToken::kept(draft, &applied).warned(warnings)))
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
