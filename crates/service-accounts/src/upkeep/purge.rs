//! A deleted account's remaining credentials are removed in bounded steps.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_naming::AccountId;
use service_accounts_store::{Authority, Change, Committed, Status, Store};

use crate::{Unavailable, core::Core};

impl<S: Store, P: Permission> Core<S, P> {
    /// Removes what is left of a deleted account, step by step, so that others can write in between.
    ///
    /// Each step is one commit with one event. Who else purges at the same time is no matter: what is gone is not there
    /// for the next step.
    pub(crate) async fn purge(&self, id: &AccountId) -> Result<(), Unavailable> {
        loop {
            let found = self.store.account(id).await.map_err(Unavailable::new)?;
            if found.is_none_or(|account| account.status != Status::Deleted) {
                return Ok(());
            }
            let event = Event::new(Action::AccountPurged, Label::new("service-accounts"), self.now());
            let event = event.about_account(Label::new(id.as_str()));
            let change = Change::PurgeAccount { account: id.clone() };
            let purged = self.commit_by(&Authority::Host, change, event).await?;
            if matches!(purged, Committed::Refused(_)) {
                return Ok(());
            }
        }
    }
}
