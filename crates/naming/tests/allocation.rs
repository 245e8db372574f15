//! Laws of allocation, against a host's table in memory that knows one conditional insert.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{
        Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use proptest::prelude::*;
use service_accounts_naming::{
    AccountId, AllocateError, Allocator, Claim, DisplayName, DynIdRegistry, IdRegistry, LocalPart, OnTaken, Realm,
    ReservedIds, SanitiseError,
};

/// A host's table of ids; its mutex makes `claim` the one atomic step that a database's insert is.
#[derive(Default)]
struct Table {
    ids: Mutex<BTreeSet<AccountId>>,
    claims: AtomicUsize,
}

impl Table {
    fn holding(ids: impl IntoIterator<Item = AccountId>) -> Self {
        Self { ids: Mutex::new(ids.into_iter().collect()), ..Self::default() }
    }
}

impl IdRegistry for Table {
    type Error = Infallible;

    async fn claim(&self, id: &AccountId) -> Result<Claim, Infallible> {
        self.claims.fetch_add(1, Ordering::Relaxed);
        let fresh = self.ids.lock().unwrap().insert(id.clone());
        Ok(if fresh { Claim::Granted } else { Claim::Taken })
    }
}

/// A registry whose storage is down.
struct Down;

impl IdRegistry for Down {
    type Error = std::io::Error;

    async fn claim(&self, _: &AccountId) -> Result<Claim, std::io::Error> {
        Err(std::io::Error::other("the disk is gone"))
    }
}

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

fn id(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

fn allocate<R: IdRegistry>(registry: R, text: &str, on_taken: OnTaken) -> Result<AccountId, AllocateError<R::Error>> {
    pollster::block_on(Allocator::new(registry).allocate(&name(text), &Realm::default(), on_taken))
}

#[test]
fn a_free_id_is_allocated_and_a_taken_one_refused() {
    let table = Table::default();
    assert_eq!(allocate(&table, "Pipeline Automation", OnTaken::default()), Ok(id("pipeline_automation@service")));
    assert_eq!(allocate(&table, "pipeline  automation!", OnTaken::Refuse), Err(AllocateError::Taken));
}

#[test]
fn a_taken_id_is_numbered_from_two_where_the_host_asks() {
    let table = Table::holding([id("worker_pool@service"), id("worker_pool_3@service")]);
    assert_eq!(allocate(&table, "Worker Pool", OnTaken::Number), Ok(id("worker_pool_2@service")));
    assert_eq!(allocate(&table, "Worker Pool", OnTaken::Number), Ok(id("worker_pool_4@service")));
}

#[test]
fn one_name_is_free_in_another_realm() {
    let table = Table::holding([id("worker_pool@service")]);
    let allocator = Allocator::new(&table);
    let other = Realm::parse("acme").unwrap();
    let allocated = pollster::block_on(allocator.allocate(&name("Worker Pool"), &other, OnTaken::Refuse));
    assert_eq!(allocated, Ok(id("worker_pool@acme")));
}

#[test]
fn a_reserved_id_never_reaches_the_registry() {
    let table = Table::default();
    assert_eq!(allocate(&table, "R O O T", OnTaken::Number), Err(AllocateError::Reserved));
    assert_eq!(allocate(&table, "\u{30c6}", OnTaken::Number), Err(AllocateError::Name(SanitiseError::Empty)));
    assert_eq!(table.claims.load(Ordering::Relaxed), 0);
}

#[test]
fn a_reserved_number_is_passed_over() {
    let table = Table::holding([id("worker@service")]);
    let mut reserved = ReservedIds::none();
    reserved.add(LocalPart::parse("worker_2").unwrap());
    let allocator = Allocator::new(&table).with_reserved(reserved);
    let allocated = pollster::block_on(allocator.allocate(&name("worker"), &Realm::default(), OnTaken::Number));
    assert_eq!(allocated, Ok(id("worker_3@service")));
    let root = pollster::block_on(allocator.allocate(&name("root"), &Realm::default(), OnTaken::Number));
    assert_eq!(root, Ok(id("root@service")));
}

#[test]
fn numbering_ends_at_the_last_number() {
    let plain = id("worker@service");
    let table = Table::holding((2..=9_998).map(|n| plain.numbered(n)).chain([plain.clone()]));
    assert_eq!(allocate(&table, "worker", OnTaken::Number), Ok(id("worker_9999@service")));
    assert_eq!(allocate(&table, "worker", OnTaken::Number), Err(AllocateError::Exhausted { last: 9_999 }));
}

#[test]
fn a_registry_that_fails_allocates_nothing() {
    let error = allocate(Down, "worker", OnTaken::Number).unwrap_err();
    assert_eq!(error.to_string(), "the id registry failed");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is gone");
}

#[test]
fn a_registry_chosen_at_run_time_allocates_alike() {
    let table: Box<dyn DynIdRegistry<Infallible> + Send + Sync> = Box::new(Table::default());
    assert_eq!(allocate(&*table, "worker pool", OnTaken::Refuse), Ok(id("worker_pool@service")));
    assert_eq!(allocate(&*table, "worker pool", OnTaken::Refuse), Err(AllocateError::Taken));
}

#[test]
fn an_allocation_may_move_between_threads() {
    let table: Box<dyn DynIdRegistry<Infallible> + Send + Sync> = Box::new(Table::default());
    let allocator = Allocator::new(&*table);
    let (name, realm) = (name("worker pool"), Realm::default());
    let under_way = allocator.allocate(&name, &realm, OnTaken::Refuse);
    let allocated = thread::scope(|scope| scope.spawn(|| pollster::block_on(under_way)).join().unwrap());
    assert_eq!(allocated, Ok(id("worker_pool@service")));
}

const THREADS: usize = 8;
const EACH: usize = 25;

/// Lets eight threads allocate one name as often as they can, all at once.
fn race(table: &Table, on_taken: OnTaken) -> Vec<Result<AccountId, AllocateError<Infallible>>> {
    let start = Barrier::new(THREADS);
    let racer = || {
        start.wait();
        (0..EACH).map(|_| allocate(table, "Pipeline Automation", on_taken)).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let racers: Vec<_> = (0..THREADS).map(|_| scope.spawn(racer)).collect();
        racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
    })
}

#[test]
fn of_eight_threads_racing_for_one_name_one_wins() {
    for _ in 0..50 {
        let won = race(&Table::default(), OnTaken::Refuse).into_iter().filter(Result::is_ok).count();
        assert_eq!(won, 1);
    }
}

#[test]
fn eight_threads_racing_for_one_name_get_as_many_ids_without_a_gap() {
    for _ in 0..10 {
        let table = Table::default();
        let ids: BTreeSet<_> = race(&table, OnTaken::Number).into_iter().map(Result::unwrap).collect();
        let plain = id("pipeline_automation@service");
        let expected: BTreeSet<_> = (2..=200).map(|n| plain.numbered(n)).chain([plain.clone()]).collect();
        assert_eq!(ids, expected);
        assert_eq!(*table.ids.lock().unwrap(), ids);
    }
}

proptest! {
    /// Whatever is taken already, and however names collide, no id is ever given out twice.
    #[test]
    fn an_allocated_id_was_free(
        taken in proptest::collection::btree_set("[ab](_[2-5])?", 0..8),
        names in proptest::collection::vec("[ABab] ?[2-5!]?", 1..12),
    ) {
        let taken = taken.iter().map(|local| id(&format!("{local}@service")));
        let table = Table::holding(taken);
        for name in names {
            let before = table.ids.lock().unwrap().clone();
            let allocated = allocate(&table, &name, OnTaken::Number).unwrap();
            prop_assert!(!before.contains(&allocated));
            prop_assert!(table.ids.lock().unwrap().contains(&allocated));
        }
    }
}
