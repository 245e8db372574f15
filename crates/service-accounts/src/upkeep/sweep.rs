//! What is due is settled, whatever kind of credential it is.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_store::{Authority, Change, Class, Committed, Listed, Status, Store, Tended, Token};
use time::UtcDateTime;

use crate::{
    Unavailable,
    core::{Core, commit::about_token},
};

/// How much one call of upkeep may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpkeepBounds {
    /// The most due credentials to settle.
    pub credentials: usize,
}

impl Default for UpkeepBounds {
    /// A thousand credentials.
    fn default() -> Self {
        Self { credentials: 1000 }
    }
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Credentials that were due and are settled.
    pub settled: usize,
    /// Sessions among them that had ended and were removed.
    pub sessions_removed: usize,
    /// Whether the bound was reached: there may be more.
    pub is_cut_short: bool,
}

/// How many due credentials are read at once.
const PAGE: usize = 256;

impl<S: Store + 'static, P: Permission> Core<S, P> {
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
        let (action, change) = match token.class {
            Class::Session { .. } => {
                let (token, account) = (token.id, account.id.clone());
                (Action::SessionExpired, Change::DeleteToken { token, account, account_revision: None, at: now })
            }
            Class::Token(_) | Class::Secret => (Action::TokenSettled, self.settlement(token, listed, now)),
        };
        let event = about_token(Event::new(action, Label::new("service-accounts"), now), token);
        let committed = self.store.commit(&Authority::Host, change, event).await.map_err(Unavailable::new)?;
        if action == Action::SessionExpired && matches!(committed, Committed::Applied(_)) {
            swept.sessions_removed += 1;
        }
        Ok(())
    }

    /// The token as it goes on: with the state that time has brought it to, and its next date.
    fn settlement(&self, token: &Token, listed: &Listed, now: UtcDateTime) -> Change {
        let mut rotation = token.rotation.clone();
        let state = rotation.as_mut().map_or(token.state, |rotation| rotation.settle(token.state, now));
        let next_due = self.rules.schedule_of(token).next_due(&listed.entry().facts.with_state(state), now);
        let settled = Token { state, rotation, next_due, ..token.clone() };
        Change::Tend { tokens: vec![Tended { token: settled, expected: token.revision }] }
    }
}
