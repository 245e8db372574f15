//! A data-quality platform: four cumulative roles, three scopes.

use crate::presets::read_write_admin;
use crate::{Catalogue, CatalogueBuilder};

crate::permissions! {
    /// What a data-quality platform guards.
    pub enum Permission in permission {
        /// Read data quality results.
        ResultsRead = "results:read" => "read data quality results",
        /// View datastores and containers.
        DatastoresView = "datastores:view" => "view datastores and containers",
        /// Create and modify resources.
        ResourcesWrite = "resources:write" => "create and modify resources",
        /// View all users and teams.
        UsersView = "users:view" => "view all users and teams",
        /// Manage users and service accounts.
        ServiceAccountsManage = "service-accounts:manage" => "manage users and service accounts",
        /// Configure integrations.
        IntegrationsConfigure = "integrations:configure" => "configure integrations",
    }
}

/// What a service account of such a platform is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UseCase {
    /// A read-only API or a BI tool.
    ReadOnly,
    /// Automation of a pipeline or of a command line.
    Automation,
    /// Synchronisation with a data catalogue.
    CatalogueSync,
    /// Automation of the whole platform.
    FullAutomation,
}

impl UseCase {
    /// The name of the role that serves it; start lower where you can, and escalate with a justification.
    #[must_use]
    pub const fn role(self) -> &'static str {
        match self {
            Self::ReadOnly => "Member",
            Self::Automation => "Editor",
            Self::CatalogueSync => "Manager",
            Self::FullAutomation => "Admin",
        }
    }
}

/// The four roles, and the scopes `read`, `write` and `admin`.
///
/// | permission | Member | Editor | Manager | Admin |
/// |---|---|---|---|---|
/// | read data quality results | ✓ | ✓ | ✓ | ✓ |
/// | view datastores and containers | ✓ | ✓ | ✓ | ✓ |
/// | create and modify resources | | ✓ | ✓ | ✓ |
/// | view all users and teams | | | ✓ | ✓ |
/// | manage users and service accounts | | | | ✓ |
/// | configure integrations | | | | ✓ |
#[must_use]
#[expect(clippy::expect_used, reason = "a constant declaration: the tests build it")]
pub fn catalogue() -> Catalogue<Permission> {
    declared().build().expect("a constant declaration")
}

fn declared() -> CatalogueBuilder<Permission> {
    use Permission::{
        DatastoresView, IntegrationsConfigure, ResourcesWrite, ResultsRead, ServiceAccountsManage, UsersView,
    };
    let roles = Catalogue::builder()
        .role("Member", "read-only API or BI", [ResultsRead, DatastoresView])
        .role_including("Editor", "pipeline or CLI automation", ["Member"], [ResourcesWrite])
        .role_including("Manager", "catalogue sync", ["Editor"], [UsersView])
        .role_including(
            "Admin",
            "full platform automation",
            ["Manager"],
            [ServiceAccountsManage, IntegrationsConfigure],
        );
    let read = [ResultsRead, DatastoresView, UsersView];
    read_write_admin::scopes(roles, read, [ResourcesWrite], [ServiceAccountsManage, IntegrationsConfigure])
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::RoleName;

    /// The ticks of the published matrix, one row a permission, one column a role.
    const TICKS: [(&str, [bool; 4]); 6] = [
        ("read data quality results", [true, true, true, true]),
        ("view datastores and containers", [true, true, true, true]),
        ("create and modify resources", [false, true, true, true]),
        ("view all users and teams", [false, false, true, true]),
        ("manage users and service accounts", [false, false, false, true]),
        ("configure integrations", [false, false, false, true]),
    ];

    #[test]
    fn the_roles_hold_what_the_published_matrix_ticks() {
        use crate::Permission as _;
        let catalogue = catalogue();
        assert_eq!(
            catalogue.roles().map(|role| role.name().to_string()).collect::<alloc::vec::Vec<_>>(),
            ["Member", "Editor", "Manager", "Admin"]
        );
        for ((summary, ticks), permission) in TICKS.into_iter().zip(Permission::ALL) {
            assert_eq!(permission.summary(), summary);
            for (role, tick) in catalogue.roles().zip(ticks) {
                assert_eq!(role.permissions().contains(*permission), tick, "{summary}: {}", role.name());
            }
        }
    }

    #[test]
    fn every_use_case_has_the_role_that_is_published_for_it() {
        for (case, role) in [
            (UseCase::ReadOnly, "Member"),
            (UseCase::Automation, "Editor"),
            (UseCase::CatalogueSync, "Manager"),
            (UseCase::FullAutomation, "Admin"),
        ] {
            assert_eq!(case.role(), role);
            assert!(catalogue().role(&RoleName::parse(role).unwrap()).is_some(), "{case:?}");
        }
    }
}
