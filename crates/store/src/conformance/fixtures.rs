//! Records that no store has seen yet.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use service_accounts_access::{Grant, RoleName, Scopes, Teams, TokenGrant, presets::data_quality::UseCase};
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::Environment;
use service_accounts_naming::{AccountId, DisplayName, TokenName};
use service_accounts_token::{Digest, Keyring, Kind, Minted, Pepper, PepperId, SecretToken, TokenId, Vendor};
use time::UtcDateTime;

use crate::{Account, Change, Class, Owner, Purpose, Token};

/// The instant at which everything here was made.
pub(super) const NOW: i64 = 1_767_225_600;

/// Makes credentials, always the same ones in the same order, and remembers which.
pub(super) struct Press {
    keyring: Keyring,
    other: Keyring,
    vendor: Vendor,
    random: ChaCha20Rng,
    made: Vec<TokenId>,
}

impl Press {
    pub(super) fn token(&mut self, account: &AccountId, name: &str) -> Token {
        self.credential(account, Class::Token(token_name(name))).1
    }

    pub(super) fn session(&mut self, account: &AccountId, opened_with: TokenId) -> Token {
        let session = self.credential(account, Class::Session { opened_with }).1;
        Token { expires_at: Some(at(NOW + 86_400)), next_due: Some(at(NOW + 86_400)), ..session }
    }

    pub(super) fn secret(&mut self, account: &AccountId) -> Token {
        self.credential(account, Class::Secret).1
    }

    /// A digest under the pepper `k2`; all credentials are made under `k1`.
    pub(super) fn digest(&mut self) -> Digest {
        self.other.mint(&self.vendor, Kind::Token, &mut self.random).expect("a seeded source does not fail").digest
    }

    /// The text of a credential and its record.
    pub(super) fn credential(&mut self, account: &AccountId, class: Class) -> (SecretToken, Token) {
        let Minted { token: text, digest } = self.draw(class.kind());
        self.made.push(text.id());
        let grant = TokenGrant::restore(Scopes::only(["read"]).expect("a good scope"));
        let made = (Label::new("conformance"), at(NOW));
        let record = Token::new(&account_of(account.clone()), class, (text.id(), digest, text.hint()), grant, made);
        (text, record)
    }

    /// Whether the text of a credential verifies by what was stored of it.
    pub(super) fn verifies(&self, text: &SecretToken, stored: &Digest) -> bool {
        let presented = self.vendor.read(text.expose()).expect("a token's own text");
        self.keyring.verify(&presented, Some(stored)).is_ok()
    }

    pub(super) fn made(&self) -> Vec<TokenId> {
        self.made.clone()
    }

    fn draw(&mut self, kind: Kind) -> Minted {
        self.keyring.mint(&self.vendor, kind, &mut self.random).expect("a seeded source does not fail")
    }
}

impl Default for Press {
    fn default() -> Self {
        Self {
            keyring: Keyring::new(pepper("k1"), Pepper::from_bytes([7; 32])),
            other: Keyring::new(pepper("k2"), Pepper::from_bytes([8; 32])),
            vendor: Vendor::parse("conform").expect("a good vendor"),
            random: ChaCha20Rng::from_seed([7; 32]),
            made: Vec::new(),
        }
    }
}

pub(super) fn pepper(id: &str) -> PepperId {
    PepperId::parse(id).expect("a good id")
}

/// The instant of so many unix seconds.
pub(super) fn at(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds).expect("within the years that can be written")
}

pub(super) fn account_id(local: &str) -> AccountId {
    AccountId::parse(&format!("{local}@service")).expect("a good id")
}

pub(super) fn token_name(name: &str) -> TokenName {
    TokenName::parse(name).expect("a good token name")
}

pub(super) fn account(local: &str) -> Account {
    account_of(account_id(local))
}

fn account_of(id: AccountId) -> Account {
    let role = RoleName::parse(UseCase::Automation.role()).expect("a role of the preset");
    let name = DisplayName::parse(&id.local().replace('_', " ")).expect("a good name");
    let purpose = Purpose::parse("to be kept").expect("a good purpose");
    let owner = Owner::parse("data platform").expect("a good owner");
    let grant = Grant::restore(role, Scopes::Inherited, Teams::none());
    Account::new((id, name), (purpose, owner), grant, Environment::production(), (Label::new("conformance"), at(NOW)))
}

/// The event that a host would record with a change.
pub(super) fn event_of(change: &Change) -> Event {
    let (action, account, token) = match change {
        Change::CreateAccount { account, .. } => (Action::AccountCreated, Some(&account.id), None),
        Change::UpdateAccount { account, .. } => (Action::AccountUpdated, Some(&account.id), None),
        Change::CreateAccounts { .. } => (Action::ImportConfirmed, None, None),
        Change::DeleteAccount { account, .. } | Change::PurgeAccount { account } => {
            (Action::AccountDeleted, Some(account), None)
        }
        Change::RevokeAll { account, .. } => (Action::CredentialsRevoked, Some(account), None),
        Change::Reissue { secret, .. } => (Action::CredentialsRevoked, Some(&secret.account), None),
        Change::OpenSession { session, .. } => (Action::SessionOpened, Some(&session.account), Some(&session.id)),
        Change::Rotate { successor, .. } => (Action::TokenRotated, Some(&successor.account), Some(&successor.id)),
        Change::Mint { token, .. } => (Action::TokenMinted, Some(&token.account), Some(&token.id)),
        Change::RegenerateSecret { secret, .. } => (Action::SecretRegenerated, Some(&secret.account), Some(&secret.id)),
        Change::UpdateToken { token, .. } => (Action::TokenUpdated, Some(&token.account), Some(&token.id)),
        Change::Revoke { token, account, .. } => (Action::TokenRevoked, Some(account), Some(token)),
        Change::DeleteToken { token, account, .. } => (Action::TokenDeleted, Some(account), Some(token)),
        Change::Tend { .. } => (Action::TokenSettled, None, None),
        Change::PutDocument { .. } | Change::AddDocument { .. } => (Action::DocumentPut, None, None),
        Change::RemoveDocument { .. } => (Action::DocumentRemoved, None, None),
        Change::Rehash { token, .. } => (Action::TokenRehashed, None, Some(token)),
        Change::Provided { change, .. } | Change::Judged { change, .. } => return event_of(change),
    };
    let event = Event::new(action, Label::new("conformance"), at(NOW));
    let event = account.map_or_else(|| event.clone(), |id| event.clone().about_account(Label::new(id.as_str())));
    token.map_or_else(|| event.clone(), |id| event.clone().about_token(Label::new(id.as_str())))
}
