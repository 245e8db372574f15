//! What a credential was seen to do.

use std::{fmt, net::IpAddr, str::FromStr};

use service_accounts_audit::Label;
use service_accounts_token::TokenId;
use time::UtcDateTime;

/// How often one credential was seen in one way, counted off the request path.
///
/// A store keeps one row for each token, kind and value, and at most [`Sighting::MOST`] rows for each token and kind. When
/// a new value finds the table full, it takes the place of the one seen longest ago.
///
/// Counts are of what was written by [`Store::touch`](crate::Store::touch); what a process had gathered and not written
/// when it ended is not in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The credential.
    pub token: TokenId,
    /// In which way it was seen.
    pub seen: Seen,
    /// How often.
    /// It stops at the largest number and does not wrap.
    pub count: u64,
    /// When it was seen first.
    pub first: UtcDateTime,
    /// When it was seen last.
    pub last: UtcDateTime,
}

impl Sighting {
    /// How many values of one kind a store keeps for a token.
    pub const MOST: usize = 64;

    /// Adds what `other` saw to the same row: counts add up, the span grows at both ends.
    ///
    /// ```
    /// use service_accounts_store::{Seen, Sighting};
    /// use service_accounts_token::TokenId;
    /// use time::{Duration, UtcDateTime};
    ///
    /// let (token, at) = (TokenId::parse("0123456789abcdef").unwrap(), UtcDateTime::UNIX_EPOCH);
    /// let one = Sighting { token, seen: Seen::Tried, count: 2, first: at, last: at };
    /// let later = Sighting { count: 3, last: at + Duration::HOUR, ..one.clone() };
    /// let both = one.joined(&later);
    /// assert_eq!((both.count, both.first, both.last), (5, at, at + Duration::HOUR));
    /// ```
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            ..self.clone()
        }
    }
}

/// One way in which a credential was seen.
///
/// Addresses are kept as they came, IPv4 and IPv6 apart; permissions by name, so that a row outlives the catalogue it
/// was made under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// It was accepted from this address.
    UsedFrom(IpAddr),
    /// It was tried from this address after it was revoked.
    TriedFrom(IpAddr),
    /// It was tried after it was revoked, from an unknown address.
    Tried,
    /// It was used for this permission.
    Permission(Label),
}

/// The kind of a sighting as stores keep it.
///
/// Attempts with and without a known address are one kind, so that the bound of a kind holds for both together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeenKind {
    /// Accepted from an address.
    UsedFrom,
    /// Tried after revocation.
    Tried,
    /// Used for a permission.
    Permission,
}

/// The kind or value is none that a store has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored sighting cannot be read")]
#[non_exhaustive]
pub struct SeenError;

impl Seen {
    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> SeenKind {
        match self {
            Self::UsedFrom(_) => SeenKind::UsedFrom,
            Self::TriedFrom(_) | Self::Tried => SeenKind::Tried,
            Self::Permission(_) => SeenKind::Permission,
        }
    }

    /// The value as text; empty for an unknown address.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::UsedFrom(address) | Self::TriedFrom(address) => address.to_string(),
            Self::Tried => String::new(),
            Self::Permission(name) => name.as_str().to_owned(),
        }
    }

    /// Puts together what a store has kept.
    ///
    /// ```
    /// use service_accounts_store::{Seen, SeenKind};
    ///
    /// let seen = Seen::UsedFrom("192.0.2.7".parse().unwrap());
    /// assert_eq!(Seen::restore(seen.kind(), &seen.value()), Ok(seen));
    /// assert!(Seen::restore(SeenKind::UsedFrom, "somewhere").is_err());
    /// ```
    ///
    /// # Errors
    /// The value does not fit the kind.
    ///
    /// A store that finds a row it cannot restore reports corruption, and leaves nothing out.
    pub fn restore(kind: SeenKind, value: &str) -> Result<Self, SeenError> {
        let address = || value.parse().map_err(|_| SeenError);
        match kind {
            SeenKind::UsedFrom => address().map(Self::UsedFrom),
            SeenKind::Tried if value.is_empty() => Ok(Self::Tried),
            SeenKind::Tried => address().map(Self::TriedFrom),
            SeenKind::Permission => Ok(Self::Permission(Label::new(value))),
        }
    }
}

impl SeenKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::UsedFrom, Self::Tried, Self::Permission];

    /// The stable name under which stores keep it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UsedFrom => "used_from",
            Self::Tried => "tried",
            Self::Permission => "permission",
        }
    }
}

impl FromStr for SeenKind {
    type Err = SeenError;

    fn from_str(text: &str) -> Result<Self, SeenError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(SeenError)
    }
}

impl fmt::Display for SeenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_reads_back_from_its_kind_and_value() {
        let address = IpAddr::from([192, 0, 2, 1]);
        for seen in [
            Seen::UsedFrom(address),
            Seen::TriedFrom("2001:db8::1".parse().unwrap()),
            Seen::Tried,
            Seen::Permission(Label::new("datastores:view")),
        ] {
            let kind = seen.kind().as_str().parse().unwrap();
            assert_eq!(Seen::restore(kind, &seen.value()), Ok(seen));
        }
        assert_eq!(Seen::restore(SeenKind::UsedFrom, ""), Err(SeenError));
        assert_eq!("used".parse::<SeenKind>(), Err(SeenError));
    }
}
