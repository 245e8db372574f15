//! Names of applications, of their events and of subscriptions.
//!
//! Each is a type of its own, so that an application cannot stand where an event is meant.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A text that is no name of an application, an event or a subscription.
///
/// It says what was expected, and repeats nothing of the text.
///
/// The type that was parsed decides which of them it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotificationNameError {
    /// An application or an event.
    #[error("expected 1 to 64 of the characters a-z A-Z 0-9 . _ -")]
    Name,
    /// A pattern of events.
    #[error("expected *, the name of an event such as token.revoked, or a beginning such as token.*")]
    Pattern,
    /// The id of a subscription.
    #[error("expected 20 hexadecimal digits")]
    Subscription,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $Name:ident, $is_fit:expr, $error:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(Arc<str>);

        impl $Name {
            /// Reads the text.
            ///
            /// # Errors
            /// It has another form.
            pub fn parse(text: &str) -> Result<Self, NotificationNameError> {
                let is_fit: fn(&str) -> bool = $is_fit;
                if is_fit(text) { Ok(Self(text.into())) } else { Err(NotificationNameError::$error) }
            }

            /// As it was parsed, and as it is shown.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $Name {
            type Err = NotificationNameError;

            fn from_str(text: &str) -> Result<Self, NotificationNameError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Serialize for $Name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $Name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    )+};
}

texts! {
    /// The name of an application whose events can be subscribed: 1 to 64 of `a-z A-Z 0-9 . _ -`.
    ApplicationName, is_name, Name;
    /// The name of an event of the host's, such as `invoice.paid`: 1 to 64 of `a-z A-Z 0-9 . _ -`.
    EventName, is_name, Name;
    /// Which events: `*`, a name such as `token.revoked`, or all of a noun such as `token.*`.
    ///
    /// Case counts, and a `*` stands at the end alone.
    EventPattern, is_pattern, Pattern;
    /// The name of a subscription: 20 hexadecimal digits.
    SubscriptionId, is_subscription, Subscription;
}

impl ApplicationName {
    /// The application of this system's own events: accounts, tokens, policies and the rest of the trail.
    ///
    /// It always exists. To be told of them, an account must hold the permission to read the trail
    /// ([`Administration::read_trail`](crate::Administration::read_trail)).
    pub const OWN: &'static str = "service-accounts";

    /// Whether its events are this system's own.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.as_str() == Self::OWN
    }
}

impl EventPattern {
    /// Whether an event of this name is meant.
    ///
    /// ```
    /// use service_accounts::EventPattern;
    ///
    /// let tokens = EventPattern::parse("token.*")?;
    /// assert!(tokens.matches("token.revoked") && !tokens.matches("tokens.revoked"));
    /// # Ok::<(), service_accounts::NotificationNameError>(())
    /// ```
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.as_str().strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => self.as_str() == name,
        }
    }
}

impl SubscriptionId {
    pub(crate) fn of(random: [u8; 10]) -> Self {
        let digits: Vec<_> = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(digits.concat().into())
    }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_pattern(text: &str) -> bool {
    text == "*" || text.strip_suffix(".*").map_or_else(|| is_name(text), |noun| is_name(noun) && noun.len() < 63)
}

fn is_subscription(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_whole_nouns_only() {
        let matches = |pattern: &str, name| EventPattern::parse(pattern).unwrap().matches(name);
        for (pattern, name, is_meant) in [
            ("*", "token.revoked", true),
            ("token.*", "token.revoked", true),
            ("token.*", "tokens.revoked", false),
            ("token.*", "token", false),
            ("token.revoked", "token.revoked", true),
            ("token.revoked", "token.revoked.twice", false),
        ] {
            assert_eq!(matches(pattern, name), is_meant, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", ".*", "**", "to*ken", "token.*.x", "a b", "ä"] {
            assert!(EventPattern::parse(text).is_err(), "{text}");
        }
        for (length, is_fit) in [(0, false), (1, true), (64, true), (65, false)] {
            assert_eq!(ApplicationName::parse(&"a".repeat(length)).is_ok(), is_fit, "{length}");
        }
        assert!(SubscriptionId::parse(SubscriptionId::of([7; 10]).as_str()).is_ok());
        for text in ["", "0707070707070707070", "070707070707070707070", "0707070707070707070G"] {
            assert!(SubscriptionId::parse(text).is_err(), "{text}");
        }
    }
}
