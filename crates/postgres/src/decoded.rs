//! Records that need not be decoded again.
//!
//! Each read asks the database. What is kept here serves only while the rows hold the very texts it was decoded from, so a
//! database that was restored from a backup revives nothing.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use quick_cache::{Weighter, sync::Cache};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Credential, Revision};
use service_accounts_token::TokenId;
use tokio_postgres::Row;

use crate::{
    PostgresError,
    rows::{self, text},
};

/// How many bytes are kept, a quarter of them for accounts.
const MOST_BYTES: u64 = 64 << 20;

/// What a record takes beside its text and its networks.
const OVERHEAD: usize = 640;

/// How many tokens are remembered as read once, at most; about as many as are kept.
const READ_ONCE: usize = 1 << 16;

pub(crate) struct Decoded {
    credentials: Cache<TokenId, Arc<KnownCredential>, ByText>,
    accounts: Cache<AccountId, Arc<KnownAccount>, ByText>,
    read_once: ReadOnce,
}

struct KnownCredential {
    text: Box<str>,
    account: Arc<KnownAccount>,
    record: Arc<Credential>,
}

/// Shared by the credentials of the account.
struct KnownAccount {
    text: Box<str>,
    record: Arc<Account>,
}

#[derive(Clone)]
struct ByText;

/// An account that only its credentials still hold is counted with each of them.
impl Weighter<TokenId, Arc<KnownCredential>> for ByText {
    fn weight(&self, _: &TokenId, known: &Arc<KnownCredential>) -> u64 {
        let texts = known.text.len().saturating_add(known.account.text.len());
        weight(texts.saturating_add(networks(&known.record)))
    }
}

impl Weighter<AccountId, Arc<KnownAccount>> for ByText {
    fn weight(&self, _: &AccountId, known: &Arc<KnownAccount>) -> u64 {
        weight(known.text.len().saturating_add(networks_of(&known.record)))
    }
}

fn weight(bytes: usize) -> u64 {
    u64::try_from(bytes.saturating_add(OVERHEAD)).unwrap_or(u64::MAX / 4)
}

/// Networks take more memory than text: they are kept for a fast search.
pub(crate) fn networks(credential: &Credential) -> usize {
    credential.token().allowlist.heap_bytes().saturating_add(networks_of(credential.account()))
}

fn networks_of(account: &Account) -> usize {
    let proposed = account.proposal.as_ref().map_or(0, |proposal| proposal.allowlist.heap_bytes());
    account.allowlist.heap_bytes().saturating_add(proposed)
}

impl Decoded {
    pub(crate) fn new() -> Self {
        Self {
            credentials: Cache::with_weighter(10_000, MOST_BYTES / 4 * 3, ByText),
            accounts: Cache::with_weighter(1_000, MOST_BYTES / 4, ByText),
            read_once: ReadOnce::new(),
        }
    }

    /// The columns revision and record of this token and then of its account, from `at` on.
    pub(crate) fn credential(&self, id: &TokenId, row: &Row, at: usize) -> Result<Arc<Credential>, PostgresError> {
        let own = Text::of(row, at, "token")?;
        // A credential without its account is corrupt: the account's columns are then null.
        let of_account = Text::of(row, at + 2, "account")?;
        let was_read = self.read_once.holds_or_notes(id);
        if was_read
            && let Some(known) = self.credentials.get(id)
            && own.is(&known.text, known.record.token().revision)
            && of_account.is(&known.account.text, known.record.account().revision)
        {
            return Ok(known.record.clone());
        }
        let token = rows::token_of(id.as_str(), own.revision, own.record)?;
        let account = self.known_account(&token.account, of_account)?;
        let record = Arc::new(Credential::new(token, account.record.clone()));
        if was_read {
            let known = KnownCredential { text: own.record.into(), account, record: record.clone() };
            self.credentials.insert(*id, Arc::new(known));
        }
        Ok(record)
    }

    /// The columns id, revision and record from `at` on.
    pub(crate) fn account(&self, row: &Row, at: usize) -> Result<Arc<Account>, PostgresError> {
        let id = AccountId::parse(text(row, at, "account")?).map_err(|_| PostgresError::corrupt("account"))?;
        Ok(self.known_account(&id, Text::of(row, at + 1, "account")?)?.record.clone())
    }

    fn known_account(&self, id: &AccountId, own: Text<'_>) -> Result<Arc<KnownAccount>, PostgresError> {
        if let Some(known) = self.accounts.get(id)
            && own.is(&known.text, known.record.revision)
        {
            return Ok(known);
        }
        let record = Arc::new(rows::account_of(id.as_str(), own.revision, own.record)?);
        let known = Arc::new(KnownAccount { text: own.record.into(), record });
        self.accounts.insert(id.clone(), known.clone());
        Ok(known)
    }
}

/// The columns revision and record of a row.
#[derive(Clone, Copy)]
struct Text<'r> {
    revision: Revision,
    record: &'r str,
}

impl<'r> Text<'r> {
    /// From `at` on.
    fn of(row: &'r Row, at: usize, table: &'static str) -> Result<Self, PostgresError> {
        Ok(Self { revision: rows::revision(row, at)?, record: text(row, at + 1, table)? })
    }

    /// Whether the row holds the very text, of this revision.
    fn is(&self, text: &str, revision: Revision) -> bool {
        self.revision == revision && *self.record == *text
    }
}

/// Which tokens were read lately, by a hash in one of many slots. What is read once only would otherwise push out what is read
/// again and again.
struct ReadOnce {
    slots: Box<[AtomicU32]>,
    hashes: RandomState,
}

impl ReadOnce {
    fn new() -> Self {
        let slots = (0..READ_ONCE).map(|_| AtomicU32::new(0)).collect();
        Self { slots, hashes: RandomState::new() }
    }

    fn holds_or_notes(&self, id: &TokenId) -> bool {
        let [a, b, c, d, tag @ ..] = self.hashes.hash_one(id).to_le_bytes();
        let (place, tag) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes(tag));
        let place = usize::try_from(place).unwrap_or_default() % READ_ONCE;
        self.slots.get(place).is_some_and(|slot| slot.swap(tag, Ordering::Relaxed) == tag)
    }
}

#[cfg(test)]
mod tests {
    use service_accounts_store::{MemoryStore, Token, conformance::Subject};

    use super::*;

    #[test]
    fn a_token_is_kept_from_its_second_read_on() {
        let ids: Vec<_> = (0..1000).map(|number| TokenId::parse(&format!("{number:016}")).unwrap()).collect();
        let read_once = ReadOnce::new();
        let held = |_| ids.iter().filter(|id| read_once.holds_or_notes(id)).count();
        let [first, second] = [0, 1].map(held);
        assert_eq!(first, 0);
        assert!(second > 900, "{second} of 1000");
    }

    /// A list of networks takes up to three times as much decoded as its text does.
    #[test]
    fn what_is_kept_counts_by_the_memory_that_it_takes() {
        let subject = Subject::new(MemoryStore::new());
        let mut account = Subject::<MemoryStore>::account("pipeline");
        let mut token = subject.token(&account.id, "nightly");
        let weight = |token: &Token, account: &Account| {
            let record = Arc::new(account.clone());
            let account = Arc::new(KnownAccount { text: "".into(), record: record.clone() });
            let record = Arc::new(Credential::new(token.clone(), record));
            let known = KnownCredential { text: "".into(), account: account.clone(), record };
            let own = ByText.weight(&account.record.id, &account);
            (ByText.weight(&token.id, &Arc::new(known)), own)
        };
        assert_eq!(weight(&token, &account), (640, 640));
        let networks: Vec<_> = (0..200).map(|n| format!("10.0.{n}.0/25")).collect();
        let networks = serde_json::to_string(&networks).unwrap();
        token.allowlist = serde_json::from_str(&networks).unwrap();
        account.allowlist = token.allowlist.clone();
        let heap = u64::try_from(token.allowlist.heap_bytes()).unwrap();
        assert!(heap > u64::try_from(networks.len()).unwrap());
        assert_eq!(weight(&token, &account), (640 + 2 * heap, 640 + heap));
    }
}
