//! Connections that stay open between calls.

use std::{
    mem::take,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_postgres::Client;

use crate::{PostgresError, Settings, classify::concerns_all, lineage::Lineages, link::Link, statements::Statement};

/// At most so many connections; those that nobody uses wait for the next call.
///
/// A connection is taken without a wait where one is free, and the last one used first: its server process has the rows
/// that are read most in its own memory.
pub(crate) struct Connections {
    settings: Settings,
    runtime: Handle,
    free: Semaphore,
    /// Places of changes, one fewer: while all of them wait for their turn, reads go on.
    changes: Arc<Semaphore>,
    idle: Mutex<Vec<Link>>,
    pub(crate) lineages: Arc<Lineages>,
    /// Held by each connection that is open.
    open: Arc<()>,
    given_back: Notify,
}

/// How long to wait before a server that gives no more connections is asked again.
const BETWEEN_OPENINGS: Duration = Duration::from_millis(100);

/// A connection and its place among those that may be open.
///
/// Where the caller leaves before its answer, the place stays taken until the server has answered, at most for another
/// deadline: closing would free it while the server still works, and a crowd that leaves early would then open more
/// connections than were agreed. A connection that has reported an error is closed, as it may be the server's state that is
/// wrong.
pub(crate) struct Lease {
    /// None while it is being opened, and when it was given back.
    link: Option<Link>,
    has_failed: AtomicBool,
    has_begun: AtomicBool,
    /// Taken by a change, for as long as the server may still work on it.
    place: Option<OwnedSemaphorePermit>,
    home: Arc<Connections>,
}

impl Connections {
    pub(crate) fn new(settings: Settings, runtime: Handle) -> Arc<Self> {
        // More than a semaphore can count would be more than a server can bear.
        let most = settings.connections.min(Semaphore::MAX_PERMITS);
        let (free, changes) = (Semaphore::new(most), Arc::new(Semaphore::new(most.saturating_sub(1).max(1))));
        let (idle, lineages, open, given_back) = (Mutex::default(), Arc::default(), Arc::default(), Notify::new());
        Arc::new(Self { settings, runtime, free, changes, idle, lineages, open, given_back })
    }

    /// A server that gives no more connections gave some: then this waits for one of those, and opens another if it can.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease, PostgresError> {
        loop {
            match self.tried().await {
                Err(PostgresError::TooManyConnections(_)) if Arc::strong_count(&self.open) > 1 => {
                    let _ = timeout(BETWEEN_OPENINGS, self.given_back.notified()).await;
                }
                answer => return answer,
            }
        }
    }

    /// As [`lease`](Self::lease), for a change.
    pub(crate) async fn lease_to_change(self: &Arc<Self>) -> Result<Lease, PostgresError> {
        let place = self.changes.clone().acquire_owned().await;
        let place = place.map_err(|error| PostgresError::Unavailable(Box::new(error)))?;
        let mut lease = self.lease().await?;
        lease.place = Some(place);
        Ok(lease)
    }

    async fn tried(self: &Arc<Self>) -> Result<Lease, PostgresError> {
        match self.free.try_acquire() {
            Ok(permit) => permit.forget(),
            Err(_) => self.free.acquire().await.map_err(|error| PostgresError::Unavailable(Box::new(error)))?.forget(),
        }
        // From here on the lease gives the place back, also when nobody waits for the connection any more.
        let lease = Lease::of(self.idle(), self);
        if lease.link.is_some() {
            return Ok(lease);
        }
        // On a task: a caller that leaves meanwhile leaves an open connection to the next, who would otherwise begin anew.
        let opened = self.runtime.spawn(lease.opened()).await;
        opened.unwrap_or_else(|error| Err(PostgresError::Unavailable(Box::new(error))))
    }

    /// Closes those that nobody uses: where one was lost they may be too, and each would cost a call a try, or its deadline.
    fn forget_idle(&self) {
        let idle = take(&mut *locked(&self.idle));
        drop(idle);
    }

    fn idle(&self) -> Option<Link> {
        let mut idle = locked(&self.idle);
        loop {
            let link = idle.pop()?;
            if !link.client().is_closed() && self.lineages.is_current(link.lineage()) {
                return Some(link);
            }
        }
    }
}

impl Lease {
    fn of(link: Option<Link>, home: &Arc<Connections>) -> Self {
        let [has_failed, has_begun] = [false; 2].map(AtomicBool::new);
        Self { link, has_failed, has_begun, place: None, home: home.clone() }
    }

    async fn opened(mut self) -> Result<Self, PostgresError> {
        let Connections { settings, lineages, open, .. } = &*self.home;
        let opening = Link::open(settings, lineages, open.clone());
        let opened = timeout(settings.deadline, opening).await.map_err(|_| PostgresError::TooSlow)?;
        self.link = Some(opened?);
        Ok(self)
    }

    pub(crate) fn client(&self) -> &Client {
        self.link().client()
    }

    #[expect(clippy::expect_used, reason = "only `give_back` empties it, and that consumes the lease")]
    fn link(&self) -> &Link {
        self.link.as_ref().expect("a lease holds its connection until its end")
    }

    pub(crate) async fn prepared(
        &self,
        statement: &Statement,
    ) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
        self.link().prepared(statement).await
    }

    /// From now on a transaction may be open, until the connection is given back.
    pub(crate) fn begins(&self) {
        self.has_begun.store(true, Relaxed);
    }

    /// Remembers that the connection answered with an error.
    pub(crate) fn noted<T>(&self, answer: Result<T, tokio_postgres::Error>) -> Result<T, tokio_postgres::Error> {
        if let Err(error) = &answer {
            self.has_failed.store(true, Relaxed);
            if concerns_all(error) {
                self.home.forget_idle();
            }
        }
        answer
    }

    pub(crate) fn is_unreplicated(&self) -> bool {
        self.link().is_unreplicated()
    }

    pub(crate) fn give_back(mut self) {
        // One that did not wait for a standby would say so of the next call too.
        let link = self.link.take().filter(|link| !link.is_unreplicated());
        locked(&self.home.idle).extend(link);
        self.home.given_back.notify_one();
    }

    /// Gives the connection back once everything that was sent is answered.
    async fn cleaned(self, has_begun: bool) {
        let cleaning = self.link().clean(self.home.settings.prepared, has_begun);
        match timeout(self.home.settings.deadline, cleaning).await {
            Ok(Ok(())) => self.give_back(),
            Ok(Err(_)) => {}
            // The network may be lost.
            Err(_) => self.home.forget_idle(),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self.link.take() {
            Some(link) if !*self.has_failed.get_mut() => {
                let mut rest = Self::of(Some(link), &self.home);
                rest.place = self.place.take();
                // Where it cannot be cleaned, it is closed.
                rest.has_failed.store(true, Relaxed);
                self.home.runtime.spawn(rest.cleaned(*self.has_begun.get_mut()));
            }
            link => {
                // Closed before its place is free, so that there are never more than there may be.
                drop(link);
                self.home.free.add_permits(1);
            }
        }
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
