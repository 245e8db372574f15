//! The trail's own work against the hash and the text that it cannot do without.
//!
//! No crate seals events like this, so each case has two lines: one against the bound that was set, one against the raw
//! work, which moves with the machine as ours does.

use std::{
    collections::HashMap,
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
};

use foldhash::fast::RandomState;
use service_accounts_audit::{
    Action, Coalescer, Event, Label, Recorded, Sequence,
    detect::{Settings, Watch},
    seal::{Export, SealKey, Sealer, Verifier},
};
use sha2::{Digest, Sha256};
use time::{Duration, UtcDateTime};

use crate::side_by_side::{Timed, contestant, limit, medians, print_ratio};

/// Events in one timed piece of work: a whole segment, so that its closing is paid for.
const MANY: i64 = 1000;

pub fn run() {
    let events: Vec<_> = (1..=MANY).map(recorded).collect();
    seal(&events);
    verify(&events);
    coalesce();
    detect(&events);
}

fn recorded(number: i64) -> Recorded {
    let event = Event::new(Action::AccessGranted, Label::new("pipeline_automation@service"), at(number))
        .about_account(Label::new("pipeline_automation@service"))
        .about_token(Label::new(&format!("{number:016}")))
        .named(Label::new("nightly"))
        .from_address(Some(address(number)))
        .repeated(17, at(number + 50));
    Recorded { sequence: Sequence::new(number), event }
}

fn at(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(1_790_000_000 + seconds).unwrap()
}

fn address(number: i64) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | number as u32))
}

fn bound(name: &'static str, nanoseconds: f64) -> Timed {
    limit(name, nanoseconds)
}

fn an_event(timed: Timed) -> Timed {
    Timed { nanoseconds: timed.nanoseconds / MANY as f64, ..timed }
}

fn seal(events: &[Recorded]) {
    let key = SealKey::new(&[7; 32]);
    let [ours, raw] = medians([
        contestant("seal", || {
            let mut sealer = Sealer::new(key.clone()).closing_at(MANY as usize, Duration::HOUR);
            events.iter().for_each(|event| _ = black_box(sealer.push(event)));
        }),
        contestant("json + sha256", || {
            events.iter().for_each(|event| _ = black_box(Sha256::digest(serde_json::to_string(event).unwrap())));
        }),
    ])
    .map(an_event);
    print_ratio("seal an event", ours, bound("bound", 2_000.0), 1.0);
    print_ratio("seal an event, raw work", ours, raw, 1.6);
}

fn verify(events: &[Recorded]) {
    let key = SealKey::new(&[7; 32]);
    let (mut sealer, mut export) = (Sealer::new(key.clone()), Export::new(key.clone()));
    let mut file = String::new();
    for event in events {
        file += &export.event(event).unwrap();
        let seal = sealer.push(event).unwrap();
        file.extend(seal.map(|seal| export.seal(&seal).unwrap()));
    }
    file += &export.end().unwrap();
    let [ours, raw] = medians([
        contestant("verify", || {
            let mut verifier = Verifier::new(key.clone());
            file.split_inclusive('\n').for_each(|line| verifier.line(line.as_bytes()).unwrap());
            _ = black_box(verifier.finish().unwrap());
        }),
        contestant("sha256 of its lines", || {
            file.split_inclusive('\n').for_each(|line| _ = black_box(Sha256::digest(line)));
        }),
    ])
    .map(an_event);
    print_ratio("verify an event", ours, raw, 2.5);
}

/// The price that a request pays for its access event.
fn coalesce() {
    type Key = ([u8; 16], Option<IpAddr>, u8);
    let keys: Vec<Key> =
        (0..MANY).map(|number| (u128::from(number as u64).to_be_bytes(), Some(address(number)), 0)).collect();
    let mut accesses: Coalescer<Key, Key, RandomState> = Coalescer::within(1 << 24, RandomState::default());
    let mut counts: HashMap<Key, (u32, UtcDateTime), RandomState> = HashMap::default();
    let [ours, raw] = medians([
        contestant("coalesce", || {
            for key in &keys {
                accesses.record(*black_box(key), Action::AccessGranted, at(0), || *key);
            }
        }),
        contestant("HashMap entry", || {
            for key in &keys {
                let (count, last) = counts.entry(*black_box(key)).or_insert((0, at(0)));
                (*count, *last) = (count.wrapping_add(1), at(0));
            }
        }),
    ])
    .map(an_event);
    print_ratio("coalesce a repeated access", ours, raw, 2.5);
}

fn detect(events: &[Recorded]) {
    let mut watch = Watch::new(Settings::default());
    let mut next = 0;
    let [ours] = medians([contestant("detect", || {
        for event in events {
            next += 1;
            let recorded = Recorded { sequence: Sequence::new(next), event: event.event.clone() };
            _ = black_box(watch.see(&recorded));
        }
    })])
    .map(an_event);
    print_ratio("watch an event", ours, bound("bound", 2_000.0), 1.0);
}
