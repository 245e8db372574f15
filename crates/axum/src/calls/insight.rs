//! Calls that tell what is due, what is coming and what could be less.

use serde_json::json;
use service_accounts::{Call as May, access::Permission, store::Store};

use crate::{
    api::{insight, lifecycle},
    call::Call,
    examples,
    wire::{
        insight::{AccountAdviceView, DryRunRequest, DryRunView},
        plan::{ComingView, DiffRequest, DifferenceView, ForecastQuery, PlanQuery, TaskView},
    },
};

/// Plans, forecasts, and what another policy would change.
pub(crate) fn lifecycle<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::get("/api/v1/lifecycle/plan", "planLifecycle", lifecycle::plan)
            .summary("List what is to be done now about tokens, with reasons")
            .administers(May::ReadPlans)
            .query::<PlanQuery>()
            .lists::<TaskView>(examples::task()),
        Call::get("/api/v1/lifecycle/forecast", "forecastLifecycle", lifecycle::forecast)
            .summary("List what will be found of tokens if nobody acts")
            .administers(May::ReadPlans)
            .query::<ForecastQuery>()
            .lists::<ComingView>(examples::coming()),
        Call::post("/api/v1/lifecycle/diff", "compareLifecycle", lifecycle::diff)
            .summary("List what another lifecycle policy would change; nothing is stored")
            .administers(May::ReadPlans)
            .query::<PlanQuery>()
            .takes::<DiffRequest>(json!({ "idle_after_days": 30, "lifetime_days": { "production": 90 } }))
            .lists::<DifferenceView>(examples::difference()),
    ]
}

/// What an account could do with less of.
pub(crate) fn insight<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::get("/api/v1/service-accounts/{id}/advice", "adviseAccount", insight::advice)
            .summary("Tell what could be narrower about an account, by what it was seen to do")
            .administers(May::ReadPlans)
            .answers::<AccountAdviceView<'_>>(200, "The advice.", examples::account_advice()),
        Call::post("/api/v1/service-accounts/{id}/dry-run", "dryRunAccount", insight::dry_run)
            .summary("Try other rights or another allowlist on recorded traffic; nothing is written")
            .administers(May::ReadPlans)
            .takes_or_nothing::<DryRunRequest>(
                json!({ "role": "Member", "ip_allowlist": ["198.51.100.0/24"], "days": 30 }),
            )
            .answers::<DryRunView>(200, "What would have been denied.", examples::dry_run()),
    ]
}
