//! One token as the planner is given it: the host's key, the environment and the dates.

use crate::environment::Environment;
use crate::facts::TokenFacts;

/// One token of an inventory; `K` is the host's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenEntry<K> {
    /// The host's key.
    pub key: K,
    /// Where the token may be used.
    pub environment: Environment,
    /// The token's dates.
    pub facts: TokenFacts,
}
