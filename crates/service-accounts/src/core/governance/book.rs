//! All policies of a realm in one document.
//!
//! One document makes one state of them all: a change is judged by it, and the store refuses the change if it is another
//! by then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use service_accounts_access::Permission;
use service_accounts_store::{DocumentId, DocumentKind, Revision, Store};

use super::TokenPolicy;
use crate::{
    Error, Unavailable,
    core::{Core, documents::Kept},
};

/// The policies by name. Versions go up with every change of any policy, so none comes twice.
///
/// At most 64 of 16 KiB: one read a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyBook {
    pub(crate) last: u64,
    pub(crate) policies: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) version: u64,
    pub(crate) policy: TokenPolicy,
}

impl PolicyBook {
    /// Counts up with each change of any policy, so that a policy which is removed and made anew never has an earlier
    /// version again.
    pub(crate) const fn next_version(&mut self) -> u64 {
        self.last = self.last.saturating_add(1);
        self.last
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// The policies of this realm and the state of their document; none where no policy was ever kept.
    ///
    /// Policies that do not read back whole are a failure of the store: nothing passes then.
    pub(crate) async fn book(&self) -> Result<(PolicyBook, Option<Revision>), Error> {
        match self.kept::<PolicyBook>(DocumentKind::Policy, &self.book_id()?).await {
            Ok(Kept { value, revision, .. }) => Ok((value, Some(revision))),
            Err(Error::DocumentMissing) => Ok((PolicyBook::default(), None)),
            Err(error) => Err(error),
        }
    }

    /// Each realm has its own; policies of one say nothing about accounts of another.
    pub(crate) fn book_id(&self) -> Result<DocumentId, Error> {
        DocumentId::parse(self.rules.realm.as_str()).map_err(|error| Unavailable::new(error).into())
    }
}
