//! What a text says of itself before its checksum is computed and its secret's symbols are looked at.
//!
//! Both of those cost a quarter of two compressions, and tell nothing new of a token that was read and verified before.
//! Whoever remembers its tag and its checksum needs neither: the tag covers kind, id and secret.

use core::fmt;

use crate::presented::{AFTER_VENDOR, BODY, body_of};
use crate::{Kind, TokenId, Vendor, base62, checksum};

/// A text of the length, with the vendor, a kind and an id as a token has them. It may still be none.
///
/// Where its [tag](crate::Keyring::sign) and its [checksum](Self::checksum) are those of a token that was
/// [read](Vendor::read) and verified before, it is that token.
///
/// ```
/// # use service_accounts_token::{Keyring, Kind, Pepper, PepperId, Vendor};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
/// # let vendor = Vendor::parse("acme").unwrap();
/// # let minted = keyring.mint(&vendor, Kind::Token, &mut ChaCha20Rng::from_seed([1; 32])).unwrap();
/// let known = vendor.read(minted.token.expose())?.outline();
/// let remembered = (keyring.sign(&known), known.checksum());
///
/// let shown = vendor.outline(minted.token.expose()).unwrap();
/// assert!(keyring.sign(&shown) == remembered.0 && shown.checksum() == remembered.1);
/// # Ok::<(), service_accounts_token::ParseTokenError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Outline<'t> {
    pub(crate) kind: Kind,
    pub(crate) rest: &'t [u8; AFTER_VENDOR],
}

impl Outline<'_> {
    /// What it claims to be for.
    #[must_use]
    #[inline]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The public id that it claims.
    #[must_use]
    #[inline]
    pub fn id(&self) -> TokenId {
        TokenId::of(self.body())
    }

    /// The last characters, whatever they are. Compare them after the tags: they follow from the secret.
    #[must_use]
    #[inline]
    pub fn checksum(&self) -> [u8; checksum::LEN] {
        let [.., u, v, w, x, y, z] = *self.rest;
        [u, v, w, x, y, z]
    }

    #[inline]
    pub(crate) fn body(&self) -> &[u8; BODY] {
        body_of(self.rest)
    }
}

impl fmt::Debug for Outline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outline").field("kind", &self.kind).field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Vendor {
    /// The outline of one of this vendor's tokens. `None` for a text that [`read`](Self::read) refuses, but not for each.
    #[must_use]
    #[inline]
    pub fn outline<'t>(&self, text: &'t str) -> Option<Outline<'t>> {
        let text = text.as_bytes();
        let rest = text.last_chunk::<AFTER_VENDOR>()?;
        let kind = kind_of(rest)?;
        let [_, _, _, _, from_id @ ..] = rest;
        let id = from_id.first_chunk::<{ TokenId::LEN }>()?;
        let is_one = text.len() == self.token_len() && self.begins(text) && base62::is_text(id);
        is_one.then_some(Outline { kind, rest })
    }
}

/// The kind whose marker stands after the vendor.
#[inline]
pub(crate) fn kind_of([a, b, c, d, ..]: &[u8; AFTER_VENDOR]) -> Option<Kind> {
    Kind::from_marker(&[*a, *b, *c, *d])
}
