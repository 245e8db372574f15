//! Problems as axum answers with them.

use axum::{body::Body, response::IntoResponse};
use http::{Response, StatusCode};
use service_accounts::{
    AuthenticateError, Disclosure, Error, ExchangeError, ImportError, Rejection,
    access::{GrantError, NameKind},
    lifecycle::RotationError,
};
use service_accounts_tower::Problem;

use crate::api::policies;

/// Why a request was refused, as a handler returns it.
///
/// As a response it is `application/problem+json` (RFC 9457) with a `code` of its own, and the challenge that a 401
/// needs (RFC 6750 §3).
///
/// ```
/// use http::StatusCode;
/// use axum::response::IntoResponse;
/// use service_accounts_axum::Refusal;
///
/// let refusal = Refusal::validation("first_token.name", "expected lower case letters");
/// assert_eq!(refusal.into_response().status(), StatusCode::UNPROCESSABLE_ENTITY);
/// assert_eq!(Refusal::not_found().into_response().status(), StatusCode::NOT_FOUND);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Problem);

impl Refusal {
    /// A request whose fields do not fit; `field` is the path of the first that does not.
    ///
    /// It is 422 `VALIDATION_ERROR`. The detail must repeat nothing that was sent.
    #[must_use]
    pub fn validation(field: &str, detail: &str) -> Self {
        let detail = if field.is_empty() || field == "." { detail.into() } else { format!("{field}: {detail}") };
        Self(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", detail))
    }

    /// The same, seen from the object that has the field.
    pub(crate) fn inside(self, field: &str) -> Self {
        match self.0.code() {
            "VALIDATION_ERROR" => {
                let detail = format!("{field}.{}", self.0.detail());
                Self(Problem::new(self.0.status(), "VALIDATION_ERROR", detail))
            }
            _ => self,
        }
    }

    /// Whether nothing was shown that could have been judged.
    pub(crate) fn is_for_want_of_a_credential(&self) -> bool {
        self.0.code() == "UNAUTHENTICATED"
    }

    /// Nothing is here.
    ///
    /// The same for what is not there and for what the caller may not know of.
    #[must_use]
    pub fn not_found() -> Self {
        Self(Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing here."))
    }

    /// A session has no successor: it is exchanged anew.
    pub(crate) fn not_a_token() -> Self {
        let detail = "only a token rotates itself; to replace a session, open another one";
        Self(Problem::new(StatusCode::CONFLICT, "NOT_A_TOKEN", detail))
    }

    fn conflict(code: &'static str, error: &Error) -> Self {
        Self(Problem::new(StatusCode::CONFLICT, code, error.to_string()))
    }

    fn forbidden(code: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self(Problem::new(StatusCode::FORBIDDEN, code, detail))
    }

    /// The bearer's credential is good and does not do; a challenge says so too (RFC 6750 §3).
    fn insufficient_scope(error: &Error) -> Self {
        let Self(problem) = Self::forbidden("INSUFFICIENT_SCOPE", error.to_string());
        Self(problem.with_challenge("Bearer error=\"insufficient_scope\"".into()))
    }

    /// A field of the token is one of the account's, one step deeper.
    fn of_first_token(error: Error) -> Self {
        match error {
            Error::FirstToken(reason) => Self::from(*reason).inside("first_token"),
            error => Self::conflict("CONFLICT", &error),
        }
    }

    /// A name that is unknown is the request's fault, rights that are missing are the caller's.
    fn of_grant(error: &GrantError) -> Self {
        match error {
            GrantError::Unknown(name) => Self::validation(field_of(name.kind()), &name.to_string()),
            GrantError::Permissions { .. } | GrantError::Teams => {
                Self::forbidden("GRANT_EXCEEDS_ACTOR", error.to_string())
            }
        }
    }

    /// Client credentials that opened no session; `realm` is named in the challenge.
    pub(crate) fn of_exchange(error: ExchangeError, realm: &str) -> Self {
        match error {
            ExchangeError::Authenticate(AuthenticateError::Rejected(rejection)) => {
                Self::of_credentials(rejection, realm)
            }
            ExchangeError::Authenticate(AuthenticateError::Unavailable(_)) => Self(Problem::unavailable()),
            ExchangeError::Session(error) => Self::of_narrowing(error),
        }
    }

    /// A session that its account does not give; the client's word for scopes is `scope` (RFC 6749 §3.3).
    fn of_narrowing(error: Error) -> Self {
        match error {
            Error::Grant(GrantError::Unknown(name)) => Self::validation("scope", &name.to_string()),
            Error::Grant(GrantError::Permissions { permissions }) => {
                let lacking = permissions.join(", ");
                let detail = format!("the service account does not hold {lacking}; ask for less, or leave `scope` out");
                Self::forbidden("GRANT_EXCEEDS_ACTOR", detail)
            }
            error => error.into(),
        }
    }

    /// The exchange may tell four codes, because whoever gets past the first has shown the secret.
    fn of_credentials(rejection: Rejection, realm: &str) -> Self {
        let disclosure = rejection.disclosure();
        let detail = match disclosure {
            Disclosure::InvalidCredentials => "The client id or the client secret is wrong.",
            Disclosure::Inactive => "The service account is disabled or waits for approval.",
            Disclosure::Expired => "The service account has expired.",
            Disclosure::AddressNotAllowed => "The service account may not be used from this address.",
        };
        let problem = Problem::new(StatusCode::UNAUTHORIZED, disclosure.code(), detail);
        Self(problem.with_challenge(format!("Bearer realm=\"{realm}\"")))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        self.0.into_response()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<ImportError> for Refusal {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Call(error) => error.into(),
            ImportError::Stale => {
                Self(Problem::new(StatusCode::CONFLICT, "PREVIEW_STALE", ImportError::Stale.to_string()))
            }
            other => Self::validation("", &other.to_string()),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match &error {
            Error::FirstToken(_) => Self::of_first_token(error),
            Error::NotPermitted | Error::KnownToTooMany { .. } => Self::insufficient_scope(&error),
            Error::AuthorityLost => Self::forbidden("AUTHORITY_LOST", error.to_string()),
            Error::OwnAccount => Self::forbidden("OWN_ACCOUNT", error.to_string()),
            Error::OwnApproval => Self::forbidden("OWN_APPROVAL", error.to_string()),
            Error::Grant(grant) => Self::of_grant(grant),
            Error::JustificationMissing { .. } => Self::validation("justification", &error.to_string()),
            Error::Name(name) => Self::validation("name", &name.to_string()),
            Error::IdReserved => Self::validation("name", &error.to_string()),
            Error::Lifetime(lifetime) => Self::validation("expires_in_days", &lifetime.to_string()),
            Error::NetworksWiden | Error::TooManyNetworks { .. } => {
                Self::validation("ip_allowlist", &error.to_string())
            }
            Error::TooManySystems { .. } => Self::validation("systems", &error.to_string()),
            Error::SessionLifetime => Self::validation("expires_in", &error.to_string()),
            Error::ExpiryPassed => Self::validation("expires_at", &error.to_string()),
            Error::PeriodReversed => Self::validation("since", &error.to_string()),
            Error::EnvironmentUnknown { .. } | Error::EnvironmentDiffers => {
                Self::validation("environment", &error.to_string())
            }
            Error::RotationNotAllowed => Self::forbidden("ROTATION_NOT_ALLOWED", error.to_string()),
            Error::RotationInProgress => Self::conflict("ROTATION_IN_PROGRESS", &error),
            Error::Rotation(short @ RotationError::SuccessorTooShort) => {
                Self::validation("overlap_days", &short.to_string())
            }
            Error::Rotation(reason) => {
                Self(Problem::new(StatusCode::CONFLICT, "ROTATION_TOO_LATE", reason.to_string()))
            }
            Error::RotationMissing => Self(Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", error.to_string())),
            Error::PolicyBlocked { .. } => {
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "POLICY_BLOCKED", error.to_string());
                Self(problem.with_findings(policies::blocked(&error)))
            }
            Error::PolicyChanged => Self::conflict("OUTDATED", &error),
            Error::PolicyName => Self::validation("name", &error.to_string()),
            Error::PolicyFitsNothing { field, known } => {
                let known = known.join(", ");
                Self::validation(
                    field,
                    &format!("not known here, so the policy would never be asked; known are {known}"),
                )
            }
            Error::PolicyTooLong { .. } => Self::validation("", &error.to_string()),
            Error::DocumentTaken => Self::conflict("NAME_TAKEN", &error),
            Error::ApplicationNotPermitted => Self::forbidden("APPLICATION_NOT_PERMITTED", error.to_string()),
            Error::ApplicationMissing => Self::validation("application", &error.to_string()),
            Error::EventUnknown | Error::EventCount { .. } => Self::validation("events", &error.to_string()),
            Error::Target(target) => Self::validation("url", &target.to_string()),
            Error::TooManySubscriptions { .. } => Self::conflict("TOO_MANY_SUBSCRIPTIONS", &error),
            Error::TooManyTokens { .. } => Self::conflict("TOO_MANY_TOKENS", &error),
            Error::Outdated => Self::conflict("OUTDATED", &error),
            Error::IdTaken => Self::conflict("ID_TAKEN", &error),
            Error::NameTaken => Self::conflict("NAME_TAKEN", &error),
            Error::Revoked => Self::conflict("REVOKED", &error),
            Error::NotRevoked => Self::conflict("NOT_REVOKED", &error),
            Error::NotPending => Self::conflict("NOT_PENDING", &error),
            Error::NotASession => Self::conflict("NOT_A_SESSION", &error),
            Error::TextTooLong { .. } => Self::validation("text", &error.to_string()),
            Error::AccountMissing | Error::TokenMissing | Error::DocumentMissing | Error::NotReviewed => {
                Self(Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", error.to_string()))
            }
            Error::Randomness(_) | Error::Unavailable(_) => Self(Problem::unavailable()),
            _ => Self::conflict("CONFLICT", &error),
        }
    }
}

/// As the field is called in the request.
fn field_of(kind: NameKind) -> &'static str {
    match kind {
        NameKind::Role => "role",
        NameKind::Scope => "scopes",
        NameKind::Permission => "permissions",
    }
}
