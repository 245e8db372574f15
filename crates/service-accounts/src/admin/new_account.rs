//! What is asked for when an account is created, and what comes of it.

use std::sync::Arc;

use service_accounts_access::{Allowlist, RoleName, Scopes, Teams};
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{DisplayName, NameAdvice, OnTaken};
use service_accounts_store::{Account, Email, Justification, Owner, Purpose, RequestKey, SystemName, Title};
use service_accounts_token::SecretToken;
use time::UtcDateTime;

use super::{MintedToken, NewToken};
use crate::PolicyFinding;

/// What is asked for when an account is created.
///
/// It is a request and checks nothing: [`Acting::create`](crate::Acting::create) judges it. Start from
/// [`new`](Self::new) and set what differs.
///
/// ```
/// use service_accounts::{
///     NewAccount, access::RoleName, lifecycle::Environment, naming::{DisplayName, OnTaken},
///     store::{Justification, Owner, Purpose, RequestKey},
/// };
///
/// let name = DisplayName::parse("Finance Metrics")?;
/// let (purpose, owner) = (Purpose::parse("feeds the dashboard")?, Owner::parse("finance")?);
/// let lowest = NewAccount::new(name, purpose, owner, Environment::production());
/// assert!(lowest.role.is_none()); // the catalogue's lowest
///
/// // Any higher role needs a justification.
/// let wanted = NewAccount {
///     role: Some(RoleName::parse("Editor")?),
///     justification: Some(Justification::parse("writes the nightly results")?),
///     on_taken: OnTaken::Number,
///     request: Some(RequestKey::parse("signup-4711")?),
///     ..lowest
/// };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name people will know it by; the id is made from it.
    pub name: DisplayName,
    /// What to do where the id is taken.
    pub on_taken: OnTaken,
    /// What it is for.
    pub purpose: Purpose,
    /// Who answers for it.
    pub owner: Owner,
    /// Where it is used; the lifecycle policy must know it.
    ///
    /// By default production, staging, development and testing; see [`Builder::lifecycle`](crate::Builder::lifecycle).
    pub environment: Environment,
    /// Its role; the catalogue's lowest where none is given.
    pub role: Option<RoleName>,
    /// What it may do at most; `Inherited` is all the role allows.
    ///
    /// Scopes narrow the role and never widen it; an empty list is no access.
    pub scopes: Scopes,
    /// The teams it belongs to.
    ///
    /// `Teams::none()` reaches only what belongs to nobody, `Teams::every()` reaches all.
    pub teams: Teams,
    /// The networks it may come from, at most 1,000.
    ///
    /// An account that is bound to networks is refused where the address is unknown.
    pub allowlist: Allowlist,
    /// The first instant at which it is refused.
    ///
    /// `None` for an account that does not end by itself. Whole seconds count, and it must lie in the future.
    pub expires_at: Option<UtcDateTime>,
    /// Why it needs more than the lowest role; required then ([`JustificationMissing`](crate::Error::JustificationMissing)).
    ///
    /// It is kept with the account and shown to reviewers.
    pub justification: Option<Justification>,
    /// The systems it connects, at most 200; one that is named twice is kept once.
    ///
    /// An incident names them: whoever had a token may know their credentials.
    pub systems: Vec<SystemName>,
    /// A first token to mint in the same step.
    ///
    /// Either both are made or neither is.
    pub first_token: Option<NewToken>,
    /// Where its people are reached, from an import.
    pub email: Option<Email>,
    /// Their job title, from an import.
    pub title: Option<Title>,
    /// A key that makes a retry answer with the same account, its secrets minted anew while none has been used.
    ///
    /// The key alone is compared, not the rest of the request, and only for the actor that created the account.
    /// It counts while the account exists, and for accounts of this name.
    pub request: Option<RequestKey>,
}

impl NewAccount {
    /// An account of the lowest role, without limits of time or network, and without a token yet.
    #[must_use]
    pub fn new(name: DisplayName, purpose: Purpose, owner: Owner, environment: Environment) -> Self {
        Self {
            name,
            on_taken: OnTaken::Refuse,
            purpose,
            owner,
            environment,
            role: None,
            scopes: Scopes::Inherited,
            teams: Teams::none(),
            allowlist: Allowlist::any(),
            expires_at: None,
            justification: None,
            systems: Vec::new(),
            first_token: None,
            email: None,
            title: None,
            request: None,
        }
    }
}

/// A new account with the only copies there will ever be of its secrets.
///
/// The store has digests only: what is not kept from here has to be made anew.
#[derive(Debug)]
pub struct CreatedAccount {
    /// The account as it was written.
    pub account: Arc<Account>,
    /// The secret of its client credentials, whose client id is the account's id. `None` where a retry came after a
    /// credential had been used.
    ///
    /// The client id is the account's id: it survives each regeneration, reads well in logs and is no secret. The
    /// secret has a random id of its own.
    pub client_secret: Option<SecretToken>,
    /// The first token, if one was asked for; `None` also where a retry came after a credential had been used.
    pub first_token: Option<MintedToken>,
    /// What could be better about the names, with reasons.
    pub advice: Vec<NameAdvice>,
    /// What soft rules of policies object to, in the account and in its first token.
    ///
    /// The same stand in the trail as `policy.warned`.
    pub warnings: Vec<PolicyFinding>,
}
