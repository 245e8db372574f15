//! How the types are written down: names and lengths as text, instants as whole seconds since 1970.
//!
//! Instants are numbers because a store compares and indexes them, and because nothing then needs a
//! calendar formatter, which would need `std`. Reading goes through the same constructors as code does,
//! so a corrupt row is refused, never repaired.

use alloc::string::String;
use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::UtcDateTime;

use crate::environment::Environment;
use crate::governance::{DomainPattern, NamePattern, TokenRule};
use crate::lifetime::{Lifetime, LifetimeRangeError};
use crate::object::reads_objects_only;
use crate::rotation::RotationKey;
use crate::span::Span;
use crate::state::TokenState;

/// Instants as whole seconds since 1970, for `#[serde(with)]`.
pub(crate) mod seconds {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::UtcDateTime;

    use crate::moment::calendar;

    pub(crate) fn serialize<S: Serializer>(instant: &UtcDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        instant.unix_timestamp().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UtcDateTime, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        calendar(seconds).ok_or_else(|| D::Error::custom("the instant is outside the years -9999 to 9999"))
    }
}

/// Instants that may be missing, for `#[serde(with)]`.
pub(crate) mod optional_seconds {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::UtcDateTime;

    use crate::moment::calendar;

    pub(crate) fn serialize<S: Serializer>(instant: &Option<UtcDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
        instant.map(UtcDateTime::unix_timestamp).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UtcDateTime>, D::Error> {
        let seconds = Option::<i64>::deserialize(deserializer)?;
        let outside = || D::Error::custom("the instant is outside the years -9999 to 9999");
        seconds.map(|seconds| calendar(seconds).ok_or_else(outside)).transpose()
    }
}

/// Notices in any order.
pub(crate) fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Span>, D::Error> {
    Ok(crate::policy::parts::in_order(Vec::deserialize(deserializer)?))
}

/// A lifetime as a document has it.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(crate) struct LifetimeDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum: Option<Span>,
    maximum: Span,
}

reads_objects_only!(LifetimeDocument, via LifetimeDocument);

/// [`TokenState`] as a document has it; `Active {}` refuses what stands beside its tag, which `Active` would ignore.
#[derive(Serialize, Deserialize)]
#[serde(remote = "TokenState", tag = "state", rename_all = "snake_case", deny_unknown_fields)]
enum StateDocument {
    Active {},
    Retiring {
        #[serde(with = "seconds")]
        until: UtcDateTime,
    },
    Revoked {
        #[serde(with = "seconds")]
        at: UtcDateTime,
    },
    Deletable {
        #[serde(with = "seconds")]
        revoked_at: UtcDateTime,
        #[serde(with = "seconds")]
        since: UtcDateTime,
    },
    Deleted {
        #[serde(with = "seconds")]
        at: UtcDateTime,
    },
}

reads_objects_only!(TokenState, via StateDocument);

/// [`TokenRule`] as a document has it.
#[derive(Serialize, Deserialize)]
#[serde(remote = "TokenRule", tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum RuleDocument {
    MaximumLifetime {
        maximum: Span,
    },
    RotationLead {
        minimum: Span,
    },
    AllowlistRequired {},
    OwnerRequired {},
    PurposeRequired {},
    JustificationAbove {
        lowest: Vec<String>,
    },
    ApprovalRequired {},
    ScopeCeiling {
        allowed: Vec<String>,
    },
    NamingAdvice {
        #[serde(default)]
        except: Vec<String>,
    },
    OneAccountPerIntegration {},
    NoPersonalTokenOutsideDevelopment {},
    OneEnvironmentPerToken {},
    NoWildcardDomain {},
    AllowedDomains {
        allowed: Vec<DomainPattern>,
    },
}

reads_objects_only!(TokenRule, via RuleDocument);

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
