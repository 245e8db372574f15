//! Several nodes on one database, and what may happen to them.

use std::{
    collections::BTreeSet,
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::FutureExt;
use service_accounts_audit::{Action, Event, Label, Query, Recorded, Sequence};
use service_accounts_postgres::{PostgresError, PostgresStore, Settings};
use service_accounts_store::{Authority, Change, Committed, Room, Store, Token, conformance::Subject};
use time::UtcDateTime;

use crate::support::{Server, connect, eventually, runtime, schema_of, settings, wait};

const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;

fn event(note: &str) -> Event {
    Event::new(Action::AccessGranted, Label::new(note), AT)
}

/// A store with an account and a second node on the same database.
fn nodes(server: &Server) -> (Subject<PostgresStore>, PostgresStore, Settings) {
    let settings = settings(server);
    let (one, other) = (connect(settings.clone()), connect(settings.clone()));
    let subject = Subject::new(one);
    let account = Box::new(Subject::<PostgresStore>::account("pipeline"));
    assert!(matches!(subject.commit(Change::CreateAccount { account, tokens: vec![] }), Committed::Applied(_)));
    (subject, other, settings)
}

fn minting(subject: &Subject<PostgresStore>, store: &PostgresStore, name: &str) -> Change {
    let id = Subject::<PostgresStore>::account("pipeline").id;
    let account = wait(store.account(&id)).unwrap().unwrap();
    Change::Mint {
        token: Box::new(subject.token(&id, name)),
        account_revision: account.revision,
        room: Room::Below(usize::MAX),
    }
}

fn minted(subject: &Subject<PostgresStore>, store: &PostgresStore, name: &str) -> Token {
    let change = minting(subject, store, name);
    let Change::Mint { token, .. } = &change else { unreachable!() };
    let id = token.id;
    let answer = wait(store.commit(&Authority::Host, change, event(name))).unwrap();
    let Committed::Applied(applied) = answer else { panic!("{answer:?}") };
    applied.token(&id).unwrap().clone()
}

fn revoke(store: &PostgresStore, token: &Token) {
    let account = token.account.clone();
    apply(store, Change::Revoke { token: token.id, account, account_revision: None, at: AT });
}

fn apply(store: &PostgresStore, change: Change) {
    let answer = wait(store.commit(&Authority::Host, change, event("applied"))).unwrap();
    assert!(matches!(answer, Committed::Applied(_)), "{answer:?}");
}

/// The whole trail, as a reader follows it.
fn follow(store: &PostgresStore, behind: Option<Sequence>) -> Vec<Recorded> {
    let mut query = Query::default().oldest_first().limit(Query::MAX_LIMIT);
    query = behind.into_iter().fold(query, Query::continue_from);
    let mut found = Vec::new();
    loop {
        let page = wait(store.events(&query)).unwrap();
        found.extend(page.events);
        match page.next {
            Some(place) => query = query.continue_from(place),
            None => return found,
        }
    }
}

/// A reader that follows the trail would otherwise miss what commits late under a low number, for ever.
#[test]
fn a_reader_that_follows_the_trail_misses_no_event_of_any_node() {
    let Some(server) = Server::shared() else { return };
    let (subject, other, settings) = nodes(server);
    let (reader, is_over) = (connect(settings), AtomicBool::new(false));
    let stores = [subject.writer(), &other];
    let seen = std::thread::scope(|scope| {
        let follower = scope.spawn(|| {
            let mut seen: Vec<Recorded> = Vec::new();
            loop {
                let is_last = is_over.load(Ordering::SeqCst);
                seen.extend(follow(&reader, seen.last().map(|last| last.sequence)));
                if is_last {
                    return seen;
                }
            }
        });
        let writers: Vec<_> = (0..6)
            .map(|writer| {
                let (store, subject) = (stores[writer % 2], &subject);
                scope.spawn(move || {
                    for n in 0..20 {
                        match n % 3 {
                            0 => drop(minted(subject, store, &format!("token-{writer}-{n}"))),
                            _ => wait(store.append(&[event("a"), event("b")])).unwrap(),
                        }
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        is_over.store(true, Ordering::SeqCst);
        follower.join().unwrap()
    });
    let places: Vec<_> = seen.iter().map(|recorded| recorded.sequence.number()).collect();
    let all = i64::from(1 + 6 * (7 + 13 * 2));
    assert_eq!(places, (1..=all).collect::<Vec<_>>(), "each event once, in order, without a gap");
}

#[test]
fn a_revocation_acknowledged_by_one_node_is_refused_by_the_next_request_of_another() {
    let Some(server) = Server::shared() else { return };
    let (subject, other, _) = nodes(server);
    for n in 0..50 {
        let token = minted(&subject, subject.writer(), &format!("token-{n}"));
        for _ in 0..3 {
            assert!(
                wait(other.credential(&token.id)).unwrap().unwrap().standing(AT).is_ok(),
                "now it is known decoded"
            );
        }
        revoke(subject.writer(), &token);
        assert!(wait(other.credential(&token.id)).unwrap().unwrap().standing(AT).is_err());
    }
}

/// Each token is a register that is written once, from working to revoked: a history is one such write beside sixteen reads
/// on both nodes. It fits an order of the calls where no read is behind the acknowledged write, or behind any read that ended
/// before it began and saw the token revoked. `HISTORIES=100000` checks more of them.
#[test]
fn histories_over_two_nodes_are_linearizable() {
    let Some(server) = Server::shared() else { return };
    let histories = std::env::var("HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(150);
    let (subject, other, _) = nodes(server);
    let (mut both_were_seen, mut n) = (0, 0);
    while n < histories || both_were_seen == 0 {
        n += 1;
        assert!(n < 20 * histories, "no read was beside a write");
        let token = minted(&subject, &other, &format!("token-{n}"));
        let is_known = AtomicBool::new(false);
        let read = |store: &PostgresStore| {
            let must_be = is_known.load(Ordering::SeqCst);
            let is_revoked = wait(store.credential(&token.id)).unwrap().unwrap().token().state.is_revoked();
            assert!(is_revoked || !must_be, "history {n}: a read is behind what was known before it began");
            is_known.fetch_or(is_revoked, Ordering::SeqCst);
            is_revoked
        };
        let revoked = std::thread::scope(|scope| {
            let four = |store: &PostgresStore| (0..4).filter(|_| read(store)).count();
            let readers = [&other, subject.writer(), &other].map(|store| scope.spawn(move || four(store)));
            revoke(&other, &token);
            is_known.store(true, Ordering::SeqCst);
            assert_eq!(four(subject.writer()), 4);
            readers.into_iter().map(|reader| reader.join().unwrap()).sum::<usize>()
        });
        both_were_seen += usize::from((1..12).contains(&revoked));
        // A mint counts the tokens of its account.
        let account = token.account.clone();
        apply(&other, Change::DeleteToken { token: token.id, account, account_revision: None, at: AT });
    }
    println!("{n} histories, {both_were_seen} of them with reads of both states beside the write");
}

#[test]
fn nodes_that_start_at_once_make_one_schema() {
    let Some(server) = Server::shared() else { return };
    let settings = settings(server);
    let starts = (0..8).map(|_| runtime().spawn(PostgresStore::connect(settings.clone())));
    let stores: Vec<_> = starts.collect::<Vec<_>>().into_iter().map(|start| wait(start).unwrap().unwrap()).collect();
    stores.iter().for_each(|store| wait(store.append(&[event("started")])).unwrap());
    assert_eq!(follow(&stores[0], None).len(), 8);
}

#[test]
fn a_schema_of_a_newer_release_is_refused() {
    let Some(server) = Server::shared() else { return };
    let settings = settings(server);
    drop(connect(settings.clone()));
    server.sql(&format!("INSERT INTO {}.migration VALUES (99)", schema_of(&settings)));
    let refused = wait(runtime().spawn(PostgresStore::connect(settings))).unwrap();
    assert!(matches!(refused, Err(PostgresError::TooNew { found: 99, .. })), "{refused:?}");
}

/// The port promises durability; a role set up like this would break it without a word.
#[test]
fn a_role_whose_commits_can_be_lost_is_refused() {
    let Some(server) = Server::shared() else { return };
    server.sql("CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET synchronous_commit = off");
    let settings = Settings::parse(&server.text().replace("user=service", "user=hasty")).unwrap();
    let refused = wait(runtime().spawn(PostgresStore::connect(settings))).unwrap();
    assert!(matches!(refused, Err(PostgresError::NotDurable)), "{refused:?}");
}

/// A row that lost its account, its text or its place is an error to whoever asks; it is never an absent record (serde#2123).
#[test]
fn a_row_that_was_tampered_with_is_corrupt() {
    let Some(server) = Server::shared() else { return };
    for change in [
        "UPDATE @token SET record = '{}'",
        "UPDATE @token SET revision = revision + 1",
        "UPDATE @token SET record = replace(record, 'active', 'Active')",
        "UPDATE @token SET record = replace(record, '\"state\":\"active\"', '\"state\":{\"active\":{\"at\":5}}')",
        "UPDATE @account SET record = replace(record, 'enabled', 'on')",
        "ALTER TABLE @token DROP CONSTRAINT token_account_fkey; DELETE FROM @account",
    ] {
        let (subject, other, settings) = nodes(server);
        let token = minted(&subject, subject.writer(), "nightly");
        assert!(wait(other.credential(&token.id)).unwrap().is_some());
        server.sql(&change.replace('@', &format!("{}.", schema_of(&settings))));
        let answer = wait(other.credential(&token.id));
        assert!(matches!(answer, Err(PostgresError::Corrupt { .. })), "{change}: {answer:?}");
    }
}

#[test]
fn a_future_dropped_at_any_await_leaves_nothing_half_done() {
    let Some(server) = Server::shared() else { return };
    let (subject, other, settings) = nodes(server);
    let own = connect(settings.connections(2));
    let mut names = BTreeSet::new();
    for polls in 0..40 {
        let name = format!("token-{polls}");
        let change = minting(&subject, &other, &name);
        let mut future = Box::pin(own.commit(&Authority::Host, change, event(&name)));
        for _ in 0..polls % 8 {
            if future.as_mut().now_or_never().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        drop(future);
        names.insert(name);
        drop(Box::pin(own.events(&Query::default())).now_or_never());
        drop(Box::pin(own.append(&[event("dropped"), event("dropped")])).now_or_never());
    }
    // The two connections still work, no transaction is left open on them, and what happened has its event.
    wait(own.append(&[event("last")])).unwrap();
    eventually("no change without its event, no event without its change, no half of a batch", || {
        let trail = follow(&other, None);
        let actors = || trail.iter().map(|one| one.event.actor().to_string());
        let contents = subject.contents();
        let kept = contents.credentials.iter().map(|(token, _)| token.class.token_name().unwrap().to_string());
        let with_event: BTreeSet<_> = actors().filter(|actor| names.contains(actor)).collect();
        kept.collect::<BTreeSet<_>>() == with_event && actors().filter(|actor| actor == "dropped").count() % 2 == 0
    });
}

#[test]
fn a_database_that_hangs_is_too_slow_within_the_deadline_and_works_again_after() {
    let Some(server) = Server::shared() else { return };
    let (subject, _, settings) = nodes(server);
    let hasty = connect(settings.clone().deadline(Duration::from_millis(300)).connections(2));
    let schema = schema_of(&settings);
    let text = format!("BEGIN; UPDATE {schema}.turn SET last = last; SELECT pg_sleep(600), '{schema}'");
    let mut holder = server.psql(&text).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let of_holder = format!("FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%{schema}%'");
    let is_held = || server.ask(&server.text(), &format!("SELECT count(*) {of_holder}")) == "1";
    eventually("the database hangs", is_held);
    let before = subject.contents();
    // Nobody lets go before all have answered.
    let answers: Vec<_> = std::thread::scope(|scope| {
        let ask = || wait(hasty.append(&[event("waits")]));
        (0..6).map(|_| scope.spawn(ask)).collect::<Vec<_>>().into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| matches!(answer, Err(PostgresError::TooSlow))), "{answers:?}");
    // The server gives up what it was sent as well, each within its own bound.
    let of_waiting =
        format!("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{schema}%'");
    eventually("nobody waits any more", || server.ask(&server.text(), &of_waiting) == "0");
    server.sql(&format!("SELECT pg_terminate_backend(pid) {of_holder}"));
    holder.wait().unwrap();
    assert_eq!(subject.contents(), before);
    eventually("it works again", || wait(hasty.append(&[event("goes on")])).is_ok());
}

/// What was acknowledged is there after the crash; what was not is there whole or not at all; and service goes on.
#[test]
fn a_crash_of_the_server_under_load_loses_nothing_acknowledged() {
    let Some(server) = Server::start() else { return };
    let crashes = std::env::var("CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let (subject, other, _) = nodes(&server);
    for round in 0..crashes {
        let (is_over, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let acknowledged: BTreeSet<_> = std::thread::scope(|scope| {
            let work = |writer: usize| {
                let (subject, store) = (&subject, [subject.writer(), &other][writer % 2]);
                let progress = (&is_over, &count);
                scope.spawn(move || mint_until(subject, store, progress, &format!("token-{round}-{writer}")))
            };
            let writers: Vec<_> = (0..4).map(work).collect();
            let at_least = |changes| eventually("changes are made", || count.load(Ordering::SeqCst) >= changes);
            at_least(8 + round % 13);
            server.crash();
            at_least(count.load(Ordering::SeqCst) + 1);
            is_over.store(true, Ordering::SeqCst);
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
        });
        eventually("each token has its event, and each acknowledged one is there", || {
            let contents = subject.contents();
            let kept: BTreeSet<_> = contents.credentials.iter().map(|(token, _)| token.id.to_string()).collect();
            let trail = follow(&other, None);
            let with_event = trail.iter().filter_map(|one| one.event.token().map(ToString::to_string)).collect();
            assert!(acknowledged.is_subset(&kept), "an acknowledged change is lost");
            kept == with_event
        });
    }
}

/// Mints until told to stop, and returns what was acknowledged. Nothing but an honest failure may come in between.
fn mint_until(
    subject: &Subject<PostgresStore>,
    store: &PostgresStore,
    (is_over, count): (&AtomicBool, &AtomicUsize),
    name: &str,
) -> Vec<String> {
    let account = Subject::<PostgresStore>::account("pipeline").id;
    let mut acknowledged = Vec::new();
    for n in 0.. {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let Ok(Some(found)) = wait(store.account(&account)) else { continue };
        let token = subject.token(&account, &format!("{name}-{n}"));
        let id = token.id.to_string();
        let event = event(name).about_token(Label::new(&id));
        let change =
            Change::Mint { token: Box::new(token), account_revision: found.revision, room: Room::Below(usize::MAX) };
        match wait(store.commit(&Authority::Host, change, event)) {
            Ok(Committed::Applied(_)) => {
                acknowledged.push(id);
                count.fetch_add(1, Ordering::SeqCst);
            }
            Ok(refused) => panic!("{refused:?}"),
            Err(PostgresError::Unavailable(_) | PostgresError::OutcomeUnknown(_) | PostgresError::TooSlow) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    acknowledged
}
