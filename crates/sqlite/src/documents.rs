//! Documents, and the cursors of the trail's readers.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use service_accounts_audit::Sequence;
use service_accounts_store::{Cursor, Document, DocumentId, DocumentKind, Paged};

use crate::{
    SqliteError,
    rows::{one_more_than, revision, text},
};

pub(crate) fn get(
    connection: &Connection,
    kind: DocumentKind,
    id: &DocumentId,
) -> Result<Option<Document>, SqliteError> {
    let mut statement =
        connection.prepare_cached("SELECT id, revision, body FROM document WHERE kind = ?1 AND id = ?2")?;
    let mut rows = statement.query([kind.as_str(), id.as_str()])?;
    rows.next()?.map(|row| document(kind, row)).transpose()
}

pub(crate) fn page(
    connection: &Connection,
    kind: DocumentKind,
    after: Option<&DocumentId>,
    limit: usize,
) -> Result<Paged<Document, DocumentId>, SqliteError> {
    let mut statement = connection
        .prepare_cached("SELECT id, revision, body FROM document WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT ?3")?;
    let after = after.map_or("", DocumentId::as_str);
    let mut rows = statement.query(params![kind.as_str(), after, one_more_than(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(document(kind, row)?);
    }
    Ok(Paged::new(found, limit, |document| document.id.clone()))
}

fn document(kind: DocumentKind, row: &Row<'_>) -> Result<Document, SqliteError> {
    let id = DocumentId::parse(text(row, 0, "document")?).map_err(|_| SqliteError::Corrupt { table: "document" })?;
    let (revision, body) = (revision(row, 1, "document")?, text(row, 2, "document")?.into());
    Ok(Document { kind, id, body, revision })
}

pub(crate) fn put(transaction: &Transaction<'_>, document: &Document) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO document (kind, id, revision, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (kind, id) DO UPDATE SET revision = excluded.revision, body = excluded.body",
    )?;
    let revision = document.revision.event().number();
    statement.execute(params![document.kind.as_str(), document.id.as_str(), revision, document.body])?;
    Ok(())
}

pub(crate) fn remove(transaction: &Transaction<'_>, kind: DocumentKind, id: &DocumentId) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached("DELETE FROM document WHERE kind = ?1 AND id = ?2")?;
    statement.execute([kind.as_str(), id.as_str()])?;
    Ok(())
}

pub(crate) fn cursor(connection: &Connection, reader: &DocumentId) -> Result<Option<Cursor>, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT at, state FROM cursor WHERE reader = ?1")?;
    let mut rows = statement.query([reader.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Cursor { at: Sequence::new(row.get(0)?), state: text(row, 1, "cursor")?.into() }))
}

pub(crate) fn slowest_cursor(connection: &Connection) -> Result<Option<Sequence>, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT min(at) FROM cursor")?;
    let slowest: Option<i64> = statement.query_row([], |row| row.get(0))?;
    Ok(slowest.map(Sequence::new))
}

/// Moves, sets up or removes a reader that stands at `from`; whether it stood there.
pub(crate) fn advance(
    transaction: &Transaction<'_>,
    reader: &DocumentId,
    from: Option<Sequence>,
    to: Option<&Cursor>,
) -> Result<bool, SqliteError> {
    let mut statement = transaction.prepare_cached("SELECT at FROM cursor WHERE reader = ?1")?;
    let stands: Option<i64> = statement.query_row([reader.as_str()], |row| row.get(0)).optional()?;
    if stands != from.map(Sequence::number) {
        return Ok(false);
    }
    match to {
        Some(cursor) => transaction
            .prepare_cached(
                "INSERT INTO cursor (reader, at, state) VALUES (?1, ?2, ?3)
                 ON CONFLICT (reader) DO UPDATE SET at = excluded.at, state = excluded.state",
            )?
            .execute(params![reader.as_str(), cursor.at.number(), cursor.state])?,
        None => transaction.prepare_cached("DELETE FROM cursor WHERE reader = ?1")?.execute([reader.as_str()])?,
    };
    Ok(true)
}
