//! The documents of the memory store.

use std::{collections::BTreeMap, ops::Bound};

use crate::{Document, DocumentId, DocumentKind, Paged};

/// Documents by kind, and within a kind in the order of their ids.
///
/// A page costs its own documents, and those of kinds that sort before it where it is the first.
#[derive(Default)]
pub(super) struct Documents(BTreeMap<(DocumentKind, DocumentId), Document>);

impl Documents {
    /// The revision was asked by `decide`; here a document is only found.
    pub(super) fn get(&self, kind: DocumentKind, id: &DocumentId) -> Option<Document> {
        self.0.get(&(kind, id.clone())).cloned()
    }

    pub(super) fn put(&mut self, document: Document) {
        self.0.insert((document.kind, document.id.clone()), document);
    }

    pub(super) fn remove(&mut self, kind: DocumentKind, id: DocumentId) {
        self.0.remove(&(kind, id));
    }

    /// A page of one kind, starting behind `after`; the first page steps over the documents of earlier kinds.
    pub(super) fn page(
        &self,
        kind: DocumentKind,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Paged<Document, DocumentId> {
        let behind = after.map_or(Bound::Unbounded, |id| Bound::Excluded((kind, id.clone())));
        let found = self.0.range((behind, Bound::Unbounded)).map(|(_, document)| document);
        let found = found.skip_while(|document| document.kind < kind).take_while(|document| document.kind == kind);
        Paged::new(found.take(limit.saturating_add(1)).cloned().collect(), limit, |document| document.id.clone())
    }
}
