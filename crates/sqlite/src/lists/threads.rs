//! Long reads: on threads of their own, so that no request waits behind a list.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use futures_channel::oneshot;
use rusqlite::Connection;

use crate::{
    SqliteError,
    connection::{self, Role},
    reader::Shared,
};

/// How many long reads run at once. A slow one holds up none but the other's turn.
const THREADS: usize = 2;

/// While lists take every core, each works so long and then rests so long. The system gives a core to whoever wakes up only
/// when a list leaves it, or after some milliseconds. Between two of them lists have two thirds of one core.
const WORK: Duration = Duration::from_micros(250);
const REST: Duration = Duration::from_micros(500);

/// After how many steps of SQLite's machine a list looks at the time: some tens of microseconds.
const STEPS: i32 = 200;

/// How much lower than that of the process the priority of lists is: they get a tenth of a core that others want too.
#[cfg(target_os = "linux")]
const GIVING_WAY: i32 = 10;

/// How many may wait before more are refused.
const WAITING: usize = 1_024;

/// What pages of the file take in memory for each thread, in KiB.
const CACHE: i32 = 8_192;

type Job = Box<dyn FnOnce(&Connection, &Shared) + Send>;

/// Hands long reads to their threads.
pub(crate) struct Lists(SyncSender<Job>);

impl Lists {
    /// Starts the threads; they end when this is dropped.
    pub(crate) fn start(path: &Path, shared: &Arc<Shared>) -> Result<(Self, Vec<JoinHandle<()>>), SqliteError> {
        let (jobs, waiting) = mpsc::sync_channel::<Job>(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let busy = Arc::new(AtomicUsize::new(0));
        let threads = (0..THREADS).map(|_| {
            let mut connection = connection::open(path, Role::Reader { cache: CACHE })?;
            leave_cores(&mut connection, busy.clone())?;
            let (waiting, shared, busy) = (waiting.clone(), shared.clone(), busy.clone());
            let work = move || serve(connection, &waiting, &shared, &busy);
            thread::Builder::new().name("service-accounts-lists".into()).spawn(work).map_err(SqliteError::File)
        });
        Ok((Self(jobs), threads.collect::<Result<_, _>>()?))
    }

    /// Runs a read as soon as a thread is free; one whose caller has gone is left out.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, &Shared) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |connection: &Connection, shared: &Shared| {
            if !answer.is_canceled() {
                let looked = shared.watch.look().map_err(SqliteError::from);
                let read = looked.and_then(|_| read(connection, shared));
                let _ = answer.send(read);
            }
        });
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => SqliteError::Overloaded,
            TrySendError::Disconnected(_) => SqliteError::Closed,
        })?;
        answered.await.map_err(|_| SqliteError::Closed)?
    }
}

/// Has a connection rest while as many lists are `busy` as there are cores. It holds no lock of the process then.
fn leave_cores(connection: &mut Connection, busy: Arc<AtomicUsize>) -> Result<(), SqliteError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut began = Instant::now();
    let rest = move || {
        if began.elapsed() >= WORK && busy.load(Ordering::Relaxed) >= cores {
            thread::sleep(REST);
            began = Instant::now();
        }
        false
    };
    Ok(connection.progress_handler(STEPS, Some(rest))?)
}

/// Lets whoever answers a request have the core of the calling thread, on systems where a thread has a priority of its own.
#[cfg(target_os = "linux")]
fn give_way() {
    // Where it is forbidden, lists still rest.
    let _ = rustix::process::nice(GIVING_WAY);
}

#[cfg(not(target_os = "linux"))]
const fn give_way() {}

fn serve(connection: Connection, waiting: &Mutex<Receiver<Job>>, shared: &Shared, busy: &AtomicUsize) {
    give_way();
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return shared.watch.close(connection) };
        busy.fetch_add(1, Ordering::Relaxed);
        job(&connection, shared);
        busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use pollster::block_on;
    use rustix::process::getpriority_process;

    use super::*;
    use crate::{SqliteStore, reader::Readers};

    #[test]
    fn a_list_has_a_lower_priority_than_requests() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("accounts.db");
        let _store = SqliteStore::open(&path).unwrap();
        let readers = Readers::open(&path).unwrap();
        let (lists, _threads) = Lists::start(&path, readers.shared()).unwrap();
        let of_a_list = block_on(lists.run(|_, _| Ok(getpriority_process(None).unwrap()))).unwrap();
        let of_a_request = getpriority_process(None).unwrap();
        assert_eq!(of_a_list, of_a_request.saturating_add(GIVING_WAY).min(19));
    }
}
