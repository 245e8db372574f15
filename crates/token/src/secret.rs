//! A token in full, the one time it can be seen.

use alloc::string::String;
use core::fmt;

use zeroize::Zeroizing;

use crate::{Hint, Kind, TokenId};

/// A freshly minted token, to be shown once and then dropped, which wipes it.
///
/// [`expose`](Self::expose) is the only way to the text. There is no `Clone`, `Display`, `PartialEq` or
/// `Serialize`, and `Debug` shows nothing, so that a secret cannot slip into a log, a response or a store.
///
/// ```compile_fail,E0599
/// # fn f(token: service_accounts_token::SecretToken) {
/// let copy = token.clone();
/// # }
/// ```
///
/// ```compile_fail,E0277
/// # fn f(token: service_accounts_token::SecretToken) {
/// println!("{token}");
/// # }
/// ```
///
/// ```compile_fail,E0369
/// # fn f(one: service_accounts_token::SecretToken, other: service_accounts_token::SecretToken) {
/// one == other;
/// # }
/// ```
///
#[cfg_attr(feature = "serde", doc = "```compile_fail,E0277")]
#[cfg_attr(feature = "serde", doc = "# fn f(token: service_accounts_token::SecretToken) {")]
#[cfg_attr(feature = "serde", doc = "serde_json::to_string(&token);")]
#[cfg_attr(feature = "serde", doc = "# }")]
#[cfg_attr(feature = "serde", doc = "```")]
pub struct SecretToken {
    text: Zeroizing<String>,
    id: TokenId,
    kind: Kind,
    hint: Hint,
}

impl SecretToken {
    pub(crate) fn new(text: Zeroizing<String>, id: TokenId, kind: Kind, hint: Hint) -> Self {
        Self { text, id, kind, hint }
    }

    /// The token's text, for its holder and for nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The public id.
    #[must_use]
    pub fn id(&self) -> TokenId {
        self.id
    }

    /// What the token is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The obfuscated form for lists.
    #[must_use]
    pub fn hint(&self) -> Hint {
        self.hint
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(..)")
    }
}
