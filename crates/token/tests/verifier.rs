//! A host that embeds only this crate: its own store behind the one small trait.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use service_accounts_token::{
    AuthenticateError, CredentialSource, Digest, Keyring, Kind, Minted, ParseTokenError, Pepper, PepperId, TokenId,
    Vendor, Verifier,
};

#[derive(Debug, Clone, PartialEq)]
struct Row {
    digest: Digest,
    is_revoked: bool,
}

impl AsRef<Digest> for Row {
    fn as_ref(&self) -> &Digest {
        &self.digest
    }
}

/// Rows by id; a poisoned one cannot answer.
#[derive(Default)]
struct Table {
    rows: HashMap<TokenId, Row>,
    is_down: bool,
    asked: Mutex<Vec<TokenId>>,
}

#[derive(Debug, PartialEq)]
struct Down;

impl std::fmt::Display for Down {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("down")
    }
}

impl std::error::Error for Down {}

impl CredentialSource for Table {
    type Credential = Row;
    type Error = Down;

    async fn credential(&self, id: &TokenId) -> Result<Option<Row>, Down> {
        self.asked.lock().unwrap().push(*id);
        if self.is_down { Err(Down) } else { Ok(self.rows.get(id).cloned()) }
    }

    async fn count_under(&self, pepper: PepperId) -> Result<u64, Down> {
        let count = self.rows.values().filter(|row| row.digest.pepper() == pepper).count();
        if self.is_down { Err(Down) } else { Ok(count.try_into().unwrap()) }
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let Poll::Ready(done) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else { panic!("not ready") };
    done
}

fn id(text: &str) -> PepperId {
    PepperId::parse(text).unwrap()
}

fn verifier() -> Verifier {
    let keyring = Keyring::new(id("k2"), Pepper::from_bytes([2; 32]));
    let keyring = keyring.with_earlier(id("k1"), Pepper::from_bytes([1; 32])).unwrap();
    Verifier::new(Vendor::parse("acme").unwrap(), keyring)
}

fn mint(keyring: &Keyring, seed: u8) -> Minted {
    keyring.mint(verifier().vendor(), Kind::Token, &mut ChaCha20Rng::from_seed([seed; 32])).unwrap()
}

fn table(minted: &[&Minted]) -> Table {
    let row = |minted: &&Minted| (minted.token.id(), Row { digest: minted.digest.clone(), is_revoked: false });
    Table { rows: minted.iter().map(row).collect(), ..Table::default() }
}

fn not_revoked(_: Kind, row: &Row) -> Result<(), &'static str> {
    if row.is_revoked { Err("revoked") } else { Ok(()) }
}

#[test]
fn a_genuine_token_is_authenticated() {
    let verifier = verifier();
    let minted = mint(verifier.keyring(), 1);
    let done = now(verifier.authenticate(minted.token.expose(), &table(&[&minted]), not_revoked)).unwrap();
    assert_eq!((done.kind, done.id, done.rehash), (Kind::Token, minted.token.id(), None));
    assert_eq!(done.credential.digest, minted.digest);
}

#[test]
fn a_record_of_an_earlier_pepper_comes_back_re_hashed() {
    let verifier = verifier();
    let minted = mint(&Keyring::new(id("k1"), Pepper::from_bytes([1; 32])), 1);
    let mut table = table(&[&minted]);
    let rehash = now(verifier.authenticate(minted.token.expose(), &table, not_revoked)).unwrap().rehash.unwrap();
    assert_eq!(now(verifier.census(&table)).unwrap().to_string(), "0 tokens on k2, 1 tokens still on k1");
    table.rows.get_mut(&minted.token.id()).unwrap().digest = rehash;
    let again = now(verifier.authenticate(minted.token.expose(), &table, not_revoked)).unwrap();
    assert_eq!(again.rehash, None);
    let census = now(verifier.census(&table)).unwrap();
    assert!(census.counts().eq([(id("k2"), 1), (id("k1"), 0)]));
    assert!(census.retirable().eq([id("k1")]));
}

#[test]
fn a_malformed_token_never_reaches_the_store() {
    let verifier = verifier();
    let minted = mint(verifier.keyring(), 1);
    let table = table(&[&minted]);
    let text = minted.token.expose().replacen("sat", "ses", 1);
    let refused = now(verifier.authenticate(&text, &table, not_revoked));
    assert_eq!(refused, Err(AuthenticateError::Malformed(ParseTokenError::Checksum)));
    assert!(table.asked.lock().unwrap().is_empty());
}

#[test]
fn an_unknown_id_and_a_wrong_secret_are_one_answer() {
    let verifier = verifier();
    let [one, other] = [1, 2].map(|seed| mint(verifier.keyring(), seed));
    let unknown = now(verifier.authenticate(one.token.expose(), &table(&[]), not_revoked));
    let mut wrong = table(&[&one]);
    wrong.rows.get_mut(&one.token.id()).unwrap().digest = other.digest;
    let wrong = now(verifier.authenticate(one.token.expose(), &wrong, not_revoked));
    assert_eq!(unknown, Err(AuthenticateError::Refused));
    assert_eq!(unknown, wrong);
}

#[test]
fn only_a_genuine_token_learns_that_it_is_revoked() {
    let verifier = verifier();
    let [one, other] = [1, 2].map(|seed| mint(verifier.keyring(), seed));
    let mut table = table(&[&one]);
    table.rows.get_mut(&one.token.id()).unwrap().is_revoked = true;
    let revoked = now(verifier.authenticate(one.token.expose(), &table, not_revoked));
    assert_eq!(revoked, Err(AuthenticateError::Objection("revoked")));
    table.rows.get_mut(&one.token.id()).unwrap().digest = other.digest;
    let forged = now(verifier.authenticate(one.token.expose(), &table, not_revoked));
    assert_eq!(forged, Err(AuthenticateError::Refused));
}

#[test]
fn the_judge_sees_what_the_token_is_for() {
    let verifier = verifier();
    let minted = mint(verifier.keyring(), 1);
    let only_sessions = |kind, _: &Row| if kind == Kind::Session { Ok(()) } else { Err(kind) };
    let refused = now(verifier.authenticate(minted.token.expose(), &table(&[&minted]), only_sessions));
    assert_eq!(refused, Err(AuthenticateError::Objection(Kind::Token)));
}

#[test]
fn a_store_that_is_down_lets_nobody_in_and_calls_no_token_bad() {
    let verifier = verifier();
    let minted = mint(verifier.keyring(), 1);
    let mut table = table(&[&minted]);
    table.is_down = true;
    let refused = now(verifier.authenticate(minted.token.expose(), &table, not_revoked));
    assert_eq!(refused, Err(AuthenticateError::Unavailable(Down)));
    assert_eq!(now(verifier.census(&table)), Err(Down));
}

#[test]
fn errors_are_one_clause_each() {
    use std::error::Error;
    type Refusal = AuthenticateError<Down, &'static str>;
    let cases: [(Refusal, &str, bool); 4] = [
        (AuthenticateError::Malformed(ParseTokenError::Kind), "the token is of no known kind", false),
        (AuthenticateError::Refused, "the token is not genuine", false),
        (AuthenticateError::Objection("x"), "the token may not be used", false),
        (AuthenticateError::Unavailable(Down), "the store of tokens could not answer", true),
    ];
    for (error, message, has_source) in cases {
        assert_eq!(error.to_string(), message);
        assert_eq!(error.source().is_some(), has_source);
    }
}
