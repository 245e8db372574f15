//! What a service guards, declared once, in code.
//!
//! Permissions are code because handlers are code: a permission that no handler names guards nothing, and a handler
//! that names a permission which does not exist must not compile. Roles and scopes are data, see
//! [`Catalogue`](crate::Catalogue).

mod check;
#[doc(hidden)]
pub mod declare;
mod set;

use core::fmt::Debug;
use core::hash::Hash;

use crate::UnknownName;
pub use check::PermissionError;
pub(crate) use check::check;
pub use set::PermissionSet;

/// A closed set of things a service guards, usually an enum made by [`permissions!`](crate::permissions).
///
/// A hand-written implementation keeps three promises, which [`CatalogueBuilder::build`](crate::CatalogueBuilder::build)
/// checks: [`ALL`](Self::ALL) lists every value once, [`index`](Self::index) is below 128 and differs for each value, and
/// [`name`](Self::name) is a valid [`ScopeName`](crate::ScopeName) that differs for each value.
pub trait Permission: Copy + Eq + Ord + Hash + Debug + Send + Sync + 'static {
    /// Every permission, in the order in which tables print them.
    const ALL: &'static [Self];

    /// The stable name, such as `resources:write`, that documents and tokens use.
    fn name(self) -> &'static str;

    /// What holding it allows, in one short sentence without a full stop.
    fn summary(self) -> &'static str;

    /// The permission's bit in a [`PermissionSet`]: below 128, different for each.
    fn index(self) -> u32;

    /// The permission of this name.
    ///
    /// # Errors
    /// If no permission has the name; the error carries the nearest one that exists.
    fn named(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.iter().copied().find(|permission| permission.name() == name);
        found.ok_or_else(|| UnknownName::permission::<Self>(name))
    }
}

/// A permission as a type, for code that is told what it needs by type.
///
/// [`permissions!`](crate::permissions) makes one unit struct for each permission, so that an extractor can be written
/// `Require<permission::DatastoresView>`.
pub trait Required {
    /// The enum the permission belongs to.
    type Permission: Permission;

    /// The permission this type stands for.
    const PERMISSION: Self::Permission;
}
