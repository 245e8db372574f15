//! Why the database failed.

use std::error::Error;

use tokio_postgres::error::SqlState;

/// Why the database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The server cannot be reached, is starting, is shutting down or only reads; nothing was changed.
    #[error("the Postgres server is unavailable; try again later")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The call took longer than [`Settings::deadline`](crate::Settings::deadline), waiting for a connection included.
    ///
    /// A change that was already on its way may still happen.
    #[error("the Postgres server did not answer within the deadline; try again later")]
    TooSlow,
    /// Others changed the same rows at the same time, more often than the call was retried; nothing was changed.
    #[error("the change kept meeting other changes; try again")]
    Contended(#[source] Box<dyn Error + Send + Sync>),
    /// The connection was lost while the change was being committed; whether it happened is unknown.
    ///
    /// A second try could carry the change out twice, or refuse it because of itself, so the store does not try.
    /// Requests carry idempotency keys for that.
    #[error("the connection was lost during a commit; read again whether the change happened")]
    OutcomeUnknown(#[source] Box<dyn Error + Send + Sync>),
    /// Postgres reported another error; nothing was changed.
    #[error("the Postgres database failed")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// A row is not what this crate wrote. It is refused rather than guessed at.
    #[error("a row of the table `{table}` cannot be read back; restore the database from a backup")]
    Corrupt {
        /// Where it stands.
        table: &'static str,
    },
    /// The schema was written by a newer release.
    #[error("the database has schema {found}, this release knows up to {known}; use a newer release")]
    TooNew {
        /// The schema of the database.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// The role or database acknowledges commits that a crash can lose.
    #[error("`synchronous_commit` is off; turn it on for the role of the service")]
    NotDurable,
    /// A cache listens, which [`Prepared::EachTime`](crate::Prepared::EachTime) says no connection here can do.
    #[error("a cache needs connections of its own; use none behind a pooler")]
    CacheBehindPooler,
    /// The connection text cannot be read; it may hold a password, so it is not repeated.
    #[error("the connection text is no Postgres URL or key-value text")]
    Url,
    /// The name of the schema is unfit.
    #[error("a schema name has 1 to 48 of the characters a-z 0-9 _ and starts with a letter")]
    SchemaName,
    /// [`PostgresStore::connect`](crate::PostgresStore::connect) was called outside of a Tokio runtime.
    #[error("there is no tokio runtime; connect inside of one that lives as long as the store")]
    NoRuntime,
}

impl PostgresError {
    /// Whether nothing happened for sure, so that a change may be tried again as it is.
    pub(crate) const fn has_changed_nothing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Contended(_))
    }

    /// The same failure of a statement that may have been carried out.
    pub(crate) fn after_sending(error: tokio_postgres::Error) -> Self {
        match Self::from(error) {
            Self::Unavailable(source) => Self::OutcomeUnknown(source),
            other => other,
        }
    }

    pub(crate) const fn corrupt(table: &'static str) -> Self {
        Self::Corrupt { table }
    }
}

impl From<tokio_postgres::Error> for PostgresError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code().cloned() else {
            // The server said nothing: the connection was lost, or never made.
            return Self::Unavailable(Box::new(error));
        };
        if code == SqlState::QUERY_CANCELED || code == SqlState::LOCK_NOT_AVAILABLE {
            return Self::TooSlow;
        }
        // CockroachDB says so where a node is lost in a commit; the rest of its class has rolled back.
        if code == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN || code == SqlState::TRANSACTION_RESOLUTION_UNKNOWN {
            return Self::OutcomeUnknown(Box::new(error));
        }
        if code == SqlState::READ_ONLY_SQL_TRANSACTION {
            return Self::Unavailable(Box::new(error));
        }
        match code.code().get(..2) {
            // Serialisation failures and deadlocks: the server has rolled back.
            Some("40") => Self::Contended(Box::new(error)),
            // Connection exceptions, too many connections, a server that starts or stops.
            Some("08" | "53" | "57") => Self::Unavailable(Box::new(error)),
            _ => Self::Database(Box::new(error)),
        }
    }
}
