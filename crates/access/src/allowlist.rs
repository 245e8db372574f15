//! The networks a holder may come from.
//!
//! A list is kept as the sorted, disjoint ranges its networks come to, one family beside the other. One range costs two
//! comparisons; among more, an index of equal slots says where to look, and mostly answers itself. Tries were tried and
//! were slower at nearly every size.

mod bits;
mod cover;
mod index;
mod range;
mod ranges;
mod reading;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

use crate::Network;
use ranges::Ranges;

pub use reading::{AllowlistError, BoundedAllowlistError};

/// The networks a holder may come from, or no restriction.
///
/// A list is what it admits: it is canonical, so overlapping and adjacent networks merge, and two lists that admit the
/// same addresses are equal. A clone shares the list.
///
/// ```
/// use service_accounts_access::Allowlist;
///
/// let list = Allowlist::parse_all(["10.0.0.0/25", "10.0.0.128/25", "2001:db8::7"])?;
/// assert_eq!(list.to_string(), "10.0.0.0/24, 2001:db8::7");
/// assert!(list.contains("10.0.0.200".parse()?));
/// assert!(list.contains("::ffff:10.0.0.200".parse()?));
/// assert!(!list.contains("10.0.1.0".parse()?));
///
/// let slip = Allowlist::parse_all(["10.0.0.0/8", "010.0.0.1"]).unwrap_err();
/// assert_eq!(slip.to_string(), "entry 2: an octet has a leading zero, write it without");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// An empty list means no restriction. To block every address, disable the account. In serde a list is a list of at most
/// 1,000 texts; `null` is refused.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Allowlist(Option<Arc<Families>>);

#[derive(PartialEq, Eq)]
struct Families {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
}

impl Allowlist {
    /// No restriction: any address may come.
    #[must_use]
    pub const fn any() -> Self {
        Self(None)
    }

    /// Whether any address may come.
    #[must_use]
    pub const fn is_unrestricted(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this address may come, however it is spelt.
    #[inline]
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let Some(families) = &self.0 else { return true };
        match address {
            IpAddr::V4(v4) => families.v4.contains(v4.to_bits()),
            IpAddr::V6(v6) => families.contains_v6(v6.to_bits()),
        }
    }

    /// Whether the other list admits every address that this one admits.
    #[must_use]
    pub fn is_subset_of(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (_, None) => true,
            (None, Some(other)) => other.v4.is_full() && other.v6.is_full(),
            (Some(these), Some(other)) => these.v4.is_subset(&other.v4) && these.v6.is_subset(&other.v6),
        }
    }

    /// How many bytes of the heap the list takes, which its clones share; for a cache that is bounded in bytes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let of = |families: &Arc<Families>| {
            size_of::<Families>().saturating_add(families.v4.heap_bytes()).saturating_add(families.v6.heap_bytes())
        };
        self.0.as_ref().map_or(0, of)
    }

    /// The fewest networks that come to this list, in order, IPv4 first; none if there is no restriction.
    pub fn networks(&self) -> impl Iterator<Item = Network> {
        self.0.iter().flat_map(|families| families.v4.networks().chain(families.v6.networks()))
    }
}

impl Families {
    /// Out of line, so that a question about IPv4 is short enough to be answered without a call; and asked with the
    /// number, which is passed in registers where the address would go through memory.
    #[inline(never)]
    fn contains_v6(&self, bits: u128) -> bool {
        match Ipv6Addr::from_bits(bits).to_canonical() {
            IpAddr::V4(v4) => self.v4.contains(v4.to_bits()),
            IpAddr::V6(v6) => self.v6.contains(v6.to_bits()),
        }
    }
}

impl FromIterator<Network> for Allowlist {
    /// No networks mean no restriction.
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        let (v4, v6): (Vec<_>, Vec<_>) = networks.into_iter().partition(|network| network.address().is_ipv4());
        if v4.is_empty() && v6.is_empty() {
            return Self::any();
        }
        Self(Some(Arc::new(Families { v4: v4.into_iter().collect(), v6: v6.into_iter().collect() })))
    }
}

impl fmt::Display for Allowlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unrestricted() {
            return f.write_str("any");
        }
        for (at, network) in self.networks().enumerate() {
            write!(f, "{}{network}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Allowlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Allowlist({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn list(text: &str) -> Allowlist {
        Allowlist::parse_all(text.split_whitespace()).unwrap()
    }

    fn admits(text: &str, address: &str) -> bool {
        list(text).contains(address.parse().unwrap())
    }

    #[test]
    fn an_empty_list_admits_everyone() {
        assert_eq!(list(""), Allowlist::any());
        assert!(list("").is_unrestricted() && !list("::1").is_unrestricted());
        assert!(admits("", "10.0.0.1") && admits("", "::1"));
        assert_eq!((list("").to_string(), list("").networks().count()), ("any".into(), 0));
        assert_eq!(Allowlist::default(), Allowlist::any());
    }

    #[test]
    fn a_list_knows_how_many_bytes_it_takes() {
        let single = list("10.0.0.1").heap_bytes();
        let entries: Vec<_> = (0..1_000_u32).map(|n| core::net::Ipv4Addr::from_bits(n * 7_919).to_string()).collect();
        let thousand = Allowlist::parse_all(entries.iter().map(|entry| &**entry)).unwrap().heap_bytes();
        assert_eq!(Allowlist::any().heap_bytes(), 0);
        assert!((100..500).contains(&single), "{single}");
        assert!((8_000 + 1_000 * 16..200_000).contains(&thousand), "{thousand}");
    }

    #[test]
    fn a_list_of_one_family_admits_nobody_of_the_other() {
        assert!(!admits("0.0.0.0/0", "::1") && !admits("::/0", "10.0.0.1") && !admits("::/0", "::ffff:10.0.0.1"));
        assert!(admits("0.0.0.0/0", "::ffff:10.0.0.1"));
    }

    #[test]
    fn a_list_ends_where_its_networks_end() {
        for text in ["10.0.0.0/8", "10.0.0.0/8 30.0.0.0/8"] {
            for (address, expected) in
                [("9.255.255.255", false), ("10.0.0.0", true), ("10.255.255.255", true), ("11.0.0.0", false)]
            {
                assert_eq!(admits(text, address), expected, "{address} in {text}");
            }
        }
        assert!(!admits("10.0.0.0/8 30.0.0.0/8", "20.0.0.0") && !admits("10::/16 30::/16", "20::"));
    }

    #[test]
    fn networks_merge_into_the_fewest() {
        let cases = [
            ("10.0.0.128/25 10.0.0.0/25", "10.0.0.0/24"),
            ("10.0.0.0/8 10.1.0.0/16 10.0.0.1", "10.0.0.0/8"),
            ("10.0.0.1 10.0.0.2 10.0.0.3", "10.0.0.1, 10.0.0.2/31"),
            ("0.0.0.0/1 128.0.0.0/1", "0.0.0.0/0"),
            ("::/1 8000::/1 255.255.255.255", "255.255.255.255, ::/0"),
            ("10.0.1.0/24 10.0.2.0/24", "10.0.1.0/24, 10.0.2.0/24"),
            ("2001:db8::/33 2001:db8:8000::/33", "2001:db8::/32"),
        ];
        for (text, merged) in cases {
            assert_eq!(list(text).to_string(), merged);
            assert_eq!(alloc::format!("{:?}", list(text)), alloc::format!("Allowlist({merged})"));
        }
    }

    #[test]
    fn lists_that_admit_the_same_are_equal() {
        assert_eq!(list("10.0.0.0/25 10.0.0.128/25"), list("10.0.0.0/24"));
        assert_ne!(list("10.0.0.0/25"), list("10.0.0.0/24"));
    }

    #[test]
    fn a_list_within_another_is_seen_to_be() {
        let within = |inner: &str, outer: &str| list(inner).is_subset_of(&list(outer));
        assert!(within("10.0.0.0/9", "10.0.0.0/8") && within("10.0.0.0/8", "10.0.0.0/8"));
        assert!(within("10.0.0.0/24 10.0.1.0/24", "10.0.0.0/23"));
        assert!(within("10.0.0.1 10.2.0.0/16", "10.0.0.0/24 10.2.0.0/15"));
        assert!(within("::1", "10.0.0.0/8 ::/8") && !within("::1", "10.0.0.0/8"));
        assert!(
            !within("10.0.0.0/8", "10.0.0.0/9")
                && !within("9.255.255.255", "10.0.0.0/8")
                && !within("11.0.0.0", "10.0.0.0/8")
        );
        assert!(!within("10.0.0.0/23", "10.0.0.0/24 10.0.2.0/24"));
    }

    #[test]
    fn no_restriction_is_within_none_but_a_list_of_everything() {
        let within = |inner: &str, outer: &str| list(inner).is_subset_of(&list(outer));
        assert!(within("", "") && within("10.0.0.0/8", ""));
        assert!(!within("", "10.0.0.0/8") && !within("", "0.0.0.0/0") && !within("", "::/0"));
        for all_but_some in ["0.0.0.0/1 ::/0", "128.0.0.0/1 ::/0", "0.0.0.0 255.255.255.255 ::/0", "0.0.0.0/0 ::/1"] {
            assert!(!within("", all_but_some), "{all_but_some}");
        }
        assert!(within("", "0.0.0.0/0 ::/0"));
    }
}
