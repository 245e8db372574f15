//! Patterns of domains and of names.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// The longest domain name, in bytes (RFC 1035 §2.3.4).
const LONGEST_DOMAIN: usize = 253;
const LONGEST_LABEL: usize = 63;

/// A domain, `example.com`, or all its subdomains, `*.example.com`.
///
/// The wildcard stands for one label or more and does not take in the domain itself; it is allowed as the
/// whole first label only. Domains are compared without regard to case.
///
/// ```
/// use service_accounts_lifecycle::DomainPattern;
///
/// let pattern: DomainPattern = "*.example.com".parse().unwrap();
/// assert!(pattern.matches("api.eu.Example.com"));
/// assert!(!pattern.matches("example.com") && !pattern.matches("evil-example.com"));
/// assert!("api*.example.com".parse::<DomainPattern>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainPattern {
    /// In lower case, without the wildcard.
    domain: String,
    is_wildcard: bool,
}

impl DomainPattern {
    /// Whether a domain fits; what is no domain fits no pattern.
    #[must_use]
    pub fn matches(&self, domain: &str) -> bool {
        let is_wildcard_asked = domain.starts_with("*.");
        let Ok(asked) = domain.parse::<Self>() else { return false };
        if !self.is_wildcard {
            return !is_wildcard_asked && asked.domain == self.domain;
        }
        // `*.b.example.com` asks for names below `b.example.com`, all of which this takes in.
        match asked.domain.strip_suffix(self.domain.as_str()) {
            Some("") => is_wildcard_asked,
            Some(above) => above.ends_with('.'),
            None => false,
        }
    }

    /// Whether the pattern takes in a whole top-level domain.
    #[must_use]
    pub fn is_over_broad(&self) -> bool {
        self.is_wildcard && !self.domain.contains('.')
    }
}

impl FromStr for DomainPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_wildcard, domain) = text.strip_prefix("*.").map_or((false, text), |domain| (true, domain));
        if domain.len() > LONGEST_DOMAIN {
            return Err(PatternError::TooLong { length: domain.len() });
        }
        if !domain.split('.').all(is_label) {
            return Err(PatternError::Label);
        }
        Ok(Self { domain: domain.to_ascii_lowercase(), is_wildcard })
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wildcard = if self.is_wildcard { "*." } else { "" };
        write!(f, "{wildcard}{}", self.domain)
    }
}

/// A name, `nightly-sync`, or all names with a beginning, `ci-*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamePattern {
    text: String,
    is_prefix: bool,
}

impl NamePattern {
    /// Whether a name fits.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        if self.is_prefix { name.starts_with(self.text.as_str()) } else { name == self.text }
    }

    /// Whether the pattern takes in every name.
    #[must_use]
    pub fn is_over_broad(&self) -> bool {
        self.is_prefix && self.text.is_empty()
    }
}

impl FromStr for NamePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_prefix, name) = text.strip_suffix('*').map_or((false, text), |prefix| (true, prefix));
        match name {
            "" if !is_prefix => Err(PatternError::Empty),
            name if name.contains('*') => Err(PatternError::Wildcard),
            name => Ok(Self { text: name.into(), is_prefix }),
        }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wildcard = if self.is_prefix { "*" } else { "" };
        write!(f, "{}{wildcard}", self.text)
    }
}

/// Why a text is not a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// There is no text.
    #[error("the pattern is empty")]
    Empty,
    /// The domain is longer than any domain.
    #[error("the domain has {length} bytes where {LONGEST_DOMAIN} are allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Part of the domain is no label; a wildcard is one as the whole first part only.
    #[error("the domain has a part that is no label")]
    Label,
    /// A wildcard stands elsewhere than at the end.
    #[error("the pattern has a wildcard before its end")]
    Wildcard,
}

/// Letters, digits and inner hyphens (RFC 1123 §2.1), and the underscore that service names have.
fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::{format, vec};

    fn domain(text: &str) -> DomainPattern {
        text.parse().unwrap()
    }

    #[test]
    fn an_exact_domain_takes_in_itself_only() {
        let pattern = domain("Example.com");
        assert!(pattern.matches("example.com") && pattern.matches("EXAMPLE.COM"));
        for other in ["api.example.com", "*.example.com", "example.com.", "example.co", "xexample.com", ""] {
            assert!(!pattern.matches(other), "{other}");
        }
        assert_eq!(pattern.to_string(), "example.com");
    }

    #[test]
    fn a_wildcard_takes_in_subdomains_of_any_depth_and_wildcards_below_it() {
        let pattern = domain("*.example.com");
        for inside in ["a.example.com", "a.b.example.com", "*.b.example.com", "*.example.com"] {
            assert!(pattern.matches(inside), "{inside}");
        }
        for outside in
            ["example.com", "evilexample.com", "evil-example.com", "*.com", "example.com.evil.org", ".example.com"]
        {
            assert!(!pattern.matches(outside), "{outside}");
        }
        assert_eq!(pattern.to_string(), "*.example.com");
    }

    #[test]
    fn what_is_no_domain_is_no_pattern() {
        let label = |length| "a".repeat(length);
        let long = vec![label(63); 4].join(".");
        for text in ["", "*", "*.", ".", "a..b", "-a.com", "a-.com", "a*.com", "*.*.com", "a.*.com", "é.com", "a b.com"]
        {
            assert_eq!(text.parse::<DomainPattern>(), Err(PatternError::Label), "{text}");
        }
        assert_eq!(long.len(), 255);
        assert_eq!(long.parse::<DomainPattern>(), Err(PatternError::TooLong { length: 255 }));
        let longest = format!("{}.{}.{}.{}", label(63), label(63), label(63), label(61));
        assert!(longest.len() == 253 && longest.parse::<DomainPattern>().is_ok());
        assert_eq!(label(64).parse::<DomainPattern>(), Err(PatternError::Label));
        assert!(domain("_acme-challenge.example.com").matches("_acme-challenge.example.com"));
    }

    #[test]
    fn a_whole_top_level_domain_is_over_broad() {
        let over_broad = ["*.com", "*.example.com", "com", "example.com"].map(|text| domain(text).is_over_broad());
        assert_eq!(over_broad, [true, false, false, false]);
    }

    #[test]
    fn a_name_pattern_is_a_name_or_a_beginning() {
        let pattern = |text: &str| text.parse::<NamePattern>().unwrap();
        assert!(
            pattern("ci-*").matches("ci-") && pattern("ci-*").matches("ci-main") && !pattern("ci-*").matches("xci-")
        );
        assert!(pattern("ci").matches("ci") && !pattern("ci").matches("ci-main"));
        assert_eq!(["*", "ci-*", "ci"].map(|text| pattern(text).is_over_broad()), [true, false, false]);
        assert_eq!(["*", "ci-*", "ci"].map(|text| pattern(text).to_string()), ["*", "ci-*", "ci"]);
        assert_eq!("".parse::<NamePattern>(), Err(PatternError::Empty));
        assert_eq!(["a*b", "**"].map(str::parse::<NamePattern>), [const { Err(PatternError::Wildcard) }; 2]);
    }
}
