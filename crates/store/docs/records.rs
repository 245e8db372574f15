// What the examples in the documentation stand on: an account and a token of it.
// Each example includes this file in a hidden line.

use rand_core::SeedableRng;
use service_accounts_access::{Grant, RoleName, Scopes, Teams, TokenGrant};
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{AccountId, DisplayName, TokenName};
use service_accounts_store::{Account, Class, Owner, Purpose, Token};
use service_accounts_token::{Keyring, Kind, Pepper, PepperId, Vendor};
use time::UtcDateTime;

/// The instant of the examples, and this many seconds after it.
pub fn at(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(1_767_225_600 + seconds).unwrap()
}

/// The account `pipeline@service`, in the role `Editor`.
pub fn account() -> Account {
    Account::new(
        (AccountId::parse("pipeline@service").unwrap(), DisplayName::parse("Pipeline").unwrap()),
        (Purpose::parse("nightly load").unwrap(), Owner::parse("data team").unwrap()),
        Grant::restore(RoleName::parse("Editor").unwrap(), Scopes::Inherited, Teams::none()),
        Environment::production(),
        (Label::new("ada@example.com"), at(0)),
    )
}

/// Its token `nightly`.
pub fn token(account: &Account) -> Token {
    let mut random = rand_chacha::ChaCha20Rng::from_seed([7; 32]);
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
    let minted = keyring.mint(&Vendor::parse("acme").unwrap(), Kind::Token, &mut random).unwrap();
    Token::new(
        account,
        Class::Token(TokenName::parse("nightly").unwrap()),
        (minted.token.id(), minted.digest, minted.token.hint()),
        TokenGrant::restore(Scopes::Inherited),
        (Label::new("ada@example.com"), at(0)),
    )
}

/// What the trail keeps of a change by Ada.
pub fn event(action: Action) -> Event {
    Event::new(action, Label::new("ada@example.com"), at(0))
}
