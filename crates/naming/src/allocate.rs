//! From a name to an id that is nobody else's.
//!
//! The allocator never asks whether an id is free, because the answer would be stale before it is used. It claims,
//! and lets the registry's conditional insert decide: of many that want one id at once, one gets it.

use crate::{AccountId, Claim, DisplayName, IdRegistry, Realm, ReservedIds, SanitiseError};

/// The last number tried. Whoever has this many accounts of one name needs names, not numbers.
const LAST_NUMBER: u32 = 9_999;

/// What to do when a name's id is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnTaken {
    /// Refuse: the person chooses another name.
    #[default]
    Refuse,
    /// Number: `pipeline_automation_2`, `…_3`, until one is free.
    Number,
}

/// Gives names their ids, through a host's registry.
#[derive(Clone, Debug)]
pub struct Allocator<R> {
    registry: R,
    reserved: ReservedIds,
}

impl<R: IdRegistry> Allocator<R> {
    /// Allocates from a registry, with the default reserved ids.
    pub fn new(registry: R) -> Self {
        Self { registry, reserved: ReservedIds::default() }
    }

    /// Reserves these ids instead of the default ones.
    #[must_use]
    pub fn with_reserved(self, reserved: ReservedIds) -> Self {
        Self { reserved, ..self }
    }

    /// Claims the id of a name, or the next numbered one where `on_taken` says so.
    ///
    /// # Errors
    ///
    /// The name has no id, or one that is reserved; the id is taken; or the registry failed, and then an id may have
    /// been claimed.
    pub async fn allocate(
        &self,
        name: &DisplayName,
        realm: &Realm,
        on_taken: OnTaken,
    ) -> Result<AccountId, AllocateError<R::Error>> {
        self.allocate_id(AccountId::from_name(name, realm)?, on_taken).await
    }

    /// Claims an id that the host made itself, or the next numbered one where `on_taken` says so.
    ///
    /// # Errors
    ///
    /// As [`allocate`](Self::allocate).
    pub async fn allocate_id(&self, plain: AccountId, on_taken: OnTaken) -> Result<AccountId, AllocateError<R::Error>> {
        if self.reserved.contains(&plain) {
            return Err(AllocateError::Reserved);
        }
        if self.wins(&plain).await? {
            return Ok(plain);
        }
        match on_taken {
            OnTaken::Refuse => Err(AllocateError::Taken),
            OnTaken::Number => self.allocate_numbered(&plain).await,
        }
    }

    async fn allocate_numbered(&self, plain: &AccountId) -> Result<AccountId, AllocateError<R::Error>> {
        for n in 2..=LAST_NUMBER {
            let id = plain.numbered(n);
            if !self.reserved.contains(&id) && self.wins(&id).await? {
                return Ok(id);
            }
        }
        Err(AllocateError::Exhausted { last: LAST_NUMBER })
    }

    async fn wins(&self, id: &AccountId) -> Result<bool, AllocateError<R::Error>> {
        let claim = self.registry.claim(id).await.map_err(AllocateError::Registry)?;
        Ok(claim == Claim::Granted)
    }
}

/// Why a name got no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocateError<E> {
    /// The name makes no id.
    #[error(transparent)]
    Name(#[from] SanitiseError),
    /// The id is one that nobody may take.
    #[error("the id is reserved")]
    Reserved,
    /// Somebody has the id.
    #[error("the id is taken")]
    Taken,
    /// Every number up to the last is taken.
    #[error("the id is taken, with every number up to {last}")]
    Exhausted {
        /// The last number tried.
        last: u32,
    },
    /// The registry could not answer.
    #[error("the id registry failed")]
    Registry(#[source] E),
}
