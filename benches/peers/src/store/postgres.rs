//! On Postgres, with a million tokens and a server that waits for its disk: ours beside the plain statements on a connection
//! of the same kind. Calls take turns, so that a machine that drifts drifts for both; a 99th percentile is told beside each
//! median.

use std::{
    cell::Cell,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
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
/// The longest a statement may take, on both sides: a timeout costs the server a timer.
const DEADLINE: Duration = Duration::from_secs(60);

pub fn run() {
    let Some(server) = Server::start_durable() else { return };
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
    let account = |number: u64| &*accounts[number as usize % accounts.len()];
    let (count, minted) = (Cell::new(0), Cell::new(0));
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut ours = async || {
        minted.set(minted.get() + 1);
        mint(store, account(minted.get()), 10_000 + minted.get() as usize, &mut random).await;
    };
    let plain = async || {
        count.set(count.get() + 1);
        raw.mint(account(count.get()).id.as_str(), count.get()).await;
    };
    print("mint with its event, Postgres", 1.11, side_by_side(&mut ours, plain).await);
    let plain = async || {
        count.set(count.get() + 1);
        raw.mint_of(account(count.get()).id.as_str(), count.get()).await;
    };
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

async fn mint(store: &PostgresStore, account: &Account, place: usize, random: &mut ChaCha8Rng) {
    let minted = keyring().mint(&vendor(), Kind::Token, random).expect("a token");
    let token = Box::new(token(account, place, &minted));
    let id = Label::new(token.id.as_str());
    let change = Change::Mint { token, account_revision: account.revision, room: Room::Below(1_000) };
    let event = Event::new(Action::TokenMinted, Label::new("peers"), UtcDateTime::UNIX_EPOCH)
        .about_account(Label::new(account.id.as_str()))
        .about_token(id);
    let committed = store.commit(&Authority::Host, change, event).await.expect("a store");
    assert!(matches!(committed, Committed::Applied(_)));
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
            VALUES ($1, $4, 'service', 'sat', $5, 253402300799, NULL, 'k1', $2, $3)";
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

    async fn mint(&self, account: &str, number: u64) {
        self.client.batch_execute("BEGIN").await.expect("a transaction");
        self.write(account, number).await;
    }

    /// The same, but nothing is assumed: that the account is there, and that its token's id and name are not.
    async fn mint_of(&self, account: &str, number: u64) {
        self.client.batch_execute("BEGIN").await.expect("a transaction");
        let (id, name) = names(number);
        black_box(self.client.query_one(&self.needs, &[&account, &id, &name]).await.expect("a row"));
        self.write(account, number).await;
    }

    async fn write(&self, account: &str, number: u64) {
        let ((id, name), record) = (names(number), "x".repeat(600));
        let place: i64 = self.client.query_one(&self.turn, &[]).await.expect("a row").get(0);
        let event = "x".repeat(250);
        self.client.execute(&self.token, &[&id, &place, &record, &account, &name]).await.expect("a row");
        self.client.execute(&self.event, &[&place, &account, &id, &event]).await.expect("a row");
        self.client.batch_execute("COMMIT").await.expect("a commit");
    }
}

/// Ids in no order, as ours: each lands on another page of the index, which the log then has whole.
fn names(number: u64) -> (String, String) {
    (format!("{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)), format!("raw-{number}"))
}

/// Median and 99th percentile in microseconds.
type Timed = [f64; 2];

async fn side_by_side(mut ours: impl AsyncFnMut(), mut plain: impl AsyncFnMut()) -> [Timed; 2] {
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS + ROUNDS / 10 {
        let start = Instant::now();
        ours().await;
        let of_ours = start.elapsed();
        let start = Instant::now();
        plain().await;
        if round >= ROUNDS / 10 {
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
