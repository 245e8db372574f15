//! Why an administrative call did nothing.

use service_accounts_access::GrantError;
use service_accounts_lifecycle::{LifetimeError, RotationError};
use service_accounts_naming::SanitiseError;
use service_accounts_store::Refusal;

use crate::{PolicyFinding, RandomnessError, TargetError, Unavailable};

/// Why an administrative call did nothing.
///
/// Nothing was changed, whatever the reason, with one exception that no client of a store can rule out: a store that fails
/// after it has made a change and before it has said so leaves the change made. It is whole then, and has its event.
///
/// [`guide::errors`](crate::guide::errors) says for each what to do. `Display` is one clause for whoever runs the host;
/// a source, where there is one, says more. Neither repeats what was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Whoever asks does not hold the permission to manage service accounts.
    #[error(
        "the actor lacks the permission for this call, or a team of the account; an administrator needs every team"
    )]
    NotPermitted,
    /// An account asked to administer itself.
    #[error("no service account administers itself; ask another administrator")]
    OwnAccount,
    /// Whoever asks lost the right to while asking.
    #[error("the actor's own credential or account changed meanwhile; sign in again and retry")]
    AuthorityLost,
    /// More would be granted than whoever asks holds, or a name is not in the catalogue.
    #[error("the grant was refused")]
    Grant(#[source] GrantError),
    /// A grant above the lowest role has no justification.
    #[error("a role above `{lowest}` needs a justification; send one, or ask for `{lowest}`")]
    JustificationMissing {
        /// The role that needs none.
        lowest: String,
    },
    /// The name leaves no id.
    #[error("the name cannot become an id; choose one with letters or digits")]
    Name(#[source] SanitiseError),
    /// The id is reserved.
    #[error("the id is reserved; choose a more descriptive name")]
    IdReserved,
    /// Another account has the id.
    #[error("another account has this id; choose another name, or ask for a number behind it")]
    IdTaken,
    /// Another token of the account has the name.
    #[error("another token of the account has this name; choose another name")]
    NameTaken,
    /// The first token of a new account was refused, and so the account.
    #[error("the first token was refused")]
    FirstToken(#[source] Box<Self>),
    /// The lifetime asked for does not fit the environment.
    #[error("the expiry was refused")]
    Lifetime(#[source] LifetimeError),
    /// A session's networks reach beyond its account's.
    #[error("a session may narrow its account's networks, never widen them")]
    NetworksWiden,
    /// More networks than are allowed here.
    #[error("at most {most} networks are allowed here")]
    TooManyNetworks {
        /// The most allowed.
        most: usize,
    },
    /// More systems than an account keeps.
    #[error("at most {most} systems are kept; name those that matter, or make another account")]
    TooManySystems {
        /// The most kept.
        most: usize,
    },
    /// So many accounts and people know the text of the credential that acts, each by way of another, that it can make none
    /// for other accounts.
    #[error(
        "more than {most} accounts and people may know the credential that asks; ask with one that was made by fewer hands"
    )]
    KnownToTooMany {
        /// The most besides its maker.
        most: usize,
    },
    /// The account has as many tokens as it may, and none of them ended long enough ago to make room.
    #[error("an account has at most {most} tokens, ended ones included; revoke and delete one that nobody needs")]
    TooManyTokens {
        /// The most tokens.
        most: usize,
    },
    /// A date that lies in the past.
    #[error("the expiry lies in the past; give a later date, or disable the account")]
    ExpiryPassed,
    /// A period of time that begins after it ends, so nothing could lie in it.
    #[error("the period begins after it ends; give an end that lies later, or leave one of the two out")]
    PeriodReversed,
    /// The lifecycle policy does not know the environment.
    #[error("the environment is none that the lifecycle policy knows; it knows {}", known.join(", "))]
    EnvironmentUnknown {
        /// The environments that it knows.
        known: Vec<String>,
    },
    /// A token asked for an environment whose tokens may live longer than those of its account's.
    #[error("the account's environment does not stretch to this one; create an account for it")]
    EnvironmentDiffers,
    /// A session's lifetime is out of bounds.
    #[error("a session lives between one second and 24 hours")]
    SessionLifetime,
    /// The credential is a token, not a session.
    #[error("only a session can end itself; ask an administrator to revoke a token")]
    NotASession,
    /// There is no such account.
    #[error("there is no such service account")]
    AccountMissing,
    /// There is no such token or session.
    #[error("there is no such token or session")]
    TokenMissing,
    /// The token was revoked, which is final.
    #[error("the token is revoked, which is final; mint another one")]
    Revoked,
    /// A token must be revoked before it is deleted.
    #[error("revoke the token before deleting it")]
    NotRevoked,
    /// Another request, with another key, has begun a rotation of the token.
    #[error("the token already has a successor; finish or cancel that rotation first")]
    RotationInProgress,
    /// The host lets no token replace itself.
    #[error("no token replaces itself here; ask an administrator to rotate it")]
    RotationNotAllowed,
    /// The token was never rotated.
    #[error("the token was never rotated")]
    RotationMissing,
    /// A rotation does not begin or go on.
    #[error("the rotation was refused")]
    Rotation(#[source] RotationError),
    /// The account does not wait for approval.
    #[error("the service account does not wait for approval")]
    NotPending,
    /// Whoever made or edited what waits asked to approve it, by whatever credential.
    #[error("another administrator than those who made or edited it must approve")]
    OwnApproval,
    /// What waits was changed since it was looked at.
    #[error("what waits for approval has changed; look at it again and approve the revision you have seen")]
    Outdated,
    /// There is no such document.
    #[error("there is no such record")]
    DocumentMissing,
    /// There is such a document already.
    #[error("there is such a record already; choose another name")]
    DocumentTaken,
    /// There is no such application.
    #[error("there is no such application")]
    ApplicationMissing,
    /// The account does not work, or does not hold the application's permission.
    #[error("the service account does not hold the permission of this application")]
    ApplicationNotPermitted,
    /// A pattern of events fits none of this system's.
    #[error("this system has no such event; the names look like `token.revoked` or `token.*`")]
    EventUnknown,
    /// No events, or too many patterns of them.
    #[error("name 1 to {most} events")]
    EventCount {
        /// The most patterns.
        most: usize,
    },
    /// The target of messages is not allowed.
    #[error("the target was refused")]
    Target(#[source] TargetError),
    /// The account has as many subscriptions as it may.
    #[error("an account has at most {most} subscriptions; remove one first")]
    TooManySubscriptions {
        /// The most subscriptions.
        most: usize,
    },
    /// The payload of an event is too long.
    #[error("a payload has at most {most} bytes as json")]
    PayloadTooLong {
        /// The most bytes.
        most: usize,
    },
    /// More text than can be looked through at once.
    #[error("at most {most} bytes of text are looked through at once; send it in parts")]
    TextTooLong {
        /// The most bytes.
        most: usize,
    },
    /// A hard rule of a policy in force objects.
    #[error("{}", blocked(findings))]
    PolicyBlocked {
        /// Everything that policies object to, soft rules included.
        findings: Vec<PolicyFinding>,
    },
    /// The policy is at another version than the one that was read.
    #[error("the policy was changed meanwhile; read it again and decide again")]
    PolicyChanged,
    /// The name of a policy cannot be used.
    #[error("a policy's name has 1 to 128 of the characters a-z A-Z 0-9 . _ - @ :")]
    PolicyName,
    /// The criteria of a policy name an environment or a role that is not known, so it would never be asked.
    #[error("{field} is not known here, so the policy would never be asked; known are {}", known.join(", "))]
    PolicyFitsNothing {
        /// Where the name stands, such as `matching_criteria.roles[0]`.
        field: String,
        /// The names that are known.
        known: Vec<String>,
    },
    /// The policy is too long.
    #[error("a policy has at most {most} bytes of JSON; make two of it")]
    PolicyTooLong {
        /// The most bytes.
        most: usize,
    },
    /// A decision about what was not reviewed.
    #[error("the review has no such account or token, look at its rows")]
    NotReviewed,
    /// The record is full.
    #[error("at most {most} entries are kept here; open another record")]
    TooManyEntries {
        /// The most entries.
        most: usize,
    },
    /// The record would be longer than is kept.
    #[error("the record would be longer than {most} bytes; open another one")]
    RecordTooLong {
        /// The most bytes of JSON.
        most: usize,
    },
    /// The record kept changing under the call.
    #[error("the record changed while the call was at work; try again")]
    Conflict,
    /// No randomness for a secret.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The storage failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Every finding, the policies that blocked and those that only warned.
fn blocked(findings: &[PolicyFinding]) -> String {
    let all: Vec<_> = findings.iter().map(ToString::to_string).collect();
    format!("a policy blocks this: {}", all.join("; "))
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::AccountTaken => Self::IdTaken,
            Refusal::AccountMissing => Self::AccountMissing,
            // A commit of this crate answers `Unchanged` with the record as it is.
            Refusal::TokenTaken | Refusal::Stale | Refusal::RightsChanged | Refusal::Unchanged => Self::Conflict,
            Refusal::DocumentMissing => Self::DocumentMissing,
            Refusal::DocumentTaken => Self::DocumentTaken,
            Refusal::NameTaken => Self::NameTaken,
            Refusal::TooManyTokens { most } => Self::TooManyTokens { most },
            Refusal::TokenMissing => Self::TokenMissing,
            Refusal::Revoked => Self::Revoked,
            Refusal::NotRevoked => Self::NotRevoked,
            Refusal::AuthorityLost => Self::AuthorityLost,
        }
    }
}
