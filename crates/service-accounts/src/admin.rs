//! Somebody acts: one file a noun.
//!
//! Each call asks the table of [`Call`](crate::Call) with the actor's present rights, and names in its commit the
//! records it was judged by. So an administrator who loses a right in the middle loses the call.

mod account;
mod approval;
mod catalogue;
mod change;
mod contain;
mod create;
mod gains;
#[cfg(feature = "import")]
mod import;
mod incident;
mod incidents;
mod insight;
mod leak;
mod list;
mod look;
mod new_account;
mod new_subscription;
mod new_token;
mod note;
mod observation;
mod peppers;
mod plan;
mod policies;
pub(crate) mod reviews;
mod rotation;
mod sessions;
mod steering;
mod subscriptions;
mod token;
mod tokens;
mod traffic;
mod trail;
mod update;
mod widening;

use std::fmt;

use service_accounts_access::Permission;
use service_accounts_naming::AccountId;
use service_accounts_store::Store;
use service_accounts_token::TokenId;

#[cfg(feature = "import")]
pub use self::import::{
    ImportError, ImportFile, ImportFileError, ImportOptions, ImportPreview, ImportProblem, ImportRow, Imported,
    ImportedAccount, Tried,
};
pub use self::{
    account::AccountHandle,
    contain::Successor,
    gains::{Gain, UpdatedToken},
    incident::{Contained, ContainedAccount, Incident, IncidentNote},
    insight::{AccountAdvice, DryRun, DryRunResult},
    leak::{LeakReport, LeakedToken},
    new_account::{CreatedAccount, NewAccount},
    new_subscription::NewSubscription,
    new_token::{MintedToken, NewToken, RegeneratedSecret},
    note::{Note, NoteError},
    observation::Observation,
    peppers::PepperCensus,
    plan::TokenKey,
    policies::{KeptPolicy, Policies, PolicyObjection, PolicyTrial, PolicyVersion},
    reviews::{OpenedReview, ReviewKey, ReviewKeyError, ReviewPack, ReviewRows, ReviewScope, Reviews},
    rotation::{RotateToken, RotatedToken, Served},
    steering::TokenRotation,
    subscriptions::{CreatedSubscription, Subscriptions},
    token::TokenHandle,
    trail::{ExportForm, TrailExport, TrailHandle},
    update::{AccountUpdate, Expiry, UpdatedAccount},
};
use crate::{
    Actor, Error, Unavailable,
    core::{Core, asker::Asker, authority::Call},
};

/// Administration on somebody's word: what [`ServiceAccounts::acting`](crate::ServiceAccounts::acting) returns.
///
/// It borrows and copies; make one where it is needed. The handles it returns read nothing until they are called.
///
/// # What holds for every call
///
/// - Who may: each method names its rule, a row of the table [`Call`](crate::Call). It is asked with the catalogue of
///   this moment, and again inside the commit, on the actor's own records and on the revisions that were read.
/// - Errors that any call may answer, and that no method repeats: [`NotPermitted`](Error::NotPermitted),
///   [`Grant`](Error::Grant) and [`OwnAccount`](Error::OwnAccount) from the rule,
///   [`AuthorityLost`](Error::AuthorityLost) where the actor lost the right meanwhile, and
///   [`Unavailable`](Error::Unavailable) where the store failed. A change also answers [`Conflict`](Error::Conflict)
///   once it has lost eight races in a row.
/// - What another change does: a call that loses a race reads and judges again. The answer shows what was written.
/// - A future may be dropped at any await. The change is then made whole, with its event, or not at all.
/// - The trail: each change is one event, with the actor's name and address. Reading leaves none. A refusal is
///   noted as `permission.denied` with the actor and the call's name, coalesced like accesses.
/// - Pages hold at most `limit` items, and `limit` is 1 or more. A page may be short, even empty, and still name a
///   `next`: pass it as `after`, until there is none.
pub struct Acting<'a, S, P: Permission> {
    pub(crate) core: &'a Core<S, P>,
    pub(crate) actor: &'a Actor<P>,
}

impl<'a, S, P: Permission> Acting<'a, S, P> {
    /// On this actor's word.
    pub(crate) const fn new(core: &'a Core<S, P>, actor: &'a Actor<P>) -> Self {
        Self { core, actor }
    }

    /// What the actor holds by the catalogue of this moment; what it refuses is noted.
    ///
    /// A call that loads it twice would be judged by two catalogues where one was replaced in between.
    pub(crate) fn asker(&self) -> Asker<'a, P> {
        Asker::new(self.actor, &self.core.rules).noting(&self.core.journal, self.core.now())
    }

    /// Whether the actor may make a call that is about no account.
    pub(crate) fn may(&self, call: Call) -> Result<(), Error> {
        self.asker().may(call)
    }
}

impl<'a, S: Store + 'static, P: Permission> Acting<'a, S, P> {
    /// Whether the actor may make a call that is about no account, by its records as they stand now.
    ///
    /// For what goes on for long after its first look: a change asks at its commit, and a read is over soon.
    pub(crate) async fn still_may(&self, call: Call) -> Result<(), Error> {
        let Some(shown) = self.actor.credential() else { return self.may(call) };
        let found = self.core.store.credential(&shown.token().id).await.map_err(Unavailable::new)?;
        let found = found.filter(|found| found.account().id == shown.account().id);
        let working = found.filter(|found| found.standing(self.core.now()).is_ok()).ok_or(Error::AuthorityLost)?;
        let actor = Actor::showing(working, self.actor.address());
        Acting { core: self.core, actor: &actor }.may(call)
    }

    /// One account, and what can be done to it.
    ///
    /// It reads nothing yet: whether there is such an account, each call on the handle says.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let account = accounts.acting(&ada).account(&id).read().await?;
    /// assert_eq!(account.id, id);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn account(self, id: &'a AccountId) -> AccountHandle<'a, S, P> {
        AccountHandle { acting: self, id }
    }

    /// One token of an account, and what can be done to it.
    ///
    /// `token` is the public id, never the text. It reads nothing yet.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, .. }| {
    /// let found = accounts.acting(&ada).token(&id, &token).read().await?;
    /// assert_eq!(found.token().id, token);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn token(self, account: &'a AccountId, token: &'a TokenId) -> TokenHandle<'a, S, P> {
        TokenHandle { acting: self, account, token }
    }
}

impl<S, P: Permission> Clone for Acting<'_, S, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, P: Permission> Copy for Acting<'_, S, P> {}

impl<S, P: Permission> fmt::Debug for Acting<'_, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acting").field("actor", self.actor.name()).finish_non_exhaustive()
    }
}
