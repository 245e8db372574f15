//! One change of one account: read, judge, write, and again where somebody else wrote in between.
//!
//! The judgement is a pure function of what was read, so it may run again: a change that loses a race is judged anew on
//! the present record.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::Action;
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Change, Store};

use super::{Acting, UpdatedAccount};
use crate::{
    Error,
    core::{asker::Asker, authority::Call, differences, retry::retry_on_conflict},
};

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// An account that the actor may make this call on.
    ///
    /// The right is asked for before the read, so that whoever may nothing does not learn which accounts exist.
    pub(super) async fn account_for(&self, call: Call, id: &AccountId) -> Result<Arc<Account>, Error> {
        let asker = self.asker();
        asker.may(call)?;
        let account = self.core.account(id).await?;
        asker.may_on(call, &account)?;
        Ok(account)
    }

    /// Changes an account by a pure function of its present state, which also names the event; and tells who gains.
    ///
    /// `changed` may run up to eight times and must have no effect of its own. What it answers is judged again by
    /// policies, and the commit is refused where the account's revision is another by then.
    pub(super) async fn change_account(
        &self,
        call: Call,
        id: &AccountId,
        changed: impl Fn(&Asker<'_, P>, &Account) -> Result<(Action, Account), Error>,
    ) -> Result<UpdatedAccount, Error> {
        let changed = &changed;
        retry_on_conflict(move || async move {
            let asker = self.asker();
            asker.may(call)?;
            let present = self.core.account(id).await?;
            asker.may_on(call, &present)?;
            let (action, account) = changed(&asker, &present)?;
            let event =
                differences::of_account(self.core.account_event(action, self.actor, &present), &present, &account);
            let change = Change::UpdateAccount { account: Box::new(account.clone()), expected: present.revision };
            // Before the commit, so that whoever gains is told as it stands when the change is made.
            let gains = self.gains(&present, &account).await?;
            let (applied, warnings) = self.core.commit_warned(self.actor, gains.guard(change), event).await?;
            let account = Arc::new(applied.account().cloned().unwrap_or(account));
            let gains = self.all_gains(&account, gains).await;
            Ok(UpdatedAccount { account, gains, warnings })
        })
        .await
    }
}

/// A change that names no state of the account by itself, refused where that is another than the one it was judged by.
pub(super) fn judged_by(account: &Account, change: Change) -> Change {
    let accounts = vec![(account.id.clone(), Some(account.revision))];
    Change::Judged { credentials: None, accounts, change: Box::new(change) }
}
