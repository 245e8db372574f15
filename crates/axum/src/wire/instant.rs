//! Instants on the wire: RFC 3339 in UTC.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use time::{OffsetDateTime, UtcDateTime, format_description::well_known::Rfc3339};

/// An instant in RFC 3339, which has the years 0 to 9999 and no others.
///
/// It is shown with whole seconds and a `Z`; whatever offset a client sends is taken into UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) UtcDateTime);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&OffsetDateTime::from(self.0).format(&Rfc3339).map_err(ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        read(&text).map(Self).ok_or_else(|| de::Error::custom("expected an instant such as 2026-01-31T12:00:00Z"))
    }
}

/// An offset can move an instant out of the years that can be written: such a one could be taken, but never be shown.
fn read(text: &str) -> Option<UtcDateTime> {
    let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_utc()?;
    (0..=9999).contains(&instant.year()).then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> Option<String> {
        read(text).map(|instant| serde_json::to_string(&Instant(instant)).unwrap())
    }

    #[test]
    fn an_instant_is_shown_in_utc() {
        assert_eq!(round("2026-01-31T13:30:00+01:30").unwrap(), "\"2026-01-31T12:00:00Z\"");
    }

    #[test]
    fn whatever_is_taken_can_be_shown() {
        for (text, is_fit) in [
            ("0000-01-01T00:00:00Z", true),
            ("0000-01-01T00:00:00+00:01", false),
            ("0000-01-01T00:00:00-00:01", true),
            ("9999-12-31T23:59:59Z", true),
            ("9999-12-31T23:59:59+00:01", true),
            ("9999-12-31T23:59:59-00:01", false),
            ("2026-02-29T00:00:00Z", false),
            ("2026-01-31", false),
        ] {
            assert_eq!(round(text).is_some(), is_fit, "{text}");
        }
    }
}
