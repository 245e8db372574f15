//! How a gate answers.

use std::{net::IpAddr, sync::Arc, time::Duration};

use http::{Extensions, HeaderMap};
use service_accounts::AuthenticateError;

use crate::{BearerError, ClientAddress, Disclose, Observer, Outcome, Problem};

/// Where clients are looked for, how they are answered, and who is told.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) client: ClientAddress,
    pub(super) realm: String,
    pub(super) disclose: Disclose,
    pub(super) observer: Option<Arc<dyn Observer>>,
}

impl Settings {
    /// The client's address, or the refusal of a request whose headers do not tell it.
    pub(super) fn address(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<Option<IpAddr>, Problem> {
        Ok(self.client.find(headers, extensions)?)
    }

    /// What a credential that was not accepted is answered.
    pub(super) fn turn_away(&self, error: &AuthenticateError) -> Problem {
        Problem::of_authentication(error, &self.realm, self.disclose)
    }

    /// What a credential that cannot be read is answered.
    pub(super) fn refuse(&self, error: BearerError) -> Problem {
        Problem::of_bearer(error, &self.realm)
    }

    /// Passes a result on, and tells the observer where it is a refusal.
    pub(super) fn told<T>(&self, found: Result<T, Problem>) -> Result<T, Problem> {
        if found.is_err() {
            self.tell(|| Outcome::of(&found), Duration::ZERO);
        }
        found
    }

    /// The observer's clock; zero where nobody measures.
    pub(super) fn now(&self) -> Duration {
        self.observer.as_ref().map_or(Duration::ZERO, |observer| observer.now())
    }

    pub(super) fn tell(&self, outcome: impl FnOnce() -> Outcome, took: Duration) {
        if let Some(observer) = &self.observer {
            observer.observe(outcome(), took);
        }
    }
}
