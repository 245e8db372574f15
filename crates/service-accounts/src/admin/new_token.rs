//! What is asked for when a token is minted, and what comes of it.

use service_accounts_access::Scopes;
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{NameAdvice, TokenName};
use service_accounts_store::{Applied, Token};
use service_accounts_token::SecretToken;
use time::Duration;

use crate::{PolicyFinding, core::issuer::Draft};

/// What is asked for when a token is minted.
///
/// ```
/// use service_accounts::{NewToken, access::Scopes, naming::TokenName};
/// use time::Duration;
///
/// let wanted = NewToken {
///     scopes: Scopes::none(), // it may authenticate and nothing more, until somebody widens it
///     lifetime: Some(Duration::days(30)),
///     ..NewToken::new(TokenName::parse("nightly-report-2026")?)
/// };
/// assert!(wanted.environment.is_none()); // that of its account
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The name people will know it by, unique within the account.
    ///
    /// Names of revoked tokens are free again once the tokens are deleted.
    pub name: TokenName,
    /// What it may do at most; `Inherited` is all the account may.
    ///
    /// An empty list is no access; names that the catalogue does not know are refused.
    pub scopes: Scopes,
    /// How long it lives; the environment's lifetime where none is given.
    ///
    /// The environment bounds it from both sides. Whoever asks for more is refused and not cut short.
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
///
/// `Debug` shows nothing of the text.
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
    ///
    /// The revision is the store's, so that the answer can be named in the next change.
    pub(crate) fn kept(draft: Draft, applied: &Applied) -> Self {
        let token = applied.token(&draft.record.id).cloned().unwrap_or(draft.record);
        Self { secret: draft.secret, token, advice: Vec::new(), warnings: Vec::new() }
    }

    pub(crate) fn warned(self, warnings: Vec<PolicyFinding>) -> Self {
        Self { warnings, ..self }
    }
}
