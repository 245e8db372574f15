//! Containment of a token: revoke first, then write down what somebody has to know.
//!
//! Each step is its own commit, the most urgent first, so that a failure in the middle leaves more revoked and never
//! less.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::{Overlap, Rotation, RotationAdmission, RotationKey, TokenValidity};
use service_accounts_store::{Change, Class, Credential, Room, Store, Token};
use service_accounts_token::TokenId;
use time::UtcDateTime;

use super::{Acting, Contained, MintedToken, Note, TokenHandle, incidents::Opened, token::written};
use crate::{
    Error, Incident,
    core::{authority::Call, issuer::Draft, retry::retry_on_conflict},
};

/// How many names are tried for a successor.
const MOST_NAMES: usize = 20;

/// Whether a contained token gets a successor.
///
/// It decides what the call takes: a successor is a token that somebody sees, so it needs the rule of minting as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successor {
    /// The token is revoked, and that is all; the client is locked out until somebody mints.
    None,
    /// A token of the same rights, environment and networks is minted under the next free name, in the commit that
    /// revokes the old one: at no instant do both work. It lives as long as its environment says.
    Minted,
}

impl<S: Store + 'static, P: Permission> TokenHandle<'_, S, P> {
    /// Revokes the token at once, mints a successor in the same step if asked for, and opens an incident.
    ///
    /// Whoever has a stolen token may have had it rotate itself, so successors that it asked for on its own word are
    /// revoked too. A failure after the first revocation leaves the token revoked; the same call again goes on then.
    ///
    /// ```
    /// use service_accounts::{Note, Successor};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, secret }| {
    /// let reason = Note::parse("the laptop it was on is lost")?;
    /// let contained = accounts.acting(&ada).token(&id, &token).contain(reason, Successor::Minted).await?;
    /// assert!(accounts.authenticate(&text, None).await.is_err());
    /// let successor = contained.successor.ok_or("it was asked for")?;
    /// assert!(accounts.authenticate(successor.secret.expose(), None).await.is_ok());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Called again it revokes nothing more, and adds its reason to that incident as a note; the answer has no other note.
    /// Another incident is opened, with an empty `revoked`, if something else has happened to the account since.
    ///
    /// Rule: [`Call::ContainToken`](crate::Call::ContainToken), and [`Call::MintToken`](crate::Call::MintToken) for a
    /// successor. Events: `token.revoked` with the reason `contained`, then `incident.opened`.
    ///
    /// # Errors
    /// [`TokenMissing`](Error::TokenMissing), or the actor wants a successor and may not mint it, or there is no room for it
    /// ([`TooManyTokens`](Error::TooManyTokens)): contain without a successor then. Nothing is revoked.
    pub async fn contain(&self, reason: Note, successor: Successor) -> Result<Contained, Error> {
        let was_working = {
            let found = self.found_for(Call::ContainToken).await?;
            !found.token().is_revoked(found.account())
        };
        let (revoked, successor) = match successor {
            Successor::None => (self.revoke_for(Call::ContainToken, Some("contained")).await?, None),
            Successor::Minted => self.replace_at_once().await.map(|(revoked, minted)| (revoked, Some(minted)))?,
        };
        let heirs = self.revoke_heirs(Call::ContainToken, revoked.token(), "contained").await?;
        let itself = was_working.then_some(*self.token);
        let opened = Opened {
            account: revoked.account(),
            token: Some(*self.token),
            reason,
            revoked: itself.into_iter().chain(heirs).take(Incident::MOST_LISTED).collect(),
            successor: successor.as_ref().map(|minted| minted.token.id),
        };
        Ok(Contained { incident: self.acting.open_incident(opened).await?, successor })
    }

    /// Tries the proposed names in turn: containment does not fail because a name is taken.
    ///
    /// After twenty taken names it gives up with [`NameTaken`](Error::NameTaken), and nothing is revoked: the caller
    /// contains without a successor then.
    async fn replace_at_once(&self) -> Result<(Arc<Credential>, MintedToken), Error> {
        for taken in 0..MOST_NAMES {
            let replace = move |room| self.replace_once(taken, room);
            let replaced = move || self.acting.core.in_some_room(self.account, Some(self.token), replace);
            match retry_on_conflict(replaced).await {
                Err(Error::NameTaken) => {}
                done => return done,
            }
        }
        Err(Error::NameTaken)
    }

    /// The end of the token and its successor, in one commit.
    ///
    /// A token that was revoked before still gets its successor: then there is only a mint.
    async fn replace_once(&self, taken: usize, room: Room) -> Result<(Arc<Credential>, MintedToken), Error> {
        let (Acting { core, actor }, found) = (self.acting, self.found_for(Call::ContainToken).await?);
        self.check_successor(&found)?;
        let (old, now) = (found.token(), core.now());
        let Class::Token(present) = &old.class else { return Err(Error::TokenMissing) };
        let name = (0..=taken).fold(present.clone(), |name, _| name.successor(now.year()));
        let Draft { secret, record } = self.draft_in_place(&found, name, None, now)?;
        let rotation = self.rotation_of_one_step(&found, &record, now);
        let replaces = record.replaces.filter(|_| rotation.is_some());
        let draft = Draft { secret, record: Token { replaces, ..record } };
        let (change, event) = match old.state.revoke(now) {
            Ok(state) => {
                let rotation = rotation.or_else(|| old.rotation.clone());
                let predecessor = Token { state, rotation, next_due: Some(now), ..old.clone() };
                (self.replacement(&found, predecessor, &draft, room), self.containment(Action::TokenRevoked, old))
            }
            Err(_) => {
                let (token, account_revision) = (Box::new(draft.record.clone()), found.account().revision);
                (Change::Mint { token, account_revision, room }, self.containment(Action::TokenMinted, &draft.record))
            }
        };
        let event = event.with(Label::new("successor"), Label::new(draft.record.id.as_str()));
        let (applied, warnings) = core.commit_warned(actor, change, event).await?;
        Ok((written(&applied, &found), MintedToken::kept(draft, &applied).warned(warnings)))
    }

    /// Both tokens in one step: there is no instant at which both work.
    fn replacement(&self, found: &Credential, predecessor: Token, draft: &Draft, room: Room) -> Change {
        Change::Rotate {
            successor: Box::new(draft.record.clone()),
            expected: predecessor.revision,
            predecessor: Box::new(predecessor),
            account_revision: found.account().revision,
            room,
        }
    }

    /// The record of a rotation without overlap; none where the token was rotated before, because that record is what
    /// leads to the successors that are revoked with it.
    fn rotation_of_one_step(
        &self,
        found: &Credential,
        successor: &Token,
        now: UtcDateTime,
    ) -> Option<Box<Rotation<TokenId, Label>>> {
        let old = Some(found.token()).filter(|old| old.rotation.is_none())?;
        let (state, expires_at) = (found.state(now), old.expires_at?);
        let key = RotationKey::parse(&format!("contain-{}", successor.id.as_str())).ok()?;
        let admitted = Rotation::<TokenId, Label>::admit(None, &key, TokenValidity { state, expires_at }, now).ok()?;
        let RotationAdmission::New(permit) = admitted else { return None };
        let by = self.acting.actor.name().clone();
        let opened = permit.open((old.id, successor.id), successor.expires_at?, Overlap::None, by).ok()?;
        Some(Box::new(opened.rotation))
    }

    /// Containing a token takes less than minting one, so whoever wants a successor is asked for the rest before
    /// anything is revoked.
    fn check_successor(&self, found: &Credential) -> Result<(), Error> {
        let asker = self.acting.asker();
        asker.may_on(Call::MintToken, found.account())?;
        asker.token_grant(found.account(), found.token().grant.scopes()).map(drop)
    }

    /// Revokes each successor that the token made of itself or asked the text of, and theirs, and returns those that worked.
    ///
    /// Each is revoked before its own successor is looked up: one that is revoked cannot rotate itself any more.
    pub(super) async fn revoke_heirs(&self, call: Call, of: &Token, why: &'static str) -> Result<Vec<TokenId>, Error> {
        let own = self.acting.actor.credential().map(|own| own.token().id);
        let (mut revoked, mut next) = (Vec::new(), successor_of(of));
        while let Some(id) = next {
            let heir = TokenHandle { token: &id, ..*self };
            let found = match heir.found_for(call).await {
                Err(Error::TokenMissing) => break,
                found => found?,
            };
            if !is_heir(found.token()) {
                break;
            }
            if !found.token().is_revoked(found.account()) {
                revoked.push(id);
            }
            let last = if own == Some(id) { found } else { heir.revoke_for(call, Some(why)).await? };
            next = successor_of(last.token());
        }
        Ok(revoked)
    }

    /// An event that names containment as the reason, by which the trail tells it from an ordinary revocation.
    fn containment(&self, action: Action, token: &Token) -> Event {
        self.acting.core.token_event(action, self.acting.actor, token).because(Label::new("contained"))
    }
}

fn successor_of(token: &Token) -> Option<TokenId> {
    token.rotation.as_deref().map(|rotation| *rotation.successor())
}

/// Whether whoever has the text of the token before was given this one's: the token rotated itself, or asked again under the
/// key of an administrator's rotation.
fn is_heir(successor: &Token) -> bool {
    let given_to = [&successor.created_by].into_iter().chain(&successor.known_to);
    given_to.into_iter().any(|person| person.as_str() == successor.account.as_str())
}
