//! Who is calling, once the credential has been accepted.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use service_accounts_access::{CatalogueId, Decision, Denial, Grants, Permission, PermissionSet, TeamName, Teams};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Credential, Token};
use service_accounts_token::TokenId;
use time::UtcDateTime;

use crate::{
    Actor,
    core::{holders::Holder, resolve},
};

/// An authenticated service account: which, with which token, and what it may do right now.
///
/// It is made of plain values. Of a store that answers at once, its records are only looked up when they are first asked
/// for, and are then those of that moment.
#[derive(Clone, Debug)]
pub struct Principal<P: Permission> {
    pub(crate) token: TokenId,
    pub(crate) held: Held<P>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) at: UtcDateTime,
    pub(crate) rotate_after: Option<UtcDateTime>,
}

/// Where a principal has from what it knows of itself.
#[derive(Clone, Debug)]
pub(crate) enum Held<P: Permission> {
    /// From the records, with grants of its own.
    Read(Arc<Credential>, Arc<Grants<P>>),
    /// From records that remember their grants by this catalogue.
    Remembered(Arc<Credential>, CatalogueId),
    /// From what a core found out about the records before.
    Known(Known<P>),
}

#[derive(Clone, Debug)]
pub(crate) struct Known<P: Permission> {
    holder: Holder<P>,
    core: u64,
    id: OnceLock<AccountId>,
    record: OnceLock<Option<Arc<Credential>>>,
    grants: OnceLock<Option<Arc<Grants<P>>>>,
}

impl<P: Permission> Known<P> {
    pub(crate) fn new(holder: Holder<P>, core: u64) -> Self {
        let (id, record, grants) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { holder, core, id, record, grants }
    }

    fn record(&self, token: &TokenId) -> Option<&Arc<Credential>> {
        self.record.get_or_init(|| resolve::record(self.core, token)).as_ref()
    }

    fn grants(&self, token: &TokenId) -> Option<&Grants<P>> {
        self.grants.get_or_init(|| resolve::grants(self.core, self.record(token)?)).as_deref()
    }

    fn decide(&self, token: &TokenId, permission: P, team: Option<&TeamName>) -> Decision {
        let is_held = self.holder.permissions.contains(permission);
        let is_in = |team| self.grants(token).is_some_and(|grants| grants.teams().contains(team));
        match team {
            _ if !is_held => Decision::Deny(self.missing(token, permission)),
            Some(team) if !is_in(team) => Decision::Deny(Denial::WrongTeam),
            _ => Decision::Allow,
        }
    }

    /// What left a permission out; by its role, where it was given one only after it came in.
    fn missing(&self, token: &TokenId, permission: P) -> Denial {
        match self.grants(token).map(|grants| grants.decide(permission, None)) {
            Some(Decision::Deny(denial)) => denial,
            Some(Decision::Allow) | None => Denial::NotInRole,
        }
    }
}

/// What a principal may do whose records are gone, or do not remember after all.
const fn nothing<P: Permission>() -> &'static Grants<P> {
    const { &Grants::new(PermissionSet::empty(), Teams::every()) }
}

impl<P: Permission> Principal<P> {
    /// The account's id.
    #[must_use]
    pub fn id(&self) -> &AccountId {
        match &self.held {
            Held::Read(credential, _) | Held::Remembered(credential, _) => &credential.account().id,
            Held::Known(known) => known.id.get_or_init(|| known.holder.account.into()),
        }
    }

    /// The id of the token or session it came with.
    #[must_use]
    pub const fn token_id(&self) -> &TokenId {
        &self.token
    }

    /// The account; `None` if it has been deleted since.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.credential().map(|credential| credential.account().as_ref())
    }

    /// The token or session it came with; `None` if it has been deleted since.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.credential().map(|credential| credential.token())
    }

    /// The records it came in by, or those of now; none if they have been deleted since.
    pub(crate) fn credential(&self) -> Option<&Arc<Credential>> {
        match &self.held {
            Held::Read(credential, _) | Held::Remembered(credential, _) => Some(credential),
            Held::Known(known) => known.record(&self.token),
        }
    }

    /// What it may do: its role, narrowed by the account's scopes and the token's, on its teams' resources.
    #[must_use]
    pub fn grants(&self) -> &Grants<P> {
        match &self.held {
            Held::Read(_, grants) => grants,
            Held::Remembered(credential, catalogue) => credential.remembered_grants(*catalogue).unwrap_or(nothing()),
            Held::Known(known) => known.grants(&self.token).unwrap_or(nothing()),
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
        match &self.held {
            Held::Known(known) => known.decide(&self.token, permission, team),
            Held::Read(..) | Held::Remembered(..) => self.grants().decide(permission, team),
        }
    }

    /// This account as one who asks for changes.
    ///
    /// One whose token has been deleted since may nothing. What it may do is worked out in each call by the catalogue of that moment, and the store reads its rights again
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
        match self.credential() {
            Some(credential) => Actor::showing(credential.clone(), self.address),
            None => Actor::host_with(self.id().as_str(), Grants::nothing()),
        }
    }
}
