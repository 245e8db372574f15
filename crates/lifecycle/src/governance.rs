//! Rules a request must pass, which can be tried before they bite.
//!
//! A [`GovernancePolicy`] says which requests it is about and which rules they must pass. A rule that fails
//! soft is a warning for the audit trail; one that fails hard blocks. The policy knows nothing of what is
//! requested: criteria and rules are the host's types, and the ones shipped here, [`RequestCriteria`] and
//! [`TokenRule`] over a [`TokenRequest`], are made with the same two traits.

mod criteria;
mod kind;
mod pattern;
mod request;
mod rule;

use alloc::string::String;
use alloc::vec::Vec;

pub use self::criteria::RequestCriteria;
pub use self::kind::RequestKind;
pub use self::pattern::{DomainPattern, NamePattern, PatternError};
pub use self::request::TokenRequest;
pub use self::rule::TokenRule;

/// Which subjects a policy is about.
pub trait PolicyCriteria<S: ?Sized> {
    /// Whether the policy is about this subject.
    fn matches(&self, subject: &S) -> bool;

    /// In what ways the criteria take in more than anybody is likely to mean.
    fn breadth(&self) -> Vec<OverBroad>;
}

/// Something a subject must be, to pass.
pub trait PolicyRule<S: ?Sized> {
    /// A name that never changes, for logs, metrics and clients.
    fn code(&self) -> &'static str;

    /// What the subject lacks, or has too much of; one clause that echoes nothing of the subject.
    fn violation(&self, subject: &S) -> Option<&'static str>;

    /// The field of the subject that the rule looks at, by its name in a document; none if it looks at several.
    fn field(&self) -> Option<&'static str> {
        None
    }
}

/// Rules, the subjects they are about, and whether they are in force.
///
/// ```
/// use service_accounts_lifecycle::{
///     Enforcement, Environment, GovernancePolicy, PolicyOutcome, RequestCriteria, TokenRequest, TokenRule,
/// };
///
/// let criteria = RequestCriteria { environments: vec![Environment::production()], ..RequestCriteria::default() };
/// let policy = GovernancePolicy::new("production", criteria).with_rule(TokenRule::AllowlistRequired, Enforcement::Hard);
///
/// let request = TokenRequest::new("warehouse sync", Environment::production());
/// assert_eq!(policy.validate(&request).outcome, PolicyOutcome::Block);
/// assert_eq!(policy.evaluate(&request).outcome, PolicyOutcome::Allow, "it is not enabled yet");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GovernancePolicy<C, R> {
    /// How people call it.
    pub name: String,
    /// Whether it is in force.
    pub is_enabled: bool,
    /// Which subjects it is about.
    pub matching_criteria: C,
    /// What they must pass.
    pub rules: Vec<EnforcedRule<R>>,
}

/// What [`GovernancePolicy`] looks like in a document.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "GovernancePolicy", deny_unknown_fields)]
struct GovernancePolicyDocument<C, R> {
    name: String,
    #[serde(default)]
    is_enabled: bool,
    #[serde(default)]
    matching_criteria: C,
    rules: Vec<EnforcedRule<R>>,
}

#[cfg(feature = "serde")]
crate::object::reads_objects_only!(GovernancePolicy<C: Default, R>, via GovernancePolicyDocument<C, R>);

/// A rule and what its failure does; in serde one object, `{"kind": …, "fail": "soft"}`.
///
/// A host's own rule must refuse unknown fields itself, and have no field `fail`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EnforcedRule<R> {
    /// What must hold.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub rule: R,
    /// What its failure does.
    #[cfg_attr(feature = "serde", serde(rename = "fail"))]
    pub enforcement: Enforcement,
}

/// What the failure of a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Enforcement {
    /// Warns, in the audit trail.
    Soft,
    /// Blocks.
    Hard,
}

/// What a policy has to say of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PolicyEvaluation {
    /// What follows.
    pub outcome: PolicyOutcome,
    /// Each rule that failed.
    pub findings: Vec<PolicyViolation>,
}

/// What follows from a verdict, from the mildest to the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum PolicyOutcome {
    /// Nothing speaks against it.
    #[default]
    Allow,
    /// It goes ahead, and the audit trail has a warning.
    Warn,
    /// It does not go ahead.
    Block,
}

/// A rule that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PolicyViolation {
    /// The rule's stable name.
    pub code: &'static str,
    /// What it objects to.
    pub reason: &'static str,
    /// The field it is about, where it is about one.
    pub field: Option<&'static str>,
    /// What its failure does.
    #[cfg_attr(feature = "serde", serde(rename = "fail"))]
    pub enforcement: Enforcement,
}

/// A way in which criteria take in more than anybody is likely to mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum OverBroad {
    /// There are no criteria, so the policy is about everything.
    Everything,
    /// A domain pattern takes in a whole top-level domain.
    TopLevelDomain {
        /// Which pattern, by position.
        position: usize,
    },
    /// A name pattern takes in every name.
    EveryName {
        /// Which pattern, by position.
        position: usize,
    },
}

impl<C: Default, R> GovernancePolicy<C, R> {
    /// A policy without rules that is not in force.
    pub fn new(name: impl Into<String>, matching_criteria: C) -> Self {
        Self { name: name.into(), is_enabled: false, matching_criteria, rules: Vec::new() }
    }
}

impl<C, R> GovernancePolicy<C, R> {
    /// The same policy with one more rule.
    #[must_use]
    pub fn with_rule(mut self, rule: R, enforcement: Enforcement) -> Self {
        self.rules.push(EnforcedRule { rule, enforcement });
        self
    }

    /// The same policy in force.
    #[must_use]
    pub fn enabled(mut self) -> Self {
        self.is_enabled = true;
        self
    }

    /// What the policy has to say; nothing while it is not in force.
    pub fn evaluate<S: ?Sized>(&self, subject: &S) -> PolicyEvaluation
    where
        C: PolicyCriteria<S>,
        R: PolicyRule<S>,
    {
        if self.is_enabled { self.validate(subject) } else { PolicyEvaluation::allow() }
    }

    /// What the policy would have to say if it were in force: the dry run.
    pub fn validate<S: ?Sized>(&self, subject: &S) -> PolicyEvaluation
    where
        C: PolicyCriteria<S>,
        R: PolicyRule<S>,
    {
        if !self.matching_criteria.matches(subject) {
            return PolicyEvaluation::allow();
        }
        self.rules.iter().filter_map(|clause| clause.violation(subject)).collect()
    }

    /// In what ways the policy takes in more than anybody is likely to mean.
    pub fn breadth<S: ?Sized>(&self) -> Vec<OverBroad>
    where
        C: PolicyCriteria<S>,
    {
        self.matching_criteria.breadth()
    }
}

impl<R> EnforcedRule<R> {
    fn violation<S: ?Sized>(&self, subject: &S) -> Option<PolicyViolation>
    where
        R: PolicyRule<S>,
    {
        let reason = self.rule.violation(subject)?;
        Some(PolicyViolation {
            code: self.rule.code(),
            reason,
            field: self.rule.field(),
            enforcement: self.enforcement,
        })
    }
}

impl PolicyEvaluation {
    const fn allow() -> Self {
        Self { outcome: PolicyOutcome::Allow, findings: Vec::new() }
    }
}

impl FromIterator<PolicyViolation> for PolicyEvaluation {
    fn from_iter<I: IntoIterator<Item = PolicyViolation>>(violations: I) -> Self {
        let findings: Vec<_> = violations.into_iter().collect();
        let outcome = findings.iter().map(|violation| violation.enforcement.outcome()).max().unwrap_or_default();
        Self { outcome, findings }
    }
}

impl FromIterator<PolicyEvaluation> for PolicyEvaluation {
    /// The verdict of many policies: all their findings, and the worst of their outcomes.
    fn from_iter<I: IntoIterator<Item = Self>>(verdicts: I) -> Self {
        verdicts.into_iter().flat_map(|verdict| verdict.findings).collect()
    }
}

impl Enforcement {
    const fn outcome(self) -> PolicyOutcome {
        match self {
            Self::Soft => PolicyOutcome::Warn,
            Self::Hard => PolicyOutcome::Block,
        }
    }
}
