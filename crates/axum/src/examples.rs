//! Examples of bodies, for the OpenAPI document; a test holds them against the real ones.
//!
//! Each is a whole body, so that it can be sent as it is. Ids and texts in it lead nowhere.

mod accounts;
mod governance;
mod lifecycle;
pub(crate) mod oauth;
mod response;
mod sessions;
mod subscriptions;
mod tokens;
mod trail;

use serde_json::Value;

pub(crate) use self::{
    accounts::{
        IMPORT_FILE, IMPORTED_FILE, account, client_secret, created, import_preview, imported, new_account, updated,
    },
    governance::{
        REVIEW_CSV, REVIEW_MARKDOWN, kept_policy, listed_review, policy, policy_content, policy_objection,
        policy_request, policy_trial, review,
    },
    lifecycle::{account_advice, coming, difference, dry_run, task},
    response::{contain, incident, leak_report},
    sessions::{credentials, open_session, session, verified},
    subscriptions::{created_subscription, delivery, signing_secret, subscribe, subscription},
    tokens::{listed_token, minted, pepper, rotate, rotated, rotation, shown_token, sightings, token, updated_token},
    trail::{EXPORT, EXPORT_TABLE, alert, event, inclusion, seal},
};

/// An object with the fields of another.
///
/// As `serde(flatten)` does it in the real shapes.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut object, more) {
        fields.extend(more);
    }
    object
}
