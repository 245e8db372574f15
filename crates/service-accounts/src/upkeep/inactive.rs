//! An account's own dates: its end, its inactivity, and the age of its client secret.
//!
//! They have no row of their own. The last client secret, of which each account has one, carries the account's next date:
//! also after it was revoked together with all credentials of the account, until another one is made.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::{AccountFacts, AccountFinding};
use service_accounts_store::{Account, Authority, Change, Committed, Listed, Status, Store, Token};
use time::{Duration, UtcDateTime};

use super::Swept;
use crate::{
    Unavailable,
    core::{
        Core,
        credentials::EVERY_KIND,
        rules::{OnInactive, Rules},
    },
};

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Announces what is new about the account, and disables it where nobody has used it and the host has chosen so. It
    /// is never deleted by time.
    ///
    /// What was true a second before the secret's date was announced then; only what is new since is announced now.
    pub(super) async fn settle_account(
        &self,
        secret: &Listed,
        now: UtcDateTime,
        swept: &mut Swept,
    ) -> Result<(), Unavailable> {
        let (token, account) = (secret.credential.token(), secret.credential.account());
        let last_use = self.last_use(account, secret).await?;
        let facts = self.rules.facts_of(account, token, last_use);
        let found = self.rules.lifecycle.assess_account(&facts, now);
        let is_inactive = found.iter().any(|finding| matches!(finding, AccountFinding::Inactive { .. }));
        if is_inactive && self.rules.on_inactive == OnInactive::Disable && self.disable(account, now).await? {
            swept.accounts_disabled += 1;
        }
        let seen = token.next_due.unwrap_or(now).saturating_sub(Duration::SECOND);
        let known = self.rules.lifecycle.assess_account(&facts, seen);
        let is_new = |finding: &&AccountFinding| known.iter().all(|known| known.code() != finding.code());
        let news: Vec<_> = found.iter().filter(is_new).map(AccountFinding::code).collect();
        let news = if news.is_empty() { Vec::new() } else { vec![("findings", news.join(", "))] };
        let action = if news.is_empty() { Action::TokenSettled } else { Action::AccountAnnounced };
        let next_due = self.rules.next_account_visit(&facts, now);
        if self.tend(Token { next_due, ..token.clone() }, action, news, now).await? {
            swept.announced += usize::from(action == Action::AccountAnnounced);
        }
        Ok(())
    }

    /// False where the account was changed meanwhile: the next sweep looks at it as it is then.
    ///
    /// The event names no person: it is done on the word of this system, which the reason says.
    async fn disable(&self, account: &Account, now: UtcDateTime) -> Result<bool, Unavailable> {
        let event = Event::new(Action::AccountDisabled, Label::new("service-accounts"), now);
        let event = event.about_account(Label::new(account.id.as_str()));
        let event = event.with(Label::new("reason"), Label::new("nobody used it for too long"));
        let disabled = Box::new(Account { status: Status::Disabled, ..account.clone() });
        let change = Change::UpdateAccount { account: disabled, expected: account.revision };
        let committed = self.commit_by(&Authority::Host, change, event).await?;
        Ok(matches!(committed, Committed::Applied(_)))
    }

    /// The last use of any credential that the account still has.
    ///
    /// It reads every credential of the account, but only once the account is due.
    async fn last_use(&self, account: &Account, secret: &Listed) -> Result<Option<UtcDateTime>, Unavailable> {
        let mut last = secret.last_used.map(|used| used.at);
        let mut pages = self.credentials_of(&account.id, EVERY_KIND);
        while let Some(page) = pages.next().await? {
            last = page.iter().filter_map(|each| each.last_used).map(|used| used.at).chain(last).max();
        }
        Ok(last)
    }
}

impl<P: Permission> Rules<P> {
    /// What the lifecycle policy asks of an account: its dates, its last use, and the age of a client secret that
    /// works.
    fn facts_of(&self, account: &Account, secret: &Token, last_use: Option<UtcDateTime>) -> AccountFacts {
        let facts = AccountFacts::new(account.created_at);
        let facts = if secret.is_revoked(account) { facts } else { facts.with_secret(secret.created_at) };
        let facts = last_use.map_or(facts, |at| facts.with_last_use(at));
        let facts = account.expires_at.map_or(facts, |end| facts.with_expiry(end));
        if account.status == Status::Enabled { facts } else { facts.disabled() }
    }

    /// A disabled account has no date but its end. It is looked at again all the same, because it may be enabled by then.
    fn next_account_visit(&self, facts: &AccountFacts, now: UtcDateTime) -> Option<UtcDateTime> {
        let again = now.checked_add(self.lifecycle.inactive_after().as_duration());
        self.lifecycle.next_account_due(facts, now).into_iter().chain(again).min()
    }
}
