//! The public half of a token: what a store looks it up by.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::{self, FromStr};

use crate::base62;
use crate::presented::BODY;

/// A token's public id, 16 characters of base62.
///
/// It is no secret: it stands in lists, logs and audit trails, and it is what a store finds a token by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenId([u8; TokenId::LEN]);

impl TokenId {
    /// Characters in an id.
    pub const LEN: usize = 16;

    /// Reads an id.
    ///
    /// # Errors
    /// The text is not 16 characters of `0-9A-Za-z`.
    pub fn parse(text: &str) -> Result<Self, TokenIdError> {
        let bytes = text.as_bytes().try_into().map_err(|_| TokenIdError::Length(text.len()))?;
        if base62::is_text(text.as_bytes()) { Ok(Self(bytes)) } else { Err(TokenIdError::Character) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The id that a token's body begins with; the body was found to be base62 before.
    #[inline]
    pub(crate) fn of(body: &[u8; BODY]) -> Self {
        let mut id = [0; Self::LEN];
        id.iter_mut().zip(body).for_each(|(slot, symbol)| *slot = *symbol);
        Self(id)
    }
}

impl Hash for TokenId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(u128::from_le_bytes(self.0));
    }
}

/// Hashes ids for maps whose keys the host minted itself, in about a nanosecond.
///
/// Such ids are random, and nobody outside chooses which of them are kept, so a map of them needs no keyed hash against
/// crowding. For ids that others choose, take the standard library's.
///
/// ```
/// use std::collections::HashMap;
/// use std::hash::BuildHasherDefault;
/// use service_accounts_token::{TokenId, TokenIdHasher};
///
/// let mut uses: HashMap<TokenId, u32, BuildHasherDefault<TokenIdHasher>> = HashMap::default();
/// *uses.entry(TokenId::parse("0123456789abcdef")?).or_default() += 1;
/// # Ok::<(), service_accounts_token::TokenIdError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenIdHasher(u64);

impl Hasher for TokenIdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    /// The product's halves folded together: every bit of the id reaches every part of the hash that a map looks at.
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "the halves of a number are meant")]
    fn write_u128(&mut self, id: u128) {
        let mixed = (id as u64 ^ self.0 ^ 0x9e37_79b9_7f4a_7c15, (id >> 64) as u64 ^ 0xd1b5_4a32_d192_ed03);
        let product = u128::from(mixed.0) * u128::from(mixed.1);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u128(u128::from(*byte)));
    }
}

impl FromStr for TokenId {
    type Err = TokenIdError;

    fn from_str(text: &str) -> Result<Self, TokenIdError> {
        Self::parse(text)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenId").field(&self.as_str()).finish()
    }
}

/// Why a text is no token id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenIdError {
    /// Its length in bytes is not 16.
    Length(usize),
    /// It holds something other than `0-9A-Za-z`.
    Character,
}

impl fmt::Display for TokenIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "a token id has 16 characters, this one {length}"),
            Self::Character => f.write_str("a token id holds only 0 to 9, A to Z and a to z"),
        }
    }
}

impl core::error::Error for TokenIdError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_id_hashes_to_the_same_number_everywhere() {
        let hash = |text| {
            let mut hasher = TokenIdHasher::default();
            TokenId::parse(text).unwrap().hash(&mut hasher);
            hasher.finish()
        };
        let mixed = |id: u128| {
            let (low, high) = (id & u128::from(u64::MAX), id >> 64);
            let product = (low ^ 0x9e37_79b9_7f4a_7c15) * (high ^ 0xd1b5_4a32_d192_ed03);
            u64::try_from((product ^ (product >> 64)) & u128::from(u64::MAX)).unwrap()
        };
        for text in ["0123456789abcdef", "0123456789abcdeg", "1123456789abcdef", "ZZZZZZZZZZZZZZZZ"] {
            assert_eq!(hash(text), mixed(u128::from_le_bytes(text.as_bytes().try_into().unwrap())), "{text}");
        }
        assert_eq!(hash("0123456789abcdef"), 0x171f_37e0_38d4_f5b2);
    }

    #[test]
    fn bytes_hash_in_their_order() {
        let hash = |bytes: &[u8]| {
            let mut hasher = TokenIdHasher::default();
            hasher.write(bytes);
            hasher.finish()
        };
        assert_ne!(hash(b"ab"), hash(b"ba"));
        assert_ne!(hash(b"a"), hash(b"aa"));
    }

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id: TokenId = "Ab12Cd34Ef56Gh78".parse().unwrap();
        assert_eq!(id.as_str(), "Ab12Cd34Ef56Gh78");
        assert_eq!(id.to_string(), "Ab12Cd34Ef56Gh78");
        assert_eq!(alloc::format!("{id:?}"), "TokenId(\"Ab12Cd34Ef56Gh78\")");
    }

    #[test]
    fn an_id_has_sixteen_base62_characters() {
        assert_eq!(TokenId::parse("Ab12Cd34Ef56Gh7"), Err(TokenIdError::Length(15)));
        assert_eq!(TokenId::parse("Ab12Cd34Ef56Gh789"), Err(TokenIdError::Length(17)));
        assert_eq!(TokenId::parse("Ab12Cd34Ef56Gh7_"), Err(TokenIdError::Character));
        assert_eq!(TokenIdError::Length(15).to_string(), "a token id has 16 characters, this one 15");
        assert_eq!(TokenIdError::Character.to_string(), "a token id holds only 0 to 9, A to Z and a to z");
    }
}
