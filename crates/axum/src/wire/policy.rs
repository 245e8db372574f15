//! Governance policies, and requests to try on them.

mod request;
mod rule;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_accounts::{
    KeptPolicy, PolicyFinding, PolicyObjection, PolicyTrial, PolicyVersion, TokenPolicy,
    lifecycle::{Enforcement, OverBroad, PolicyOutcome, RequestCriteria, RequestKind, TokenRequest},
};
use utoipa::{IntoParams, ToSchema};

use self::{
    request::{CriteriaShape, RequestShape},
    rule::{FailShape, RuleShape},
};
use crate::Refusal;

/// A governance policy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Policy)]
pub(crate) struct PolicyRequest {
    /// 1 to 128 of the characters a-z A-Z 0-9 . _ - @ :
    #[schema(example = "short-lived-tokens")]
    pub(crate) name: String,
    /// Whether it is in force.
    #[serde(default)]
    #[schema(required = false)]
    is_enabled: bool,
    /// Which requests it is about; left out, all.
    #[serde(default)]
    #[schema(value_type = CriteriaShape, required = false)]
    matching_criteria: RequestCriteria,
    /// What it asks for: each rule is checked on its own.
    rules: Vec<RuleShape>,
}

/// Another content of a policy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyContent)]
pub(crate) struct PolicyContentRequest {
    /// Left out, or as in the path: a policy keeps its name.
    #[serde(default)]
    name: Option<String>,
    /// Whether it is in force; left out, it is not.
    #[serde(default)]
    #[schema(required = false)]
    is_enabled: bool,
    /// Which requests it is about; left out, all.
    #[serde(default)]
    #[schema(value_type = CriteriaShape, required = false)]
    matching_criteria: RequestCriteria,
    /// What it asks for: each rule is checked on its own.
    rules: Vec<RuleShape>,
}

/// A policy and a request to try on it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyTrialRequest)]
pub(crate) struct TrialRequest {
    /// The policy to try; it need not be kept.
    pub(crate) policy: PolicyRequest,
    /// The request to try it on.
    #[schema(value_type = RequestShape)]
    pub(crate) request: TokenRequest,
}

/// A policy to try on what exists.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyReachRequest)]
pub(crate) struct ReachRequest {
    /// The policy to try; it need not be kept.
    pub(crate) policy: PolicyRequest,
}

/// Which state of a policy is meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VersionQuery {
    /// The `version` of the policy as it was read; left out, as it stands now.
    #[param(required = false)]
    version: Option<u64>,
}

impl VersionQuery {
    /// None where the client did not name one; the handler then takes the state of this moment.
    pub(crate) fn version(&self) -> Option<PolicyVersion> {
        self.version.map(PolicyVersion::new)
    }
}

impl PolicyRequest {
    pub(crate) fn read(self) -> Result<TokenPolicy, Refusal> {
        let rules = rule::read(self.rules)?;
        let policy = TokenPolicy::new(self.name, self.matching_criteria);
        Ok(TokenPolicy { is_enabled: self.is_enabled, rules, ..policy })
    }
}

impl PolicyContentRequest {
    /// A body that names another policy than the path is refused, so that nobody overwrites one by a slip.
    pub(crate) fn read(self, name: String) -> Result<TokenPolicy, Refusal> {
        if self.name.is_some_and(|given| given != name) {
            return Err(Refusal::validation("name", "a policy keeps its name; put another one and remove this"));
        }
        let Self { is_enabled, matching_criteria, rules, .. } = self;
        PolicyRequest { name, is_enabled, matching_criteria, rules }.read()
    }
}

/// A policy as it is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptPolicy)]
pub(crate) struct PolicyView<'a> {
    /// Its name, which never changes.
    name: &'a str,
    /// Whether it is in force.
    is_enabled: bool,
    /// Which requests it is about.
    #[schema(value_type = CriteriaShape)]
    matching_criteria: &'a RequestCriteria,
    /// What it asks for.
    #[schema(value_type = Vec<RuleShape>)]
    rules: &'a [service_accounts::lifecycle::EnforcedRule<service_accounts::lifecycle::TokenRule>],
    /// Its state, to name when it is changed or removed.
    version: u64,
    /// In what ways it takes in more than anybody is likely to mean.
    over_broad: Vec<Value>,
}

/// `over_broad` warns and refuses nothing.
impl<'a> From<&'a KeptPolicy> for PolicyView<'a> {
    fn from(KeptPolicy { policy, version, over_broad: broad }: &'a KeptPolicy) -> Self {
        Self {
            name: &policy.name,
            is_enabled: policy.is_enabled,
            matching_criteria: &policy.matching_criteria,
            rules: &policy.rules,
            version: version.number(),
            over_broad: over_broad(broad),
        }
    }
}

/// What a policy objects to.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyFinding)]
pub(crate) struct FindingView<'a> {
    /// The name of the policy.
    policy: &'a str,
    /// What was asked for.
    #[schema(value_type = KindShape)]
    kind: RequestKind,
    /// For programs.
    code: &'static str,
    /// The field it is about, where it is about one.
    field: Option<&'static str>,
    /// What is missing or too much, for people.
    reason: &'static str,
    /// Whether the rule only warns, or blocks.
    #[schema(value_type = FailShape)]
    fail: Enforcement,
}

/// What is asked for.
#[derive(ToSchema)]
#[schema(as = PolicyRequestKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) enum KindShape {
    Account,
    Token,
    Certificate,
}

/// The same shape stands in a 422 and among warnings.
impl<'a> From<&'a PolicyFinding> for FindingView<'a> {
    fn from(PolicyFinding { policy, kind, violation }: &'a PolicyFinding) -> Self {
        let (code, field, reason) = (violation.code, violation.field, violation.reason);
        Self { policy, kind: *kind, code, field, reason, fail: violation.enforcement }
    }
}

pub(crate) fn findings(findings: &[PolicyFinding]) -> Vec<FindingView<'_>> {
    findings.iter().map(FindingView::from).collect()
}

/// What a policy would have to say of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyTrial)]
pub(crate) struct TrialView<'a> {
    /// What would become of the request.
    #[schema(value_type = OutcomeShape)]
    outcome: PolicyOutcome,
    /// What each rule objects to.
    findings: Vec<FindingView<'a>>,
    /// In what ways the policy takes in more than anybody is likely to mean.
    over_broad: Vec<Value>,
}

/// What follows.
#[derive(ToSchema)]
#[schema(as = PolicyOutcome, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum OutcomeShape {
    Allow,
    Warn,
    Block,
}

/// The outcome is the hardest rule that would fail.
impl<'a> From<&'a PolicyTrial> for TrialView<'a> {
    fn from(trial: &'a PolicyTrial) -> Self {
        let findings = findings(&trial.findings);
        Self { outcome: trial.outcome, findings, over_broad: over_broad(&trial.over_broad) }
    }
}

/// An account or token that exists and that a policy would object to.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyObjection)]
pub(crate) struct ObjectionView<'a> {
    /// The account's id.
    account: &'a str,
    /// Null where the account itself is meant.
    token: Option<&'a str>,
    /// What the policy objects to.
    findings: Vec<FindingView<'a>>,
}

/// Without a token it is about the account itself.
impl<'a> From<&'a PolicyObjection> for ObjectionView<'a> {
    fn from(objection: &'a PolicyObjection) -> Self {
        let token = objection.token.as_ref().map(|token| token.as_str());
        Self { account: objection.account.as_str(), token, findings: findings(&objection.findings) }
    }
}

/// Each with its kind, and the position of the criterion where it is one of several.
fn over_broad(broad: &[OverBroad]) -> Vec<Value> {
    let view = |each: &OverBroad| match each {
        OverBroad::Everything => serde_json::json!({ "kind": "everything" }),
        OverBroad::TopLevelDomain { position } => {
            serde_json::json!({ "kind": "top_level_domain", "position": position })
        }
        OverBroad::EveryName { position } => serde_json::json!({ "kind": "every_name", "position": position }),
    };
    broad.iter().map(view).collect()
}
