//! Documents whose ids begin with their realm, so that a list of one realm reads and names none of another.

use serde::de::DeserializeOwned;
use service_accounts_access::Permission;
use service_accounts_naming::Realm;
use service_accounts_store::{Document, DocumentId, DocumentKind, Paged, Store};

use super::{Kept, read};
use crate::{Error, Unavailable, core::Core};

/// What the ids of a realm begin with. A whole realm fits, so no two share documents.
pub(crate) fn prefix(realm: &Realm) -> String {
    format!("{}:", realm.as_str())
}

/// Whether it is the id of a document of this realm.
pub(crate) fn is_of(realm: &Realm, id: &DocumentId) -> bool {
    id.as_str().starts_with(&prefix(realm))
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// A page of this realm's documents of a kind in the order of ids, as [`kept_page`](Self::kept_page) reads them.
    ///
    /// No page promises another one where only other realms' documents are left.
    pub(crate) async fn kept_page_of_realm<T: DeserializeOwned>(
        &self,
        kind: DocumentKind,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Kept<T>, DocumentId>, Error> {
        let Paged { items, next } = self.documents_of_realm(kind, after, limit).await?;
        Ok(Paged { items: items.iter().map(read).collect::<Result<_, _>>()?, next })
    }

    async fn documents_of_realm(
        &self,
        kind: DocumentKind,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Document, DocumentId>, Unavailable> {
        let realm = &self.rules.realm;
        let first = DocumentId::parse(&prefix(realm)).map_err(Unavailable::new)?;
        let behind = after.filter(|after| **after > first).unwrap_or(&first);
        // One more than asked for tells whether there is more of this realm, and not of the one behind it.
        let page = self.store.documents(kind, Some(behind), limit.saturating_add(1)).await;
        let Paged { mut items, next } = page.map_err(Unavailable::new)?;
        // A store that gave fewer than asked for, and yet names a next place, has more behind it.
        let is_short = items.len() <= limit && next.is_some_and(|next| is_of(realm, &next));
        items.retain(|document| is_of(realm, &document.id));
        let has_more = is_short || items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(|last| last.id.clone());
        Ok(Paged { items, next })
    }
}
