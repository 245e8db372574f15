//! Why a credential was refused, for those who may know, and what a client is told.
//!
//! Two audiences: the trail has the exact reason, a client at most a code, and that only for a secret that verified. So
//! neither answers nor codes tell whether an account exists.

use std::{error::Error, fmt};

/// Why a credential was refused.
///
/// The exact reason is for the audit trail. A client learns a [`Disclosure`] at most, and only once its secret has
/// verified.
///
/// It is exhaustive: a new reason must break whoever decides what a client is told. The first four are found before the
/// secret has verified, the others after.
///
/// ```
/// use service_accounts::{Disclosure, Rejection};
///
/// let rejection = Rejection::AccountDisabled;
/// assert_eq!((rejection.as_str(), rejection.disclosure()), ("account_disabled", Disclosure::Inactive));
/// // Before the secret has verified a client learns nothing.
/// assert_eq!(Rejection::Unknown.disclosure().code(), "INVALID_CREDENTIALS");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// The text is no credential of this host.
    Malformed,
    /// It is a credential, but of a kind that is not accepted here.
    WrongKind,
    /// No record has its id.
    /// The same work is done as for a record that exists.
    Unknown,
    /// The record's secret is another.
    WrongSecret,
    /// The client secret belongs to another client id than the one given.
    WrongClient,
    /// Its account belongs to another realm.
    WrongRealm,
    /// It was revoked, or its time as a retiring predecessor is over.
    Revoked,
    /// Its own time is over.
    Expired,
    /// Its account is disabled.
    AccountDisabled,
    /// Its account waits for approval.
    AccountPending,
    /// Its account's time is over.
    AccountExpired,
    /// It belongs to another environment.
    WrongEnvironment,
    /// It came from outside its networks, or from an unknown address while it is bound to networks.
    AddressNotAllowed,
    /// Its role or one of its scopes is no longer in the catalogue.
    /// Nothing is allowed then, rather than what was allowed before.
    UnknownGrant,
}

/// What a client may be told about its own refused credential.
///
/// The four codes of the exchange. On bearer-guarded routes the answer is one for all of them, unless the host chooses
/// otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disclosure {
    /// `INVALID_CREDENTIALS`: unknown, wrong and revoked look alike.
    InvalidCredentials,
    /// `SERVICE_ACCOUNT_INACTIVE`: disabled or not yet approved.
    Inactive,
    /// `SERVICE_ACCOUNT_EXPIRED`.
    Expired,
    /// `IP_NOT_ALLOWED`.
    AddressNotAllowed,
}

impl Rejection {
    /// Every reason.
    pub const ALL: [Self; 14] = [
        Self::Malformed,
        Self::WrongKind,
        Self::Unknown,
        Self::WrongSecret,
        Self::WrongClient,
        Self::WrongRealm,
        Self::Revoked,
        Self::Expired,
        Self::AccountDisabled,
        Self::AccountPending,
        Self::AccountExpired,
        Self::WrongEnvironment,
        Self::AddressNotAllowed,
        Self::UnknownGrant,
    ];

    /// A stable name for the audit trail.
    ///
    /// It is frozen: trails and dashboards are searched by it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::WrongKind => "wrong_kind",
            Self::Unknown => "unknown",
            Self::WrongSecret => "wrong_secret",
            Self::WrongClient => "wrong_client",
            Self::WrongRealm => "wrong_realm",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::AccountDisabled => "account_disabled",
            Self::AccountPending => "account_pending",
            Self::AccountExpired => "account_expired",
            Self::WrongEnvironment => "wrong_environment",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::UnknownGrant => "unknown_grant",
        }
    }

    /// Whether the credential's secret had verified before it was refused.
    pub(crate) const fn is_of_verified(self) -> bool {
        !matches!(self, Self::Malformed | Self::WrongKind | Self::Unknown | Self::WrongSecret)
    }

    /// What the client may be told.
    ///
    /// Four codes for fourteen reasons: what a client could not act on without knowing more is `INVALID_CREDENTIALS`.
    #[must_use]
    pub const fn disclosure(self) -> Disclosure {
        match self {
            Self::Malformed
            | Self::WrongKind
            | Self::Unknown
            | Self::WrongSecret
            | Self::WrongClient
            | Self::WrongRealm
            | Self::Revoked
            | Self::Expired
            | Self::WrongEnvironment
            | Self::UnknownGrant => Disclosure::InvalidCredentials,
            Self::AccountDisabled | Self::AccountPending => Disclosure::Inactive,
            Self::AccountExpired => Disclosure::Expired,
            Self::AddressNotAllowed => Disclosure::AddressNotAllowed,
        }
    }
}

impl Disclosure {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
            Self::Inactive => "SERVICE_ACCOUNT_INACTIVE",
            Self::Expired => "SERVICE_ACCOUNT_EXPIRED",
            Self::AddressNotAllowed => "IP_NOT_ALLOWED",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why nobody was let in.
///
/// Answer 401 for the one and 503 for the other. A store that fails never lets anybody in, and never says that a good
/// credential is bad.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The credential was refused.
    #[error("the credential was refused")]
    Rejected(Rejection),
    /// It could not be judged; never an answer about the credential.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The storage failed: nothing was decided, and the same call may succeed later.
///
/// Its source is the store's own error. It carries nothing that a client sent.
#[derive(Debug, thiserror::Error)]
#[error("the service-account store is unavailable")]
pub struct Unavailable(#[source] Box<dyn Error + Send + Sync>);

impl Unavailable {
    pub(crate) fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_name_of_its_own() {
        for (place, reason) in Rejection::ALL.iter().enumerate() {
            assert!(Rejection::ALL[..place].iter().all(|earlier| earlier.as_str() != reason.as_str()));
            assert_eq!(reason.to_string(), reason.as_str());
        }
    }

    /// Trails of years and dashboards are searched by them.
    #[test]
    fn the_names_of_the_reasons_never_change() {
        let names = "malformed wrong_kind unknown wrong_secret wrong_client wrong_realm revoked expired account_disabled \
                     account_pending account_expired wrong_environment address_not_allowed unknown_grant";
        assert_eq!(Rejection::ALL.map(Rejection::as_str).join(" "), names);
    }

    /// What a client may learn about an account it can only learn once its secret has verified: these reasons are found
    /// after that, and all others tell nothing.
    #[test]
    fn only_reasons_found_after_the_secret_tell_anything() {
        let telling = [
            (Rejection::AccountDisabled, "SERVICE_ACCOUNT_INACTIVE"),
            (Rejection::AccountPending, "SERVICE_ACCOUNT_INACTIVE"),
            (Rejection::AccountExpired, "SERVICE_ACCOUNT_EXPIRED"),
            (Rejection::AddressNotAllowed, "IP_NOT_ALLOWED"),
        ];
        for reason in Rejection::ALL {
            let code = telling.iter().find(|(telling, _)| *telling == reason).map(|(_, code)| *code);
            assert_eq!(reason.disclosure().code(), code.unwrap_or("INVALID_CREDENTIALS"), "{reason}");
        }
    }

    #[test]
    fn an_outage_names_its_cause_only_to_who_asks_for_it() {
        let outage = Unavailable::new(std::io::Error::other("disk full"));
        assert_eq!(outage.to_string(), "the service-account store is unavailable");
        assert_eq!(outage.source().map(ToString::to_string).as_deref(), Some("disk full"));
        assert_eq!(AuthenticateError::from(outage).to_string(), "the service-account store is unavailable");
    }
}
