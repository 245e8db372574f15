//! How the types are written down: names and lengths as text, instants as whole seconds since 1970.
//!
//! Instants are numbers because a store compares and indexes them, and because nothing then needs a
//! calendar formatter, which would need `std`. Reading goes through the same constructors as code does,
//! so a corrupt row is refused, never repaired.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

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

/// [`TokenState`] as a document has it.
#[derive(Serialize)]
#[serde(remote = "TokenState", tag = "state", rename_all = "snake_case")]
enum StateDocument {
    Active,
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

/// The fields of every state.
///
/// What serde derives for a tagged enum first copies the whole document, in search of its tag; a state is in every token's
/// record.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFields {
    #[serde(deserialize_with = "parsed")]
    state: StateName,
    #[serde(default, deserialize_with = "never_null")]
    until: Option<UtcDateTime>,
    #[serde(default, deserialize_with = "never_null")]
    at: Option<UtcDateTime>,
    #[serde(default, deserialize_with = "never_null")]
    revoked_at: Option<UtcDateTime>,
    #[serde(default, deserialize_with = "never_null")]
    since: Option<UtcDateTime>,
}

fn never_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UtcDateTime>, D::Error> {
    seconds::deserialize(deserializer).map(Some)
}

enum StateName {
    Active,
    Retiring,
    Revoked,
    Deletable,
    Deleted,
}

impl FromStr for StateName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "active" => Ok(Self::Active),
            "retiring" => Ok(Self::Retiring),
            "revoked" => Ok(Self::Revoked),
            "deletable" => Ok(Self::Deletable),
            "deleted" => Ok(Self::Deleted),
            _ => Err("unknown state of a token"),
        }
    }
}

impl StateDocument {
    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TokenState, D::Error> {
        let fields = StateFields::deserialize(deserializer)?;
        let dates = (fields.until, fields.at, fields.revoked_at, fields.since);
        match (fields.state, dates) {
            (StateName::Active, (None, None, None, None)) => Ok(TokenState::Active),
            (StateName::Retiring, (Some(until), None, None, None)) => Ok(TokenState::Retiring { until }),
            (StateName::Revoked, (None, Some(at), None, None)) => Ok(TokenState::Revoked { at }),
            (StateName::Deletable, (None, None, Some(revoked_at), Some(since))) => {
                Ok(TokenState::Deletable { revoked_at, since })
            }
            (StateName::Deleted, (None, Some(at), None, None)) => Ok(TokenState::Deleted { at }),
            _ => Err(D::Error::custom("a state of a token has its own dates and no others")),
        }
    }
}

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

/// A text where the document has it; it is copied only where it stands there with escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn parsed<'de, T: FromStr<Err: fmt::Display>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Text::deserialize(deserializer)?.0.parse().map_err(D::Error::custom)
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
                parsed(deserializer)
            }
        }
    )+};
}

text!(Environment, Span, RotationKey, DomainPattern, NamePattern);
