//! A node at work: threads that mint, revoke, read and append, and compare each answer with what was acknowledged before.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use service_accounts_audit::{Action, Event, Label};
use service_accounts_postgres::{PostgresError, PostgresStore, Settings};
pub(crate) use service_accounts_private_postgres::{Server, runtime};
use service_accounts_store::{Authority, Change, Committed, Room, Store, Token, conformance::Subject};
use service_accounts_token::TokenId;
use time::UtcDateTime;

pub(crate) const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 4;
/// A machine at its limit wakes threads late.
const SLACK: Duration = Duration::from_secs(3);

/// A node with one account, by whose name the server knows its connections.
pub(crate) struct Node {
    pub(crate) subject: Subject<PostgresStore>,
    pub(crate) name: String,
    acknowledged: Mutex<Acknowledged>,
    good: AtomicUsize,
    failed: AtomicUsize,
}

/// Ends the load also where the attack fails; the workers would otherwise go on for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[derive(Default)]
struct Acknowledged {
    minted: BTreeSet<TokenId>,
    revoked: BTreeSet<TokenId>,
}

pub(crate) fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("node_{}", NEXT.fetch_add(1, SeqCst))
}

/// Settings with this text, in a schema of its own.
pub(crate) fn settings(text: &str, name: &str) -> Settings {
    let settings = Settings::parse(&format!("{text} application_name={name}")).unwrap();
    settings.schema(name).unwrap().connections(CONNECTIONS).deadline(DEADLINE)
}

pub(crate) fn connect(settings: Settings) -> Result<PostgresStore, PostgresError> {
    runtime().block_on(PostgresStore::connect(settings))
}

pub(crate) fn wait<T>(answer: impl Future<Output = T>) -> T {
    pollster::block_on(answer)
}

pub(crate) fn event(note: &str) -> Event {
    Event::new(Action::AccessGranted, Label::new(note), AT)
}

pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

impl Node {
    pub(crate) fn start(server: &Server) -> Self {
        let name = name();
        Self::with(settings(&server.text(), &name), name)
    }

    pub(crate) fn with(settings: Settings, name: String) -> Self {
        let subject = Subject::new(connect(settings).unwrap());
        let account = Box::new(Subject::<PostgresStore>::account("pipeline"));
        assert!(matches!(subject.commit(Change::CreateAccount { account, tokens: vec![] }), Committed::Applied(_)));
        let (acknowledged, good, failed) = (Mutex::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        Self { subject, name, acknowledged, good, failed }
    }

    pub(crate) fn store(&self) -> &PostgresStore {
        self.subject.writer()
    }

    /// Does this while the node is at work, then waits until it works again, and checks what was acknowledged.
    pub(crate) fn under_load(&self, attack: impl FnOnce()) {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            for worker in 0..6 {
                let (node, is_over) = (self, &is_over);
                scope.spawn(move || {
                    for round in 0.. {
                        if is_over.load(SeqCst) {
                            break;
                        }
                        node.work(worker, round);
                    }
                });
            }
            let _over = Over(&is_over);
            self.until_it_works(20);
            attack();
            self.until_it_works(20);
        });
        self.is_whole();
    }

    /// How many calls failed so far.
    pub(crate) fn failed(&self) -> usize {
        self.failed.load(SeqCst)
    }

    /// Waits for so many good answers from now on.
    pub(crate) fn until_it_works(&self, calls: usize) {
        let before = self.good.load(SeqCst);
        eventually("it works", || self.good.load(SeqCst) >= before + calls);
    }

    /// Every acknowledged change is there, each token has its event, and reads that begin now work.
    pub(crate) fn is_whole(&self) {
        self.read_all();
        let contents = self.subject.contents();
        let kept: BTreeSet<_> = contents.credentials.iter().map(|(token, _)| token.id.to_string()).collect();
        let minted = |one: &&service_accounts_audit::Recorded| one.event.action() == Action::TokenMinted;
        let with_event: BTreeSet<_> = contents
            .events
            .iter()
            .filter(minted)
            .filter_map(|one| one.event.token().map(ToString::to_string))
            .collect();
        assert_eq!(kept, with_event, "a token without its event, or an event without its token");
    }

    fn read_all(&self) {
        let minted = self.locked().minted.clone();
        assert!(!minted.is_empty(), "nothing was minted");
        for id in minted {
            let must_be_revoked = self.locked().revoked.contains(&id);
            let found = wait(self.store().credential(&id)).unwrap().expect("an acknowledged token is lost");
            assert!(!must_be_revoked || found.standing(AT).is_err(), "an acknowledged revocation is lost");
        }
    }

    fn work(&self, worker: usize, round: usize) {
        match (worker + round) % 4 {
            0 => self.mint(&format!("token-{worker}-{round}")),
            1 => self.revoke(),
            2 => self.read(),
            _ => drop(self.timed(self.store().append(&[event("x")]))),
        }
    }

    fn mint(&self, name: &str) {
        let account = Subject::<PostgresStore>::account("pipeline").id;
        let Some(found) = self.timed(self.store().account(&account)) else { return };
        let account_revision = found.expect("the account is told as absent").revision;
        // The process goes on where an earlier load ended.
        let name = format!("{name}-{}", self.good.load(SeqCst));
        let token = Box::new(self.subject.token(&account, &name));
        let id = token.id;
        let event = Event::new(Action::TokenMinted, Label::new("x"), AT).about_token(Label::new(id.as_str()));
        let minted = self.timed(self.store().commit(
            &Authority::Host,
            Change::Mint { token, account_revision, room: Room::Below(usize::MAX) },
            event,
        ));
        if let Some(Committed::Applied(_)) = minted {
            self.locked().minted.insert(id);
        }
    }

    fn revoke(&self) {
        let Some(id) = self.one(|known| known.minted.difference(&known.revoked).next().copied()) else { return };
        let Some(found) = self.timed(self.store().credential(&id)) else { return };
        let token: Token = found.expect("an acknowledged token is told as absent").token().clone();
        let change = Change::Revoke { token: id, account: token.account, account_revision: None, at: AT };
        if let Some(Committed::Applied(_)) = self.timed(self.store().commit(
            &Authority::Host,
            change,
            event("revoked").about_token(Label::new(id.as_str())),
        )) {
            self.locked().revoked.insert(id);
        }
    }

    fn read(&self) {
        let Some(id) = self.one(|known| known.minted.iter().next_back().copied()) else { return };
        let must_be_revoked = self.locked().revoked.contains(&id);
        let Some(found) = self.timed(self.store().credential(&id)) else { return };
        let found = found.expect("an acknowledged token is told as absent");
        assert!(!must_be_revoked || found.standing(AT).is_err(), "a revoked token is told as good");
    }

    /// The answer; none where the database failed, which it must say within the deadline.
    pub(crate) fn timed<T>(&self, call: impl Future<Output = Result<T, PostgresError>>) -> Option<T> {
        let start = Instant::now();
        let answer = wait(call);
        let took = start.elapsed();
        assert!(took < DEADLINE + SLACK, "{took:?}");
        let count = if answer.is_ok() { &self.good } else { &self.failed };
        count.fetch_add(1, SeqCst);
        match answer {
            Ok(answer) => Some(answer),
            Err(error @ (PostgresError::Corrupt { .. } | PostgresError::Encoding(_))) => panic!("{error:?}"),
            Err(_) => None,
        }
    }

    fn one(&self, of: impl Fn(&Acknowledged) -> Option<TokenId>) -> Option<TokenId> {
        of(&self.locked())
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Acknowledged> {
        self.acknowledged.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Connections of this node that the server has; not more than were agreed. One that the server has ended is listed for a moment after
    /// its client was told.
    pub(crate) fn open(&self, server: &Server) -> usize {
        let of = format!("FROM pg_stat_activity WHERE application_name = '{}'", self.name);
        let mut open = usize::MAX;
        eventually("no more connections than were agreed", || {
            open = server.ask(&server.text(), &format!("SELECT count(*) {of}")).parse().unwrap();
            open <= CONNECTIONS
        });
        open
    }

    /// Ends every process of the server that serves this node.
    pub(crate) fn terminate_all(&self, server: &Server) {
        let of = format!("FROM pg_stat_activity WHERE application_name = '{}'", self.name);
        server.sql(&format!("SELECT pg_terminate_backend(pid) {of}"));
    }
}
