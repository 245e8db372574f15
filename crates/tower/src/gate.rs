//! What stands before a guarded service: it turns a request into a principal or a refusal.

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Uri, header::AUTHORIZATION};
use service_accounts::{
    Forbidden, Principal, ServiceAccounts,
    access::{Permission, TeamName},
    store::Store,
};
use time::format_description::well_known::Rfc3339;

use crate::{
    BearerError, ClientAddress, Disclose, Problem,
    bearer::{sole_authorization, token_of},
};

/// The response header that tells a client since when its token should have been replaced (RFC 3339).
pub const ROTATE_AFTER: HeaderName = HeaderName::from_static("service-account-rotate-after");

/// Turns requests into principals; every face goes through it.
///
/// Which store stands behind it does not show in its type, so that handlers and extractors name only the host's permissions.
#[derive(Clone)]
pub struct Gate<P: Permission> {
    accounts: Arc<dyn Judge<P>>,
    manners: Arc<Manners>,
}

/// Where clients are looked for, and how they are answered.
#[derive(Clone)]
struct Manners {
    client: ClientAddress,
    realm: String,
    disclose: Disclose,
}

/// A credential being judged; it borrows nothing, so it can wait beside the request it came from.
pub(crate) type Judged<P> = Pin<Box<dyn Future<Output = Result<Principal<P>, Problem>> + Send>>;

impl<P: Permission> Gate<P> {
    /// A gate that asks `accounts`.
    #[must_use]
    pub fn new<S: Store + 'static>(accounts: ServiceAccounts<S, P>) -> Self {
        let manners = Manners {
            client: ClientAddress::default(),
            realm: "service-accounts".into(),
            disclose: Disclose::default(),
        };
        Self { accounts: Arc::new(accounts), manners: Arc::new(manners) }
    }

    /// Finds the client's address in another way.
    #[must_use]
    pub fn client_address(mut self, client: ClientAddress) -> Self {
        Arc::make_mut(&mut self.manners).client = client;
        self
    }

    /// Names another realm in challenges; characters that a quoted string cannot hold are left out.
    #[must_use]
    pub fn realm(mut self, realm: &str) -> Self {
        let is_fit = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        Arc::make_mut(&mut self.manners).realm = realm.chars().filter(is_fit).collect();
        self
    }

    /// Tells refused clients why, once their secret has verified.
    #[must_use]
    pub fn disclose(mut self, disclose: Disclose) -> Self {
        Arc::make_mut(&mut self.manners).disclose = disclose;
        self
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
        let address = self.client_of(headers, extensions)?;
        let credential = sole_authorization(headers, uri).map_err(|error| self.manners.refuse(error))?;
        self.accounts.judge(credential.clone(), address, self.manners.clone()).await
    }

    /// Takes the credential out of a request, to be judged.
    pub(crate) fn take<B>(&self, request: &mut Request<B>) -> Result<Judged<P>, Problem> {
        let address = self.client_of(request.headers(), request.extensions())?;
        sole_authorization(request.headers(), request.uri()).map_err(|error| self.manners.refuse(error))?;
        let credential = request.headers_mut().remove(AUTHORIZATION);
        let credential = credential.ok_or_else(|| self.manners.refuse(BearerError::Missing))?;
        Ok(self.accounts.judge(credential, address, self.manners.clone()))
    }

    /// Whether a principal may, on something of `team` or of nobody; a refusal is recorded.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Problem> {
        let decided = self.accounts.authorize(principal, permission, team);
        decided.map_err(|forbidden| Problem::of_forbidden(forbidden, &self.manners.realm))
    }

    /// The client's address.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub fn client_of(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<Option<IpAddr>, Problem> {
        Ok(self.manners.client.find(headers, extensions)?)
    }

    /// The realm named in challenges.
    #[must_use]
    pub fn realm_name(&self) -> &str {
        &self.manners.realm
    }
}

/// The value of [`ROTATE_AFTER`] for a principal whose token's rotation window has opened.
pub(crate) fn rotate_after<P: Permission>(principal: &Principal<P>) -> Option<HeaderValue> {
    let text = time::OffsetDateTime::from(principal.rotate_after()?).format(&Rfc3339).ok()?;
    HeaderValue::from_str(&text).ok()
}

impl<P: Permission> std::fmt::Debug for Gate<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("realm", &self.manners.realm).finish_non_exhaustive()
    }
}

trait Judge<P: Permission>: Send + Sync {
    fn judge(&self, credential: HeaderValue, address: Option<IpAddr>, manners: Arc<Manners>) -> Judged<P>;
    fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden>;
}

impl<S: Store + 'static, P: Permission> Judge<P> for ServiceAccounts<S, P> {
    fn judge(&self, credential: HeaderValue, address: Option<IpAddr>, manners: Arc<Manners>) -> Judged<P> {
        let accounts = self.clone();
        // Made where it stays: `Box::pin` would make it on the stack and copy all of it, hundreds of bytes.
        let judged = Box::write(Box::new_uninit(), async move {
            let token = token_of(&credential).map_err(|error| manners.refuse(error))?;
            let judged = accounts.authenticate(token, address).await;
            judged.map_err(|error| Problem::of_authentication(&error, &manners.realm, manners.disclose))
        });
        Box::into_pin(judged)
    }

    fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden> {
        Self::authorize(self, principal, permission, team)
    }
}

impl Manners {
    fn refuse(&self, error: BearerError) -> Problem {
        Problem::of_bearer(error, &self.realm)
    }
}
