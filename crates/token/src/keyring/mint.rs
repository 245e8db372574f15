//! Making tokens.

use core::fmt;

use rand_core::TryCryptoRng;

use super::Keyring;
use crate::base62::{self, DrawError};
use crate::presented::body_of;
use crate::{Digest, Kind, SecretToken, TokenId, Vendor, checksum};

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
        let mut token = SecretToken::unfinished(vendor, kind);
        base62::draw(rng, token.body_mut())?;
        let digest = self.finish(&mut token);
        Ok(Minted { token, digest })
    }

    /// Makes a token of an id that is given out already, with another secret: the earlier text no longer verifies.
    ///
    /// For a text that got lost before anybody used it. A store replaces the digest it has under the id.
    ///
    /// # Errors
    /// As [`mint`](Self::mint).
    pub fn mint_as<R: TryCryptoRng + ?Sized>(
        &self,
        vendor: &Vendor,
        kind: Kind,
        id: &TokenId,
        rng: &mut R,
    ) -> Result<Minted, MintError<R::Error>> {
        let mut token = SecretToken::unfinished(vendor, kind);
        base62::draw(rng, token.body_mut())?;
        token.body_mut().iter_mut().zip(id.as_str().bytes()).for_each(|(slot, symbol)| *slot = symbol);
        let digest = self.finish(&mut token);
        Ok(Minted { token, digest })
    }

    /// Puts the checksum at the end, and makes the record.
    #[inline(never)]
    fn finish(&self, token: &mut SecretToken) -> Digest {
        let (prefix, kind) = (token.vendor().checksum(), token.kind());
        let after_vendor = token.after_vendor_mut();
        let [covered @ .., u, v, w, x, y, z] = after_vendor;
        [*u, *v, *w, *x, *y, *z] = checksum::spell(checksum::continued(prefix, covered));
        Digest::new(self.current.id, self.current.mac.tag(kind, body_of(after_vendor)))
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
