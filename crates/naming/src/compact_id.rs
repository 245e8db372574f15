//! An account id as a plain value.

use core::{fmt, str};

use crate::{AccountId, AccountIdRef};

/// An account id of at most 47 bytes as a value that is copied, not shared.
///
/// For places that many threads read at every request, where a reference count would be written by all of them.
///
/// ```
/// use service_accounts_naming::{AccountId, CompactAccountId};
///
/// let id = AccountId::parse("pipeline_automation@service")?;
/// let compact = CompactAccountId::new(&id).unwrap();
/// assert_eq!(compact.as_str(), "pipeline_automation@service");
/// assert_eq!(AccountId::from(compact), id);
/// # Ok::<(), service_accounts_naming::AccountIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CompactAccountId {
    len: u8,
    bytes: [u8; Self::MAX],
}

impl CompactAccountId {
    /// The longest id, in bytes.
    pub const MAX: usize = 47;

    /// `None` if the id is longer than [`MAX`](Self::MAX).
    pub fn new(id: &AccountId) -> Option<Self> {
        let mut bytes = [0; Self::MAX];
        bytes.get_mut(..id.as_str().len())?.copy_from_slice(id.as_str().as_bytes());
        Some(Self { len: u8::try_from(id.as_str().len()).ok()?, bytes })
    }

    /// With the realm, byte for byte as the id that it was made of.
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        str::from_utf8(text).unwrap_or_default()
    }
}

impl From<CompactAccountId> for AccountId {
    fn from(id: CompactAccountId) -> Self {
        AccountIdRef::unchecked(id.as_str()).into()
    }
}

impl fmt::Display for CompactAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CompactAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CompactAccountId").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn an_id_of_47_bytes_is_the_longest() {
        for (length, fits) in [(46, true), (47, true), (48, false)] {
            let id = AccountId::parse(&format!("{}@service", "a".repeat(length - 8))).unwrap();
            let compact = CompactAccountId::new(&id);
            assert_eq!(compact.map(AccountId::from), fits.then_some(id), "{length}");
        }
    }
}
