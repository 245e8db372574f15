//! How one account comes to have no more than so many tokens.
//!
//! A store only counts. Which token goes is for the caller to choose, who has time to look at all of them; the store checks
//! in the same step that it has ended. So an ordinary mint reads a number, and nothing keeps an index by the end of tokens.

use service_accounts_audit::Event;
use service_accounts_token::TokenId;

/// Where a new token finds room among those that its account has, ended ones included.
///
/// Sessions and client secrets do not count: sessions have [a bound of their own](crate::Change::OpenSession), and of client
/// secrets an account has the present one and the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// The account must have fewer tokens than so many.
    ///
    /// Refused: [`TooManyTokens`](crate::Refusal::TooManyTokens).
    Below(usize),
    /// A token of the account that has ended is removed in the same step, so that their number stays the same.
    ///
    /// It must have been revoked, alone or with all of its account, or its end or its deadline must have come when the new token
    /// was made. Refused: [`Stale`](crate::Refusal::Stale).
    InPlaceOf {
        /// The token that is removed.
        ended: TokenId,
        /// What the trail keeps of the removal; it follows the event of the change.
        event: Box<Event>,
    },
}
