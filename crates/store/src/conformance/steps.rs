//! Changes in the form that most behaviours need.

use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::TokenState;
use service_accounts_naming::AccountId;

use super::{fixtures, fixtures::at};
use crate::{Account, Change, Newcomer, Purpose, Revision, Room, Tended, Token};

pub(super) fn creation(account: Account, tokens: Vec<Token>) -> Change {
    Change::CreateAccount { account: Box::new(account), tokens }
}

pub(super) fn creations(newcomers: &[Newcomer]) -> Change {
    Change::CreateAccounts { accounts: newcomers.to_vec() }
}

pub(super) fn update(account: &Account, expected: Revision) -> Change {
    Change::UpdateAccount { account: Box::new(account.clone()), expected }
}

/// A stored account with a purpose that it never had before.
pub(super) fn edited(account: &Account) -> Account {
    let purpose = Purpose::parse(&format!("kept since {}", account.revision)).expect("a good purpose");
    Account { purpose, ..account.clone() }
}

/// A stored token that somebody looked at when it never was before.
pub(super) fn looked_at(token: &Token) -> Token {
    Token { last_look: Some(at(token.revision.event().number())), ..token.clone() }
}

pub(super) fn deletion(account: &Account) -> Change {
    Change::DeleteAccount { account: account.id.clone(), expected: account.revision }
}

pub(super) fn purge(account: &AccountId) -> Change {
    Change::PurgeAccount { account: account.clone() }
}

pub(super) fn revocation_of_all(account: &Account) -> Change {
    Change::RevokeAll { account: account.id.clone(), expected: account.revision }
}

pub(super) fn token_update(token: &Token, expected: Revision) -> Change {
    Change::UpdateToken { token: Box::new(token.clone()), expected, account_revision: None }
}

/// The revocation of a token at the instant at which everything here was made.
pub(super) fn revocation(token: &Token) -> Change {
    revocation_at(token, fixtures::NOW)
}

pub(super) fn revocation_at(token: &Token, instant: i64) -> Change {
    Change::Revoke { token: token.id, account: token.account.clone(), account_revision: None, at: at(instant) }
}

pub(super) fn removal(token: &Token) -> Change {
    removal_at(token, fixtures::NOW)
}

pub(super) fn removal_at(token: &Token, instant: i64) -> Change {
    Change::DeleteToken { token: token.id, account: token.account.clone(), account_revision: None, at: at(instant) }
}

pub(super) fn regeneration(secret: &Token, account_revision: Revision) -> Change {
    Change::RegenerateSecret { secret: Box::new(secret.clone()), account_revision, at: at(fixtures::NOW) }
}

/// The end of every credential and a new client secret.
pub(super) fn reissue(secret: &Token, account_revision: Revision) -> Change {
    let event = Event::new(Action::SecretRegenerated, Label::new("conformance"), at(fixtures::NOW));
    let event = Box::new(event.about_token(Label::new(secret.id.as_str())));
    Change::Reissue { secret: Box::new(secret.clone()), account_revision, at: at(fixtures::NOW), event }
}

/// The rotation of a stored token; it works for another hour.
pub(super) fn rotation(predecessor: &Token, successor: &Token, account_revision: Revision) -> Change {
    let retiring = Token { state: TokenState::Retiring { until: at(fixtures::NOW + 3_600) }, ..predecessor.clone() };
    Change::Rotate {
        successor: Box::new(successor.clone()),
        predecessor: Box::new(retiring),
        expected: predecessor.revision,
        account_revision,
        room: Room::Below(usize::MAX),
    }
}

/// What is now known of a stored token.
pub(super) fn tending(token: &Token) -> Change {
    Change::Tend { tokens: vec![Tended { token: token.clone(), expected: token.revision }] }
}
