//! Whatever is asked of them, in whatever order, SQLite and memory answer alike and keep the same.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests")]

use proptest::prelude::*;
use service_accounts_audit::{Action, Event, Label, Sequence};
use service_accounts_lifecycle::TokenState;
use service_accounts_naming::{AccountId, Realm};
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{
    Account, Authority, Change, Class, Committed, Cursor, Document, DocumentId, DocumentKind, LastUsed, MemoryStore,
    Revision, Room, Seen, Sighting, Status, Store, Tended, Token, Usage, Write, conformance::Subject,
};
use time::UtcDateTime;

const ACCOUNTS: usize = 3;
const TOKENS: usize = 6;
const NAMES: usize = 2;

/// One thing to ask; the numbers choose from a small world, so that steps meet each other.
#[derive(Clone, Debug)]
enum Step {
    Create { account: usize, tokens: Vec<usize> },
    Update { account: usize, disabled: bool, stale: bool },
    Delete { account: usize },
    Mint { token: usize, account: usize, class: usize, due: Option<u8>, stale: bool },
    Regenerate { token: usize, account: usize, stale: bool },
    Reissue { token: usize, account: usize, stale: bool },
    UpdateToken { token: usize, due: Option<u8>, retiring: bool, stale: bool },
    Revoke { token: usize, at: u8 },
    DeleteToken { token: usize, at: u8 },
    Rehash { token: usize, to: usize },
    Purge { account: usize },
    RevokeAll { account: usize, stale: bool },
    OpenSession { token: usize, account: usize, ends: Option<u8>, most: usize, stale: bool },
    Rotate { token: usize, successor: usize, until: u8, stale: bool },
    Tend { tokens: Vec<usize>, due: Option<u8>, stale: bool },
    PutDocument { id: usize, stale: bool },
    RemoveDocument { id: usize, stale: bool },
    Touch { token: usize, at: u8 },
    See { token: usize, seen: usize, count: u8, at: u8 },
    Append { at: u8 },
    Trim { place: u8, limit: usize },
    Advance { reader: usize, place: Option<u8>, stale: bool },
}

/// On whose word: a token, an account and an instant, which fit each other or not; or the host.
type Asker = Option<(usize, usize, u8)>;

fn steps() -> impl Strategy<Value = Vec<(Step, Asker)>> {
    let (account, token) = (0..ACCOUNTS, 0..TOKENS);
    let (due, at) = (proptest::option::of(any::<u8>()), any::<u8>());
    let stale = proptest::bool::weighted(0.1);
    let step = prop_oneof![
        3 => (account.clone(), proptest::collection::vec(token.clone(), 0..3))
            .prop_map(|(account, tokens)| Step::Create { account, tokens }),
        2 => (account.clone(), any::<bool>(), stale)
            .prop_map(|(account, disabled, stale)| Step::Update { account, disabled, stale }),
        1 => account.clone().prop_map(|account| Step::Delete { account }),
        6 => (token.clone(), account.clone(), 0..NAMES + 2, due.clone(), stale)
            .prop_map(|(token, account, class, due, stale)| Step::Mint { token, account, class, due, stale }),
        2 => (token.clone(), account.clone(), stale)
            .prop_map(|(token, account, stale)| Step::Regenerate { token, account, stale }),
        1 => (token.clone(), account.clone(), stale)
            .prop_map(|(token, account, stale)| Step::Reissue { token, account, stale }),
        3 => (token.clone(), due.clone(), any::<bool>(), stale)
            .prop_map(|(token, due, retiring, stale)| Step::UpdateToken { token, due, retiring, stale }),
        3 => (token.clone(), at).prop_map(|(token, at)| Step::Revoke { token, at }),
        3 => (token.clone(), at).prop_map(|(token, at)| Step::DeleteToken { token, at }),
        2 => (token.clone(), token.clone()).prop_map(|(token, to)| Step::Rehash { token, to }),
        1 => account.clone().prop_map(|account| Step::Purge { account }),
        1 => (account.clone(), stale).prop_map(|(account, stale)| Step::RevokeAll { account, stale }),
        4 => (token.clone(), account.clone(), due.clone(), 1..4_usize, stale)
            .prop_map(|(token, account, ends, most, stale)| Step::OpenSession { token, account, ends, most, stale }),
        3 => (token.clone(), token.clone(), at, stale)
            .prop_map(|(token, successor, until, stale)| Step::Rotate { token, successor, until, stale }),
        2 => (proptest::collection::vec(token.clone(), 0..3), due.clone(), stale)
            .prop_map(|(tokens, due, stale)| Step::Tend { tokens, due, stale }),
        2 => (0..2_usize, stale).prop_map(|(id, stale)| Step::PutDocument { id, stale }),
        1 => (0..2_usize, stale).prop_map(|(id, stale)| Step::RemoveDocument { id, stale }),
        2 => (token.clone(), 0..5_usize, any::<u8>(), at)
            .prop_map(|(token, seen, count, at)| Step::See { token, seen, count, at }),
        1 => (0..20_u8, 0..5_usize).prop_map(|(place, limit)| Step::Trim { place, limit }),
        1 => (0..2_usize, proptest::option::weighted(0.8, any::<u8>()), stale)
            .prop_map(|(reader, place, stale)| Step::Advance { reader, place, stale }),
        2 => (token.clone(), at).prop_map(|(token, at)| Step::Touch { token, at }),
        1 => at.prop_map(|at| Step::Append { at }),
    ];
    let authority = proptest::option::weighted(0.3, (token, account, at));
    proptest::collection::vec((step, authority), 1..40)
}

/// One store, with the world that the numbers of a step choose from; both stores get the same one.
struct World<S> {
    subject: Subject<S>,
    blanks: Vec<Token>,
}

impl<S: Store> World<S> {
    fn new(store: S) -> Self {
        let subject = Subject::new(store);
        let account = Subject::<S>::account("nobody");
        let blanks = (0..TOKENS).map(|_| subject.token(&account.id, "blank")).collect();
        Self { subject, blanks }
    }

    /// What was answered; reads inside choose what the step is made from.
    fn take(&self, step: &Step, authority: Asker) -> Answer {
        let authority = authority.map_or(Authority::Host, |(token, account, seconds)| Authority::Credential {
            token: self.blanks[token].id,
            account: account_of(account).id,
            account_revision: self.account(account).revision,
            grant: self.blanks[token].grant.clone(),
            at: at(seconds),
        });
        match step {
            Step::Touch { token, at: seconds } => {
                let last = LastUsed { at: at(*seconds), address: Some([10, 0, 0, *seconds].into()) };
                self.done(self.subject.writer().touch(&[Usage { token: self.blanks[*token].id, last }], &[]))
            }
            Step::See { token, seen, count, at: seconds } => {
                let seen = [
                    Seen::UsedFrom([10, 0, 0, *seconds].into()),
                    Seen::TriedFrom([10, 0, 0, 1].into()),
                    Seen::Tried,
                    Seen::Permission(Label::new("view")),
                    Seen::Permission(Label::new("edit")),
                ][*seen]
                    .clone();
                let (token, count, at) = (self.blanks[*token].id, u64::from(*count), at(*seconds));
                self.done(self.subject.writer().touch(&[], &[Sighting { token, seen, count, first: at, last: at }]))
            }
            Step::Trim { place, limit } => {
                let place = Sequence::new((*place).into());
                Answer::Trimmed(self.subject.wait(self.subject.writer().trim(place, *limit)).unwrap())
            }
            Step::Advance { reader, place, stale } => {
                let reader = reader_of(*reader);
                let present = self.subject.wait(self.subject.reader().cursor(&reader)).unwrap();
                let from = if *stale { Some(Sequence::new(-1)) } else { present.map(|cursor| cursor.at) };
                let to = place.map(|place| Cursor { at: Sequence::new(place.into()), state: place.to_string().into() });
                Answer::Advanced(self.subject.wait(self.subject.writer().advance(&reader, from, to)).unwrap())
            }
            Step::Append { at: seconds } => {
                let event = |actor| Event::new(Action::AccessDenied, Label::new(actor), at(*seconds));
                self.done(self.subject.writer().append(&[event("one"), event("two")]))
            }
            change => Answer::Committed(in_order(self.subject.commit_by(&authority, self.change(change)))),
        }
    }

    fn done<E: std::fmt::Debug>(&self, answer: impl Future<Output = Result<(), E>>) -> Answer {
        self.subject.wait(answer).unwrap();
        Answer::Kept
    }

    /// Any, few, or the place of some token.
    fn room(&self, number: usize) -> Room {
        match number % 3 {
            0 => Room::Below(usize::MAX),
            1 => Room::Below(2),
            _ => Room::InPlaceOf {
                ended: self.blanks[number % TOKENS].id,
                event: Box::new(Event::new(Action::TokenDeleted, Label::new("made_room"), at(5))),
            },
        }
    }

    fn change(&self, step: &Step) -> Change {
        match *step {
            Step::Create { account, ref tokens } => Change::CreateAccount {
                account: Box::new(account_of(account)),
                tokens: tokens.iter().map(|token| self.drafted(*token, account, *token, None)).collect(),
            },
            Step::Update { account, disabled, stale } => {
                let present = self.account(account);
                let status = if disabled { Status::Disabled } else { Status::Enabled };
                let expected = if stale { Revision::NEW } else { present.revision };
                Change::UpdateAccount { account: Box::new(Account { status, ..present }), expected }
            }
            Step::Delete { account } => {
                Change::DeleteAccount { account: account_of(account).id, expected: self.revision(account, false) }
            }
            Step::Purge { account } => Change::PurgeAccount { account: account_of(account).id },
            Step::RevokeAll { account, stale } => {
                Change::RevokeAll { account: account_of(account).id, expected: self.revision(account, stale) }
            }
            Step::OpenSession { token, account, ends, most, stale } => Change::OpenSession {
                session: Box::new(self.drafted(token, account, NAMES + 2, ends)),
                account_revision: self.revision(account, stale),
                most,
            },
            Step::Rotate { token, successor, until, stale } => {
                let predecessor = self.token(token);
                Change::Rotate {
                    successor: Box::new(Token {
                        account: predecessor.account.clone(),
                        class: Class::Token(format!("rotated-{successor}").parse().unwrap()),
                        ..self.blanks[successor].clone()
                    }),
                    expected: if stale { Revision::NEW } else { predecessor.revision },
                    account_revision: self.revision_of(&predecessor.account),
                    predecessor: Box::new(Token { state: TokenState::Retiring { until: at(until) }, ..predecessor }),
                    room: self.room(token + successor),
                }
            }
            Step::Tend { ref tokens, due, stale } => {
                let tended = |token: &usize| {
                    let present = self.token(*token);
                    let expected = if stale { Revision::NEW } else { present.revision };
                    Tended { token: Token { next_due: due.map(at), last_look: due.map(at), ..present }, expected }
                };
                Change::Tend { tokens: tokens.iter().map(tended).collect() }
            }
            Step::PutDocument { id, stale } => {
                let present = self.document(id).map(|present| present.revision);
                let (kind, body) = (DocumentKind::Policy, format!("{present:?}").into());
                let document = Document { kind, id: reader_of(id), body, revision: Revision::NEW };
                Change::PutDocument { document, expected: if stale { Some(Revision::NEW) } else { present } }
            }
            Step::RemoveDocument { id, stale } => {
                let present = self.document(id).map_or(Revision::NEW, |present| present.revision);
                let expected = if stale { Revision::NEW } else { present };
                Change::RemoveDocument { kind: DocumentKind::Policy, id: reader_of(id), expected }
            }
            Step::Mint { token, account, class, due, stale } => Change::Mint {
                token: Box::new(self.drafted(token, account, class, due)),
                account_revision: self.revision(account, stale),
                room: self.room(token + class),
            },
            Step::Regenerate { token, account, stale } => Change::RegenerateSecret {
                secret: Box::new(self.drafted(token, account, NAMES + 1, Some(9))),
                account_revision: self.revision(account, stale),
                at: at(5),
            },
            Step::Reissue { token, account, stale } => Change::Reissue {
                secret: Box::new(self.drafted(token, account, NAMES + 1, Some(9))),
                account_revision: self.revision(account, stale),
                at: at(5),
                event: Box::new(Event::new(Action::SecretRegenerated, Label::new("reissue"), at(5))),
            },
            Step::UpdateToken { token, due, retiring, stale } => {
                let present = self.token(token);
                let state = if retiring { TokenState::Retiring { until: at(99) } } else { TokenState::Active };
                let expected = if stale { Revision::NEW } else { present.revision };
                let token = Box::new(Token { next_due: due.map(at), state, ..present });
                Change::UpdateToken { token, expected, account_revision: None }
            }
            Step::Revoke { token, at: seconds } => Change::Revoke {
                token: self.blanks[token].id,
                account: self.token(token).account,
                account_revision: None,
                at: at(seconds),
            },
            Step::DeleteToken { token, at: seconds } => {
                let (id, account) = (self.blanks[token].id, self.token(token).account);
                Change::DeleteToken { token: id, account, account_revision: None, at: at(seconds) }
            }
            Step::Rehash { token, to } => Change::Rehash {
                token: self.blanks[token].id,
                from: self.blanks[token].digest.clone(),
                to: self.blanks[to].digest.clone(),
            },
            Step::Touch { .. } | Step::See { .. } | Step::Append { .. } | Step::Trim { .. } | Step::Advance { .. } => {
                unreachable!("these are no changes")
            }
        }
    }

    fn drafted(&self, token: usize, account: usize, class: usize, due: Option<u8>) -> Token {
        let blank = self.blanks[token].clone();
        let class = match class {
            name if name < NAMES => Class::Token(format!("name-{name}").parse().unwrap()),
            class if class % 2 == 0 => Class::Session { opened_with: self.blanks[0].id },
            _ => Class::Secret,
        };
        let (next_due, expires_at) = (due.map(at), due.map(at));
        Token { account: account_of(account).id, class, next_due, expires_at, ..blank }
    }

    fn account(&self, account: usize) -> Account {
        let account = account_of(account);
        let found = self.subject.wait(self.subject.reader().account(&account.id)).unwrap();
        found.map_or(account, |found| found.as_ref().clone())
    }

    fn revision_of(&self, account: &AccountId) -> Revision {
        let found = self.subject.wait(self.subject.reader().account(account)).unwrap();
        found.map_or(Revision::NEW, |found| found.revision)
    }

    fn document(&self, id: usize) -> Option<Document> {
        self.subject.wait(self.subject.reader().document(DocumentKind::Policy, &reader_of(id))).unwrap()
    }

    /// What the suite's own contents leave out.
    fn rest(&self) -> Rest {
        let store = self.subject.reader();
        let wait = |id: &Token| self.subject.wait(store.sightings(&id.id)).unwrap();
        let due = self.subject.wait(store.due(&Realm::default(), at(200), 100)).unwrap();
        Rest {
            sightings: self.blanks.iter().flat_map(wait).collect(),
            documents: self.subject.wait(store.documents(DocumentKind::Policy, None, 100)).unwrap().items,
            cursors: (0..2).map(|n| self.subject.wait(store.cursor(&reader_of(n))).unwrap()).collect(),
            slowest: self.subject.wait(store.slowest_cursor()).unwrap(),
            due: due.iter().map(|due| (due.credential.token().clone(), due.last_used, due.last_attempt)).collect(),
        }
    }

    fn revision(&self, account: usize, stale: bool) -> Revision {
        if stale { Revision::NEW } else { self.account(account).revision }
    }

    fn token(&self, token: usize) -> Token {
        let blank = self.blanks[token].clone();
        let found = self.subject.wait(self.subject.reader().credential(&blank.id)).unwrap();
        found.map_or(blank, |found| found.token().clone())
    }
}

/// Stores remove an account's credentials in whatever order.
fn in_order(mut committed: Committed) -> Committed {
    if let Committed::Applied(applied) = &mut committed {
        applied.writes.sort_by_key(|write| match write {
            Write::RemoveToken(id) => Some(*id),
            _ => None,
        });
    }
    committed
}

/// The answer to a step.
#[derive(Debug, PartialEq)]
enum Answer {
    Committed(Committed),
    Trimmed(usize),
    Advanced(bool),
    Kept,
}

#[derive(Debug, PartialEq)]
struct Rest {
    sightings: Vec<Sighting>,
    documents: Vec<Document>,
    cursors: Vec<Option<Cursor>>,
    slowest: Option<Sequence>,
    due: Vec<(Token, Option<LastUsed>, Option<UtcDateTime>)>,
}

fn reader_of(number: usize) -> DocumentId {
    DocumentId::parse(&format!("reader-{number}")).unwrap()
}

fn account_of(account: usize) -> Account {
    Subject::<MemoryStore>::account(&format!("account_{account}"))
}

fn at(seconds: u8) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds.into()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn sqlite_and_memory_answer_alike_and_keep_the_same(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let memory = World::new(MemoryStore::new());
        let sqlite = World::new(SqliteStore::open(folder.path().join("accounts.db")).unwrap());
        for (step, authority) in &steps {
            prop_assert_eq!(memory.take(step, *authority), sqlite.take(step, *authority), "{:?}", step);
        }
        prop_assert_eq!(memory.subject.contents(), sqlite.subject.contents());
        prop_assert_eq!(memory.rest(), sqlite.rest());
    }

    /// The laws that no order of changes breaks, on the store that is fast enough to try many.
    #[test]
    fn no_order_of_changes_breaks_a_law(steps in steps()) {
        let world = World::new(MemoryStore::new());
        let mut newest = Revision::NEW;
        for (step, authority) in &steps {
            let before = world.subject.contents();
            let answer = world.take(step, *authority);
            let after = world.subject.contents();
            let kept = after.events.len().saturating_sub(before.events.len());
            match answer {
                Answer::Committed(Committed::Refused(_)) => prop_assert_eq!(&after, &before),
                Answer::Committed(Committed::Applied(applied)) => {
                    let more = applied.writes.iter().filter(|write| matches!(write, Write::Append(_))).count();
                    prop_assert_eq!((kept, after.events[more].sequence), (1 + more, applied.sequence));
                }
                _ => prop_assert_eq!(&after.credentials, &before.credentials),
            }
            for (token, account) in &after.credentials {
                prop_assert_eq!(&token.account, &account.id);
                prop_assert!(after.accounts.contains(account), "an orphan");
                let earlier = before.credentials.iter().find(|(earlier, _)| earlier.id == token.id);
                let was_revoked = earlier.is_some_and(|(earlier, _)| earlier.state.is_revoked());
                prop_assert!(token.state.is_revoked() || !was_revoked, "a revoked token works again");
            }
            // The trail may have been trimmed since.
            newest = after.events.first().map_or(newest, |event| newest.max(Revision::made_by(event.sequence)));
            prop_assert!(after.accounts.iter().all(|account| account.revision <= newest));
            prop_assert!(after.credentials.iter().all(|(token, _)| token.revision <= newest));
        }
    }
}
