//! Whose credentials gain by a change.
//!
//! Whoever saw a credential's text can use it. Where a change lets the credential do more, its answer names everybody who saw the
//! text and could not have handed out as much. Each call that widens asks here: an update, an approval, an enabling, other scopes.

use std::{collections::BTreeMap, sync::Arc};

use service_accounts_access::{Permission, Scopes};
use service_accounts_audit::{Label, Query};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Change, Credential, Revision, Store, Token};
use service_accounts_token::{Kind, TokenId};
use time::UtcDateTime;

use super::{
    Acting,
    widening::{Widening, holds_more},
};
use crate::{
    Error, PolicyFinding, Unavailable,
    core::{credentials::EVERY_KIND, narrowed},
};

/// A credential that gains rights by somebody else's hand.
///
/// It is a warning and stops nothing: rotate the credential, or see that those who know its text may hold the rights. Sessions
/// that were opened up to the moment of the change are named too, and one that a named secret opens later is not: regenerate the
/// secret first, then revoke the sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// Whose holder gains.
    pub token: TokenId,
    /// Who has seen its text and does not hold the new rights.
    ///
    /// People are not judged, because the host knows their rights and this crate does not: only service accounts can
    /// stand here, by their ids, or as `loader@service with read write` where a credential of these scopes was given the text and
    /// the scopes do not hold as much. One that was deleted, or does not work now, counts as not holding the rights; so does one that is
    /// younger than the credential, because it is another account under the same id.
    pub known_to: Vec<Label>,
}

/// A token after other scopes.
#[derive(Clone, Debug)]
pub struct UpdatedToken {
    /// The token as it was written, with its account.
    pub token: Arc<Credential>,
    /// The token, if it gains rights which somebody who has seen its text could not have handed out.
    pub gains: Vec<Gain>,
    /// What soft rules of policies object to.
    pub warnings: Vec<PolicyFinding>,
}

/// Who gains by a change, and what that was read from.
///
/// A change is committed only [as judged](Self::guard): whoever mints for the account meanwhile, or loses the rights by which it could
/// have handed them out, makes the commit stale, and the call works it out anew.
#[derive(Default)]
pub(super) struct Gains {
    pub(super) found: Vec<Gain>,
    /// The account whose credentials were read, and the end of the trail before that.
    credentials: Option<(AccountId, Revision)>,
    /// Those met so far, by name.
    people: BTreeMap<Label, Judged>,
}

/// Whether somebody could hand out the account's rights.
struct Judged {
    could: bool,
    /// Since when there is an account of this name; none for people.
    since: Option<UtcDateTime>,
    /// The account that was read to tell, and its state; none for people.
    by: Option<(AccountId, Option<Revision>)>,
}

impl Gains {
    /// The change, refused as stale where the gains might be others by now.
    pub(super) fn guard(&self, change: Change) -> Change {
        let accounts: Vec<_> = self.people.values().filter_map(|judged| judged.by.clone()).collect();
        if self.credentials.is_none() && accounts.is_empty() {
            return change;
        }
        Change::Judged { credentials: self.credentials.clone(), accounts, change: Box::new(change) }
    }

    /// Whether somebody who has seen a token's text could not have handed out as much.
    fn is_above(&self, person: &Label, token: &Token) -> bool {
        let is_another = |judged: &Judged| judged.since.is_some_and(|since| since > token.created_at);
        self.people.get(person).is_some_and(|judged| !judged.could || is_another(judged))
    }
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// Whoever gains by a change of an account: by more rights or networks, by a later end, or because its credentials work again.
    ///
    /// All credentials are read, a page at a time, and only for a change that widens. Revoked ones gain nothing.
    pub(super) async fn gains(&self, before: &Account, account: &Account) -> Result<Gains, Error> {
        let now = self.core.now();
        let mut gains = Gains::default();
        if !Widening::of_account(&self.asker().catalogue, (before, account), now).is_any() {
            return Ok(gains);
        }
        gains.credentials = Some((account.id.clone(), self.end_of_trail().await?));
        let mut pages = self.core.credentials_of(&account.id, EVERY_KIND);
        while let Some(page) = pages.next().await? {
            for listed in &page {
                self.gain(account, listed.credential.token(), &mut gains).await?;
            }
        }
        Ok(gains)
    }

    /// Whoever gains by another state of a token.
    ///
    /// Scopes that the catalogue does not know allow nothing today, so a change to them widens nothing, and a change from
    /// them may.
    pub(super) async fn gains_of_token(
        &self,
        account: &Account,
        before: &Token,
        token: &Token,
    ) -> Result<Gains, Error> {
        let now = self.core.now();
        let mut gains = Gains::default();
        if Widening::of_token(&self.asker().catalogue, account, (before, token), now).is_any() {
            self.gain(account, token, &mut gains).await?;
        }
        Ok(gains)
    }

    /// Everybody who gains by a change that was made, with the sessions that were opened after the credentials were read.
    ///
    /// Sessions make no change stale, or a busy account could never be changed. Nothing fails any more where the change is made,
    /// so what cannot be read is told to the log.
    pub(super) async fn all_gains(&self, account: &Account, mut gains: Gains) -> Vec<Gain> {
        if let Err(error) = self.gain_by_new_sessions(account, &mut gains).await {
            tracing::warn!(target: "service_accounts::store", %error, "sessions of the last moment are missing among those who gain");
        }
        gains.found
    }

    async fn gain_by_new_sessions(&self, account: &Account, gains: &mut Gains) -> Result<(), Error> {
        let Some((_, read_at)) = gains.credentials else { return Ok(()) };
        let mut pages = self.core.credentials_of(&account.id, &[Kind::Session]);
        while let Some(page) = pages.next().await? {
            for token in page.iter().map(|listed| listed.credential.token()) {
                let is_told = || gains.found.iter().any(|gain| gain.token == token.id);
                if token.revision > read_at && !is_told() {
                    self.gain(account, token, gains).await?;
                }
            }
        }
        Ok(())
    }

    /// Everything that is written later has a later revision.
    async fn end_of_trail(&self) -> Result<Revision, Error> {
        let page = self.core.store.events(&Query::default().limit(1)).await.map_err(Unavailable::new)?;
        Ok(page.events.first().map_or(Revision::NEW, |last| Revision::made_by(last.sequence)))
    }

    async fn gain(&self, account: &Account, token: &Token, gains: &mut Gains) -> Result<(), Error> {
        if token.is_revoked(account) {
            return Ok(());
        }
        let mut known_to = Vec::new();
        for person in [&token.created_by].into_iter().chain(&token.known_to) {
            if !gains.people.contains_key(person) {
                gains.people.insert(person.clone(), self.judged(person, account).await?);
            }
            if gains.is_above(person, token) {
                known_to.push(person.clone());
            }
        }
        if !known_to.is_empty() {
            gains.found.push(Gain { token: token.id, known_to });
        }
        Ok(())
    }

    /// Whether a service account holds all of an account's rights. People are the host's to judge, and count as if they did.
    async fn judged(&self, person: &Label, account: &Account) -> Result<Judged, Error> {
        let itself = Judged { could: true, since: None, by: None };
        let Some((id, scopes)) = narrowed::read(person) else { return Ok(itself) };
        if id == account.id || person == self.actor.name() {
            return Ok(itself);
        }
        let gone = Judged { could: false, since: None, by: None };
        match self.core.account(&id).await {
            Ok(holder) => {
                let catalogue = self.asker().catalogue;
                let works = holder.standing(self.core.now()).is_ok();
                let whole = (&account.grant, &Scopes::Inherited);
                let could = works && !holds_more(&catalogue, whole, (&holder.grant, &scopes));
                Ok(Judged { could, since: Some(holder.created_at), by: Some((id, Some(holder.revision))) })
            }
            Err(Error::AccountMissing) if !id.is_in(&self.core.rules.realm) => Ok(Judged { by: None, ..gone }),
            Err(Error::AccountMissing) => Ok(Judged { by: Some((id, None)), ..gone }),
            Err(error) => Err(error),
        }
    }
}
