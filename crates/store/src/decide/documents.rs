//! The rules of changes to documents.

use service_accounts_audit::Event;

use super::{Decision, Records, Write};
use crate::{Change, Document, DocumentId, DocumentKind, Refusal, Revision};

impl Records {
    /// Only one document is read for a change, so a change that is about a document cannot be judged by another.
    pub(super) fn provided(
        &self,
        (kind, id, at): (DocumentKind, &DocumentId, Option<Revision>),
        change: Change,
        also: Vec<Event>,
        revision: Revision,
    ) -> Decision {
        let is_about_one = matches!(change, Change::PutDocument { .. } | Change::RemoveDocument { .. });
        if is_about_one || self.revision_of(kind, id) != at {
            return Err(Refusal::Stale);
        }
        let mut writes = self.carry_out(change, revision)?;
        writes.extend(also.into_iter().map(|event| Write::Append(Box::new(event))));
        Ok(writes)
    }

    pub(super) fn put_document(&self, document: Document, expected: Option<Revision>, revision: Revision) -> Decision {
        match (self.revision_of(document.kind, &document.id), expected) {
            (Some(_), None) => Err(Refusal::DocumentTaken),
            (None, Some(_)) => Err(Refusal::DocumentMissing),
            (Some(present), Some(expected)) if present != expected => Err(Refusal::Stale),
            (None, None) | (Some(_), Some(_)) => Ok(vec![Write::PutDocument(Document { revision, ..document })]),
        }
    }

    pub(super) fn remove_document(&self, kind: DocumentKind, id: DocumentId, expected: Revision) -> Decision {
        match self.revision_of(kind, &id) {
            None => Err(Refusal::DocumentMissing),
            Some(present) if present != expected => Err(Refusal::Stale),
            Some(_) => Ok(vec![Write::RemoveDocument(kind, id)]),
        }
    }

    fn revision_of(&self, kind: DocumentKind, id: &DocumentId) -> Option<Revision> {
        self.document.iter().find(|each| each.kind == kind && each.id == *id).map(|each| each.revision)
    }
}
