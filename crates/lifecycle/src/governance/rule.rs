//! The rules that ship.

use alloc::string::String;
use alloc::vec::Vec;

use crate::environment::Environment;
use crate::governance::{DomainPattern, PolicyRule, RequestKind, TokenRequest};
use crate::span::Span;

/// A rule over a [`TokenRequest`], which may ask for an account, a token or a certificate.
///
/// What a rule asks for and the request does not state is missing, and the rule fails: a policy is not
/// passed by leaving a field out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRule {
    /// The token lives no longer than this.
    MaximumLifetime {
        /// The longest life.
        maximum: Span,
    },
    /// A successor is minted at least this long before expiry.
    RotationLead {
        /// The shortest lead.
        minimum: Span,
    },
    /// The account may come from some networks only.
    AllowlistRequired,
    /// The account has somebody to ask.
    OwnerRequired,
    /// The account has a documented purpose.
    PurposeRequired,
    /// A role is justified, unless it is one of the lowest.
    JustificationAbove {
        /// The roles that need no justification; an unknown role needs one.
        lowest: Vec<String>,
    },
    /// Another administrator has approved the account.
    ApprovalRequired,
    /// The token has no scope but these.
    ScopeCeiling {
        /// The scopes allowed.
        allowed: Vec<String>,
    },
    /// The host's naming advice has nothing to say.
    NamingAdvice {
        /// The advice that is let pass, by code.
        except: Vec<String>,
    },
    /// The account serves one integration.
    OneAccountPerIntegration,
    /// Nobody's personal token, except in development.
    NoPersonalTokenOutsideDevelopment,
    /// The same secret is used in one environment only.
    OneEnvironmentPerToken,
    /// The certificate is for no wildcard.
    NoWildcardDomain,
    /// Every domain fits one of these; a request without a domain asks for none.
    AllowedDomains {
        /// The domains allowed.
        allowed: Vec<DomainPattern>,
    },
}

impl TokenRule {
    /// Whether the rule is about requests of this kind; others pass it.
    #[must_use]
    pub const fn is_about(&self, kind: RequestKind) -> bool {
        match self {
            Self::OwnerRequired | Self::PurposeRequired => true,
            Self::MaximumLifetime { .. } | Self::AllowedDomains { .. } => !matches!(kind, RequestKind::Account),
            Self::RotationLead { .. } | Self::NoPersonalTokenOutsideDevelopment | Self::OneEnvironmentPerToken => {
                matches!(kind, RequestKind::Token)
            }
            Self::NoWildcardDomain => matches!(kind, RequestKind::Certificate),
            Self::AllowlistRequired
            | Self::JustificationAbove { .. }
            | Self::ApprovalRequired
            | Self::ScopeCeiling { .. }
            | Self::NamingAdvice { .. }
            | Self::OneAccountPerIntegration => !matches!(kind, RequestKind::Certificate),
        }
    }
}

impl PolicyRule<TokenRequest> for TokenRule {
    fn code(&self) -> &'static str {
        match self {
            Self::MaximumLifetime { .. } => "maximum-lifetime",
            Self::RotationLead { .. } => "rotation-lead",
            Self::AllowlistRequired => "allowlist-required",
            Self::OwnerRequired => "owner-required",
            Self::PurposeRequired => "purpose-required",
            Self::JustificationAbove { .. } => "justification-required",
            Self::ApprovalRequired => "approval-required",
            Self::ScopeCeiling { .. } => "scope-ceiling",
            Self::NamingAdvice { .. } => "naming-advice",
            Self::OneAccountPerIntegration => "one-account-per-integration",
            Self::NoPersonalTokenOutsideDevelopment => "no-personal-token",
            Self::OneEnvironmentPerToken => "one-environment-per-token",
            Self::NoWildcardDomain => "no-wildcard-domain",
            Self::AllowedDomains { .. } => "allowed-domains",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::MaximumLifetime { .. } => "lifetime",
            Self::RotationLead { .. } => "rotation_lead",
            Self::AllowlistRequired => "allowlist",
            Self::OwnerRequired => "owner",
            Self::PurposeRequired => "purpose",
            Self::JustificationAbove { .. } => "justification",
            Self::ApprovalRequired => "is_approved",
            Self::ScopeCeiling { .. } => "scopes",
            Self::NamingAdvice { .. } => "name",
            Self::OneAccountPerIntegration => "integrations",
            Self::NoPersonalTokenOutsideDevelopment => "is_personal",
            Self::OneEnvironmentPerToken => "environment",
            Self::NoWildcardDomain | Self::AllowedDomains { .. } => "domains",
        })
    }

    fn violation(&self, request: &TokenRequest) -> Option<&'static str> {
        if !self.is_about(request.kind) {
            return None;
        }
        let (is_broken, reason) = match self {
            Self::MaximumLifetime { maximum } => {
                (request.lifetime.is_none_or(|lifetime| lifetime > *maximum), "it would live too long")
            }
            Self::RotationLead { minimum } => {
                (request.rotation_lead.is_none_or(|lead| lead < *minimum), "the successor would be minted too late")
            }
            Self::AllowlistRequired => (request.allowlist.is_empty(), "the account has no network allowlist"),
            Self::OwnerRequired => (is_blank(request.owner.as_ref()), "the account has no owner"),
            Self::PurposeRequired => (is_blank(request.purpose.as_ref()), "the account has no documented purpose"),
            Self::JustificationAbove { lowest } => {
                (is_unjustified(request, lowest), "the role of the account is not justified")
            }
            Self::ApprovalRequired => (!request.is_approved, "the account is not approved"),
            Self::ScopeCeiling { allowed } => (exceeds(&request.scopes, allowed), "the token has a scope too many"),
            Self::NamingAdvice { except } => {
                (exceeds(&request.naming_advice, except), "the name of the account is advised against")
            }
            Self::OneAccountPerIntegration => {
                (request.integrations.len() > 1, "the account serves more than one integration")
            }
            Self::NoPersonalTokenOutsideDevelopment => {
                let is_outside = request.environment != Environment::development();
                (request.is_personal && is_outside, "the token belongs to a person")
            }
            Self::OneEnvironmentPerToken => {
                let is_elsewhere = |other: &Environment| *other != request.environment;
                (request.other_environments.iter().any(is_elsewhere), "the token is used in another environment")
            }
            Self::NoWildcardDomain => {
                (request.domains.iter().any(|domain| domain.starts_with('*')), "the certificate is for a wildcard")
            }
            Self::AllowedDomains { allowed } => {
                let is_allowed = |domain: &String| allowed.iter().any(|pattern| pattern.matches(domain));
                (!request.domains.iter().all(is_allowed), "a domain is not among those allowed")
            }
        };
        is_broken.then_some(reason)
    }
}

fn is_unjustified(request: &TokenRequest, lowest: &[String]) -> bool {
    let needs_none = request.role.as_ref().is_none_or(|role| lowest.contains(role));
    !needs_none && is_blank(request.justification.as_ref())
}

fn is_blank(text: Option<&String>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

fn exceeds(entries: &[String], allowed: &[String]) -> bool {
    entries.iter().any(|entry| !allowed.contains(entry))
}
