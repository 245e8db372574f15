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
    pub environment: Environment,
    /// Its role; the catalogue's lowest where none is given.
    pub role: Option<RoleName>,
    /// What it may do at most; `Inherited` is all the role allows.
    pub scopes: Scopes,
    /// The teams it belongs to.
    pub teams: Teams,
    /// The networks it may come from, at most 1,000.
    pub allowlist: Allowlist,
    /// The first instant at which it is refused.
    pub expires_at: Option<UtcDateTime>,
    /// Why it needs more than the lowest role.
    pub justification: Option<Justification>,
    /// The systems it connects.
    pub systems: Vec<SystemName>,
    /// A first token to mint in the same step.
    pub first_token: Option<NewToken>,
    /// Where its people are reached, from an import.
    pub email: Option<Email>,
    /// Their job title, from an import.
    pub title: Option<Title>,
    /// A key that makes a retry answer with the same account, its secrets minted anew while none has been used.
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
#[derive(Debug)]
pub struct CreatedAccount {
    /// The account as it was written.
    pub account: Arc<Account>,
    /// The secret of its client credentials, whose client id is the account's id. `None` where a retry came after a
    /// credential had been used.
    pub client_secret: Option<SecretToken>,
    /// The first token, if one was asked for; `None` also where a retry came after a credential had been used.
    pub first_token: Option<MintedToken>,
    /// What could be better about the names, with reasons.
    pub advice: Vec<NameAdvice>,
    /// What soft rules of policies object to, in the account and in its first token.
    pub warnings: Vec<PolicyFinding>,
}
