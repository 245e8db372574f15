//! Access events: one for each credential that was judged.

mod pending;

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_store::Credential;
use service_accounts_token::TokenId;
use time::UtcDateTime;

use crate::{Principal, Rejection};

pub(crate) use pending::Pending;

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

    /// Whether anybody listens to [`trace`](Self::trace).
    pub(crate) fn is_traced() -> bool {
        tracing::enabled!(target: "service_accounts::access", tracing::Level::INFO)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn access(at: usize) -> Access {
        Access {
            token: TokenId::parse("0123456789abcdef").unwrap(),
            credential: None,
            address: None,
            at: UtcDateTime::from_unix_timestamp(i64::try_from(at).unwrap()).unwrap(),
            outcome: Outcome::Denied(Rejection::Unknown),
        }
    }

    #[test]
    fn an_access_without_a_record_names_no_account_and_gives_its_reason() {
        let event = access(7).event();
        assert_eq!(event.action(), Action::AccessDenied);
        assert_eq!((event.account(), event.actor().as_str()), (None, "unknown"));
        assert_eq!(event.token().map(Label::as_str), Some("0123456789abcdef"));
        assert_eq!(event.reason().map(Label::as_str), Some("unknown"));
    }

    #[test]
    fn every_outcome_has_an_action_and_only_a_grant_has_no_reason() {
        let outcomes = [
            (Outcome::Granted, Action::AccessGranted, None),
            (Outcome::Denied(Rejection::Revoked), Action::AccessDenied, Some("revoked")),
            (Outcome::Forbidden("users:view"), Action::PermissionDenied, Some("users:view")),
        ];
        for (outcome, action, reason) in outcomes {
            assert_eq!((outcome.action(), outcome.reason()), (action, reason));
        }
    }
}
