//! A deployment platform: a box to tick for each resource and action.
//!
//! Tokens of such a platform are given single permissions, not bundles: see [`Checkboxes`](crate::Checkboxes) for the
//! form and [`Scopes::ticked`](crate::Scopes::ticked) for what it yields. None ticked is no access at all, and boxes may be
//! ticked later without the token's text changing.

use crate::Catalogue;

crate::permissions! {
    /// What a deployment platform guards.
    pub enum Permission in permission {
        /// See applications and their releases.
        ApplicationsRead = "applications:read" => "see applications and their releases",
        /// Create and change applications.
        ApplicationsWrite = "applications:write" => "create and change applications",
        /// Deploy and roll back applications.
        ApplicationsDeploy = "applications:deploy" => "deploy and roll back applications",
        /// Delete applications.
        ApplicationsDelete = "applications:delete" => "delete applications",
        /// See environments.
        EnvironmentsRead = "environments:read" => "see environments",
        /// Create and change environments.
        EnvironmentsWrite = "environments:write" => "create and change environments",
        /// Delete environments.
        EnvironmentsDelete = "environments:delete" => "delete environments",
        /// See the names of secrets, never their values.
        SecretsRead = "secrets:read" => "see the names of secrets, never their values",
        /// Set secrets.
        SecretsWrite = "secrets:write" => "set secrets",
        /// Delete secrets.
        SecretsDelete = "secrets:delete" => "delete secrets",
        /// See webhooks and notifications.
        WebhooksRead = "webhooks:read" => "see webhooks and notifications",
        /// Create and change webhooks and notifications.
        WebhooksWrite = "webhooks:write" => "create and change webhooks and notifications",
        /// Delete webhooks and notifications.
        WebhooksDelete = "webhooks:delete" => "delete webhooks and notifications",
        /// See service accounts.
        ServiceAccountsRead = "service-accounts:read" => "see service accounts",
        /// Create, change and disable service accounts.
        ServiceAccountsWrite = "service-accounts:write" => "create, change and disable service accounts",
    }
}

/// Two roles: `Member`, who may do everything but manage service accounts, and `Owner`; and no scope but the single boxes.
///
/// | permission | Member | Owner |
/// |---|---|---|
/// | see applications and their releases | ✓ | ✓ |
/// | create and change applications | ✓ | ✓ |
/// | deploy and roll back applications | ✓ | ✓ |
/// | delete applications | ✓ | ✓ |
/// | see environments | ✓ | ✓ |
/// | create and change environments | ✓ | ✓ |
/// | delete environments | ✓ | ✓ |
/// | see the names of secrets, never their values | ✓ | ✓ |
/// | set secrets | ✓ | ✓ |
/// | delete secrets | ✓ | ✓ |
/// | see webhooks and notifications | ✓ | ✓ |
/// | create and change webhooks and notifications | ✓ | ✓ |
/// | delete webhooks and notifications | ✓ | ✓ |
/// | see service accounts | ✓ | ✓ |
/// | create, change and disable service accounts | | ✓ |
#[must_use]
#[expect(clippy::expect_used, reason = "a constant declaration: the tests build it")]
pub fn catalogue() -> Catalogue<Permission> {
    let member =
        <Permission as crate::Permission>::ALL.iter().copied().filter(|one| *one != Permission::ServiceAccountsWrite);
    Catalogue::builder()
        .role("Member", "works with applications", member)
        .role_including("Owner", "manages service accounts as well", ["Member"], [Permission::ServiceAccountsWrite])
        .build()
        .expect("a constant declaration")
}
