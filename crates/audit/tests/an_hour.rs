//! What an hour of requests adds to the trail.

#![cfg(all(feature = "coalesce", feature = "lines"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::{hash::RandomState, net::IpAddr};

use service_accounts_audit::{Action, Coalescer, Event, Label, Recorded, Sequence, to_line};
use time::UtcDateTime;

const REQUESTS: u32 = 1_000_000;
const TOKENS: u32 = 1_000;

/// As long as such names commonly are.
fn event(token: u32, at: UtcDateTime) -> Event {
    let account = Label::new(&format!("pipeline_automation_{token}@service"));
    Event::new(Action::AccessGranted, account.clone(), at)
        .about_account(account)
        .about_token(Label::new(&format!("{token:016}")))
        .named(Label::new("nightly build"))
        .from_address(Some(IpAddr::from([10, 0, 0, 1])))
}

fn length(number: u32, event: Event) -> usize {
    to_line(&Recorded { sequence: Sequence::new(number.into()), event }).unwrap().len()
}

/// A row for each request was 245 MB.
#[test]
fn a_million_requests_of_a_thousand_tokens_are_sixty_rows_a_token() {
    let mut accesses: Coalescer<u32, u32, RandomState> = Coalescer::within(1 << 20, RandomState::new());
    let start = UtcDateTime::from_unix_timestamp(1_790_000_000).unwrap();
    let (mut rows, mut bytes, mut counted, mut each) = (0_u32, 0, 0, 0);
    let mut write = |accesses: &mut Coalescer<u32, u32, RandomState>| {
        while let Some(batch) = accesses.take(1000) {
            for row in batch.rows() {
                rows += 1;
                counted += row.tally.count();
                bytes += length(rows, row.event(|token, at| event(*token, at)));
            }
            assert!(accesses.confirm(batch.id()));
        }
    };
    for request in 0..REQUESTS {
        let now = start + time::Duration::milliseconds(i64::from(request) * 3600 / 1000);
        // Tokens take turns in an order that differs each time.
        let token = request.wrapping_mul(2_654_435_761) % TOKENS;
        accesses.record(token, Action::AccessGranted, now, || token);
        if request % 1000 == 0 {
            accesses.close_due(now);
            write(&mut accesses);
            each += length(request, event(token, now)) * 1000;
        }
    }
    accesses.close_all();
    write(&mut accesses);
    println!("{rows} rows, {bytes} bytes of events; a row each: {REQUESTS} rows, about {each} bytes");
    assert_eq!(counted, REQUESTS);
    assert!(rows <= TOKENS * 60, "{rows}");
    assert!(bytes <= 16_000_000, "{bytes}");
}
