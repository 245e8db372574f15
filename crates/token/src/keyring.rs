//! The peppers a service holds, and what it does with them: mint, verify, re-hash.
//!
//! New tokens are made under the current pepper; records made under an earlier one still verify, and each
//! that does comes back re-hashed, to be stored in place of the old. So a pepper is replaced while tokens
//! live on, and taking an earlier one away kills exactly the tokens still stored under it.

mod check;
mod fingerprint;
mod load;
mod mac;
mod mint;
mod verify;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::{Digest, Pepper, PepperId};
use mac::Mac;

pub use check::{KeyCheck, KeyCheckError};
pub use fingerprint::Fingerprint;
#[cfg(feature = "std")]
pub use load::KeyringEnvError;
pub use load::KeyringLoadError;
pub use mint::{MintError, Minted};
pub use verify::{Refused, Verified};

/// The current pepper and the earlier ones that still verify.
///
/// It can be shared between threads and cannot be cloned: a service has one. Its key material is wiped when it is
/// dropped.
///
/// ```
/// use service_accounts_token::{Keyring, Pepper, PepperId};
///
/// let keyring = Keyring::new(PepperId::parse("k2")?, Pepper::from_bytes([2; 32]))
///     .with_earlier(PepperId::parse("k1")?, Pepper::from_bytes([1; 32]))?;
/// assert_eq!(keyring.current().as_str(), "k2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// ```compile_fail,E0599
/// # fn f(keyring: service_accounts_token::Keyring) {
/// let copy = keyring.clone();
/// # }
/// ```
pub struct Keyring {
    current: Box<Key>,
    #[expect(clippy::vec_box, reason = "a growing vector would leave unwiped copies of what it moves")]
    earlier: Vec<Box<Key>>,
    /// What is compared with where no record is.
    stand_in: Digest,
}

impl Keyring {
    /// A keyring of one pepper.
    #[must_use]
    pub fn new(id: PepperId, pepper: Pepper) -> Self {
        let stand_in = Digest::new(id, [0; 32]);
        Self { current: Key::new(id, &pepper), earlier: Vec::new(), stand_in }
    }

    /// Adds a pepper under which older records may still stand.
    ///
    /// # Errors
    /// The keyring has a pepper of this id already.
    pub fn with_earlier(mut self, id: PepperId, pepper: Pepper) -> Result<Self, KeyringError> {
        self.refuse_known(id)?;
        self.earlier.push(Key::new(id, &pepper));
        Ok(self)
    }

    /// Makes a new pepper the current one; the current one becomes the first of the earlier.
    ///
    /// # Errors
    /// The keyring has a pepper of this id already.
    pub fn rotated(mut self, id: PepperId, pepper: Pepper) -> Result<Self, KeyringError> {
        self.refuse_known(id)?;
        let before = core::mem::replace(&mut self.current, Key::new(id, &pepper));
        self.earlier.insert(0, before);
        self.stand_in = Digest::new(id, [0; 32]);
        Ok(self)
    }

    /// Takes an earlier pepper away; every token still stored under it is dead from here on.
    ///
    /// # Errors
    /// The pepper is the current one, or none of this keyring's.
    pub fn retired(mut self, id: PepperId) -> Result<Self, KeyringError> {
        if id == self.current.id {
            return Err(KeyringError::Current);
        }
        let place = self.earlier.iter().position(|key| key.id == id).ok_or(KeyringError::Unknown)?;
        self.earlier.remove(place);
        Ok(self)
    }

    /// The id of the pepper new tokens are made under.
    #[must_use]
    pub fn current(&self) -> PepperId {
        self.current.id
    }

    /// The ids of all peppers, the current one first.
    pub fn peppers(&self) -> impl Iterator<Item = PepperId> + '_ {
        self.keys().map(|key| key.id)
    }

    /// A key of another purpose; the message begins with a domain that no token's does.
    pub(crate) fn derive(&self, pepper: PepperId, message: &[u8]) -> Option<[u8; Pepper::LEN]> {
        self.keys().find(|key| key.id == pepper).map(|key| key.mac.tag_of(message))
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        core::iter::once(&self.current).chain(&self.earlier).map(AsRef::as_ref)
    }

    fn refuse_known(&self, id: PepperId) -> Result<(), KeyringError> {
        if self.peppers().any(|known| known == id) { Err(KeyringError::Known) } else { Ok(()) }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peppers: Vec<_> = self.peppers().collect();
        f.debug_struct("Keyring").field("peppers", &peppers).finish_non_exhaustive()
    }
}

/// Why a keyring was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyringError {
    /// It has a pepper of this id already.
    Known,
    /// The current pepper cannot be retired.
    Current,
    /// It has no pepper of this id.
    Unknown,
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known => "the keyring has a pepper of this id already",
            Self::Current => "the current pepper cannot be retired",
            Self::Unknown => "the keyring has no pepper of this id",
        })
    }
}

impl core::error::Error for KeyringError {}

/// One pepper, ready for use.
struct Key {
    id: PepperId,
    mac: Mac,
}

impl Key {
    fn new(id: PepperId, pepper: &Pepper) -> Box<Self> {
        Box::new(Self { id, mac: Mac::new(pepper.expose()) })
    }
}
