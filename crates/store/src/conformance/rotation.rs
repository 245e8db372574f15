//! Rotation in one step, and what is known of a token without a change of its rights.

use service_accounts_access::{Allowlist, Scopes, TokenGrant};
use service_accounts_lifecycle::{Environment, TokenState};

use super::{Subject, fixtures, fixtures::at, steps};
use crate::{Change, Class, Predecessor, Refusal, Revision, Store, Tended, Token};

/// Successor and predecessor change in one step, at one revision, and nothing else does.
pub fn a_rotation_writes_both_tokens_in_one_step<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let old = subject.mint(subject.token(&account.id, "nightly"));
    let new = Token {
        replaces: Some(Predecessor { token: old.id, first_used: None }),
        ..subject.token(&account.id, "nightly-2")
    };
    let revision = Revision::made_by(subject.apply(steps::rotation(&old, &new, account.revision)));
    assert_eq!(subject.stored(&new.id), Token { revision, ..new });
    let state = TokenState::Retiring { until: at(fixtures::NOW + 3_600) };
    assert_eq!(subject.stored(&old.id), Token { state, revision, ..old });
}

/// A rotation that must not happen mints nothing and retires nothing.
pub fn a_rotation_that_is_refused_leaves_both_as_they_were<S: Store>(subject: &Subject<S>) {
    let (account, other) = (subject.create("pipeline", &[]), subject.create("other", &[]));
    let [old, taken] = ["nightly", "weekly"].map(|name| subject.mint(subject.token(&account.id, name)));
    let foreign = subject.mint(subject.token(&other.id, "nightly"));
    let new = subject.token(&account.id, "nightly-2");
    let rotate = |old: &Token, new: &Token| steps::rotation(old, new, account.revision);
    subject.refuse(Refusal::Stale, steps::rotation(&old, &new, Revision::NEW));
    subject.refuse(Refusal::Stale, rotate(&Token { revision: Revision::NEW, ..old.clone() }, &new));
    subject.refuse(Refusal::NameTaken, rotate(&old, &Token { class: taken.class.clone(), ..new.clone() }));
    subject.refuse(Refusal::TokenTaken, rotate(&old, &Token { id: taken.id, ..new.clone() }));
    subject.refuse(Refusal::TokenMissing, rotate(&subject.token(&account.id, "unminted"), &new));
    subject.refuse(Refusal::TokenMissing, rotate(&foreign, &new));
    for widened in with_other_rights(&old) {
        subject.refuse(Refusal::RightsChanged, rotate(&widened, &new));
    }
    subject.apply(steps::revocation(&old));
    subject.refuse(Refusal::Revoked, rotate(&subject.stored(&old.id), &new));
}

/// State, rotation record, looks, reviews and dates move, also on a revoked token.
pub fn what_is_known_of_a_token_is_kept_without_a_change_of_rights<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.mint(subject.token(&account.id, "nightly"));
    let looked = Token {
        last_look: Some(at(1)),
        last_review: Some(at(2)),
        next_due: Some(at(3)),
        replaces: Some(Predecessor { token: token.id, first_used: Some(at(4)) }),
        ..token
    };
    let revision = Revision::made_by(subject.apply(steps::tending(&looked)));
    assert_eq!(subject.stored(&looked.id), Token { revision, ..looked });
    subject.apply(steps::revocation(&subject.stored(&looked.id)));
    let released = TokenState::Deletable { revoked_at: at(fixtures::NOW), since: at(fixtures::NOW + 7) };
    let released = Token { state: released, next_due: None, ..subject.stored(&looked.id) };
    let revision = Revision::made_by(subject.apply(steps::tending(&released)));
    assert_eq!(subject.stored(&looked.id), Token { revision, ..released });
}

/// Tending never widens, moves or re-hashes a token, and never makes a revoked one work again.
pub fn tending_changes_no_rights<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.mint(subject.token(&account.id, "nightly"));
    for widened in with_other_rights(&token) {
        subject.refuse(Refusal::RightsChanged, steps::tending(&widened));
    }
    subject.refuse(Refusal::Stale, steps::tending(&Token { revision: Revision::NEW, ..token.clone() }));
    subject.refuse(Refusal::TokenMissing, steps::tending(&subject.token(&account.id, "unminted")));
    subject.apply(steps::revocation(&token));
    let revoked = subject.stored(&token.id);
    for state in [TokenState::Active, TokenState::Retiring { until: at(fixtures::NOW + 9) }] {
        subject.refuse(Refusal::Revoked, steps::tending(&Token { state, ..revoked.clone() }));
    }
}

/// One refusal refuses all of them, wherever it stands.
pub fn tokens_are_tended_all_or_none<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let tokens = ["one", "two", "three"].map(|name| {
        let token = subject.mint(subject.token(&account.id, name));
        Token { last_look: Some(at(7)), ..token }
    });
    let tend = |tokens: &[Token]| Change::Tend {
        tokens: tokens.iter().map(|token| Tended { token: token.clone(), expected: token.revision }).collect(),
    };
    for place in 0..tokens.len() {
        let mut spoilt = tokens.clone();
        spoilt[place].revision = Revision::NEW;
        subject.refuse(Refusal::Stale, tend(&spoilt));
    }
    subject.refuse(Refusal::Stale, tend(&[tokens[0].clone(), tokens[0].clone()]));
    let revision = Revision::made_by(subject.apply(tend(&tokens)));
    for token in tokens {
        assert_eq!(subject.stored(&token.id), Token { revision, ..token });
    }
}

/// The token with each of its rights changed alone.
fn with_other_rights(token: &Token) -> Vec<Token> {
    let token = || token.clone();
    vec![
        Token { grant: TokenGrant::restore(Scopes::none()), ..token() },
        Token { allowlist: Allowlist::parse_all(["192.0.2.0/24"]).expect("good networks"), ..token() },
        Token { environment: Environment::parse("canary").expect("a good environment"), ..token() },
        Token { expires_at: Some(at(fixtures::NOW + 999)), ..token() },
        Token { class: Class::Token(fixtures::token_name("renamed")), ..token() },
        Token { created_at: at(0), ..token() },
        Token { known_to: vec![service_accounts_audit::Label::new("eve")], ..token() },
    ]
}
