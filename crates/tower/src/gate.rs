//! What stands before a guarded service: it turns a request into a principal or a refusal.

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Uri};
use service_accounts::{
    AuthenticateError, Forbidden, Principal, ServiceAccounts,
    access::{Permission, TeamName},
    store::Store,
};
use time::format_description::well_known::Rfc3339;

use crate::{ClientAddress, Disclose, Problem, bearer};

/// The response header that tells a client since when its token should have been replaced (RFC 3339).
pub const ROTATE_AFTER: HeaderName = HeaderName::from_static("service-account-rotate-after");

/// Turns requests into principals; every face goes through it.
///
/// Which store stands behind it does not show in its type, so that handlers and extractors name only the host's permissions.
#[derive(Clone)]
pub struct Gate<P: Permission> {
    accounts: Arc<dyn Judge<P>>,
    client: ClientAddress,
    realm: Arc<str>,
    disclose: Disclose,
}

impl<P: Permission> Gate<P> {
    /// A gate that asks `accounts`.
    #[must_use]
    pub fn new<S: Store + 'static>(accounts: ServiceAccounts<S, P>) -> Self {
        Self {
            accounts: Arc::new(accounts),
            client: ClientAddress::default(),
            realm: "service-accounts".into(),
            disclose: Disclose::default(),
        }
    }

    /// Finds the client's address in another way.
    #[must_use]
    pub fn client_address(self, client: ClientAddress) -> Self {
        Self { client, ..self }
    }

    /// Names another realm in challenges; characters that a quoted string cannot hold are left out.
    #[must_use]
    pub fn realm(self, realm: &str) -> Self {
        let is_fit = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        Self { realm: realm.chars().filter(is_fit).collect::<String>().into(), ..self }
    }

    /// Tells refused clients why, once their secret has verified.
    #[must_use]
    pub fn disclose(self, disclose: Disclose) -> Self {
        Self { disclose, ..self }
    }

    /// Judges the credential of a request.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub async fn admit(
        &self,
        headers: &HeaderMap,
        uri: &Uri,
        extensions: &Extensions,
    ) -> Result<Principal<P>, Problem> {
        let address = self.client.find(headers, extensions)?;
        let token = bearer(headers, uri).map_err(|error| Problem::of_bearer(error, &self.realm))?;
        let judged = self.accounts.authenticate(token, address).await;
        judged.map_err(|error| Problem::of_authentication(&error, &self.realm, self.disclose))
    }

    /// Whether a principal may, on something of `team` or of nobody; a refusal is recorded.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Problem> {
        let decided = self.accounts.authorize(principal, permission, team);
        decided.map_err(|forbidden| Problem::of_forbidden(forbidden, &self.realm))
    }

    /// The client's address.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub fn client_of(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<Option<IpAddr>, Problem> {
        Ok(self.client.find(headers, extensions)?)
    }

    /// The realm named in challenges.
    #[must_use]
    pub fn realm_name(&self) -> &str {
        &self.realm
    }
}

/// The value of [`ROTATE_AFTER`] for a principal whose token's rotation window has opened.
pub(crate) fn rotate_after<P: Permission>(principal: &Principal<P>) -> Option<HeaderValue> {
    let text = time::OffsetDateTime::from(principal.rotate_after()?).format(&Rfc3339).ok()?;
    HeaderValue::from_str(&text).ok()
}

impl<P: Permission> std::fmt::Debug for Gate<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("realm", &self.realm).finish_non_exhaustive()
    }
}

type Judged<'a, P> = Pin<Box<dyn Future<Output = Result<Principal<P>, AuthenticateError>> + Send + 'a>>;

trait Judge<P: Permission>: Send + Sync {
    fn authenticate<'a>(&'a self, text: &'a str, address: Option<IpAddr>) -> Judged<'a, P>;
    fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden>;
}

impl<S: Store, P: Permission> Judge<P> for ServiceAccounts<S, P> {
    fn authenticate<'a>(&'a self, text: &'a str, address: Option<IpAddr>) -> Judged<'a, P> {
        Box::pin(Self::authenticate(self, text, address))
    }

    fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden> {
        Self::authorize(self, principal, permission, team)
    }
}
