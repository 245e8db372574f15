//! Moving another store's contents here, unchanged and verified.

use service_accounts_audit::{Query, Recorded, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::{
    Account, AccountFilter, Cursor, Document, DocumentId, DocumentKind, Listed, Paged, Sighting, Store, Token, Usage,
};
use service_accounts_token::{Kind, TokenId};

use crate::{
    PostgresError, PostgresStore, change, marks,
    pool::{Session, Step},
    rows,
};

const PAGE: usize = 256;

/// What an import copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many accounts.
    pub accounts: usize,
    /// How many tokens, sessions and client secrets.
    pub credentials: usize,
    /// How many documents.
    pub documents: usize,
    /// How many events.
    pub events: usize,
}

/// Why an import did not happen; nothing was kept then, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError<E: std::error::Error + 'static> {
    /// The other store failed.
    #[error("the store to import from failed")]
    Source(#[source] E),
    /// This store failed.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// This store has kept something already.
    #[error("the schema is not empty; import into a new one")]
    NotEmpty,
    /// The other store has a reader of its trail that was not named, and that is behind all that were.
    #[error("a reader of the trail at place {} was not named, so its place would be lost; name it", .0.number())]
    ReaderMissing(Sequence),
    /// The trail of the other store tells of an account in a realm that was not named.
    #[error("the trail tells of accounts in the realm `{0}`, which was not named, so they would be lost; name it")]
    RealmMissing(Realm),
    /// The other store was written to meanwhile.
    #[error("the store to import from was changed meanwhile; stop every service that writes to it and import again")]
    Changed,
    /// What was kept does not read back as it is in the other store; drop the schema.
    #[error("what was imported differs from its source; drop the schema and import again")]
    Differs,
}

/// Everything of one store that can be listed, in order.
#[derive(Debug, Default, PartialEq)]
struct Contents {
    accounts: Vec<Account>,
    credentials: Vec<(Token, Option<Usage>, Vec<Sighting>)>,
    documents: Vec<Document>,
    cursors: Vec<(DocumentId, Cursor)>,
    events: Vec<Recorded>,
}

impl PostgresStore {
    /// Copies everything from another store into this empty one, in one transaction, and reads it back.
    ///
    /// Records keep their revisions and events their places, so cursors, seals and everything else that names them stays
    /// true. Nobody may write to the other store meanwhile. A store can list neither its realms nor the readers of its trail, so
    /// name all of them; for those of the facade `service_accounts::trail_readers` does. A realm is missed where the trail still
    /// tells of an account in it, and of the readers the slowest is missed. What is not copied: accounts that were deleted and
    /// whose credentials were still being removed, and leases, which end by themselves
    /// ([`Cursor::BEHIND_EVERYTHING`]).
    ///
    /// It holds all of it in memory: about twice the size of the other store.
    ///
    /// # Errors
    /// Either store fails, this one is not empty, a realm or a reader is missed, or the other one changes meanwhile.
    pub async fn import<S: Store>(
        &self,
        source: &S,
        realms: &[Realm],
        readers: &[DocumentId],
    ) -> Result<Imported, ImportError<S::Error>> {
        let contents = read(source, realms, readers).await.map_err(ImportError::Source)?;
        if let Some(realm) = contents.missing_realm(realms) {
            return Err(ImportError::RealmMissing(realm));
        }
        let slowest = source.slowest_cursor().await.map_err(ImportError::Source)?;
        let slowest = slowest.filter(|at| *at < Cursor::BEHIND_EVERYTHING);
        if let Some(missing) = slowest.filter(|at| contents.cursors.iter().all(|(_, cursor)| cursor.at > *at)) {
            return Err(ImportError::ReaderMissing(missing));
        }
        let pool = self.pool();
        pool.within(self.keep(&contents))
            .await
            .map_err(|error| error.map_or(ImportError::NotEmpty, ImportError::from))?;
        if read(source, realms, readers).await.map_err(ImportError::Source)? != contents {
            return Err(ImportError::Changed);
        }
        if read(self, realms, readers).await? != contents {
            return Err(ImportError::Differs);
        }
        Ok(contents.counted())
    }

    /// Fails with no error where the schema is not empty.
    async fn keep(&self, contents: &Contents) -> Result<(), Option<PostgresError>> {
        let session = self.pool().session().await?;
        let turn = session.begin(&[Step::new(&self.pool().statements.take_turn)]).await.map_err(PostgresError::from)?;
        let first = turn.get(1).and_then(|rows| rows.first()).ok_or(PostgresError::corrupt("turn"))?;
        if rows::sequence(first, 0, "turn")? != Sequence::new(1) {
            return Err(None);
        }
        self.keep_rows(&session, contents).await?;
        let end = [Step::new(&self.pool().statements.set_turn).with(contents.last())];
        session.commit(&end).await.map_err(PostgresError::after_sending)?;
        session.finish()?;
        Ok(())
    }

    async fn keep_rows(&self, session: &Session, contents: &Contents) -> Result<(), PostgresError> {
        let statements = &self.pool().statements;
        for account in &contents.accounts {
            session.all(&[change::put_account(statements, account)?]).await?;
        }
        for page in contents.credentials.chunks(PAGE) {
            let tokens: Vec<&Token> = page.iter().map(|(token, ..)| token).collect();
            let uses: Vec<Usage> = page.iter().filter_map(|(_, last, _)| *last).collect();
            let sightings: Vec<&Sighting> = page.iter().flat_map(|(.., sightings)| sightings).collect();
            session.all(&[change::put_tokens(statements, &tokens)?]).await?;
            let touched = marks::touched(statements, &uses);
            session.all(&touched.into_iter().chain([marks::put(statements, &sightings)]).collect::<Vec<_>>()).await?;
        }
        for document in &contents.documents {
            session.all(&[change::put_document(statements, document)]).await?;
        }
        for (reader, cursor) in &contents.cursors {
            let step = Step::new(&statements.start_cursor).with(reader.as_str());
            session.all(&[step.with(cursor.at.number()).with(&*cursor.state)]).await?;
        }
        for page in contents.events.chunks(PAGE) {
            let steps = page.iter().map(|one| change::event_step(statements, one.sequence, &one.event));
            for few in steps.collect::<Result<Vec<_>, _>>()?.chunks(16) {
                session.all(few).await?;
            }
        }
        Ok(())
    }
}

impl Contents {
    /// The highest place that anything names; the next event comes after it.
    fn last(&self) -> i64 {
        let accounts = self.accounts.iter().map(|account| account.revision.event());
        let tokens = self.credentials.iter().map(|(token, ..)| token.revision.event());
        let documents = self.documents.iter().map(|document| document.revision.event());
        let cursors = self.cursors.iter().map(|(_, cursor)| cursor.at);
        let events = self.events.iter().map(|one| one.sequence);
        let all = accounts.chain(tokens).chain(documents).chain(cursors).chain(events);
        all.map(Sequence::number).max().unwrap_or(0)
    }

    /// A realm whose accounts the trail tells of, and that is none of these.
    fn missing_realm(&self, named: &[Realm]) -> Option<Realm> {
        let accounts = self.events.iter().filter_map(|one| AccountId::parse(one.event.account()?.as_str()).ok());
        let mut unnamed = accounts.filter(|account| !named.iter().any(|realm| account.is_in(realm)));
        unnamed.find_map(|account| Realm::parse(account.realm()).ok())
    }

    fn counted(&self) -> Imported {
        Imported {
            accounts: self.accounts.len(),
            credentials: self.credentials.len(),
            documents: self.documents.len(),
            events: self.events.len(),
        }
    }
}

async fn read<S: Store>(store: &S, realms: &[Realm], readers: &[DocumentId]) -> Result<Contents, S::Error> {
    let mut contents = Contents::default();
    for realm in realms {
        let filter = AccountFilter::of(realm.clone());
        let mut after: Option<AccountId> = None;
        loop {
            let page = store.accounts(&filter, after.as_ref(), PAGE).await?;
            contents.accounts.extend(page.items.iter().map(|account| account.as_ref().clone()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    for account in &contents.accounts {
        for kind in [Kind::Token, Kind::Session, Kind::Secret] {
            for listed in credentials(store, &account.id, kind).await? {
                let token = listed.credential.token().clone();
                let last = listed.last_used.map(|last| Usage { token: token.id, last });
                let sightings = store.sightings(&token.id).await?;
                contents.credentials.push((token, last, sightings));
            }
        }
    }
    for kind in DocumentKind::ALL {
        contents.documents.extend(documents(store, *kind).await?);
    }
    for reader in readers {
        let cursor = store.cursor(reader).await?.filter(Cursor::reads_the_trail);
        contents.cursors.extend(cursor.map(|cursor| (reader.clone(), cursor)));
    }
    contents.events = events(store).await?;
    Ok(contents)
}

async fn credentials<S: Store>(store: &S, account: &AccountId, kind: Kind) -> Result<Vec<Listed>, S::Error> {
    let (mut found, mut after): (Vec<Listed>, Option<TokenId>) = (Vec::new(), None);
    loop {
        let Paged { items, next } = store.credentials(account, kind, after.as_ref(), PAGE).await?;
        found.extend(items);
        after = next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

async fn documents<S: Store>(store: &S, kind: DocumentKind) -> Result<Vec<Document>, S::Error> {
    let (mut found, mut after): (Vec<Document>, Option<DocumentId>) = (Vec::new(), None);
    loop {
        let Paged { items, next } = store.documents(kind, after.as_ref(), PAGE).await?;
        found.extend(items);
        after = next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

async fn events<S: Store>(store: &S) -> Result<Vec<Recorded>, S::Error> {
    let mut query = Query::default().oldest_first().limit(Query::MAX_LIMIT);
    let mut found = Vec::new();
    loop {
        let page = store.events(&query).await?;
        found.extend(page.events);
        match page.next {
            Some(place) => query = query.continue_from(place),
            None => return Ok(found),
        }
    }
}
