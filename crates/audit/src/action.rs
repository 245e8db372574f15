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
            /// Every action, in the order of a credential's life.
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
    /// A second administrator approved an account.
    AccountApproved = "account.approved",
    /// An account's access was suspended.
    AccountDisabled = "account.disabled",
    /// A suspended account's access was restored.
    AccountEnabled = "account.enabled",
    /// An account and all its credentials ended for good.
    AccountDeleted = "account.deleted",
    /// A token came into being.
    TokenMinted = "token.minted",
    /// A token's scopes changed; its text did not.
    TokenUpdated = "token.updated",
    /// A token stopped working for good.
    TokenRevoked = "token.revoked",
    /// A revoked token was removed from the lists.
    TokenDeleted = "token.deleted",
    /// A credential's record was hashed again under the current pepper.
    TokenRehashed = "token.rehashed",
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
    /// A credential was refused.
    AccessDenied = "access.denied",
    /// An authenticated principal lacked a permission.
    PermissionDenied = "permission.denied",
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
