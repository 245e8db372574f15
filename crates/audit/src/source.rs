//! Where requests come from, as coarse as one client can easily change its address.

use alloc::string::ToString;
use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A network of clients: the /24 of an IPv4 address, the /64 of an IPv6 address.
///
/// One client commonly holds a whole /64, so counting single IPv6 addresses would count nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(Network);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Network {
    Unknown,
    V4([u8; 3]),
    V6([u16; 4]),
}

impl Source {
    /// The network of an address; `::ffff:192.0.2.1` belongs to `192.0.2.0/24`.
    #[must_use]
    pub fn of(address: Option<IpAddr>) -> Self {
        Self(match address.map(|address| address.to_canonical()) {
            None => Network::Unknown,
            Some(IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                Network::V4([a, b, c])
            }
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Network::V6([a, b, c, d])
            }
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Network::Unknown => f.write_str("unknown"),
            Network::V4([a, b, c]) => write!(f, "{}/24", Ipv4Addr::new(a, b, c, 0)),
            Network::V6([a, b, c, d]) => write!(f, "{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)),
        }
    }
}

/// The text is no network as [`Source`] writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `unknown`, an ipv4 network of /24 or an ipv6 network of /64")]
#[non_exhaustive]
pub struct SourceError;

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let source = match text.split_once('/') {
            None => Self::of(None),
            Some((address, _)) => Self::of(Some(address.parse().map_err(|_| SourceError)?)),
        };
        if source.to_string() == text { Ok(source) } else { Err(SourceError) }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        alloc::string::String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_by_its_network() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.9", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("::1", "::/64"),
        ] {
            assert_eq!(Source::of(Some(address.parse().unwrap())).to_string(), network);
        }
        assert_eq!(Source::of(None).to_string(), "unknown");
    }

    #[test]
    fn a_network_reads_back_from_its_text_only() {
        for text in ["unknown", "203.0.113.0/24", "2001:db8:1:2::/64", "::/64"] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        for text in
            ["", "203.0.113.1/24", "203.0.113.0/25", "203.0.113.0", "2001:db8::/48", "unknown/24", "::ffff:1.2.3.0/24"]
        {
            assert_eq!(text.parse::<Source>(), Err(SourceError), "{text}");
        }
    }

    #[test]
    fn neighbours_share_a_network_and_strangers_do_not() {
        let source = |address: &str| Source::of(Some(address.parse().unwrap()));
        assert_eq!(source("10.0.0.1"), source("10.0.0.255"));
        assert_ne!(source("10.0.0.1"), source("10.0.1.1"));
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:1"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
    }
}
