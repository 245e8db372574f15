//! How to reach the database, and how long to wait for it.

use std::{str::FromStr, time::Duration};

use tokio_postgres::Config;

use crate::{PostgresError, deadline::NEVER};

/// How to reach the database, and how long to wait for it.
///
/// ```
/// use std::time::Duration;
/// use service_accounts_postgres::Settings;
///
/// let settings = Settings::parse("postgres://service@db.example/app")?
///     .schema("service_accounts")?
///     .connections(16)
///     .deadline(Duration::from_secs(2));
/// # Ok::<(), service_accounts_postgres::PostgresError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) config: Config,
    pub(crate) schema: SchemaName,
    pub(crate) connections: usize,
    pub(crate) deadline: Duration,
    pub(crate) prepared: Prepared,
    pub(crate) tls: Tls,
    pub(crate) cache: Option<CacheBounds>,
}

/// How much is kept in memory, and how stale it may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheBounds {
    pub(crate) bytes: u64,
    pub(crate) staleness: Duration,
}

/// Whether statements are prepared once a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// Once a connection, under a name. The default: Postgres plans each statement once.
    Once,
    /// Each time, without a name, in the same round trip. For poolers that hand a connection to another client after each
    /// transaction, such as PgBouncer in transaction mode, and for those that send reads to standbys, such as pgpool-II.
    EachTime,
}

impl Settings {
    /// Reads a URL such as `postgres://user:password@host/database`, or a text such as `host=/run/postgresql user=service`.
    ///
    /// # Errors
    /// The text is neither.
    pub fn parse(text: &str) -> Result<Self, PostgresError> {
        let config = Config::from_str(text).map_err(|_| PostgresError::Url)?;
        Ok(Self {
            config,
            schema: SchemaName(String::from("service_accounts")),
            connections: 16,
            deadline: Duration::from_secs(5),
            prepared: Prepared::Once,
            tls: Tls::Off,
            cache: None,
        })
    }

    /// The schema that holds the tables, `service_accounts` if not set. It is made where it is missing.
    ///
    /// # Errors
    /// The name has other characters than `a-z 0-9 _`, starts with none of `a-z`, or is too long.
    pub fn schema(self, name: &str) -> Result<Self, PostgresError> {
        Ok(Self { schema: SchemaName::parse(name)?, ..self })
    }

    /// The most connections that this store opens, 16 if not set, at least 2.
    #[must_use]
    pub fn connections(self, most: usize) -> Self {
        Self { connections: most.max(2), ..self }
    }

    /// How long one call may take, waiting for a connection and retries included; 5 seconds if not set.
    ///
    /// With [`Prepared::Once`] the server is told the same bound as `statement_timeout`.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Whether statements are prepared once a connection; see [`Prepared`].
    #[must_use]
    pub fn prepared(self, prepared: Prepared) -> Self {
        Self { prepared, ..self }
    }

    /// Keeps credentials in memory, at most so many bytes, and answers from there what may be stale for that long at most.
    ///
    /// Without it every read asks the database. With it a change by another node, a revocation among them, is usually
    /// known within milliseconds and always after `staleness`, which is raised to 100 ms where it is less; this node's own
    /// changes are known at once. It needs one more connection, which listens, and triggers on the tables, which
    /// [`connect`](crate::PostgresStore::connect) makes. While that connection is lost, every read asks the database.
    #[must_use]
    pub fn cache(self, bytes: u64, staleness: Duration) -> Self {
        Self {
            cache: Some(CacheBounds { bytes, staleness: staleness.clamp(Duration::from_millis(100), NEVER) }),
            ..self
        }
    }

    /// Speaks TLS, and with no server that does not.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    #[must_use]
    pub fn tls(mut self, config: rustls::ClientConfig) -> Self {
        self.config.ssl_mode(tokio_postgres::config::SslMode::Require);
        self.tls = Tls::Rustls(tokio_postgres_rustls::MakeRustlsConnect::new(config));
        self
    }

    /// What a connection is opened with. A pooler would refuse settings of a session, or give them to somebody else.
    pub(crate) fn connection(&self) -> Config {
        let mut config = self.config.clone();
        if config.get_application_name().is_none() {
            config.application_name("service-accounts");
        }
        let hosts = config.get_hosts().len().max(config.get_hostaddrs().len());
        if config.get_connect_timeout().is_none() {
            // A host that is lost must leave time for the next.
            config.connect_timeout(self.deadline / u32::try_from(hosts).unwrap_or(u32::MAX).max(1));
        }
        if self.prepared == Prepared::Once {
            let given = config.get_options().unwrap_or_default();
            let options = format!("{given} {}", self.of_session());
            config.options(options);
        }
        config
    }
}

impl Settings {
    /// What a role, a database or a server may have set otherwise: a lock is waited for within the deadline, and a change that
    /// waited for its turn sees what was committed before it. Warnings are heard: see `link`.
    fn of_session(&self) -> String {
        let timeout = self.deadline.as_millis().clamp(1, MOST_MILLISECONDS);
        format!(
            "-c statement_timeout={timeout} -c idle_in_transaction_session_timeout={timeout} -c lock_timeout=0 \
             -c client_min_messages=warning -c service_accounts.session={OWN_SESSION} -c default_transaction_isolation=read\\ committed"
        )
    }
}

/// By which a session shows that it got its settings. A pooler that was told to drop them would lend the session to others too, and
/// a name of theirs may stand for another statement.
pub(crate) const OWN_SESSION: &str = "own";

/// The longest timeout that Postgres knows.
pub(crate) const MOST_MILLISECONDS: u128 = 2_147_483_647;

/// Whether and how connections are encrypted.
#[derive(Clone)]
pub(crate) enum Tls {
    Off,
    #[cfg(feature = "rustls")]
    Rustls(tokio_postgres_rustls::MakeRustlsConnect),
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            #[cfg(feature = "rustls")]
            Self::Rustls(_) => "Rustls",
        })
    }
}

/// A name of plain characters that leaves room for a suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaName(String);

impl SchemaName {
    fn parse(name: &str) -> Result<Self, PostgresError> {
        let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let starts_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let is_name = starts_well && name.len() <= 48 && name.bytes().all(is_fit) && !name.starts_with("pg_");
        if is_name { Ok(Self(name.to_owned())) } else { Err(PostgresError::SchemaName) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As a statement has it; a fit name may still be a word of SQL.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_name_never_needs_quoting() {
        for (name, is_fit) in [
            ("service_accounts", true),
            ("a", true),
            ("", false),
            ("1a", false),
            ("Upper", false),
            ("a\"; DROP TABLE token; --", false),
            ("pg_mine", false),
        ] {
            assert_eq!(SchemaName::parse(name).is_ok(), is_fit, "{name}");
        }
        for (length, is_fit) in [(47, true), (48, true), (49, false)] {
            assert_eq!(SchemaName::parse(&"a".repeat(length)).is_ok(), is_fit, "{length}");
        }
    }

    #[test]
    fn neither_the_settings_nor_a_refused_text_show_a_password() {
        let settings = Settings::parse("postgres://service:hunter2@localhost/app").unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        let refused = Settings::parse("postgres://service:hunter2@localhost:not-a-port/app").unwrap_err();
        assert!(!format!("{refused:?} {refused}").contains("hunter2"));
    }

    /// The first of them may be lost.
    #[test]
    fn of_several_hosts_each_has_its_time() {
        let both = Settings::parse("host=one,other").unwrap().deadline(Duration::from_secs(4)).connection();
        assert_eq!(both.get_connect_timeout(), Some(&Duration::from_secs(2)));
        let one = Settings::parse("host=one").unwrap().deadline(Duration::MAX).connection();
        assert!(
            one.get_options().is_some_and(|text| text.contains("statement_timeout=2147483647 ")),
            "as Postgres knows it"
        );
    }

    #[test]
    fn a_pooler_is_sent_no_settings_of_a_session() {
        let settings = Settings::parse("host=localhost").unwrap();
        assert!(settings.connection().get_options().is_some_and(|text| text.contains("statement_timeout=5000")));
        assert_eq!(settings.prepared(Prepared::EachTime).connection().get_options(), None);
    }
}
