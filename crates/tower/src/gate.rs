//! What stands before a guarded service: it turns a request into a principal or a refusal.

mod authenticator;
mod settings;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request};
use service_accounts::{
    Principal, ServiceAccounts,
    access::{Permission, TeamName},
    store::Store,
};
use time::format_description::well_known::Rfc3339;

pub(crate) use self::authenticator::Judged;
use self::{
    authenticator::{AccountsAndSettings, Authenticator},
    settings::Settings,
};
use crate::{
    ClientAddress, Disclose, Observer, Outcome, Problem, RequestHead,
    bearer::{credential, take_credential},
};

/// The response header that tells a client since when its token should have been replaced (RFC 3339).
pub const ROTATE_AFTER: HeaderName = HeaderName::from_static("service-account-rotate-after");

/// Turns requests into principals; every face goes through it.
///
/// Which store stands behind it does not show in its type, so that handlers and extractors name only the host's permissions.
///
/// Clone it for everything that guards the same service: a principal that one gate has let in is nobody to another, even
/// where both ask the same service accounts. Two tenants in one process so need two gates and nothing else.
///
/// A request whose store answers at once is judged where it stands: nothing is boxed, and the request is not moved into
/// a future. Given up: one boxed future where the store waits.
#[derive(Clone)]
pub struct Gate<P: Permission> {
    authenticator: Arc<dyn Authenticator<P>>,
    id: GateId,
}

/// Tells gates apart, and is the same for a gate's clones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct GateId(u64);

/// A principal as it waits in the request's extensions, with the gate that let it in.
#[derive(Clone, Debug)]
struct Admitted<P: Permission> {
    principal: Principal<P>,
    gate: GateId,
}

/// What a judgement is made of.
pub(crate) struct Taken {
    credential: HeaderValue,
    address: Option<IpAddr>,
}

impl<P: Permission> Gate<P> {
    /// A gate that asks `accounts`.
    #[must_use]
    pub fn new<S: Store + 'static>(accounts: ServiceAccounts<S, P>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let settings = Settings {
            client: ClientAddress::default(),
            realm: "service-accounts".into(),
            disclose: Disclose::default(),
            observer: None,
        };
        let authenticator = Arc::new(AccountsAndSettings { accounts, settings });
        Self { authenticator, id: GateId(NEXT.fetch_add(1, Ordering::Relaxed)) }
    }

    /// Finds the client's address in another way.
    #[must_use]
    pub fn client_address(self, client: ClientAddress) -> Self {
        self.with(|settings| settings.client = client)
    }

    /// Names another realm in challenges; characters that a quoted string cannot hold are left out.
    #[must_use]
    pub fn realm(self, realm: &str) -> Self {
        let is_fit = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        self.with(|settings| settings.realm = realm.chars().filter(is_fit).collect())
    }

    /// Tells refused clients why, once their secret has verified.
    #[must_use]
    pub fn disclose(self, disclose: Disclose) -> Self {
        self.with(|settings| settings.disclose = disclose)
    }

    /// Tells `observer` how each request fares.
    #[must_use]
    pub fn observer(self, observer: impl Observer) -> Self {
        self.with(|settings| settings.observer = Some(Arc::new(observer)))
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.settings().clone();
        change(&mut settings);
        Self { authenticator: self.authenticator.with_settings(settings), id: self.id }
    }

    /// Judges the credential of a request, which stays where it is.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub async fn admit(&self, head: RequestHead<'_>) -> Result<Principal<P>, Problem> {
        let settings = self.settings();
        let found = settings.address(head.headers, head.extensions).and_then(|address| {
            let credential = credential(head.headers, head.uri).map_err(|error| settings.refuse(error))?;
            Ok((credential.clone(), address))
        });
        let (credential, address) = settings.told(found)?;
        self.authenticator.clone().judge(credential, address).await
    }

    /// Takes the credential and the address out of a request, to be judged.
    pub(crate) fn take<B>(&self, request: &mut Request<B>) -> Result<Taken, Problem> {
        let settings = self.settings();
        let found = settings.address(request.headers(), request.extensions()).and_then(|address| {
            let credential = take_credential(request).map_err(|error| settings.refuse(error))?;
            Ok(Taken { credential, address })
        });
        settings.told(found)
    }

    /// The judgement, where it needs no wait; otherwise [`judge`](Self::judge).
    pub(crate) fn judge_at_once(&self, taken: &Taken) -> Option<Result<Principal<P>, Problem>> {
        self.authenticator.judge_at_once(&taken.credential, taken.address)
    }

    pub(crate) fn judge(&self, taken: Taken) -> Judged<P> {
        self.authenticator.clone().judge(taken.credential, taken.address)
    }

    /// Leaves a principal that this gate has let in for whatever comes later on the request's path.
    pub fn remember(&self, extensions: &mut Extensions, principal: Principal<P>) {
        extensions.insert(Admitted { principal, gate: self.id });
    }

    /// The principal that this gate has let in, if the request came through it.
    ///
    /// A principal of another gate is not believed: behind tenant A's gate, tenant B's finds nobody.
    #[must_use]
    pub fn recall<'e>(&self, extensions: &'e Extensions) -> Option<&'e Principal<P>> {
        let admitted = extensions.get::<Admitted<P>>()?;
        (admitted.gate == self.id).then_some(&admitted.principal)
    }

    /// Whether the other is this gate or a clone of it, so that each believes the principals of the other.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
    }

    /// Whether a principal may, on something of `team` or of nobody; a refusal is recorded.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Problem> {
        let decided = self.authenticator.authorize(principal, permission, team);
        decided.map_err(|forbidden| {
            let settings = self.settings();
            settings.tell(|| Outcome::Forbidden, Duration::ZERO);
            Problem::of_forbidden(forbidden, &settings.realm)
        })
    }

    /// The client's address.
    ///
    /// # Errors
    /// What to answer instead of serving the request.
    pub fn client_of(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<Option<IpAddr>, Problem> {
        self.settings().address(headers, extensions)
    }

    /// The realm named in challenges.
    #[must_use]
    pub fn realm_name(&self) -> &str {
        &self.settings().realm
    }

    fn settings(&self) -> &Settings {
        self.authenticator.settings()
    }
}

/// The value of [`ROTATE_AFTER`] for a principal whose token's rotation window has opened.
pub(crate) fn rotate_after<P: Permission>(principal: &Principal<P>) -> Option<HeaderValue> {
    let text = time::OffsetDateTime::from(principal.rotate_after()?).format(&Rfc3339).ok()?;
    HeaderValue::from_str(&text).ok()
}

impl<P: Permission> std::fmt::Debug for Gate<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("realm", &self.settings().realm).finish_non_exhaustive()
    }
}
