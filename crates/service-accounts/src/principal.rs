//! Who is calling, once the credential has been accepted.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{CatalogueId, Decision, Grants, Permission, PermissionSet, TeamName, Teams};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Credential, Token};
use time::UtcDateTime;

use crate::Actor;

/// An authenticated service account: which, with which token, and what it may do right now.
#[derive(Clone, Debug)]
pub struct Principal<P: Permission> {
    pub(crate) credential: Arc<Credential>,
    pub(crate) grants: Held<P>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) at: UtcDateTime,
    pub(crate) rotate_after: Option<UtcDateTime>,
}

/// What a principal may do, without a share of its own where the record remembers it: to take one costs every request a
/// write to memory that other threads write too.
#[derive(Clone, Debug)]
pub(crate) enum Held<P: Permission> {
    Own(Arc<Grants<P>>),
    /// In the credential, by this catalogue.
    Remembered(CatalogueId),
}

/// What is answered where the record does not remember after all, which no path leads to: nothing is allowed.
const fn nothing<P: Permission>() -> &'static Grants<P> {
    const { &Grants::new(PermissionSet::empty(), Teams::every()) }
}

impl<P: Permission> Principal<P> {
    /// The account's id.
    #[must_use]
    pub fn id(&self) -> &AccountId {
        &self.account().id
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &Account {
        self.credential.account()
    }

    /// The token or session it came with.
    #[must_use]
    pub fn token(&self) -> &Token {
        self.credential.token()
    }

    /// What it may do: its role, narrowed by the account's scopes and the token's, on its teams' resources.
    #[must_use]
    pub fn grants(&self) -> &Grants<P> {
        match &self.grants {
            Held::Own(grants) => grants,
            Held::Remembered(catalogue) => match self.credential.remembered_grants(*catalogue) {
                Some(grants) => grants,
                None => nothing(),
            },
        }
    }

    /// The client address, if it was known.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// When the token should have been replaced, once that time has come.
    #[must_use]
    pub const fn rotate_after(&self) -> Option<UtcDateTime> {
        self.rotate_after
    }

    /// Whether it may, on something that belongs to `team` or to nobody, and if not why.
    ///
    /// [`ServiceAccounts::authorize`](crate::ServiceAccounts::authorize) asks the same and records a refusal.
    ///
    /// ```
    /// use service_accounts::access::presets::data_quality::Permission;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, text, .. }| {
    /// let principal = accounts.authenticate(&text, None).await?;
    /// assert!(principal.decide(Permission::ResultsRead, None).is_allow());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn decide(&self, permission: P, team: Option<&TeamName>) -> Decision {
        self.grants().decide(permission, team)
    }

    /// This account as one who asks for changes.
    ///
    /// What it may do is worked out in each call by the catalogue of that moment, and the store reads its rights again
    /// inside each change, so rights lost meanwhile are lost.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, id, text, .. }| {
    /// // What an account may do to itself: read its own record.
    /// let itself = accounts.authenticate(&text, None).await?.actor();
    /// let read = accounts.acting(&itself).account(&id).read().await;
    /// assert!(read.is_err()); // its role does not hold the permission to manage
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn actor(&self) -> Actor<P> {
        Actor::showing(self.credential.clone(), self.address)
    }
}
