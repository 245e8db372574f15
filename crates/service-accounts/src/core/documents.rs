//! Documents of the store as values: JSON on the way in and out.
//!
//! The store does not look into them. Whoever changes one names the revision it was read at, so no edit overwrites
//! another.

use serde::{Serialize, de::DeserializeOwned};
use service_accounts_access::Permission;
use service_accounts_audit::Event;
use service_accounts_store::{Change, Document, DocumentId, DocumentKind, Paged, Revision, Store};

use super::Core;
use crate::{Actor, Error, Unavailable};

/// A value as it was kept.
///
/// The revision is what a change of it must name.
///
/// It was read whole, so it can be changed and kept again without losing a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept<T> {
    pub(crate) id: DocumentId,
    pub(crate) value: T,
    pub(crate) revision: Revision,
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// One document of a kind as a value; an error where there is none.
    pub(crate) async fn kept<T: DeserializeOwned>(
        &self,
        kind: DocumentKind,
        id: &DocumentId,
    ) -> Result<Kept<T>, Error> {
        let found = self.store.document(kind, id).await.map_err(Unavailable::new)?;
        read(&found.ok_or(Error::DocumentMissing)?)
    }

    /// A page of a kind in the order of ids. One document that does not read back fails the page: a list that left it
    /// out would hide it.
    pub(crate) async fn kept_page<T: DeserializeOwned>(
        &self,
        kind: DocumentKind,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Kept<T>, DocumentId>, Error> {
        let page = self.store.documents(kind, after, limit).await.map_err(Unavailable::new)?;
        Ok(Paged { items: page.items.iter().map(read).collect::<Result<_, _>>()?, next: page.next })
    }

    /// Keeps a value under an id that is free, or in the place of the state it was made from.
    ///
    /// Without `expected` the id must be free, else [`Error::DocumentTaken`]; with it another state is
    /// [`Error::Conflict`].
    pub(crate) async fn keep<T: Serialize>(
        &self,
        actor: &Actor<P>,
        (kind, id): (DocumentKind, &DocumentId),
        value: &T,
        expected: Option<Revision>,
        event: Event,
    ) -> Result<Revision, Error> {
        let body = serde_json::to_string(value).map_err(Unavailable::new)?.into();
        let document = Document { kind, id: id.clone(), body, revision: Revision::NEW };
        let applied = self.commit(actor, Change::PutDocument { document, expected }, event).await?;
        Ok(applied.revision())
    }
}

/// A document that does not read back whole is a failure of the store, never an absent one.
fn read<T: DeserializeOwned>(document: &Document) -> Result<Kept<T>, Error> {
    let value = serde_json::from_str(&document.body).map_err(Unavailable::new)?;
    Ok(Kept { id: document.id.clone(), value, revision: document.revision })
}

/// Instants as whole unix seconds, as every record of the store has them.
pub(crate) mod seconds {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use time::UtcDateTime;

    pub(crate) fn serialize<S: Serializer>(at: &UtcDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.unix_timestamp())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UtcDateTime, D::Error> {
        UtcDateTime::from_unix_timestamp(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Ids of documents as texts.
pub(crate) mod id_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use service_accounts_store::DocumentId;

    pub(crate) fn serialize<S: Serializer>(id: &DocumentId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(id.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DocumentId, D::Error> {
        DocumentId::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
