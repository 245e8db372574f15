//! On Postgres, with a million tokens and a server that waits for its disk: ours beside the plain statements on a connection
//! of the same kind. Calls take turns, so that a machine that drifts drifts for both; a 99th percentile is told beside each
//! median.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use service_accounts::{
    AccessEvents, ServiceAccounts,
    access::presets::data_quality::{self, Permission},
    audit::{Action, Event, Label},
    postgres::{PostgresStore, Settings},
    store::{Account, Authority, Change, Committed, MemoryStore, Room, Store, Token},
    token::Kind,
};
use service_accounts_private_postgres::Server;
use time::UtcDateTime;
use tokio::runtime::Builder;
use tokio_postgres::{Client, NoTls, Row, Statement};

use super::{MANY, Shuffled, keyring, token, vendor};

const ROUNDS: usize = 4_000;
const TIMES: usize = ROUNDS + ROUNDS / 10;
/// The longest a statement may take, on both sides: a timeout costs the server a timer.
const DEADLINE: Duration = Duration::from_secs(60);

pub fn run() {
    let Some(server) = on_a_core_of_its_own(Server::start_durable) else { return };
    let url = server.database();
    let connect = || PostgresStore::connect(Settings::parse(&url).expect("a URL").deadline(DEADLINE));
    let filling = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let texts = super::fill(&filling.block_on(connect()).expect("a store"), MANY);
    server.ask(&url, "VACUUM ANALYZE");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let accounts = super::open(connect().await.expect("a store"), AccessEvents::Off);
        let raw = Raw::connect(&url).await;
        reads(&accounts, &raw, &texts).await;
        mints(accounts.store(), &raw).await;
    });
}

/// Client and server on a core each, as on a machine each.
///
/// On one core a round trip costs hardly more than its statement; where the system moves both about, single figures vary by half.
/// `taskset -c 0` keeps both on one.
fn on_a_core_of_its_own<T>(start: impl FnOnce() -> T) -> T {
    let cores = sched_getaffinity(None).expect("the cores of this process");
    if cores.count() < 2 {
        println!("note\tclient and server share one core");
        return start();
    }
    // Whatever is started meanwhile stays on its core.
    let [server, client] = [1, 0].map(|place| (0..CpuSet::MAX_CPU).filter(|core| cores.is_set(*core)).nth(place));
    move_to(server.expect("two cores"));
    let started = start();
    move_to(client.expect("a core"));
    started
}

fn move_to(core: usize) {
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only).expect("a core of this process");
}

async fn reads(accounts: &ServiceAccounts<PostgresStore, Permission>, raw: &Raw, texts: &[String]) {
    // Half the list apart, or each row would be read by us first, and by the other once it has come into memory.
    let (mut ours, mut theirs) = (Shuffled::new(texts), Shuffled::new(texts).from_the_middle());
    let all = async || drop(black_box(accounts.authenticate(ours.next(), None).await.expect("accepted")));
    let plain = async || drop(raw.read(theirs.next()).await);
    print(&format!("authenticate, Postgres, {MANY} rows"), 1.1, side_by_side(all, plain).await);
    needed(accounts, raw, texts).await;
    let hot = &texts[MANY / 2];
    let all = async || drop(black_box(accounts.authenticate(hot, None).await.expect("accepted")));
    let plain = async || drop(raw.read(hot).await);
    print("authenticate, Postgres, hot", 1.1, side_by_side(all, plain).await);
}

/// What nobody could do without: the plain read, the token's record taken apart, and authenticating in memory.
async fn needed(accounts: &ServiceAccounts<PostgresStore, Permission>, raw: &Raw, texts: &[String]) {
    let memory = MemoryStore::new();
    let hot = super::fill(&memory, 1_000).swap_remove(500);
    let memory = super::open(Arc::new(memory), AccessEvents::Off);
    let (mut ours, mut theirs) = (Shuffled::new(texts), Shuffled::new(texts).from_the_middle());
    let all = async || drop(black_box(accounts.authenticate(ours.next(), None).await.expect("accepted")));
    let needed = async || {
        let row = raw.read(theirs.next()).await;
        black_box(serde_json::from_str::<Token>(row.get(1)).expect("a token"));
        super::authenticate(&memory, &hot);
    };
    let name =
        format!("authenticate, Postgres, {MANY} rows, beside a plain read, decoded, and authenticating in memory");
    print(&name, 1.1, side_by_side(all, needed).await);
}

async fn mints(store: &PostgresStore, raw: &Raw) {
    let accounts = without_tokens(store).await;
    // Half of the accounts apart, as the reads are; and timed from where it is known what to write.
    let account = |number: usize| &*accounts[number % accounts.len()];
    let random = &mut ChaCha8Rng::seed_from_u64(9);
    let mut changes: Vec<_> = (0..2 * TIMES).map(|number| change(account(number), number, random)).collect();
    let apart = accounts.len() / 2;
    let mut news: Vec<_> = (0..2 * TIMES).map(|number| New::of(account(number + apart), number, random)).collect();
    let mut ours = async || {
        let (change, event) = changes.pop().expect("as many as are timed");
        let committed = store.commit(&Authority::Host, change, event).await.expect("a store");
        assert!(matches!(committed, Committed::Applied(_)));
    };
    let mut next = || news.pop().expect("as many as are timed");
    print("mint with its event, Postgres", 1.11, side_by_side(&mut ours, async || raw.mint(&next()).await).await);
    let plain = async || raw.mint_of(&next()).await;
    print("mint with its event, Postgres, beside one that reads what it needs", 1.11, side_by_side(ours, plain).await);
}

/// So many that each gets nine tokens here, as accounts have: a mint counts them.
async fn without_tokens(store: &PostgresStore) -> Vec<Arc<Account>> {
    let (catalogue, mut accounts) = (data_quality::catalogue(), Vec::new());
    for number in 0..1_000 {
        let account = super::account(MANY + number, &catalogue);
        let id = account.id.clone();
        let change = Change::CreateAccount { account: Box::new(account), tokens: Vec::new() };
        let event = Event::new(Action::AccountCreated, Label::new("peers"), UtcDateTime::UNIX_EPOCH);
        let committed = store.commit(&Authority::Host, change, event).await.expect("a store");
        assert!(matches!(committed, Committed::Applied(_)));
        accounts.push(store.account(&id).await.expect("a store").expect("the account"));
    }
    accounts
}

fn change(account: &Account, number: usize, random: &mut ChaCha8Rng) -> (Change, Event) {
    let minted = keyring().mint(&vendor(), Kind::Token, random).expect("a token");
    let token = Box::new(token(account, 10_000 + number, &minted));
    let event = Event::new(Action::TokenMinted, Label::new("peers"), UtcDateTime::UNIX_EPOCH)
        .about_account(Label::new(account.id.as_str()))
        .about_token(Label::new(token.id.as_str()));
    (Change::Mint { token, account_revision: account.revision, room: Room::Below(1_000) }, event)
}

/// A token of the plain side, whose id comes in no order and of the same letters as ours: each lands on another page of the index, which
/// the log then has whole.
struct New<'a> {
    account: &'a str,
    id: String,
    name: String,
}

impl<'a> New<'a> {
    fn of(account: &'a Account, number: usize, random: &mut ChaCha8Rng) -> Self {
        let minted = keyring().mint(&vendor(), Kind::Token, random).expect("a token");
        Self { account: account.id.as_str(), id: minted.token.id().as_str().to_owned(), name: format!("raw-{number}") }
    }
}

/// The statements that nobody could do without, over a connection of their own.
struct Raw {
    client: Client,
    read: Statement,
    turn: Statement,
    needs: Statement,
    token: Statement,
    event: Statement,
}

impl Raw {
    async fn connect(url: &str) -> Self {
        let mut config: tokio_postgres::Config = url.parse().expect("a URL");
        let timeout = DEADLINE.as_millis();
        config.options(format!("-c statement_timeout={timeout} -c idle_in_transaction_session_timeout={timeout}"));
        let (client, connection) = config.connect(NoTls).await.expect("a connection");
        tokio::spawn(connection);
        let prepare = async |text: &str| client.prepare(text).await.expect("a statement");
        // The columns and the join that the store needs: a token without its account is corrupt, and not absent.
        let read = "SELECT token.revision, token.record, account.revision, account.record
            FROM service_accounts.token AS token LEFT JOIN service_accounts.account AS account ON account.id = token.account
            WHERE token.id = $1";
        let turn = "UPDATE service_accounts.turn SET last = last + 1 RETURNING last";
        // Rows as ours: as long, in the same tables, under the same indexes.
        let token = "INSERT INTO service_accounts.token
                (id, account, realm, kind, name, expires_at, next_due, pepper, revision, record)
            VALUES ($1, $4, 'service', 'sat', $5, 253402300799, 12884901885 + $2, 'k1', $2, $3)";
        let event = "INSERT INTO service_accounts.event (sequence, at, action, actor, account, token, record)
            VALUES ($1, 0, 'token.minted', 'peers', $2, $3, $4)";
        let needs = "SELECT account.id, account.revision, account.record, token.id, token.revision, token.record,
                (SELECT id FROM service_accounts.token WHERE account = $1 AND name = $3),
                (SELECT count(*) FROM (
                    SELECT FROM service_accounts.token WHERE account = $1 AND kind = 'sat' LIMIT 1000) AS counted)
            FROM (SELECT 1) AS one LEFT JOIN service_accounts.account AS account ON account.id = $1
                LEFT JOIN service_accounts.token AS token ON token.id = $2";
        let (read, turn, needs) = (prepare(read).await, prepare(turn).await, prepare(needs).await);
        let (token, event) = (prepare(token).await, prepare(event).await);
        Self { client, read, turn, needs, token, event }
    }

    /// The id stands behind `peer_sat_`.
    async fn read(&self, text: &str) -> Row {
        let row = self.client.query_one(&self.read, &[&&text[9..25]]).await.expect("a row");
        black_box((
            row.get::<_, i64>(0),
            row.get::<_, &str>(1).len(),
            row.get::<_, i64>(2),
            row.get::<_, &str>(3).len(),
        ));
        row
    }

    async fn mint(&self, new: &New<'_>) {
        self.client.batch_execute("BEGIN").await.expect("a transaction");
        self.write(new).await;
    }

    /// The same, but nothing is assumed: that the account is there, and that its token's id and name are not.
    async fn mint_of(&self, new: &New<'_>) {
        self.client.batch_execute("BEGIN").await.expect("a transaction");
        let New { account, id, name } = new;
        black_box(self.client.query_one(&self.needs, &[account, id, name]).await.expect("a row"));
        self.write(new).await;
    }

    async fn write(&self, New { account, id, name }: &New<'_>) {
        let [token, event] = [397, 108].map(|length| "x".repeat(length));
        let place: i64 = self.client.query_one(&self.turn, &[]).await.expect("a row").get(0);
        self.client.execute(&self.token, &[id, &place, &token, account, name]).await.expect("a row");
        self.client.execute(&self.event, &[&place, account, id, &event]).await.expect("a row");
        self.client.batch_execute("COMMIT").await.expect("a commit");
    }
}

/// Median and 99th percentile in microseconds.
type Timed = [f64; 2];

async fn side_by_side(mut ours: impl AsyncFnMut(), mut plain: impl AsyncFnMut()) -> [Timed; 2] {
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..TIMES {
        let start = Instant::now();
        ours().await;
        let of_ours = start.elapsed();
        let start = Instant::now();
        plain().await;
        if round >= TIMES - ROUNDS {
            samples[0].push(of_ours.as_secs_f64() * 1e6);
            samples[1].push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    samples.map(|mut samples| {
        samples.sort_by(f64::total_cmp);
        [samples[ROUNDS / 2], samples[ROUNDS * 99 / 100]]
    })
}

fn print(case: &str, goal: f64, [ours, plain]: [Timed; 2]) {
    let ratio = ours[0] / plain[0];
    let verdict = if ratio <= goal { "ok" } else { "short" };
    println!(
        "ratio\t{case}\t{:.1} µs (p99 {:.1})\tplain\t{:.1} µs (p99 {:.1})\t{ratio:.3}\t≤ {goal}\t{verdict}",
        ours[0], ours[1], plain[0], plain[1],
    );
}
