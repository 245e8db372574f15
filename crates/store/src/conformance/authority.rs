//! Rights that were lost before the write are lost.

use std::sync::Arc;

use service_accounts_access::{Scopes, TokenGrant};
use service_accounts_lifecycle::TokenState;

use super::{Subject, fixtures, fixtures::at, samples::every_change, steps};
use crate::{Account, Approval, Authority, Change, Committed, Refusal, Revision, Status, Store, Token};

/// A service account whose credential works makes changes as the host does.
pub fn a_working_credential_may_make_changes<S: Store>(subject: &Subject<S>) {
    let (account, token) = administrator(subject, |token| token);
    for change in every_change(subject) {
        let committed = subject.commit_by(&authority(&account, &token), change.clone());
        assert!(matches!(committed, Committed::Applied(_)), "{committed:?}: {change:?}");
    }
}

/// A credential works until the instant it ends, and one that retires until its deadline.
pub fn an_authority_stands_until_the_instant_it_ends<S: Store>(subject: &Subject<S>) {
    let end = fixtures::NOW;
    for (instant, stands) in [(end - 1, true), (end, false), (end + 1, false)] {
        let endings: [fn(Token) -> Token; 2] = [
            |token| Token { expires_at: Some(at(fixtures::NOW)), ..token },
            |token| Token { state: TokenState::Retiring { until: at(fixtures::NOW) }, ..token },
        ];
        for ending in endings {
            let (account, token) = administrator(subject, ending);
            judge(subject, &authority_at(&account, &token, instant), stands);
            remove(subject, &account);
        }
        let (account, token) = administrator(subject, |token| token);
        let account = update(subject, &account, |account| Account { expires_at: Some(at(end)), ..account });
        judge(subject, &authority_at(&account, &token, instant), stands);
        remove(subject, &account);
    }
}

/// Whoever lost the right after being admitted changes nothing, whatever the change.
pub fn a_lost_authority_changes_nothing<S: Store>(subject: &Subject<S>) {
    let (account, token) = administrator(subject, |token| token);
    let changes = every_change(subject);
    subject.apply(steps::revocation(&token));
    for change in changes {
        subject.refuse_to(&authority(&account, &token), Refusal::AuthorityLost, change);
    }
}

/// Any change to the account that asks takes effect before its next change, and a disabled or unapproved one never may.
pub fn an_authority_falls_with_its_account<S: Store>(subject: &Subject<S>) {
    let (account, token) = administrator(subject, |token| token);
    let updated = update(subject, &account, |account| steps::edited(&account));
    judge(subject, &authority(&account, &token), false);
    judge(subject, &authority(&updated, &token), true);
    let disabled = update(subject, &updated, |account| Account { status: Status::Disabled, ..account });
    judge(subject, &authority(&disabled, &token), false);
    let pending = |account| Account { status: Status::Enabled, approval: Approval::Pending, ..account };
    let pending = update(subject, &disabled, pending);
    judge(subject, &authority(&pending, &token), false);
    remove(subject, &pending);
    judge(subject, &authority(&pending, &token), false);
}

/// Other scopes of the credential take effect before the next change on its word, while a new pepper changes nothing.
pub fn an_authority_falls_with_its_scopes<S: Store>(subject: &Subject<S>) {
    let (account, token) = administrator(subject, |token| token);
    let (from, to) = (token.digest.clone(), subject.token(&account.id, "other").digest);
    subject.apply(Change::Rehash { token: token.id, from, to });
    judge(subject, &authority(&account, &token), true);
    let rehashed = subject.stored(&token.id);
    let narrowed = Token { grant: TokenGrant::restore(Scopes::none()), ..rehashed.clone() };
    subject.apply(steps::token_update(&narrowed, rehashed.revision));
    judge(subject, &authority(&account, &token), false);
}

/// A credential speaks for its own account only, and one that was never minted for none.
pub fn an_authority_speaks_for_its_own_account<S: Store>(subject: &Subject<S>) {
    let (account, token) = administrator(subject, |token| token);
    let other = subject.create("other", &[]);
    judge(subject, &authority(&other, &token), false);
    judge(subject, &authority(&account, &subject.token(&account.id, "unminted")), false);
    let unknown = Subject::<S>::account("nobody");
    judge(subject, &authority(&unknown, &token), false);
    let judged_by = |account_revision| Authority::Credential {
        token: token.id,
        account: account.id.clone(),
        account_revision,
        grant: token.grant.clone(),
        at: at(fixtures::NOW),
    };
    judge(subject, &judged_by(account.revision), true);
    judge(subject, &judged_by(Revision::NEW), false);
}

/// An account that administers others, with its token as `adjust` leaves it.
fn administrator<S: Store>(subject: &Subject<S>, adjust: fn(Token) -> Token) -> (Arc<Account>, Token) {
    let token = adjust(subject.token(&fixtures::account_id("administrator"), "admin"));
    let account = subject.create("administrator", &[&token]);
    (account, subject.stored(&token.id))
}

fn authority(account: &Account, token: &Token) -> Authority {
    authority_at(account, token, fixtures::NOW)
}

fn authority_at(account: &Account, token: &Token, instant: i64) -> Authority {
    Authority::Credential {
        token: token.id,
        account: account.id.clone(),
        account_revision: account.revision,
        grant: token.grant.clone(),
        at: at(instant),
    }
}

/// Tries one change on somebody's word.
fn judge<S: Store>(subject: &Subject<S>, authority: &Authority, stands: bool) {
    let account = Subject::<S>::account("probe");
    let id = account.id.clone();
    let create = steps::creation(account, vec![]);
    if stands {
        let committed = subject.commit_by(authority, create);
        assert!(matches!(committed, Committed::Applied(_)), "{committed:?}");
        subject.apply(steps::deletion(&subject.stored_account(&id)));
    } else {
        subject.refuse_to(authority, Refusal::AuthorityLost, create);
    }
}

fn update<S: Store>(subject: &Subject<S>, account: &Account, adjust: impl Fn(Account) -> Account) -> Arc<Account> {
    subject.apply(steps::update(&adjust(account.clone()), account.revision));
    subject.stored_account(&account.id)
}

fn remove<S: Store>(subject: &Subject<S>, account: &Account) {
    subject.apply(steps::deletion(account));
}
