//! Whether the log's last commit is this connection's own.

use rusqlite::Connection;
use service_accounts_store::Write;

use crate::{
    reader::Shared,
    snapshot::data_version,
    watch::{Head, Watch},
};

/// The state of the file when a transaction of this connection began to write.
pub(crate) struct Begun {
    head: Head,
    version: i64,
}

impl Begun {
    /// For the connection that holds the lock for writing. `None` where the state is not told: nothing is followed then.
    pub(crate) fn now(writer: &Connection, watch: &Watch) -> Option<Self> {
        Some(Self { head: watch.head()?, version: data_version(writer).ok()? })
    }

    /// After the transaction: what was found out goes on to serve, but for what it wrote.
    ///
    /// The log's count alone would not do: a transaction that changed nothing leaves no commit, and the one that is found
    /// then is somebody else's. SQLite's `data_version` stays as it is only while nobody else commits.
    pub(crate) fn follow<'w>(
        self,
        writer: &Connection,
        Shared { briefs, watch, .. }: &Shared,
        writes: impl Iterator<Item = &'w Write>,
    ) {
        // The version is asked last: it must tell of every commit that the head tells of.
        if let Some(after) = watch.head()
            && data_version(writer).is_ok_and(|version| version == self.version)
        {
            briefs.follow(&self.head, &after, writes);
        }
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::TransactionBehavior;
    use service_accounts_store::{Change, Clearance, Committed, Token, conformance::Subject};
    use time::UtcDateTime;

    use super::*;
    use crate::{
        SqliteStore,
        connection::{self, Role},
        reader::Readers,
    };

    type Host = Subject<SqliteStore>;

    /// A token of a new file.
    fn token(path: &Path) -> Token {
        let host = Host::new(SqliteStore::open(path).unwrap());
        let account = Host::account("pipeline");
        let token = host.token(&account.id, "nightly");
        let change = Change::CreateAccount { account: Box::new(account), tokens: vec![token.clone()] };
        assert!(matches!(host.commit(change), Committed::Applied(_)));
        token
    }

    /// Whether a brief serves on after a transaction on one connection, and what another did right after it.
    fn serves_after(own: &str, others: &[&str]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        let token = token(&path);
        let (mut writer, other) = (connection::open(&path, Role::Writer), connection::open(&path, Role::Writer));
        let readers = Readers::open(&path).unwrap();
        let found = readers.credential(&token.id).unwrap().unwrap();
        readers.clear(&found, Clearance { by: 1, what: 1, until: UtcDateTime::MAX });
        assert!(readers.brief(&token.id).is_some());
        let writer = writer.as_mut().unwrap();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        let begun = Begun::now(&transaction, &readers.shared().watch).unwrap();
        transaction.execute_batch(own).unwrap();
        transaction.commit().unwrap();
        others.iter().for_each(|commit| other.as_ref().unwrap().execute_batch(commit).unwrap());
        begun.follow(writer, readers.shared(), [].iter());
        readers.brief(&token.id).is_some()
    }

    const CHANGE: &str = "UPDATE token SET revision = revision + 1";
    const NO_CHANGE: &str = "UPDATE token SET revision = revision";

    #[test]
    fn only_a_commit_of_this_connection_is_followed() {
        for (own, others, serves) in [
            (CHANGE, &[][..], true),
            (NO_CHANGE, &[], true),
            ("", &[], true),
            (CHANGE, &[CHANGE], false),
            (NO_CHANGE, &[CHANGE], false),
            ("", &[CHANGE], false),
            ("", &[CHANGE, CHANGE], false),
        ] {
            assert_eq!(serves_after(own, others), serves, "{own:?} {others:?}");
        }
    }
}
