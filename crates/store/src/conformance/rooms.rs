//! The number of an account's tokens, and what makes room for one more.

use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::TokenState;
use service_accounts_naming::AccountId;
use service_accounts_token::TokenId;

use super::{Subject, contents, fixtures, fixtures::at, steps};
use crate::{Account, Change, Committed, Refusal, Room, Status, Store, Token};

/// How many mint at once.
const RUNNERS: usize = 8;

/// The bound is met and never passed: ended tokens count, and sessions, client secrets and other accounts' tokens do not.
pub fn tokens_of_an_account_are_bounded<S: Store>(subject: &Subject<S>) {
    let account = furnished(subject);
    let mint = |name: &str, most| minting(subject, &account, name, Room::Below(most));
    subject.refuse(Refusal::TooManyTokens { most: 0 }, mint("third", 0));
    subject.refuse(Refusal::TooManyTokens { most: 2 }, mint("third", 2));
    subject.apply(mint("third", 3));
    subject.refuse(Refusal::TooManyTokens { most: 3 }, mint("fourth", 3));
    subject.apply(steps::revocation(&named(subject, &account, "third")));
    subject.refuse(Refusal::TooManyTokens { most: 3 }, mint("fourth", 3));
    subject.apply(steps::removal(&named(subject, &account, "third")));
    subject.apply(mint("fourth", 3));
    subject.refuse(Refusal::NameTaken, mint("fourth", 3));
}

/// A successor is one token more.
pub fn a_rotation_is_bounded_as_a_mint_is<S: Store>(subject: &Subject<S>) {
    let account = furnished(subject);
    let old = named(subject, &account, "nightly");
    let rotate = |most| rotation(&old, subject.token(&account.id, "nightly-2"), &account, Room::Below(most));
    subject.refuse(Refusal::TooManyTokens { most: 2 }, rotate(2));
    subject.apply(rotate(3));
}

/// Whatever ended it: the new token comes and the ended one goes, with an event of its own.
pub fn an_ended_token_makes_room_in_the_same_step<S: Store>(subject: &Subject<S>) {
    let account = furnished(subject);
    let now = at(fixtures::NOW);
    let expired = Token { expires_at: Some(now), ..subject.token(&account.id, "expired") };
    let retired = Token { state: TokenState::Retiring { until: now }, ..subject.token(&account.id, "retired") };
    let [expired, retired] = [expired, retired].map(|blank| subject.mint(blank));
    let revoked = named(subject, &account, "weekly");
    subject.apply(steps::revocation(&revoked));
    for (place, ended) in [expired, retired, revoked].iter().enumerate() {
        let count = contents::tokens(subject, &account.id, 10).len();
        let name = format!("new-{place}");
        let sequence = subject.apply(minting(subject, &account, &name, in_place_of(ended)));
        assert_eq!(subject.found(&ended.id).map(|found| found.token().id), None, "it made room");
        assert_eq!(contents::tokens(subject, &account.id, 10).len(), count);
        named(subject, &account, &name);
        let behind = subject.contents().events.into_iter().filter(|recorded| recorded.sequence > sequence);
        assert_eq!(behind.map(|recorded| recorded.event).collect::<Vec<_>>(), [removal(ended)]);
    }
    let old = named(subject, &account, "nightly");
    subject.apply(steps::revocation_of_all(&account));
    let account = subject.stored_account(&account.id);
    subject.apply(minting(subject, &account, "fresh", in_place_of(&old)));
    assert!(subject.found(&old.id).is_none(), "what ended with its account makes room too");
}

/// Nobody loses what may still work, or what is not theirs, however it is asked for.
pub fn only_an_ended_token_makes_room<S: Store>(subject: &Subject<S>) {
    let account = furnished(subject);
    let foreign = subject.mint(subject.token(&subject.create("other", &[]).id, "nightly"));
    let works = named(subject, &account, "nightly");
    let last = Token { expires_at: Some(at(fixtures::NOW + 1)), ..subject.token(&account.id, "last") };
    let last = subject.mint(last);
    let until = at(fixtures::NOW + 1);
    let retiring = Token { state: TokenState::Retiring { until }, ..subject.token(&account.id, "retiring") };
    let retiring = subject.mint(retiring);
    let secret = subject.mint(subject.secret(&account.id));
    let session = subject.mint(subject.session(&account.id, secret.id));
    for ended in [&foreign, &secret, &session] {
        subject.apply(steps::revocation(ended));
    }
    let unknown = subject.token(&account.id, "unknown");
    for kept in [&works, &last, &retiring, &secret, &session, &foreign, &unknown] {
        subject.refuse(Refusal::Stale, minting(subject, &account, "new", in_place_of(kept)));
    }
    let disabled = Account { status: Status::Disabled, ..account.clone() };
    subject.apply(steps::update(&disabled, account.revision));
    let disabled = subject.stored_account(&account.id);
    subject.refuse(Refusal::Stale, minting(subject, &disabled, "new", in_place_of(&works)));
    // What a rotation replaces stays, since it leads to the successor.
    let expired = subject.mint(Token { expires_at: Some(at(0)), ..subject.token(&account.id, "expired") });
    let itself = rotation(&expired, subject.token(&account.id, "new"), &disabled, in_place_of(&expired));
    subject.refuse(Refusal::Stale, itself);
    subject.apply(rotation(&works, subject.token(&account.id, "new"), &disabled, in_place_of(&expired)));
    assert!(subject.found(&expired.id).is_none() && subject.found(&works.id).is_some());
}

/// The bound is judged where it is written: of many who see room for one more, one mints.
pub fn of_many_who_mint_the_last_token_one_wins<S: Store>(subject: &Subject<S>) {
    let account = furnished(subject);
    for most in 3..9 {
        assert_one_wins(subject, &account, &Room::Below(most), Refusal::TooManyTokens { most });
        assert_eq!(contents::tokens(subject, &account.id, 10).len(), most);
    }
}

/// One ended token makes room once.
pub fn of_many_who_mint_in_one_place_one_wins<S: Store>(subject: &Subject<S>) {
    let account = furnished(subject);
    for round in 0..4 {
        let ended = subject.mint(subject.token(&account.id, &format!("ended-{round}")));
        subject.apply(steps::revocation(&ended));
        let before = contents::tokens(subject, &account.id, 10).len();
        assert_one_wins(subject, &account, &in_place_of(&ended), Refusal::Stale);
        assert_eq!(contents::tokens(subject, &account.id, 10).len(), before);
    }
}

fn assert_one_wins<S: Store>(subject: &Subject<S>, account: &Account, room: &Room, otherwise: Refusal) {
    let start = contents::events(subject, &service_accounts_audit::Query::default().limit(200)).len();
    let name = |place: usize| format!("of-{start}-{place}");
    let changes: Vec<_> = (0..RUNNERS).map(|place| minting(subject, account, &name(place), room.clone())).collect();
    let answers = subject.race(RUNNERS, |place| subject.commit(changes[place].clone()));
    let refused = answers.iter().filter(|answer| **answer == Committed::Refused(otherwise)).count();
    assert_eq!(refused, RUNNERS - 1, "{answers:?}");
}

/// An account with a client secret, a session and two tokens; another account has tokens too.
fn furnished<S: Store>(subject: &Subject<S>) -> Account {
    let crowd = fixtures::account_id("crowd");
    let others: Vec<_> = (0..9).map(|n| subject.token(&crowd, &format!("token-{n}"))).collect();
    subject.create("crowd", &others.iter().collect::<Vec<_>>());
    let id = fixtures::account_id("pipeline");
    let secret = subject.secret(&id);
    let session = subject.session(&id, secret.id);
    let tokens = ["nightly", "weekly"].map(|name| subject.token(&id, name));
    subject.create("pipeline", &[&secret, &session, &tokens[0], &tokens[1]]).as_ref().clone()
}

fn named<S: Store>(subject: &Subject<S>, account: &Account, name: &str) -> Token {
    let name = fixtures::token_name(name);
    let listed = contents::tokens(subject, &account.id, 10);
    let found =
        listed.iter().map(|listed| listed.credential.token()).find(|token| token.class.token_name() == Some(&name));
    found.expect("it was minted").clone()
}

fn minting<S: Store>(subject: &Subject<S>, account: &Account, name: &str, room: Room) -> Change {
    let token = Box::new(subject.token(&account.id, name));
    Change::Mint { token, account_revision: account.revision, room }
}

fn rotation(old: &Token, new: Token, account: &Account, room: Room) -> Change {
    let (expected, account_revision) = (old.revision, account.revision);
    Change::Rotate { successor: Box::new(new), predecessor: Box::new(old.clone()), expected, account_revision, room }
}

fn in_place_of(token: &Token) -> Room {
    Room::InPlaceOf { ended: token.id, event: Box::new(removal(token)) }
}

fn removal(token: &Token) -> Event {
    let event = Event::new(Action::TokenDeleted, Label::new("conformance"), at(fixtures::NOW));
    about(event, &token.account, &token.id)
}

fn about(event: Event, account: &AccountId, token: &TokenId) -> Event {
    event.about_account(Label::new(account.as_str())).about_token(Label::new(token.as_str()))
}
