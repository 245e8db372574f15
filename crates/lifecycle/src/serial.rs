//! How the types are written down: names and lengths as text, instants as whole seconds since 1970.
//!
//! Instants are numbers because a store compares and indexes them, and because nothing then needs a
//! calendar formatter, which would need `std`. Reading goes through the same constructors as code does,
//! so a corrupt row is refused, never repaired.

use alloc::string::String;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::environment::Environment;
use crate::governance::{DomainPattern, NamePattern};
use crate::lifetime::{Lifetime, LifetimeRangeError};
use crate::rotation::RotationKey;
use crate::span::Span;

/// Instants as whole seconds since 1970, for `#[serde(with)]`.
pub(crate) mod seconds {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::UtcDateTime;

    pub(crate) fn serialize<S: Serializer>(instant: &UtcDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        instant.unix_timestamp().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UtcDateTime, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        UtcDateTime::from_unix_timestamp(seconds).map_err(|_| D::Error::custom("the instant is outside the calendar"))
    }
}

/// Instants that may be missing, for `#[serde(with)]`.
pub(crate) mod optional_seconds {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::UtcDateTime;

    pub(crate) fn serialize<S: Serializer>(instant: &Option<UtcDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
        instant.map(UtcDateTime::unix_timestamp).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UtcDateTime>, D::Error> {
        let seconds = Option::<i64>::deserialize(deserializer)?;
        let instant = seconds.map(UtcDateTime::from_unix_timestamp).transpose();
        instant.map_err(|_| D::Error::custom("the instant is outside the calendar"))
    }
}

/// A lifetime as a document has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LifetimeDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum: Option<Span>,
    maximum: Span,
}

impl TryFrom<LifetimeDocument> for Lifetime {
    type Error = LifetimeRangeError;

    fn try_from(document: LifetimeDocument) -> Result<Self, Self::Error> {
        match document.minimum {
            None => Ok(Self::up_to(document.maximum)),
            Some(minimum) => Self::between(minimum, document.maximum),
        }
    }
}

impl From<Lifetime> for LifetimeDocument {
    fn from(lifetime: Lifetime) -> Self {
        Self { minimum: lifetime.minimum(), maximum: lifetime.maximum() }
    }
}

/// Types whose text is all there is to them.
macro_rules! text {
    ($($type:ty),+) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

text!(Environment, Span, RotationKey, DomainPattern, NamePattern);
