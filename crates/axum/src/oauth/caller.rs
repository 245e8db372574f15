//! Who asks about a token, or gives one back.

use std::net::IpAddr;

use service_accounts::{Actor, access::Permission, store::Store};
use service_accounts_oauth::Caller;

use super::{
    Desk,
    answer::{Refused, of_bearer, of_client},
};

impl<S: Store + 'static, P: Permission> Desk<S, P> {
    /// Verifies a caller by its client credentials or its bearer token.
    ///
    /// A client secret is judged without opening a session, and a bearer counts as used.
    pub(super) async fn verify(&self, caller: &Caller<'_>, address: Option<IpAddr>) -> Result<Actor<P>, Refused> {
        let principal = match caller {
            Caller::Client(client) => {
                let (id, secret) = (client.client_id(), client.client_secret().expose());
                self.accounts.authenticate_client(id, secret, address).await.map_err(|error| of_client(&error))
            }
            Caller::Bearer(token) => {
                self.accounts.authenticate(token.expose(), address).await.map_err(|error| of_bearer(&error))
            }
        };
        principal.map(|principal| principal.actor()).map_err(|error| self.refuse(error))
    }
}
