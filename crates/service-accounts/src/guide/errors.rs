//! Every error, and what to do about it.
//!
//! An error of this crate says that nothing was changed, with one exception: after [`Unavailable`](crate::Unavailable) a store
//! may have made the change before it failed. Read again, or repeat a creation or rotation under the same key.
//!
//! ## Administrative calls: [`Error`](crate::Error)
//!
//! | variant | what to do |
//! |---|---|
//! | `NotPermitted` | Give the actor the permission that [`Call`](crate::Call) names, and the account's teams or `Teams::every()` |
//! | `OwnAccount` | Let another administrator do it. No account administers itself |
//! | `AuthorityLost` | The actor's credential or account changed during the call. Authenticate again, then retry |
//! | `Grant` | Ask for less: its source names the role, scope, team or permission that the actor lacks or the catalogue does not know |
//! | `JustificationMissing` | Send a justification, or ask for the lowest role |
//! | `Name` | Choose a name with letters or digits from which an id can be made |
//! | `IdReserved` | Choose a more descriptive name |
//! | `IdTaken` | Choose another name, or create with `OnTaken::Number` |
//! | `NameTaken` | Choose another token name |
//! | `FirstToken` | Its source is the error of the token: see there |
//! | `Lifetime` | Ask for a lifetime that the environment allows; its source says the bounds |
//! | `NetworksWiden` | Narrow the session to networks of its account |
//! | `TooManyNetworks` | Merge networks into larger ones |
//! | `TooManySystems` | Name the systems that matter, or create another account |
//! | `KnownToTooMany` | Act with a credential that a person, or an account close to one, has made |
//! | `TooManyTokens` | [Revoke](crate::TokenHandle::revoke) and [delete](crate::TokenHandle::delete) tokens that nobody needs, or allow more with [`Builder::most_tokens`](crate::Builder::most_tokens) |
//! | `ExpiryPassed` | Give a date in the future, or [disable](crate::AccountHandle::disable) the account |
//! | `PeriodReversed` | Swap `since` and `until`, or leave one of them out |
//! | `EnvironmentUnknown` | Use one of the environments it names, or add it with [`Builder::lifecycle`](crate::Builder::lifecycle) |
//! | `EnvironmentDiffers` | Create an account for that environment |
//! | `SessionLifetime` | Ask for 1 second to 24 hours |
//! | `NotASession` | Revoke the token instead |
//! | `AccountMissing` | Check the id and its realm. Accounts of another realm look missing |
//! | `TokenMissing` | Check that the token id belongs to this account. Sessions are ended by their own call, and client secrets are not tokens |
//! | `Revoked` | Mint a new token. Nothing brings a revoked one back |
//! | `NotRevoked` | Revoke the token, then delete it |
//! | `RotationInProgress` | Repeat the call with the first key, or finish or cancel that rotation |
//! | `RotationNotAllowed` | Let an administrator rotate it, or allow it with [`Builder::self_rotation`](crate::Builder::self_rotation) |
//! | `RotationMissing` | Ask the old token, not its successor |
//! | `Rotation` | Its source says whether to take another key, mint anew, or shorten the overlap |
//! | `NotPending` | No proposal waits for approval: nothing to do |
//! | `OwnApproval` | Let an administrator approve who neither made nor edited it, nor created the account that did |
//! | `Outdated` | Read the account again, and approve the revision that was read |
//! | `PolicyBlocked` | Each finding names the policy, the rule and the field: change the request, or the policy |
//! | `PolicyChanged` | Read the policy again, and decide again |
//! | `PolicyName` | Use 1 to 128 of the characters a-z A-Z 0-9 . _ - @ : |
//! | `PolicyFitsNothing` | Correct the name to one that it lists |
//! | `PolicyTooLong` | Make two policies of it |
//! | `NotReviewed` | Name an account or a token that is a row of this review |
//! | `DocumentMissing` | Check the id of the incident or other record |
//! | `DocumentTaken` | Choose another name |
//! | `ApplicationMissing` | Check the name of the application among those that the host has |
//! | `ApplicationNotPermitted` | Give the account a role or scope with the application's permission; for this system's own events, the permission to read the trail. The account must be enabled |
//! | `EventUnknown` | Name events such as `token.revoked`, or a pattern such as `token.*` |
//! | `EventCount` | Name at least one event, and no more than it says |
//! | `Target` | Its source says what is wrong with the address; send another one |
//! | `TooManySubscriptions` | Remove a subscription first |
//! | `PayloadTooLong` | Send less, or a reference to it |
//! | `TextTooLong` | Send the text in parts |
//! | `TooManyEntries` | Open another record |
//! | `RecordTooLong` | Open another record |
//! | `Conflict` | Retry: others changed the same record eight times in a row |
//! | `Randomness` | Stop and check the machine: without randomness no secret can be made |
//! | `Unavailable` | Retry later; its source says what the store reports |
//!
//! ## Credentials: [`Rejection`](crate::Rejection)
//!
//! The code stands in the trail. The client is told [`Rejection::disclosure`](crate::Rejection::disclosure) at most.
//!
//! | code | what to do |
//! |---|---|
//! | `malformed` | The client sent no credential of this host: check for a truncated or quoted copy, or another vendor prefix |
//! | `wrong_kind` | A client secret was sent as a bearer token, or a token where the client secret belongs |
//! | `unknown` | The credential was deleted, or made on another database |
//! | `wrong_secret` | The secret is wrong, or this process has another pepper: call [`check_peppers`](crate::ServiceAccounts::check_peppers) at the start |
//! | `wrong_client` | The client id and the client secret belong to two accounts |
//! | `wrong_realm` | The credential belongs to another tenant on the same store |
//! | `revoked` | Mint a new token. If nobody should have it, look at [`observation`](crate::TokenHandle::observation) |
//! | `expired` | Mint a new token, and rotate earlier: [`Principal::rotate_after`](crate::Principal::rotate_after) says when |
//! | `account_disabled` | [Enable](crate::AccountHandle::enable) the account |
//! | `account_pending` | A second administrator has to [approve](crate::AccountHandle::approve) it |
//! | `account_expired` | [Update](crate::AccountHandle::update) the account's end |
//! | `wrong_environment` | The credential is for another environment than [`Builder::environment`](crate::Builder::environment) says |
//! | `address_not_allowed` | Add the network, or pass the client's address: behind a proxy, name the proxy as trusted |
//! | `unknown_grant` | The present catalogue lacks a role or scope of the account: add it, or change the account |
//!
//! ## The start: [`PepperError`](crate::PepperError)
//!
//! | variant | what to do |
//! |---|---|
//! | `Missing` | Start with that pepper among the earlier ones |
//! | `Different` | Give the right key for this id. A new key needs a new id |
//! | `Damaged` | Restore the store from a backup |
//! | `Unavailable` | Retry later |

#[cfg(test)]
mod tests {
    use crate::Rejection;

    /// The names of the variants of an enum, by its source.
    fn variants<'a>(source: &'a str, of: &str) -> Vec<&'a str> {
        let body = source.split_once(of).map_or("", |(_, rest)| rest.split("\n}").next().unwrap_or(""));
        let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
        let starts = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
        starts.filter_map(|line| line.split([',', '(', ' ']).next()).collect()
    }

    #[test]
    fn every_error_says_what_to_do() {
        let page = include_str!("errors.rs");
        let errors = variants(include_str!("../error.rs"), "pub enum Error {");
        let starts = variants(include_str!("../upkeep/peppers.rs"), "pub enum PepperError {");
        assert!(errors.len() > 30 && starts.len() == 4, "{errors:?} {starts:?}");
        for name in errors.into_iter().chain(starts).chain(Rejection::ALL.map(Rejection::as_str)) {
            assert!(page.contains(&format!("//! | `{name}` | ")), "`{name}` has no line: say what to do about it");
        }
    }
}
