//! What holds of every declared permission: checked by the compiler for the macro, at build time for the rest.

use crate::{NameError, Permission, ScopeName};

/// A hand-written [`Permission`] breaks a promise of the trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PermissionError {
    /// The index of a permission is 128 or more.
    #[error("permission {position} has an index above 127")]
    IndexTooLarge {
        /// Its place in [`Permission::ALL`], from 1.
        position: usize,
    },
    /// Two permissions share an index.
    #[error("permission {position} has the index of an earlier one")]
    IndexTaken {
        /// The place of the later one in [`Permission::ALL`], from 1.
        position: usize,
    },
    /// Two permissions share a name.
    #[error("permission {position} has the name of an earlier one")]
    NameTaken {
        /// The place of the later one in [`Permission::ALL`], from 1.
        position: usize,
    },
    /// The name could not be used as a scope.
    #[error("permission {position} has an unusable name")]
    Name {
        /// Its place in [`Permission::ALL`], from 1.
        position: usize,
        /// What is wrong with the name.
        source: NameError,
    },
}

/// Holds a declaration to the promises of [`Permission`].
pub(crate) fn check<P: Permission>() -> Result<(), PermissionError> {
    let mut earlier: &[P] = &[];
    for (at, permission) in P::ALL.iter().copied().enumerate() {
        let position = at.saturating_add(1);
        ScopeName::parse(permission.name()).map_err(|source| PermissionError::Name { position, source })?;
        if permission.index() > 127 {
            return Err(PermissionError::IndexTooLarge { position });
        }
        if earlier.iter().any(|other| other.index() == permission.index()) {
            return Err(PermissionError::IndexTaken { position });
        }
        if earlier.iter().any(|other| other.name() == permission.name()) {
            return Err(PermissionError::NameTaken { position });
        }
        earlier = P::ALL.get(..position).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Broken<const CASE: u8>(u32);

    impl<const CASE: u8> Permission for Broken<CASE> {
        const ALL: &'static [Self] = &[Self(0), Self(1)];

        fn name(self) -> &'static str {
            match (CASE, self.0) {
                (3, 1) => "not a name",
                (2, _) | (_, 0) => "first",
                _ => "second",
            }
        }

        fn summary(self) -> &'static str {
            "nothing"
        }

        fn index(self) -> u32 {
            match CASE {
                0 => self.0 * 127,
                1 => 0,
                4 => self.0 * 128,
                _ => self.0,
            }
        }
    }

    #[test]
    fn a_hand_written_declaration_is_held_to_its_promises() {
        assert_eq!(check::<Broken<0>>(), Ok(()));
        assert_eq!(check::<Broken<1>>(), Err(PermissionError::IndexTaken { position: 2 }));
        assert_eq!(check::<Broken<2>>(), Err(PermissionError::NameTaken { position: 2 }));
        assert!(matches!(check::<Broken<3>>(), Err(PermissionError::Name { position: 2, .. })));
        assert_eq!(check::<Broken<4>>(), Err(PermissionError::IndexTooLarge { position: 2 }));
    }
}
