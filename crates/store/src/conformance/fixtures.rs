//! Records that no store has seen yet.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use service_accounts_access::{Allowlist, Grant, RoleName, Scopes, Teams, TokenGrant, presets::data_quality::UseCase};
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::{Environment, TokenState};
use service_accounts_naming::{AccountId, DisplayName, TokenName};
use service_accounts_token::{Digest, Keyring, Kind, Minted, Pepper, PepperId, SecretToken, TokenId, Vendor};
use time::UtcDateTime;

use crate::{Account, Approval, Change, Class, Owner, Purpose, Revision, Status, Token};

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
        let record = Token {
            id: text.id(),
            account: account.clone(),
            class,
            digest,
            hint: text.hint(),
            grant: TokenGrant::restore(Scopes::only(["read"]).expect("a good scope")),
            environment: Environment::production(),
            allowlist: Allowlist::any(),
            state: TokenState::Active,
            created_at: at(NOW),
            created_by: Label::new("conformance"),
            expires_at: None,
            next_due: None,
            revision: Revision::NEW,
        };
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
    let role = RoleName::parse(UseCase::Automation.role()).expect("a role of the preset");
    Account {
        id: account_id(local),
        name: DisplayName::parse(&local.replace('_', " ")).expect("a good name"),
        purpose: Purpose::parse("to be kept").expect("a good purpose"),
        owner: Owner::parse("data platform").expect("a good owner"),
        systems: Vec::new(),
        grant: Grant::restore(role, Scopes::Inherited, Teams::none()),
        allowlist: Allowlist::any(),
        environment: Environment::production(),
        justification: None,
        expires_at: None,
        status: Status::Enabled,
        approval: Approval::NotRequired,
        created_at: at(NOW),
        created_by: Label::new("conformance"),
        revision: Revision::NEW,
    }
}

/// The event that a host would record with a change.
pub(super) fn event_of(change: &Change) -> Event {
    let (action, account, token) = match change {
        Change::CreateAccount { account, .. } => (Action::AccountCreated, Some(&account.id), None),
        Change::UpdateAccount { account, .. } => (Action::AccountUpdated, Some(&account.id), None),
        Change::DeleteAccount { account } => (Action::AccountDeleted, Some(account), None),
        Change::Mint { token, .. } => (Action::TokenMinted, Some(&token.account), Some(&token.id)),
        Change::RegenerateSecret { secret, .. } => (Action::SecretRegenerated, Some(&secret.account), Some(&secret.id)),
        Change::UpdateToken { token, .. } => (Action::TokenUpdated, Some(&token.account), Some(&token.id)),
        Change::Revoke { token, .. } => (Action::TokenRevoked, None, Some(token)),
        Change::DeleteToken { token, .. } => (Action::TokenDeleted, None, Some(token)),
        Change::Rehash { token, .. } => (Action::TokenRehashed, None, Some(token)),
    };
    let event = Event::new(action, Label::new("conformance"), at(NOW));
    let event = account.map_or_else(|| event.clone(), |id| event.clone().about_account(Label::new(id.as_str())));
    token.map_or_else(|| event.clone(), |id| event.clone().about_token(Label::new(id.as_str())))
}
