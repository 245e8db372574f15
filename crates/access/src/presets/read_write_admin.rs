//! Three cumulative scopes for any service: `read`, `write`, `admin`.
//!
//! | scope | use case |
//! |---|---|
//! | `read` | validation in continuous integration |
//! | `write` | infrastructure as code |
//! | `admin` | administration |

use crate::{CatalogueBuilder, Permission};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UseCase {
    /// Validation in continuous integration.
    CiValidation,
    /// Infrastructure as code.
    InfrastructureAsCode,
    /// Administration.
    Administration,
}

impl UseCase {
    /// The name of the scope that serves it.
    #[must_use]
    pub const fn scope(self) -> &'static str {
        match self {
            Self::CiValidation => "read",
            Self::InfrastructureAsCode => "write",
            Self::Administration => "admin",
        }
    }
}

/// Adds the three scopes: `write` also holds what `read` does, `admin` what `write` does.
#[must_use]
pub fn scopes<P: Permission>(
    builder: CatalogueBuilder<P>,
    read: impl IntoIterator<Item = P>,
    write: impl IntoIterator<Item = P>,
    admin: impl IntoIterator<Item = P>,
) -> CatalogueBuilder<P> {
    builder
        .scope("read", "validation in continuous integration", read)
        .scope_including("write", "infrastructure as code", ["read"], write)
        .scope_including("admin", "administration", ["write"], admin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::data_quality::{Permission as P, catalogue};
    use crate::{PermissionSet, ScopeName};

    fn held(case: UseCase) -> PermissionSet<P> {
        catalogue().scope(&ScopeName::parse(case.scope()).unwrap()).unwrap()
    }

    #[test]
    fn each_scope_holds_more_than_the_one_before() {
        let [read, write, admin] =
            [UseCase::CiValidation, UseCase::InfrastructureAsCode, UseCase::Administration].map(held);
        assert!(read.is_subset(write) && write.is_subset(admin) && read != write && write != admin);
        assert!(!read.contains(P::ResourcesWrite) && write.contains(P::ResourcesWrite));
        assert!(!write.contains(P::ServiceAccountsManage));
        assert_eq!(admin, PermissionSet::all());
    }
}
