//! The port to whatever keeps the ids of a host.

use alloc::boxed::Box;
use core::{future::Future, pin::Pin};

use crate::AccountId;

/// Keeps ids; the final word on whether one is free.
///
/// `claim` must be one atomic step, an insert that does nothing where the id exists: that ids are unique when many
/// ask at once rests on it alone. A host that stores an account in the same step as its id lets the implementing type
/// carry the rest of the record.
pub trait IdRegistry {
    /// Why the storage failed.
    type Error;

    /// Takes the id if nobody has it.
    ///
    /// # Errors
    ///
    /// The storage failed; that an id is taken is an answer, not an error.
    fn claim(&self, id: &AccountId) -> impl Future<Output = Result<Claim, Self::Error>> + Send;
}

/// What a registry answers to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The id was free and is the claimant's now.
    Granted,
    /// Somebody has the id, or has had it and it may not be used again.
    Taken,
}

impl<R: IdRegistry + ?Sized> IdRegistry for &R {
    type Error = R::Error;

    fn claim(&self, id: &AccountId) -> impl Future<Output = Result<Claim, R::Error>> + Send {
        R::claim(self, id)
    }
}

/// [`IdRegistry`] with boxed futures, for a registry chosen at run time.
///
/// Every registry is one, and `dyn DynIdRegistry<E>` is a registry again.
pub trait DynIdRegistry<E> {
    /// As [`IdRegistry::claim`].
    ///
    /// # Errors
    ///
    /// As [`IdRegistry::claim`].
    fn claim_boxed<'a>(&'a self, id: &'a AccountId) -> BoxedClaim<'a, E>;
}

/// The answer of a [`DynIdRegistry`], under way.
pub type BoxedClaim<'a, E> = Pin<Box<dyn Future<Output = Result<Claim, E>> + Send + 'a>>;

impl<R: IdRegistry> DynIdRegistry<R::Error> for R {
    fn claim_boxed<'a>(&'a self, id: &'a AccountId) -> BoxedClaim<'a, R::Error> {
        Box::pin(self.claim(id))
    }
}

impl<E> IdRegistry for dyn DynIdRegistry<E> + Send + Sync + '_ {
    type Error = E;

    async fn claim(&self, id: &AccountId) -> Result<Claim, E> {
        self.claim_boxed(id).await
    }
}
