//! One network: read strictly, kept in one spelling.
//!
//! Every address has one identity here. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is that IPv4 address, in
//! rules and in requests alike, so no rule is passed by spelling an address another way. What different programs read
//! differently, such as `010.0.0.1`, is refused rather than read.

mod parse;

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use parse::{parse_address, parse_prefix};

pub use parse::NetworkError;

/// An address, or all addresses that share a prefix.
///
/// ```
/// use service_accounts_access::Network;
///
/// let office = Network::parse("192.0.2.0/24")?;
/// assert!(office.contains("192.0.2.7".parse()?));
/// assert!(office.contains("::ffff:192.0.2.7".parse()?));
/// assert_eq!(Network::parse("::ffff:192.0.2.0/120")?, office);
///
/// let slip = Network::parse("192.0.2.7/24").unwrap_err();
/// assert_eq!(slip.to_string(), "address has bits set beyond its prefix, the network is 192.0.2.0/24");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// An IPv6 network holds no IPv4 address, not even `::/0`: to admit every address of both families, name both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    /// The lowest address; never an IPv4 address written as IPv6.
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads an address, such as `192.0.2.7` or `2001:db8::7`, or a network in CIDR notation, such as `192.0.2.0/24`.
    ///
    /// # Errors
    /// If the text is anything else, or could be read in two ways.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        match text.split_once('/') {
            None => Ok(parse_address(text)?.into()),
            Some((address, prefix)) => Self::new(parse_address(address)?, parse_prefix(prefix)?),
        }
    }

    /// The network of this address and prefix.
    ///
    /// # Errors
    /// If the prefix is too long, or bits are set beyond it, or it reaches beyond the IPv4 addresses of a mapped one.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        let longest = longest(address);
        if prefix > longest {
            return Err(NetworkError::PrefixTooLong { longest });
        }
        let canonical = address.to_canonical();
        let saved = longest.saturating_sub(self::longest(canonical));
        let prefix = prefix.checked_sub(saved).ok_or(NetworkError::MappedPrefix)?;
        let network = Self { address: masked(canonical, prefix), prefix };
        if network.address == canonical { Ok(network) } else { Err(NetworkError::HostBits { correction: network }) }
    }

    /// The lowest address of the network.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// How many leading bits its addresses share.
    #[must_use]
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether the address is in the network, however it is spelt.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let canonical = address.to_canonical();
        self.address.is_ipv4() == canonical.is_ipv4() && masked(canonical, self.prefix) == self.address
    }
}

impl From<IpAddr> for Network {
    /// The network of this one address.
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, prefix: longest(address) }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        Self::parse(text)
    }
}

/// A single address displays without its prefix.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == longest(self.address) {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.prefix)
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Network {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <alloc::string::String as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

const fn longest(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address with all bits after the prefix cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let kept = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let open = u32::MAX.checked_shr(kept).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & !open).into()
        }
        IpAddr::V6(v6) => {
            let open = u128::MAX.checked_shr(kept).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & !open).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn read(text: &str) -> Result<alloc::string::String, NetworkError> {
        Network::parse(text).map(|network| network.to_string())
    }

    #[test]
    fn addresses_and_networks_are_read() {
        for text in [
            "192.0.2.7",
            "192.0.2.0/24",
            "0.0.0.0/0",
            "2001:db8::7",
            "2001:db8::/32",
            "::/0",
            "128.0.0.0/1",
            "8000::/1",
        ] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn one_network_has_one_spelling() {
        let cases = [
            ("192.0.2.7/32", "192.0.2.7"),
            ("2001:db8::7/128", "2001:db8::7"),
            ("2001:DB8:0:0::/32", "2001:db8::/32"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:c000:207/128", "192.0.2.7"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
        ];
        for (text, canonical) in cases {
            assert_eq!(read(text).as_deref(), Ok(canonical), "{text}");
        }
    }

    #[test]
    fn a_mapped_prefix_shorter_than_96_is_refused() {
        for text in ["::ffff:10.0.0.0/8", "::ffff:0.0.0.0/95", "::ffff:0:0/80", "::ffff:10.0.0.0/0"] {
            assert_eq!(read(text), Err(NetworkError::MappedPrefix), "{text}");
        }
    }

    #[test]
    fn leading_zeros_are_refused() {
        for text in ["010.0.0.0/8", "127.0.0.01/32", "10.00.0.0/8", "::ffff:010.0.0.1", "00.0.0.0"] {
            assert_eq!(read(text), Err(NetworkError::LeadingZero), "{text}");
        }
        for text in ["10.0.0.0/08", "10.0.0.0/00", "2001:db8::/032"] {
            assert_eq!(read(text), Err(NetworkError::Prefix), "{text}");
        }
        assert_eq!(read("0.0.0.0/0").as_deref(), Ok("0.0.0.0/0"));
    }

    #[test]
    fn host_bits_are_refused_with_the_network_that_was_meant() {
        for (text, meant) in
            [("10.0.0.1/8", "10.0.0.0/8"), ("2001:db8::1/64", "2001:db8::/64"), ("::ffff:10.0.0.1/104", "10.0.0.0/8")]
        {
            let correction = Network::parse(meant).unwrap();
            assert_eq!(read(text), Err(NetworkError::HostBits { correction }), "{text}");
        }
    }

    #[test]
    fn prefixes_end_where_addresses_do() {
        assert!(read("10.0.0.1/31").is_err() && read("10.0.0.0/31").is_ok() && read("10.0.0.0/32").is_ok());
        assert_eq!(read("10.0.0.0/33"), Err(NetworkError::PrefixTooLong { longest: 32 }));
        assert!(read("2001:db8::/127").is_ok() && read("2001:db8::/128").is_ok());
        for text in ["2001:db8::/129", "::ffff:10.0.0.0/129", "::/255", "::/256", "::/99999999999999999999"] {
            assert_eq!(read(text), Err(NetworkError::PrefixTooLong { longest: 128 }), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            " 10.0.0.1",
            "10.0.0.1 ",
            "10.0.0",
            "10.0.0.0.0",
            "256.0.0.0",
            "[::1]",
            "fe80::1%eth0",
            "localhost",
            "0x0a000001",
            "167772161",
            "/8",
            "1:2:3",
        ] {
            assert_eq!(read(text), Err(NetworkError::Address), "{text}");
        }
        for text in [
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/-8",
            "10.0.0.0/ 8",
            "10.0.0.0/8 ",
            "10.0.0.0/8/8",
            "10.0.0.0/255.0.0.0",
            "10.0.0.0/٨",
        ] {
            assert_eq!(read(text), Err(NetworkError::Prefix), "{text}");
        }
    }

    #[test]
    fn a_network_ends_at_its_last_address() {
        let contains =
            |network: &str, address: &str| Network::parse(network).unwrap().contains(address.parse().unwrap());
        for (address, expected) in
            [("9.255.255.255", false), ("10.0.0.0", true), ("10.255.255.255", true), ("11.0.0.0", false)]
        {
            assert_eq!(contains("10.0.0.0/8", address), expected, "{address}");
        }
        for (address, expected) in [
            ("2001:db7:ffff::", false),
            ("2001:db8::", true),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001:db9::", false),
        ] {
            assert_eq!(contains("2001:db8::/32", address), expected, "{address}");
        }
        assert!(contains("0.0.0.0/0", "255.255.255.255") && contains("::/0", "ffff::1"));
    }

    #[test]
    fn families_do_not_mix_but_spellings_do() {
        let contains =
            |network: &str, address: &str| Network::parse(network).unwrap().contains(address.parse().unwrap());
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!contains("::/0", "10.1.2.3") && !contains("::/0", "::ffff:10.1.2.3") && !contains("0.0.0.0/0", "::1"));
    }
}
