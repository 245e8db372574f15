//! Runtimes move work between threads; every call must allow it, on whatever store.

use service_accounts::{
    AccountUpdate, Actor, Narrowing, Principal, ServiceAccounts, access::Scopes, audit::Query, naming::AccountId,
    store::Store, token::TokenId,
};
use service_accounts::{UpkeepBounds, store::Revision};

use crate::support::{Permission, token, wanted};

/// It compiles, and so the calls can be awaited anywhere; nothing is called.
#[expect(dead_code, reason = "the compiler is the test")]
fn every_call_can_be_awaited_on_any_thread<S: Store + 'static>(
    accounts: &ServiceAccounts<S, Permission>,
    (actor, principal): (&Actor<Permission>, &Principal<Permission>),
    (account, id): (&AccountId, &TokenId),
) {
    fn movable(_: impl Send) {}
    movable(accounts.authenticate("", None));
    movable(accounts.open_session("", "", &Narrowing::default(), None));
    movable(accounts.end_session(principal));
    movable(accounts.acting(actor).create(wanted("")));
    movable(accounts.acting(actor).account(account).read());
    movable(accounts.acting(actor).accounts(&accounts.every_account(), None, 1));
    movable(accounts.acting(actor).account(account).update(AccountUpdate::default()));
    movable(accounts.acting(actor).account(account).disable());
    movable(accounts.acting(actor).account(account).enable());
    movable(accounts.acting(actor).account(account).approve(Revision::NEW));
    movable(accounts.acting(actor).account(account).delete());
    movable(accounts.acting(actor).account(account).regenerate_secret());
    movable(accounts.acting(actor).account(account).mint(&token("")));
    movable(accounts.acting(actor).account(account).tokens(None, 1));
    movable(accounts.acting(actor).token(account, id).set_scopes(Scopes::none()));
    movable(accounts.acting(actor).token(account, id).revoke());
    movable(accounts.acting(actor).token(account, id).delete());
    movable(accounts.acting(actor).audit(&Query::default()));
    movable(accounts.upkeep(UpkeepBounds::default()));
    movable(accounts.flush());
}
