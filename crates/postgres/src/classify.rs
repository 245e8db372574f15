//! What an error of the server or of the connection means.

use std::error::Error;

use tokio_postgres::error::{DbError, Severity};

use crate::PostgresError;

impl From<tokio_postgres::Error> for PostgresError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(reported) = error.as_db_error() else { return of_connection(error) };
        let variant = by_message(reported.message())
            .or_else(|| by_code(reported.code().code()))
            .unwrap_or_else(|| by_class(reported.code().code()));
        variant(error)
    }
}

impl PostgresError {
    /// The failure of a statement that may have been carried out.
    pub(crate) fn after_sending(error: tokio_postgres::Error) -> Self {
        let is_certain = error.as_db_error().is_some_and(has_rolled_back);
        match Self::from(error) {
            Self::Unavailable(cause) if !is_certain => Self::OutcomeUnknown(cause),
            Self::DiskFull(cause) | Self::Damaged(cause) | Self::Database(cause) if !is_certain => {
                Self::OutcomeUnknown(cause)
            }
            other => other,
        }
    }
}

/// Whether a connection failed for a reason that concerns the others to this server too.
pub(crate) fn concerns_all(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else { return true };
    matches!(code.code(), "25006" | "22012") || matches!(code.code().get(..2), Some("08" | "57"))
}

/// A statement that failed is undone by the server, and its transaction with it. A server process that ends may have
/// committed before, unless it ends because its client did not send the commit in time.
fn has_rolled_back(reported: &DbError) -> bool {
    let is_error =
        reported.parsed_severity().map_or_else(|| reported.severity() == "ERROR", |it| it == Severity::Error);
    let code = reported.code().code();
    // Poolers and proxies report a lost server in the class 08, with whichever severity.
    (is_error && !code.starts_with("08")) || matches!(code, "25P03" | "25P04")
}

type Variant = fn(tokio_postgres::Error) -> PostgresError;

macro_rules! variant {
    ($name:ident) => {
        |error| PostgresError::$name(Box::new(error))
    };
}

/// What no code tells.
fn by_message(message: &str) -> Option<Variant> {
    // PgBouncer refuses the time limits that a connection of its own gets.
    if message.contains("unsupported startup parameter") {
        return Some(variant!(Pooled));
    }
    // A release that came meanwhile has altered a table; a new connection prepares the statement anew.
    message.contains("cached plan").then_some(variant!(Contended))
}

fn by_code(code: &str) -> Option<Variant> {
    Some(match code {
        // Cancelled: by `statement_timeout`, or by a person.
        "57014" => |_| PostgresError::TooSlow,
        // `lock_timeout`, which only a role behind a pooler can have.
        "55P03" => variant!(Contended),
        // A mark of a token that was removed at the same time; the next try leaves it out.
        "23503" => variant!(Contended),
        // CockroachDB says so where a node is lost in a commit; the rest of class 40 has rolled back.
        "40003" | "08007" => variant!(OutcomeUnknown),
        // The latter is raised on a standby by the check in `statements`; no other statement divides.
        "25006" | "22012" => variant!(ReadOnly),
        // `idle_in_transaction_session_timeout` and `transaction_timeout`: the transaction was too slow for this server.
        "25P03" | "25P04" => variant!(Unavailable),
        "53300" => variant!(TooManyConnections),
        "53100" => variant!(DiskFull),
        // Files that cannot be read, and pages and indexes that are not as they were written.
        "58030" | "58P01" | "XX001" | "XX002" => variant!(Damaged),
        "42501" => variant!(NotGranted),
        "3D000" => variant!(NoDatabase),
        // A text that this encoding lacks.
        "22P05" | "22021" => variant!(Encoding),
        // Statements that are no longer, or already, prepared.
        "26000" | "42P05" => variant!(Pooled),
        _ => return None,
    })
}

fn by_class(code: &str) -> Variant {
    match code.get(..2) {
        // Serialisation failures and deadlocks: the server has rolled back.
        Some("40") => variant!(Contended),
        // Connection exceptions, a server short of something, and one that starts or stops.
        Some("08" | "53" | "57") => variant!(Unavailable),
        Some("28") => variant!(LoginRefused),
        // Names that are not there, types and plans that changed.
        Some("3F" | "42" | "0A") => variant!(Altered),
        _ => variant!(Database),
    }
}

/// The server said nothing: the connection was lost, or never made. Which step failed is told by the text only.
fn of_connection(error: tokio_postgres::Error) -> PostgresError {
    let cause = error.source().map(ToString::to_string);
    if cause.as_deref() == Some("database does not allow writes") {
        return PostgresError::ReadOnly(Box::new(error));
    }
    match error.to_string().as_str() {
        "error performing TLS handshake" => PostgresError::NoTls(Box::new(error)),
        "authentication error" | "invalid configuration" => PostgresError::LoginRefused(Box::new(error)),
        _ => PostgresError::Unavailable(Box::new(error)),
    }
}
