//! What is due is settled, whatever kind of credential it is.
//!
//! Each credential carries the one date at which there is next something to say of it, and a sweep reads from the front
//! of those dates. A settled credential gets its next date in the same step as its event, so what is announced is
//! announced once, whichever process was faster, and what was not settled is still due.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_store::{Authority, Change, Class, Committed, Listed, Status, Store, Tended, Token};
use time::UtcDateTime;

use super::{UpkeepBounds, verdict::Settled};
use crate::{
    Unavailable,
    core::{Core, commit::about_token},
};

/// What a sweep did.
///
/// An announcement is an event in the trail, `token.announced` or `account.announced`, with what was found by its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Credentials that were due and are settled.
    pub settled: usize,
    /// Sessions among them that had ended and were removed.
    pub sessions_removed: usize,
    /// Revoked client secrets among them whose observation was over, and which were removed.
    pub secrets_removed: usize,
    /// Tokens among them that were revoked because nobody used them.
    pub idle_revoked: usize,
    /// Credentials among them of which something new was announced.
    pub announced: usize,
    /// Accounts that were disabled because nobody used them.
    pub accounts_disabled: usize,
    /// Whether the bound was reached: there may be more.
    pub is_cut_short: bool,
}

/// How many due credentials are read at once.
const PAGE: usize = 256;

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Settles until nothing is due, or the bound is reached. It reads again after each page: what was settled has
    /// moved on.
    pub(super) async fn sweep(&self, bounds: UpkeepBounds) -> Result<Swept, Unavailable> {
        let mut swept = Swept::default();
        loop {
            let room = bounds.credentials.saturating_sub(swept.settled).min(PAGE);
            if room == 0 {
                return Ok(Swept { is_cut_short: true, ..swept });
            }
            let now = self.now();
            let due = self.store.due(&self.rules.realm, now, room).await.map_err(Unavailable::new)?;
            let found = due.len();
            for listed in due {
                self.settle(&listed, now, &mut swept).await?;
            }
            if found < room {
                return Ok(swept);
            }
        }
    }

    /// Settles one credential. Where another process was faster, there is nothing left to do.
    async fn settle(&self, listed: &Listed, now: UtcDateTime, swept: &mut Swept) -> Result<(), Unavailable> {
        swept.settled += 1;
        let (token, account) = (listed.credential.token(), listed.credential.account());
        if account.status == Status::Deleted {
            return self.purge(&account.id).await;
        }
        match token.class {
            Class::Session { .. } => {
                swept.sessions_removed += usize::from(self.remove(token, Action::SessionExpired, now).await?);
            }
            Class::Secret if !token.state.is_revoked() => self.settle_account(listed, now, swept).await?,
            Class::Token(_) | Class::Secret => self.settle_token(listed, now, swept).await?,
        }
        Ok(())
    }

    /// A revoked client secret whose observation was quiet is removed; a token waits for a person to delete it.
    async fn settle_token(&self, listed: &Listed, now: UtcDateTime, swept: &mut Swept) -> Result<(), Unavailable> {
        let mut listed = listed.clone();
        if self.rules.is_released(&listed, now) {
            // Attempts that wait in memory, or came in since the list was made, go on with the observation.
            listed.last_attempt = self.last_attempt(&listed).await?;
        }
        let Settled { token, action, notes } = self.rules.settled(&listed, now);
        if token.class == Class::Secret && token.next_due.is_none() && token.state.is_revoked() {
            swept.secrets_removed += usize::from(self.remove(&token, Action::TokenDeleted, now).await?);
            return Ok(());
        }
        if self.tend(token, action, notes, now).await? {
            swept.announced += usize::from(action == Action::TokenAnnounced);
            swept.idle_revoked += usize::from(action == Action::TokenRevoked);
        }
        Ok(())
    }

    /// Writes a settled credential with its event; false where somebody else was faster.
    pub(super) async fn tend(
        &self,
        token: Token,
        action: Action,
        notes: Vec<(&'static str, String)>,
        now: UtcDateTime,
    ) -> Result<bool, Unavailable> {
        let event = about_token(Event::new(action, Label::new("service-accounts"), now), &token);
        let noted = |event: Event, (name, value): (&str, String)| event.with(Label::new(name), Label::new(&value));
        let event = notes.into_iter().fold(event, noted);
        let change = Change::Tend { tokens: vec![Tended { expected: token.revision, token }] };
        let committed = self.commit_by(&Authority::Host, change, event).await?;
        Ok(matches!(committed, Committed::Applied(_)))
    }

    /// False where it was removed, or changed so that it may not be, by somebody else.
    async fn remove(&self, token: &Token, action: Action, at: UtcDateTime) -> Result<bool, Unavailable> {
        let event = about_token(Event::new(action, Label::new("service-accounts"), at), token);
        let (token, account) = (token.id, token.account.clone());
        let change = Change::DeleteToken { token, account, account_revision: None, at };
        let committed = self.commit_by(&Authority::Host, change, event).await?;
        Ok(matches!(committed, Committed::Applied(_)))
    }
}
