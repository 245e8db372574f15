//! Who is calling, once the credential has been accepted.

mod known;
mod read;

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{Decision, Grants, Permission, TeamName};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Credential, Token};
use service_accounts_token::TokenId;
use time::UtcDateTime;

pub(crate) use self::{
    known::Known,
    read::{Read, Rights},
};
use crate::Actor;

/// An authenticated service account: which, with which token, and what it may do right now.
///
/// It is made of plain values. Of a store that answers at once, its records are only looked up when they are first asked
/// for, and are then those of that moment.
///
/// What is known from then and what is looked up now:
///
/// | asked | answer |
/// |---|---|
/// | [`id`](Self::id), [`token_id`](Self::token_id), [`address`](Self::address), a permission on nobody's things | as it came in |
/// | [`account`](Self::account), [`token`](Self::token), [`grants`](Self::grants), a permission on a team's things | by the records when they are first asked for |
///
/// A request lasts moments, so the two seldom differ. Where it matters, act through [`actor`](Self::actor): each change
/// reads the rights again.
#[derive(Clone, Debug)]
pub struct Principal<P: Permission>(Source<P>);

/// Where a principal has from what it knows of itself.
#[derive(Clone, Debug)]
enum Source<P: Permission> {
    Read(Read<P>),
    Known(Known<P>),
}

/// What a principal may do whose records are gone, or do not remember after all.
const fn nothing<P: Permission>() -> &'static Grants<P> {
    const { &Grants::nothing() }
}

impl<P: Permission> Principal<P> {
    pub(crate) const fn read(read: Read<P>) -> Self {
        Self(Source::Read(read))
    }

    #[inline(always)]
    pub(crate) const fn known(known: Known<P>) -> Self {
        Self(Source::Known(known))
    }

    /// The account's id.
    #[must_use]
    pub fn id(&self) -> &AccountId {
        match &self.0 {
            Source::Read(read) => &read.credential.account().id,
            Source::Known(known) => known.id(),
        }
    }

    /// The id of the token or session it came with.
    #[must_use]
    pub fn token_id(&self) -> &TokenId {
        match &self.0 {
            Source::Read(read) => &read.credential.token().id,
            Source::Known(known) => known.token(),
        }
    }

    /// The account; `None` if it has been deleted since.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// let principal = accounts.authenticate(&text, None).await?;
    /// assert_eq!(principal.account().map(|account| account.name.as_str()), Some("Pipeline"));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.credential().map(|credential| credential.account().as_ref())
    }

    /// The token or session it came with; `None` if it has been deleted since.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, token, text, .. }| {
    /// let principal = accounts.authenticate(&text, None).await?;
    /// assert_eq!(principal.token().map(|found| found.id), Some(token));
    /// assert_eq!(*principal.token_id(), token); // is known without a look at the record
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.credential().map(|credential| credential.token())
    }

    /// The records it came in by, or those of now; none if they have been deleted since.
    pub(crate) fn credential(&self) -> Option<&Arc<Credential>> {
        match &self.0 {
            Source::Read(read) => Some(&read.credential),
            Source::Known(known) => known.record(),
        }
    }

    /// What it may do: its role, narrowed by the account's scopes and the token's, on its teams' resources.
    ///
    /// Nothing at all where the token has been deleted since.
    #[must_use]
    pub fn grants(&self) -> &Grants<P> {
        match &self.0 {
            Source::Read(read) => read.grants(),
            Source::Known(known) => known.grants(),
        }
        .unwrap_or(nothing())
    }

    /// The client address, if it was known.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match &self.0 {
            Source::Read(read) => read.address,
            Source::Known(known) => known.address(),
        }
    }

    /// When the token should have been replaced, once that time has come.
    ///
    /// The face tells the client in a header of the answer.
    #[must_use]
    pub const fn rotate_after(&self) -> Option<UtcDateTime> {
        match &self.0 {
            Source::Read(read) => read.rotate_after,
            // Nobody is cleared past that time.
            Source::Known(_) => None,
        }
    }

    /// When it was judged.
    pub(crate) fn at(&self) -> UtcDateTime {
        match &self.0 {
            Source::Read(read) => read.at,
            Source::Known(known) => known.at(),
        }
    }

    /// Whether it may, on something that belongs to `team` or to nobody, and if not why.
    ///
    /// [`ServiceAccounts::authorize`](crate::ServiceAccounts::authorize) asks the same and records a refusal.
    ///
    /// ```
    /// use service_accounts::access::presets::data_quality::Permission;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, text, .. }| {
    /// let principal = accounts.authenticate(&text, None).await?;
    /// assert!(principal.decide(Permission::ResultsRead, None).is_allow());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn decide(&self, permission: P, team: Option<&TeamName>) -> Decision {
        match &self.0 {
            Source::Known(known) => known.decide(permission, team),
            Source::Read(_) => self.grants().decide(permission, team),
        }
    }

    /// This account as one who asks for changes.
    ///
    /// One whose token has been deleted since may nothing. What it may do is worked out in each call by the catalogue of that moment, and the store reads its rights again
    /// inside each change, so rights lost meanwhile are lost.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, id, text, .. }| {
    /// // What an account may do to itself: read its own record.
    /// let itself = accounts.authenticate(&text, None).await?.actor();
    /// let read = accounts.acting(&itself).account(&id).read().await;
    /// assert!(read.is_err()); // its role does not hold the permission to manage
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn actor(&self) -> Actor<P> {
        match self.credential() {
            Some(credential) => Actor::showing(credential.clone(), self.address()),
            None => Actor::host_with(self.id().as_str(), Grants::nothing()),
        }
    }
}
