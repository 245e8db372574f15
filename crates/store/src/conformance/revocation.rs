//! Revocation is seen at once, and is for good.

use std::sync::Arc;

use service_accounts_lifecycle::TokenState;
use service_accounts_token::TokenId;
use time::UtcDateTime;

use super::{Subject, contents, fixtures, fixtures::at, steps};
use crate::{Account, Brief, Change, Class, Clearance, Credential, Refusal, Status, Store, Token};

/// The read after the acknowledgement finds the token revoked, whatever was read before.
pub fn a_revoked_token_is_revoked_for_the_next_read<S: Store>(subject: &Subject<S>) {
    for token in one_of_each_kind(subject) {
        assert_eq!(subject.stored(&token.id), token, "read once, so that a cache may remember it");
        subject.apply(revocation(&token, 0));
        let stored = subject.stored(&token.id);
        assert_eq!(stored.state, TokenState::Revoked { at: at(fixtures::NOW) });
        let next_due = if is_session(&token) { token.next_due } else { Some(at(fixtures::NOW)) };
        assert_eq!(stored, Token { state: stored.state, next_due, revision: stored.revision, ..token });
    }
}

/// Revoking what is revoked changes nothing: the first instant is the one that counts.
pub fn a_second_revocation_keeps_the_first_instant<S: Store>(subject: &Subject<S>) {
    for token in one_of_each_kind(subject) {
        subject.apply(revocation(&token, 0));
        let first = subject.stored(&token.id);
        subject.refuse(Refusal::Unchanged, revocation(&token, 1));
        subject.refuse(Refusal::Unchanged, revocation(&token, -1));
        assert_eq!(subject.stored(&token.id), first);
    }
    let unminted = subject.token(&fixtures::account_id("pipeline"), "unminted");
    subject.refuse(Refusal::TokenMissing, revocation(&unminted, 0));
}

/// No write that was on its way when a token was revoked brings it back.
pub fn no_late_write_revives_a_revoked_token<S: Store>(subject: &Subject<S>) {
    for token in one_of_each_kind(subject) {
        let to = subject.digest();
        subject.apply(revocation(&token, 0));
        let revoked = subject.stored(&token.id);
        for expected in [token.revision, revoked.revision] {
            subject.refuse(Refusal::Revoked, steps::token_update(&token, expected));
        }
        subject.refuse(Refusal::TokenTaken, subject.minting(token.clone()));
        let late = Subject::<S>::account("late");
        let tokens = vec![Token { account: late.id.clone(), ..token.clone() }];
        subject.refuse(Refusal::TokenTaken, steps::creation(late, tokens));
        let _ = subject.commit(Change::Rehash { token: token.id, from: token.digest.clone(), to });
        assert_eq!(subject.stored(&token.id).state, revoked.state, "a late re-hash revived the token");
    }
}

/// What was on its way when a token was deleted finds nothing.
pub fn no_late_write_revives_a_deleted_token<S: Store>(subject: &Subject<S>) {
    for token in one_of_each_kind(subject) {
        subject.apply(revocation(&token, 0));
        subject.apply(steps::removal(&token));
        let to = subject.digest();
        let late = [
            steps::token_update(&token, token.revision),
            Change::Rehash { token: token.id, from: token.digest.clone(), to },
            revocation(&token, 0),
        ];
        for change in late {
            subject.refuse(Refusal::TokenMissing, change);
        }
        assert!(subject.found(&token.id).is_none());
    }
}

/// A revoked token is due from its revocation on, so that the next sweep begins to observe it; a session keeps its date.
pub fn a_revoked_token_is_due_at_once<S: Store>(subject: &Subject<S>) {
    for token in one_of_each_kind(subject) {
        let is_due_at = |instant| contents::due(subject, at(instant), 100).contains(&token.id);
        assert!(!is_due_at(fixtures::NOW) && is_due_at(fixtures::NOW + 1));
        subject.apply(revocation(&token, 0));
        assert!(!is_due_at(fixtures::NOW - 1));
        assert_eq!(is_due_at(fixtures::NOW), !is_session(&token));
        assert!(is_due_at(fixtures::NOW + 1));
        subject.apply(steps::removal(&token));
        assert!(!is_due_at(fixtures::NOW + 1), "what is gone is not due");
    }
}

/// What was cleared is told of no more once either record has changed, however late it was cleared.
pub fn a_clearance_is_forgotten_with_any_change<S: Store>(subject: &Subject<S>) {
    let cleared = |found: &Arc<Credential>| {
        let clearance = Clearance { by: 7, what: 1, until: UtcDateTime::MAX };
        [subject.reader(), subject.writer()].iter().for_each(|store| store.clear(found, clearance));
    };
    let is_told = |id: &TokenId| {
        [subject.reader(), subject.writer()].iter().any(|store| store.brief(id).is_some_and(is_told_by_seven))
    };
    for token in one_of_each_kind(subject) {
        for change in changes_of(subject, &token) {
            let before = subject.credential(&token.id);
            cleared(&before);
            subject.apply(change);
            assert!(!is_told(&token.id), "told after the change");
            cleared(&before);
            assert!(!is_told(&token.id), "cleared by what has changed");
        }
    }
}

/// Changes that can follow one another: of the digest, of the account, of the state; and the end.
fn changes_of<S: Store>(subject: &Subject<S>, token: &Token) -> impl Iterator<Item = Change> {
    let to = subject.digest();
    let change = move |step| {
        let account = subject.stored_account(&token.account);
        match step {
            0 => Change::Rehash { token: token.id, from: token.digest.clone(), to: to.clone() },
            1 => steps::update(&Account { status: Status::Disabled, ..account.as_ref().clone() }, account.revision),
            2 => steps::update(&Account { status: Status::Enabled, ..account.as_ref().clone() }, account.revision),
            3 => revocation(token, 0),
            _ => steps::removal(token),
        }
    };
    (0..5).map(change)
}

fn is_told_by_seven(brief: &Brief) -> bool {
    brief.read().is_none_or(|told| told.by == 7)
}

/// A token, a session and a client secret, all with a date.
fn one_of_each_kind<S: Store>(subject: &Subject<S>) -> [Token; 3] {
    let account = subject.create("pipeline", &[]);
    let secret = subject.secret(&account.id);
    let session = subject.session(&account.id, secret.id);
    [subject.token(&account.id, "nightly"), session, secret]
        .map(|token| subject.mint(Token { next_due: Some(at(fixtures::NOW + 1)), ..token }))
}

const fn is_session(token: &Token) -> bool {
    matches!(token.class, Class::Session { .. })
}

fn revocation(token: &Token, later_by: i64) -> Change {
    steps::revocation_at(token, fixtures::NOW + later_by)
}
