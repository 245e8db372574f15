//! A store in the place of the leaves' smaller ports.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use pollster::block_on;
use service_accounts_store::{Authority, Change, Committed, MemoryStore, Ports, Token, conformance::Subject};
use service_accounts_token::{AuthenticateError, Keyring, Kind, Pepper, PepperId, Vendor, Verifier};

fn verifier() -> Verifier {
    let keyring = Keyring::new(PepperId::parse("k2").unwrap(), Pepper::from_bytes([2; 32]));
    let keyring = keyring.with_earlier(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; 32])).unwrap();
    Verifier::new(Vendor::parse("acme").unwrap(), keyring)
}

#[test]
fn a_verifier_authenticates_against_any_store() {
    let subject = Subject::new(MemoryStore::new());
    let account = Subject::<MemoryStore>::account("pipeline");
    let earlier = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; 32]));
    let mut random = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::from_seed([1; 32]);
    let minted = earlier.mint(&Vendor::parse("acme").unwrap(), Kind::Token, &mut random).unwrap();
    let token = Token { id: minted.token.id(), digest: minted.digest, ..subject.token(&account.id, "nightly") };
    let id = token.id;
    let account_id = account.id.clone();
    let create = Change::CreateAccount { account: Box::new(account), tokens: vec![token] };
    assert!(matches!(subject.commit(create), Committed::Applied(_)));

    let (source, verifier) = (Ports::new(subject.writer()), verifier());
    let judge = |_, found: &service_accounts_store::Found| {
        if found.credential().token().state.is_revoked() { Err("revoked") } else { Ok(()) }
    };
    let authenticate = || block_on(verifier.authenticate(minted.token.expose(), &source, judge));
    let first = authenticate().unwrap();
    assert_eq!(first.id, id);
    assert_eq!(block_on(verifier.census(&source)).unwrap().to_string(), "0 tokens on k2, 1 tokens still on k1");

    let from = first.credential.credential().token().digest.clone();
    let rehash = Change::Rehash { token: id, from, to: first.rehash.unwrap() };
    assert!(matches!(subject.commit(rehash), Committed::Applied(_)));
    assert_eq!(authenticate().unwrap().rehash, None);
    assert_eq!(block_on(verifier.census(&source)).unwrap().retirable().count(), 1);

    let at = time::UtcDateTime::UNIX_EPOCH;
    let revoke = Change::Revoke { token: id, account: account_id, account_revision: None, at };
    assert!(matches!(subject.commit_by(&Authority::Host, revoke), Committed::Applied(_)));
    assert_eq!(authenticate().unwrap_err(), AuthenticateError::Objection("revoked"));
}
