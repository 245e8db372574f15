//! What can happen to service accounts.

use core::{fmt, str::FromStr};

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal,)+) => {
        /// What happened, with a stable name for logs, queries and stores.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$doc])* $action,)+
        }

        impl Action {
            /// Every action, each beside those of its noun.
            pub const ALL: &'static [Self] = &[$(Self::$action,)+];

            /// The stable name, such as `token.revoked`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)+
                }
            }
        }
    };
}

actions! {
    /// An account came into being.
    AccountCreated = "account.created",
    /// An account's role, scopes, teams, networks, dates or description changed.
    AccountUpdated = "account.updated",
    /// An update would give an account more rights, so it waits for a second administrator.
    AccountProposed = "account.proposed",
    /// A waiting update was taken back.
    AccountProposalWithdrawn = "account.proposal_withdrawn",
    /// A second administrator approved an account.
    AccountApproved = "account.approved",
    /// An account's access was suspended.
    AccountDisabled = "account.disabled",
    /// A suspended account's access was restored.
    AccountEnabled = "account.enabled",
    /// There is something new to say of an account: it goes unused, has ended, or its client secret is old.
    AccountAnnounced = "account.announced",
    /// An account and all its credentials ended for good.
    AccountDeleted = "account.deleted",
    /// Some remaining credentials of a deleted account were removed from the store.
    AccountPurged = "account.purged",
    /// All credentials of an account stopped working for good.
    CredentialsRevoked = "credentials.revoked",
    /// A token came into being.
    TokenMinted = "token.minted",
    /// A token's scopes changed; its text did not.
    TokenUpdated = "token.updated",
    /// A token got a successor; both work until the successor is used or the overlap ends.
    TokenRotated = "token.rotated",
    /// The successor of a rotation was used for the first time, which ended the old token.
    TokenUsedFirst = "token.used_first",
    /// A deadline passed and moved a token to its next state.
    TokenSettled = "token.settled",
    /// There is something new to say of a token: it expires soon, goes unused, or is due for rotation or a check.
    TokenAnnounced = "token.announced",
    /// Somebody checked a token's use and role, without a review.
    TokenLookedAt = "token.looked_at",
    /// A review attested that a token is still needed as it is.
    TokenReviewed = "token.reviewed",
    /// A token stopped working for good.
    TokenRevoked = "token.revoked",
    /// A revoked token was removed from the lists.
    TokenDeleted = "token.deleted",
    /// A credential's record was hashed again under the current pepper.
    TokenRehashed = "token.rehashed",
    /// Somebody reported one step of a rotation as done.
    RotationStep = "rotation.step",
    /// A rotation ended before its successor was used; the old token stays.
    RotationCancelled = "rotation.cancelled",
    /// A rotation ended and its old token is revoked.
    RotationFinished = "rotation.finished",
    /// An account got a new client secret and the old one ended.
    SecretRegenerated = "secret.regenerated",
    /// A client secret was exchanged for a session.
    SessionOpened = "session.opened",
    /// A session was ended before its time.
    SessionRevoked = "session.revoked",
    /// A session whose time was over was removed.
    SessionExpired = "session.expired",
    /// A credential was accepted.
    AccessGranted = "access.granted",
    /// A credential was refused, or a text that is none.
    AccessDenied = "access.denied",
    /// An authenticated principal lacked a permission.
    PermissionDenied = "permission.denied",
    /// A governance policy came into being.
    PolicyCreated = "policy.created",
    /// A governance policy changed.
    PolicyUpdated = "policy.updated",
    /// A governance policy was removed.
    PolicyDeleted = "policy.deleted",
    /// A request was tried against a policy; nothing else changed.
    PolicyValidated = "policy.validated",
    /// A soft rule of a policy objected; the request was carried out.
    PolicyWarned = "policy.warned",
    /// A hard rule of a policy objected; the request was refused.
    PolicyBlocked = "policy.blocked",
    /// The host's roles and permissions were replaced.
    CatalogueReplaced = "catalogue.replaced",
    /// A pepper can no longer verify anything.
    PepperRetired = "pepper.retired",
    /// A review of accounts and tokens was opened.
    ReviewOpened = "review.opened",
    /// A reviewer attested one entry of a review.
    ReviewAttested = "review.attested",
    /// An account or token was contained and an incident opened.
    IncidentOpened = "incident.opened",
    /// A note was added to an incident.
    IncidentNoted = "incident.noted",
    /// Somebody reported a token found in the open.
    LeakReported = "leak.reported",
    /// A bulk import was checked; nothing was written.
    ImportPreviewed = "import.previewed",
    /// A previewed bulk import was carried out.
    ImportConfirmed = "import.confirmed",
    /// Somebody subscribed to notifications.
    SubscriptionCreated = "subscription.created",
    /// A subscription was removed.
    SubscriptionDeleted = "subscription.deleted",
    /// A subscription was switched off, by somebody or because deliveries kept failing.
    SubscriptionDisabled = "subscription.disabled",
    /// A subscription that was switched off is delivered to again.
    SubscriptionEnabled = "subscription.enabled",
    /// A subscription is delivered to again from an earlier or later place.
    SubscriptionReplayed = "subscription.replayed",
    /// A subscription got a new signing secret; the earlier one signs beside it for a while.
    SubscriptionSecretRotated = "subscription.secret_rotated",
    /// Somebody asked for a message that only tries a subscription out.
    SubscriptionTested = "subscription.tested",
    /// The host told of an event of one of its own applications.
    ApplicationPublished = "application.published",
    /// A segment of the trail was sealed.
    TrailSealed = "trail.sealed",
    /// Old sealed events were removed from the trail.
    TrailTrimmed = "trail.trimmed",
    /// A realm said for how long it keeps the trail.
    TrailRetentionNoted = "trail.retention_noted",
    /// Events of the trail were handed out as a file.
    TrailExported = "trail.exported",
    /// A detector found something that a person should look at.
    AlertRaised = "alert.raised",
    /// A document of the store was written that has no action of its own.
    DocumentPut = "document.put",
    /// A document of the store was removed that has no action of its own.
    DocumentRemoved = "document.removed",
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is no action's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown action; the names look like `token.revoked`")]
#[non_exhaustive]
pub struct ActionError;

impl FromStr for Action {
    type Err = ActionError;

    fn from_str(name: &str) -> Result<Self, ActionError> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name).ok_or(ActionError)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Action {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Action {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        alloc::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_reads_back_from_its_name_and_no_two_share_one() {
        for (place, action) in Action::ALL.iter().enumerate() {
            assert_eq!(action.as_str().parse(), Ok(*action));
            assert!(Action::ALL[..place].iter().all(|earlier| earlier.as_str() != action.as_str()));
        }
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        for name in ["", "token.Revoked", "token.revoked ", "revoked"] {
            assert_eq!(name.parse::<Action>(), Err(ActionError));
        }
    }
}
