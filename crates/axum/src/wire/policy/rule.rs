//! Rules: one flat object each, whose fields depend on its kind.

use serde::Deserialize;
use service_accounts::lifecycle::{DomainPattern, EnforcedRule, Enforcement, Span, TokenRule};
use utoipa::ToSchema;

use crate::Refusal;

/// A rule and what its failure does.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyRule)]
pub(super) struct RuleShape {
    /// What it asks for; it decides which of the other fields the rule has.
    kind: RuleKind,
    /// Whether its failure warns or blocks.
    fail: FailShape,
    /// Of `maximum_lifetime`: a number and a unit, `s`, `m`, `h` or `d`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "90d")]
    maximum: Option<Span>,
    /// Of `rotation_lead`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "14d")]
    minimum: Option<Span>,
    /// Of `justification_above`: the roles that need none.
    #[serde(default)]
    lowest: Option<Vec<String>>,
    /// Of `scope_ceiling`: scopes. Of `allowed_domains`: domains, `*.` for those below.
    #[serde(default)]
    allowed: Option<Vec<String>>,
    /// Of `naming_advice`: the codes that are let pass; left out, none.
    #[serde(default)]
    except: Option<Vec<String>>,
}

/// What a rule asks for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PolicyRuleKind, rename_all = "snake_case")]
enum RuleKind {
    MaximumLifetime,
    RotationLead,
    AllowlistRequired,
    OwnerRequired,
    PurposeRequired,
    JustificationAbove,
    ApprovalRequired,
    ScopeCeiling,
    NamingAdvice,
    OneAccountPerIntegration,
    NoPersonalTokenOutsideDevelopment,
    OneEnvironmentPerToken,
    NoWildcardDomain,
    AllowedDomains,
}

/// Whether the failure of a rule warns or blocks.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PolicyFail, rename_all = "snake_case")]
pub(super) enum FailShape {
    Soft,
    Hard,
}

/// The first rule that does not fit is told by its place; nothing is kept then.
pub(super) fn read(rules: Vec<RuleShape>) -> Result<Vec<EnforcedRule<TokenRule>>, Refusal> {
    rules.into_iter().enumerate().map(|(place, rule)| rule.read(place)).collect()
}

impl RuleShape {
    /// A field that its kind does not have is refused: left alone, it would look as if it were in force.
    fn read(mut self, place: usize) -> Result<EnforcedRule<TokenRule>, Refusal> {
        let enforcement = match self.fail {
            FailShape::Soft => Enforcement::Soft,
            FailShape::Hard => Enforcement::Hard,
        };
        let rule = self.rule().map_err(|(field, detail)| at(place, field, detail))?;
        match self.left() {
            Some(field) => Err(at(place, field, "this kind of rule has no such field")),
            None => Ok(EnforcedRule { rule, enforcement }),
        }
    }

    /// Takes the fields that the kind has.
    fn rule(&mut self) -> Result<TokenRule, (&'static str, &'static str)> {
        const MISSING: &str = "this kind of rule needs it";
        Ok(match self.kind {
            RuleKind::MaximumLifetime => {
                TokenRule::MaximumLifetime { maximum: self.maximum.take().ok_or(("maximum", MISSING))? }
            }
            RuleKind::RotationLead => {
                TokenRule::RotationLead { minimum: self.minimum.take().ok_or(("minimum", MISSING))? }
            }
            RuleKind::AllowlistRequired => TokenRule::AllowlistRequired,
            RuleKind::OwnerRequired => TokenRule::OwnerRequired,
            RuleKind::PurposeRequired => TokenRule::PurposeRequired,
            RuleKind::JustificationAbove => {
                TokenRule::JustificationAbove { lowest: self.lowest.take().ok_or(("lowest", MISSING))? }
            }
            RuleKind::ApprovalRequired => TokenRule::ApprovalRequired,
            RuleKind::ScopeCeiling => {
                TokenRule::ScopeCeiling { allowed: self.allowed.take().ok_or(("allowed", MISSING))? }
            }
            RuleKind::NamingAdvice => TokenRule::NamingAdvice { except: self.except.take().unwrap_or_default() },
            RuleKind::OneAccountPerIntegration => TokenRule::OneAccountPerIntegration,
            RuleKind::NoPersonalTokenOutsideDevelopment => TokenRule::NoPersonalTokenOutsideDevelopment,
            RuleKind::OneEnvironmentPerToken => TokenRule::OneEnvironmentPerToken,
            RuleKind::NoWildcardDomain => TokenRule::NoWildcardDomain,
            RuleKind::AllowedDomains => {
                let allowed = self.allowed.take().ok_or(("allowed", MISSING))?;
                let parsed: Result<Vec<DomainPattern>, _> = allowed.iter().map(|domain| domain.parse()).collect();
                TokenRule::AllowedDomains { allowed: parsed.map_err(|_| ("allowed", "it holds what is no domain"))? }
            }
        })
    }

    /// A field that the kind does not have.
    const fn left(&self) -> Option<&'static str> {
        match self {
            Self { maximum: Some(_), .. } => Some("maximum"),
            Self { minimum: Some(_), .. } => Some("minimum"),
            Self { lowest: Some(_), .. } => Some("lowest"),
            Self { allowed: Some(_), .. } => Some("allowed"),
            Self { except: Some(_), .. } => Some("except"),
            _ => None,
        }
    }
}

/// The path is that of the body, such as `rules[2].maximum`.
fn at(place: usize, field: &str, detail: &str) -> Refusal {
    Refusal::validation(&format!("rules[{place}].{field}"), detail)
}
