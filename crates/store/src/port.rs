//! What a host implements to keep service accounts where it likes.

use std::{future::Future, sync::Arc};

use service_accounts_audit::{Event, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    Account, AccountFilter, Authority, Brief, Change, Clearance, Committed, Credential, Cursor, Document, DocumentId,
    DocumentKind, Listed, Paged, Sighting, Usage,
};

/// Keeps accounts, credentials, documents and events; it stores and retrieves, it never judges.
///
/// `commit` must be one atomic step: rotation safety rests on it. What the step does is decided by
/// [`decide`](crate::decide()), so that all stores answer alike. Run the suite of the feature `conformance`
/// against every implementation.
///
/// Instants are whole seconds: a store may drop what is finer. A page holds at least one item, so `limit` is 1 or more.
/// A store that filters may look at a bounded number of records for each page: a page may be short, even empty, and still
/// name where the next one starts. Readers follow `next` until there is none.
///
/// The future of a call may be dropped at any await. The call has then happened whole or not at all, or happens a moment
/// later where a request is still on its way to a server.
///
/// How a database may keep it: a table a noun, the record as JSON, and beside it as columns what it is found and sorted
/// by, which are the id, the account, the kind, the name, `next_due` and the revision; one table of events with a
/// number that ascends; one of cursors. [`decide`](crate::decide()) says in which rows a change ends. The crate
/// `service-accounts-sqlite` is such a store.
pub trait Store: Send + Sync {
    /// Why the storage failed. A record that cannot be read back whole is such a failure, never an absent record.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Everything one authentication needs, in one read that sees every change acknowledged before it began.
    ///
    /// It is the only read on a request's path. `None` means that no record has this id; a record that is revoked,
    /// expired or disabled is returned, and judged by the caller.
    ///
    /// The token and its account must be of one moment: an account that was disabled before the read began is read as
    /// disabled.
    fn credential(&self, id: &TokenId) -> impl Future<Output = Result<Option<Arc<Credential>>, Self::Error>> + Send;

    /// Whether [`credential`](Self::credential) is answered when it is first polled: without a wait, or by one of the thread.
    ///
    /// A layer then judges a request where it stands. False by default; where true is said wrongly, reads are made twice.
    ///
    /// A store over a network says false; one in this process that may still have to read a disk says false as well,
    /// unless the caller's thread is meant to wait for it.
    fn answers_at_once(&self) -> bool {
        false
    }

    /// Asks for what [`brief`](Self::brief) will look at, so that it has come by then. Nothing by default.
    fn prefetch(&self, id: &TokenId) {
        let _ = id;
    }

    /// What [`clear`](Self::clear) was told of this credential, or of one that is taken for it, in plain values.
    ///
    /// None by default, and wherever a record has changed since: [`credential`](Self::credential) is asked then. A store that
    /// keeps briefs forgets one before it acknowledges a change of the token or the account.
    fn brief(&self, id: &TokenId) -> Option<&Brief> {
        let _ = id;
        None
    }

    /// Remembers that nothing but the secret needs to be asked until an instant, as long as neither record changes.
    ///
    /// A store that keeps briefs keeps this one only where `credential` is still what it would hand out; every other leaves
    /// it with the credential.
    fn clear(&self, credential: &Arc<Credential>, clearance: Clearance) {
        credential.clear(clearance);
    }

    /// Applies `change` and appends its event in one atomic, durable step, if `authority` still stands.
    ///
    /// The answer holds what was written, so that nobody needs to read it again.
    ///
    /// Two commits never run on the same records at once: either one transaction writes at a time, or the database
    /// refuses the second. Places of events must become visible in ascending order, since readers go on behind the last
    /// one they saw.
    ///
    /// In a request's time this is what waits for the disk; [`credential`](Self::credential) must not wait for it.
    ///
    /// # Errors
    /// The storage failed, and the change may have happened or not. Where the caller has to know, it reads again.
    fn commit(
        &self,
        authority: &Authority,
        change: Change,
        event: Event,
    ) -> impl Future<Output = Result<Committed, Self::Error>> + Send;

    /// One account, or none. A deleted account whose credentials are still being removed is returned as it stands.
    ///
    /// A stale answer costs no more than a change that is refused and tried again: the commit checks the revision.
    fn account(&self, id: &AccountId) -> impl Future<Output = Result<Option<Arc<Account>>, Self::Error>> + Send;

    /// A page of the accounts that match `filter`, in the order of their ids, starting behind `after`.
    ///
    /// Deleted accounts are left out. Whoever changes while somebody turns the pages is seen once at most, for ids do
    /// not change.
    fn accounts(
        &self,
        filter: &AccountFilter,
        after: Option<&AccountId>,
        limit: usize,
    ) -> impl Future<Output = Result<Paged<Arc<Account>, AccountId>, Self::Error>> + Send;

    /// A page of an account's credentials of one kind in the order of their ids, starting behind `after`.
    ///
    /// Revoked and ended ones are listed like others, until they are removed. None for an account that is not there.
    fn credentials(
        &self,
        account: &AccountId,
        kind: Kind,
        after: Option<&TokenId>,
        limit: usize,
    ) -> impl Future<Output = Result<Paged<Listed, TokenId>, Self::Error>> + Send;

    /// Credentials of whatever kind in this realm whose `next_due` is at `now` or earlier, the longest due first.
    ///
    /// It costs what is due, not what exists.
    ///
    /// It may return fewer than `limit` only where no more are due. Callers settle what they get, so that the same rows
    /// do not come again.
    fn due(
        &self,
        realm: &Realm,
        now: UtcDateTime,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Listed>, Self::Error>> + Send;

    /// Keeps last uses and sightings. An older use never replaces a newer one; sightings of one row are joined. What is
    /// about an unknown token is dropped.
    ///
    /// A failure loses counts and never rights, so callers keep what they could not write and try again.
    ///
    /// It need not be durable at once, and it may come in a batch of thousands: write it in one transaction.
    fn touch(&self, uses: &[Usage], sightings: &[Sighting]) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// What a token was seen to do, in the order of kind and value.
    ///
    /// At most [`Sighting::MOST`] rows of each kind; none for a token that is unknown or was removed.
    fn sightings(&self, token: &TokenId) -> impl Future<Output = Result<Vec<Sighting>, Self::Error>> + Send;

    /// One document.
    ///
    /// None where no document of this kind has this id.
    fn document(
        &self,
        kind: DocumentKind,
        id: &DocumentId,
    ) -> impl Future<Output = Result<Option<Document>, Self::Error>> + Send;

    /// A page of the documents of a kind in the order of their ids, starting behind `after`.
    ///
    /// Readers also use `after` to begin in the middle: an id that no document has starts the page behind its place in
    /// the order.
    fn documents(
        &self,
        kind: DocumentKind,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> impl Future<Output = Result<Paged<Document, DocumentId>, Self::Error>> + Send;

    /// Appends events that change nothing else, all of them or none.
    ///
    /// The trail is also the outbox: readers find these events in order, as they find those of changes.
    ///
    /// An empty list is no event and no failure.
    fn append(&self, events: &[Event]) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// A page of events in the order the query asks for.
    ///
    /// A query that filters may return fewer events than asked for, and still name where the next page starts.
    ///
    /// [`Query::page`](service_accounts_audit::Query::page) picks a page out of an iterator, for a store without
    /// indexes.
    fn events(&self, query: &Query) -> impl Future<Output = Result<Page, Self::Error>> + Send;

    /// Removes events below `place`, the oldest first and at most `limit`, and returns how many it removed.
    ///
    /// Places are never given again.
    ///
    /// The caller has seen to it that what goes is sealed and behind every cursor; the store does not look.
    fn trim(&self, place: Sequence, limit: usize) -> impl Future<Output = Result<usize, Self::Error>> + Send;

    /// Where a reader of the trail stands.
    ///
    /// None for a reader that was never set up, or was removed.
    fn cursor(&self, reader: &DocumentId) -> impl Future<Output = Result<Option<Cursor>, Self::Error>> + Send;

    /// Moves a reader of the trail from `from`, or sets it up, or removes it with `to` being none; no event is kept.
    ///
    /// Returns false, and does nothing, where the reader does not stand at `from`.
    ///
    /// Two readers under one name therefore never both move on from one place: the one that is told false reads its
    /// cursor again.
    fn advance(
        &self,
        reader: &DocumentId,
        from: Option<Sequence>,
        to: Option<Cursor>,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// The place of the reader that is furthest behind; none where there are no readers.
    ///
    /// What lies at or before it has been read by everybody, and may be trimmed where it is sealed.
    fn slowest_cursor(&self) -> impl Future<Output = Result<Option<Sequence>, Self::Error>> + Send;

    /// How many credentials, revoked ones included, are stored under this pepper; `None` if the store does not count.
    ///
    /// `Some(0)` means the pepper can be retired. May scan every record.
    fn count_under(&self, pepper: PepperId) -> impl Future<Output = Result<Option<u64>, Self::Error>> + Send {
        let _ = pepper;
        async { Ok(None) }
    }
}
