//! The keys beside the data: a start under other keys is refused before it voids every credential.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_store::{
    Authority, Change, Committed, Document, DocumentId, DocumentKind, Refusal, Revision, Store,
};
use service_accounts_token::{KeyCheck, KeyCheckError, PepperId};

use crate::{ServiceAccounts, Unavailable, core::Core};

/// How often the check is tried against other processes that start at the same moment.
const TRIES: usize = 8;

/// Why this process must not serve on these data.
///
/// Serving all the same would refuse good credentials, and mint ones that the right keys do not verify.
///
/// Only the last is worth a retry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PepperError {
    /// Credentials stand under a pepper that this process does not have.
    #[error(
        "credentials are stored under the pepper `{pepper}`, which is missing; start with it among the earlier ones"
    )]
    Missing {
        /// The pepper's id.
        pepper: PepperId,
    },
    /// The pepper of this id is another one than the data were made with.
    #[error(
        "the pepper `{pepper}` is not the one that the data were made with; give the right one, or a new id to a new one"
    )]
    Different {
        /// The pepper's id.
        pepper: PepperId,
    },
    /// What is stored about the peppers cannot be read.
    #[error("what is stored about the peppers cannot be read; restore the store from a backup")]
    Damaged,
    /// The store failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What is stored of the peppers.
///
/// A check value for each pepper, or nothing where no process has checked yet.
enum Known {
    Nothing,
    Checks(Revision, Vec<KeyCheck>),
}

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Compares this process's peppers with check values that the store keeps, and adds those of new ones.
    ///
    /// Call it once at the start, before the first request. A check value reveals nothing about its pepper. One that no
    /// credential needs any more is forgotten.
    ///
    /// Without it, a process with a wrong pepper refuses every credential as one with a wrong secret.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, .. }| {
    /// accounts.check_peppers().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// A pepper is missing or another one, or the store failed: do not serve.
    pub async fn check_peppers(&self) -> Result<(), PepperError> {
        for _ in 0..TRIES {
            let known = self.core.known_peppers().await?;
            let kept = self.core.still_needed(&known).await?;
            if self.core.keep_checks(&known, kept).await? {
                return Ok(());
            }
        }
        Err(PepperError::Unavailable(Unavailable::new(Contended)))
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// A document that does not read is damage and not absence: to begin anew would accept any key.
    async fn known_peppers(&self) -> Result<Known, PepperError> {
        let id = document_id()?;
        let found = self.store.document(DocumentKind::Setting, &id).await.map_err(Unavailable::new)?;
        let Some(document) = found else { return Ok(Known::Nothing) };
        let checks: Result<_, _> = document.body.lines().map(KeyCheck::parse).collect();
        Ok(Known::Checks(document.revision, checks.map_err(|_| PepperError::Damaged)?))
    }

    /// The check values that fit this keyring; one of a missing pepper is given up if nothing is stored under it.
    async fn still_needed(&self, known: &Known) -> Result<Vec<KeyCheck>, PepperError> {
        let Known::Checks(_, checks) = known else { return Ok(Vec::new()) };
        let mut kept = Vec::new();
        for check in checks {
            match self.issuer.keyring.verify_check(check) {
                Ok(()) => kept.push(*check),
                Err(KeyCheckError::Different(pepper)) => return Err(PepperError::Different { pepper }),
                Err(KeyCheckError::Missing(pepper)) => {
                    let count = self.count_under(pepper).await?;
                    if count != Some(0) {
                        return Err(PepperError::Missing { pepper });
                    }
                }
                Err(_) => return Err(PepperError::Damaged),
            }
        }
        Ok(kept)
    }

    /// Whether the store now keeps exactly the values of this keyring; no where another process was faster.
    async fn keep_checks(&self, known: &Known, kept: Vec<KeyCheck>) -> Result<bool, PepperError> {
        let mut wanted: Vec<_> = kept.into_iter().chain(self.issuer.keyring.check_values()).collect();
        wanted.sort();
        wanted.dedup();
        let expected = match known {
            Known::Checks(_, checks) if *checks == wanted => return Ok(true),
            Known::Checks(revision, _) => Some(*revision),
            Known::Nothing => None,
        };
        let lines: Vec<_> = wanted.iter().map(ToString::to_string).collect();
        let document = Document {
            kind: DocumentKind::Setting,
            id: document_id()?,
            body: lines.join("\n").into(),
            revision: Revision::NEW,
        };
        let event = Event::new(Action::DocumentPut, Label::new("service-accounts"), self.now())
            .with(Label::new("document"), Label::new("setting/peppers"));
        let change = Change::PutDocument { document, expected };
        let committed = self.commit_by(&Authority::Host, change, event).await?;
        Ok(!matches!(committed, Committed::Refused(Refusal::Stale | Refusal::DocumentTaken | Refusal::DocumentMissing)))
    }
}

fn document_id() -> Result<DocumentId, PepperError> {
    DocumentId::parse("peppers").map_err(|_| PepperError::Damaged)
}

/// Other processes kept changing the record.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the record of the peppers kept changing")]
struct Contended;
