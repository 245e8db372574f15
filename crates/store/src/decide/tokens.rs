//! The rules of changes to tokens, sessions and client secrets.
//!
//! Two rules hold in all of them: what is revoked never works again, and a credential keeps its account, its class and
//! its name for life.
//!
//! Rights, state and generation are three things: [`update_token`](Records::update_token) changes rights,
//! [`tend`](Records::tend) changes state, and only the account's own changes move the generation.

use std::collections::HashSet;

use service_accounts_audit::Event;
use service_accounts_lifecycle::TokenState;
use service_accounts_naming::AccountId;
use service_accounts_token::{Digest, TokenId};
use time::UtcDateTime;

use super::{Decision, Records, Write, needs::bounded, put};
use crate::{Class, Generation, Refusal, Revision, Room, Tended, Token};

impl Records {
    /// The token works in the account's present generation, whatever the caller says. A taken id means that another
    /// secret must be drawn.
    ///
    /// The state of the account is asked first, so that who lost a race is told to read again and not that a name is
    /// taken.
    pub(super) fn mint(&self, token: Token, account_revision: Revision, revision: Revision) -> Decision {
        let generation = self.account_at(&token.account, account_revision)?.generation;
        if self.token(&token.id).is_ok() {
            return Err(Refusal::TokenTaken);
        }
        if self.name_holder.is_some() {
            return Err(Refusal::NameTaken);
        }
        Ok(vec![put(Token { generation, ..token }, revision)])
    }

    /// The writes of a mint or a rotation, where the account has room for one more token.
    ///
    /// A token that has ended since it was chosen is as good, and one that works again is a stale choice. What the change itself
    /// writes makes no room: it would be written and removed in one step.
    pub(super) fn with_room(
        &self,
        room: Room,
        account: &AccountId,
        at: UtcDateTime,
        mut writes: Vec<Write>,
    ) -> Decision {
        match room {
            Room::Below(most) if self.token_count < most => {}
            Room::Below(most) => return Err(Refusal::TooManyTokens { most }),
            Room::InPlaceOf { ended, event } => {
                let is_written = |write: &Write| matches!(write, Write::PutToken(token) if token.id == ended);
                if writes.iter().any(is_written) || !self.has_ended(&ended, account, at) {
                    return Err(Refusal::Stale);
                }
                writes.extend([Write::RemoveToken(ended), Write::Append(event)]);
            }
        }
        Ok(writes)
    }

    /// Whether it is a token of this account that will never work again unless somebody gives it a later end.
    fn has_ended(&self, id: &TokenId, account: &AccountId, at: UtcDateTime) -> bool {
        let (Ok(token), Ok(account)) = (self.token_of(id, account), self.account(account)) else { return false };
        token.class.token_name().is_some() && token.ended_at(account, at).is_some()
    }

    /// Sessions beyond the bound make room, so that one client can neither fill the store nor lock itself out.
    ///
    /// The sessions that end first go first, in the same step as the new one comes.
    pub(super) fn open_session(
        &self,
        session: Token,
        account_revision: Revision,
        most: usize,
        revision: Revision,
    ) -> Decision {
        let opened = self.mint(session, account_revision, revision)?;
        let too_many = (self.sessions.len() + 1).saturating_sub(bounded(most));
        let first_to_end = self.sessions.iter().take(too_many).map(|id| Write::RemoveToken(*id));
        Ok(first_to_end.chain(opened).collect())
    }

    /// Revokes the present secret; one that was revoked by an earlier regeneration has done its duty as evidence.
    ///
    /// At most one client secret works. Sessions that the old one opened are not touched.
    pub(super) fn regenerate(
        &self,
        secret: Token,
        expected: Revision,
        at: UtcDateTime,
        revision: Revision,
    ) -> Decision {
        let generation = self.account_at(&secret.account, expected)?.generation;
        self.replace_secret(secret, generation, at, revision)
    }

    /// Everything of the present generation is revoked, and the new secret is the first of the next one.
    pub(super) fn reissue(
        &self,
        (secret, event): (Token, Box<Event>),
        expected: Revision,
        at: UtcDateTime,
        revision: Revision,
    ) -> Decision {
        let generation = self.account_at(&secret.account, expected)?.generation.next();
        let mut writes = self.revoke_all(&secret.account, expected, revision)?;
        writes.extend(self.replace_secret(secret, generation, at, revision)?);
        writes.push(Write::Append(event));
        Ok(writes)
    }

    fn replace_secret(&self, secret: Token, generation: Generation, at: UtcDateTime, revision: Revision) -> Decision {
        if self.token(&secret.id).is_ok() {
            return Err(Refusal::TokenTaken);
        }
        let present =
            self.tokens.iter().filter(|token| token.account == secret.account && token.class == Class::Secret);
        let ends = present.map(|old| end(old, at, revision).unwrap_or(Write::RemoveToken(old.id)));
        let secret = Token { class: Class::Secret, generation, ..secret.clone() };
        Ok(ends.chain([put(secret, revision)]).collect())
    }

    /// For changes of rights and dates; the generation stays the present one. It never works on a revoked token.
    ///
    /// A revoked token is told before a stale one: to read again would not help.
    pub(super) fn update_token(
        &self,
        token: Token,
        expected: Revision,
        account_revision: Option<Revision>,
        revision: Revision,
    ) -> Decision {
        self.judged_by(&token.account, account_revision)?;
        let present = self.token(&token.id)?;
        // Stores find a token by account, kind and name; one that could change them would be found in two places.
        if (&present.account, &present.class) != (&token.account, &token.class) {
            return Err(Refusal::TokenMissing);
        }
        if present.state.is_revoked() {
            return Err(Refusal::Revoked);
        }
        if present.revision != expected {
            return Err(Refusal::Stale);
        }
        Ok(vec![put(Token { generation: present.generation, ..token }, revision)])
    }

    /// The predecessor may only move on in state and rotation, as by [`tend`](Self::tend); its successor is minted in
    /// the same step, so that neither is there without the other.
    pub(super) fn rotate(
        &self,
        successor: Token,
        predecessor: Token,
        expected: Revision,
        revision: Revision,
    ) -> Decision {
        if self.token_of(&predecessor.id, &successor.account)?.state.is_revoked() {
            return Err(Refusal::Revoked);
        }
        let retired = self.tend(Tended { token: predecessor, expected }, revision)?;
        let generation = self.account(&successor.account)?.generation;
        if self.token(&successor.id).is_ok() {
            return Err(Refusal::TokenTaken);
        }
        if self.name_holder.is_some() {
            return Err(Refusal::NameTaken);
        }
        Ok(vec![retired, put(Token { generation, ..successor }, revision)])
    }

    /// All or none. One token twice would be one new state lost.
    pub(super) fn tend_all(&self, tokens: Vec<Tended>, revision: Revision) -> Decision {
        let ids: HashSet<_> = tokens.iter().map(|tended| tended.token.id).collect();
        if ids.len() != tokens.len() {
            return Err(Refusal::Stale);
        }
        tokens.into_iter().map(|tended| self.tend(tended, revision)).collect()
    }

    /// A new state without new rights. It works on revoked tokens, and cannot make one work again.
    ///
    /// Its rights must be the same to the letter, networks, scopes and dates of its end included.
    fn tend(&self, tended: Tended, revision: Revision) -> Result<Write, Refusal> {
        self.account(&tended.token.account)?;
        let present = self.token(&tended.token.id)?;
        if present.revision != tended.expected {
            return Err(Refusal::Stale);
        }
        if rights_of(present) != rights_of(&tended.token) {
            return Err(Refusal::RightsChanged);
        }
        if present.state.is_revoked() && !tended.token.state.is_revoked() {
            return Err(Refusal::Revoked);
        }
        Ok(put(tended.token, revision))
    }

    /// A revoked token stays as it is: no write, so the change is refused as unchanged.
    pub(super) fn revoke(&self, id: &TokenId, account: &AccountId, at: UtcDateTime, revision: Revision) -> Decision {
        Ok(end(self.token_of(id, account)?, at, revision).into_iter().collect())
    }

    /// A token must be revoked first, alone or with its account; a session may also have expired at `at`.
    pub(super) fn delete_token(&self, id: TokenId, account: &AccountId, at: UtcDateTime) -> Decision {
        let present = self.token_of(&id, account)?;
        let is_session = matches!(present.class, Class::Session { .. });
        let is_revoked = self.row_of(account).is_none_or(|account| present.is_revoked(account));
        let has_ended = is_revoked || is_session && present.expires_at.is_some_and(|end| end <= at);
        if has_ended { Ok(vec![Write::RemoveToken(id)]) } else { Err(Refusal::NotRevoked) }
    }

    /// Compares the digest and not the revision: the same secret under another pepper loses nothing by other changes.
    pub(super) fn rehash(&self, id: &TokenId, from: &Digest, to: Digest, revision: Revision) -> Decision {
        let present = self.token(id)?;
        if present.digest != *from {
            return Err(Refusal::Stale);
        }
        Ok(vec![put(Token { digest: to, ..present.clone() }, revision)])
    }

    /// A token of this account; one of another account is as absent as one that never was.
    ///
    /// It keeps a caller who named the wrong account from learning that the id exists.
    fn token_of(&self, id: &TokenId, account: &AccountId) -> Result<&Token, Refusal> {
        self.token(id).ok().filter(|token| token.account == *account).ok_or(Refusal::TokenMissing)
    }
}

/// Revokes a token that is not yet revoked. A session keeps its date: it is removed at its end, since nobody deletes
/// sessions one by one. Anything else is due at once, so that the next sweep begins to observe it.
fn end(token: &Token, at: UtcDateTime, revision: Revision) -> Option<Write> {
    let state = token.state.revoke(at).ok()?;
    let next_due = match token.class {
        Class::Session { .. } => token.next_due,
        Class::Token(_) | Class::Secret => Some(at),
    };
    Some(put(Token { state, next_due, ..token.clone() }, revision))
}

/// Everything about a token but its state, its rotation and its dates of attention.
///
/// A field that is added to [`Token`] counts as a right until it is named here.
fn rights_of(token: &Token) -> Token {
    Token {
        state: TokenState::Active,
        next_due: None,
        rotation: None,
        replaces: None,
        last_look: None,
        last_review: None,
        revision: Revision::NEW,
        ..token.clone()
    }
}
