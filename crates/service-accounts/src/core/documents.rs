//! Documents of the store as values: JSON on the way in and out.
//!
//! The store does not look into them. Whoever changes one names the revision it was read at, so no edit overwrites
//! another.

pub(crate) mod of_realm;

use std::sync::Arc;

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
        let document = written(kind, id, value)?;
        let applied = self.commit(actor, Change::PutDocument { document, expected }, event).await?;
        Ok(applied.revision())
    }

    /// Adds a value to those of a bounded number, if nobody else added one since the turn was at this state.
    ///
    /// Read the turn, then count, then add: [`Error::Conflict`] where somebody was faster.
    pub(crate) async fn add<T: Serialize>(
        &self,
        actor: &Actor<P>,
        (kind, id): (DocumentKind, &DocumentId),
        value: &T,
        (turn, at): (DocumentId, Option<Revision>),
        event: Event,
    ) -> Result<(), Error> {
        let document = written(kind, id, value)?;
        let change = Change::AddDocument { document, turn: (DocumentKind::Setting, turn), at };
        self.commit(actor, change, event).await.map(drop)
    }

    /// The state of a turn; none where nothing was added in it yet.
    pub(crate) async fn turn(&self, turn: &DocumentId) -> Result<Option<Revision>, Error> {
        let found = self.store.document(DocumentKind::Setting, turn).await.map_err(Unavailable::new)?;
        Ok(found.map(|document| document.revision))
    }
}

/// The longest document, in bytes of JSON: whatever bounds its parts in number, none is longer.
pub(crate) const MOST_BYTES: usize = 8 << 20;

fn written<T: Serialize>(kind: DocumentKind, id: &DocumentId, value: &T) -> Result<Document, Error> {
    let body: Arc<str> = serde_json::to_string(value).map_err(Unavailable::new)?.into();
    if body.len() > MOST_BYTES {
        return Err(Error::RecordTooLong { most: MOST_BYTES });
    }
    Ok(Document { kind, id: id.clone(), body, revision: Revision::NEW })
}

/// A document that does not read back whole is a failure of the store, never an absent one.
pub(crate) fn read<T: DeserializeOwned>(document: &Document) -> Result<Kept<T>, Error> {
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
