//! The way of a good request whose credential was found good before, with nothing changed since.
//!
//! ```text
//! judged in full, and calm ──clear──▶ brief in the store ──recall──▶ principal
//!                                          ▲
//!            a change of token or account ─┘ forgets it
//! ```
//!
//! Calm is a credential that has one answer for every request until an instant. The store keeps that instant beside the tag,
//! with a number of ours for whose it is and what it may do. A request then reads plain values, and writes nothing that
//! other requests write too. Whatever is not as it should be goes the other way, through the whole record.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{CatalogueId, Grants, Permission};
use service_accounts_naming::CompactAccountId;
use service_accounts_store::{Clearance, Credential, LastUsed, Store, Usage};
use service_accounts_token::{Presented, Tag};
use time::UtcDateTime;

use crate::{
    Principal,
    clock::instant,
    core::{Core, holders::Holder},
    principal::Known,
};

impl<S: Store, P: Permission> Core<S, P> {
    /// Lets a request in by what was found out before; none where the record must be asked.
    ///
    /// The MAC was made before, and nothing here depends on the secret but the comparison of tags, which has no early
    /// end.
    #[inline(always)]
    pub(super) fn recall(
        &self,
        presented: &Presented<'_>,
        signed: &Tag,
        address: &Option<IpAddr>,
        second: i64,
    ) -> Option<Principal<P>> {
        let core = self.id?;
        let token = presented.id();
        let brief = self.store.brief(&token)?;
        let told = brief.read()?;
        // Nothing that was told is looked at before the secret has been found right.
        if told.tag != *signed {
            return None;
        }
        let short = u32::try_from(second).ok()?;
        if short >= told.until || told.by != self.clears_by(self.rules.catalogue.id())? {
            return None;
        }
        let holder = self.holders.get(told.what)?;
        if !self.journal.repeats(&token, *address, second) {
            return None;
        }
        if brief.note_use(short, *address) {
            self.journal.keep_use(Usage { token, last: LastUsed { at: instant(second), address: *address } });
        }
        Some(Principal::known(Known::new(core, holder, token, short, *address)))
    }

    /// Remembers that this credential is calm until then.
    ///
    /// The store drops it where the record is another by now, so a clearance never outlives a change.
    pub(super) fn clear(
        &self,
        found: &Arc<Credential>,
        grants: &Grants<P>,
        catalogue: CatalogueId,
        until: UtcDateTime,
    ) {
        // Two hosts on one store may clear by two catalogues; a credential remembers the grants of one.
        let is_remembered = found.remembered_grants::<P>(catalogue).is_some();
        let Some(by) = self.clears_by(catalogue).filter(|_| is_remembered) else { return };
        let account = CompactAccountId::new(&found.account().id);
        let holder = account.map(|account| Holder { account, permissions: grants.permissions() });
        let what = holder.and_then(|holder| self.holders.number(holder)).unwrap_or(u32::MAX);
        self.store.clear(found, Clearance { by, what, until });
    }

    /// What tells clearances of this core by this catalogue from all others in the process.
    ///
    /// Another core, or another catalogue, has another number and asks anew.
    #[inline]
    pub(super) fn clears_by(&self, catalogue: CatalogueId) -> Option<u64> {
        let (core, catalogue) = (self.id?.get(), u32::try_from(catalogue.number()).ok()?);
        // The last core has none: what was cleared by nobody is marked so.
        (core != u32::MAX).then_some(u64::from(core) << 32 | u64::from(catalogue))
    }
}
