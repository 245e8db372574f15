//! Plans, forecasts and comparisons of lifecycle policies.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use service_accounts::{
    TokenKey,
    lifecycle::{
        ComingFinding, Environment, LifecycleFinding, LifecyclePolicy, Lifetime, PolicyDifference, Severity, Span,
        Task, TaskKind,
    },
    naming::AccountId,
};
use utoipa::{IntoParams, ToSchema};

use super::{
    instant::Instant,
    page::{Cursor, Limit},
};
use crate::Refusal;

/// Which accounts a page is about.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanQuery {
    /// The `next_cursor` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor<AccountId>>,
    /// Of how many accounts a page tells; it may hold several items of one account, or none.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50, required = false)]
    limit: Limit,
}

/// How far to look ahead, and for which accounts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ForecastQuery {
    /// How many days to look ahead; left out, as many as make an unused token idle.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 10000, required = false)]
    pub(crate) days: Option<Days>,
    /// The `next_cursor` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor<AccountId>>,
    /// Of how many accounts a page tells; it may hold several items of one account, or none.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50, required = false)]
    limit: Limit,
}

impl PlanQuery {
    pub(crate) fn page(&self) -> (Option<&AccountId>, usize) {
        (self.cursor.as_ref().map(|cursor| &cursor.0), self.limit.get())
    }
}

impl ForecastQuery {
    pub(crate) fn page(&self) -> (Option<&AccountId>, usize) {
        (self.cursor.as_ref().map(|cursor| &cursor.0), self.limit.get())
    }
}

/// A number of days, 1 to 10,000.
#[derive(Clone, Copy)]
pub(crate) struct Days(pub(crate) Span);

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = u32::deserialize(deserializer).ok().filter(|days| (1..=10_000).contains(days));
        let unfit = || D::Error::custom("expected a whole number of days from 1 to 10000");
        days.and_then(Span::days).map(Self).ok_or_else(unfit)
    }
}

/// What another lifecycle policy would set; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LifecycleChange)]
pub(crate) struct DiffRequest {
    /// By environment, how many days its tokens live at most; only environments that the present policy knows.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, u32>, required = false, example = json!({ "production": 90 }))]
    lifetime_days: BTreeMap<Environment, Days>,
    /// How long before its end a token is to be rotated.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    rotation_lead_days: Option<Days>,
    /// After how long without a use a token is idle.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    idle_after_days: Option<Days>,
    /// How long a revoked token is observed.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    observation_days: Option<Days>,
    /// How often somebody looks at a token.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    look_every_days: Option<Days>,
    /// How often a token is reviewed.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    review_every_days: Option<Days>,
}

impl DiffRequest {
    /// The policy with these changes.
    pub(crate) fn applied_to(&self, policy: LifecyclePolicy) -> Result<LifecyclePolicy, Refusal> {
        self.check_environments(&policy)?;
        let set = |policy, days: Option<Days>, with: fn(LifecyclePolicy, Span) -> LifecyclePolicy| {
            days.into_iter().fold(policy, |policy, days| with(policy, days.0))
        };
        let policy = set(policy, self.rotation_lead_days, LifecyclePolicy::with_rotation_lead);
        let policy = set(policy, self.idle_after_days, LifecyclePolicy::with_idle_after);
        let policy = set(policy, self.observation_days, LifecyclePolicy::with_observation);
        let policy = set(policy, self.look_every_days, LifecyclePolicy::with_look_every);
        let policy = set(policy, self.review_every_days, LifecyclePolicy::with_review_every);
        Ok(self.lifetime_days.iter().fold(policy, |policy, (environment, days)| {
            policy.with_environment(environment.clone(), Lifetime::up_to(days.0))
        }))
    }

    /// One that is misspelt would change nothing, and look as if the other policy did no harm.
    fn check_environments(&self, policy: &LifecyclePolicy) -> Result<(), Refusal> {
        if self.lifetime_days.keys().all(|environment| policy.lifetime(environment).is_some()) {
            return Ok(());
        }
        let known: Vec<_> = policy.environments().map(|(known, _)| known.to_string()).collect();
        let detail =
            format!("names an environment that the lifecycle policy does not know; it knows {}", known.join(", "));
        Err(Refusal::validation("lifetime_days", &detail))
    }
}

/// One thing to do about one token, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskView {
    /// The account's id.
    account: String,
    /// The token's public id.
    token: String,
    /// What somebody has to do.
    #[schema(example = "rotate")]
    task: &'static str,
    /// The most urgent of the reasons: `notice`, `warning` or `critical`.
    #[schema(example = "warning")]
    severity: &'static str,
    /// Why: what was found of the token.
    reasons: Vec<FindingView>,
}

/// One thing to say of a token.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
pub(crate) struct FindingView {
    /// For programs.
    #[schema(example = "rotation-due")]
    code: &'static str,
    /// For people.
    reason: String,
    /// How urgent it is: `notice`, `warning` or `critical`.
    #[schema(example = "warning")]
    severity: &'static str,
    /// From when on it holds; null if it held from the start.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Instant>,
}

/// Something that will be found of a token if nobody acts before.
#[derive(Serialize, ToSchema)]
#[schema(as = ComingFinding)]
pub(crate) struct ComingView {
    /// The account's id.
    account: String,
    /// The token's public id.
    token: String,
    /// From when it will be found.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// What will be found.
    finding: FindingView,
}

/// What another policy would change for one token.
#[derive(Serialize, ToSchema)]
#[schema(as = LifecycleDifference)]
pub(crate) struct DifferenceView {
    /// The account's id.
    account: String,
    /// The token's public id.
    token: String,
    /// What would be found that is not found now.
    appears: Vec<FindingView>,
    /// What is found now and would not be.
    disappears: Vec<FindingView>,
    /// When there is next something to say of it, as it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_due: Option<Instant>,
    /// And under the other policy.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_due_then: Option<Instant>,
}

/// The most urgent reason gives the task its urgency.
impl From<&Task<TokenKey>> for TaskView {
    fn from(task: &Task<TokenKey>) -> Self {
        Self {
            account: task.key.account.to_string(),
            token: task.key.token.as_str().into(),
            task: kind(task.kind),
            severity: severity(task.severity()),
            reasons: task.reasons.iter().map(FindingView::from).collect(),
        }
    }
}

/// The code is what events in the trail and policies call it as well.
impl From<&LifecycleFinding> for FindingView {
    fn from(finding: &LifecycleFinding) -> Self {
        Self {
            code: finding.code(),
            reason: finding.to_string(),
            severity: severity(finding.severity()),
            since: finding.since().map(Instant),
        }
    }
}

/// The date is the first instant at which it will be found.
impl From<&ComingFinding<TokenKey>> for ComingView {
    fn from(coming: &ComingFinding<TokenKey>) -> Self {
        let TokenKey { account, token } = &coming.key;
        let (account, token) = (account.to_string(), token.as_str().into());
        Self { account, token, at: Instant(coming.at), finding: FindingView::from(&coming.finding) }
    }
}

/// Both sides are told, so that a client can show what would come and what would go.
impl From<&PolicyDifference<TokenKey>> for DifferenceView {
    fn from(difference: &PolicyDifference<TokenKey>) -> Self {
        Self {
            account: difference.key.account.to_string(),
            token: difference.key.token.as_str().into(),
            appears: difference.appears.iter().map(FindingView::from).collect(),
            disappears: difference.disappears.iter().map(FindingView::from).collect(),
            next_due: difference.next_due.0.map(Instant),
            next_due_then: difference.next_due.1.map(Instant),
        }
    }
}

/// Frozen: clients branch by it.
const fn kind(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::DefineEnvironment => "define_environment",
        TaskKind::Replace => "replace",
        TaskKind::Rotate => "rotate",
        TaskKind::Revoke => "revoke",
        TaskKind::Investigate => "investigate",
        TaskKind::Release => "release",
        TaskKind::Delete => "delete",
        TaskKind::Look => "look",
        TaskKind::Review => "review",
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}
