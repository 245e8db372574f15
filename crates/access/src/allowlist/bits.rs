//! The addresses of one family as numbers.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Network;

/// `u32` for IPv4, `u128` for IPv6.
///
/// A network is told by how many of its bits are open: none for a single address, all for the whole family.
pub(super) trait Bits: Copy + Ord {
    const WIDTH: u32;
    const ZERO: Self;
    const MAX: Self;

    fn of(address: IpAddr) -> Option<Self>;
    fn next(self) -> Option<Self>;

    /// How far `from` lies before here, around the end of the family where it lies behind.
    fn distance_from(self, from: Self) -> Self;

    /// How many steps of `1 << shift` lie between `from` and here, for a shift below the width.
    fn steps_from(self, from: Self, shift: u32) -> usize;

    /// In how many bits the distance to a higher address can be written.
    fn distance_bits(self, higher: Self) -> u32;

    /// How many bits must be open for a network to hold both.
    fn open_between(self, other: Self) -> u32;

    /// Whether the highest bit in which two others differ is not set here.
    fn is_left(self, one: Self, other: Self) -> bool;

    /// Whether a network of so many open bits starts here.
    fn starts(self, open: u32) -> bool;

    /// The last address of the network around this one.
    fn last_of(self, open: u32) -> Self;

    /// The network around this address.
    fn network(self, open: u32) -> Option<Network>;

    /// So many low bits set.
    fn opened(open: u32) -> Self;

    /// What share of the family a network of so many open bits holds besides one address, in parts of 2⁻¹²⁸.
    fn share(open: u32) -> u128;
}

macro_rules! bits {
    ($int:ty, $Addr:ident, $variant:ident) => {
        impl Bits for $int {
            const WIDTH: u32 = <$int>::BITS;
            const ZERO: Self = 0;
            const MAX: Self = <$int>::MAX;

            fn of(address: IpAddr) -> Option<Self> {
                match address {
                    IpAddr::$variant(address) => Some(address.to_bits()),
                    _ => None,
                }
            }

            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            #[inline]
            fn distance_from(self, from: Self) -> Self {
                self.wrapping_sub(from)
            }

            #[inline]
            fn steps_from(self, from: Self, shift: u32) -> usize {
                usize::try_from(self.wrapping_sub(from).wrapping_shr(shift)).unwrap_or(usize::MAX)
            }

            fn distance_bits(self, higher: Self) -> u32 {
                Self::WIDTH.saturating_sub(higher.wrapping_sub(self).leading_zeros())
            }

            fn open_between(self, other: Self) -> u32 {
                Self::WIDTH.saturating_sub((self ^ other).leading_zeros())
            }

            fn is_left(self, one: Self, other: Self) -> bool {
                let highest = one.open_between(other).saturating_sub(1);
                self.unbounded_shr(highest) & 1 == 0
            }

            fn starts(self, open: u32) -> bool {
                self & Self::opened(open) == 0
            }

            fn last_of(self, open: u32) -> Self {
                self | Self::opened(open)
            }

            fn network(self, open: u32) -> Option<Network> {
                let prefix = u8::try_from(Self::WIDTH.checked_sub(open)?).ok()?;
                Network::new($Addr::from_bits(self & !Self::opened(open)).into(), prefix).ok()
            }

            fn opened(open: u32) -> Self {
                Self::MAX.unbounded_shr(Self::WIDTH.saturating_sub(open))
            }

            fn share(open: u32) -> u128 {
                u128::from(Self::opened(open)).unbounded_shl(128_u32.saturating_sub(Self::WIDTH))
            }
        }
    };
}

bits!(u32, Ipv4Addr, V4);
bits!(u128, Ipv6Addr, V6);
