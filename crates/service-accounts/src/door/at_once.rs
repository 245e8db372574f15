//! The way of a request that waits for nothing: no future is made, nothing is boxed, and no record is cloned.
//!
//! What is judged here is judged as [`door`](super) says, by the same functions. Only the checksum comes after the MAC, whether the
//! id is known or not, because a token that is [remembered](super::recall) needs none.

use std::net::IpAddr;

use service_accounts_access::Permission;
use service_accounts_store::Store;
use service_accounts_token::Tag;
use time::UtcDateTime;

use super::{
    is_first_use,
    judge::{Entry, Presentation},
};
use crate::{
    AuthenticateError, Principal, ServiceAccounts, Unavailable,
    clock::instant,
    core::{
        Core,
        journal::{Outcome, Shown},
        resolve::ready,
    },
};

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// As [`authenticate`](Self::authenticate), where that needs no wait; for middleware that then boxes and moves nothing.
    ///
    /// `None` where it would wait, and nothing has happened then: call `authenticate`. A good request waits on a store that
    /// does not answer at once, for the first use of a rotation's successor, for a record that moves to the current pepper,
    /// while access events must be written first, and always with [`AccessEvents::Strict`](crate::AccessEvents::Strict).
    ///
    /// ```
    /// # use service_accounts::{ServiceAccounts, access::presets::data_quality::{self, Permission}, store::MemoryStore};
    /// # use service_accounts::token::{Keyring, Pepper, PepperId, Vendor};
    /// # let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
    /// # let accounts = ServiceAccounts::builder(MemoryStore::new(), Vendor::parse("acme").unwrap(), keyring,
    /// #     data_quality::catalogue(), Permission::ServiceAccountsManage).build();
    /// # pollster::block_on(async {
    /// let judged = match accounts.authenticate_at_once("acme_sat_…", None) {
    ///     Some(judged) => judged,
    ///     None => accounts.authenticate("acme_sat_…", None).await,
    /// };
    /// assert!(judged.is_err());
    /// # });
    /// ```
    #[must_use]
    pub fn authenticate_at_once(
        &self,
        text: &str,
        address: Option<IpAddr>,
    ) -> Option<Result<Principal<P>, AuthenticateError>> {
        self.core.admit_at_once(text, address)
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// A good bearer credential, or a text that names no verified one; `None` where [`admit`](Self::admit) must judge.
    ///
    /// Inlined, and the address is handed on where it lies: each time that small fields are copied as wide ones, the
    /// processor waits until they have been written, and that was a tenth of the whole.
    #[inline(always)]
    pub(super) fn admit_at_once(
        &self,
        text: &str,
        address: Option<IpAddr>,
    ) -> Option<Result<Principal<P>, AuthenticateError>> {
        if !self.store.answers_at_once() || self.journal.has_to_wait() {
            return None;
        }
        let canonical;
        let address = match address {
            Some(IpAddr::V6(v6)) => {
                canonical = Some(v6.to_canonical());
                &canonical
            }
            _ => &address,
        };
        let second = self.clock.second();
        let outline = match self.outline(text, Entry::Bearer) {
            Ok(outline) => outline,
            Err(rejection) => return Some(Err(self.refuse(*address, rejection, None, instant(second)))),
        };
        let signed = self.issuer.keyring.sign(&outline);
        if let Some(principal) = self.recall(&outline, &signed, address, second) {
            return Some(Ok(principal));
        }
        self.admit_by_record(text, signed, *address, instant(second))
    }

    /// The same by the record, for a credential that is not remembered as good.
    #[inline(never)]
    fn admit_by_record(
        &self,
        text: &str,
        signed: Tag,
        address: Option<IpAddr>,
        now: UtcDateTime,
    ) -> Option<Result<Principal<P>, AuthenticateError>> {
        let shown = match self.parse(text, Entry::Bearer) {
            Ok(presented) => Presentation { presented, signed },
            Err(rejection) => return Some(Err(self.refuse(address, rejection, None, now))),
        };
        let found = match ready(self.store.credential(&shown.presented.id()))? {
            Ok(found) => found,
            Err(error) => return Some(Err(Unavailable::new(error).into())),
        };
        match (self.judge(&shown, found.as_ref(), Entry::Bearer, address, now), found) {
            (Ok(accepted), Some(credential)) if accepted.rehash.is_none() && !is_first_use(credential.token()) => {
                let access = Shown { credential: &credential, address, at: now, outcome: Outcome::Granted };
                self.journal.note(access);
                Some(Ok(self.marked(credential, accepted, address, now)))
            }
            (Err(rejection), found) if !rejection.is_of_verified() => {
                let claimed = found.as_ref().map(|found| found.token().id);
                Some(Err(self.refuse(address, rejection, claimed.as_ref(), now)))
            }
            _ => None,
        }
    }
}
