//! A store of your own in one file: `cargo run --example own_store` runs the conformance suite against it.
//!
//! To start from a copy, leave out `main` and depend on `service-accounts`, `time`, and, among `dev-dependencies`,
//! `service-accounts-store` with the feature `conformance`.
//!
//! Each map stands for a table, its key for the primary key, and the lock for a transaction. Scans stand where a database
//! would have an index; the comment beside each scan names that index. Records of accounts, credentials and events also
//! read and write as JSON (`serde`), so a database can keep them as text beside its keys.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    panic,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use service_accounts::{
    audit::{Event, Order, Page, Query, Recorded, Sequence},
    naming::{AccountId, Realm},
    store::{
        Account, AccountFilter, Applied, Authority, Change, Committed, Credential, Cursor, Document, DocumentId,
        DocumentKind, LastUsed, Listed, Needs, Paged, Records, Revision, Seen, SeenKind, Sighting, Store, Token, Usage,
        Write, decide,
    },
    token::{Kind, PepperId, TokenId},
};
use service_accounts_store::conformance;
use time::UtcDateTime;

/// Keeps everything in maps behind one lock.
#[derive(Default)]
pub struct OwnStore(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    accounts: BTreeMap<AccountId, Arc<Account>>,
    tokens: BTreeMap<TokenId, Token>,
    last_used: BTreeMap<TokenId, LastUsed>,
    sightings: BTreeMap<(TokenId, Seen), Sighting>,
    documents: BTreeMap<(DocumentKind, DocumentId), Document>,
    cursors: BTreeMap<DocumentId, Cursor>,
    events: BTreeMap<Sequence, Event>,
    /// The last place given to an event; trimming never gives one back.
    last_place: i64,
}

impl OwnStore {
    fn begin(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for OwnStore {
    /// A map does not fail; a database does, and says so here. Never answer "absent" for a row that cannot be read.
    type Error = Infallible;

    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, Infallible> {
        let tables = self.begin();
        Ok(tables.tokens.get(id).and_then(|token| tables.joined(token)))
    }

    /// The five steps of every commit. Nothing is awaited between them, so a dropped future leaves all or nothing.
    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, Infallible> {
        let mut tables = self.begin();
        let records = tables.read(&change.needs(authority));
        let writes = match decide(authority, change, &records, Revision::made_by(tables.next_place())) {
            Ok(writes) => writes,
            Err(refusal) => return Ok(Committed::Refused(refusal)),
        };
        let sequence = tables.append(event);
        writes.iter().for_each(|write| tables.write(write.clone()));
        Ok(Committed::Applied(Applied { sequence, writes }))
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, Infallible> {
        Ok(self.begin().accounts.get(id).cloned())
    }

    async fn accounts(
        &self,
        filter: &AccountFilter,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, Infallible> {
        let tables = self.begin();
        let behind = tables.accounts.values().filter(|account| after.is_none_or(|after| account.id > *after));
        // One more than the page holds, so that the last page can be told.
        let found = behind.filter(|account| filter.matches(account)).take(limit + 1).cloned().collect();
        Ok(Paged::new(found, limit, |account: &Arc<Account>| account.id.clone()))
    }

    async fn credentials(
        &self,
        account: &AccountId,
        kind: Kind,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<Listed, TokenId>, Infallible> {
        let tables = self.begin();
        // In a database: an index on (account, kind, id).
        let of_kind = tables.of(account).filter(|token| token.class.kind() == kind);
        let behind = of_kind.filter(|token| after.is_none_or(|after| token.id > *after));
        let found = behind.filter_map(|token| tables.listed(token)).take(limit + 1).collect();
        Ok(Paged::new(found, limit, |listed: &Listed| listed.credential.token().id))
    }

    async fn due(&self, realm: &Realm, now: UtcDateTime, limit: usize) -> Result<Vec<Listed>, Infallible> {
        let tables = self.begin();
        // In a database: an index on (realm, next_due, id).
        let of_realm = tables.tokens.values().filter(|token| token.account.realm() == realm.as_str());
        let mut due: Vec<_> = of_realm.filter(|token| token.next_due.is_some_and(|due| due <= now)).collect();
        due.sort_by_key(|token| (token.next_due, token.id));
        Ok(due.into_iter().take(limit).filter_map(|token| tables.listed(token)).collect())
    }

    async fn touch(&self, uses: &[Usage], sightings: &[Sighting]) -> Result<(), Infallible> {
        let mut tables = self.begin();
        uses.iter().for_each(|usage| tables.note_use(usage));
        sightings.iter().for_each(|sighting| tables.note_sighting(sighting));
        Ok(())
    }

    async fn sightings(&self, token: &TokenId) -> Result<Vec<Sighting>, Infallible> {
        Ok(self.begin().seen(token).cloned().collect())
    }

    async fn document(&self, kind: DocumentKind, id: &DocumentId) -> Result<Option<Document>, Infallible> {
        Ok(self.begin().documents.get(&(kind, id.clone())).cloned())
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Document, DocumentId>, Infallible> {
        let tables = self.begin();
        let of_kind = tables.documents.values().filter(|document| document.kind == kind);
        let behind = of_kind.filter(|document| after.is_none_or(|after| document.id > *after));
        let found = behind.take(limit + 1).cloned().collect();
        Ok(Paged::new(found, limit, |document: &Document| document.id.clone()))
    }

    async fn append(&self, events: &[Event]) -> Result<(), Infallible> {
        let mut tables = self.begin();
        events.iter().for_each(|event| _ = tables.append(event.clone()));
        Ok(())
    }

    async fn events(&self, query: &Query) -> Result<Page, Infallible> {
        let tables = self.begin();
        let recorded = |(sequence, event): (&Sequence, &Event)| Recorded { sequence: *sequence, event: event.clone() };
        // `Query::page` filters and counts; a database filters by itself and passes what it found.
        Ok(match query.order() {
            Order::NewestFirst => query.page(tables.events.iter().rev().map(recorded)),
            Order::OldestFirst => query.page(tables.events.iter().map(recorded)),
        })
    }

    async fn trim(&self, place: Sequence, limit: usize) -> Result<usize, Infallible> {
        let mut tables = self.begin();
        let oldest: Vec<_> = tables.events.range(..place).take(limit).map(|(place, _)| *place).collect();
        oldest.iter().for_each(|place| _ = tables.events.remove(place));
        Ok(oldest.len())
    }

    async fn cursor(&self, reader: &DocumentId) -> Result<Option<Cursor>, Infallible> {
        Ok(self.begin().cursors.get(reader).cloned())
    }

    async fn advance(
        &self,
        reader: &DocumentId,
        from: Option<Sequence>,
        to: Option<Cursor>,
    ) -> Result<bool, Infallible> {
        let mut tables = self.begin();
        if tables.cursors.get(reader).map(|cursor| cursor.at) != from {
            return Ok(false);
        }
        match to {
            Some(cursor) => tables.cursors.insert(reader.clone(), cursor),
            None => tables.cursors.remove(reader),
        };
        Ok(true)
    }

    async fn slowest_cursor(&self) -> Result<Option<Sequence>, Infallible> {
        Ok(self.begin().cursors.values().map(|cursor| cursor.at).min())
    }

    async fn count_under(&self, pepper: PepperId) -> Result<Option<u64>, Infallible> {
        let tables = self.begin();
        let under = tables.tokens.values().filter(|token| token.digest.pepper() == pepper);
        Ok(u64::try_from(under.count()).ok())
    }
}

impl Tables {
    /// Reads exactly what the change asks for; what is not there is left out.
    fn read(&self, needs: &Needs) -> Records {
        let secrets = needs.secrets_of.iter().flat_map(|account| self.of_kind(account, Kind::Secret));
        let tokens = needs.tokens.iter().filter_map(|id| self.tokens.get(id)).chain(secrets);
        let credentials = needs.credentials_of.iter().flat_map(|(account, most)| self.of(account).take(*most));
        let sessions =
            needs.sessions_of.iter().flat_map(|(account, most)| self.first_to_end(account).into_iter().take(*most));
        Records {
            accounts: needs.accounts.iter().filter_map(|id| self.accounts.get(id).cloned()).collect(),
            tokens: tokens.cloned().collect(),
            credentials: credentials.map(|token| token.id).collect(),
            sessions: sessions.collect(),
            token_count: needs.token_count_of.as_ref().map_or(0, |(account, most)| {
                // In a database: `SELECT count(*) FROM (SELECT … LIMIT most)`, by an index on (account, kind).
                self.of_kind(account, Kind::Token).take(*most).count()
            }),
            newest: needs.newest_of.as_ref().and_then(|account| {
                let lasting = self.of(account).filter(|token| token.class.kind() != Kind::Session);
                lasting.map(|token| token.revision).max()
            }),
            name_holder: needs.name.as_ref().and_then(|(account, name)| {
                // In a database: a unique index on (account, name).
                self.of(account).find(|token| token.class.token_name() == Some(name)).map(|token| token.id)
            }),
            documents: needs.documents.iter().filter_map(|key| self.documents.get(key).cloned()).collect(),
        }
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::PutAccount(account) => _ = self.accounts.insert(account.id.clone(), Arc::new(*account)),
            Write::RemoveAccount(id) => _ = self.accounts.remove(&id),
            Write::PutToken(token) => _ = self.tokens.insert(token.id, *token),
            Write::RemoveToken(id) => self.remove_token(&id),
            Write::PutDocument(document) => {
                self.documents.insert((document.kind, document.id.clone()), document);
            }
            Write::RemoveDocument(kind, id) => _ = self.documents.remove(&(kind, id)),
            Write::Append(event) => _ = self.append(*event),
        }
    }

    /// The last use and the sightings go with their token: an id that comes again starts without them.
    fn remove_token(&mut self, id: &TokenId) {
        self.tokens.remove(id);
        self.last_used.remove(id);
        self.sightings.retain(|(token, _), _| token != id);
    }

    fn next_place(&self) -> Sequence {
        Sequence::new(self.last_place + 1)
    }

    fn append(&mut self, event: Event) -> Sequence {
        let place = self.next_place();
        self.last_place = place.number();
        self.events.insert(place, event);
        place
    }

    fn joined(&self, token: &Token) -> Option<Arc<Credential>> {
        let account = self.accounts.get(&token.account)?;
        Some(Arc::new(Credential::new(token.clone(), account.clone())))
    }

    fn listed(&self, token: &Token) -> Option<Listed> {
        let tried = self.seen(&token.id).filter(|row| row.seen.kind() == SeenKind::Tried);
        let last_attempt = tried.map(|row| row.last).max();
        let last_used = self.last_used.get(&token.id).copied();
        Some(Listed { credential: self.joined(token)?, last_used, last_attempt })
    }

    fn of<'a>(&'a self, account: &'a AccountId) -> impl Iterator<Item = &'a Token> {
        self.tokens.values().filter(move |token| token.account == *account)
    }

    fn of_kind<'a>(&'a self, account: &'a AccountId, kind: Kind) -> impl Iterator<Item = &'a Token> {
        self.of(account).filter(move |token| token.class.kind() == kind)
    }

    /// Sessions, the nearest end first and those without an end last.
    fn first_to_end(&self, account: &AccountId) -> Vec<TokenId> {
        let mut sessions: Vec<_> = self.of_kind(account, Kind::Session).collect();
        sessions.sort_by_key(|session| (session.expires_at.unwrap_or(UtcDateTime::MAX), session.id));
        sessions.into_iter().map(|session| session.id).collect()
    }

    fn seen<'a>(&'a self, id: &'a TokenId) -> impl Iterator<Item = &'a Sighting> {
        self.sightings.iter().filter(move |((token, _), _)| token == id).map(|(_, sighting)| sighting)
    }

    /// An older use never replaces a newer one; one of an unknown token is dropped.
    fn note_use(&mut self, usage: &Usage) {
        let is_newer = self.last_used.get(&usage.token).is_none_or(|last| last.at < usage.last.at);
        if is_newer && self.tokens.contains_key(&usage.token) {
            self.last_used.insert(usage.token, usage.last);
        }
    }

    /// Joins a sighting with its row. Where a new row is one too many of its kind, the stalest other row makes room.
    fn note_sighting(&mut self, sighting: &Sighting) {
        if !self.tokens.contains_key(&sighting.token) {
            return;
        }
        let key = (sighting.token, sighting.seen.clone());
        let joined = self.sightings.get(&key).map_or_else(|| sighting.clone(), |row| row.joined(sighting));
        self.sightings.insert(key, joined);
        let of_kind = self.seen(&sighting.token).filter(|row| row.seen.kind() == sighting.seen.kind());
        let others: Vec<_> = of_kind.filter(|row| row.seen != sighting.seen).collect();
        if others.len() >= Sighting::MOST
            && let Some(stalest) = others.into_iter().min_by_key(|row| row.last).map(|row| row.seen.clone())
        {
            self.sightings.remove(&(sighting.token, stalest));
        }
    }
}

/// Prints each behaviour of the suite and whether it holds; a failed assertion is printed by the panic itself.
fn main() -> Result<(), &'static str> {
    let mut failed = 0;
    for (name, behaves) in conformance::behaviours::<OwnStore>() {
        let holds = panic::catch_unwind(|| behaves(&OwnStore::default().into())).is_ok();
        println!("{} {name}", if holds { "ok    " } else { "FAILED" });
        failed += usize::from(!holds);
    }
    if failed == 0 { Ok(()) } else { Err("the store does not hold what the suite asks for") }
}

#[cfg(test)]
mod tests {
    use super::OwnStore;

    service_accounts_store::conformance!(OwnStore::default());
}
