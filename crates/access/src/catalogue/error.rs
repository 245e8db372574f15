//! Why a catalogue cannot be built.

use core::fmt;

use crate::{NameError, NameKind, PermissionError, UnknownName};

/// The roles and scopes do not make a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// There is no role, so no account could be created.
    #[error("a catalogue needs at least one role")]
    NoRoles,
    /// The host's permissions break a promise.
    #[error(transparent)]
    Permissions(#[from] PermissionError),
    /// A role or scope has an unusable name.
    #[error("{place}: {reason}")]
    Name {
        /// Which one.
        place: EntryPlace,
        /// What is wrong with the name.
        reason: NameError,
    },
    /// A role or scope has the name of an earlier one.
    #[error("{place} has the name of an earlier one")]
    Duplicate {
        /// Which one.
        place: EntryPlace,
    },
    /// A scope has the name of a permission, which is a scope already.
    #[error("{place} has the name of a permission")]
    PermissionName {
        /// Which one.
        place: EntryPlace,
    },
    /// A role includes, or a role or scope holds, something that does not exist.
    #[error("{place}: {reason}")]
    Unknown {
        /// Which one.
        place: EntryPlace,
        /// What was not found, and what is near it.
        reason: UnknownName,
    },
    /// A role includes itself, directly or through others.
    #[error("{place} includes itself")]
    Cycle {
        /// Which one.
        place: EntryPlace,
    },
}

/// A role or scope by its place in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryPlace {
    /// Role or scope.
    pub kind: NameKind,
    /// Its place among its kind, from 1.
    pub position: usize,
}

impl EntryPlace {
    /// The place of the entry that `preceding` others precede.
    pub(crate) const fn after(kind: NameKind, preceding: usize) -> Self {
        Self { kind, position: preceding.saturating_add(1) }
    }
}

impl fmt::Display for EntryPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.position)
    }
}
