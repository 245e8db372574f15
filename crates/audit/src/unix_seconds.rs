//! Instants as whole seconds since 1970, within the years that a date can be written in.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use time::UtcDateTime;

/// From the year -9999 to the year 9999, however far another crate lets dates of `time` reach.
const RANGE: core::ops::RangeInclusive<i64> = -377_705_116_800..=253_402_300_799;

pub(crate) fn serialize<S: Serializer>(at: &UtcDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(at.unix_timestamp())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UtcDateTime, D::Error> {
    read(i64::deserialize(deserializer)?)
}

pub(crate) mod optional {
    use super::{Deserialize, Deserializer, Serializer, UtcDateTime, read};

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(at: &Option<UtcDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UtcDateTime>, D::Error> {
        Option::<i64>::deserialize(deserializer)?.map(read).transpose()
    }
}

fn read<E: Error>(seconds: i64) -> Result<UtcDateTime, E> {
    if !RANGE.contains(&seconds) {
        return Err(E::custom("the instant is outside the years -9999 to 9999"));
    }
    UtcDateTime::from_unix_timestamp(seconds).map_err(E::custom)
}
