//! Telling a genuine token from any other.

use core::fmt;

use subtle::Choice;

use super::{Key, Keyring};
use crate::{Digest, Presented};

impl Keyring {
    /// Checks a presented token against the record stored under its id.
    ///
    /// Pass `None` where there is no such record: that costs what a wrong secret costs, and the answer is the
    /// same, so nobody learns which ids exist. The same holds for a record under a pepper not in this keyring.
    ///
    /// # Errors
    /// The token is not the one the record was made from. Nothing says how it differs.
    #[inline(never)]
    pub fn verify(&self, presented: &Presented<'_>, stored: Option<&Digest>) -> Result<Verified, Refused> {
        let is_stored = stored.is_some();
        let stored = stored.unwrap_or(&self.stand_in);
        let key = self.find(stored);
        let is_genuine = self.is_genuine(key.unwrap_or(&self.current), presented, stored);
        match key {
            Some(key) if is_stored & bool::from(is_genuine) => Ok(self.verified(key, presented)),
            _ => Err(Refused),
        }
    }

    fn find(&self, stored: &Digest) -> Option<&Key> {
        self.keys().find(|key| key.id == stored.pepper())
    }

    /// All that touches a secret. It is a function of its own so that the constant-time check can tell this,
    /// where no branch may be, from the caller, which must branch on the answer.
    #[inline(never)]
    fn is_genuine(&self, key: &Key, presented: &Presented<'_>, stored: &Digest) -> Choice {
        stored.has_tag(&key.mac.tag(presented.kind(), presented.body()))
    }

    fn verified(&self, key: &Key, presented: &Presented<'_>) -> Verified {
        if key.id == self.current.id { Verified::Current } else { Verified::Rehash(self.digest(presented)) }
    }

    #[inline(never)]
    fn digest(&self, presented: &Presented<'_>) -> Digest {
        Digest::new(self.current.id, self.current.mac.tag(presented.kind(), presented.body()))
    }
}

/// A token is genuine; what that means for its record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verified {
    /// The record is made under the current pepper.
    Current,
    /// The record is made under an earlier pepper: this one is to be stored in its place.
    Rehash(Digest),
}

/// A token is not genuine, or there is no such token; which of the two, nobody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token is not genuine")
    }
}

impl core::error::Error for Refused {}
