//! Scopes as they travel (RFC 6749 §3.3).

use alloc::{
    collections::{BTreeSet, btree_set},
    string::String,
};
use core::fmt;

use serde::{Serialize, Serializer};

use crate::{ErrorCode, OAuthError};

/// Names of scopes, each once, in order; written with single spaces between them.
///
/// What a client asks for is never empty. An answer may be: such a token reaches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeList(BTreeSet<String>);

impl ScopeList {
    /// Reads what a client asks for. A name that occurs twice counts once.
    ///
    /// # Errors
    /// `invalid_scope` if the text is empty, has a character outside `%x21 / %x23-5B / %x5D-7E`, or other than single
    /// spaces between names.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        Self::of(text.split(' '))
    }

    /// Collects names, none of them included.
    ///
    /// # Errors
    /// `invalid_scope` if a name is empty or has a character that §3.3 does not allow.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, OAuthError> {
        let name = |name: &'n str| is_scope(name).then(|| name.into());
        let names: Option<_> = names.into_iter().map(name).collect();
        let malformed = || OAuthError::new(ErrorCode::InvalidScope, "name scopes with single spaces between them");
        names.map(Self).ok_or_else(malformed)
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether nothing is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a ScopeList {
    type Item = &'a String;
    type IntoIter = btree_set::Iter<'a, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for ScopeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{name}")?;
        }
        Ok(())
    }
}

impl Serialize for ScopeList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn is_scope(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
