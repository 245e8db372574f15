//! Calls of whoever sets rules, and of whoever reviews.

use serde_json::json;
use service_accounts::{Call as May, access::Permission, naming::AccountId, store::Store};

use crate::{
    api::{policies, reviews},
    call::Call,
    examples,
    problems::{NAME_TAKEN, OUTDATED},
    wire::{
        page::PageQuery,
        policy::{
            ObjectionView, PolicyContentRequest, PolicyRequest, PolicyView, ReachRequest, TrialRequest, TrialView,
            VersionQuery,
        },
        review::{AttestRequest, ListedReviewView, ReviewCursor, ReviewRequest, ReviewView},
    },
};

const POLICIES: &str = "/api/v1/service/policies";
const POLICY: &str = "/api/v1/service/policies/{name}";
const REVIEWS: &str = "/api/v1/reviews";
const REVIEW: &str = "/api/v1/reviews/{review_id}";

/// Governance policies.
pub(crate) fn policies<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    let mut calls = vec![
        Call::get(POLICIES, "listPolicies", policies::list)
            .summary("List the policies in the order of their names")
            .administers(May::ReadPolicies)
            .query::<PageQuery<String>>()
            .lists::<PolicyView<'_>>(examples::kept_policy()),
        Call::post(POLICIES, "createPolicy", policies::create)
            .summary("Keep a new policy; once it is enabled, each change that gives rights must pass it")
            .administers(May::ChangePolicies)
            .takes::<PolicyRequest>(examples::policy())
            .makes::<PolicyView<'_>>("The policy.", examples::kept_policy())
            .fails_with(&[NAME_TAKEN]),
        Call::get(POLICY, "getPolicy", policies::show)
            .summary("Show a policy")
            .administers(May::ReadPolicies)
            .answers::<PolicyView<'_>>(200, "The policy.", examples::kept_policy()),
        Call::put(POLICY, "replacePolicy", policies::replace)
            .summary("Change a policy")
            .administers(May::ChangePolicies)
            .query::<VersionQuery>()
            .takes::<PolicyContentRequest>(examples::policy_content())
            .answers::<PolicyView<'_>>(200, "The policy as it is now.", examples::kept_policy())
            .fails_with(&[OUTDATED]),
        Call::delete(POLICY, "deletePolicy", policies::delete)
            .summary("Remove a policy")
            .administers(May::ChangePolicies)
            .query::<VersionQuery>()
            .fails_with(&[OUTDATED]),
    ];
    calls.extend(trials());
    calls
}

fn trials<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::post("/api/v1/service/policies/validate", "validatePolicy", policies::validate)
            .summary("Try a policy on a request; nothing is stored, the call is recorded")
            .administers(May::ReadPolicies)
            .takes::<TrialRequest>(json!({ "policy": examples::policy(), "request": examples::policy_request() }))
            .answers::<TrialView<'_>>(200, "What the policy would say if it were in force.", examples::policy_trial()),
        Call::post(
            "/api/v1/service/policies/validate-existing",
            "validatePolicyOnExisting",
            policies::validate_existing,
        )
        .summary("Try a policy on a page of the accounts that exist and their tokens, and list those it objects to")
        .administers(May::ReadPolicies)
        .query::<PageQuery<AccountId>>()
        .takes::<ReachRequest>(json!({ "policy": examples::policy() }))
        .lists::<ObjectionView<'_>>(examples::policy_objection()),
    ]
}

/// Reviews of accounts and tokens.
pub(crate) fn reviews<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::get(REVIEWS, "listReviews", reviews::list)
            .summary("List the reviews, the latest first")
            .administers(May::Review)
            .query::<PageQuery<ReviewCursor>>()
            .lists::<ListedReviewView<'_>>(examples::listed_review()),
        Call::post(REVIEWS, "openReview", reviews::open)
            .summary("Review a page of the accounts with their tokens, and keep what was found")
            .administers(May::Review)
            .takes_or_nothing::<ReviewRequest>(json!({ "limit": 100 }))
            .makes::<ReviewView<'_>>("The review.", examples::review())
            .also_as("text/csv", examples::REVIEW_CSV)
            .also_as("text/markdown", examples::REVIEW_MARKDOWN),
        Call::get(REVIEW, "getReview", reviews::show)
            .summary("Show a review, with what people decided and what has changed since the one before")
            .administers(May::Review)
            .answers::<ReviewView<'_>>(200, "The review.", examples::review())
            .also_as("text/csv", examples::REVIEW_CSV)
            .also_as("text/markdown", examples::REVIEW_MARKDOWN),
        Call::post("/api/v1/reviews/{review_id}/attestations", "attest", reviews::attest)
            .summary("Decide about one account or token of a review; to keep or change confirms that it is required")
            .administers(May::Review)
            .takes::<AttestRequest>(json!({ "key": "pipeline_automation@service", "decision": "keep" }))
            .answers::<ReviewView<'_>>(200, "The review as it is now.", examples::review())
            .also_as("text/csv", examples::REVIEW_CSV)
            .also_as("text/markdown", examples::REVIEW_MARKDOWN),
    ]
}
