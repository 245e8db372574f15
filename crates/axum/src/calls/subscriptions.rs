//! What accounts are told.

use service_accounts::{Call as May, SubscriptionId, access::Permission, store::Store};

use crate::{
    api::subscriptions,
    call::Call,
    examples,
    problems::{APPLICATION_NOT_PERMITTED, TOO_MANY_SUBSCRIPTIONS},
    wire::{
        page::PageQuery,
        subscription::{
            CreatedSubscriptionView, DeliveryView, ReplayRequest, SigningSecretView, SubscribeRequest, SubscriptionView,
        },
    },
};

const SUBSCRIPTIONS: &str = "/api/v1/service-accounts/{id}/subscriptions";
const SUBSCRIPTION: &str = "/api/v1/service-accounts/{id}/subscriptions/{subscription_id}";

/// The subscriptions of an account.
pub(crate) fn subscriptions<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    let mut calls = vec![
        Call::get(SUBSCRIPTIONS, "listSubscriptions", subscriptions::list)
            .summary("List what an account is told, and where")
            .administers(May::ReadSubscriptions)
            .query::<PageQuery<SubscriptionId>>()
            .lists::<SubscriptionView>(examples::subscription()),
        Call::post(SUBSCRIPTIONS, "subscribe", subscriptions::create)
            .summary("Tell an account, which must hold the application's permission, of events from now on")
            .administers(May::Subscribe)
            .takes::<SubscribeRequest>(examples::subscribe())
            .makes::<CreatedSubscriptionView>(
                "The subscription. Its signing secret is shown here and never again.",
                examples::created_subscription(),
            )
            .fails_with(&[APPLICATION_NOT_PERMITTED, TOO_MANY_SUBSCRIPTIONS]),
        Call::get(SUBSCRIPTION, "getSubscription", subscriptions::show)
            .summary("Show a subscription")
            .administers(May::ReadSubscriptions)
            .answers::<SubscriptionView>(200, "The subscription.", examples::subscription()),
        Call::delete(SUBSCRIPTION, "unsubscribe", subscriptions::delete)
            .summary("End a subscription for good")
            .administers(May::Subscribe),
    ];
    calls.extend(at_work());
    calls
}

fn at_work<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::post(
            "/api/v1/service-accounts/{id}/subscriptions/{subscription_id}/test",
            "testSubscription",
            subscriptions::test,
        )
        .summary("Send a message that tells nothing but that the subscription works")
        .administers(May::Subscribe),
        Call::get(
            "/api/v1/service-accounts/{id}/subscriptions/{subscription_id}/deliveries",
            "listDeliveries",
            subscriptions::deliveries,
        )
        .summary("List the last 20 messages and what became of them, the newest first")
        .administers(May::ReadSubscriptions)
        .lists::<DeliveryView>(examples::delivery()),
        Call::post(
            "/api/v1/service-accounts/{id}/subscriptions/{subscription_id}/secret",
            "rotateSigningSecret",
            subscriptions::rotate_secret,
        )
        .summary("Make a new signing secret; the present one signs beside it for a day")
        .administers(May::Subscribe)
        .answers::<SigningSecretView>(201, "The secret. It is shown here and never again.", examples::signing_secret())
        .fails_with(&[APPLICATION_NOT_PERMITTED]),
        Call::post(
            "/api/v1/service-accounts/{id}/subscriptions/{subscription_id}/enable",
            "enableSubscription",
            subscriptions::enable,
        )
        .summary("Deliver again to a subscription that was switched off, from where it stopped")
        .administers(May::Subscribe)
        .answers::<SubscriptionView>(200, "The subscription as it is now.", examples::subscription())
        .fails_with(&[APPLICATION_NOT_PERMITTED]),
        Call::post(
            "/api/v1/service-accounts/{id}/subscriptions/{subscription_id}/replay",
            "replaySubscription",
            subscriptions::replay,
        )
        .summary("Deliver again from a place of the trail on")
        .administers(May::Subscribe)
        .takes::<ReplayRequest>(serde_json::json!({ "from": 512 }))
        .answers::<SubscriptionView>(200, "The subscription as it is now.", examples::subscription())
        .fails_with(&[APPLICATION_NOT_PERMITTED]),
    ]
}
