//! Room for one more token of an account.
//!
//! An account has a bounded number of tokens, ended ones included, and nobody has to tidy for it: where the bound is met, the new
//! token takes the place of the one that ended longest ago.

use std::collections::HashSet;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_naming::AccountId;
use service_accounts_store::{Credential, Room, Store, Token};
use service_accounts_token::{Kind, TokenId};
use time::UtcDateTime;

use super::{Core, commit::about_token};
use crate::{Error, Unavailable};

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Makes a token by `step`, in the place of one that has ended where the account has as many as it may.
    ///
    /// Only then are all its tokens read. Another mint may have taken the place meanwhile: the store tells, and it is a
    /// conflict like any other.
    pub(crate) async fn in_some_room<T, F: Future<Output = Result<T, Error>>>(
        &self,
        account: &AccountId,
        spared: Option<&TokenId>,
        step: impl Fn(Room) -> F,
    ) -> Result<T, Error> {
        let full = match step(Room::Below(self.rules.most_tokens)).await {
            Err(full @ Error::TooManyTokens { .. }) => full,
            done => return done,
        };
        match self.place_of_ended(account, spared).await? {
            Some(room) => step(room).await,
            None => Err(full),
        }
    }

    /// None where every token works, or ended a short while ago.
    async fn place_of_ended(&self, account: &AccountId, spared: Option<&TokenId>) -> Result<Option<Room>, Error> {
        let now = self.now();
        let Some(token) = self.ended_longest_ago(account, spared, now).await? else { return Ok(None) };
        let event = Event::new(Action::TokenDeleted, Label::new("service-accounts"), now);
        let event = about_token(event, &token).because(Label::new("made_room"));
        Ok(Some(Room::InPlaceOf { ended: token.id, event: Box::new(event) }))
    }

    /// The token that ended longest ago of those that may make room, and to which no rotation of a token that stays leads: a
    /// leaked token is followed along this chain to what it made of itself.
    async fn ended_longest_ago(
        &self,
        account: &AccountId,
        spared: Option<&TokenId>,
        now: UtcDateTime,
    ) -> Result<Option<Token>, Error> {
        let (mut ended, mut successors) = (Vec::new(), HashSet::new());
        let mut pages = self.credentials_of(account, &[Kind::Token]);
        while let Some(page) = pages.next().await? {
            for credential in page.iter().map(|listed| &listed.credential) {
                let token = credential.token();
                ended.extend(self.makes_room(credential, now).map(|end| (end, token.id)));
                successors.extend(token.rotation.as_deref().map(|rotation| *rotation.successor()));
            }
        }
        ended.retain(|(_, id)| spared != Some(id) && !successors.contains(id));
        let Some((_, first)) = ended.into_iter().min() else { return Ok(None) };
        let found = self.store.credential(&first).await.map_err(Unavailable::new)?;
        // It made room for somebody else meanwhile.
        found.map(|found| Some(found.token().clone())).ok_or(Error::Conflict)
    }

    /// Since when it has ended, if that is as long ago as a revoked token is observed. Whoever may rotate a token could
    /// otherwise clear the traces of a theft away by rotating it often.
    ///
    /// What ended with all of its account makes room at once: an account that was contained gets new tokens, and nothing
    /// that it had leads to them. An attempt on a token does not hold it back: whoever tries an old one again and again would
    /// fill the account.
    fn makes_room(&self, credential: &Credential, now: UtcDateTime) -> Option<UtcDateTime> {
        let (token, account) = (credential.token(), credential.account());
        let latest = now.saturating_sub(self.rules.lifecycle.observation().as_duration());
        token.ended_at(account, now).filter(|end| *end <= latest || token.generation != account.generation)
    }
}
