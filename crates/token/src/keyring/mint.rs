//! Making tokens.

use alloc::string::String;
use core::fmt;

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::Keyring;
use crate::base62::{self, DrawError};
use crate::presented::BODY;
use crate::{Digest, Hint, Kind, SecretToken, TokenId, Vendor, checksum};

/// A new token and what to store for it.
#[derive(Debug)]
pub struct Minted {
    /// The token, for its holder.
    pub token: SecretToken,
    /// The record, for the store.
    pub digest: Digest,
}

impl Keyring {
    /// Makes a token of `kind` under the current pepper: 16 random characters of id, 38 of secret.
    ///
    /// Each character is uniform over the 62. That two tokens get one id is left to chance (less than one in
    /// 10²⁸), so a store must refuse an id it already has.
    ///
    /// # Errors
    /// The random source failed, or gives nothing usable. There is no token then, and nothing to store.
    pub fn mint<R: TryCryptoRng + ?Sized>(
        &self,
        vendor: &Vendor,
        kind: Kind,
        rng: &mut R,
    ) -> Result<Minted, MintError<R::Error>> {
        let mut body = Zeroizing::new([0; BODY]);
        base62::draw(rng, body.as_mut_slice())?;
        Ok(self.assemble(vendor, kind, &body))
    }

    #[inline(never)]
    fn assemble(&self, vendor: &Vendor, kind: Kind, body: &[u8; BODY]) -> Minted {
        let mut covered = Zeroizing::new([0; 4 + BODY]);
        covered.iter_mut().zip(kind.marker().iter().chain(body)).for_each(|(slot, byte)| *slot = *byte);
        let checksum = checksum::continued(vendor.checksum(), covered.as_slice());
        let mut text = Zeroizing::new(String::with_capacity(vendor.token_len()));
        text.push_str(vendor.as_str());
        text.push('_');
        // The mask changes no symbol; with it there is no question, and so no branch, of more than one byte.
        text.extend(covered.iter().chain(&checksum).map(|symbol| char::from(symbol & 0x7f)));
        let digest = Digest::new(self.current.id, self.current.mac.tag(kind, body));
        let id = TokenId::of(body);
        let hint = Hint::of(vendor, kind, body, &checksum);
        Minted { token: SecretToken::new(text, id, kind, hint), digest }
    }
}

/// Why no token was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MintError<E> {
    /// The random source failed.
    Source(E),
    /// The random source gives almost nothing but values that must be thrown away, so it cannot be random.
    Unusable,
}

impl<E> fmt::Display for MintError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source(_) => "the random source failed",
            Self::Unusable => "the random source gives nothing usable",
        })
    }
}

impl<E: core::error::Error + 'static> core::error::Error for MintError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Source(error) => Some(error),
            Self::Unusable => None,
        }
    }
}

impl<E> From<DrawError<E>> for MintError<E> {
    fn from(error: DrawError<E>) -> Self {
        match error {
            DrawError::Source(error) => Self::Source(error),
            DrawError::Unusable => Self::Unusable,
        }
    }
}
