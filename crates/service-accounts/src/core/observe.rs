//! Who is told of changes as this process makes them.
//!
//! There is one list, fixed when the host builds. `tracing` is told first, under the target
//! `service_accounts::change`, and then each observer in the order in which it was added.
//!
//! Nothing but the caller's answer waits for an observer, since a host's counters must not decide whether an account
//! exists. To tell of a change whose call was dropped would need a queue that outlives the call, and the trail is that
//! queue.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use service_accounts_audit::{Action, Event};

/// Is told of each change that this process has made, such as a host's metrics; for [`Builder::observe`](crate::Builder::observe).
///
/// Closures are observers too.
///
/// It is told after the change is in the store, so it can neither refuse nor undo it; a panic is logged and goes no
/// further. Only the answer to the caller waits for it: return at once, and hand longer work to a queue.
///
/// It is told at most once, and not of everything: a call whose future is dropped may have made its change and tells
/// nobody, and other processes tell their own observers. What must not be missed is read from the trail, or subscribed to.
/// Accesses are no changes; [`tracing`] has each of them under the target `service_accounts::access`.
///
/// ```
/// use service_accounts::{ChangeObserver, audit::Event};
///
/// struct Metrics;
///
/// impl ChangeObserver for Metrics {
///     fn changed(&self, event: &Event) {
///         println!("change={}", event.action());
///     }
/// }
/// ```
pub trait ChangeObserver: Send + Sync + 'static {
    /// A change was made, and this is its event.
    fn changed(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync + 'static> ChangeObserver for F {
    fn changed(&self, event: &Event) {
        self(event);
    }
}

macro_rules! traced {
    ($level:ident, $event:ident) => {
        tracing::$level!(
            target: "service_accounts::change",
            actor = $event.actor().as_str(),
            account = $event.account().map(AsRef::<str>::as_ref),
            token = $event.token().map(AsRef::<str>::as_ref),
            token_name = $event.token_name().map(AsRef::<str>::as_ref),
            address = $event.address().map(tracing::field::display),
            reason = $event.reason().map(AsRef::<str>::as_ref),
            "{}",
            $event.action(),
        )
    };
}

/// All who are told.
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<dyn ChangeObserver>>);

impl Observers {
    pub(crate) fn add(&mut self, observer: impl ChangeObserver) {
        self.0.push(Arc::new(observer));
    }

    /// Whether anybody wants to be told.
    pub(crate) fn is_any(&self) -> bool {
        !self.0.is_empty() || tracing::enabled!(target: "service_accounts::change", tracing::Level::INFO)
    }

    pub(crate) fn tell(&self, event: &Event) {
        trace(event);
        for observer in &self.0 {
            if catch_unwind(AssertUnwindSafe(|| observer.changed(event))).is_err() {
                tracing::error!(target: "service_accounts::change", "an observer of changes panicked; the change is made");
            }
        }
    }
}

/// Documents are this crate's own notes as well, such as what detectors know, once a minute: they are told more softly.
fn trace(event: &Event) {
    match event.action() {
        Action::DocumentPut | Action::DocumentRemoved => traced!(debug, event),
        _ => traced!(info, event),
    }
}
