//! What one authentication reads: a record with its account, and what was worked out from them.

mod record;

use std::{
    any::Any,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};

use service_accounts_access::{Catalogue, CatalogueId, Grants, Permission, UnknownName};
use time::UtcDateTime;

pub use self::record::{Class, Predecessor, Token};
use crate::{Account, LastUsed};

/// Everything one authentication needs, read in one step.
///
/// A credential never exists without its account: a store that finds the one without the other reports corruption.
/// Stores hand it out behind an [`Arc`], and as long as neither record changes they may hand out the same one again: it
/// remembers what its role and scopes amount to.
#[derive(Debug)]
pub struct Credential {
    /// The record itself; another state of it is another `Credential`.
    token: Token,
    account: Arc<Account>,
    /// What the first catalogue that asked made of role and scopes; the type of the host's permissions is not known
    /// here.
    grants: OnceLock<(CatalogueId, Arc<dyn Any + Send + Sync>)>,
    /// Set at most once: a change of either record makes a new `Credential`.
    clearance: OnceLock<Clearance>,
    noted: NotedUse,
}

/// What an authenticator found out about these very records, so that it need not find it out again.
///
/// It holds for one authenticator and until an instant; a change of either record makes another [`Credential`], which has
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clearance {
    /// Who found it out, by which rules; unique in the process.
    pub by: u32,
    /// What it found out, as that authenticator numbers it.
    pub what: u64,
    /// The first instant at which it no longer holds.
    pub until: UtcDateTime,
}

impl Clearance {
    /// Given by nobody, and over.
    pub(crate) const NONE: Self = Self { by: u32::MAX, what: 0, until: UtcDateTime::UNIX_EPOCH };
}

impl Credential {
    /// Joins a token with its account.
    #[must_use]
    pub const fn new(token: Token, account: Arc<Account>) -> Self {
        Self { token, account, grants: OnceLock::new(), clearance: OnceLock::new(), noted: NotedUse::none() }
    }

    /// The token, session or client secret.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// The account it belongs to.
    #[must_use]
    pub const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// What it may do by `catalogue`: the role, narrowed by the account's scopes and the token's, on its teams' resources.
    ///
    /// The first catalogue's answer is remembered; another catalogue is asked anew each time, until the record is read again.
    ///
    /// ```
    /// use service_accounts_access::presets::data_quality::{self, Permission};
    /// use service_accounts_store::Credential;
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let account = records::account();
    /// let credential = Credential::new(records::token(&account), account.into());
    /// let catalogue = data_quality::catalogue();
    /// assert!(credential.remembered_grants::<Permission>(catalogue.id()).is_none()); // nobody has asked yet
    /// let grants = credential.grants(&catalogue)?;
    /// assert!(grants.decide(Permission::ResultsRead, None).is_allow());
    /// assert!(credential.remembered_grants::<Permission>(catalogue.id()).is_some());
    /// # Ok::<(), service_accounts_access::UnknownName>(())
    /// ```
    ///
    /// # Errors
    /// The catalogue does not know the role or a scope any more; nothing may be allowed then.
    pub fn grants<P: Permission>(&self, catalogue: &Catalogue<P>) -> Result<Arc<Grants<P>>, UnknownName> {
        if let Some((known, grants)) = self.grants.get()
            && *known == catalogue.id()
            && let Ok(grants) = grants.clone().downcast()
        {
            return Ok(grants);
        }
        let grants = Arc::new(catalogue.holder(&self.account.grant, self.token.grant.scopes())?);
        // Another thread may have been first, perhaps with another catalogue; its answer may stay.
        let _ = self.grants.set((catalogue.id(), grants.clone()));
        Ok(grants)
    }

    /// The grants that were remembered by [`grants`](Self::grants), if they are of this type and this catalogue.
    ///
    /// It allocates nothing and asks no catalogue; `None` says only that [`grants`](Self::grants) must be asked.
    #[must_use]
    #[inline]
    pub fn remembered_grants<P: Permission>(&self, catalogue: CatalogueId) -> Option<&Grants<P>> {
        let (known, grants) = self.grants.get()?;
        if *known == catalogue { grants.downcast_ref() } else { None }
    }

    /// Remembers that nothing but the secret needs to be asked until an instant; the first clearance stays.
    ///
    /// Whoever clears has checked everything but the secret, found that no network binds the record or its account, and ends
    /// the clearance before the first of their dates.
    ///
    /// To ask everything anew costs a quarter of a request, and for a credential without networks the answer is the
    /// same until the first of its dates. Given up: of several authenticators on one store in one process only the
    /// first is spared.
    ///
    /// ```
    /// use service_accounts_store::{Clearance, Credential};
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let account = records::account();
    /// let credential = Credential::new(records::token(&account), account.into());
    /// credential.clear(Clearance { by: 7, what: 0, until: records::at(60) });
    /// assert!(credential.is_cleared(7, records::at(59)) && !credential.is_cleared(7, records::at(60)));
    /// assert!(!credential.is_cleared(8, records::at(0))); // somebody else asks anew
    /// ```
    pub fn clear(&self, clearance: Clearance) {
        let _ = self.clearance.set(clearance);
    }

    /// Whether `by` has cleared this credential for `now`.
    ///
    /// False also where nobody has cleared it yet: then everything is checked anew.
    #[must_use]
    #[inline]
    pub fn is_cleared(&self, by: u32, now: UtcDateTime) -> bool {
        self.clearance.get().is_some_and(|it| it.by == by && now < it.until)
    }

    /// Whether this use differs from the one noted last, in its second or its address; it is the one noted last then.
    ///
    /// So that who gathers last uses does so once a second for each address, and not once a request. Where two threads
    /// note at one time, both may be told that theirs differs. All who hold the record share the note: a use that is told to
    /// one of them is news to no other.
    ///
    /// ```
    /// use service_accounts_store::{Credential, LastUsed};
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let account = records::account();
    /// let credential = Credential::new(records::token(&account), account.into());
    /// let last = LastUsed { at: records::at(0), address: None };
    /// assert!(credential.note_use(last) && !credential.note_use(last));
    /// ```
    ///
    /// Given up: two words of memory beside each record.
    pub fn note_use(&self, last: LastUsed) -> bool {
        self.noted.is_news(last)
    }
}

/// The second and the address of a use.
///
/// They are not written in one step. At worst the address of one use stands beside the second of another, and within that
/// second one use too many is news, or one too few.
///
/// It is no record: a process that ends forgets it, and at most one use more is written.
#[derive(Debug)]
struct NotedUse {
    /// Seconds since 1970; before the first use, the earliest number.
    second: AtomicI64,
    /// The two halves of an IPv6 address.
    address: [AtomicU64; 2],
}

impl NotedUse {
    const fn none() -> Self {
        Self { second: AtomicI64::new(i64::MIN), address: [const { AtomicU64::new(0) }; 2] }
    }

    /// Whether this second or this address differs from those noted, which it replaces then.
    fn is_news(&self, last: LastUsed) -> bool {
        let (second, address) = (last.at.unix_timestamp(), halves(last.address));
        let noted = (self.second.load(Relaxed), self.address.each_ref().map(|half| half.load(Relaxed)));
        let is_news = noted != (second, address);
        if is_news {
            self.address.iter().zip(address).for_each(|(slot, half)| slot.store(half, Relaxed));
            self.second.store(second, Relaxed);
        }
        is_news
    }
}

/// An address as two numbers; an unknown one as the address that nobody has.
fn halves(address: Option<IpAddr>) -> [u64; 2] {
    let address = match address {
        None => Ipv6Addr::UNSPECIFIED,
        Some(IpAddr::V4(address)) => address.to_ipv6_mapped(),
        Some(IpAddr::V6(address)) => address,
    };
    let [a, b, c, d, e, f, g, h, low @ ..] = address.octets();
    [[a, b, c, d, e, f, g, h], low].map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(second: i64, address: Option<IpAddr>) -> LastUsed {
        LastUsed { at: UtcDateTime::from_unix_timestamp(second).unwrap(), address }
    }

    #[test]
    fn a_use_is_news_once_a_second_for_each_address() {
        let noted = NotedUse::none();
        let (here, there) = ("192.0.2.1".parse().ok(), "192.0.2.2".parse().ok());
        for (second, address, is_news) in [
            (7, None, true),
            (7, None, false),
            (7, here, true),
            (7, here, false),
            (7, there, true),
            (7, here, true),
            (8, here, true),
            (8, here, false),
            (8, None, true),
        ] {
            assert_eq!(noted.is_news(used(second, address)), is_news, "{second} {address:?}");
        }
    }

    #[test]
    fn addresses_that_differ_anywhere_are_told_apart() {
        let address = |bits: u128| Some(IpAddr::from(bits.to_be_bytes()));
        let base = 0x2001_0db8_0000_0001_0203_0405_0607_0809;
        let noted = NotedUse::none();
        for bit in 0..128 {
            assert!(noted.is_news(used(7, address(base))) && noted.is_news(used(7, address(base ^ 1 << bit))), "{bit}");
        }
    }
}
