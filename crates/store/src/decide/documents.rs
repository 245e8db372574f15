//! The rules of changes to documents.
//!
//! A document is opaque: only its revision is compared.

use service_accounts_audit::Event;

use super::{Decision, Records, Write};
use crate::{Change, Document, DocumentId, DocumentKind, Refusal, Revision};

impl Records {
    /// A change that is about a document is judged by its own revision, and not by another document.
    ///
    /// None as `at` means that there was no such document, and there must still be none.
    pub(super) fn provided(
        &self,
        (kind, id, at): (DocumentKind, &DocumentId, Option<Revision>),
        change: Change,
        also: Vec<Event>,
        revision: Revision,
    ) -> Decision {
        if change.is_about_a_document() || self.revision_of(kind, id) != at {
            return Err(Refusal::Stale);
        }
        let mut writes = self.carry_out(change, revision)?;
        writes.extend(also.into_iter().map(|event| Write::Append(Box::new(event))));
        Ok(writes)
    }

    /// With `expected` the document must be at that state; without, it must not be there.
    pub(super) fn put_document(&self, document: Document, expected: Option<Revision>, revision: Revision) -> Decision {
        match (self.revision_of(document.kind, &document.id), expected) {
            (Some(_), None) => Err(Refusal::DocumentTaken),
            (None, Some(_)) => Err(Refusal::DocumentMissing),
            (Some(present), Some(expected)) if present != expected => Err(Refusal::Stale),
            (None, None) | (Some(_), Some(_)) => Ok(vec![Write::PutDocument(Document { revision, ..document })]),
        }
    }

    /// Both documents are written in one step. A turn that is the document itself would be written twice.
    pub(super) fn add_document(
        &self,
        document: Document,
        (kind, id): (DocumentKind, DocumentId),
        at: Option<Revision>,
        revision: Revision,
    ) -> Decision {
        let is_itself = (document.kind, &document.id) == (kind, &id);
        if is_itself || self.revision_of(kind, &id) != at {
            return Err(Refusal::Stale);
        }
        let mut writes = self.put_document(document, None, revision)?;
        writes.push(Write::PutDocument(Document { kind, id, body: "{}".into(), revision }));
        Ok(writes)
    }

    /// What is not there cannot be removed, so a removal that is sent again is told so.
    pub(super) fn remove_document(&self, kind: DocumentKind, id: DocumentId, expected: Revision) -> Decision {
        match self.revision_of(kind, &id) {
            None => Err(Refusal::DocumentMissing),
            Some(present) if present != expected => Err(Refusal::Stale),
            Some(_) => Ok(vec![Write::RemoveDocument(kind, id)]),
        }
    }

    /// The state of a document, if it was read and is there.
    fn revision_of(&self, kind: DocumentKind, id: &DocumentId) -> Option<Revision> {
        self.documents.iter().find(|each| each.kind == kind && each.id == *id).map(|each| each.revision)
    }
}
