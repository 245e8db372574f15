//! Reading a network, and why a text is none.

use core::net::IpAddr;

use super::Network;

/// The text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// What stands for the address is none.
    #[error("not an IPv4 or IPv6 address")]
    Address,
    /// An octet of an IPv4 address starts with a zero; some programs would read it as octal.
    #[error("an octet has a leading zero, write it without")]
    LeadingZero,
    /// What follows the slash is not a number without sign, space and leading zero.
    #[error("the prefix is not a plain number, write it in digits without a leading zero")]
    Prefix,
    /// The prefix is longer than the address.
    #[error("the prefix is longer than {longest}")]
    PrefixTooLong {
        /// The longest prefix of the address's family.
        longest: u8,
    },
    /// An IPv4 address written as IPv6, with a prefix that reaches beyond the IPv4 addresses.
    #[error("the prefix of an IPv4-mapped address is shorter than 96, write the IPv4 network")]
    MappedPrefix,
    /// Bits are set that the prefix leaves open, so it is unclear which network was meant.
    #[error("address has bits set beyond its prefix, the network is {correction}")]
    HostBits {
        /// The network that the address and the prefix lie in.
        correction: Network,
    },
}

/// The standard library's parser decides; the reasons are looked for only once it has refused.
pub(super) fn parse_address(text: &str) -> Result<IpAddr, NetworkError> {
    text.parse().map_err(|_| {
        let dotted = text.rsplit(':').next().unwrap_or_default();
        let octal =
            |octet: &str| octet.len() > 1 && octet.starts_with('0') && octet.bytes().all(|byte| byte.is_ascii_digit());
        let is_octal = dotted.contains('.') && dotted.split('.').any(octal);
        if is_octal { NetworkError::LeadingZero } else { NetworkError::Address }
    })
}

/// Digits only: the standard library's integers would take a leading `+` and leading zeros.
pub(super) fn parse_prefix(text: &str) -> Result<u8, NetworkError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if !plain || text.is_empty() {
        return Err(NetworkError::Prefix);
    }
    // What does not fit a byte is too long for any address; which one is for `new` to say.
    Ok(text.parse().unwrap_or(u8::MAX))
}
