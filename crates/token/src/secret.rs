//! A token in full, the one time it can be seen.

use alloc::boxed::Box;
use core::{fmt, str};

use crate::presented::{AFTER_VENDOR, BODY, body_of};
use crate::{Hint, Kind, TokenId, Vendor, wipe};

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
    vendor: Vendor,
    kind: Kind,
    /// The text, at the end of its place. It is on the heap, so that moving the token copies none of it.
    text: Box<[u8; LONGEST]>,
}

/// Bytes of a token of the longest vendor.
const LONGEST: usize = Vendor::MAX + 1 + AFTER_VENDOR;

impl SecretToken {
    /// Vendor and kind, and zeros where the rest will be.
    pub(crate) fn unfinished(vendor: &Vendor, kind: Kind) -> Self {
        let mut token = Self { vendor: *vendor, kind, text: Box::new([0; LONGEST]) };
        if let Some([name @ .., underscore]) = token.text.first_chunk_mut::<{ Vendor::MAX + 1 }>() {
            *name = vendor.right_aligned();
            *underscore = b'_';
        }
        let [a, b, c, d, ..] = token.after_vendor_mut();
        [*a, *b, *c, *d] = *kind.marker();
        token
    }

    /// The token's text, for its holder and for nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The public id.
    #[must_use]
    pub fn id(&self) -> TokenId {
        TokenId::of(body_of(self.after_vendor()))
    }

    /// What the token is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The obfuscated form for lists.
    #[must_use]
    pub fn hint(&self) -> Hint {
        let (prefix, _) = self.as_bytes().split_at(self.vendor.token_len() - AFTER_VENDOR);
        Hint::of(prefix, self.after_vendor())
    }

    pub(crate) fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    /// The places of the id and the secret.
    pub(crate) fn body_mut(&mut self) -> &mut [u8; BODY] {
        let [_, _, _, _, body @ .., _, _, _, _, _, _] = self.after_vendor_mut();
        body
    }

    pub(crate) fn after_vendor_mut(&mut self) -> &mut [u8; AFTER_VENDOR] {
        let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, rest @ ..] = &mut *self.text;
        rest
    }

    fn as_bytes(&self) -> &[u8] {
        self.text.get(LONGEST - self.vendor.token_len()..).unwrap_or_default()
    }

    fn after_vendor(&self) -> &[u8; AFTER_VENDOR] {
        let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, rest @ ..] = &*self.text;
        rest
    }
}

impl Drop for SecretToken {
    fn drop(&mut self) {
        wipe::bytes(&mut *self.text);
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(..)")
    }
}
