//! Runtimes move work between threads; every call must allow it, on whatever store.

use service_accounts::{
    AccountUpdate, Actor, Narrowing, Principal, ServiceAccounts, access::Scopes, audit::Query, naming::AccountId,
    store::Store, token::TokenId,
};

use crate::support::{Permission, token, wanted};

/// It compiles, and so the calls can be awaited anywhere; nothing is called.
#[expect(dead_code, reason = "the compiler is the test")]
fn every_call_can_be_awaited_on_any_thread<S: Store>(
    accounts: &ServiceAccounts<S, Permission>,
    (actor, principal): (&Actor<Permission>, &Principal<Permission>),
    (account, id): (&AccountId, &TokenId),
) {
    fn movable(_: impl Send) {}
    movable(accounts.authenticate("", None));
    movable(accounts.open_session("", "", &Narrowing::default(), None));
    movable(accounts.end_session(principal));
    movable(accounts.create_account(actor, wanted("")));
    movable(accounts.account(actor, account));
    movable(accounts.accounts(actor, None, 1));
    movable(accounts.update_account(actor, account, AccountUpdate::default()));
    movable(accounts.disable_account(actor, account));
    movable(accounts.enable_account(actor, account));
    movable(accounts.approve_account(actor, account));
    movable(accounts.delete_account(actor, account));
    movable(accounts.regenerate_client_secret(actor, account));
    movable(accounts.mint_token(actor, account, &token("")));
    movable(accounts.tokens(actor, account, None, 1));
    movable(accounts.set_token_scopes(actor, account, id, Scopes::none()));
    movable(accounts.revoke_token(actor, account, id));
    movable(accounts.delete_token(actor, account, id));
    movable(accounts.audit(actor, &Query::default()));
    movable(accounts.sweep_sessions(1));
    movable(accounts.flush());
}
