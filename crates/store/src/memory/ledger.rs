//! The whole state of the memory store, changed only by one method.
//!
//! Records live in maps by id; the other maps are indexes over them, each written in `put_token` and taken back in
//! `remove_token`. Nothing here is bounded: what a host keeps in memory is the host's to bound.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use service_accounts_audit::{Event, Sequence};
use service_accounts_naming::{AccountId, Realm, TokenName};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use super::{documents::Documents, sightings::Sightings, trail::Events};
use crate::{
    Account, AccountFilter, Applied, Authority, Change, Class, Credential, Cursor, DocumentId, LastUsed, Listed, Needs,
    Paged, Records, Refusal, Revision, Sighting, Token, Usage, Write, decide,
};

/// Everything the store keeps, behind one lock.
#[derive(Default)]
pub(super) struct Ledger {
    /// In the order of their ids, which is the order of pages.
    accounts: BTreeMap<AccountId, Arc<Account>>,
    /// Every token, session and client secret, joined with its account.
    tokens: HashMap<TokenId, Arc<Credential>>,
    /// The ids of an account's credentials of every class, in the order of pages.
    by_account: BTreeMap<AccountId, BTreeSet<TokenId>>,
    /// A token's name is unique within its account; sessions and client secrets have none.
    by_name: HashMap<(AccountId, TokenName), TokenId>,
    /// The client secrets of an account: the present one, and revoked ones until they are removed.
    secrets: HashMap<AccountId, BTreeSet<TokenId>>,
    /// The sessions of an account, those that end first before the others.
    sessions: BTreeMap<AccountId, BTreeSet<(UtcDateTime, TokenId)>>,
    /// What is due, by realm; a credential without a `next_due` is not in it.
    by_due: BTreeMap<String, BTreeSet<(UtcDateTime, TokenId)>>,
    /// Apart from the credentials, so that a use does not replace the record that requests hold.
    last_used: HashMap<TokenId, LastUsed>,
    pub(super) sightings: Sightings,
    pub(super) documents: Documents,
    pub(super) cursors: BTreeMap<DocumentId, Cursor>,
    pub(super) trail: Events,
}

impl Ledger {
    /// Carries out a change with its event, and names the credentials that are no longer what they were.
    ///
    /// All that can fail comes before the first write: a refused change leaves the ledger, and the trail, as they were.
    pub(super) fn commit(
        &mut self,
        authority: &Authority,
        change: Change,
        event: Event,
    ) -> Result<(Applied, BTreeSet<TokenId>), Refusal> {
        let records = self.read(&change.needs(authority));
        let writes = decide(authority, change, &records, Revision::made_by(self.trail.next()))?;
        let touched = writes.iter().flat_map(|write| self.write(write.clone())).collect();
        let sequence = self.trail.append(event);
        for write in &writes {
            if let Write::Append(event) = write {
                self.trail.append(Event::clone(event));
            }
        }
        Ok((Applied { sequence, writes }, touched))
    }

    /// For what is published to requests after a change.
    pub(super) fn credential(&self, id: &TokenId) -> Option<Arc<Credential>> {
        self.tokens.get(id).cloned()
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
        let found = ids
            .filter_map(|id| self.tokens.get(id))
            .filter(|credential| credential.token().class.kind() == kind)
            .map(|credential| self.listed(credential));
        Paged::new(found.take(limit.saturating_add(1)).collect(), limit, |listed| listed.credential.token().id)
    }

    /// What is due in a realm, the longest due first; it looks at no more than it returns.
    pub(super) fn due(&self, realm: &Realm, now: UtcDateTime, limit: usize) -> Vec<Listed> {
        let dates = self.by_due.get(realm.as_str()).into_iter().flatten();
        let due = dates.take_while(|(due, _)| *due <= now).take(limit);
        due.filter_map(|(_, id)| self.tokens.get(id)).map(|found| self.listed(found)).collect()
    }

    /// Keeps the later of two uses, and joins sightings. What is about a credential that is gone is dropped.
    pub(super) fn touch(&mut self, uses: &[Usage], sightings: &[Sighting]) {
        for mark in uses.iter().filter(|mark| self.tokens.contains_key(&mark.token)) {
            let last = self.last_used.entry(mark.token).or_insert(mark.last);
            if last.at < mark.last.at {
                *last = mark.last;
            }
        }
        let known = sightings.iter().filter(|sighting| self.tokens.contains_key(&sighting.token));
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
    fn listed(&self, credential: &Arc<Credential>) -> Listed {
        let id = &credential.token().id;
        Listed {
            credential: credential.clone(),
            last_used: self.last_used.get(id).copied(),
            last_attempt: self.sightings.last_attempt(id),
        }
    }

    /// Looks at every credential, revoked ones included.
    pub(super) fn count_under(&self, pepper: PepperId) -> u64 {
        self.tokens
            .values()
            .filter(|credential| credential.token().digest.pepper() == pepper)
            .fold(0, |count, _| count + 1)
    }

    /// What a change needs, as it stands under the lock.
    ///
    /// An id that stands twice in `needs` is read twice, which `decide` does not mind.
    fn read(&self, needs: &Needs) -> Records {
        let secrets = needs.secrets_of.iter().filter_map(|account| self.secrets.get(account)).flatten();
        let tokens = needs.tokens.iter().chain(secrets).filter_map(|id| self.tokens.get(id));
        let credentials = needs.credentials_of.iter().flat_map(|(account, most)| self.ids_of(account).take(*most));
        let sessions = needs.sessions_of.iter().flat_map(|(account, most)| self.sessions_of(account).take(*most));
        Records {
            accounts: needs.accounts.iter().filter_map(|id| self.account(id)).collect(),
            tokens: tokens.map(|credential| credential.token().clone()).collect(),
            credentials: credentials.copied().collect(),
            sessions: sessions.collect(),
            newest: needs.newest_of.as_ref().and_then(|account| self.newest_of(account)),
            name_holder: needs.name.as_ref().and_then(|name| self.by_name.get(name).copied()),
            document: needs.document.as_ref().and_then(|(kind, id)| self.documents.get(*kind, id)),
        }
    }

    /// Carries out one write, and names the credentials that requests must not find as they were.
    fn write(&mut self, write: Write) -> Vec<TokenId> {
        match write {
            Write::PutAccount(account) => return self.put_account(Arc::new(*account)),
            Write::RemoveAccount(id) => {
                self.accounts.remove(&id);
                self.by_account.remove(&id);
                self.sessions.remove(&id);
                self.secrets.remove(&id);
            }
            Write::PutToken(token) => return self.put_token(*token),
            Write::RemoveToken(id) => return self.remove_token(id),
            Write::PutDocument(document) => self.documents.put(document),
            Write::RemoveDocument(kind, id) => self.documents.remove(kind, id),
            // Appended behind the event of the change.
            Write::Append(_) => {}
        }
        Vec::new()
    }

    /// Every credential of the account is joined anew, so that a request reads one record that is whole.
    ///
    /// Requests keep what they hold: a record that was handed out is never changed in place.
    fn put_account(&mut self, account: Arc<Account>) -> Vec<TokenId> {
        let ids: Vec<_> = self.ids_of(&account.id).copied().collect();
        for id in &ids {
            if let Some(credential) = self.tokens.get_mut(id) {
                *credential = Arc::new(Credential::new(credential.token().clone(), account.clone()));
            }
        }
        self.accounts.insert(account.id.clone(), account);
        ids
    }

    /// Inserts or replaces a credential with all its index entries. One without an account is dropped, which `decide`
    /// never asks for.
    fn put_token(&mut self, token: Token) -> Vec<TokenId> {
        let id = token.id;
        let Some(account) = self.account(&token.account) else { return Vec::new() };
        self.forget_dates(&id);
        if let Some(due) = token.next_due {
            self.by_due.entry(token.account.realm().to_owned()).or_default().insert((due, id));
        }
        let account_id = token.account.clone();
        _ = match &token.class {
            Class::Session { .. } => self.sessions.entry(account_id).or_default().insert((end(&token), id)),
            Class::Token(name) => self.by_name.insert((account_id, name.clone()), id).is_none(),
            Class::Secret => self.secrets.entry(account_id).or_default().insert(id),
        };
        self.by_account.entry(token.account.clone()).or_default().insert(id);
        self.tokens.insert(id, Arc::new(Credential::new(token, account)));
        vec![id]
    }

    /// Removes a credential with its marks and its index entries.
    fn remove_token(&mut self, id: TokenId) -> Vec<TokenId> {
        self.forget_dates(&id);
        self.last_used.remove(&id);
        self.sightings.forget(&id);
        if let Some(credential) = self.tokens.remove(&id) {
            let Token { account, class, .. } = credential.token();
            for ids in [self.by_account.get_mut(account), self.secrets.get_mut(account)].into_iter().flatten() {
                ids.remove(&id);
            }
            class.token_name().map(|name| self.by_name.remove(&(account.clone(), name.clone())));
        }
        vec![id]
    }

    /// Takes a credential out of the indexes that are ordered by a date, before the date changes.
    ///
    /// A date that stayed behind would make the credential due twice.
    fn forget_dates(&mut self, id: &TokenId) {
        let Some(credential) = self.tokens.get(id) else { return };
        let token = credential.token();
        if let Some(due) = token.next_due
            && let Some(dates) = self.by_due.get_mut(token.account.realm())
        {
            dates.remove(&(due, *id));
        }
        if let Some(sessions) = self.sessions.get_mut(&token.account) {
            sessions.remove(&(end(token), *id));
        }
    }

    /// In the order of ids.
    fn ids_of(&self, account: &AccountId) -> impl Iterator<Item = &TokenId> {
        self.by_account.get(account).into_iter().flatten()
    }

    /// Looks at every token and client secret of the account.
    fn newest_of(&self, account: &AccountId) -> Option<Revision> {
        let credentials = self.ids_of(account).filter_map(|id| self.tokens.get(id)).map(|found| found.token());
        let lasting = credentials.filter(|token| !matches!(token.class, Class::Session { .. }));
        lasting.map(|token| token.revision).max()
    }

    /// Those that end first before the others.
    fn sessions_of(&self, account: &AccountId) -> impl Iterator<Item = TokenId> {
        self.sessions.get(account).into_iter().flatten().map(|(_, id)| *id)
    }
}

/// The place of a session among others; one without an end comes last.
fn end(session: &Token) -> UtcDateTime {
    session.expires_at.unwrap_or(UtcDateTime::MAX)
}
