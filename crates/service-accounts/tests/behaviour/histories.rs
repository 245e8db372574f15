//! Revocation beside authentication of a token that has been let in before, on two hosts of one store.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use service_accounts::{AccessEvents, Builder, naming::AccountId, token::TokenId};

use crate::support::{World, ada, durable, keyring, reopen, token, wait};

/// Each token is a register that is written once, from working to revoked: a history is one such write beside sixteen reads
/// on both hosts. It fits an order of the calls where no read is behind the acknowledged write, or behind any read that ended
/// before it began and was refused. `HISTORIES=100000` checks more of them.
fn every_history_is_linearizable(one: &World, other: &World) {
    let many = std::env::var("HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(150);
    let account = one.create("Pipeline Automation").account.id.clone();
    let both = (0..many).filter(|number| history(one, other, &account, *number)).count();
    println!("{many} histories, {both} of them with reads of both states beside the write");
}

/// One history; whether both states were read while the write was under way.
fn history(one: &World, other: &World, account: &AccountId, number: usize) -> bool {
    let minted = wait(one.accounts.acting(&ada()).account(account).mint(&token(&format!("token-{number}")))).unwrap();
    let (id, text) = (minted.token.id, minted.secret.expose().to_owned());
    [one, other, one, other].iter().for_each(|world| assert_eq!(world.verdict(&text), Ok(())));
    let is_known = AtomicBool::new(false);
    let is_refused = |world: &World| {
        let must_be = is_known.load(Ordering::SeqCst);
        let is_refused = world.verdict(&text).is_err();
        assert!(is_refused || !must_be, "history {number}: a read is behind what was known before it began");
        is_known.fetch_or(is_refused, Ordering::SeqCst);
        is_refused
    };
    let refused = thread::scope(|scope| {
        let four = |world: &World| (0..4).filter(|_| is_refused(world)).count();
        let readers = [one, other, one].map(|world| scope.spawn(move || four(world)));
        wait(other.accounts.acting(&ada()).token(account, &id).revoke()).unwrap();
        is_known.store(true, Ordering::SeqCst);
        assert_eq!(four(one), 4, "history {number}");
        readers.into_iter().map(|reader| reader.join().unwrap()).sum::<usize>()
    });
    forget(other, account, &id);
    (1..12).contains(&refused)
}

/// An account holds a bounded number of tokens.
fn forget(world: &World, account: &AccountId, id: &TokenId) {
    wait(world.accounts.acting(&ada()).token(account, id).delete()).unwrap();
}

#[test]
fn histories_of_two_hosts_in_one_process_are_linearizable() {
    let one = World::new();
    every_history_is_linearizable(&one, &one.restarted(keyring()));
}

#[test]
fn histories_of_two_handles_on_one_store_are_linearizable() {
    let (home, store) = durable();
    // A change has the access events of its account written first, and a request that begins a row anew asks the record.
    let one = World::on(store, keyring(), |builder| builder.access_events(AccessEvents::Off));
    let chosen = |builder: Builder<_, _>| builder.access_events(AccessEvents::Off).clock(one.clock.reader());
    let other = World::on(reopen(&home), keyring(), chosen);
    every_history_is_linearizable(&one, &other);
}
