//! One part of a change of many.

use service_accounts_audit::Event;

use super::Revision;
use crate::{Account, Token};

/// One account of many that come into being in one step, for [`Change::CreateAccounts`](crate::Change::CreateAccounts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// The account.
    pub account: Account,
    /// Its client secret, and its first token if one is asked for.
    pub tokens: Vec<Token>,
    /// What the trail keeps of this account's creation.
    pub event: Event,
}

/// Another state of one token, for [`Change::Tend`](crate::Change::Tend).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tended {
    /// The new state.
    pub token: Token,
    /// The state it was made from.
    pub expected: Revision,
}
