//! Room for one more token, where an account has as many as it may.

use std::sync::{Arc, atomic::AtomicI64};

use service_accounts::{
    Error, NewToken, Note, Rejection, RotateToken, Successor,
    audit::{Action, Query, Recorded},
    lifecycle::{Overlap, Span},
    naming::TokenName,
    store::Store,
    token::{Kind, TokenId},
};
use time::Duration;

use crate::world::{Holder, START, World, ada, by_key, durable, fresh, text_of, wait};

/// How many tokens an account may have in these worlds.
const MOST: usize = 12;

/// As long as a revoked token is observed.
const OBSERVED: Duration = Duration::WEEK;

fn on_every_store(behaviour: impl Fn(&World)) {
    let (_home, second) = durable();
    for store in [fresh(), second] {
        behaviour(&World::on(store, Arc::new(AtomicI64::new(START)), |builder| builder.most_tokens(MOST)));
    }
}

fn mint(world: &World, holder: &Holder, name: &str) -> Result<Holder, Error> {
    let wanted = NewToken::new(TokenName::parse(name).unwrap());
    let minted = wait(world.accounts.acting(&ada()).account(&holder.account).mint(&wanted))?;
    let text = minted.secret.expose().to_owned();
    Ok(Holder { account: holder.account.clone(), token: minted.token.id, text })
}

/// As many tokens as the account may have, all of which work; the first is the account's own first token.
fn full(world: &World) -> Vec<Holder> {
    let first = world.holder("Pipeline Automation");
    let more: Vec<_> = (1..MOST).map(|number| mint(world, &first, &format!("number-{number}")).unwrap()).collect();
    [first].into_iter().chain(more).collect()
}

fn tokens(world: &World, holder: &Holder) -> Vec<TokenId> {
    let page = wait(world.store.credentials(&holder.account, Kind::Token, None, 100)).unwrap();
    page.items.iter().map(|listed| listed.credential.token().id).collect()
}

/// What was removed because it made room, the last first.
fn made_room(world: &World) -> Vec<Recorded> {
    let page = wait(world.store.events(&Query::default().for_action(Action::TokenDeleted))).unwrap();
    assert!(page.events.iter().all(|one| one.event.reason().is_some_and(|why| why.as_str() == "made_room")));
    page.events
}

fn successor(rotated: &service_accounts::RotatedToken) -> Holder {
    let (account, token) = (rotated.successor.account.clone(), rotated.successor.id);
    Holder { account, token, text: text_of(rotated) }
}

/// Nobody tidies up, and nobody calls upkeep.
#[test]
fn a_client_that_rotates_itself_every_day_is_never_stopped() {
    on_every_store(|world| {
        let first = world.holder("Pipeline Automation");
        let mut present = Holder { account: first.account.clone(), token: first.token, text: first.text.clone() };
        for day in 0..3 * MOST {
            let itself = world.admit(&present.text).unwrap().actor();
            let rotated = present.rotate_as(&itself, world, &by_key(&format!("day-{day}"))).unwrap();
            present = successor(&rotated);
            world.verdict(&present.text).unwrap();
            assert_eq!(tokens(world, &first).len(), MOST.min(day + 2));
            world.advance(Duration::DAY);
        }
        assert_eq!(world.verdict(&first.text), Err(Rejection::Unknown), "it made room long ago");
        let removed = made_room(world);
        assert_eq!(removed.len(), 3 * MOST + 1 - MOST);
        let oldest = removed.last().unwrap();
        assert_eq!(oldest.event.token().unwrap().as_str(), first.token.as_str(), "the one that ended first");
        assert_eq!(oldest.event.actor().as_str(), "service-accounts");
    });
}

/// Every way of making one more token; a new account begins with one, and it is no way to add to an account.
#[test]
fn no_way_of_making_a_token_passes_the_bound_where_all_work() {
    on_every_store(|world| {
        let all = full(world);
        let (first, second) = (&all[0], &all[1]);
        let before = tokens(world, first);
        assert!(matches!(mint(world, first, "one-more"), Err(Error::TooManyTokens { most: MOST })));
        assert!(matches!(first.rotate(world, &by_key("k")), Err(Error::TooManyTokens { .. })));
        let itself = world.admit(&first.text).unwrap().actor();
        assert!(matches!(first.rotate_as(&itself, world, &by_key("k")), Err(Error::TooManyTokens { .. })));
        let contain = |successor| {
            let reason = Note::parse("found in a log").unwrap();
            wait(world.accounts.acting(&ada()).token(&second.account, &second.token).contain(reason, successor))
        };
        assert!(matches!(contain(Successor::Minted), Err(Error::TooManyTokens { .. })));
        assert_eq!(tokens(world, first), before);
        assert!(all.iter().all(|token| world.verdict(&token.text).is_ok()), "nothing that works was taken away");
        contain(Successor::None).unwrap();
        assert_eq!(world.verdict(&second.text), Err(Rejection::Revoked), "containment itself needs no room");
        assert!(matches!(contain(Successor::Minted), Err(Error::TooManyTokens { .. })), "revoked before, it is a mint");
        wait(world.accounts.acting(&ada()).token(&second.account, &second.token).delete()).unwrap();
        mint(world, first, "one-more").unwrap();
    });
}

/// However it ended, it makes room from the second on at which its observation would be over, and not before.
#[test]
fn a_token_makes_room_once_it_ended_as_long_ago_as_a_revoked_one_is_observed() {
    for offset in [-1, 0, 1] {
        on_every_store(|world| {
            let all = full(world);
            all[3].revoke(world);
            world.advance(OBSERVED + Duration::seconds(offset));
            let minted = mint(world, &all[0], "one-more");
            assert_eq!(minted.is_ok(), offset >= 0, "{offset}");
            assert_eq!(tokens(world, &all[0]).contains(&all[3].token), offset < 0, "{offset}");
            assert_eq!(tokens(world, &all[0]).len(), MOST);
            assert_eq!(made_room(world).len(), usize::from(offset >= 0));
        });
    }
    on_every_store(|world| {
        let all = full(world);
        world.advance(Duration::days(364));
        assert!(matches!(mint(world, &all[0], "one-more"), Err(Error::TooManyTokens { .. })));
        world.advance(Duration::DAY + OBSERVED);
        mint(world, &all[0], "one-more").unwrap();
        assert_eq!(tokens(world, &all[0]).len(), MOST, "expired tokens make room, though nobody revoked them");
    });
}

/// A stolen token is followed to what it made of itself, so the token in the middle does not go before the first.
#[test]
fn what_a_leaked_token_made_of_itself_is_found_though_tokens_made_room() {
    on_every_store(|world| {
        let leaked = world.holder("Pipeline Automation");
        let itself = || world.admit(&leaked.text).unwrap().actor();
        let fixed = RotateToken { overlap: Some(Overlap::Fixed(Span::days(7).unwrap())), ..by_key("k") };
        let middle = successor(&leaked.rotate_as(&itself(), world, &fixed).unwrap());
        let own = world.admit(&middle.text).unwrap().actor();
        let at_once = RotateToken { overlap: Some(Overlap::None), ..by_key("k") };
        let heir = successor(&middle.rotate_as(&own, world, &at_once).unwrap());
        assert_eq!(world.verdict(&middle.text), Err(Rejection::Revoked), "it ended before the first did");
        for number in tokens(world, &leaked).len()..MOST {
            mint(world, &leaked, &format!("number-{number}")).unwrap();
        }
        world.advance(OBSERVED);
        assert!(matches!(mint(world, &leaked, "one-more"), Err(Error::TooManyTokens { .. })));
        wait(world.accounts.acting(&ada()).report_leak(&leaked.text)).unwrap();
        assert_eq!(world.verdict(&heir.text), Err(Rejection::Revoked));
        world.advance(OBSERVED);
        mint(world, &leaked, "one-more").unwrap();
        assert!(!tokens(world, &leaked).contains(&leaked.token), "the first of a chain goes first");
        mint(world, &leaked, "two-more").unwrap();
        assert!(!tokens(world, &leaked).contains(&middle.token));
    });
}

/// What is contained stays, whenever it ended: the incident names it.
#[test]
fn a_contained_token_does_not_make_room_for_its_own_successor() {
    on_every_store(|world| {
        let all = full(world);
        all[1].revoke(world);
        all[2].revoke(world);
        world.advance(OBSERVED);
        let reason = Note::parse("found in a log").unwrap();
        let ada = ada();
        let handle = world.accounts.acting(&ada);
        wait(handle.token(&all[1].account, &all[1].token).contain(reason, Successor::Minted)).unwrap();
        let left = tokens(world, &all[0]);
        assert!(left.contains(&all[1].token) && !left.contains(&all[2].token));
    });
}

/// Whoever contains a full account need not delete a thousand tokens before it works again.
#[test]
fn what_ended_with_all_of_its_account_makes_room_at_once() {
    on_every_store(|world| {
        let all = full(world);
        let reason = Note::parse("found in a log").unwrap();
        wait(world.accounts.acting(&ada()).account(&all[0].account).contain(reason)).unwrap();
        for number in 0..MOST {
            mint(world, &all[0], &format!("fresh-{number}")).unwrap();
        }
        assert_eq!(tokens(world, &all[0]).len(), MOST);
        assert!(all.iter().all(|token| world.verdict(&token.text) == Err(Rejection::Unknown)));
        assert!(matches!(mint(world, &all[0], "one-more"), Err(Error::TooManyTokens { .. })));
    });
}

/// An account that has more than a bound that was lowered keeps them, and gets no more.
#[test]
fn a_lowered_bound_takes_nothing_away() {
    let (home, store) = durable();
    let clock = Arc::new(AtomicI64::new(START));
    let all = full(&World::on(store, clock.clone(), |builder| builder.most_tokens(MOST)));
    let world = World::on(crate::world::reopen(&home), clock, |builder| builder.most_tokens(0));
    assert!(matches!(mint(&world, &all[0], "one-more"), Err(Error::TooManyTokens { most: 1 })));
    all[1].revoke(&world);
    world.advance(OBSERVED);
    mint(&world, &all[0], "one-more").unwrap();
    assert_eq!(tokens(&world, &all[0]).len(), MOST);
    assert!(matches!(mint(&world, &all[0], "two-more"), Err(Error::TooManyTokens { .. })));
}

/// Two mints choose the same ended token at one moment: one takes its place, and the other that of the next.
#[test]
fn of_two_that_meet_the_bound_at_once_each_takes_a_place_of_its_own() {
    on_every_store(|world| {
        let all = full(world);
        all[1].revoke(world);
        all[2].revoke(world);
        world.advance(OBSERVED);
        let (accounts, account) = (world.accounts.clone(), all[0].account.clone());
        // Once the token that is to make room is chosen.
        world.store.interrupt(service_accounts_store::conformance::Call::Credential, move || {
            let wanted = NewToken::new(TokenName::parse("meanwhile").unwrap());
            wait(accounts.acting(&ada()).account(&account).mint(&wanted)).unwrap();
        });
        mint(world, &all[0], "one-more").unwrap();
        let left = tokens(world, &all[0]);
        assert!(left.len() == MOST && !left.contains(&all[1].token) && !left.contains(&all[2].token));
    });
}
