//! Every call of the port in one table, for whatever hands all of them on.
//!
//! [`BoxStore`](crate::BoxStore), `&S`, `Arc<S>` and the faulty store of the suite are made from it.

/// Calls `$then!` with every method of [`Store`](crate::Store): its variant in the faulty store, its name, its arguments
/// and its answer. A new method of the port is added here, and every wrapper has it.
#[doc(hidden)]
#[macro_export]
macro_rules! __port_calls {
    ($then:ident) => {
        $then! {
            Credential credential(id: &TokenId) -> Option<Arc<Credential>>;
            Commit commit(authority: &Authority, change: Change, event: Event) -> Committed;
            Account account(id: &AccountId) -> Option<Arc<Account>>;
            Accounts accounts(filter: &AccountFilter, after: Option<&AccountId>, limit: usize)
                -> Paged<Arc<Account>, AccountId>;
            Credentials credentials(account: &AccountId, kind: Kind, after: Option<&TokenId>, limit: usize)
                -> Paged<Listed, TokenId>;
            Due due(realm: &Realm, now: UtcDateTime, limit: usize) -> Vec<Listed>;
            Touch touch(uses: &[Usage], sightings: &[Sighting]) -> ();
            Sightings sightings(token: &TokenId) -> Vec<Sighting>;
            Document document(kind: DocumentKind, id: &DocumentId) -> Option<Document>;
            Documents documents(kind: DocumentKind, after: Option<&DocumentId>, limit: usize)
                -> Paged<Document, DocumentId>;
            Append append(events: &[Event]) -> ();
            Events events(query: &Query) -> Page;
            Trim trim(place: Sequence, limit: usize) -> usize;
            Cursor cursor(reader: &DocumentId) -> Option<Cursor>;
            Advance advance(reader: &DocumentId, from: Option<Sequence>, to: Option<Cursor>) -> bool;
            SlowestCursor slowest_cursor() -> Option<Sequence>;
            CountUnder count_under(pepper: PepperId) -> Option<u64>;
        }
    };
}

pub(crate) use crate::__port_calls as port_calls;
