//! What of the trail belongs to this realm.
//!
//! Several realms may share a store, and with it one trail. What happened to an account is shown in the account's realm only, and so is
//! what names its realm: a change of policies or of the catalogue, a report, a review, an export, a refused call, what the host
//! publishes. What is about neither, such as the refusals of a stranger, is about the store as a whole, and shown in each.

use service_accounts_access::Permission;
use service_accounts_audit::{
    Event, Label,
    detect::{Alert, AlertKind},
};
use service_accounts_naming::AccountId;

use crate::core::Core;

impl<S, P: Permission> Core<S, P> {
    /// Whether an event may be shown in this realm.
    ///
    /// An actor of another realm is no reason to hide what it did to an account of this one.
    pub(crate) fn shows_event(&self, event: &Event) -> bool {
        let realm = event.details().get("realm").filter(|_| event.account().is_none());
        event.account().is_none_or(|account| self.is_not_of_another_realm(account)) && self.is_not_another(realm)
    }

    /// Whether an alert may be shown in this realm.
    pub(crate) fn shows_alert(&self, alert: &Alert) -> bool {
        let subject = match alert.kind {
            AlertKind::FailuresOfAccount | AlertKind::SuddenUse => Some(&alert.subject),
            _ => None,
        };
        let account = alert.account.as_ref().or(subject);
        account.is_none_or(|account| self.is_not_of_another_realm(account)) && self.is_not_another(alert.realm.as_ref())
    }

    fn is_not_of_another_realm(&self, account: &Label) -> bool {
        AccountId::parse(account.as_str()).map_or(true, |id| id.is_in(&self.rules.realm))
    }

    fn is_not_another(&self, realm: Option<&Label>) -> bool {
        realm.is_none_or(|realm| realm.as_str() == self.rules.realm.as_str())
    }
}
