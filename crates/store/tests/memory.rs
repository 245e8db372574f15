//! What the memory store promises beyond the suite.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::sync::Arc;

use pollster::block_on;
use service_accounts_audit::Action;
use service_accounts_store::{
    Account, Authority, Change, Class, Committed, Credential, LastUsed, MemoryStore, Room, Store, Token, Usage, Write,
};
use service_accounts_token::TokenId;

#[expect(unreachable_pub, reason = "the examples of the documentation use it too")]
mod records {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs"));
}

/// A store with an account and a token of it, as they stand in it.
fn furnished() -> (MemoryStore, Account, Token) {
    let (store, account) = (MemoryStore::new(), records::account());
    let token = records::token(&account);
    let writes = commit(&store, Change::CreateAccount { account: Box::new(account), tokens: vec![token.clone()] });
    let account = writes.into_iter().find_map(|write| match write {
        Write::PutAccount(account) => Some(*account),
        _ => None,
    });
    let token = read(&store, &token.id).token().clone();
    (store, account.unwrap(), token)
}

fn commit(store: &MemoryStore, change: Change) -> Vec<Write> {
    match block_on(store.commit(&Authority::Host, change, records::event(Action::AccountCreated))).unwrap() {
        Committed::Applied(applied) => applied.writes,
        Committed::Refused(refusal) => unreachable!("{refusal}"),
    }
}

fn read(store: &MemoryStore, id: &TokenId) -> Arc<Credential> {
    block_on(store.credential(id)).unwrap().unwrap()
}

/// What is judged by its record at each request is unpacked once, and its use is noted once a second.
#[test]
fn a_credential_that_is_read_again_is_the_same_one_until_it_changes() {
    let (store, account, token) = furnished();
    let (first, last) = (read(&store, &token.id), LastUsed { at: records::at(7), address: None });
    assert!(first.note_use(last));
    block_on(store.touch(&[Usage { token: token.id, last }], &[])).unwrap();
    assert!(Arc::ptr_eq(&first, &read(&store, &token.id)) && !read(&store, &token.id).note_use(last));

    let changed = Account { title: None, expires_at: Some(records::at(60)), ..account.clone() };
    commit(&store, Change::UpdateAccount { account: Box::new(changed), expected: account.revision });
    let second = read(&store, &token.id);
    assert_eq!((second.account().expires_at, first.account().expires_at), (Some(records::at(60)), None));
    commit(&store, Change::Revoke { token: token.id, account: account.id, account_revision: None, at: records::at(8) });
    assert!(read(&store, &token.id).token().state.is_revoked() && !second.token().state.is_revoked());
}

/// Numbers of rows are given again; a name and a date must lead to no other row than their own.
#[test]
fn what_takes_the_place_of_a_removed_token_has_nothing_of_it() {
    let (store, account, token) = furnished();
    let last = LastUsed { at: records::at(7), address: None };
    block_on(store.touch(&[Usage { token: token.id, last }], &[])).unwrap();
    let at = records::at(8);
    let (id, of) = (token.id, account.id.clone());
    commit(&store, Change::Revoke { token: id, account: of.clone(), account_revision: None, at });
    commit(&store, Change::DeleteToken { token: id, account: of, account_revision: None, at });
    assert!(block_on(store.credential(&id)).unwrap().is_none());

    let class = Class::Session { opened_with: id };
    for number in 0..200_u32 {
        let id = TokenId::parse(&format!("{number:016}")).unwrap();
        let session = Token { id, class: class.clone(), next_due: Some(records::at(60)), ..token.clone() };
        commit(
            &store,
            Change::OpenSession { session: Box::new(session), account_revision: account.revision, most: 200 },
        );
    }
    commit(
        &store,
        Change::Mint {
            token: Box::new(token.clone()),
            account_revision: account.revision,
            room: Room::Below(usize::MAX),
        },
    );
    let due = block_on(store.due(&account.id.realm().parse().unwrap(), records::at(60), 1_000)).unwrap();
    assert_eq!(due.len(), 200);
    assert!(due.iter().all(|found| found.credential.token().class == class && found.last_used.is_none()));
    let listed = block_on(store.credentials(&account.id, token.class.kind(), None, 1_000)).unwrap();
    let [again] = &listed.items[..] else { unreachable!("one token") };
    assert_eq!((again.credential.token().class.clone(), again.last_used), (token.class, None));
}
