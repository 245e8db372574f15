//! A creation that is sent again under its request key.

use service_accounts_access::Permission;
use service_accounts_audit::Action;
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Change, Class, Listed, Revision, Status, Store};
use service_accounts_token::Kind;

use super::{Acting, CreatedAccount, MintedToken, NewAccount, NewToken};
use crate::{
    Error, Unavailable,
    core::{authority::Call, credentials::EVERY_KIND, journal::Due, retry::retry_on_conflict},
};

/// How many ids of one name a numbered creation under a key may take: each of them is looked at, each time.
const MOST_IDS: u32 = 64;

/// What became of the ids of one name.
struct Ids {
    /// The account that this very request has made before.
    own: Option<AccountId>,
    /// Each with the state of its account, if there is one, and whether it can be taken.
    seen: Vec<(AccountId, Option<Revision>, bool)>,
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// The account of this request, made now or before.
    ///
    /// The first free id may be another one than it was when the request came first. So all ids are looked at before one
    /// is taken, and the commit asks for all of them to be as they were seen: of one request that comes twice at once, the
    /// second finds the account of the first. Given up: numbers above 64 under a key, and 64 reads.
    pub(super) async fn create_by_request(
        &self,
        unnumbered: &AccountId,
        wanted: &NewAccount,
    ) -> Result<CreatedAccount, Error> {
        retry_on_conflict(|| async {
            let Ids { own, seen } = self.ids_of(unnumbered, wanted).await?;
            if let Some(id) = own {
                return self.created_before(&id, wanted).await;
            }
            let free = seen.iter().find(|(.., is_free)| *is_free).map(|(id, ..)| id.clone()).ok_or(Error::IdTaken)?;
            let others = seen.into_iter().filter(|(id, ..)| *id != free).map(|(id, state, _)| (id, state)).collect();
            let asker = self.asker();
            let account = self.draft_account(&asker, &free, wanted)?;
            match self.write_account(&asker, account, wanted, others).await {
                // Somebody was faster, perhaps this very request.
                Err(Error::IdTaken) => Err(Error::Conflict),
                done => done,
            }
        })
        .await
    }

    async fn ids_of(&self, unnumbered: &AccountId, wanted: &NewAccount) -> Result<Ids, Error> {
        let mut ids = Ids { own: None, seen: Vec::new() };
        for number in 1..=MOST_IDS {
            let id = if number == 1 { unnumbered.clone() } else { unnumbered.numbered(number) };
            let found = self.core.store.account(&id).await.map_err(Unavailable::new)?;
            let is_free = found.is_none() && !self.core.rules.reserved.contains(&id);
            // One whose last credentials are still being removed holds its id, and is no account any more.
            let account = found.filter(|account| account.status != Status::Deleted);
            if account.as_ref().is_some_and(|account| self.is_of_request(account, wanted)) {
                return Ok(Ids { own: Some(id), ..ids });
            }
            ids.seen.push((id, account.map(|account| account.revision), is_free));
        }
        Ok(ids)
    }

    /// Only whoever has created it, under the same key. The key alone is compared, not the rest of the request.
    fn is_of_request(&self, account: &Account, wanted: &NewAccount) -> bool {
        wanted.request.is_some() && account.request == wanted.request && account.created_by == *self.actor.name()
    }

    /// The answer to a request that was carried out before and is sent again.
    ///
    /// For anybody else the id is taken.
    pub(super) async fn created_before(&self, id: &AccountId, wanted: &NewAccount) -> Result<CreatedAccount, Error> {
        let account = self.core.account(id).await.map_err(|error| match error {
            Error::AccountMissing => Error::IdTaken,
            error => error,
        })?;
        if !self.is_of_request(&account, wanted) {
            return Err(Error::IdTaken);
        }
        self.asker().may_on(Call::CreateAccount, &account)?;
        let (client_secret, first_token) = match wanted.first_token.as_ref() {
            _ if self.is_used(&account).await? => (None, None),
            None => (self.reissue(&account, Kind::Secret, None).await?, None),
            Some(first) => (
                self.reissue(&account, Kind::Secret, None).await?,
                self.reissue(&account, Kind::Token, Some(first)).await?,
            ),
        };
        let warnings = [&client_secret, &first_token].into_iter().flatten().flat_map(|minted| minted.warnings.clone());
        let (warnings, advice) = (warnings.collect(), self.advice(wanted));
        let client_secret = client_secret.map(|minted| minted.secret);
        Ok(CreatedAccount { account, client_secret, first_token, advice, warnings })
    }

    /// Whether any credential of the account has been used, or revoked: a secret that somebody has ended is not made anew.
    ///
    /// What waits in memory is written first. An open session is a use of the client secret, and a second credential of
    /// a kind is not of this request. Otherwise a retry would kill the text that a client with the first answer uses.
    async fn is_used(&self, account: &Account) -> Result<bool, Error> {
        self.core.journal.flush(&self.core.store, Due::Of(&account.id), self.core.now()).await?;
        for kind in EVERY_KIND.iter().copied() {
            let page = self.core.store.credentials(&account.id, kind, None, 2).await.map_err(Unavailable::new)?;
            let is_revoked = |listed: &Listed| listed.credential.token().is_revoked(account);
            let is_used = |listed: &Listed| listed.last_used.is_some() || kind == Kind::Session || is_revoked(listed);
            if page.next.is_some() || page.items.iter().any(is_used) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives the only credential of a kind another secret.
    ///
    /// The earlier text dies with the change. A token of another name than the one asked for is not of this request.
    async fn reissue(
        &self,
        account: &Account,
        kind: Kind,
        wanted: Option<&NewToken>,
    ) -> Result<Option<MintedToken>, Error> {
        let page = self.core.store.credentials(&account.id, kind, None, 1).await.map_err(Unavailable::new)?;
        let Some(listed) = page.items.first() else { return Ok(None) };
        let token = listed.credential.token();
        let is_wanted = match &token.class {
            Class::Token(name) => wanted.is_some_and(|wanted| wanted.name == *name),
            Class::Secret | Class::Session { .. } => true,
        };
        if !is_wanted {
            return Ok(None);
        }
        let draft = self.core.issuer.reissue(self.actor, token)?;
        let action = if kind == Kind::Secret { Action::SecretRegenerated } else { Action::TokenMinted };
        let event = self.core.token_event(action, self.actor, token);
        let change = Change::UpdateToken {
            token: Box::new(draft.record.clone()),
            expected: token.revision,
            account_revision: Some(account.revision),
        };
        let (applied, warnings) =
            self.core.commit_warned(self.actor, change, event).await.map_err(|error| match error {
                // Deleted after it was found. Whoever looks again finds what a retry finds that comes later.
                Error::AccountMissing | Error::TokenMissing => Error::Conflict,
                error => error,
            })?;
        Ok(Some(MintedToken::kept(draft, &applied).warned(warnings)))
    }
}
