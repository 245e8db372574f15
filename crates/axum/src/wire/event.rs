//! Events of the audit trail.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};
use service_accounts::audit::{Action, Changed, Label, Query, Recorded, Sequence};
use utoipa::{IntoParams, ToSchema};

use super::{
    instant::Instant,
    page::{Cursor, Limit},
};

/// Which events to show; all conditions must hold.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Events about this account.
    #[param(value_type = String, required = false)]
    account: Option<Label>,
    /// Events that this account, or this person of the host's, brought about.
    #[param(value_type = String, required = false)]
    actor: Option<Label>,
    /// Events about the token with this id.
    #[param(value_type = String, required = false)]
    token: Option<Label>,
    /// Such as `token.revoked`.
    #[param(value_type = String, required = false)]
    action: Option<Action>,
    /// From this instant on; not after `until`.
    #[param(value_type = String, format = DateTime, required = false)]
    since: Option<Instant>,
    /// Before this instant.
    #[param(value_type = String, format = DateTime, required = false)]
    until: Option<Instant>,
    /// `newest` first, which is the default, or `oldest` first, for readers that follow.
    #[serde(default)]
    #[param(inline, required = false)]
    order: OrderShape,
    /// The `next_cursor` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor<i64>>,
    /// How many a page holds.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50, required = false)]
    limit: Limit,
}

/// Which end of the trail comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OrderShape {
    #[default]
    Newest,
    Oldest,
}

/// All conditions must hold. Names that nobody has match nothing, which is no error.
impl From<AuditQuery> for Query {
    fn from(asked: AuditQuery) -> Self {
        let query = Self::default().limit(asked.limit.get());
        let query = asked.account.into_iter().fold(query, Self::for_account);
        let query = asked.actor.into_iter().fold(query, Self::by_actor);
        let query = asked.token.into_iter().fold(query, Self::for_token);
        let query = asked.action.into_iter().fold(query, Self::for_action);
        let query = asked.since.into_iter().fold(query, |query, since| query.since(since.0));
        let query = asked.until.into_iter().fold(query, |query, until| query.until(until.0));
        let query = if asked.order == OrderShape::Oldest { query.oldest_first() } else { query };
        asked.cursor.into_iter().fold(query, |query, place| query.continue_from(Sequence::new(place.0)))
    }
}

/// What happened, when, by whom, to whom, from where and why.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventView {
    /// Its place in the trail.
    sequence: i64,
    /// When it happened, to the second.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// What happened.
    #[schema(example = "token.revoked")]
    action: &'static str,
    /// Who did it. A credential that did not verify names nobody.
    #[schema(value_type = String)]
    actor: Label,
    /// The account it is about.
    #[schema(value_type = Option<String>)]
    account: Option<Label>,
    /// The public id of the credential it is about.
    #[schema(value_type = Option<String>)]
    token: Option<Label>,
    /// The name that credential had then.
    #[schema(value_type = Option<String>)]
    token_name: Option<Label>,
    /// The client address, if it was known.
    #[schema(value_type = Option<String>)]
    address: Option<IpAddr>,
    /// Why it was refused or done, as a stable word.
    #[schema(value_type = Option<String>)]
    reason: Option<Label>,
    /// How often it happened, where repeated accesses stand in one event.
    #[schema(minimum = 1)]
    count: u32,
    /// When it last happened.
    #[schema(value_type = String, format = DateTime)]
    last_at: Instant,
    /// By field, its value before and after.
    #[schema(value_type = BTreeMap<String, ChangeShape>)]
    changes: BTreeMap<Label, Changed>,
    /// What else there is to say, by name.
    #[schema(value_type = BTreeMap<String, String>)]
    details: BTreeMap<Label, Label>,
    /// What the host told its subscribers by this event, as the text it gave; only for events of its own applications.
    #[schema(value_type = Option<String>)]
    payload: Option<String>,
}

/// A value before and after; each is left out where there was or is none.
#[derive(ToSchema)]
#[schema(as = Change)]
#[expect(dead_code, reason = "only its schema is used")]
struct ChangeShape {
    /// What it was; `null` where there was nothing.
    #[schema(value_type = String, required = false)]
    old: Option<String>,
    /// What it became; `null` where there is nothing now.
    #[schema(value_type = String, required = false)]
    new: Option<String>,
}

/// Labels are shown as they were kept, control characters replaced; `payload` is the host's own JSON as text.
impl From<&Recorded> for EventView {
    fn from(recorded: &Recorded) -> Self {
        let event = &recorded.event;
        Self {
            sequence: recorded.sequence.number(),
            at: Instant(event.at()),
            action: event.action().as_str(),
            actor: event.actor().clone(),
            account: event.account().cloned(),
            token: event.token().cloned(),
            token_name: event.token_name().cloned(),
            address: event.address(),
            reason: event.reason().cloned(),
            count: event.count(),
            last_at: Instant(event.last_at()),
            changes: event.changes().clone(),
            details: event.details().clone(),
            payload: event.payload().map(|payload| payload.as_str().to_owned()),
        }
    }
}
