//! Access events: one for each credential that was judged.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_store::Credential;
use service_accounts_token::TokenId;
use time::UtcDateTime;

use crate::{Principal, Rejection};

/// Whether the trail keeps access events, and how soon. `tracing` gets each of them in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessEvents {
    /// The trail keeps none.
    Off,
    /// The trail keeps them in batches. A process that is killed loses those of the last moments.
    #[default]
    Batched,
    /// The trail keeps each before the request goes on: no record, no access.
    Strict,
}

/// Which credential was judged, from where, and how.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) token: TokenId,
    pub(crate) credential: Option<Arc<Credential>>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) at: UtcDateTime,
    pub(crate) outcome: Outcome,
}

/// What came of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Granted,
    Denied(Rejection),
    /// The credential was good, but lacked this permission.
    Forbidden(&'static str),
}

impl Access {
    pub(crate) fn forbidden<P: Permission>(principal: &Principal<P>, permission: &'static str) -> Self {
        Self {
            token: principal.token().id,
            credential: Some(principal.credential.clone()),
            address: principal.address,
            at: principal.at,
            outcome: Outcome::Forbidden(permission),
        }
    }

    /// As an event; the account is named only where its record was found.
    pub(crate) fn event(&self) -> Event {
        let actor = self.credential.as_ref().map_or_else(|| Label::new("unknown"), |found| account_label(found));
        let event = Event::new(self.outcome.action(), actor.clone(), self.at)
            .about_token(Label::new(self.token.as_str()))
            .from_address(self.address);
        let event = match &self.credential {
            Some(found) => about(event.about_account(actor), found),
            None => event,
        };
        match self.outcome.reason() {
            Some(reason) => event.because(Label::new(reason)),
            None => event,
        }
    }

    pub(crate) fn trace(&self) {
        let token_name = self.credential.as_ref().and_then(|found| found.token().class.token_name());
        tracing::info!(
            target: "service_accounts::access",
            account = self.credential.as_ref().map(|found| found.account().id.as_str()),
            token = self.token.as_str(),
            token_name = token_name.map(AsRef::<str>::as_ref),
            address = self.address.map(tracing::field::display),
            reason = self.outcome.reason(),
            "{}",
            self.outcome.action(),
        );
    }
}

impl Outcome {
    const fn action(self) -> Action {
        match self {
            Self::Granted => Action::AccessGranted,
            Self::Denied(_) => Action::AccessDenied,
            Self::Forbidden(_) => Action::PermissionDenied,
        }
    }

    const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Granted => None,
            Self::Denied(rejection) => Some(rejection.as_str()),
            Self::Forbidden(permission) => Some(permission),
        }
    }
}

fn account_label(found: &Credential) -> Label {
    Label::new(found.account().id.as_str())
}

fn about(event: Event, found: &Credential) -> Event {
    match found.token().class.token_name() {
        Some(name) => event.named(Label::new(name.as_str())),
        None => event,
    }
}

/// Accesses that wait to be written.
#[derive(Default)]
pub(crate) struct Pending(Mutex<Vec<Access>>);

/// How many accesses may wait before a request writes them itself: the bound on memory when nobody else does.
const MOST_PENDING: usize = 4096;

/// How many accesses are kept while the store refuses them.
const MOST_KEPT: usize = 65_536;

impl Pending {
    /// Adds one, and tells whether it is time to write.
    pub(crate) fn push(&self, access: Access) -> bool {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.push(access);
        pending.len() >= MOST_PENDING
    }

    /// Hands over all that wait, oldest first.
    pub(crate) fn take(&self) -> Vec<Access> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes back, before what came meanwhile, what could not be written. Past the bound the oldest are given up, loudly.
    pub(crate) fn put_back(&self, mut accesses: Vec<Access>) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        accesses.append(&mut pending);
        let lost = accesses.len().saturating_sub(MOST_KEPT);
        if lost > 0 {
            tracing::error!(target: "service_accounts::audit", lost, "access events lost: the store refuses them");
        }
        *pending = accesses.split_off(lost);
    }
}
