//! What changed between two states of a record, as the trail keeps it.
//!
//! Fields that are the same are left out. Values are as people read them; instants are seconds since 1970. No secret
//! and no digest is ever among them.
//!
//! Values are written as people read them. Nothing here is a secret: no digest, no hint, no text. A field that is
//! added to an account or a token must be added here too, or its changes would leave no trace.

use service_accounts_access::{Allowlist, Scopes, Teams};
use service_accounts_audit::{Event, Label};
use service_accounts_store::{Account, ProposedEnd, Status, Token};
use time::UtcDateTime;

/// Adds each field of an account that differs, with its old and new value.
///
/// What waits for approval has fields of its own, so that the trail tells a proposal from a change in force.
pub(crate) fn of_account(event: Event, old: &Account, new: &Account) -> Event {
    let fields = [
        ("name", Some(old.name.to_string()), Some(new.name.to_string())),
        ("role", Some(old.grant.role().to_string()), Some(new.grant.role().to_string())),
        ("scopes", Some(scopes(old.grant.scopes())), Some(scopes(new.grant.scopes()))),
        ("teams", Some(teams(old.grant.teams())), Some(teams(new.grant.teams()))),
        ("networks", Some(networks(&old.allowlist)), Some(networks(&new.allowlist))),
        ("expires_at", old.expires_at.map(instant), new.expires_at.map(instant)),
        ("status", Some(status(old.status)), Some(status(new.status))),
        ("purpose", Some(old.purpose.to_string()), Some(new.purpose.to_string())),
        ("owner", Some(old.owner.to_string()), Some(new.owner.to_string())),
        ("systems", Some(list(&old.systems)), Some(list(&new.systems))),
        ("justification", old.justification.as_ref().map(text), new.justification.as_ref().map(text)),
        ("proposed_role", proposed(old, |grant| text(grant.role())), proposed(new, |grant| text(grant.role()))),
        (
            "proposed_scopes",
            proposed(old, |grant| scopes(grant.scopes())),
            proposed(new, |grant| scopes(grant.scopes())),
        ),
        ("proposed_teams", proposed(old, |grant| teams(grant.teams())), proposed(new, |grant| teams(grant.teams()))),
        (
            "proposed_networks",
            old.proposal.as_ref().map(|proposal| networks(&proposal.allowlist)),
            new.proposal.as_ref().map(|proposal| networks(&proposal.allowlist)),
        ),
        ("proposed_end", proposed_end(old), proposed_end(new)),
    ];
    fields.into_iter().fold(event, differing)
}

/// Adds each field of a token that differs, with its old and new value.
pub(crate) fn of_token(event: Event, old: &Token, new: &Token) -> Event {
    let fields = [
        ("scopes", Some(scopes(old.grant.scopes())), Some(scopes(new.grant.scopes()))),
        ("expires_at", old.expires_at.map(instant), new.expires_at.map(instant)),
        ("last_look", old.last_look.map(instant), new.last_look.map(instant)),
        ("last_review", old.last_review.map(instant), new.last_review.map(instant)),
    ];
    fields.into_iter().fold(event, differing)
}

/// Adds one field, if it differs; a value that is missing on one side is left out there.
fn differing(event: Event, (field, old, new): (&str, Option<String>, Option<String>)) -> Event {
    if old == new { event } else { event.changed(Label::new(field), old.as_deref(), new.as_deref()) }
}

/// A part of what waits for approval; none where nothing waits.
fn proposed(account: &Account, read: impl FnOnce(&service_accounts_access::Grant) -> String) -> Option<String> {
    account.proposal.as_ref().map(|proposal| read(&proposal.grant))
}

/// The end that waits for approval; none where it stays what it is.
fn proposed_end(account: &Account) -> Option<String> {
    match account.proposal.as_ref()?.end {
        ProposedEnd::Unchanged => None,
        ProposedEnd::Never => Some("never".to_owned()),
        ProposedEnd::At(end) => Some(instant(end)),
    }
}

/// `all of the role`, or names with commas between; an empty text is no access.
pub(crate) fn scopes(scopes: &Scopes) -> String {
    match scopes {
        Scopes::Inherited => "all of the role".to_owned(),
        Scopes::Only(_) => list(&scopes.names().collect::<Vec<_>>()),
    }
}

fn teams(teams: &Teams) -> String {
    if teams.is_every() { "every".to_owned() } else { list(&teams.names().collect::<Vec<_>>()) }
}

fn networks(allowlist: &Allowlist) -> String {
    if allowlist.is_unrestricted() { "any".to_owned() } else { list(&allowlist.networks().collect::<Vec<_>>()) }
}

fn status(status: Status) -> String {
    match status {
        Status::Enabled => "enabled",
        Status::Disabled => "disabled",
        Status::Deleted => "deleted",
    }
    .to_owned()
}

fn list(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn text(value: &impl ToString) -> String {
    value.to_string()
}

/// Whole unix seconds, as records have them.
fn instant(at: UtcDateTime) -> String {
    at.unix_timestamp().to_string()
}
