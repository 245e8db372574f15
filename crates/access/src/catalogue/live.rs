//! The catalogue that is current, and how it is replaced while requests run.

#[cfg(feature = "std")]
extern crate std;

use alloc::sync::Arc;
#[cfg(feature = "std")]
use core::sync::atomic::{AtomicUsize, Ordering};
#[cfg(feature = "std")]
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "std")]
use crate::CatalogueId;
use crate::{Catalogue, Permission};

/// The port to wherever a host keeps its roles: it says which catalogue is current.
///
/// Ask once a request, and decide everything in that request by the answer: two questions may be answered by two
/// catalogues. A host whose roles never change passes its `Arc<Catalogue<P>>`; with `std`, a
/// [`LiveCatalogue`] is one that can be replaced; a host with a source of its own implements the one method, which must
/// not block.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use service_accounts_access::presets::data_quality::{Permission, catalogue};
/// use service_accounts_access::{Catalogue, RoleCatalogue};
///
/// struct FromConfiguration(Mutex<Arc<Catalogue<Permission>>>);
///
/// impl RoleCatalogue for FromConfiguration {
///     type Permission = Permission;
///
///     fn current(&self) -> Arc<Catalogue<Permission>> {
///         self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
///     }
/// }
///
/// let source = FromConfiguration(Mutex::new(Arc::new(catalogue())));
/// assert_eq!(source.current().roles().count(), 4);
/// ```
pub trait RoleCatalogue: Send + Sync {
    /// What the host guards.
    type Permission: Permission;

    /// The catalogue to decide by now.
    fn current(&self) -> Arc<Catalogue<Self::Permission>>;
}

impl<P: Permission> RoleCatalogue for Arc<Catalogue<P>> {
    type Permission = P;

    fn current(&self) -> Arc<Catalogue<P>> {
        self.clone()
    }
}

/// A catalogue that can be replaced while requests run.
///
/// Readers never wait, neither for each other nor for a replacement, and see one whole catalogue or the next. What was
/// resolved from an earlier one is told by its [`CatalogueId`](crate::CatalogueId).
///
/// ```
/// use service_accounts_access::presets::data_quality::{Permission, catalogue};
/// use service_accounts_access::{Catalogue, LiveCatalogue, RoleCatalogue};
///
/// let live = LiveCatalogue::new(catalogue());
/// let held = live.current();
/// let next = Catalogue::builder().role("Reader", "looks", [Permission::ResultsRead]).build()?;
/// assert_eq!(live.replace(next).id(), held.id());
/// assert_eq!(live.current().roles().count(), 1);
/// assert_eq!(held.roles().count(), 4);
/// # Ok::<(), service_accounts_access::CatalogueError>(())
/// ```
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct LiveCatalogue<P: Permission> {
    current: arc_swap::ArcSwap<Catalogue<P>>,
    /// The number of the current one, for who only compares; written last, so it names none that is not yet current.
    id: AtomicUsize,
    replacing: Mutex<()>,
}

#[cfg(feature = "std")]
impl<P: Permission> LiveCatalogue<P> {
    /// Starts with this catalogue.
    #[must_use]
    pub fn new(catalogue: Catalogue<P>) -> Self {
        let id = AtomicUsize::new(catalogue.id().number());
        Self { current: arc_swap::ArcSwap::from_pointee(catalogue), id, replacing: Mutex::new(()) }
    }

    /// Decides by another catalogue from now on, and returns the one before.
    pub fn replace(&self, next: Catalogue<P>) -> Arc<Catalogue<P>> {
        // One at a time: the number must not stay behind the catalogue.
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let id = next.id();
        let before = self.current.swap(Arc::new(next));
        self.id.store(id.number(), Ordering::Release);
        before
    }

    /// Looks into the current catalogue without taking a share in it, which is cheaper when many threads do.
    pub fn with<T>(&self, look: impl FnOnce(&Catalogue<P>) -> T) -> T {
        look(&self.current.load())
    }

    /// Which catalogue is current, in one load. Once [`replace`](Self::replace) has returned, nobody is told the one before.
    #[inline]
    pub fn id(&self) -> CatalogueId {
        CatalogueId::of(self.id.load(Ordering::Acquire))
    }
}

#[cfg(feature = "std")]
impl<P: Permission> RoleCatalogue for LiveCatalogue<P> {
    type Permission = P;

    fn current(&self) -> Arc<Catalogue<P>> {
        self.current.load_full()
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    extern crate std;

    use super::*;
    use crate::presets::data_quality::Permission as P;

    /// A catalogue with so many roles, and as many scopes.
    fn sized(size: usize) -> Catalogue<P> {
        let sizes = 0..size;
        let named = sizes.map(|at| alloc::format!("n{at}"));
        named
            .fold(Catalogue::builder(), |builder, name| builder.role(&name, "", []).scope(&name, "", []))
            .build()
            .unwrap()
    }

    #[test]
    fn readers_see_one_whole_catalogue_or_the_next() {
        let live = LiveCatalogue::new(sized(1));
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    for _ in 0..2_000 {
                        let (roles, scopes) = live.with(|one| (one.roles().count(), one.scopes().count()));
                        assert_eq!(roles, scopes);
                        let current = live.current();
                        assert_eq!(current.roles().count(), current.scopes().count());
                    }
                });
            }
            for round in 0..200 {
                live.replace(sized(round % 5 + 1));
            }
        });
        assert_eq!(live.current().roles().count(), 5);
    }

    #[test]
    fn the_number_is_that_of_the_current_catalogue_once_it_was_replaced() {
        let live = LiveCatalogue::new(sized(1));
        assert_eq!(live.id(), live.current().id());
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| (0..500).for_each(|_| drop(live.replace(sized(1)))));
            }
            let mut before = live.id();
            for _ in 0..500 {
                let next = sized(1);
                let id = next.id();
                live.replace(next);
                assert_ne!(live.id(), before, "a catalogue that was replaced before this call");
                before = id;
            }
        });
        assert_eq!(live.id(), live.current().id());
    }

    #[test]
    fn a_fixed_catalogue_stays_current() {
        let fixed = Arc::new(sized(1));
        assert_eq!(RoleCatalogue::current(&fixed).id(), fixed.id());
    }
}
