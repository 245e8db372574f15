//! A year, day by day: clients that are told rotate, others do not, and some stop.

use std::sync::{Arc, atomic::AtomicI64};

use service_accounts::{OnIdle, audit::Action, store::BoxStore};
use time::Duration;

use crate::{
    upkeep::notes,
    world::{Holder, START, World, by_key, durable, fresh, text_of},
};

/// What the client of an account does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// It stops after a hundred days.
    Stops,
    /// It rotates when it is told to.
    Rotates,
    /// It goes on with what it has.
    Neglects,
}

struct Client {
    habit: Habit,
    holder: Holder,
    is_locked_out: bool,
}

impl Client {
    fn new(world: &World, number: usize) -> Self {
        let habit = [Habit::Stops, Habit::Rotates, Habit::Neglects][number % 3];
        Self { habit, holder: world.holder(&format!("Pipeline {number}")), is_locked_out: false }
    }

    fn live(&mut self, world: &World, day: u32) {
        if self.is_locked_out || self.habit == Habit::Stops && day > 100 {
            return;
        }
        match world.admit(&self.holder.text) {
            Ok(principal) if self.habit == Habit::Rotates && principal.rotate_after().is_some() => {
                let rotated = self.holder.rotate_as(&principal.actor(), world, &by_key(&format!("{day}"))).unwrap();
                (self.holder.token, self.holder.text) = (rotated.successor.id, text_of(&rotated));
                assert_eq!(world.verdict(&self.holder.text), Ok(()));
            }
            Ok(_) => {}
            Err(error) => {
                self.is_locked_out = true;
                assert!(self.habit == Habit::Neglects, "{day}: whoever rotates when told is never locked out: {error}");
                assert_eq!(day, 365, "{error}");
                self.check_notices(world);
            }
        }
    }

    fn check_notices(&self, world: &World) {
        let said = notes(world, Action::TokenAnnounced, &self.holder.token);
        for notice in ["60d", "30d", "7d", "1d"] {
            let times = said.iter().filter(|note| note.contains(&format!("expires_in={notice}"))).count();
            assert_eq!(times, 1, "{notice}: {said:?}");
        }
    }

    fn is_revoked(&self, world: &World) -> bool {
        world.stored(&self.holder.token).token().state.is_revoked()
    }
}

/// Four hundred days, so that who neglects a token of a year meets its end.
fn live_a_year(store: BoxStore, accounts: usize) {
    let world = World::on(store, Arc::new(AtomicI64::new(START)), |builder| builder.on_idle(OnIdle::Revoke));
    let mut clients: Vec<_> = (0..accounts).map(|number| Client::new(&world, number)).collect();
    for day in 1..=400 {
        world.advance(Duration::DAY);
        clients.iter_mut().for_each(|client| client.live(&world, day));
        world.upkeep();
        if let 189 | 190 = day {
            let stopped = clients.iter().filter(|client| client.habit == Habit::Stops);
            stopped.for_each(|client| assert_eq!(client.is_revoked(&world), day == 190, "unused since day 100"));
        }
    }
    let is_right = |client: &Client| client.is_locked_out == (client.habit == Habit::Neglects);
    assert!(clients.iter().all(is_right), "who neglects a token meets its end, and nobody else does");
}

#[test]
fn in_a_year_nothing_expires_unannounced_nobody_is_locked_out_and_nothing_idle_survives() {
    // On a server each step is a round trip.
    live_a_year(fresh(), if env!("CARGO_CRATE_NAME").ends_with("on_postgres") { 3 } else { 60 });
}

#[test]
#[ignore = "minutes in release"]
fn nor_in_a_year_of_a_thousand_accounts() {
    live_a_year(fresh(), 1000);
    let (_home, store) = durable();
    live_a_year(store, 1000);
}
