//! What this service guards.

use service_accounts::access::permissions;

permissions! {
    /// What this service guards.
    pub enum Permission in permission {
        /// Read data quality results.
        ResultsRead = "results:read",
        /// View datastores and containers.
        DatastoresView = "datastores:view",
        /// Create and modify resources.
        ResourcesWrite = "resources:write",
        /// View all users and teams.
        UsersView = "users:view",
        /// Manage users and service accounts.
        ServiceAccountsManage = "service-accounts:manage",
        /// Configure integrations.
        IntegrationsConfigure = "integrations:configure",
    }
}
