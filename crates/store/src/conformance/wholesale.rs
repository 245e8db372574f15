//! Changes that concern any number of credentials, in bounded steps.

use service_accounts_audit::Action;
use service_accounts_naming::AccountId;
use service_accounts_token::TokenId;

use super::{Subject, contents, fixtures, fixtures::at, samples, steps};
use crate::{Account, Change, Refusal, Revision, Room, Status, Store, Token, Unusable};

/// More than two steps remove.
const MANY: usize = 600;

/// One step ends any number of credentials, of every class; what is minted later works.
pub fn all_credentials_of_an_account_are_revoked_in_one_step<S: Store>(subject: &Subject<S>) {
    let (account, ids) = crowded(subject, "pipeline");
    let bystander = subject.create("bystander", &[&subject.token(&fixtures::account_id("bystander"), "nightly")]);
    subject.refuse(Refusal::Stale, steps::revocation_of_all(&Account { revision: Revision::NEW, ..account.clone() }));
    let revision = Revision::made_by(subject.apply(steps::revocation_of_all(&account)));
    assert_eq!(subject.revision_of(&account.id), revision);
    assert!(ids.iter().all(|id| standing(subject, id) == Err(Unusable::Revoked)), "a credential still works");
    let late = subject.mint(subject.token(&account.id, "late"));
    assert_eq!(standing(subject, &late.id), Ok(()), "what is minted afterwards works");
    let others = contents::tokens(subject, &bystander.id, 10);
    assert!(others.iter().all(|listed| listed.credential.standing(at(fixtures::NOW)).is_ok()));
}

/// No update made from an older copy of the account, of a token, or of its state brings one of them back.
pub fn a_revocation_of_all_is_for_good<S: Store>(subject: &Subject<S>) {
    let id = fixtures::account_id("pipeline");
    let token = subject.token(&id, "nightly");
    let earlier = subject.create("pipeline", &[&token]);
    let stored = subject.stored(&token.id);
    subject.apply(steps::revocation_of_all(&earlier));
    subject.refuse(Refusal::Stale, steps::update(&earlier, earlier.revision));
    let present = subject.stored_account(&id).revision;
    subject.apply(steps::update(&steps::edited(&earlier), present));
    assert_eq!(standing(subject, &token.id), Err(Unusable::Revoked), "an older copy of the account");
    let generation = subject.stored_account(&id).generation;
    let lifted = Token { generation, ..stored.clone() };
    let _ = subject.commit(steps::token_update(&lifted, stored.revision));
    let _ = subject.commit(steps::tending(&Token { revision: subject.stored(&token.id).revision, ..lifted }));
    assert_eq!(standing(subject, &token.id), Err(Unusable::Revoked), "a token that says it is of today");
    subject.apply(steps::removal(&subject.stored(&token.id)));
    assert!(subject.found(&token.id).is_none(), "it counts as revoked, so it may be deleted");
}

/// Nothing of before works, the new client secret does, and both events stand in the trail; or nothing happened.
pub fn all_credentials_end_and_a_new_secret_comes_in_one_step<S: Store>(subject: &Subject<S>) {
    let id = fixtures::account_id("pipeline");
    let (old, token) = (subject.secret(&id), subject.token(&id, "nightly"));
    let session = subject.session(&id, old.id);
    let account = subject.create("pipeline", &[&old, &token, &session]);
    let fresh = subject.secret(&id);
    let taken = Token { id: token.id, ..fresh.clone() };
    subject.refuse(Refusal::Stale, steps::reissue(&fresh, Revision::NEW));
    subject.refuse(Refusal::TokenTaken, steps::reissue(&taken, account.revision));
    assert_eq!(standing(subject, &token.id), Ok(()), "what was refused revokes nothing");
    let event = subject.apply(steps::reissue(&fresh, account.revision));
    let ended = [old.id, token.id, session.id].map(|id| standing(subject, &id));
    assert_eq!(ended, [Err(Unusable::Revoked); 3]);
    assert_eq!(standing(subject, &fresh.id), Ok(()), "the new secret works");
    let events = subject.contents().events;
    let follows = events.iter().filter(|recorded| recorded.sequence > event).map(|recorded| recorded.event.action());
    assert_eq!(follows.collect::<Vec<_>>(), [Action::SecretRegenerated], "the event of the secret follows");
}

/// Sessions beyond the bound make room: those that end first, and none of another account.
pub fn sessions_that_end_first_make_room<S: Store>(subject: &Subject<S>) {
    let [pipeline, other] = ["pipeline", "other"].map(|local| subject.create(local, &[]));
    let foreign = subject.mint(ending(subject, &other.id, 1));
    let open = |end: i64| {
        let session = ending(subject, &pipeline.id, end);
        let (id, account_revision) = (session.id, pipeline.revision);
        subject.apply(Change::OpenSession { session: Box::new(session), account_revision, most: 3 });
        id
    };
    let [b, d, c] = [20, 40, 30].map(open);
    assert_eq!(sessions(subject, &pipeline.id), sorted([b, c, d]));
    let e = open(50);
    assert_eq!(sessions(subject, &pipeline.id), sorted([c, d, e]), "the one that ended first made room");
    let a = open(10);
    assert_eq!(sessions(subject, &pipeline.id), sorted([a, d, e]), "the new one stays, though it ends first");
    assert!(subject.found(&foreign.id).is_some(), "another account's session");
    let token = subject.mint(subject.token(&pipeline.id, "nightly"));
    open(60);
    assert_eq!(subject.stored(&token.id), token, "a token is no session");
}

/// An account whose bound was lowered comes down to it, one session at a time.
pub fn a_lowered_bound_of_sessions_is_reached<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let open = |most| {
        let session = Box::new(subject.session(&account.id, subject.secret(&account.id).id));
        subject.apply(Change::OpenSession { session, account_revision: account.revision, most });
        sessions(subject, &account.id).len()
    };
    let counts: Vec<_> = [6, 6, 6, 6, 2, 2, 2, 1, 0].map(open).into();
    assert_eq!(counts, [1, 2, 3, 4, 3, 2, 2, 1, 1]);
}

/// A session that does not end by itself is the last to make room.
pub fn a_session_without_an_end_makes_room_last<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let open = |session: Token| {
        let (id, account_revision) = (session.id, account.revision);
        subject.apply(Change::OpenSession { session: Box::new(session), account_revision, most: 2 });
        id
    };
    let endless = open(Token { expires_at: None, next_due: None, ..ending(subject, &account.id, 1) });
    open(ending(subject, &account.id, 20));
    let last = open(ending(subject, &account.id, 10));
    assert_eq!(sessions(subject, &account.id), sorted([endless, last]));
}

/// A session is opened only for an account as it was judged, under an id that is free.
pub fn a_session_needs_the_account_as_it_was_judged<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let taken = subject.mint(subject.token(&account.id, "nightly"));
    let open = |session: Token, account_revision| Change::OpenSession {
        session: Box::new(session),
        account_revision,
        most: 3,
    };
    let session = |id: &AccountId| ending(subject, id, 10);
    subject.refuse(Refusal::Stale, open(session(&account.id), Revision::NEW));
    let collision = Token { id: taken.id, ..session(&account.id) };
    subject.refuse(Refusal::TokenTaken, open(collision, account.revision));
    subject.refuse(Refusal::AccountMissing, open(session(&fixtures::account_id("nobody")), account.revision));
}

/// However many credentials an account has: none works after the first step, and its id is taken until the last.
pub fn a_large_account_is_deleted_in_bounded_steps<S: Store>(subject: &Subject<S>) {
    let (account, ids) = crowded(subject, "pipeline");
    let first = subject.applied(steps::deletion(&account));
    assert_eq!(first.removed(), Change::BATCH, "a step is bounded");
    assert_gone(subject, &account, &ids);
    let mut left = ids.len() - Change::BATCH;
    while left > 0 {
        let again = Account { revision: Revision::NEW, ..account.clone() };
        subject.refuse(Refusal::AccountTaken, steps::creation(again, vec![]));
        let removed = subject.applied(steps::purge(&account.id)).removed();
        assert!((1..=Change::PURGE).contains(&removed), "a step is bounded and goes on");
        left -= removed;
        assert_gone(subject, &account, &ids);
    }
    assert!(subject.found_account(&account.id).is_none(), "with its last credential the account goes too");
    subject.refuse(Refusal::AccountMissing, steps::purge(&account.id));
    subject.create("pipeline", &[]);
    assert!(ids.iter().all(|id| subject.found(id).is_none()), "an account created again revives nothing");
    subject.refuse(Refusal::AccountMissing, steps::purge(&account.id));
}

/// A deleted account is as absent as one that never was, whatever is asked of it.
pub fn nothing_happens_to_a_deleted_account<S: Store>(subject: &Subject<S>) {
    let id = samples::half_deleted(subject, "pipeline");
    let account = subject.stored_account(&id).as_ref().clone();
    assert_eq!(account.status, Status::Deleted);
    let left = subject.contents().credentials.into_iter().next().expect("one is left").0;
    let account_revision = account.revision;
    let enabled = Account { status: Status::Enabled, ..account.clone() };
    let changes = vec![
        steps::update(&enabled, account_revision),
        steps::deletion(&account),
        steps::revocation_of_all(&account),
        Change::Mint { token: Box::new(subject.token(&id, "late")), account_revision, room: Room::Below(usize::MAX) },
        Change::OpenSession { session: Box::new(ending(subject, &id, 9)), account_revision, most: 3 },
        steps::regeneration(&subject.secret(&id), account_revision),
        steps::reissue(&subject.secret(&id), account_revision),
        steps::rotation(&left, &subject.token(&id, "late"), account_revision),
        steps::token_update(&left, left.revision),
        steps::tending(&left),
        steps::revocation(&left),
        steps::removal(&left),
    ];
    for change in changes {
        subject.refuse(Refusal::AccountMissing, change);
    }
}

fn assert_gone<S: Store>(subject: &Subject<S>, account: &Account, ids: &[TokenId]) {
    let works = |id: &TokenId| subject.found(id).is_some_and(|found| found.standing(at(fixtures::NOW)).is_ok());
    assert!(!ids.iter().any(works), "a credential of a deleted account works");
    assert_eq!(contents::accounts(subject, 10), [], "a deleted account is listed");
    let is_absent = subject.found_account(&account.id).is_none_or(|found| found.status == Status::Deleted);
    assert!(is_absent, "a deleted account is as it was");
}

/// An account with many credentials of every class.
fn crowded<S: Store>(subject: &Subject<S>, local: &str) -> (Account, Vec<TokenId>) {
    let id = fixtures::account_id(local);
    let secret = subject.secret(&id);
    let sessions: Vec<_> = (0..MANY / 2).map(|_| subject.session(&id, secret.id)).collect();
    let tokens = (1..MANY / 2).map(|n| subject.token(&id, &format!("token-{n}")));
    let all: Vec<_> = [secret].into_iter().chain(tokens).chain(sessions).collect();
    let account = subject.create(local, &all.iter().collect::<Vec<_>>());
    (account.as_ref().clone(), all.iter().map(|token| token.id).collect())
}

fn standing<S: Store>(subject: &Subject<S>, id: &TokenId) -> Result<(), Unusable> {
    subject.credential(id).standing(at(fixtures::NOW))
}

/// A session that ends so many seconds later.
fn ending<S: Store>(subject: &Subject<S>, account: &AccountId, later_by: i64) -> Token {
    let session = subject.session(account, subject.secret(account).id);
    Token { expires_at: Some(at(fixtures::NOW + later_by)), ..session }
}

fn sessions<S: Store>(subject: &Subject<S>, account: &AccountId) -> Vec<TokenId> {
    let listed = contents::of_kind(subject, account, service_accounts_token::Kind::Session, 10);
    listed.iter().map(|listed| listed.credential.token().id).collect()
}

fn sorted<const N: usize>(mut ids: [TokenId; N]) -> Vec<TokenId> {
    ids.sort();
    ids.into()
}
