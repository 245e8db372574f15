//! Permissions as bits: one AND decides.

use core::fmt;
use core::marker::PhantomData;

use crate::Permission;

/// A set of permissions, kept as the bits of one `u128`.
///
/// It is `Copy`, allocates nothing, and asks [`contains`](Self::contains) in about a nanosecond. Bits never leave the
/// process: text and serde use the permissions' names, so that reordering a declaration changes nobody's rights.
///
/// ```
/// use service_accounts_access::PermissionSet;
/// use service_accounts_access::presets::data_quality::Permission::{DatastoresView, ResultsRead};
///
/// let held: PermissionSet<_> = [ResultsRead].into_iter().collect();
/// assert!(held.contains(ResultsRead) && !held.contains(DatastoresView));
/// assert_eq!(held.to_string(), "results:read");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionSet<P: Permission> {
    bits: u128,
    of: PhantomData<P>,
}

impl<P: Permission> PermissionSet<P> {
    /// No permission at all.
    #[must_use]
    pub const fn empty() -> Self {
        Self { bits: 0, of: PhantomData }
    }

    /// Every permission there is.
    #[must_use]
    pub fn all() -> Self {
        P::ALL.iter().copied().collect()
    }

    /// This set and one permission more.
    #[must_use]
    pub fn with(self, permission: P) -> Self {
        Self::of(self.bits | bit(permission))
    }

    /// This set but for one permission.
    #[must_use]
    pub fn without(self, permission: P) -> Self {
        Self::of(self.bits & !bit(permission))
    }

    /// Whether the permission is in the set.
    #[inline]
    #[must_use]
    pub fn contains(self, permission: P) -> bool {
        self.bits & bit(permission) != 0
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self::of(self.bits | other.bits)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self::of(self.bits & other.bits)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self::of(self.bits & !other.bits)
    }

    /// Whether the other set has all of this one.
    #[must_use]
    pub const fn is_subset(self, other: Self) -> bool {
        self.bits & !other.bits == 0
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// How many permissions are in the set.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.bits.count_ones()
    }

    /// The permissions in the set, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = P> {
        P::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }

    const fn of(bits: u128) -> Self {
        Self { bits, of: PhantomData }
    }
}

impl<P: Permission> Default for PermissionSet<P> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<P: Permission> FromIterator<P> for PermissionSet<P> {
    fn from_iter<I: IntoIterator<Item = P>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::empty(), Self::with)
    }
}

impl<P: Permission> Extend<P> for PermissionSet<P> {
    fn extend<I: IntoIterator<Item = P>>(&mut self, permissions: I) {
        *self = permissions.into_iter().fold(*self, Self::with);
    }
}

impl<P: Permission> From<P> for PermissionSet<P> {
    fn from(permission: P) -> Self {
        Self::empty().with(permission)
    }
}

impl<P: Permission> fmt::Display for PermissionSet<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, permission) in self.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            f.write_str(permission.name())?;
        }
        Ok(())
    }
}

impl<P: Permission> fmt::Debug for PermissionSet<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The permission's bit; none for an index past the last bit, so that a broken declaration denies.
#[inline]
fn bit<P: Permission>(permission: P) -> u128 {
    1_u128.checked_shl(permission.index()).unwrap_or(0)
}

#[cfg(feature = "serde")]
mod as_names {
    use alloc::string::String;
    use alloc::vec::Vec;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::PermissionSet;
    use crate::Permission;

    impl<P: Permission> Serialize for PermissionSet<P> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.iter().map(P::name))
        }
    }

    impl<'de, P: Permission> Deserialize<'de> for PermissionSet<P> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let names = Vec::<String>::deserialize(deserializer)?;
            names.iter().map(|name| P::named(name).map_err(D::Error::custom)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;
    use crate::presets::data_quality::Permission::{self as P, DatastoresView, ResultsRead, UsersView};

    #[test]
    fn a_set_is_what_was_put_in() {
        let set: PermissionSet<P> = [ResultsRead, UsersView, ResultsRead].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [ResultsRead, UsersView]);
        assert_eq!(set.len(), 2);
        assert!(set.contains(UsersView) && !set.contains(DatastoresView));
        assert_eq!(set.without(UsersView), ResultsRead.into());
        assert!(set.without(UsersView).without(ResultsRead).is_empty() && !set.is_empty());
        assert_eq!(PermissionSet::<P>::all().len(), 6);
        assert_eq!(PermissionSet::<P>::default(), PermissionSet::empty());
    }

    #[test]
    fn sets_combine_as_sets_do() {
        let left: PermissionSet<P> = [ResultsRead, UsersView].into_iter().collect();
        let right: PermissionSet<P> = [UsersView, DatastoresView].into_iter().collect();
        assert_eq!(left.intersection(right), UsersView.into());
        assert_eq!(left.difference(right), ResultsRead.into());
        assert_eq!(left.union(right).len(), 3);
        assert!(left.is_subset(left.union(right)) && !left.is_subset(right));
        assert!(left.intersection(right).is_subset(left) && PermissionSet::<P>::empty().is_subset(left));
    }

    #[test]
    fn a_set_reads_as_names() {
        let mut set = PermissionSet::from(UsersView);
        set.extend([ResultsRead]);
        assert_eq!(set.to_string(), "results:read, users:view");
        assert_eq!(alloc::format!("{set:?}"), "{ResultsRead, UsersView}");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn the_encoding_is_a_list_of_names_and_an_unknown_one_is_refused() {
        let set: PermissionSet<P> = [UsersView, ResultsRead].into_iter().collect();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["results:read","users:view"]"#);
        assert_eq!(serde_json::from_str::<PermissionSet<P>>(r#"["users:view","results:read"]"#).unwrap(), set);
        for text in ["null", r#"["results:read","users:look"]"#, "[0]", "3"] {
            assert!(serde_json::from_str::<PermissionSet<P>>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_index_past_the_last_bit_is_in_no_set() {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        struct Broken;

        impl Permission for Broken {
            const ALL: &'static [Self] = &[Self];

            fn name(self) -> &'static str {
                "broken"
            }

            fn summary(self) -> &'static str {
                "has an index of 128"
            }

            fn index(self) -> u32 {
                128
            }
        }

        assert!(!PermissionSet::<Broken>::all().contains(Broken) && PermissionSet::from(Broken).is_empty());
    }
}
