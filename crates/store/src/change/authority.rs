//! On whose word a change is made.

use service_accounts_access::TokenGrant;
use service_accounts_naming::AccountId;
use service_accounts_token::TokenId;
use time::UtcDateTime;

use super::Revision;

/// On whose word a change is made; the store reads it again inside the transaction.
///
/// Rights that were lost between the decision and the write are lost: no token is minted in the seconds after its minter
/// was disabled.
///
/// Only the credential, its account and its scopes are compared. Whether they are enough for the change was decided by
/// the facade, on records whose revisions the change names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The host's own code.
    Host,
    /// A service account that showed a credential.
    Credential {
        /// The credential; it and its account must still work at `at`.
        token: TokenId,
        /// Its account.
        account: AccountId,
        /// The state of its account by which it was judged; it must be the present one.
        account_revision: Revision,
        /// The scopes of the credential by which it was judged; they must be the present ones.
        grant: TokenGrant,
        /// The instant by which expiry is judged.
        at: UtcDateTime,
    },
}
