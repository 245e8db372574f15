//! Instants as whole unix seconds, the one form in which every store keeps them.
//!
//! What is finer than a second is dropped on writing. A number that no calendar date has is an error on reading, never
//! another date.
//!
//! Expiry, rotation and idleness are matters of days, and whole seconds pass unchanged through every store, API and
//! header. Given up: telling two events of one second apart by time; their places in the trail do.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use time::UtcDateTime;

/// Writes whole seconds since 1970.
///
/// An instant before 1970 is a negative number.
pub(crate) fn serialize<S: Serializer>(at: &UtcDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(at.unix_timestamp())
}

/// Reads whole seconds since 1970.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UtcDateTime, D::Error> {
    UtcDateTime::from_unix_timestamp(i64::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// The same for an instant that may be missing.
pub(crate) mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use time::UtcDateTime;

    pub(crate) fn serialize<S: Serializer>(at: &Option<UtcDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(UtcDateTime::unix_timestamp).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UtcDateTime>, D::Error> {
        Option::<i64>::deserialize(deserializer)?
            .map(|seconds| UtcDateTime::from_unix_timestamp(seconds).map_err(D::Error::custom))
            .transpose()
    }
}
