//! One table: each kind of date, and what each room says of it at −1, 0 and +1 s.

use std::sync::{Arc, atomic::AtomicI64};

use service_accounts::{
    Builder, Narrowing, OnIdle, OnInactive,
    lifecycle::{Environment, Overlap, ReviewFinding, Span},
};
use time::{Duration, UtcDateTime};

use super::{
    says,
    subjects::{ending_account, revoked, rotated, session, session_of, token, used_after, with_secret},
};
use crate::world::{Holder, Permission, Probe, START, World, ada, by_key, durable, fresh, wait};

type Host = Builder<Probe, Permission>;

/// What a room says at −1, 0 and +1 s of the date.
struct Room {
    name: &'static str,
    says: Box<Says>,
    expected: [bool; 3],
}

type Says = dyn Fn(&World, &Holder) -> bool;

/// One kind of date.
struct Date {
    name: &'static str,
    host: fn(Host) -> Host,
    /// What has the date, and the date.
    subject: fn(&World) -> (Holder, UtcDateTime),
    rooms: Vec<Room>,
}

const OFFSETS: [i64; 3] = [-1, 0, 1];

/// It says so from the date on.
fn from_then(name: &'static str, says: impl Fn(&World, &Holder) -> bool + 'static) -> Room {
    Room { name, says: Box::new(says), expected: [false, true, true] }
}

/// The date is none of this room's business.
fn never(name: &'static str, says: impl Fn(&World, &Holder) -> bool + 'static) -> Room {
    Room { name, says: Box::new(says), expected: [false; 3] }
}

/// It has said so before.
fn always(name: &'static str, says: impl Fn(&World, &Holder) -> bool + 'static) -> Room {
    Room { name, says: Box::new(says), expected: [true; 3] }
}

const DOOR: &str = "door";
const VIEW: &str = "view";
const UPKEEP: &str = "upkeep";

fn date(name: &'static str, subject: fn(&World) -> (Holder, UtcDateTime), rooms: Vec<Room>) -> Date {
    Date { name, host: |host| host, subject, rooms }
}

fn ends() -> Vec<Date> {
    vec![
        date(
            "the end of a token",
            |world| token(world, 365),
            ended([
                from_then("plan", |world, on| says::is_planned(world, on, "expired")),
                from_then(UPKEEP, |world, on| says::is_announced(world, on, "expired")),
            ]),
        ),
        date("the end of a session", session, ended([from_then(UPKEEP, says::is_removed_by_upkeep)])),
        date(
            "the end of a session that was asked for an hour",
            |world| session_of(world, Narrowing { lifetime: Some(Duration::HOUR), ..Narrowing::default() }),
            vec![from_then(DOOR, says::is_refused), from_then(UPKEEP, says::is_removed_by_upkeep)],
        ),
        date(
            "the end of an account",
            ending_account,
            ended([from_then(UPKEEP, |world, on| says::is_account_announced(world, on, "account-expired"))]),
        ),
        date(
            "the end of an account, at the exchange",
            |world| with_secret(world, ending_account),
            vec![from_then(DOOR, says::opens_no_session)],
        ),
    ]
}

fn secrets_and_accounts() -> Vec<Date> {
    vec![
        date(
            "the age of a client secret",
            |world| with_secret(world, |world| token(world, 90)),
            vec![
                never(DOOR, says::opens_no_session),
                from_then(VIEW, |world, on| {
                    says::is_reviewed(world, on, |found| matches!(found, ReviewFinding::LongLived))
                }),
                from_then(UPKEEP, |world, on| says::is_account_announced(world, on, "secret-due")),
            ],
        ),
        date(
            "the observation of a client secret that was replaced",
            |world| {
                let (on, _) = with_secret(world, |world| token(world, 7));
                wait(world.accounts.acting(&ada()).account(&on.account).regenerate_secret()).unwrap();
                (on, world.now() + Duration::days(7))
            },
            vec![always(DOOR, says::opens_no_session), from_then(UPKEEP, says::is_removed_by_upkeep)],
        ),
        date(
            "the inactivity of an account",
            |world| token(world, 90),
            vec![
                never(DOOR, says::is_refused),
                from_then(VIEW, |world, on| {
                    says::is_reviewed(world, on, |found| matches!(found, ReviewFinding::Unused { .. }))
                }),
                from_then(UPKEEP, |world, on| says::is_account_announced(world, on, "account-inactive")),
                never("upkeep disables", says::is_disabled_by_upkeep),
            ],
        ),
        Date {
            host: |host| host.on_inactive(OnInactive::Disable),
            ..date(
                "the inactivity of an account that is then disabled",
                |world| token(world, 90),
                vec![from_then(UPKEEP, |world, on| {
                    says::is_disabled_by_upkeep(world, on) && says::is_refused(world, on)
                })],
            )
        },
    ]
}

fn looks() -> Vec<Date> {
    vec![
        date("a look at a token", |world| token(world, 30), announced_only("look-due")),
        // Its idle limit is another day, because a token to be revoked has no other task.
        date(
            "the review of a token",
            |world| (used_after(world, 80).0, world.now() + Duration::days(10)),
            announced_only("review-due"),
        ),
        date("the idle limit of a token", |world| token(world, 90), announced_only("idle")),
        Date {
            host: |host| host.on_idle(OnIdle::Revoke),
            ..date(
                "the idle limit of a token that is then revoked",
                |world| token(world, 90),
                vec![from_then(UPKEEP, |world, on| {
                    says::is_revoked_by_upkeep(world, on) && says::is_refused(world, on)
                })],
            )
        },
        date("the idle limit of a token since its last use", |world| used_after(world, 10), announced_only("idle")),
    ]
}

fn notices() -> Vec<Date> {
    vec![
        date("60 days before the end", |world| token(world, 305), noticed("60d")),
        date("30 days before the end", |world| token(world, 335), noticed("30d")),
        date("7 days before the end", |world| token(world, 358), noticed("7d")),
        date("1 day before the end", |world| token(world, 364), noticed("1d")),
    ]
}

fn rotations() -> Vec<Date> {
    vec![
        date(
            "the rotation window",
            // It is in use: an idle token has no other task.
            |world| (used_after(world, 330).0, world.now() + Duration::days(5)),
            vec![
                from_then(DOOR, says::is_told_to_rotate),
                from_then("plan", |world, on| says::is_planned(world, on, "rotation-due")),
                from_then(UPKEEP, |world, on| says::is_announced(world, on, "rotation-due")),
            ],
        ),
        date(
            "the rotation window of a short life",
            |world| {
                let created = world.create_in("Pipeline Automation", Environment::testing());
                let minted = created.first_token.unwrap();
                let (token, text) = (minted.token.id, minted.secret.expose().to_owned());
                let on = Holder { account: created.account.id.clone(), token, text };
                (on, world.now() + Duration::days(20))
            },
            vec![
                from_then(DOOR, says::is_told_to_rotate),
                from_then("plan", |world, on| says::is_planned(world, on, "rotation-due")),
            ],
        ),
        date("the deadline of a rotation", |world| rotated(world, None, 7), retired()),
        date(
            "the deadline of a fixed overlap",
            |world| rotated(world, Some(Overlap::Fixed(Span::days(3).unwrap())), 3),
            retired(),
        ),
        date(
            "the end of an old token, where the overlap would be longer",
            |world| {
                let (on, end) = token(world, 365);
                world.set(end - Duration::days(2));
                on.rotate(world, &by_key("k")).unwrap();
                (on, end)
            },
            vec![from_then(DOOR, says::is_refused), from_then("list", says::is_listed_as_ended)],
        ),
        date("the observation of a revoked token", revoked, observed()),
        date(
            "the observation since the last attempt",
            |world| {
                let (on, _) = revoked(world);
                world.advance(Duration::days(5));
                assert!(says::is_refused(world, &on));
                (on, world.now() + Duration::days(7))
            },
            observed(),
        ),
    ]
}

/// What has ended lets nobody in and is shown so everywhere; the rooms that plan and tidy have words of their own.
fn ended(tidying: impl IntoIterator<Item = Room>) -> Vec<Room> {
    let shown = vec![
        from_then(DOOR, says::is_refused),
        from_then("introspection", says::is_inactive),
        from_then("list", says::is_listed_as_ended),
    ];
    shown.into_iter().chain(tidying).collect()
}

/// What is to be seen to and takes nothing away.
fn announced_only(code: &'static str) -> Vec<Room> {
    vec![
        never(DOOR, says::is_refused),
        from_then("plan", move |world, on| says::is_planned(world, on, code)),
        from_then(UPKEEP, move |world, on| says::is_announced(world, on, code)),
        never("upkeep revokes", says::is_revoked_by_upkeep),
    ]
}

/// A notice is for people: it changes nothing.
fn noticed(before: &'static str) -> Vec<Room> {
    vec![never(DOOR, says::is_refused), from_then(UPKEEP, move |world, on| says::is_announced(world, on, before))]
}

/// A token that has a successor ends on the second, whether or not anybody sweeps.
fn retired() -> Vec<Room> {
    ended([
        from_then("plan", |world, on| says::is_planned(world, on, "retirement-over")),
        from_then(UPKEEP, says::is_revoked_by_upkeep),
    ])
}

/// A revoked token lets nobody in, and is watched until nobody has tried it for a week.
fn observed() -> Vec<Room> {
    vec![
        always(DOOR, says::is_refused),
        from_then(VIEW, says::is_safe_to_delete),
        from_then("plan", |world, on| says::is_planned(world, on, "observation-over")),
        from_then(UPKEEP, says::is_released_by_upkeep),
    ]
}

fn every_date() -> Vec<Date> {
    [ends(), secrets_and_accounts(), looks(), notices(), rotations()].into_iter().flatten().collect()
}

/// Each room in a world of its own, because what one does another would see; in a file one world sees the date pass.
fn check(date: &Date, room: &Room) {
    let fresh = || World::on(fresh(), Arc::new(AtomicI64::new(START)), date.host);
    let said = OFFSETS.map(|offset| {
        let world = fresh();
        let (on, at) = (date.subject)(&world);
        world.set(at + Duration::seconds(offset));
        (room.says)(&world, &on)
    });
    assert_eq!(said, room.expected, "{}: {}", date.name, room.name);
}

fn check_in_a_file(date: &Date, room: &Room) {
    let (_home, store) = durable();
    let world = World::on(store, Arc::new(AtomicI64::new(START)), date.host);
    let (on, at) = (date.subject)(&world);
    let said = OFFSETS.map(|offset| {
        world.set(at + Duration::seconds(offset));
        (room.says)(&world, &on)
    });
    assert_eq!(said, room.expected, "{}: {}", date.name, room.name);
}

fn every_room(check: fn(&Date, &Room)) {
    every_date().iter().for_each(|date| date.rooms.iter().for_each(|room| check(date, room)));
}

#[test]
fn every_date_is_sharp_to_the_second_in_every_room() {
    every_room(check);
}

#[test]
fn every_date_is_sharp_to_the_second_in_a_file() {
    every_room(check_in_a_file);
}
