//! Every problem that an endpoint answers with: its status, its code, and when it is met.
//!
//! Codes are part of the contract with clients and never change their meaning. A new one is added here; the list of
//! calls says who meets it.

pub(crate) mod oauth;

/// A kind of problem.
///
/// They sort by status, then by code, as the document lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) when: &'static str,
}

macro_rules! kinds {
    ($($name:ident $status:literal $when:literal;)*) => {
        $(pub(crate) const $name: Kind = Kind { status: $status, code: stringify!($name), when: $when };)*
    };
}

kinds! {
    INVALID_REQUEST 400 "The credential is malformed or comes twice, or an address header cannot be read.";
    MALFORMED_JSON 400 "The body is not JSON.";
    UNAUTHENTICATED 401 "There is no credential.";
    INVALID_TOKEN 401 "The credential is not accepted.";
    INVALID_CREDENTIALS 401 "The client id or the client secret is wrong.";
    SERVICE_ACCOUNT_INACTIVE 401 "The account is disabled or waits for approval.";
    SERVICE_ACCOUNT_EXPIRED 401 "The account has expired.";
    IP_NOT_ALLOWED 401 "The account may not be used from this address.";
    INSUFFICIENT_SCOPE 403 "The caller lacks the permission.";
    GRANT_EXCEEDS_ACTOR 403 "More would be granted than the caller holds.";
    AUTHORITY_LOST 403 "The caller's own rights changed while the call was at work.";
    OWN_ACCOUNT 403 "No service account administers itself.";
    OWN_APPROVAL 403 "Whoever created or changed an account does not approve it.";
    NOT_FOUND 404 "There is no such thing.";
    APPLICATION_NOT_PERMITTED 403 "The account does not work, or does not hold the permission of the application.";
    TOO_MANY_TOKENS 409 "The account has as many tokens as it may, and none ended long enough ago to make room.";
    TOO_MANY_SUBSCRIPTIONS 409 "The account has as many subscriptions as it may.";
    ID_TAKEN 409 "The name leads to an id that is taken.";
    NAME_TAKEN 409 "Another has this name.";
    REVOKED 409 "The token is revoked, which is final.";
    ROTATION_NOT_ALLOWED 403 "The host does not let tokens rotate themselves.";
    ROTATION_IN_PROGRESS 409 "Another key has begun a rotation of this token.";
    ROTATION_TOO_LATE 409 "The states of the two tokens do not allow it any more.";
    NOT_REVOKED 409 "A token is revoked before it is deleted.";
    PREVIEW_STALE 409 "The file or what it meets is not what was previewed, or it was imported already.";
    OUTDATED 409 "It has changed since it was looked at.";
    NOT_PENDING 409 "Nothing waits for approval.";
    NOT_A_SESSION 409 "Only a session can end itself.";
    NOT_A_TOKEN 409 "Only a token rotates itself.";
    CONFLICT 409 "The record changed while the call was at work; try again.";
    BODY_TOO_LARGE 413 "The body is larger than allowed.";
    UNSUPPORTED_MEDIA_TYPE 415 "The body is not sent as JSON in UTF-8.";
    VALIDATION_ERROR 422 "A field, a parameter or a cursor does not fit; the detail names it.";
    POLICY_BLOCKED 422 "A hard rule of a policy objects; `findings` lists everything that policies object to.";
    UNAVAILABLE 503 "The service cannot decide right now; try again.";
}
