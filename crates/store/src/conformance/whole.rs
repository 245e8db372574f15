//! A call whose future is dropped has happened whole or not at all, and what a commit answers is what it wrote.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use service_accounts_access::{Scopes, TokenGrant};
use service_accounts_audit::{Action, Event, Label, Sequence};
use service_accounts_token::TokenId;

use super::{
    Contents, Subject, fixtures,
    fixtures::at,
    samples::{document, every_change},
    steps,
};
use crate::{
    Account, Authority, Change, Cursor, DocumentId, DocumentKind, LastUsed, Refusal, Revision, Seen, Sighting, Store,
    Usage, Write,
};

/// As often as a call is polled before it is dropped, at most.
const POLLS: usize = 40;

/// What the answer of a commit says was written is what is read afterwards, for every kind of change.
pub fn what_a_commit_answers_is_what_is_stored<S: Store>(subject: &Subject<S>) {
    for change in every_change(subject) {
        let applied = subject.applied(change.clone());
        assert!(!applied.writes.is_empty(), "{change:?}");
        for write in &applied.writes {
            match write {
                Write::PutAccount(account) => assert_eq!(*subject.stored_account(&account.id), **account),
                Write::RemoveAccount(id) => assert!(subject.found_account(id).is_none()),
                Write::PutToken(token) => assert_eq!(subject.stored(&token.id), **token),
                Write::RemoveToken(id) => assert!(subject.found(id).is_none()),
                Write::PutDocument(document) => assert_eq!(read(subject, write), Some(document.clone())),
                Write::RemoveDocument(..) => assert_eq!(read(subject, write), None),
                Write::Append(event) => assert!(is_kept(subject, event), "{event:?}"),
            }
        }
    }
}

/// A change of nothing leaves neither an event nor another revision; on the word of who may not it is refused as any other.
pub fn a_change_of_nothing_leaves_no_trace<S: Store>(subject: &Subject<S>) {
    let (account, kept) = (subject.create("sync", &[]), document("kept", "{}"));
    let token = subject.mint(subject.token(&account.id, "nightly"));
    let made = Revision::made_by(subject.apply(Change::PutDocument { document: kept.clone(), expected: None }));
    let nothing = [
        steps::update(&account, account.revision),
        steps::token_update(&token, token.revision),
        Change::PutDocument { document: kept, expected: Some(made) },
    ];
    for change in nothing {
        subject.refuse(Refusal::Unchanged, change.clone());
        subject.refuse_to(&ended(&account), Refusal::AuthorityLost, change);
    }
    let warned = vec![Event::new(Action::PolicyWarned, Label::new("ada"), at(fixtures::NOW))];
    let (id, change) = (DocumentId::parse("kept").expect("a good id"), steps::update(&account, account.revision));
    let change = Box::new(change);
    let provided = Change::Provided { kind: DocumentKind::Policy, id, at: Some(made), change, also: warned };
    subject.refuse(Refusal::Unchanged, provided);
    subject.refuse(Refusal::Stale, steps::update(&account, Revision::NEW));
}

/// The authority of a credential that is gone.
fn ended(account: &Account) -> Authority {
    let grant = TokenGrant::restore(Scopes::Inherited);
    let token = TokenId::parse("0123456789abcdef").expect("a good id");
    Authority::Credential { token, account: account.id.clone(), account_revision: account.revision, grant, at: at(0) }
}

fn is_kept<S: Store>(subject: &Subject<S>, event: &Event) -> bool {
    subject.contents().events.iter().any(|recorded| recorded.event == *event)
}

fn read<S: Store>(subject: &Subject<S>, write: &Write) -> Option<crate::Document> {
    let (kind, id) = match write {
        Write::PutDocument(document) => (document.kind, document.id.clone()),
        Write::RemoveDocument(kind, id) => (*kind, id.clone()),
        _ => return None,
    };
    subject.wait(subject.reader().document(kind, &id)).expect("the store works")
}

/// A change that nobody waits for any more has happened with its event, or not at all.
pub fn a_dropped_commit_happens_whole_or_not_at_all<S: Store>(subject: &Subject<S>) {
    for polls in 1..=POLLS {
        let local = format!("account_{polls}");
        let account = Subject::<S>::account(&local);
        let tokens = vec![subject.secret(&account.id), subject.token(&account.id, "nightly")];
        let ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
        let change = Change::CreateAccount { account: Box::new(account.clone()), tokens };
        let event = fixtures::event_of(&change);
        let ended = dropped(subject, polls, subject.writer().commit(&Authority::Host, change, event));
        at_rest(polls, || {
            let events = subject.contents().events;
            let events = events
                .iter()
                .filter(|recorded| recorded.event.account().map(Label::as_str) == Some(account.id.as_str()))
                .count();
            let parts = [subject.found_account(&account.id).is_some(), events == 1];
            let parts: Vec<_> = parts.into_iter().chain(ids.iter().map(|id| subject.found(id).is_some())).collect();
            parts.iter().all(|part| *part == parts[0]).then_some(()).ok_or_else(|| format!("{parts:?}"))
        });
        if ended {
            return;
        }
    }
}

/// So has a batch of events, of last uses and sightings, and the step of a reader.
pub fn a_dropped_batch_is_kept_whole_or_not_at_all<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let tokens = ["one", "other"].map(|name| subject.mint(subject.token(&account.id, name)).id);
    let reader = DocumentId::parse("notifier").expect("a good id");
    let before = subject.contents();
    let stands = || subject.wait(subject.reader().cursor(&reader)).expect("the store works").map(|cursor| cursor.at);
    for polls in 1..=POLLS {
        let number = i64::try_from(polls).expect("a small number");
        let event = || Event::new(Action::AccessGranted, Label::new("conformance"), at(number));
        let appended = dropped(subject, polls, subject.writer().append(&[event(), event(), event()]));
        let (uses, sightings) = batch(tokens, number);
        let touched = dropped(subject, polls, subject.writer().touch(&uses, &sightings));
        let to = Sequence::new(number);
        let step = subject.writer().advance(&reader, stands(), Some(Cursor { at: to, state: "".into() }));
        let advanced = dropped(subject, polls, step);
        at_rest(polls, || whole(&before, &subject.contents()));
        assert!(stands() <= Some(to), "no place but one that was asked for");
        if appended && touched && advanced {
            return;
        }
    }
}

fn batch(tokens: [TokenId; 2], number: i64) -> (Vec<Usage>, Vec<Sighting>) {
    let last = LastUsed { at: at(number), address: None };
    let row = |token| Sighting { token, seen: Seen::Tried, count: 1, first: at(number), last: at(number) };
    (tokens.map(|token| Usage { token, last }).into(), tokens.map(row).into())
}

/// Threes of events, and marks and sightings of both tokens or of none; what arrives late arrives whole.
fn whole(before: &Contents, after: &Contents) -> Result<(), String> {
    let appended = after.events.len() - before.events.len();
    let uses: Vec<_> = after.listed.iter().map(|listed| listed.1).collect();
    let sighted = after.sightings.iter().map(|row| row.count).sum::<u64>();
    let is_whole =
        appended.is_multiple_of(3) && uses.windows(2).all(|pair| pair[0] == pair[1]) && sighted.is_multiple_of(2);
    is_whole.then_some(()).ok_or_else(|| format!("{appended} events, {sighted} sightings, last uses {uses:?}"))
}

/// Polls so many times at most, and drops the future then; true if it ended before.
fn dropped<S: Store, T>(subject: &Subject<S>, polls: usize, call: impl Future<Output = T>) -> bool {
    subject.wait(async {
        let mut call = pin!(call);
        let mut left = polls;
        poll_fn(|context| {
            if call.as_mut().poll(context).is_ready() {
                return Poll::Ready(true);
            }
            left -= 1;
            if left == 0 { Poll::Ready(false) } else { Poll::Pending }
        })
        .await
    })
}

/// Looks until what is kept is whole. A request may still be on its way to a server after its future was dropped.
fn at_rest(polls: usize, mut whole: impl FnMut() -> Result<(), String>) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while let Err(half) = whole() {
        assert!(Instant::now() < deadline, "half done after {polls} polls: {half}");
        thread::sleep(Duration::from_millis(5));
    }
}
