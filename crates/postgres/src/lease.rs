//! A connection that goes back to the pool only on request.

use deadpool_postgres::{ClientWrapper, Object};

/// A connection that is closed when it is dropped, unless it is given back.
///
/// So the server rolls back at once whatever was not committed.
pub(crate) struct Lease(Option<Object>);

impl Lease {
    pub(crate) const fn new(object: Object) -> Self {
        Self(Some(object))
    }

    #[expect(clippy::expect_used, reason = "only `give_back` empties it, and that consumes the lease")]
    pub(crate) fn object(&self) -> &ClientWrapper {
        self.0.as_ref().expect("a lease holds its connection until its end")
    }

    pub(crate) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}
