//! What is asked for when a token is asked for.

use alloc::string::String;
use alloc::vec::Vec;

use crate::environment::Environment;
use crate::governance::RequestKind;
use crate::span::Span;

/// A request for an account, a token or a certificate, as far as the shipped rules look at it.
///
/// Whatever is left out is absent: no owner, no scopes, no allowlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// What is asked for.
    pub kind: RequestKind,
    /// The account's name.
    pub name: String,
    /// Where the token is to be used.
    pub environment: Environment,
    /// Where the same secret is used already.
    pub other_environments: Vec<Environment>,
    /// Whom to ask about the account.
    pub owner: Option<String>,
    /// What the account is for.
    pub purpose: Option<String>,
    /// The account's role.
    pub role: Option<String>,
    /// Why it needs its role.
    pub justification: Option<String>,
    /// Whether another administrator has approved the account.
    pub is_approved: bool,
    /// Whether the token belongs to a person.
    pub is_personal: bool,
    /// The account's teams.
    pub teams: Vec<String>,
    /// The token's scopes.
    pub scopes: Vec<String>,
    /// The domains it is for; of a certificate, the names in it.
    pub domains: Vec<String>,
    /// The systems that use the account.
    pub integrations: Vec<String>,
    /// The networks the account may come from.
    pub allowlist: Vec<String>,
    /// How long the token or certificate is to live.
    pub lifetime: Option<Span>,
    /// How long before its expiry a successor is to be minted.
    pub rotation_lead: Option<Span>,
    /// What there is to say against the name, by the codes of the host's naming advice.
    pub naming_advice: Vec<String>,
}

/// What [`TokenRequest`] looks like in a document.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "TokenRequest", deny_unknown_fields)]
struct TokenRequestDocument {
    #[serde(default)]
    kind: RequestKind,
    name: String,
    environment: Environment,
    #[serde(default)]
    other_environments: Vec<Environment>,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    is_approved: bool,
    #[serde(default)]
    is_personal: bool,
    #[serde(default)]
    teams: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    integrations: Vec<String>,
    #[serde(default)]
    allowlist: Vec<String>,
    #[serde(default)]
    lifetime: Option<Span>,
    #[serde(default)]
    rotation_lead: Option<Span>,
    #[serde(default)]
    naming_advice: Vec<String>,
}

#[cfg(feature = "serde")]
crate::object::reads_objects_only!(TokenRequest, via TokenRequestDocument);

impl TokenRequest {
    /// A request for an account of which nothing else is known.
    pub fn account(name: impl Into<String>, environment: Environment) -> Self {
        Self { kind: RequestKind::Account, ..Self::new(name, environment) }
    }

    /// A request for a certificate of which nothing else is known.
    pub fn certificate(name: impl Into<String>, environment: Environment) -> Self {
        Self { kind: RequestKind::Certificate, ..Self::new(name, environment) }
    }

    /// A request for a token of which nothing else is known.
    pub fn new(name: impl Into<String>, environment: Environment) -> Self {
        Self {
            kind: RequestKind::Token,
            name: name.into(),
            environment,
            other_environments: Vec::new(),
            owner: None,
            purpose: None,
            role: None,
            justification: None,
            is_approved: false,
            is_personal: false,
            teams: Vec::new(),
            scopes: Vec::new(),
            domains: Vec::new(),
            integrations: Vec::new(),
            allowlist: Vec::new(),
            lifetime: None,
            rotation_lead: None,
            naming_advice: Vec::new(),
        }
    }
}
