//! What stands before a guarded service: it turns a request into a principal or a refusal.

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Uri};
use service_accounts::{
    Forbidden, Principal, ServiceAccounts,
    access::{Permission, TeamName},
    store::Store,
};
use time::format_description::well_known::Rfc3339;

use crate::{
    BearerError, ClientAddress, Disclose, Problem,
    bearer::{credential, take_credential, token_of},
};

/// The response header that tells a client since when its token should have been replaced (RFC 3339).
pub const ROTATE_AFTER: HeaderName = HeaderName::from_static("service-account-rotate-after");

/// Turns requests into principals; every face goes through it.
///
/// Which store stands behind it does not show in its type, so that handlers and extractors name only the host's permissions.
#[derive(Clone)]
pub struct Gate<P: Permission>(Arc<dyn Judge<P>>);

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
        Self(Arc::new(Doorkeeper { accounts, manners }))
    }

    /// Finds the client's address in another way.
    #[must_use]
    pub fn client_address(self, client: ClientAddress) -> Self {
        self.with(|manners| manners.client = client)
    }

    /// Names another realm in challenges; characters that a quoted string cannot hold are left out.
    #[must_use]
    pub fn realm(self, realm: &str) -> Self {
        let is_fit = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        self.with(|manners| manners.realm = realm.chars().filter(is_fit).collect())
    }

    /// Tells refused clients why, once their secret has verified.
    #[must_use]
    pub fn disclose(self, disclose: Disclose) -> Self {
        self.with(|manners| manners.disclose = disclose)
    }

    fn with(self, change: impl FnOnce(&mut Manners)) -> Self {
        let mut manners = self.0.manners().clone();
        change(&mut manners);
        Self(self.0.with_manners(manners))
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
        let credential = credential(headers, uri).map_err(|error| self.0.manners().refuse(error))?;
        self.0.clone().judge(credential.clone(), address).await
    }

    /// Takes the credential out of a request, to be judged.
    pub(crate) fn take<B>(&self, request: &mut Request<B>) -> Result<Judged<P>, Problem> {
        let address = self.client_of(request.headers(), request.extensions())?;
        let credential = take_credential(request).map_err(|error| self.0.manners().refuse(error))?;
        Ok(self.0.clone().judge(credential, address))
    }

    /// Whether a principal may, on something of `team` or of nobody; a refusal is recorded.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Problem> {
        let decided = self.0.authorize(principal, permission, team);
        decided.map_err(|forbidden| Problem::of_forbidden(forbidden, &self.0.manners().realm))
    }

    /// The client's address.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub fn client_of(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<Option<IpAddr>, Problem> {
        Ok(self.0.manners().client.find(headers, extensions)?)
    }

    /// The realm named in challenges.
    #[must_use]
    pub fn realm_name(&self) -> &str {
        &self.0.manners().realm
    }
}

/// The value of [`ROTATE_AFTER`] for a principal whose token's rotation window has opened.
pub(crate) fn rotate_after<P: Permission>(principal: &Principal<P>) -> Option<HeaderValue> {
    let text = time::OffsetDateTime::from(principal.rotate_after()?).format(&Rfc3339).ok()?;
    HeaderValue::from_str(&text).ok()
}

impl<P: Permission> std::fmt::Debug for Gate<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("realm", &self.0.manners().realm).finish_non_exhaustive()
    }
}

trait Judge<P: Permission>: Send + Sync {
    fn judge(self: Arc<Self>, credential: HeaderValue, address: Option<IpAddr>) -> Judged<P>;
    fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden>;
    fn manners(&self) -> &Manners;
    fn with_manners(&self, manners: Manners) -> Arc<dyn Judge<P>>;
}

struct Doorkeeper<S, P: Permission> {
    accounts: ServiceAccounts<S, P>,
    manners: Manners,
}

impl<S: Store + 'static, P: Permission> Judge<P> for Doorkeeper<S, P> {
    fn judge(self: Arc<Self>, credential: HeaderValue, address: Option<IpAddr>) -> Judged<P> {
        // Made where it stays: `Box::pin` would make it on the stack and copy all of it, hundreds of bytes.
        let judged = Box::write(Box::new_uninit(), async move {
            let Self { accounts, manners } = &*self;
            let token = token_of(&credential).map_err(|error| manners.refuse(error))?;
            let judged = accounts.authenticate(token, address).await;
            judged.map_err(|error| Problem::of_authentication(&error, &manners.realm, manners.disclose))
        });
        Box::into_pin(judged)
    }

    fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden> {
        self.accounts.authorize(principal, permission, team)
    }

    fn manners(&self) -> &Manners {
        &self.manners
    }

    fn with_manners(&self, manners: Manners) -> Arc<dyn Judge<P>> {
        Arc::new(Self { accounts: self.accounts.clone(), manners })
    }
}

impl Manners {
    fn refuse(&self, error: BearerError) -> Problem {
        Problem::of_bearer(error, &self.realm)
    }
}
