//! Which peppers are in use.

use service_accounts_access::Permission;
use service_accounts_store::Store;
use service_accounts_token::PepperId;

use super::Acting;
use crate::{Error, core::authority::Call};

/// One pepper of this process, and how much stands under it.
///
/// Where the count of an earlier pepper stays above zero, some credentials were not used since the keyring was rotated,
/// since a use moves a record to the current pepper; or a subscription still signs by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PepperCensus {
    /// Its name in the keyring, never its bytes.
    pub id: PepperId,
    /// Whether new credentials are made under it.
    pub is_current: bool,
    /// How many credentials are stored under it, revoked ones included, and how many subscriptions are signed by it; `None` if the store does not count. At zero an
    /// earlier pepper can be retired.
    pub credentials: Option<u64>,
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// The peppers of this process, the current one first. It may read every record of the store.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, token, secret, .. }| {
    /// let census = accounts.acting(&ada).peppers().await?;
    /// assert!(census[0].is_current);
    /// assert_eq!(census[0].credentials, Some(2)); // the token and the client secret
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadPolicies`](crate::Call::ReadPolicies). Credentials are counted in the whole store, other
    /// realms included.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn peppers(&self) -> Result<Vec<PepperCensus>, Error> {
        self.may(Call::ReadPolicies)?;
        let keyring = &self.core.issuer.keyring;
        let mut census = Vec::new();
        for id in keyring.peppers() {
            let credentials = self.core.count_under(id).await?;
            census.push(PepperCensus { id, is_current: id == keyring.current(), credentials });
        }
        Ok(census)
    }
}
