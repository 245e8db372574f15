//! Point reads: on the calling thread, on one of a few read-only connections.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use rusqlite::{Connection, params};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Brief, Clearance, Credential};
use service_accounts_token::TokenId;

use crate::{
    SqliteError,
    briefs::Briefs,
    records::{KnownAccount, Records, token_row},
    rows::place,
    snapshot::{Reader, Snapshot},
    watch::Watch,
};

/// The most that pages of the file take in memory, in KiB: for the reader that is tried first, and for each other.
const FIRST_CACHE: i32 = 65_536;
const OTHER_CACHE: i32 = 16_384;

/// How many connections read at once at most.
const MOST: usize = 8;

const TOKEN: &str = "SELECT revision, record, account FROM token WHERE number BETWEEN ?1 AND ?1 + 7 AND id = ?2";

const ACCOUNT: &str = "SELECT revision, record FROM account WHERE id = ?1";

/// What all reads of one store share.
pub(crate) struct Shared {
    pub(crate) briefs: Briefs,
    pub(crate) records: Records,
    pub(crate) watch: Watch,
}

pub(crate) struct Readers {
    shared: Arc<Shared>,
    readers: Vec<Mutex<Reader>>,
    next: AtomicUsize,
}

impl Readers {
    /// Opens the connections, and begins to watch the files now that all of them are there.
    pub(crate) fn open(path: &Path) -> Result<Self, SqliteError> {
        let count = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, MOST);
        let cache = |number| if number == 0 { FIRST_CACHE } else { OTHER_CACHE };
        let readers = (0..count).map(|number| Reader::open(path, number, cache(number)).map(Mutex::new));
        let readers = readers.collect::<Result<_, _>>()?;
        let shared = Arc::new(Shared { briefs: Briefs::new(), records: Records::new(), watch: Watch::begin(path)? });
        Ok(Self { shared, readers, next: AtomicUsize::new(0) })
    }

    /// What was found out about a credential, if nothing was committed since. A damaged file is told of by
    /// [`credential`](Self::credential), which is asked then.
    #[inline]
    pub(crate) fn brief(&self, id: &TokenId) -> Option<&Brief> {
        let found = self.shared.briefs.find(id)?;
        let head = self.shared.watch.look().ok()??;
        self.shared.briefs.serve(found, &head)
    }

    pub(crate) fn clear(&self, credential: &Arc<Credential>, clearance: Clearance) {
        let known = self.shared.records.credential(&credential.token().id).filter(|known| known.is(credential));
        match known.map(|known| known.at) {
            Some(Snapshot::Log(at)) => {
                self.shared.briefs.keep(credential.token(), &clearance, &at, || self.shared.watch.head());
            }
            // Where the log is not asked, the record is at hand all the same.
            Some(Snapshot::Reader { .. }) => credential.clear(clearance),
            None => {}
        }
    }

    pub(crate) fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, SqliteError> {
        let known = self.shared.records.credential(id);
        let head = self.shared.watch.look()?;
        if let (Some(known), Some(head)) = (&known, head)
            && known.at == Snapshot::Log(head)
        {
            return Ok(Some(known.credential.clone()));
        }
        let reader = self.reader()?;
        let state = reader.state(head)?;
        if let Some(known) = known
            && known.at == state
        {
            return Ok(Some(known.credential));
        }
        let mut statement = reader.connection().prepare_cached(TOKEN)?;
        let mut rows = statement.query(params![place(id), id.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let account = self.account_beside(&reader, token_row::account(row)?, state)?;
        self.shared.records.joined(id, row, account, state).map(Some)
    }

    /// The account of a token whose row is being read. To find an account's row takes as long as the token's, and many
    /// credentials share it: it is not looked for where it was read in this very state.
    fn account_beside(&self, reader: &Reader, id: &str, state: Snapshot) -> Result<Arc<KnownAccount>, SqliteError> {
        let Shared { records, watch, .. } = &*self.shared;
        if let (Snapshot::Log(head), Some(account)) = (state, records.account_at(id, state))
            && watch.head() == Some(head)
        {
            return Ok(account);
        }
        // The token's statement is not over, so this one reads the same state of the file.
        let mut statement = reader.connection().prepare_cached(ACCOUNT)?;
        let mut rows = statement.query([id])?;
        // A token without its account is no credential, and no account is to blame.
        let row = rows.next()?.ok_or(SqliteError::Corrupt { table: "token" })?;
        records.read_account(id, row, state)
    }

    pub(crate) fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, SqliteError> {
        self.shared.watch.look()?;
        let reader = self.reader()?;
        let mut statement = reader.connection().prepare_cached(ACCOUNT)?;
        let mut rows = statement.query([id.as_str()])?;
        rows.next()?.map(|row| self.shared.records.account(id.as_str(), row, 0, 1)).transpose()
    }

    /// A read of a few rows, on the calling thread.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, SqliteError>) -> Result<T, SqliteError> {
        self.shared.watch.look()?;
        read(self.reader()?.connection())
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn reader(&self) -> Result<MutexGuard<'_, Reader>, SqliteError> {
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        if let Some(reader) = free {
            return Ok(reader);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.readers.len().max(1);
        let reader = self.readers.get(turn).ok_or(SqliteError::Closed)?;
        Ok(reader.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        for reader in self.readers.drain(..) {
            let reader = reader.into_inner().unwrap_or_else(PoisonError::into_inner);
            self.shared.watch.close(reader.into_connection());
        }
    }
}
