//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use http::{Extensions, HeaderMap, HeaderName};
use service_accounts::access::Allowlist;

/// The address of the socket a request came over; whoever accepts connections puts it into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// How the client's address is found.
///
/// It is the socket's, unless the socket belongs to a trusted proxy. Then it is the right-most address in the one
/// configured header that is no trusted proxy itself: what stands further left is the client's own claim.
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

    /// Believes `header`, such as `x-forwarded-for`, where the socket belongs to one of `proxies`.
    #[must_use]
    pub fn behind(self, proxies: Allowlist, header: HeaderName) -> Self {
        Self { proxies: Some((proxies, header)), ..self }
    }

    /// The client's address, if it is known.
    ///
    /// # Errors
    /// A trusted proxy sent something that is no address; guessing would let the client choose.
    pub fn find(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<Option<IpAddr>, ClientAddressError> {
        let peer = (self.peer)(extensions);
        match (&self.proxies, peer) {
            (Some((proxies, header)), Some(peer)) if is_among(proxies, peer) => {
                forwarded(headers, header, proxies, peer)
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

fn forwarded(
    headers: &HeaderMap,
    header: &HeaderName,
    proxies: &Allowlist,
    peer: IpAddr,
) -> Result<Option<IpAddr>, ClientAddressError> {
    let mut nearest = peer;
    for value in headers.get_all(header).iter().rev() {
        for entry in value.to_str().map_err(|_| ClientAddressError)?.rsplit(',') {
            nearest = entry.trim().parse().map_err(|_| ClientAddressError)?;
            if !is_among(proxies, nearest) {
                return Ok(Some(nearest));
            }
        }
    }
    Ok(Some(nearest))
}

/// An empty list of proxies trusts nobody, although an empty allowlist admits everybody.
fn is_among(proxies: &Allowlist, address: IpAddr) -> bool {
    !proxies.is_unrestricted() && proxies.contains(address)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn find(peer: &str, forwarded: &[&str]) -> Result<Option<IpAddr>, ClientAddressError> {
        let header = HeaderName::from_static("x-forwarded-for");
        let proxies = Allowlist::parse_all(["10.0.0.0/8"]).unwrap();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(&header, HeaderValue::from_str(value).unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
        ClientAddress::default().behind(proxies, header).find(&headers, &extensions)
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
        assert_eq!(find("10.0.0.1", &["2001:db8::1"]), address("2001:db8::1"));
    }

    #[test]
    fn a_chain_of_proxies_alone_leads_to_its_far_end() {
        assert_eq!(find("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), address("10.0.0.3"));
        assert_eq!(find("10.0.0.1", &[]), address("10.0.0.1"));
    }

    #[test]
    fn what_a_proxy_sends_and_nobody_can_read_is_refused() {
        for value in ["", "unknown", "198.51.100.2:80", "198.51.100.02", "1.2.3.4, "] {
            assert_eq!(find("10.0.0.1", &[value]), Err(ClientAddressError), "{value}");
        }
    }

    #[test]
    fn a_mapped_proxy_address_is_the_same_proxy() {
        assert_eq!(find("::ffff:10.0.0.1", &["198.51.100.2"]), address("198.51.100.2"));
    }
}
