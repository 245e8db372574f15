//! The life of tokens, sessions and client secrets.

use service_accounts_access::{Allowlist, Scopes, TokenGrant};
use service_accounts_audit::Label;
use service_accounts_lifecycle::{
    Environment, Overlap, Rotation, RotationAdmission, RotationKey, Span, TokenState, TokenValidity,
};
use service_accounts_token::TokenId;

use super::{Subject, fixtures, fixtures::at, steps};
use crate::{Change, Class, Predecessor, Refusal, Revision, Room, Store, Token};

/// Nothing of a credential is lost, and what was stored still verifies its text.
pub fn a_minted_credential_is_read_back_whole<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let opened_with = subject.secret(&account.id).id;
    let classes = [Class::Token(fixtures::token_name("nightly-2026")), Class::Session { opened_with }, Class::Secret];
    for class in classes {
        let (text, blank) = subject.press().credential(&account.id, class);
        let token = full(blank);
        let sequence = subject.apply(subject.minting(token.clone()));
        let stored = subject.stored(&token.id);
        assert_eq!(stored, Token { revision: Revision::made_by(sequence), ..token });
        assert!(subject.press().verifies(&text, &stored.digest), "the digest read back is another one");
    }
}

/// Only an account that is what it was judged to be gets a credential.
pub fn minting_needs_the_account_as_it_was_judged<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let mint = |token: Token, account_revision| Change::Mint {
        token: Box::new(token),
        account_revision,
        room: Room::Below(usize::MAX),
    };
    let nobody = subject.token(&fixtures::account_id("nobody"), "nightly");
    subject.refuse(Refusal::AccountMissing, mint(nobody, account.revision));
    subject.refuse(Refusal::Stale, mint(subject.token(&account.id, "nightly"), Revision::NEW));
    subject.refuse(Refusal::Stale, mint(subject.session(&account.id, subject.secret(&account.id).id), Revision::NEW));
}

/// A forced collision never overwrites: not of one account, not of another, not by any kind of credential.
pub fn a_token_id_is_taken_once<S: Store>(subject: &Subject<S>) {
    let (pipeline, other) = (subject.create("pipeline", &[]), subject.create("other", &[]));
    let kept = subject.mint(subject.token(&pipeline.id, "nightly"));
    for account in [&pipeline, &other] {
        let blanks = [
            subject.token(&account.id, "collision"),
            subject.session(&account.id, kept.id),
            subject.secret(&account.id),
        ];
        for blank in blanks {
            subject.refuse(Refusal::TokenTaken, subject.minting(Token { id: kept.id, ..blank }));
        }
        let secret = Token { id: kept.id, ..subject.secret(&account.id) };
        subject.refuse(Refusal::TokenTaken, steps::regeneration(&secret, account.revision));
    }
    assert_eq!(subject.stored(&kept.id), kept);
}

/// A name is unique within its account, not beyond it; a revoked token keeps it, a deleted one gives it back.
pub fn a_token_name_is_taken_once_within_its_account<S: Store>(subject: &Subject<S>) {
    let (pipeline, other) = (subject.create("pipeline", &[]), subject.create("other", &[]));
    let first = subject.mint(subject.token(&pipeline.id, "nightly"));
    subject.mint(subject.token(&other.id, "nightly"));
    subject.refuse(Refusal::NameTaken, subject.minting(subject.token(&pipeline.id, "nightly")));
    subject.apply(steps::revocation(&first));
    subject.refuse(Refusal::NameTaken, subject.minting(subject.token(&pipeline.id, "nightly")));
    subject.apply(steps::removal(&first));
    subject.mint(subject.token(&pipeline.id, "nightly"));
    subject.mint(subject.token(&pipeline.id, "nightly2"));
}

/// Sessions have no name, so one account may have any number.
pub fn sessions_do_not_get_in_each_others_way<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let sessions: Vec<TokenId> =
        (0..5).map(|_| subject.mint(subject.session(&account.id, subject.secret(&account.id).id)).id).collect();
    assert!(sessions.iter().all(|id| subject.found(id).is_some()));
}

/// An update made from anything but the present state is refused, so no update is lost.
pub fn a_token_is_updated_only_from_its_present_state<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let first = subject.mint(subject.token(&account.id, "nightly"));
    let narrowed = Token { grant: TokenGrant::restore(Scopes::none()), ..first.clone() };
    let sequence = subject.apply(steps::token_update(&narrowed, first.revision));
    assert_eq!(subject.stored(&first.id), Token { revision: Revision::made_by(sequence), ..narrowed });
    subject.refuse(Refusal::Stale, steps::token_update(&first, first.revision));
    subject.refuse(Refusal::Stale, steps::token_update(&first, Revision::NEW));
    subject.refuse(Refusal::TokenMissing, steps::token_update(&subject.token(&account.id, "unminted"), Revision::NEW));
}

/// A token is of one account, one kind and one name for life.
pub fn an_update_never_moves_a_token<S: Store>(subject: &Subject<S>) {
    let (pipeline, other) = (subject.create("pipeline", &[]), subject.create("other", &[]));
    let token = subject.mint(subject.token(&pipeline.id, "nightly"));
    let moved = [
        Token { account: other.id.clone(), ..token.clone() },
        Token { class: Class::Token(fixtures::token_name("renamed")), ..token.clone() },
        Token { class: Class::Secret, ..token.clone() },
    ];
    for elsewhere in moved {
        subject.refuse(Refusal::TokenMissing, steps::token_update(&elsewhere, token.revision));
    }
}

/// A re-hash replaces the digest that was verified, and nothing else.
pub fn a_rehash_replaces_only_the_digest_that_was_verified<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.mint(subject.token(&account.id, "nightly"));
    let (to, wrong) = (subject.digest(), subject.digest());
    let rehash = |from: &_, token| Change::Rehash { token, from: Clone::clone(from), to: to.clone() };
    subject.refuse(Refusal::Stale, rehash(&wrong, token.id));
    subject.refuse(Refusal::TokenMissing, rehash(&token.digest, subject.token(&account.id, "unminted").id));
    let sequence = subject.apply(rehash(&token.digest, token.id));
    let expected = Token { digest: to.clone(), revision: Revision::made_by(sequence), ..token.clone() };
    assert_eq!(subject.stored(&token.id), expected);
    subject.refuse(Refusal::Stale, rehash(&token.digest, token.id));
}

/// Regeneration ends the present client secret, and nothing that it opened.
pub fn a_regenerated_secret_ends_the_present_one_and_sessions_live_on<S: Store>(subject: &Subject<S>) {
    let id = fixtures::account_id("pipeline");
    let secrets = [subject.secret(&id), subject.secret(&id), subject.secret(&id)];
    let account = subject.create("pipeline", &[&secrets[0]]);
    let token = subject.mint(subject.token(&id, "nightly"));
    let session = subject.mint(subject.session(&id, secrets[0].id));
    for (old, new) in [(&secrets[0], &secrets[1]), (&secrets[1], &secrets[2])] {
        assert!(!subject.stored(&old.id).state.is_revoked());
        subject.apply(steps::regeneration(new, account.revision));
        assert_eq!(subject.stored(&old.id).state, TokenState::Revoked { at: at(fixtures::NOW) });
        assert!(!subject.stored(&new.id).state.is_revoked());
    }
    assert_eq!(subject.stored(&session.id), session);
    assert_eq!(subject.stored(&token.id), token);
}

/// A client secret is regenerated only for an account that is what it was judged to be.
pub fn regenerating_needs_the_account_as_it_was_judged<S: Store>(subject: &Subject<S>) {
    let id = fixtures::account_id("pipeline");
    let account = subject.create("pipeline", &[&subject.secret(&id)]);
    subject.refuse(Refusal::Stale, steps::regeneration(&subject.secret(&id), Revision::NEW));
    let nobody = subject.secret(&fixtures::account_id("nobody"));
    subject.refuse(Refusal::AccountMissing, steps::regeneration(&nobody, account.revision));
}

/// Deleting is the second of two steps: a credential that still works, retires or has expired is revoked first.
pub fn a_token_is_deleted_only_after_it_was_revoked<S: Store>(subject: &Subject<S>) {
    let id = fixtures::account_id("pipeline");
    let secret = subject.secret(&id);
    subject.create("pipeline", &[&secret]);
    let states = [
        ("active", TokenState::Active, None),
        ("retired", TokenState::Retiring { until: at(fixtures::NOW - 1) }, None),
        ("expired", TokenState::Active, Some(at(fixtures::NOW - 1))),
    ];
    let tokens =
        states.map(|(name, state, expires_at)| subject.mint(Token { state, expires_at, ..subject.token(&id, name) }));
    for token in tokens.into_iter().chain([secret]) {
        let delete = steps::removal(&token);
        subject.refuse(Refusal::NotRevoked, delete.clone());
        subject.apply(steps::revocation(&token));
        subject.apply(delete.clone());
        assert!(subject.found(&token.id).is_none());
        subject.refuse(Refusal::TokenMissing, delete);
    }
}

/// A session needs no revocation once its time is over, and not a second earlier.
pub fn a_session_is_deleted_from_the_instant_it_expires<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let end = fixtures::NOW + 86_400;
    for (instant, is_over) in [(end - 1, false), (end, true), (end + 1, true)] {
        let session = subject.mint(subject.session(&account.id, subject.secret(&account.id).id));
        let delete = steps::removal_at(&session, instant);
        if is_over {
            subject.apply(delete);
            assert!(subject.found(&session.id).is_none());
        } else {
            subject.refuse(Refusal::NotRevoked, delete);
        }
    }
    let endless = Token { expires_at: None, ..subject.session(&account.id, subject.secret(&account.id).id) };
    let endless = subject.mint(endless);
    subject.refuse(Refusal::NotRevoked, steps::removal_at(&endless, i64::from(u32::MAX)));
}

/// A rotation in which something has happened already.
fn rotation(id: TokenId) -> Rotation<TokenId, Label> {
    let now = at(fixtures::NOW);
    let old = TokenValidity { state: TokenState::Active, expires_at: at(fixtures::NOW + 86_400) };
    let key = RotationKey::parse("deploy-2026-01").expect("a good key");
    let admission = Rotation::<TokenId, Label>::admit(None, &key, old, now).expect("a working token may be rotated");
    let RotationAdmission::New(permit) = admission else { panic!("the key is new") };
    let overlap = Overlap::UntilFirstUse(Span::days(1).expect("a good span"));
    let end = at(fixtures::NOW + 864_000);
    permit.open((id, id), end, overlap, Label::new("ops")).expect("the successor lives longer").rotation
}

fn full(blank: Token) -> Token {
    Token {
        grant: TokenGrant::restore(Scopes::only(["read", "write"]).expect("good scopes")),
        environment: Environment::parse("canary-eu").expect("a good environment"),
        allowlist: Allowlist::parse_all(["10.1.0.0/16", "2001:db8:1::/48"]).expect("good networks"),
        state: TokenState::Retiring { until: at(fixtures::NOW + 5) },
        created_by: Label::new("it's \"me\" – 数据"),
        known_to: vec![Label::new("ann@example.com"), Label::new("it's \"me\" – 数据")],
        replaces: Some(Predecessor { token: blank.id, first_used: Some(at(fixtures::NOW - 3)) }),
        rotation: Some(Box::new(rotation(blank.id))),
        last_look: Some(at(fixtures::NOW - 2)),
        last_review: Some(at(fixtures::NOW - 1)),
        expires_at: Some(at(fixtures::NOW + 10)),
        next_due: Some(at(fixtures::NOW + 5)),
        ..blank
    }
}
