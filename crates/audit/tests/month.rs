//! Detectors on a labelled month: what was planted is found in time, and little else is told.

#![cfg(all(feature = "detect", feature = "coalesce", feature = "serde"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::{hash::RandomState, net::IpAddr};

use service_accounts_audit::{
    Action, Coalescer, Event, Label, Recorded, Sequence,
    detect::{Alert, AlertKind, Settings, Watch},
};
use time::UtcDateTime;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const DAYS: i64 = 30;
/// A Monday at midnight.
const START: i64 = 1_790_553_600;

/// SplitMix64, so that a seed is a month.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }

    fn second(&mut self) -> i64 {
        i64::try_from(self.below(60)).unwrap()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Outcome {
    Granted,
    Denied(&'static str),
    Forbidden,
    Stranger(&'static str, Option<u8>),
    PolicyBy(&'static str),
}

/// Second of the month, account, address and what came of it.
type Access = (i64, u8, IpAddr, Outcome);

fn home(account: u8, site: u8) -> IpAddr {
    IpAddr::from([10, account, site, 7])
}

/// What an account does in a minute of the month: cron jobs, hourly, daily and weekly ones, services, builds.
fn usual(account: u8, minute: i64, random: &mut Random) -> u64 {
    let (of_hour, of_day, of_week) = (minute % 60, minute % 1440, minute % 10_080);
    let is_office = (480..1080).contains(&of_day) && of_week < 7200;
    let offset = i64::from(account);
    match account {
        0..6 if minute % 5 == offset % 5 => 1 + random.below(3),
        6..12 if of_hour == offset => 2 + random.below(10),
        12..16 if of_day == 120 + offset => 5 + random.below(20),
        16..18 if of_week == 300 + offset => 30,
        18..22 => {
            if is_office {
                1 + random.below(6)
            } else {
                random.below(2)
            }
        }
        22..24 if is_office && random.below(20) == 0 => 5 + random.below(15),
        _ => 0,
    }
}

/// Scanners, typing errors, an expired token, a lacking permission: refusals that are no incident.
fn noise(minute: i64, random: &mut Random, accesses: &mut Vec<Access>) {
    let start = minute * MINUTE;
    for _ in 0..random.below(4) {
        let address =
            IpAddr::from([203, u8::try_from(random.below(256)).unwrap(), u8::try_from(random.below(256)).unwrap(), 1]);
        accesses.push((start + random.second(), 0, address, Outcome::Stranger("unknown", None)));
    }
    if random.below(480) == 0 {
        let typing = 5 + random.below(10);
        accesses.extend(
            (0..typing).map(|_| (start + random.second(), 3, home(3, 0), Outcome::Stranger("wrong_secret", Some(3)))),
        );
    }
    if (15 * 1440..15 * 1440 + 180).contains(&minute) && minute % 5 == 0 {
        accesses.push((start, 5, home(5, 0), Outcome::Denied("expired")));
    }
    if random.below(300) == 0 {
        accesses.push((start + random.second(), 20, home(20, 0), Outcome::Forbidden));
    }
    if minute % 10_080 == 600 {
        accesses.push((start, 0, home(0, 0), Outcome::PolicyBy("governance")));
    }
}

/// An incident: what it is, about whom, and the second at which its evidence is complete.
struct Planted {
    kind: AlertKind,
    subject: String,
    complete: i64,
}

fn plant(random: &mut Random, accesses: &mut Vec<Access>) -> Vec<Planted> {
    let mut planted = Vec::new();
    let mut incident = |kind, subject: &str, mut steps: Vec<Access>, needed: usize| {
        steps.sort_by_key(|step| step.0);
        planted.push(Planted { kind, subject: subject.into(), complete: steps[needed - 1].0 });
        accesses.extend(steps);
    };
    for (number, day) in [(0_u8, 9), (1, 17), (2, 26)] {
        let mut at =
            |day: i64| (day * 1440 + i64::try_from(random.below(1400)).unwrap()) * MINUTE + i64::from(number) * 7;
        let thief = IpAddr::from([198, 51, number, 9]);
        let start = at(day);
        let guesses = (0..40).map(|n| (start + n * 4, 0, thief, Outcome::Stranger("unknown", None))).collect();
        incident(AlertKind::FailuresFromSource, &format!("198.51.{number}.0/24"), guesses, 30);

        let (start, victim) = (at(day + 1), 8 + number);
        let many = |n: i64| IpAddr::from([192, number, u8::try_from(n).unwrap(), 1]);
        let guesses =
            (0..36).map(|n| (start + n * 9, 0, many(n), Outcome::Stranger("wrong_secret", Some(victim)))).collect();
        incident(AlertKind::FailuresOfAccount, &token(victim), guesses, 30);

        let (start, victim) = (at(day + 2), number);
        incident(
            AlertKind::UnfamiliarNetwork,
            &format!("100.64.{number}.0/24"),
            vec![(start, victim, IpAddr::from([100, 64, number, 1]), Outcome::Granted)],
            1,
        );

        let (start, victim) = (at(day + 2) / HOUR * HOUR + 20 * MINUTE, 12 + number);
        let burst = (0..600).map(|n| (start + n * 2, victim, home(victim, 0), Outcome::Granted)).collect();
        incident(AlertKind::SuddenUse, &account(victim), burst, 200);

        let (start, victim) = (at(day), 30 + number);
        incident(
            AlertKind::RevokedUse,
            &token(victim),
            vec![(start, victim, home(victim, 0), Outcome::Denied("revoked"))],
            1,
        );

        let (start, dormant) = (at(day + 2).max(16 * DAY), 40 + number);
        incident(AlertKind::DormantUse, &token(dormant), vec![(start, dormant, home(dormant, 0), Outcome::Granted)], 1);
        incident(
            AlertKind::PolicyChange,
            ["mallory", "eve", "trudy"][usize::from(number)],
            vec![(at(day + 1), 0, thief, Outcome::PolicyBy(["mallory", "eve", "trudy"][usize::from(number)]))],
            1,
        );
    }
    // These tokens are used in the first day and then not before the incident.
    accesses
        .extend((40..43).map(|dormant| (i64::from(dormant) * HOUR / 3, dormant, home(dormant, 0), Outcome::Granted)));
    planted
}

fn account(account: u8) -> String {
    format!("account_{account}@service")
}

fn token(account: u8) -> String {
    format!("token{account:011}")
}

fn month(seed: u64) -> (Vec<Access>, Vec<Planted>) {
    let mut random = Random(seed);
    let mut accesses = Vec::new();
    for minute in 0..DAYS * 1440 {
        for account in 0..24 {
            for _ in 0..usual(account, minute, &mut random) {
                // Each account has up to three sites, all of which it uses in its first days.
                let site = u8::try_from(random.below(1 + u64::from(account % 3))).unwrap();
                accesses.push((minute * MINUTE + random.second(), account, home(account, site), Outcome::Granted));
            }
        }
        noise(minute, &mut random, &mut accesses);
    }
    // Two moves to another network that nobody did wrong: each is one false alarm.
    accesses.extend(
        [(1, 12_i64), (19, 22)]
            .map(|(mover, day)| (day * DAY, mover, IpAddr::from([172, 16, mover, 1]), Outcome::Granted)),
    );
    let planted = plant(&mut random, &mut accesses);
    accesses.sort_by_key(|access| access.0);
    (accesses, planted)
}

fn at(second: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(START + second).unwrap()
}

fn event(who: u8, address: IpAddr, outcome: Outcome, at: UtcDateTime) -> Event {
    let (action, reason) = match outcome {
        Outcome::Granted => (Action::AccessGranted, None),
        Outcome::Denied(reason) => (Action::AccessDenied, Some(reason)),
        Outcome::Forbidden => (Action::PermissionDenied, Some("users:view")),
        Outcome::PolicyBy(actor) => return Event::new(Action::PolicyUpdated, Label::new(actor), at),
        Outcome::Stranger(..) => unreachable!("strangers make their own events"),
    };
    let actor = Label::new(&account(who));
    let event = Event::new(action, actor.clone(), at).about_account(actor).about_token(Label::new(&token(who)));
    let event = event.from_address(Some(address));
    reason.into_iter().fold(event, |event, reason| event.because(Label::new(reason)))
}

/// The trail as a service writes it: accesses through the coalescer, the rest at once. Alerts with the second they came at.
struct House {
    coalescer: Coalescer<(u8, IpAddr, Outcome), (u8, IpAddr, Outcome), RandomState>,
    watch: Watch,
    sequence: i64,
    alerts: Vec<(i64, Alert)>,
    /// Restarts the watch from its kept state after so many events.
    restart_every: i64,
}

impl House {
    fn new(restart_every: i64) -> Self {
        let (coalescer, watch) = (Coalescer::within(1 << 20, RandomState::new()), Watch::new(Settings::default()));
        Self { coalescer, watch, sequence: 0, alerts: Vec::new(), restart_every }
    }

    fn take(&mut self, (second, who, address, outcome): Access) {
        match outcome {
            Outcome::Stranger(reason, claimed) => {
                self.coalescer.stranger(Some(address), reason, claimed.map(token).as_deref(), at(second));
            }
            Outcome::PolicyBy(_) => self.write(second, event(who, address, outcome, at(second))),
            _ => {
                let subject = (who, address, outcome);
                self.coalescer.record(subject, Action::AccessGranted, at(second), || subject);
            }
        }
    }

    fn tick(&mut self, second: i64) {
        self.coalescer.close_due(at(second));
        while let Some(batch) = self.coalescer.take(1000) {
            for row in batch.rows() {
                self.write(second, row.event(|(who, address, outcome), at| event(*who, *address, *outcome, at)));
            }
            self.coalescer.confirm(batch.id());
        }
    }

    fn write(&mut self, second: i64, event: Event) {
        self.sequence += 1;
        let recorded = Recorded { sequence: Sequence::new(self.sequence), event };
        self.alerts.extend(self.watch.see(&recorded).into_iter().map(|alert| (second, alert)));
        if self.sequence % self.restart_every == 0 {
            let kept = serde_json::to_string(self.watch.state()).unwrap();
            self.watch = Watch::resume(Settings::default(), serde_json::from_str(&kept).unwrap());
            // After a restart a reader may begin a little earlier.
            assert_eq!(self.watch.see(&recorded), []);
        }
    }

    /// A second's tick where something is planted, a minute's elsewhere.
    fn live(mut self, accesses: &[Access], planted: &[Planted]) -> Self {
        let mut accesses = accesses.iter().peekable();
        for minute in 0..DAYS * 1440 + 2 {
            let is_watched = planted.iter().any(|planted| (0..4).contains(&(minute - planted.complete / MINUTE)));
            let step = if is_watched { 1 } else { MINUTE };
            for second in (minute * MINUTE + step..=(minute + 1) * MINUTE).step_by(usize::try_from(step).unwrap()) {
                while let Some(access) = accesses.next_if(|access| access.0 < second) {
                    self.take(*access);
                }
                self.tick(second);
            }
        }
        self
    }
}

fn check(seed: u64) {
    let (accesses, planted) = month(seed);
    let house = House::new(20_000).live(&accesses, &planted);
    let mut others = house.alerts.clone();
    let mut slowest = 0;
    for planted in &planted {
        let is_it = |(_, alert): &(i64, Alert)| alert.kind == planted.kind && alert.subject.as_str() == planted.subject;
        let found = house.alerts.iter().find(|alert| is_it(alert));
        let (told, alert) = found.unwrap_or_else(|| panic!("missed: {} of {}", planted.kind, planted.subject));
        let delay = told - planted.complete;
        assert!((0..=MINUTE + 1).contains(&delay), "{} of {} after {delay} s", planted.kind, planted.subject);
        assert!(alert.first <= alert.last && alert.count >= 1);
        slowest = slowest.max(delay);
        others.retain(|alert| !is_it(alert));
    }
    println!(
        "seed {seed}: {} accesses, {} events, {} planted and found, slowest after {slowest} s, {} false alarms",
        accesses.len(),
        house.sequence,
        planted.len(),
        others.len()
    );
    for week in 0..5 {
        let of_week: Vec<_> = others.iter().filter(|(told, _)| told / (7 * DAY) == week).collect();
        assert!(of_week.len() <= 1, "week {week}: {of_week:#?}");
    }
}

#[test]
fn every_planted_incident_is_found_within_a_minute_and_little_else_is_told() {
    (1..=2).for_each(check);
}

/// A state that is kept and read back after every event tells what one that was never kept tells.
#[test]
fn a_restart_forgets_nothing() {
    let mut random = Random(7);
    let mut accesses: Vec<Access> = Vec::new();
    for number in 0..4000_i64 {
        let (second, who) = (number * 900, u8::try_from(random.below(5)).unwrap());
        let outcomes =
            [Outcome::Granted, Outcome::Denied("expired"), Outcome::Denied("revoked"), Outcome::PolicyBy("eve")];
        let outcome = outcomes[usize::try_from(random.below(40).saturating_sub(36)).unwrap()];
        let burst = if random.below(50) == 0 { 300 } else { 1 };
        let site = u8::try_from(random.below(1 + u64::from(who))).unwrap();
        accesses.extend((0..burst).map(|step| (second + step, who, home(who, site), outcome)));
    }
    let [kept, never] = [1, i64::MAX].map(|restart_every| {
        let mut house = House::new(restart_every);
        for access in &accesses {
            house.take(*access);
            house.tick(access.0);
        }
        house.alerts
    });
    assert!(never.len() > 20, "{}", never.len());
    assert_eq!(kept, never);
}

/// Who can make up ids must not be able to fill the memory of the watch, nor the document it is kept in.
#[test]
fn a_million_made_up_ids_leave_a_bounded_state() {
    let mut settings = Settings::default();
    settings.most_subjects = 500;
    let mut watch = Watch::new(settings);
    for number in 0..1_000_000_u32 {
        let [a, b, c, _] = number.to_be_bytes().map(|byte| byte.rotate_left(4));
        let actions = [Action::AccessDenied, Action::AccessGranted, Action::TokenMinted, Action::PolicyCreated];
        let action = actions[usize::try_from(number % 4).unwrap()];
        let name = Label::new(&format!("made_up_{number}"));
        let event = Event::new(action, name.clone(), at(i64::from(number)))
            .about_account(name.clone())
            .about_token(name)
            .from_address(Some(IpAddr::from([a, b, c, number.to_be_bytes()[3]])));
        watch.see(&Recorded { sequence: Sequence::new(i64::from(number)), event });
    }
    let kept = serde_json::to_string(watch.state()).unwrap().len();
    println!("state after 10^6 made-up ids at 500 subjects each: {kept} bytes");
    assert!(kept < 500 * 700, "{kept}");
}
