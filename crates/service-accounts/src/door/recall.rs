//! The way of a good request whose credential was found good before, with nothing changed since.
//!
//! ```text
//! judged in full, and calm ──clear──▶ brief in the store ──recall──▶ principal
//!                                          ▲
//!            a change of token or account ─┘ forgets it
//! ```
//!
//! Calm is a credential that has one answer for every request until an instant. The store keeps that instant beside the tag,
//! with the token's checksum and a number of ours for whose it is and what it may do. A request then reads plain values, and
//! writes nothing that other requests write too. The checksum is compared and not computed, because a text with the tag and the
//! checksum of a token that was good is that token. Whatever is not as it should be goes the other way, through the
//! whole record.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{CatalogueId, Grants, Permission};
use service_accounts_naming::CompactAccountId;
use service_accounts_store::{Clearance, Credential, LastUsed, Store, Usage};
use service_accounts_token::{Outline, Tag};
use time::UtcDateTime;

use crate::{
    Principal,
    clock::instant,
    core::{
        Core,
        holders::{Holder, Holders},
    },
    door::judge::Presentation,
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
        shown: &Outline<'_>,
        signed: &Tag,
        address: &Option<IpAddr>,
        second: i64,
    ) -> Option<Principal<P>> {
        let core = self.id?;
        let token = shown.id();
        let brief = self.store.brief(&token)?;
        let told = brief.read()?;
        // Nothing that was told is looked at before the secret has been found right.
        if told.tag != *signed {
            return None;
        }
        let short = u32::try_from(second).ok()?;
        if short >= told.until || told.by != self.clearer.known(self.rules.catalogue.id())? {
            return None;
        }
        let (holder, checksum) = apart(told.what);
        if checksum != shown.checksum() {
            return None;
        }
        let holder = self.holders.get(holder)?;
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
        shown: &Presentation<'_>,
        found: &Arc<Credential>,
        (grants, catalogue): (&Grants<P>, CatalogueId),
        until: UtcDateTime,
    ) {
        // Two hosts on one store may clear by two catalogues; a credential remembers the grants of one.
        let is_remembered = found.remembered_grants::<P>(catalogue).is_some();
        // Of a catalogue that was replaced meanwhile nothing is asked any more.
        if !is_remembered || catalogue != self.rules.catalogue.id() {
            return;
        }
        let Some(by) = self.clearer.number(catalogue) else { return };
        // Nobody is recalled from a store that does not answer at once.
        let number = if self.store.answers_at_once() { self.number(found, grants) } else { None };
        let what = together(number.unwrap_or(Holders::<P>::NOBODY), shown.presented.outline().checksum());
        self.store.clear(found, Clearance { by, what, until });
    }

    fn number(&self, found: &Credential, grants: &Grants<P>) -> Option<u16> {
        let account = CompactAccountId::new(&found.account().id)?;
        self.holders.number(Holder { account, permissions: grants.permissions() })
    }
}

/// What a clearance says, as one number: of whom, and how the token's text ends.
const fn together(holder: u16, checksum: [u8; 6]) -> u64 {
    let ([a, b], [c, d, e, f, g, h]) = (holder.to_be_bytes(), checksum);
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[inline]
const fn apart(what: u64) -> (u16, [u8; 6]) {
    let [a, b, c, d, e, f, g, h] = what.to_be_bytes();
    (u16::from_be_bytes([a, b]), [c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use service_accounts_access::presets::data_quality::{self, Permission};
    use service_accounts_audit::{Event, Page, Query, Sequence};
    use service_accounts_lifecycle::Environment;
    use service_accounts_naming::{AccountId, DisplayName, Realm, TokenName};
    use service_accounts_store::{
        Account, AccountFilter, Authority, Change, Committed, Cursor, Document, DocumentId, DocumentKind, Listed,
        MemoryStore, Owner, Paged, Purpose, Sighting,
    };
    use service_accounts_token::{Keyring, Kind, Pepper, PepperId, TokenId, Vendor};

    use super::*;
    use crate::{Actor, NewAccount, NewToken, ServiceAccounts};

    /// Whether it answers at once.
    struct Reached(MemoryStore, bool);

    macro_rules! reached {
        ($($variant:ident $call:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
            impl Store for Reached {
                type Error = <MemoryStore as Store>::Error;

                fn answers_at_once(&self) -> bool {
                    self.1
                }

                $(async fn $call(&self, $($argument: $type),*) -> Result<$answer, Self::Error> {
                    self.0.$call($($argument),*).await
                })+
            }
        };
    }

    service_accounts_store::__port_calls!(reached);

    /// How many numbers a token's two requests take.
    fn numbers(answers_at_once: bool) -> usize {
        let (vendor, pepper) = (Vendor::parse("acme").unwrap(), Pepper::from_bytes([7; 32]));
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), pepper);
        let store = Reached(MemoryStore::new(), answers_at_once);
        let manage = Permission::ServiceAccountsManage;
        let accounts = ServiceAccounts::builder(store, vendor, keyring, data_quality::catalogue(), manage).build();
        let (name, owner) = (DisplayName::parse("Pipeline").unwrap(), Owner::parse("ada").unwrap());
        let wanted = NewAccount::new(name, Purpose::parse("loads at night").unwrap(), owner, Environment::production());
        pollster::block_on(async {
            let wanted = NewAccount { first_token: Some(NewToken::new(TokenName::parse("first").unwrap())), ..wanted };
            let created = accounts.acting(&Actor::host("ada")).create(wanted).await.unwrap();
            let text = created.first_token.unwrap().secret;
            for _ in 0..2 {
                accounts.authenticate(text.expose(), None).await.unwrap();
            }
        });
        (0..u16::MAX).filter(|number| accounts.core.holders.get(*number).is_some()).count()
    }

    #[test]
    fn a_store_over_a_network_takes_no_room_for_what_nobody_recalls() {
        assert_eq!([true, false].map(numbers), [1, 0]);
    }
}
