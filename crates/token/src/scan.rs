//! Finding tokens where none should be.
//!
//! A token in a repository, a log or a ticket is a leak, and the vendor's prefix and the checksum make it
//! one that can be found without false alarms. [`Scanner::scan`] looks itself; the rules are for the
//! scanners that others run. What is found is told by place, id and hint, never by the token, so a report
//! is no second leak; the id is what the host revokes by.

mod rules;
#[cfg(feature = "std")]
mod stream;

use crate::{Hint, Kind, TokenId, Vendor};

pub use rules::GithubPattern;
#[cfg(feature = "std")]
pub use stream::ScanReader;

/// Looks for one vendor's tokens in text.
///
/// ```
/// use service_accounts_token::{Scanner, Vendor};
///
/// let scanner = Scanner::new(Vendor::parse("acme")?);
/// let text = b"curl -H 'Authorization: Bearer acme_sat_Ab12Cd34Ef56Gh78000000000000000000000000000000000000002gvMCU'";
/// let found: Vec<_> = scanner.scan(text).collect();
/// assert_eq!(found[0].offset, 31);
/// assert_eq!(found[0].hint.as_str(), "acme_sat_Ab12…vMCU");
/// assert_eq!(scanner.scan(b"acme_sat_not_a_token").count(), 0);
/// # Ok::<(), service_accounts_token::VendorError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scanner {
    vendor: Vendor,
}

impl Scanner {
    /// A scanner for this vendor's tokens.
    #[must_use]
    pub fn new(vendor: Vendor) -> Self {
        Self { vendor }
    }

    /// Finds each token whose checksum fits, in order, wherever it stands.
    ///
    /// It asks for no word boundary: the checksum leaves one false alarm in four billion, and a token pasted against
    /// other text is no less leaked.
    pub fn scan<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = FoundToken> + use<'t> {
        let vendor = self.vendor;
        let underscore = vendor.as_bytes().len();
        let windows = (0_u64..).zip(text.windows(vendor.token_len()));
        windows.filter(move |(_, window)| window.get(underscore) == Some(&b'_')).filter_map(move |(offset, window)| {
            let token = vendor.read_bytes(window).ok()?;
            Some(FoundToken { offset, kind: token.kind(), id: token.id(), hint: token.hint() })
        })
    }
}

/// A token found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FoundToken {
    /// Bytes before it.
    pub offset: u64,
    /// What it is for.
    pub kind: Kind,
    /// Its public id, to revoke it by.
    pub id: TokenId,
    /// Its obfuscated form.
    pub hint: Hint,
}
