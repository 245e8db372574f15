//! Where messages are sent.
//!
//! A URL is read once and strictly, so that what is judged, what is connected to and what is shown cannot differ.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::is_public;

/// Which receivers the host allows.
///
/// It is asked when a subscription is made and when it is changed, and by the deliverer before each attempt, where it
/// also holds for the address that the name leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Targets {
    /// Only addresses of the public Internet, and only over TLS.
    #[default]
    Public,
    /// Any address, also private, loopback and link-local ones, and plain HTTP too: for tests, and for receivers inside a
    /// network whose accounts are all trusted.
    Any,
}

/// Why a URL is no target.
///
/// It carries nothing of the URL, which may hold a secret of the receiver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It is too long.
    #[error("at most {most} bytes are allowed", most = TargetUrl::MAX_BYTES)]
    Length,
    /// It does not begin with a scheme that is known.
    #[error("expected a URL that begins with https:// or http://")]
    Scheme,
    /// There is a name or a password in it.
    #[error("leave out the part before the @; messages are signed instead")]
    Credentials,
    /// The host is no name and no address.
    #[error("expected a host name or an address after the scheme")]
    Host,
    /// The port is none.
    #[error("expected a port from 1 to 65535")]
    Port,
    /// There is a character that has to be encoded, or a fragment.
    #[error("encode what is not visible ASCII, and leave out the fragment")]
    Character,
    /// The host allows only encrypted targets.
    #[error("expected https://")]
    Plain,
    /// The host allows no target in its own networks.
    #[error("private, loopback and link-local addresses are not allowed")]
    NotPublic,
}

/// An `https` or `http` URL with a host name or an address, without credentials and fragment.
///
/// `Debug` shows the host alone. What a browser would correct is refused: other schemes, addresses such as `127.1`,
/// characters that must be encoded, a name or a password before the host.
///
/// ```
/// use service_accounts::{TargetError, TargetUrl, Targets};
///
/// let url = TargetUrl::parse("https://hooks.example.com/in?team=data")?;
/// assert_eq!(url.host(), "hooks.example.com");
/// let metadata = TargetUrl::parse("http://169.254.169.254/latest")?;
/// assert_eq!(metadata.check(Targets::Public), Err(TargetError::Plain));
/// assert!(TargetUrl::parse("https://user@hooks.example.com/").is_err());
/// # Ok::<(), TargetError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TargetUrl(Arc<str>);

impl TargetUrl {
    /// The longest URL, in bytes.
    pub const MAX_BYTES: usize = 2048;

    /// Reads a URL.
    ///
    /// # Errors
    /// It has another form. Nothing of it is in the error.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.len() > Self::MAX_BYTES {
            return Err(TargetError::Length);
        }
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(TargetError::Scheme)?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte)) {
            return Err(TargetError::Character);
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(TargetError::Credentials);
        }
        check_authority(authority)?;
        Ok(Self(text.into()))
    }

    /// The URL as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host's name or address, without the brackets of an IPv6 one.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        host_of(rest.split(['/', '?']).next().unwrap_or_default())
    }

    /// Whether messages are sent over TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether the host's rule allows it, as far as that can be told before its name is resolved.
    ///
    /// A name may lead to another address later: the deliverer judges the address it connects to as well.
    ///
    /// # Errors
    /// [`Plain`](TargetError::Plain) or [`NotPublic`](TargetError::NotPublic).
    pub fn check(&self, targets: Targets) -> Result<(), TargetError> {
        if targets == Targets::Any {
            return Ok(());
        }
        if !self.is_encrypted() {
            return Err(TargetError::Plain);
        }
        let is_own = match self.host().parse::<IpAddr>() {
            Ok(address) => !is_public(address),
            Err(_) => is_own_name(self.host()),
        };
        if is_own { Err(TargetError::NotPublic) } else { Ok(()) }
    }
}

/// Names that never leave the host or its network (RFC 6761, RFC 6762, RFC 8375, and one of ICANN's).
fn is_own_name(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    ["localhost", "local", "internal", "home.arpa"]
        .iter()
        .any(|own| name == *own || name.strip_suffix(own).is_some_and(|rest| rest.ends_with('.')))
}

/// What stands before the port, without brackets.
fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// A host, and a port where there is one.
fn check_authority(authority: &str) -> Result<(), TargetError> {
    let host = host_of(authority);
    let after = match authority.strip_prefix('[') {
        Some(bracketed) => {
            host.parse::<Ipv6Addr>().map_err(|_| TargetError::Host)?;
            bracketed.strip_prefix(host).and_then(|rest| rest.strip_prefix(']')).ok_or(TargetError::Host)?
        }
        None => {
            check_name(host)?;
            authority.strip_prefix(host).unwrap_or_default()
        }
    };
    match after.strip_prefix(':') {
        None if after.is_empty() => Ok(()),
        None => Err(TargetError::Host),
        Some(port) => {
            let is_port =
                port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
            if is_port { Ok(()) } else { Err(TargetError::Port) }
        }
    }
}

/// A name of letters, digits, hyphens and underscores, or a dotted address: `127.1` and `0x7f000001` are neither.
fn check_name(host: &str) -> Result<(), TargetError> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_name = (1..=253).contains(&name.len()) && name.split('.').all(is_label);
    let ends_in_digits = name.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    let is_fit = is_name && (!ends_in_digits || host.parse::<Ipv4Addr>().is_ok());
    if is_fit { Ok(()) } else { Err(TargetError::Host) }
}

impl FromStr for TargetUrl {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        Self::parse(text)
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The path may hold what only the receiver should know, as Slack's does.
impl fmt::Debug for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TargetUrl({})", self.host())
    }
}

impl Serialize for TargetUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TargetUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_one_reading() {
        for (text, host) in [
            ("https://example.com", "example.com"),
            ("https://example.com:8443/hooks?team=a", "example.com"),
            ("http://127.0.0.1:9/x", "127.0.0.1"),
            ("https://[2606:4700::1111]:443/", "2606:4700::1111"),
            ("https://a_b.example./?@", "a_b.example."),
        ] {
            assert_eq!(TargetUrl::parse(text).map(|url| url.host().to_owned()), Ok(host.to_owned()), "{text}");
        }
        for (text, error) in [
            ("ftp://example.com", TargetError::Scheme),
            ("HTTPS://example.com", TargetError::Scheme),
            ("https://", TargetError::Host),
            ("https:///x", TargetError::Host),
            ("https://user@example.com/", TargetError::Credentials),
            ("https://example.com\\@127.0.0.1/", TargetError::Character),
            ("https://exa mple.com/", TargetError::Character),
            ("https://example.com/#x", TargetError::Character),
            ("https://2130706433/", TargetError::Host),
            ("https://0x7f000001/", TargetError::Host),
            ("https://127.1/", TargetError::Host),
            ("https://0177.0.0.1/", TargetError::Host),
            ("https://[::1/", TargetError::Host),
            ("https://[::1]x/", TargetError::Host),
            ("https://[fe80::1%25eth0]/", TargetError::Host),
            ("https://example.com:0/", TargetError::Port),
            ("https://example.com:65536/", TargetError::Port),
            ("https://example.com:+1/", TargetError::Port),
            ("https://bücher.example/", TargetError::Character),
        ] {
            assert_eq!(TargetUrl::parse(text), Err(error), "{text}");
        }
        for (length, is_fit) in [(2047, true), (2048, true), (2049, false)] {
            let url = format!("https://example.com/{}", "a".repeat(length - 20));
            assert_eq!(TargetUrl::parse(&url).is_ok(), is_fit, "{length}");
        }
    }

    #[test]
    fn a_target_in_the_hosts_own_network_is_refused_unless_the_host_allows_it() {
        for (text, error) in [
            ("https://localhost/", TargetError::NotPublic),
            ("https://api.LOCALHOST./", TargetError::NotPublic),
            ("https://metadata.google.internal/", TargetError::NotPublic),
            ("https://10.0.0.1/", TargetError::NotPublic),
            ("https://[::ffff:127.0.0.1]/", TargetError::NotPublic),
            ("https://[64:ff9b::7f00:1]/", TargetError::NotPublic),
            ("http://example.com/", TargetError::Plain),
        ] {
            let url = TargetUrl::parse(text).unwrap();
            assert_eq!((url.check(Targets::Public), url.check(Targets::Any)), (Err(error), Ok(())), "{text}");
        }
        assert_eq!(TargetUrl::parse("https://notlocalhost.example/").unwrap().check(Targets::Public), Ok(()));
    }
}
