//! The whole state of the memory store, changed only by one method.
//!
//! Credentials live in [`Rows`], which requests read too; the maps here are indexes over them, each written in `put_token`
//! and taken back in `remove_token`. Nothing here is bounded: what a host keeps in memory is the host's to bound.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use service_accounts_audit::{Event, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use super::{
    documents::Documents,
    names::Names,
    row::Row,
    rows::{Number, Rows},
    sightings::Sightings,
    trail::Events,
};
use crate::{
    Account, AccountFilter, Applied, Authority, Change, Cursor, DocumentId, Listed, Needs, Paged, Records, Refusal,
    Revision, Sighting, Token, Usage, Write, decide,
};

/// Everything the store keeps, behind one lock.
#[derive(Default)]
pub(super) struct Ledger {
    /// In the order of their ids, which is the order of pages.
    accounts: BTreeMap<AccountId, Arc<Account>>,
    /// Every token, session and client secret, joined with its account, and its last use.
    pub(super) rows: Arc<Rows>,
    /// The ids of an account's credentials of every class, in the order of pages.
    by_account: BTreeMap<AccountId, BTreeSet<TokenId>>,
    /// A token's name is unique within its account; sessions and client secrets have none.
    by_name: Names,
    /// The client secrets of an account: the present one, and revoked ones until they are removed.
    secrets: HashMap<AccountId, BTreeSet<TokenId>>,
    /// The sessions of an account, those that end first before the others.
    sessions: BTreeMap<AccountId, BTreeSet<(i64, TokenId)>>,
    /// What is due, by realm, in seconds since 1970; a credential without a `next_due` is not in it.
    by_due: BTreeMap<String, BTreeSet<(i64, Number)>>,
    pub(super) sightings: Sightings,
    pub(super) documents: Documents,
    pub(super) cursors: BTreeMap<DocumentId, Cursor>,
    pub(super) trail: Events,
}

impl Ledger {
    /// Carries out a change with its event. Requests see each row as soon as it is written.
    ///
    /// All that can fail comes before the first write: a refused change leaves the ledger, and the trail, as they were.
    pub(super) fn commit(&mut self, authority: &Authority, change: Change, event: Event) -> Result<Applied, Refusal> {
        let records = self.read(&change.needs(authority));
        let writes = decide(authority, change, &records, Revision::made_by(self.trail.next()))?;
        writes.iter().for_each(|write| self.write(write.clone()));
        let sequence = self.trail.append(event);
        for write in &writes {
            if let Write::Append(event) = write {
                self.trail.append(Event::clone(event));
            }
        }
        Ok(Applied { sequence, writes })
    }

    /// The row as it stands, deleted accounts included.
    pub(super) fn account(&self, id: &AccountId) -> Option<Arc<Account>> {
        self.accounts.get(id).cloned()
    }

    /// A page of the accounts that match, in the order of their ids; it may look at every account of the store.
    pub(super) fn accounts(
        &self,
        filter: &AccountFilter,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Paged<Arc<Account>, AccountId> {
        let behind = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let found = self.accounts.range::<AccountId, _>(behind).map(|(_, account)| account);
        let found = found.filter(|account| filter.matches(account)).cloned();
        Paged::new(found.take(limit.saturating_add(1)).collect(), limit, |account| account.id.clone())
    }

    /// A page of one kind of an account's credentials, in the order of their ids.
    pub(super) fn credentials(
        &self,
        account: &AccountId,
        kind: Kind,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Paged<Listed, TokenId> {
        let behind = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let ids = self.by_account.get(account).into_iter().flat_map(|ids| ids.range::<TokenId, _>(behind));
        let found =
            ids.filter_map(|id| self.rows.of(id, |row| if row.kind()? == kind { self.listed(row) } else { None }));
        Paged::new(found.take(limit.saturating_add(1)).collect(), limit, |listed| listed.credential.token().id)
    }

    /// What is due in a realm, the longest due first, and of one date in the order of their ids; it looks at no more than it
    /// returns.
    pub(super) fn due(&self, realm: &Realm, now: UtcDateTime, limit: usize) -> Vec<Listed> {
        let dates = self.by_due.get(realm.as_str()).into_iter().flatten();
        let due = dates.take_while(|(due, _)| *due <= now.unix_timestamp()).take(limit);
        let mut found: Vec<_> = due.filter_map(|(_, number)| self.rows.at(*number, |row| self.listed(row))).collect();
        found.sort_by_key(|listed| (listed.credential.token().next_due, listed.credential.token().id));
        found
    }

    /// Keeps the later of two uses, and joins sightings. What is about a credential that is gone is dropped.
    pub(super) fn touch(&mut self, uses: &[Usage], sightings: &[Sighting]) {
        uses.iter().for_each(|usage| self.rows.touch(usage));
        let known = sightings.iter().filter(|sighting| self.rows.number(&sighting.token).is_some());
        known.for_each(|sighting| self.sightings.add(sighting));
    }

    /// Whether the reader stood at `from`, and so was moved, set up (`from` is none) or removed (`to` is none).
    pub(super) fn advance(&mut self, reader: &DocumentId, from: Option<Sequence>, to: Option<Cursor>) -> bool {
        if self.cursors.get(reader).map(|cursor| cursor.at) != from {
            return false;
        }
        match to {
            Some(cursor) => self.cursors.insert(reader.clone(), cursor),
            None => self.cursors.remove(reader),
        };
        true
    }

    /// Adds what is kept apart from the credential: its last use and the last attempt after its end.
    ///
    /// What is kept apart may be newer than the record, never older than the last `touch`.
    fn listed(&self, row: &Row) -> Option<Listed> {
        let last_attempt = self.sightings.last_attempt(&row.id()?);
        Some(Listed { credential: row.credential()?, last_used: row.last_used, last_attempt })
    }

    /// Looks at every credential, revoked ones included.
    pub(super) fn count_under(&self, pepper: PepperId) -> u64 {
        let is_under = |row: &Row| Some(row.glance()?.pepper == pepper);
        self.rows.count(|row| is_under(row).unwrap_or_default())
    }

    /// What a change needs, as it stands under the lock.
    ///
    /// An id that stands twice in `needs` is read twice, which `decide` does not mind.
    fn read(&self, needs: &Needs) -> Records {
        let secrets = needs.secrets_of.iter().filter_map(|account| self.secrets.get(account)).flatten();
        let tokens = needs.tokens.iter().chain(secrets).filter_map(|id| self.rows.of(id, Row::token));
        let credentials = needs.credentials_of.iter().flat_map(|(account, most)| self.ids_of(account).take(*most));
        let sessions = needs.sessions_of.iter().flat_map(|(account, most)| self.sessions_of(account).take(*most));
        Records {
            accounts: needs.accounts.iter().filter_map(|id| self.account(id)).collect(),
            tokens: tokens.collect(),
            credentials: credentials.copied().collect(),
            sessions: sessions.collect(),
            token_count: needs
                .token_count_of
                .as_ref()
                .map_or(0, |(account, most)| self.token_count(account).min(*most)),
            newest: needs.newest_of.as_ref().and_then(|account| self.newest_of(account)),
            name_holder: needs.name.as_ref().and_then(|(account, name)| self.by_name.holder(&self.rows, account, name)),
            documents: needs.documents.iter().filter_map(|(kind, id)| self.documents.get(*kind, id)).collect(),
        }
    }

    /// Carries out one write.
    fn write(&mut self, write: Write) {
        match write {
            Write::PutAccount(account) => self.put_account(Arc::new(*account)),
            Write::RemoveAccount(id) => {
                self.accounts.remove(&id);
                self.by_account.remove(&id);
                self.sessions.remove(&id);
                self.secrets.remove(&id);
            }
            Write::PutToken(token) => self.put_token(*token),
            Write::RemoveToken(id) => self.remove_token(&id),
            Write::PutDocument(document) => self.documents.put(document),
            Write::RemoveDocument(kind, id) => self.documents.remove(kind, id),
            // Appended behind the event of the change.
            Write::Append(_) => {}
        }
    }

    /// Every credential of the account is joined anew, so that a request reads one record that is whole.
    ///
    /// Requests keep what they hold: a record that was handed out is never changed in place.
    fn put_account(&mut self, account: Arc<Account>) {
        self.ids_of(&account.id).for_each(|id| self.rows.join(id, &account));
        self.accounts.insert(account.id.clone(), account);
    }

    /// Inserts or replaces a credential with all its index entries. One without an account is dropped, which `decide`
    /// never asks for.
    fn put_token(&mut self, token: Token) {
        let Some(account) = self.account(&token.account) else { return };
        self.forget_dates(&token.id);
        let (id, due, end, kind) = (token.id, token.next_due, end(token.expires_at), token.class.kind());
        let Some(number) = self.rows.put(token, account.clone()) else { return };
        if let Some(due) = due {
            self.by_due.entry(account.id.realm().to_owned()).or_default().insert((due.unix_timestamp(), number));
        }
        let account = account.id.clone();
        match kind {
            Kind::Session => _ = self.sessions.entry(account.clone()).or_default().insert((end, id)),
            Kind::Token => self.by_name.insert(&self.rows, number),
            Kind::Secret => _ = self.secrets.entry(account.clone()).or_default().insert(id),
        }
        self.by_account.entry(account).or_default().insert(id);
    }

    /// Removes a credential with its marks and its index entries.
    fn remove_token(&mut self, id: &TokenId) {
        self.forget_dates(id);
        self.sightings.forget(id);
        if let Some(number) = self.rows.number(id) {
            self.by_name.remove(&self.rows, number);
        }
        if let Some(account) = self.rows.of(id, |row| Some(row.account().id.clone())) {
            for ids in [self.by_account.get_mut(&account), self.secrets.get_mut(&account)].into_iter().flatten() {
                ids.remove(id);
            }
        }
        self.rows.remove(id);
    }

    /// Takes a credential out of the indexes that are ordered by a date, before the date changes.
    ///
    /// A date that stayed behind would make the credential due twice.
    fn forget_dates(&mut self, id: &TokenId) {
        let dates = |row: &Row| Some((row.account().id.clone(), row.glance()?.next_due, row.glance()?.expires_at));
        let Some((account, due, expires_at)) = self.rows.of(id, dates) else { return };
        if let (Some(due), Some(number)) = (due, self.rows.number(id))
            && let Some(dates) = self.by_due.get_mut(account.realm())
        {
            dates.remove(&(due, number));
        }
        if let Some(sessions) = self.sessions.get_mut(&account) {
            sessions.remove(&(expires_at.unwrap_or(i64::MAX), *id));
        }
    }

    /// In the order of ids.
    fn ids_of(&self, account: &AccountId) -> impl Iterator<Item = &TokenId> {
        self.by_account.get(account).into_iter().flatten()
    }

    /// Looks at every token and client secret of the account.
    fn newest_of(&self, account: &AccountId) -> Option<Revision> {
        let lasting = |row: &Row| (row.kind()? != Kind::Session).then_some(row.glance()?.revision);
        self.ids_of(account).filter_map(|id| self.rows.of(id, lasting)).max()
    }

    /// What an account has that is neither a session nor a client secret; nothing is counted one by one.
    fn token_count(&self, account: &AccountId) -> usize {
        let all = self.by_account.get(account).map_or(0, BTreeSet::len);
        let others = [self.sessions.get(account).map(BTreeSet::len), self.secrets.get(account).map(BTreeSet::len)];
        others.into_iter().flatten().fold(all, usize::saturating_sub)
    }

    /// Those that end first before the others.
    fn sessions_of(&self, account: &AccountId) -> impl Iterator<Item = TokenId> {
        self.sessions.get(account).into_iter().flatten().map(|(_, id)| *id)
    }
}

/// The place of a session among others; one without an end comes last.
fn end(expires_at: Option<UtcDateTime>) -> i64 {
    expires_at.map_or(i64::MAX, UtcDateTime::unix_timestamp)
}
