//! Documents and cursors.

use service_accounts_audit::Sequence;
use service_accounts_store::{Cursor, Document, DocumentId, DocumentKind, Paged};
use tokio_postgres::Row;

use crate::{
    PostgresError,
    pool::Pool,
    rows::{self, column, one_more_than, text},
};

/// The columns id, revision and body.
pub(crate) fn read(kind: DocumentKind, row: &Row) -> Result<Document, PostgresError> {
    let id = DocumentId::parse(text(row, 0, "document")?).map_err(|_| PostgresError::corrupt("document"))?;
    Ok(Document { kind, id, revision: rows::revision(row, 1)?, body: text(row, 2, "document")?.into() })
}

pub(crate) async fn document(
    pool: &Pool,
    kind: DocumentKind,
    id: &DocumentId,
) -> Result<Option<Document>, PostgresError> {
    let session = pool.session().await?;
    let found = session.rows(&pool.statements.document, &[&kind.as_str(), &id.as_str()]).await?;
    session.finish()?;
    found.first().map(|row| read(kind, row)).transpose()
}

pub(crate) async fn documents(
    pool: &Pool,
    kind: DocumentKind,
    after: Option<&DocumentId>,
    limit: usize,
) -> Result<Paged<Document, DocumentId>, PostgresError> {
    let session = pool.session().await?;
    let after = after.map_or("", DocumentId::as_str);
    let found = session.rows(&pool.statements.documents, &[&kind.as_str(), &after, &one_more_than(limit)]).await?;
    session.finish()?;
    let found = found.iter().map(|row| read(kind, row)).collect::<Result<_, _>>()?;
    Ok(Paged::new(found, limit, |document: &Document| document.id.clone()))
}

pub(crate) async fn cursor(pool: &Pool, reader: &DocumentId) -> Result<Option<Cursor>, PostgresError> {
    let session = pool.session().await?;
    let found = session.rows(&pool.statements.cursor, &[&reader.as_str()]).await?;
    session.finish()?;
    let read = |row: &Row| Ok(Cursor { at: rows::sequence(row, 0, "cursor")?, state: text(row, 1, "cursor")?.into() });
    found.first().map(read).transpose()
}

/// One statement, which compares and swaps by itself.
pub(crate) async fn advance(
    pool: &Pool,
    reader: &DocumentId,
    from: Option<Sequence>,
    to: Option<&Cursor>,
) -> Result<bool, PostgresError> {
    let (statements, reader_id) = (&pool.statements, reader.as_str());
    if from.is_none() && to.is_none() {
        return Ok(cursor(pool, reader).await?.is_none());
    }
    let session = pool.session_to_change().await?;
    let from = from.map(Sequence::number);
    let written = match to {
        None => session.execute(&statements.remove_cursor, &[&reader_id, &from]).await,
        Some(to) => {
            let (at, state) = (to.at.number(), &*to.state);
            match from {
                None => session.execute(&statements.start_cursor, &[&reader_id, &at, &state]).await,
                Some(from) => session.execute(&statements.move_cursor, &[&reader_id, &from, &at, &state]).await,
            }
        }
    };
    let written = written.map_err(PostgresError::after_sending)?;
    session.finish()?;
    Ok(written == 1)
}

pub(crate) async fn slowest_cursor(pool: &Pool) -> Result<Option<Sequence>, PostgresError> {
    let session = pool.session().await?;
    let found = session.rows(&pool.statements.slowest_cursor, &[]).await?;
    session.finish()?;
    let at: Option<i64> = found.first().map(|row| column(row, 0, "cursor")).transpose()?.flatten();
    Ok(at.map(Sequence::new))
}
