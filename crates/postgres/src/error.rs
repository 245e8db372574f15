//! Why the database failed, and what to do about it.

use std::error::Error;

type Cause = Box<dyn Error + Send + Sync>;

/// Why the database failed. Each text says what to do; the cause is what the server or the network said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The server cannot be reached, is starting or is shutting down; nothing was changed.
    #[error(
        "the Postgres server cannot be reached or is not ready; check its address and its state, or try again later"
    )]
    Unavailable(#[source] Cause),
    /// The call took longer than [`Settings::deadline`](crate::Settings::deadline), waiting for a connection included.
    ///
    /// A change that was already on its way may still happen.
    #[error("the Postgres server did not answer within the deadline; try again later")]
    TooSlow,
    /// Others changed the same rows at the same time, more often than the call was retried; nothing was changed.
    #[error("the change kept meeting other changes; try again")]
    Contended(#[source] Cause),
    /// The connection was lost while the change was being committed; whether it happened is unknown.
    ///
    /// A second try could carry the change out twice, or refuse it because of itself, so the store does not try.
    /// Requests carry idempotency keys for that.
    #[error("the connection was lost during a commit; read again whether the change happened")]
    OutcomeUnknown(#[source] Cause),
    /// Somebody cancelled the server's wait for a standby. The change happened; a failover may lose it until the standby has it.
    #[error(
        "a wait for the standby was cancelled; the change happened, and a failover may lose it until the standby follows"
    )]
    NotReplicated,
    /// The server was the primary before another one that this node has met; nothing was changed.
    #[error(
        "the Postgres server was the primary before the present one; stop it, bring it back as a standby, or restart this node if it was set back"
    )]
    Superseded,
    /// The server is a standby, which may answer with what is no longer true, or it refuses every change; nothing was changed.
    #[error("the Postgres server only reads; connect to the primary, or turn `default_transaction_read_only` off")]
    ReadOnly(#[source] Cause),
    /// The server, the database or the role has no connection left; nothing was changed.
    #[error("the Postgres server gives no more connections; raise its limit or lower `connections`")]
    TooManyConnections(#[source] Cause),
    /// The disk of the server is full; nothing was changed, and reads may still work.
    #[error("the disk of the Postgres server is full; free some space on it")]
    DiskFull(#[source] Cause),
    /// The role lacks a right; nothing was changed.
    #[error("the role of the service lacks a right; grant it on the schema and on its tables")]
    NotGranted(#[source] Cause),
    /// The server accepts no connection of this user, with this password or from this address.
    #[error("the Postgres server refuses the login; check the user, the password, TLS and `pg_hba.conf`")]
    LoginRefused(#[source] Cause),
    /// The server has no database of this name.
    #[error("the Postgres database does not exist; create it or correct its name in the connection text")]
    NoDatabase(#[source] Cause),
    /// TLS was asked for, and there is none with this server; it was told nothing.
    #[error("there is no TLS with the Postgres server; turn it on at both ends, and check the certificate")]
    NoTls(#[source] Cause),
    /// The database would not keep every text as it is.
    #[error("the encoding of the Postgres database is not UTF8; use a database that was made with `ENCODING 'UTF8'`")]
    Encoding(#[source] Cause),
    /// A table, a column or the schema is not as this release made it; nothing was changed.
    #[error("the tables in Postgres are not as this release made them; undo what was altered by hand")]
    Altered(#[source] Cause),
    /// Prepared statements are lost between calls, or settings of a session are refused; nothing was changed.
    #[error("a pooler shares the connections to Postgres; set `Prepared::EachTime`")]
    Pooled(#[source] Cause),
    /// The server cannot read its own files.
    #[error("the files of the Postgres server are damaged; restore the database from a backup")]
    Damaged(#[source] Cause),
    /// Postgres reported another error; nothing was changed.
    #[error("the Postgres database failed; see the log of its server")]
    Database(#[source] Cause),
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
    /// Whether nothing happened for sure, and another try may meet a better server, connection or moment.
    pub(crate) const fn is_worth_another_try(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::Contended(_)
                | Self::ReadOnly(_)
                | Self::Superseded
                | Self::TooManyConnections(_)
                | Self::NoTls(_)
                | Self::Pooled(_)
        )
    }

    pub(crate) const fn corrupt(table: &'static str) -> Self {
        Self::Corrupt { table }
    }
}
