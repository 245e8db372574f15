//! Learning a list from the addresses that really came.
//!
//! Which networks to choose is decided exactly, not greedily: the addresses form a binary tree by their bits, each
//! node of it is one network around what is below, and the best choice of `n` networks for a node is either that one
//! network or the best `i` for its left and `n - i` for its right.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::Allowlist;
use super::bits::Bits;
use crate::Network;

impl Allowlist {
    /// The list of at most so many networks that holds all these addresses and the fewest others.
    ///
    /// `None` if no address was seen, since an empty list would admit everyone, or if there are fewer networks than
    /// families. The families' addresses are weighed by their share of the family: one in a million of IPv4 counts as
    /// much as one in a million of IPv6. Look at [`networks`](Self::networks) before you use the list: addresses from
    /// all over the world fit into few networks only if these are wide. It costs as much as there are addresses times
    /// `at_most`.
    ///
    /// ```
    /// use service_accounts_access::Allowlist;
    ///
    /// let seen = ["192.0.2.4", "192.0.2.7", "198.51.100.1"].map(|text| text.parse().unwrap());
    /// let learnt = |at_most| Allowlist::learn(seen, at_most).map(|list| list.to_string());
    /// assert_eq!(learnt(2).as_deref(), Some("192.0.2.4/30, 198.51.100.1"));
    /// assert_eq!(learnt(3).as_deref(), Some("192.0.2.4, 192.0.2.7, 198.51.100.1"));
    /// assert_eq!(Allowlist::learn([], 2), None);
    /// ```
    #[must_use]
    pub fn learn(seen: impl IntoIterator<Item = IpAddr>, at_most: usize) -> Option<Self> {
        let (v4, v6): (Vec<_>, Vec<_>) = seen.into_iter().map(|one| one.to_canonical()).partition(IpAddr::is_ipv4);
        let v4 = plans::<u32>(v4, at_most);
        let v6 = plans::<u128>(v6, at_most);
        let best = match (v4.is_empty(), v6.is_empty()) {
            (true, _) => v6,
            (_, true) => v4,
            _ => joined(&v4, &v6, at_most),
        };
        // The most networks admit the fewest others.
        best.last().map(|plan| plan.networks().into_iter().collect())
    }
}

/// A choice of networks: one, or those of two choices together.
struct Plan {
    /// How much of the address space is admitted without having been seen, in parts of 2⁻¹²⁸.
    spare: u128,
    choice: Choice,
}

enum Choice {
    One(Network),
    Both(Arc<Plan>, Arc<Plan>),
}

impl Plan {
    /// The smallest network around two addresses.
    fn around<T: Bits>(first: T, last: T) -> Option<Self> {
        let open = first.open_between(last);
        Some(Self { spare: T::share(open), choice: Choice::One(first.network(open)?) })
    }

    fn both(left: &Arc<Self>, right: &Arc<Self>) -> Self {
        Self { spare: left.spare.saturating_add(right.spare), choice: Choice::Both(left.clone(), right.clone()) }
    }

    fn networks(&self) -> Vec<Network> {
        let mut networks = Vec::new();
        let mut rest = vec![self];
        while let Some(plan) = rest.pop() {
            match &plan.choice {
                Choice::One(network) => networks.push(*network),
                Choice::Both(left, right) => rest.extend([&**left, &**right]),
            }
        }
        networks
    }
}

/// The best plans of 1, 2, … networks for some addresses; none for no address, or if no network is allowed.
fn plans<T: Bits>(seen: Vec<IpAddr>, at_most: usize) -> Vec<Arc<Plan>> {
    let mut addresses: Vec<T> = seen.into_iter().filter_map(T::of).collect();
    addresses.sort_unstable();
    addresses.dedup();
    if at_most == 0 { Vec::new() } else { plans_of(&addresses, at_most) }
}

/// As deep as an address has bits, and no deeper.
fn plans_of<T: Bits>(addresses: &[T], at_most: usize) -> Vec<Arc<Plan>> {
    let (Some(first), Some(last)) = (addresses.first().copied(), addresses.last().copied()) else {
        return Vec::new();
    };
    let Some(around) = Plan::around(first, last) else { return Vec::new() };
    let mut best = vec![Arc::new(around)];
    if first != last {
        let (left, right) = addresses.split_at(addresses.partition_point(|address| address.is_left(first, last)));
        best.extend(joined(&plans_of(left, at_most), &plans_of(right, at_most), at_most));
    }
    best
}

/// The best plans of 2, 3, … networks that use a plan from either side.
fn joined(left: &[Arc<Plan>], right: &[Arc<Plan>], at_most: usize) -> Vec<Arc<Plan>> {
    let most = left.len().saturating_add(right.len()).min(at_most);
    let best_of = |networks: usize| {
        // A plan of n networks stands at n - 1, so one of `networks` is made of places that add up to `networks - 2`.
        let pairs = left.iter().enumerate().filter_map(|(at, left)| {
            let other = networks.checked_sub(2)?.checked_sub(at)?;
            Some(Plan::both(left, right.get(other)?))
        });
        pairs.min_by_key(|plan| plan.spare).map(Arc::new)
    };
    (2..=most).filter_map(best_of).collect()
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    fn learn(seen: &str, at_most: usize) -> Option<String> {
        Allowlist::learn(seen.split_whitespace().map(|text| text.parse().unwrap()), at_most)
            .map(|list| list.to_string())
    }

    #[test]
    fn nothing_seen_is_nothing_learnt() {
        assert_eq!(learn("", 5), None);
        assert_eq!(learn("10.0.0.1", 0), None);
        assert_eq!(learn("10.0.0.1", 1).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn each_family_needs_a_network() {
        assert_eq!(learn("10.0.0.1 ::1", 1), None);
        assert_eq!(learn("10.0.0.1 ::1", 2).as_deref(), Some("10.0.0.1, ::1"));
        assert_eq!(learn("10.0.0.1 10.0.0.2 ::1 ::2", 3).as_deref(), Some("10.0.0.1, 10.0.0.2, ::/126"));
    }

    #[test]
    fn an_address_seen_in_two_spellings_was_seen_once() {
        assert_eq!(learn("10.0.0.1 ::ffff:10.0.0.1 10.0.0.1", 1).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn the_split_that_admits_fewest_is_found_where_a_greedy_one_is_not() {
        // The halves of the address space would be split first from above; the pairs would be joined first from below.
        let seen = "10.0.0.0 10.0.0.255 10.0.1.0 10.0.1.1 10.0.1.2";
        assert_eq!(learn(seen, 1).as_deref(), Some("10.0.0.0/23"));
        assert_eq!(learn(seen, 2).as_deref(), Some("10.0.0.0/24, 10.0.1.0/30"));
        assert_eq!(learn(seen, 3).as_deref(), Some("10.0.0.0, 10.0.0.255, 10.0.1.0/30"));
        assert_eq!(learn(seen, 4).as_deref(), Some("10.0.0.0, 10.0.0.255, 10.0.1.0/31, 10.0.1.2"));
        assert_eq!(learn(seen, 9), learn(seen, 4));
    }

    #[test]
    fn both_ends_of_the_address_space_fit_one_network() {
        assert_eq!(learn("0.0.0.0 255.255.255.255", 1).as_deref(), Some("0.0.0.0/0"));
        assert_eq!(learn(":: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1).as_deref(), Some("::/0"));
        assert_eq!(
            learn(":: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2).as_deref(),
            Some("::, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
        );
    }
}
