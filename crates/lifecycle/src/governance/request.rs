//! What is asked for when a token is asked for.

use alloc::string::String;
use alloc::vec::Vec;

use crate::environment::Environment;
use crate::span::Span;

/// A request for an account's token, as far as the shipped rules look at it.
///
/// Whatever is left out is absent: no owner, no scopes, no allowlist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct TokenRequest {
    /// The account's name.
    pub name: String,
    /// Where the token is to be used.
    pub environment: Environment,
    /// Where the same secret is used already.
    #[cfg_attr(feature = "serde", serde(default))]
    pub other_environments: Vec<Environment>,
    /// Whom to ask about the account.
    #[cfg_attr(feature = "serde", serde(default))]
    pub owner: Option<String>,
    /// What the account is for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub purpose: Option<String>,
    /// The account's role.
    #[cfg_attr(feature = "serde", serde(default))]
    pub role: Option<String>,
    /// Why it needs its role.
    #[cfg_attr(feature = "serde", serde(default))]
    pub justification: Option<String>,
    /// Whether another administrator has approved the account.
    #[cfg_attr(feature = "serde", serde(default))]
    pub is_approved: bool,
    /// Whether the token belongs to a person.
    #[cfg_attr(feature = "serde", serde(default))]
    pub is_personal: bool,
    /// The account's teams.
    #[cfg_attr(feature = "serde", serde(default))]
    pub teams: Vec<String>,
    /// The token's scopes.
    #[cfg_attr(feature = "serde", serde(default))]
    pub scopes: Vec<String>,
    /// The domains it is for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub domains: Vec<String>,
    /// The systems that use the account.
    #[cfg_attr(feature = "serde", serde(default))]
    pub integrations: Vec<String>,
    /// The networks the account may come from.
    #[cfg_attr(feature = "serde", serde(default))]
    pub allowlist: Vec<String>,
    /// How long the token is to live.
    #[cfg_attr(feature = "serde", serde(default))]
    pub lifetime: Option<Span>,
    /// How long before its expiry a successor is to be minted.
    #[cfg_attr(feature = "serde", serde(default))]
    pub rotation_lead: Option<Span>,
    /// What there is to say against the name, by the codes of the host's naming advice.
    #[cfg_attr(feature = "serde", serde(default))]
    pub naming_advice: Vec<String>,
}

impl TokenRequest {
    /// A request of which nothing else is known.
    pub fn new(name: impl Into<String>, environment: Environment) -> Self {
        Self {
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
