//! A principal that holds the records it was judged by.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{CatalogueId, Grants, Permission};
use service_accounts_store::Credential;
use time::UtcDateTime;

/// It is used where the records were read anyway, and for every store that does not answer at once.
#[derive(Clone, Debug)]
pub(crate) struct Read<P: Permission> {
    pub(crate) credential: Arc<Credential>,
    pub(crate) rights: Rights<P>,
    pub(crate) address: Option<IpAddr>,
    /// When it was judged.
    pub(crate) at: UtcDateTime,
    pub(crate) rotate_after: Option<UtcDateTime>,
}

/// Where its grants are.
#[derive(Clone, Debug)]
pub(crate) enum Rights<P: Permission> {
    /// Its own, just worked out.
    Own(Arc<Grants<P>>),
    /// Those that the record remembers by this catalogue.
    Remembered(CatalogueId),
}

impl<P: Permission> Read<P> {
    pub(super) fn grants(&self) -> Option<&Grants<P>> {
        match &self.rights {
            Rights::Own(grants) => Some(grants),
            Rights::Remembered(catalogue) => self.credential.remembered_grants(*catalogue),
        }
    }
}
