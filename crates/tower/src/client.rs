//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use http::{Extensions, HeaderMap, HeaderName, header::FORWARDED};
use service_accounts::access::Allowlist;

/// The address of the socket a request came over; whoever accepts connections puts it into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// How the client's address is found.
///
/// It is the socket's, unless the socket belongs to a trusted proxy. Then it is the right-most address in the one
/// configured header that is no trusted proxy itself: what stands further left is the client's own claim.
///
/// Addresses are canonical: `::ffff:198.51.100.7` is `198.51.100.7`, in allowlists, marks and the audit trail.
#[derive(Clone, Debug)]
pub struct ClientAddress {
    peer: fn(&Extensions) -> Option<IpAddr>,
    proxies: Option<(Allowlist, HeaderName)>,
}

/// A trusted proxy sent a header that names no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client address header of a trusted proxy cannot be read")]
pub struct ClientAddressError;

impl ClientAddress {
    /// The socket's address, as `peer` finds it.
    #[must_use]
    pub const fn of_peer(peer: fn(&Extensions) -> Option<IpAddr>) -> Self {
        Self { peer, proxies: None }
    }

    /// Believes `header` where the socket belongs to one of `proxies`.
    ///
    /// `forwarded` is read as RFC 7239 has it (`for="[2001:db8::1]:4711"`), any other header, such as `x-forwarded-for`
    /// or `x-real-ip`, as a comma-separated list. An address may come with a port and an IPv6 address in brackets.
    /// Configure the proxy to append to this header or to replace it, never to pass it on.
    #[must_use]
    pub fn behind(self, proxies: Allowlist, header: HeaderName) -> Self {
        Self { proxies: Some((proxies, header)), ..self }
    }

    /// The client's address, if it is known.
    ///
    /// # Errors
    /// A trusted proxy sent something that is no address; guessing would let the client choose.
    pub fn find(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<Option<IpAddr>, ClientAddressError> {
        let peer = (self.peer)(extensions).map(|peer| peer.to_canonical());
        match (&self.proxies, peer) {
            (Some((proxies, header)), Some(peer)) if is_among(proxies, peer) => {
                forwarded(headers, header, proxies, peer).map(Some)
            }
            _ => Ok(peer),
        }
    }
}

impl Default for ClientAddress {
    fn default() -> Self {
        Self::of_peer(|extensions| extensions.get::<Peer>().map(|peer| peer.0.ip()))
    }
}

/// The first address from the right that is no trusted proxy, or the far end of a chain of proxies.
fn forwarded(
    headers: &HeaderMap,
    header: &HeaderName,
    proxies: &Allowlist,
    peer: IpAddr,
) -> Result<IpAddr, ClientAddressError> {
    let mut nearest = peer;
    for value in headers.get_all(header).iter().rev() {
        let value = value.to_str().map_err(|_| ClientAddressError)?;
        nearest = match *header == FORWARDED {
            true => nearest_stranger(forwarded_addresses(value)?, proxies)?,
            false => nearest_stranger(value.rsplit(',').map(address), proxies)?,
        };
        if !is_among(proxies, nearest) {
            break;
        }
    }
    Ok(nearest)
}

fn nearest_stranger(
    from_the_right: impl Iterator<Item = Result<IpAddr, ClientAddressError>>,
    proxies: &Allowlist,
) -> Result<IpAddr, ClientAddressError> {
    let mut nearest = Err(ClientAddressError);
    for entry in from_the_right {
        let entry = entry?;
        nearest = Ok(entry);
        if !is_among(proxies, entry) {
            break;
        }
    }
    nearest
}

/// The addresses of a `Forwarded` header (RFC 7239 §4) from the right.
///
/// Commas inside quotes do not separate. A backslash could hide a quote from a reader that goes backwards, and no
/// address needs one, so it is refused.
fn forwarded_addresses(
    value: &str,
) -> Result<impl Iterator<Item = Result<IpAddr, ClientAddressError>>, ClientAddressError> {
    if value.contains('\\') || value.matches('"').count() % 2 == 1 {
        return Err(ClientAddressError);
    }
    Ok(value.rsplit(outside_quotes(',')).map(address_of_hop))
}

/// Finds a separator, read in either direction, unless it stands inside quotes.
fn outside_quotes(separator: char) -> impl FnMut(char) -> bool {
    let mut is_quoted = false;
    move |letter| {
        is_quoted ^= letter == '"';
        letter == separator && !is_quoted
    }
}

/// The one `for=` of a hop; a hop without leaves open where the request came from.
fn address_of_hop(hop: &str) -> Result<IpAddr, ClientAddressError> {
    let mut found = Err(ClientAddressError);
    for pair in hop.split(outside_quotes(';')) {
        let (name, value) = pair.split_once('=').ok_or(ClientAddressError)?;
        if name.trim_matches([' ', '\t']).eq_ignore_ascii_case("for") {
            if found.is_ok() {
                return Err(ClientAddressError);
            }
            found = Ok(address(unquoted(value))?);
        }
    }
    found
}

fn unquoted(value: &str) -> &str {
    let value = value.trim_matches([' ', '\t']);
    value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value)
}

/// `198.51.100.2`, `198.51.100.2:4711`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:4711`, and nothing else.
fn address(entry: &str) -> Result<IpAddr, ClientAddressError> {
    let entry = entry.trim_matches([' ', '\t']);
    let bare = entry.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    let read = match bare {
        Some(bare) => bare.parse().ok().map(IpAddr::V6),
        None => entry.parse().ok().or_else(|| entry.parse().ok().map(|socket: SocketAddr| socket.ip())),
    };
    read.map(|address| address.to_canonical()).ok_or(ClientAddressError)
}

/// An empty list of proxies trusts nobody, although an empty allowlist admits everybody.
fn is_among(proxies: &Allowlist, address: IpAddr) -> bool {
    !proxies.is_unrestricted() && proxies.contains(address)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn find_in(header: HeaderName, peer: &str, values: &[&str]) -> Result<Option<IpAddr>, ClientAddressError> {
        let proxies = Allowlist::parse_all(["10.0.0.0/8"]).unwrap();
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&header, HeaderValue::from_str(value).unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
        ClientAddress::default().behind(proxies, header).find(&headers, &extensions)
    }

    fn find(peer: &str, forwarded: &[&str]) -> Result<Option<IpAddr>, ClientAddressError> {
        find_in(HeaderName::from_static("x-forwarded-for"), peer, forwarded)
    }

    fn address(text: &str) -> Result<Option<IpAddr>, ClientAddressError> {
        Ok(Some(text.parse().unwrap()))
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(find("192.0.2.1", &["10.9.9.9"]), address("192.0.2.1"));
    }

    #[test]
    fn behind_a_trusted_proxy_the_right_most_untrusted_entry_counts() {
        assert_eq!(find("10.0.0.1", &["203.0.113.7, 198.51.100.2, 10.0.0.9"]), address("198.51.100.2"));
        assert_eq!(find("10.0.0.1", &["203.0.113.7", "198.51.100.2"]), address("198.51.100.2"));
        assert_eq!(find("10.0.0.1", &["203.0.113.7", "10.0.0.9"]), address("203.0.113.7"));
        assert_eq!(find("10.0.0.1", &["2001:db8::1"]), address("2001:db8::1"));
    }

    #[test]
    fn a_chain_of_proxies_alone_leads_to_its_far_end() {
        assert_eq!(find("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), address("10.0.0.3"));
        assert_eq!(find("10.0.0.1", &[]), address("10.0.0.1"));
    }

    /// authentik#25679: what Azure's gateways and AWS's balancers send was refused.
    #[test]
    fn an_entry_may_have_a_port_and_brackets() {
        for (entry, expected) in [
            ("198.51.100.2:51008", "198.51.100.2"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("\t198.51.100.2:1 ", "198.51.100.2"),
            ("[::ffff:198.51.100.2]:80", "198.51.100.2"),
        ] {
            assert_eq!(find("10.0.0.1", &[entry]), address(expected), "{entry}");
            assert_eq!(find("10.0.0.1", &[&format!("192.0.2.9, {entry}, 10.0.0.7:9")]), address(expected), "{entry}");
        }
    }

    #[test]
    fn what_a_proxy_sends_and_nobody_can_read_is_refused() {
        for value in [
            "",
            "unknown",
            "198.51.100.02",
            "1.2.3.4, ",
            "1.2.3.4:",
            "1.2.3.4:65536",
            "1.2.3.4:-1",
            "[1.2.3.4]",
            "[::1",
            "::1]",
            "[[::1]]",
            "[::1]x",
            "[::1]:",
            "1.2.3.4/32",
            "1.2.3.4 5.6.7.8",
            "fe80::1%eth0",
            "1.2.3",
            "\"1.2.3.4\"",
        ] {
            assert_eq!(find("10.0.0.1", &[value]), Err(ClientAddressError), "{value}");
        }
    }

    #[test]
    fn the_standard_header_is_read_as_the_standard_has_it() {
        for (value, expected) in [
            ("for=198.51.100.2", "198.51.100.2"),
            ("For=\"198.51.100.2:47011\"", "198.51.100.2"),
            ("for=198.51.100.2:47011;proto=https", "198.51.100.2"),
            ("proto=http; FOR=\"[2001:db8:cafe::17]:4711\" ;by=10.0.0.1", "2001:db8:cafe::17"),
            ("for=\"[2001:db8::1]\";host=\"a,b\"", "2001:db8::1"),
            ("for=203.0.113.9, for=198.51.100.2, for=10.0.0.3", "198.51.100.2"),
            ("host=\"x, for=192.0.2.1\";for=198.51.100.2", "198.51.100.2"),
            ("for=198.51.100.2;host=\"x;for=192.0.2.1;y\"", "198.51.100.2"),
        ] {
            assert_eq!(find_in(FORWARDED, "10.0.0.1", &[value]), address(expected), "{value}");
        }
        assert_eq!(find_in(FORWARDED, "10.0.0.1", &["for=203.0.113.9", "for=198.51.100.2"]), address("198.51.100.2"));
        assert_eq!(find_in(FORWARDED, "192.0.2.1", &["for=203.0.113.9"]), address("192.0.2.1"));
    }

    #[test]
    fn a_standard_header_that_leaves_the_address_open_is_refused() {
        for value in [
            "",
            "for=unknown",
            "for=_hidden",
            "proto=https",
            "for=1.2.3.4;for=5.6.7.8",
            "for=\"1.2.3.4",
            "for=1.2.3.4,",
            "1.2.3.4",
            "for=\"1.2.3.4\\\"",
            "for=\"\\1.2.3.4\"",
            "for=",
            "for=1.2.3.4;",
            "for=5.6.7.8, proto=https",
        ] {
            assert_eq!(find_in(FORWARDED, "10.0.0.1", &[value]), Err(ClientAddressError), "{value}");
        }
    }

    /// firezone#15013: a dual-stack socket shows IPv4 clients as IPv6.
    #[test]
    fn a_mapped_address_is_the_address_itself() {
        assert_eq!(find("::ffff:10.0.0.1", &["198.51.100.2"]), address("198.51.100.2"));
        assert_eq!(find("::ffff:192.0.2.1", &[]), address("192.0.2.1"));
        assert_eq!(find("10.0.0.1", &["::ffff:198.51.100.2"]), address("198.51.100.2"));
    }
}
