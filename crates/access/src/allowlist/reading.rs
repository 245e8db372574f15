//! Lists as text, with bounds for those that come from outside.

use super::Allowlist;
use crate::{Network, NetworkError};

impl Allowlist {
    /// The most networks of an account's list, where it comes from outside.
    pub const MAX_OF_ACCOUNT: usize = 1_000;

    /// The most networks of a token's or a session's list: a holder opens sessions itself, and each is kept and cached.
    pub const MAX_OF_TOKEN: usize = 32;

    /// Reads a list that comes from outside, and no further than the bound: [`MAX_OF_ACCOUNT`](Self::MAX_OF_ACCOUNT) or
    /// [`MAX_OF_TOKEN`](Self::MAX_OF_TOKEN).
    ///
    /// Entries are counted as they are given, before they merge.
    ///
    /// ```
    /// use service_accounts_access::{Allowlist, BoundedAllowlistError};
    ///
    /// let many = (0..33).map(|n| format!("10.0.0.{n}")).collect::<Vec<_>>();
    /// let read = |most| Allowlist::parse_bounded(many.iter().map(String::as_str), most);
    /// assert_eq!(read(Allowlist::MAX_OF_TOKEN), Err(BoundedAllowlistError::TooMany { max: 32 }));
    /// assert!(read(Allowlist::MAX_OF_ACCOUNT).is_ok());
    /// ```
    ///
    /// # Errors
    /// There are more entries than allowed, or one is not a network.
    pub fn parse_bounded<'a>(
        entries: impl IntoIterator<Item = &'a str>,
        at_most: usize,
    ) -> Result<Self, BoundedAllowlistError> {
        let bounded = |(at, text): (usize, &str)| {
            if at >= at_most {
                return Err(BoundedAllowlistError::TooMany { max: at_most });
            }
            Network::parse(text).map_err(|reason| AllowlistError { entry: at.saturating_add(1), reason }.into())
        };
        entries.into_iter().enumerate().map(bounded).collect()
    }

    /// Reads every entry, however many; no entries mean no restriction.
    ///
    /// # Errors
    /// At the first entry that is not a network, with its place.
    pub fn parse_all<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, AllowlistError> {
        let parse = |(at, text): (usize, &str)| {
            Network::parse(text).map_err(|reason| AllowlistError { entry: at.saturating_add(1), reason })
        };
        entries.into_iter().enumerate().map(parse).collect()
    }
}

/// An entry of a list is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry}: {reason}")]
pub struct AllowlistError {
    /// Its place in the list, from 1.
    pub entry: usize,
    /// What is wrong with it.
    pub reason: NetworkError,
}

/// A list from outside is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoundedAllowlistError {
    /// There are more entries than allowed.
    #[error("the list has more than {max} networks")]
    TooMany {
        /// The most it may have.
        max: usize,
    },
    /// An entry is not a network.
    #[error(transparent)]
    Entry(#[from] AllowlistError),
}

#[cfg(feature = "serde")]
impl serde::Serialize for Allowlist {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.networks())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Allowlist {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Networks)
    }
}

/// Reads network by network, so that a format that tells places tells that of the wrong one.
#[cfg(feature = "serde")]
struct Networks;

#[cfg(feature = "serde")]
impl<'de> serde::de::Visitor<'de> for Networks {
    type Value = Allowlist;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a list of addresses and networks")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Allowlist, A::Error> {
        let mut networks = alloc::vec::Vec::new();
        while let Some(network) = list.next_element::<Network>()? {
            if networks.len() >= Allowlist::MAX_OF_ACCOUNT {
                let too_many = BoundedAllowlistError::TooMany { max: Allowlist::MAX_OF_ACCOUNT };
                return Err(serde::de::Error::custom(too_many));
            }
            networks.push(network);
        }
        Ok(networks.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn list(text: &str) -> Allowlist {
        Allowlist::parse_all(text.split_whitespace()).unwrap()
    }

    /// A member opened sessions with lists of 64 KiB, each kept and cached.
    #[test]
    fn a_list_from_outside_has_a_bound_and_is_not_read_past_it() {
        let read = |given: usize, most| {
            let mut seen = 0;
            let entries = core::iter::repeat_n("10.0.0.1", given).inspect(|_| seen += 1);
            let answer = Allowlist::parse_bounded(entries, most);
            (answer, seen)
        };
        for most in [Allowlist::MAX_OF_TOKEN, Allowlist::MAX_OF_ACCOUNT] {
            assert_eq!(read(most - 1, most), (Ok(list("10.0.0.1")), most - 1));
            assert_eq!(read(most, most), (Ok(list("10.0.0.1")), most));
            assert_eq!(read(most + 5, most), (Err(BoundedAllowlistError::TooMany { max: most }), most + 1));
        }
        assert_eq!((Allowlist::MAX_OF_TOKEN, Allowlist::MAX_OF_ACCOUNT), (32, 1_000));
        let slip = Allowlist::parse_bounded(["::1", "10.0.0.1/33"], 2).unwrap_err();
        assert_eq!(slip.to_string(), "entry 2: the prefix is longer than 32");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn the_encoding_is_a_list_of_texts_and_never_null() {
        let text = r#"["10.0.0.0/8","2001:db8::7"]"#;
        assert_eq!(serde_json::to_string(&list("2001:db8::7 10.0.0.0/8")).unwrap(), text);
        assert_eq!(serde_json::from_str::<Allowlist>(text).unwrap(), list("10.0.0.0/8 2001:db8::7"));
        assert_eq!(serde_json::from_str::<Allowlist>("[]").unwrap(), Allowlist::any());
        assert_eq!(serde_json::to_string(&Allowlist::any()).unwrap(), "[]");
        let given = |entries: usize| serde_json::to_string(&alloc::vec!["::1"; entries]).unwrap();
        assert!(serde_json::from_str::<Allowlist>(&given(1_000)).is_ok());
        assert!(serde_json::from_str::<Allowlist>(&given(1_001)).is_err());
        for text in ["null", "\"10.0.0.0/8\"", "[null]", "[\"\"]", "{}"] {
            assert!(serde_json::from_str::<Allowlist>(text).is_err(), "{text}");
        }
        let error = serde_json::from_str::<Allowlist>(r#"["::1","10.0.0.1/8"]"#).unwrap_err().to_string();
        assert_eq!(error, "address has bits set beyond its prefix, the network is 10.0.0.0/8 at line 1 column 20");
    }
}
