//! A data catalogue: six roles with case-sensitive names, and which programming interfaces each may use.
//!
//! Two of the roles are not comparable: a source administrator manages sources but curates nothing, and a steward curates
//! but manages no sources. So "the role above" is not always an answer; ask
//! [`least_role_covering`](crate::Catalogue::least_role_covering) instead.

use crate::Catalogue;

crate::permissions! {
    /// The programming interfaces of a data catalogue.
    pub enum Permission in permission {
        /// Create and renew tokens of one's own.
        TokensManage = "tokens:manage" => "tokens of one's own",
        /// Search and read catalogue objects.
        ObjectsRead = "objects:read" => "search and read catalogue objects",
        /// Run queries and read their results.
        QueriesRun = "queries:run" => "run queries",
        /// Write articles and documents.
        ArticlesWrite = "articles:write" => "write articles and documents",
        /// Write the fields of catalogue objects.
        FieldsWrite = "fields:write" => "write fields of catalogue objects",
        /// Curate: policies, quality flags, stewards, in bulk.
        CurationWrite = "curation:write" => "curate policies, quality flags and stewards",
        /// Register sources and load their metadata.
        SourcesManage = "sources:manage" => "register sources and load their metadata",
        /// Define templates and custom fields.
        TemplatesManage = "templates:manage" => "define templates and custom fields",
        /// Manage groups.
        GroupsManage = "groups:manage" => "manage groups",
        /// Manage users and their roles.
        UsersManage = "users:manage" => "manage users and their roles",
        /// Manage OAuth clients, and so service accounts.
        ClientsManage = "clients:manage" => "manage OAuth clients and service accounts",
        /// Change the server's settings.
        SettingsManage = "settings:manage" => "change the server's settings",
    }
}

/// The six roles. The ticks are inferred from published descriptions of the roles.
///
/// | permission | VIEWER | COMPOSER | STEWARD | SOURCE_ADMIN | CATALOG_ADMIN | SERVER_ADMIN |
/// |---|---|---|---|---|---|---|
/// | tokens of one's own | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ |
/// | search and read catalogue objects | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ |
/// | run queries | | ✓ | ✓ | ✓ | ✓ | ✓ |
/// | write articles and documents | | ✓ | ✓ | ✓ | ✓ | ✓ |
/// | write fields of catalogue objects | | ✓ | ✓ | ✓ | ✓ | ✓ |
/// | curate policies, quality flags and stewards | | | ✓ | | ✓ | ✓ |
/// | register sources and load their metadata | | | | ✓ | ✓ | ✓ |
/// | define templates and custom fields | | | | | ✓ | ✓ |
/// | manage groups | | | | | ✓ | ✓ |
/// | manage users and their roles | | | | | | ✓ |
/// | manage OAuth clients and service accounts | | | | | | ✓ |
/// | change the server's settings | | | | | | ✓ |
#[must_use]
#[expect(clippy::expect_used, reason = "a constant declaration: the tests build it")]
pub fn catalogue() -> Catalogue<Permission> {
    use Permission::{
        ArticlesWrite, ClientsManage, CurationWrite, FieldsWrite, GroupsManage, ObjectsRead, QueriesRun,
        SettingsManage, SourcesManage, TemplatesManage, TokensManage, UsersManage,
    };
    Catalogue::builder()
        .role("VIEWER", "reads", [TokensManage, ObjectsRead])
        .role_including("COMPOSER", "writes and runs queries", ["VIEWER"], [QueriesRun, ArticlesWrite, FieldsWrite])
        .role_including("STEWARD", "curates", ["COMPOSER"], [CurationWrite])
        .role_including("SOURCE_ADMIN", "manages sources", ["COMPOSER"], [SourcesManage])
        .role_including(
            "CATALOG_ADMIN",
            "manages the catalogue",
            ["STEWARD", "SOURCE_ADMIN"],
            [TemplatesManage, GroupsManage],
        )
        .role_including(
            "SERVER_ADMIN",
            "manages the server",
            ["CATALOG_ADMIN"],
            [UsersManage, ClientsManage, SettingsManage],
        )
        .build()
        .expect("a constant declaration")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PermissionSet, RoleName};

    fn held(role: &str) -> PermissionSet<Permission> {
        catalogue().role(&RoleName::parse(role).unwrap()).unwrap()
    }

    #[test]
    fn the_six_roles_are_case_sensitive() {
        assert_eq!(catalogue().roles().count(), 6);
        assert_eq!(catalogue().least_role().as_str(), "VIEWER");
        assert_eq!(catalogue().role(&RoleName::parse("viewer").unwrap()), None);
        assert_eq!(held("SERVER_ADMIN"), PermissionSet::all());
    }

    #[test]
    fn stewards_and_source_administrators_are_not_comparable() {
        assert!(!held("STEWARD").is_subset(held("SOURCE_ADMIN")) && !held("SOURCE_ADMIN").is_subset(held("STEWARD")));
        let both = held("STEWARD").union(held("SOURCE_ADMIN"));
        assert_eq!(catalogue().least_role_covering(both).map(RoleName::as_str), Some("CATALOG_ADMIN"));
    }
}
