//! What the door, a view and upkeep say of one credential.

use service_accounts::{
    ReviewKey, ReviewScope,
    audit::{Action, Query},
    lifecycle::{ReviewFinding, TokenState},
    store::{Class, Status, Store},
};

use crate::world::{Holder, OFFICE, World, ada, wait};

/// Whether a request with it is refused.
pub(crate) fn is_refused(world: &World, on: &Holder) -> bool {
    world.verdict(&on.text).is_err()
}

/// Whether a request with it is answered with "rotate me".
pub(crate) fn is_told_to_rotate(world: &World, on: &Holder) -> bool {
    world.admit(&on.text).unwrap().rotate_after().is_some()
}

/// Whether client credentials open no session.
pub(crate) fn opens_no_session(world: &World, on: &Holder) -> bool {
    let narrowing = service_accounts::Narrowing::default();
    wait(world.accounts.open_session(on.account.as_str(), &on.text, &narrowing, Some(OFFICE))).is_err()
}

/// Whether introspection calls it inactive.
pub(crate) fn is_inactive(world: &World, on: &Holder) -> bool {
    wait(world.accounts.introspect(&ada(), &on.text)).unwrap().is_none()
}

/// Whether the list of its kind shows that it lets nobody in.
pub(crate) fn is_listed_as_ended(world: &World, on: &Holder) -> bool {
    let ada = ada();
    let account = world.accounts.acting(&ada).account(&on.account);
    let listed = match world.stored(&on.token).token().class {
        Class::Session { .. } => wait(account.sessions(None, 9)),
        Class::Token(_) | Class::Secret => wait(account.tokens(None, 9)),
    };
    let listed = listed.unwrap().items;
    let found = listed.iter().find(|each| each.credential.token().id == on.token).unwrap();
    found.credential.standing(world.now()).is_err()
}

/// Whether the plan has a reason of this code.
pub(crate) fn is_planned(world: &World, on: &Holder, code: &str) -> bool {
    let tasks = wait(world.accounts.acting(&ada()).plan(None, 9)).unwrap().items;
    let of_token = tasks.iter().filter(|task| task.key.token == on.token);
    of_token.flat_map(|task| &task.reasons).any(|reason| reason.code() == code)
}

/// Whether a review of its account finds this.
pub(crate) fn is_reviewed(world: &World, on: &Holder, finds: fn(&ReviewFinding<String>) -> bool) -> bool {
    let pack = wait(world.accounts.acting(&ada()).reviews().open(ReviewScope::default(), 9)).unwrap().pack;
    pack.rows.row(&ReviewKey { account: on.account.clone(), token: None }).unwrap().findings.iter().any(finds)
}

/// Whether it is said to be safe to delete.
pub(crate) fn is_safe_to_delete(world: &World, on: &Holder) -> bool {
    wait(world.accounts.acting(&ada()).token(&on.account, &on.token).observation()).unwrap().is_safe_to_delete
}

/// Whether upkeep, run once, announces this of the token.
pub(crate) fn is_announced(world: &World, on: &Holder, words: &str) -> bool {
    is_announced_by(world, on, Action::TokenAnnounced, words)
}

/// Whether upkeep, run once, announces this of the account.
pub(crate) fn is_account_announced(world: &World, on: &Holder, words: &str) -> bool {
    is_announced_by(world, on, Action::AccountAnnounced, words)
}

fn is_announced_by(world: &World, on: &Holder, action: Action, words: &str) -> bool {
    world.upkeep();
    let page = wait(world.accounts.acting(&ada()).audit(&Query::default().for_action(action))).unwrap();
    let of_account = page.events.iter().map(|recorded| &recorded.event);
    let mut of_account =
        of_account.filter(|event| event.account().is_some_and(|id| id.as_str() == on.account.as_str()));
    of_account.any(|event| event.details().values().any(|value| value.as_str().split(", ").any(|word| word == words)))
}

/// Whether upkeep, run once, has revoked it.
pub(crate) fn is_revoked_by_upkeep(world: &World, on: &Holder) -> bool {
    world.upkeep();
    world.stored(&on.token).token().state.is_revoked()
}

/// Whether upkeep, run once, has released it from observation.
pub(crate) fn is_released_by_upkeep(world: &World, on: &Holder) -> bool {
    world.upkeep();
    matches!(world.stored(&on.token).token().state, TokenState::Deletable { .. })
}

/// Whether upkeep, run once, has removed it.
pub(crate) fn is_removed_by_upkeep(world: &World, on: &Holder) -> bool {
    world.upkeep();
    wait(world.store.inner().credential(&on.token)).unwrap().is_none()
}

/// Whether upkeep, run once, has disabled the account.
pub(crate) fn is_disabled_by_upkeep(world: &World, on: &Holder) -> bool {
    world.upkeep();
    wait(world.store.inner().account(&on.account)).unwrap().unwrap().status == Status::Disabled
}
