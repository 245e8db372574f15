//! Whose credentials gain by a change.
//!
//! Whoever saw a credential's text can use it. Where a change lets the credential do more, its answer names everybody who saw the
//! text and could not have handed out as much. Each call that widens asks here: an update, an approval, an enabling, other scopes.

use std::{collections::BTreeMap, sync::Arc};

use service_accounts_access::{Catalogue, Grant, Permission, Scopes};
use service_accounts_audit::Label;
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Credential, Store, Token};
use service_accounts_token::{Kind, TokenId};

use super::Acting;
use crate::{Error, PolicyFinding, Unavailable};

/// The most credentials that are read at once.
const PAGE: usize = 200;

/// A credential that gains rights by somebody else's hand.
///
/// It is a warning and stops nothing: rotate the credential, or see that those who know its text may hold the rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// The credential.
    pub token: TokenId,
    /// Who has seen its text and does not hold the new rights.
    ///
    /// People are not judged, because the host knows their rights and this crate does not: only service accounts can
    /// stand here, by their ids. One that was deleted, or does not work now, counts as not holding the rights.
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

/// Who of those met so far could hand out an account's rights.
type Verdicts = BTreeMap<Label, bool>;

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// Whoever gains by a change of an account: by more rights, or because its credentials work again.
    ///
    /// All credentials are read, a page at a time: as many reads as the account has credentials, and only for a change
    /// that widens. Revoked credentials gain nothing.
    pub(super) async fn gains(&self, before: &Account, account: &Account) -> Result<Vec<Gain>, Error> {
        let now = self.core.now();
        let works_again = account.standing(now).is_ok() && before.standing(now).is_err();
        if !works_again && is_within(&self.asker().catalogue, &account.grant, &before.grant) {
            return Ok(Vec::new());
        }
        let (mut gains, mut verdicts) = (Vec::new(), Verdicts::new());
        for kind in [Kind::Secret, Kind::Token, Kind::Session] {
            let mut after = None;
            loop {
                let page = self.core.store.credentials(&account.id, kind, after.as_ref(), PAGE).await;
                let page = page.map_err(Unavailable::new)?;
                for listed in &page.items {
                    gains.extend(self.gain(account, listed.credential.token(), &mut verdicts).await?);
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(gains)
    }

    /// Whoever gains by other scopes of a token.
    ///
    /// Scopes that the catalogue does not know allow nothing today, so a change to them widens nothing, and a change
    /// from them may.
    pub(super) async fn gains_by_scopes(
        &self,
        account: &Account,
        before: &Token,
        token: &Token,
    ) -> Result<Vec<Gain>, Error> {
        let catalogue = self.asker().catalogue;
        let holder = |token: &Token| catalogue.holder(&account.grant, token.grant.scopes());
        let widens = match (holder(token), holder(before)) {
            (Ok(after), Ok(before)) => !after.is_subset(&before),
            (Ok(_), Err(_)) => true,
            (Err(_), _) => false,
        };
        let gain = if widens { self.gain(account, token, &mut Verdicts::new()).await? } else { None };
        Ok(gain.into_iter().collect())
    }

    /// `verdicts` remembers who was asked, since one person often made many tokens.
    async fn gain(&self, account: &Account, token: &Token, verdicts: &mut Verdicts) -> Result<Option<Gain>, Error> {
        if token.is_revoked(account) {
            return Ok(None);
        }
        let mut known_to = Vec::new();
        for person in [&token.created_by].into_iter().chain(&token.known_to) {
            let could = match verdicts.get(person) {
                Some(could) => *could,
                None => self.could_hand_out(person, account).await?,
            };
            verdicts.insert(person.clone(), could);
            if !could {
                known_to.push(person.clone());
            }
        }
        Ok(if known_to.is_empty() { None } else { Some(Gain { token: token.id, known_to }) })
    }

    /// Whether a service account holds all of an account's rights. People are the host's to judge, and count as if they did.
    ///
    /// The account itself and whoever makes the change count as if they could: the one gains nothing by it, the other
    /// was just asked.
    async fn could_hand_out(&self, person: &Label, account: &Account) -> Result<bool, Error> {
        let Ok(id) = AccountId::parse(person.as_str()) else { return Ok(true) };
        if id == account.id || person == self.actor.name() {
            return Ok(true);
        }
        match self.core.account(&id).await {
            Ok(holder) => {
                let catalogue = self.asker().catalogue;
                let works = holder.standing(self.core.now()).is_ok();
                Ok(works && is_within(&catalogue, &account.grant, &holder.grant))
            }
            Err(Error::AccountMissing) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a grant allows nothing that another does not. A name that the catalogue does not know allows nothing today.
pub(super) fn is_within<P: Permission>(catalogue: &Catalogue<P>, grant: &Grant, other: &Grant) -> bool {
    let holds = |grant: &Grant| catalogue.holder(grant, &Scopes::Inherited);
    match (holds(grant), holds(other)) {
        (Ok(grant), Ok(other)) => grant.is_subset(&other),
        (Err(_), _) => true,
        (Ok(grant), Err(_)) => grant.permissions().is_empty(),
    }
}
