//! What is asked for when a token is minted, and what comes of it.

use service_accounts_access::Scopes;
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{NameAdvice, TokenName};
use service_accounts_store::{Applied, Token};
use service_accounts_token::SecretToken;
use time::Duration;

use crate::{PolicyFinding, core::issuer::Draft};

/// What is asked for when a token is minted.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The name people will know it by, unique within the account.
    pub name: TokenName,
    /// What it may do at most; `Inherited` is all the account may.
    pub scopes: Scopes,
    /// How long it lives; the environment's lifetime where none is given.
    pub lifetime: Option<Duration>,
    /// The only environment it works in; the account's where none is given. Its tokens must not live longer than those of
    /// the account's environment.
    pub environment: Option<Environment>,
}

impl NewToken {
    /// A token that may do what its account may, for as long as the environment allows.
    #[must_use]
    pub const fn new(name: TokenName) -> Self {
        Self { name, scopes: Scopes::Inherited, lifetime: None, environment: None }
    }
}

/// A new token with the only copy there will ever be of its text.
#[derive(Debug)]
pub struct MintedToken {
    /// The text to hand over.
    pub secret: SecretToken,
    /// The record as it was written.
    pub token: Token,
    /// What could be better about its name, with reasons; empty where nobody chose the name.
    pub advice: Vec<NameAdvice>,
    /// What soft rules of policies object to.
    pub warnings: Vec<PolicyFinding>,
}

/// A new client secret: the only copy there will ever be of its text.
#[derive(Debug)]
pub struct RegeneratedSecret {
    /// The text to hand over.
    pub secret: SecretToken,
    /// What soft rules of policies object to in the account.
    pub warnings: Vec<PolicyFinding>,
}

impl MintedToken {
    /// A draft that the store has taken.
    pub(crate) fn kept(draft: Draft, applied: &Applied) -> Self {
        let token = applied.token(&draft.record.id).cloned().unwrap_or(draft.record);
        Self { secret: draft.secret, token, advice: Vec::new(), warnings: Vec::new() }
    }

    pub(crate) fn warned(self, warnings: Vec<PolicyFinding>) -> Self {
        Self { warnings, ..self }
    }
}
