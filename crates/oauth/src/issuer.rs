//! Where an authorization server is, in one spelling (RFC 8414 §2).

use alloc::{
    format,
    string::{String, ToString},
};
use core::fmt;

use serde::{Serialize, Serializer};
use thiserror::Error;

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

/// The identifier of a server: an `https` URL without query, fragment or closing slash.
///
/// `http` is taken for `localhost`, `127.0.0.1` and `[::1]` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    /// Where the path begins, or the end.
    path: usize,
}

/// Why a text is no issuer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssuerError {
    /// `http` is for loopback addresses.
    #[error("an issuer must begin with https://, except on loopback")]
    NotHttps,
    /// Between the scheme and the path.
    #[error("an issuer must name a host, without user or spaces")]
    NoHost,
    /// A query, a fragment, a closing slash, or a character that no URL has.
    #[error("an issuer must be a plain url without query, fragment or closing slash")]
    NotPlain,
    /// A router takes such a segment for a parameter, so the metadata could not be served.
    #[error("an issuer's path must have no segment that begins with : or *")]
    NotRoutable,
}

impl Issuer {
    /// Reads an issuer.
    ///
    /// # Errors
    /// [`IssuerError`] if the text is not a plain `https` URL, or its path has a segment that begins with `:` or `*`.
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        let (is_secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            _ => return Err(IssuerError::NotHttps),
        };
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.is_empty() || authority.contains('@') || authority.starts_with(':') {
            return Err(IssuerError::NoHost);
        }
        if !rest.bytes().all(is_plain) || rest.ends_with('/') {
            return Err(IssuerError::NotPlain);
        }
        if !is_secure && !is_loopback(authority) {
            return Err(IssuerError::NotHttps);
        }
        if rest.split('/').skip(1).any(|segment| segment.starts_with([':', '*'])) {
            return Err(IssuerError::NotRoutable);
        }
        Ok(Self { path: text.len() - rest.len() + authority.len(), text: text.to_string() })
    }

    /// As the host wrote it: clients compare it byte for byte (RFC 8414 §3.3).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What follows the host: empty, or a path that begins with a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(self.path..).unwrap_or_default()
    }

    /// Where clients look for the metadata: the well-known part goes between host and path (§3.1).
    #[must_use]
    pub fn metadata_url(&self) -> String {
        format!("{}{WELL_KNOWN}{}", self.text.get(..self.path).unwrap_or_default(), self.path())
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Issuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'?' | b'#' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn is_loopback(authority: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
        let port = authority.strip_prefix(host).map(|rest| rest.strip_prefix(':').unwrap_or(rest));
        port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_plain_url() {
        for (text, expected) in [
            ("https://auth.example.com", Ok(())),
            ("https://auth.example.com:8443/tenants/a", Ok(())),
            ("http://127.0.0.1:8080", Ok(())),
            ("http://localhost", Ok(())),
            ("http://[::1]:1/a", Ok(())),
            ("http://auth.example.com", Err(IssuerError::NotHttps)),
            ("http://127.0.0.1.example.com", Err(IssuerError::NotHttps)),
            ("http://localhost:80@example.com", Err(IssuerError::NoHost)),
            ("auth.example.com", Err(IssuerError::NotHttps)),
            ("https://", Err(IssuerError::NoHost)),
            ("https:///a", Err(IssuerError::NoHost)),
            ("https://auth.example.com/", Err(IssuerError::NotPlain)),
            ("https://auth.example.com?x=1", Err(IssuerError::NotPlain)),
            ("https://auth.example.com#x", Err(IssuerError::NotPlain)),
            ("https://auth.example.com\r\nx", Err(IssuerError::NotPlain)),
            ("https://auth.example.com/{tenant}", Err(IssuerError::NotPlain)),
            ("https://auth.example.com/:tenant", Err(IssuerError::NotRoutable)),
            ("https://auth.example.com/a/*", Err(IssuerError::NotRoutable)),
            ("https://auth.example.com/a:b/c*", Ok(())),
        ] {
            assert_eq!(Issuer::parse(text).map(|_| ()), expected, "{text}");
        }
    }
}
