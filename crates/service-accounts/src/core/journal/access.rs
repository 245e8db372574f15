//! One access: which credential was judged, from where, and how.
//!
//! Only a verified secret names an account here; everything before that is a stranger's, counted by network.

use std::{net::IpAddr, sync::Arc};

use service_accounts_audit::{Action, Event, Label, Row, Subject};
use service_accounts_naming::Realm;
use service_accounts_store::{Credential, Seen, Sighting};
use service_accounts_token::TokenId;
use time::UtcDateTime;

use crate::{Rejection, core::commit::about_token};

/// An access as it happens. It becomes an [`Access`] where it begins a row: one that repeats another takes no share in its
/// credential.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) credential: &'a Arc<Credential>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) at: UtcDateTime,
    pub(crate) outcome: Outcome,
}

/// Who it was, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) who: Who,
    pub(crate) address: Option<IpAddr>,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// A credential whose secret was verified.
    Credential(Arc<Credential>),
    /// Somebody for whom the host vouches, by the name that the host gave, and the realm of the call.
    Person(Label, Label),
}

/// What came of an access.
///
/// Granted and used are events of one action; a use for a permission has a row of its own, from which the advice on
/// unused permissions is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// Authenticated; whether it then could do what it asked for is another access.
    Granted,
    /// It was granted, and used for this permission.
    Used(&'static str),
    /// The secret verified, and something else stood in the way.
    Denied(Rejection),
    /// Authenticated, and then refused for want of this permission.
    Forbidden(&'static str),
    /// An administrative call was refused.
    Refused(&'static str),
}

/// What shares a row of the trail.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum RowKey {
    Access(AccessKey),
    /// A person and the call that was refused. A name is at most 800 bytes long, and the host's to choose.
    Person(Label, &'static str),
}

impl From<AccessKey> for RowKey {
    fn from(key: AccessKey) -> Self {
        Self::Access(key)
    }
}

/// Accesses that share a row of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct AccessKey {
    token: TokenId,
    address: Option<IpAddr>,
    outcome: Outcome,
}

impl AccessKey {
    pub(super) const fn new(token: TokenId, address: Option<IpAddr>, outcome: Outcome) -> Self {
        Self { token, address, outcome }
    }

    pub(super) const fn token(&self) -> &TokenId {
        &self.token
    }
}

impl Shown<'_> {
    /// Which row it belongs to.
    pub(super) fn key(&self) -> AccessKey {
        AccessKey::new(self.credential.token().id, self.address, self.outcome)
    }

    /// What a row is made from; it takes a share in the record, so that a change of the record does not change what
    /// happened.
    pub(super) fn kept(&self) -> Access {
        let Self { credential, address, outcome, .. } = *self;
        Access { who: Who::Credential(credential.clone()), address, outcome }
    }

    /// Tells `tracing` of it, at once and however the trail keeps it. Nothing of the secret is in it.
    pub(super) fn trace(&self) {
        let token = self.credential.token();
        tracing::info!(
            target: "service_accounts::access",
            account = token.account.as_str(),
            token = token.id.as_str(),
            token_name = token.class.token_name().map(AsRef::<str>::as_ref),
            address = self.address.map(tracing::field::display),
            reason = self.outcome.reason(),
            "{}",
            self.outcome.action(),
        );
    }
}

impl Access {
    /// A call that was refused to somebody for whom the host vouches.
    pub(super) fn of_person(name: Label, realm: &Realm, call: &'static str) -> Self {
        Self { who: Who::Person(name, Label::new(realm.as_str())), address: None, outcome: Outcome::Refused(call) }
    }

    /// As an event of this instant.
    ///
    /// The actor is the account itself, whose secret has verified, or the person; the address is the client's as the
    /// host gave it.
    pub(crate) fn event(&self, at: UtcDateTime) -> Event {
        let event = |actor: Label| Event::new(self.outcome.action(), actor, at);
        let event = match &self.who {
            Who::Credential(credential) => {
                about_token(event(Label::new(credential.account().id.as_str())), credential.token())
            }
            Who::Person(name, realm) => event(name.clone()).with(Label::new("realm"), realm.clone()),
        };
        let event = event.from_address(self.address);
        match self.outcome {
            Outcome::Granted => event,
            Outcome::Used(permission) => event.with(Label::new("permission"), Label::new(permission)),
            Outcome::Denied(rejection) => event.because(Label::new(rejection.as_str())),
            Outcome::Forbidden(permission) => event.because(Label::new(permission)),
            Outcome::Refused(call) => event.with(Label::new("call"), Label::new(call)),
        }
    }

    /// The credential that was shown; none where it was a person.
    pub(super) const fn credential(&self) -> Option<&Arc<Credential>> {
        match &self.who {
            Who::Credential(credential) => Some(credential),
            Who::Person(..) => None,
        }
    }

    /// Whether anybody listens to [`trace`](Shown::trace).
    pub(super) fn is_traced() -> bool {
        tracing::enabled!(target: "service_accounts::access", tracing::Level::INFO)
    }
}

/// Tells `tracing` of a call that was refused to a person.
pub(super) fn trace_person(name: &Label, call: &'static str) {
    tracing::info!(
        target: "service_accounts::access",
        actor = name.as_str(),
        reason = call,
        "{}",
        Action::PermissionDenied,
    );
}

/// Tells `tracing` of a request without a verified credential; the id is a claim.
pub(super) fn trace_stranger(address: Option<IpAddr>, rejection: Rejection, claimed: Option<&TokenId>) {
    tracing::info!(
        target: "service_accounts::access",
        claimed = claimed.map(TokenId::as_str),
        address = address.map(tracing::field::display),
        reason = rejection.as_str(),
        "{}",
        Action::AccessDenied,
    );
}

/// What a written row says about its token: where it was used or tried, or for which permission.
///
/// Denials other than of revoked credentials say nothing about who uses the token, so they are no sighting.
pub(super) fn sightings(row: &Row<Access>) -> Option<Sighting> {
    let Subject::Known(access) = &row.subject else { return None };
    let seen = match (access.outcome, access.address) {
        (Outcome::Granted, Some(address)) => Seen::UsedFrom(address),
        (Outcome::Used(permission), _) => Seen::Permission(Label::new(permission)),
        (Outcome::Denied(Rejection::Revoked), Some(address)) => Seen::TriedFrom(address),
        (Outcome::Denied(Rejection::Revoked), None) => Seen::Tried,
        (Outcome::Granted | Outcome::Denied(_) | Outcome::Forbidden(_) | Outcome::Refused(_), _) => return None,
    };
    let (first, last) = (row.tally.first(), row.tally.last());
    Some(Sighting { token: access.credential()?.token().id, seen, count: row.tally.count().into(), first, last })
}

impl Outcome {
    pub(super) const fn action(self) -> Action {
        match self {
            Self::Granted | Self::Used(_) => Action::AccessGranted,
            Self::Denied(_) => Action::AccessDenied,
            Self::Forbidden(_) | Self::Refused(_) => Action::PermissionDenied,
        }
    }

    /// Why it was refused, or the permission that it was about.
    const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Granted => None,
            Self::Denied(rejection) => Some(rejection.as_str()),
            Self::Used(permission) | Self::Forbidden(permission) | Self::Refused(permission) => Some(permission),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_an_action_and_only_a_grant_has_no_reason() {
        let outcomes = [
            (Outcome::Granted, Action::AccessGranted, None),
            (Outcome::Used("users:view"), Action::AccessGranted, Some("users:view")),
            (Outcome::Denied(Rejection::Revoked), Action::AccessDenied, Some("revoked")),
            (Outcome::Forbidden("users:view"), Action::PermissionDenied, Some("users:view")),
            (Outcome::Refused("MintToken"), Action::PermissionDenied, Some("MintToken")),
        ];
        for (outcome, action, reason) in outcomes {
            assert_eq!((outcome.action(), outcome.reason()), (action, reason));
        }
    }
}
