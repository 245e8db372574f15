//! Reading a token that someone presents.
//!
//! Every position in a token is fixed once the vendor is known, so nothing is searched for and nothing is
//! copied: length first, then prefix and checksum, then the rest. What passes is well-formed, no more;
//! whether it is genuine is for the [`Keyring`](crate::Keyring) to say.

use core::fmt;

use crate::outline::kind_of;
use crate::{Hint, Kind, Outline, TokenId, Vendor, base62, checksum};

/// Symbols of the id and the secret together.
pub(crate) const BODY: usize = TokenId::LEN + 38;

/// Everything after the vendor's underscore: `sat_`, body, checksum.
pub(crate) const AFTER_VENDOR: usize = 4 + BODY + checksum::LEN;

/// A well-formed token, borrowed from the text it was presented in.
///
/// `Debug` shows kind and id; the secret half has no way out.
#[derive(Clone, Copy)]
pub struct Presented<'t> {
    kind: Kind,
    /// The vendor and its underscore.
    prefix: &'t [u8],
    rest: &'t [u8; AFTER_VENDOR],
}

impl<'t> Presented<'t> {
    /// What the token claims to be for; true once it has verified.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The public id to look the token up by.
    #[must_use]
    pub fn id(&self) -> TokenId {
        TokenId::of(self.body())
    }

    /// What can be told of it before its checksum and its secret are looked at.
    #[must_use]
    #[inline]
    pub fn outline(&self) -> Outline<'t> {
        Outline { kind: self.kind, rest: self.rest }
    }

    /// The obfuscated form for logs and lists.
    #[must_use]
    pub fn hint(&self) -> Hint {
        Hint::of(self.prefix, self.rest)
    }

    #[inline]
    pub(crate) fn body(&self) -> &[u8; BODY] {
        body_of(self.rest)
    }
}

/// The id and the secret.
#[inline]
pub(crate) const fn body_of(after_vendor: &[u8; AFTER_VENDOR]) -> &[u8; BODY] {
    let [_, _, _, _, body @ .., _, _, _, _, _, _] = after_vendor;
    body
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").field("kind", &self.kind).field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Vendor {
    /// Reads one of this vendor's tokens, without copying or allocating.
    ///
    /// The whole text must be the token: no white space, nothing before or after.
    ///
    /// # Errors
    /// The text has another length, another vendor, a checksum that does not fit, or a shape that no
    /// minted token has. Nothing of the text is in the error.
    #[inline]
    pub fn read<'t>(&self, text: &'t str) -> Result<Presented<'t>, ParseTokenError> {
        self.read_bytes(text.as_bytes())
    }

    #[inline]
    pub(crate) fn read_bytes<'t>(&self, text: &'t [u8]) -> Result<Presented<'t>, ParseTokenError> {
        let (prefix, rest) = text.split_last_chunk().ok_or(ParseTokenError::Length(text.len()))?;
        // Only the kind is handed back, in a register: the caller's own copy of the rest is free, where
        // one through memory would cost as much as the checksum.
        let kind = self.check(text, rest)?;
        Ok(Presented { kind, prefix, rest })
    }

    #[inline(never)]
    fn check(&self, text: &[u8], rest: &[u8; AFTER_VENDOR]) -> Result<Kind, ParseTokenError> {
        if text.len() != self.token_len() {
            return Err(ParseTokenError::Length(text.len()));
        }
        if !self.begins(text) {
            return Err(ParseTokenError::Vendor);
        }
        let symbols = self.examine(rest);
        if !symbols.has_checksum {
            return Err(ParseTokenError::Checksum);
        }
        let kind = kind_of(rest).ok_or(ParseTokenError::Kind)?;
        if symbols.is_text { Ok(kind) } else { Err(ParseTokenError::Character) }
    }

    /// All that touches the secret. It is a function of its own so that the constant-time check can tell
    /// this, where no branch may be, from the caller, which must branch on the answers.
    #[inline(never)]
    fn examine(&self, rest: &[u8; AFTER_VENDOR]) -> Symbols {
        let [covered @ .., u, v, w, x, y, z] = rest;
        let presented = checksum::read(&[*u, *v, *w, *x, *y, *z]);
        let computed = checksum::continued(self.checksum(), covered);
        let [_, _, _, _, symbols @ ..] = rest;
        Symbols { has_checksum: u64::from(computed) == presented, is_text: base62::is_text(symbols) }
    }
}

/// What the symbols of a presented token are.
struct Symbols {
    has_checksum: bool,
    is_text: bool,
}

/// Why a text is none of the vendor's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTokenError {
    /// Its length in bytes is not that of the vendor's tokens.
    Length(usize),
    /// It does not begin with the vendor and an underscore.
    Vendor,
    /// Its last six characters are not the checksum of the rest.
    Checksum,
    /// No known kind stands after the vendor.
    Kind,
    /// Its body holds something other than `0-9A-Za-z`.
    Character,
}

impl fmt::Display for ParseTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "no token of this vendor is {length} bytes long"),
            Self::Vendor => f.write_str("the token belongs to another vendor"),
            Self::Checksum => f.write_str("the checksum does not fit the token"),
            Self::Kind => f.write_str("the token is of no known kind"),
            Self::Character => f.write_str("the token holds a character outside its alphabet"),
        }
    }
}

impl core::error::Error for ParseTokenError {}
