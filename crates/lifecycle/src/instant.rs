//! Instants as text.

use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;

/// The years that RFC 3339 can write; an offset may move an instant out of them.
const YEARS: core::ops::RangeInclusive<i32> = 0..=9999;

/// Where the separator of date and time stands, in bytes.
const SEPARATOR: usize = 10;

/// Reads an instant as RFC 3339 §5.6 has it, with any offset, and yields it in UTC.
///
/// Between date and time stands a `T`, a `t` or a space. The parser underneath takes any character there, so that
/// `2030-01-01500:00:00Z` would be midnight. Whatever is read can be written again.
///
/// ```
/// use service_accounts_lifecycle::{InstantError, parse_instant};
///
/// assert_eq!(parse_instant("2026-01-31T13:30:00+01:30"), parse_instant("2026-01-31 12:00:00Z"));
/// assert_eq!(parse_instant("2030-01-01500:00:00Z"), Err(InstantError::Form));
/// ```
///
/// # Errors
///
/// Refuses what is no instant, one without an offset, and one outside the years 0 to 9999 in UTC.
pub fn parse_instant(text: &str) -> Result<UtcDateTime, InstantError> {
    match text.as_bytes().get(SEPARATOR) {
        Some(b'T' | b't' | b' ') => {}
        _ => return Err(InstantError::Form),
    }
    let instant = time::OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InstantError::Form)?;
    instant.checked_to_utc().filter(|utc| YEARS.contains(&utc.year())).ok_or(InstantError::OutOfRange)
}

/// Why a text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstantError {
    /// The text has not the form of an instant, or names a day or an hour that does not exist.
    #[error("expected an instant such as 2026-01-31T12:00:00Z")]
    Form,
    /// In UTC the instant lies outside the years 0 to 9999.
    #[error("expected an instant in the years 0 to 9999")]
    OutOfRange,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use time::macros::utc_datetime;

    /// jiff and the corpora of toml-test: any ASCII character separated date and time.
    #[test]
    fn only_a_t_or_a_space_separates_date_and_time() {
        for separator in (0..=0x7f_u8).map(char::from) {
            let is_fit = matches!(separator, 'T' | 't' | ' ');
            let expected = if is_fit { Ok(utc_datetime!(2030-01-01 12:00)) } else { Err(InstantError::Form) };
            assert_eq!(parse_instant(&format!("2030-01-01{separator}12:00:00Z")), expected, "{separator:?}");
        }
        for text in ["2030-01-01\u{e9}12:00:00Z", "2030-01-0112:00:00Z", "2030-01-01  12:00:00Z", "2030-01-01T"] {
            assert_eq!(parse_instant(text), Err(InstantError::Form), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:00+24:00",
            "+2026-01-31T12:00:00Z",
            "12026-01-31T12:00:00Z",
            "-026-01-31T12:00:00Z",
            " 2026-01-31T12:00:00Z",
            "2026-01-31T12:00:00Z ",
            "2026-01-31T12:00:00Z\n",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00,5Z",
        ] {
            assert_eq!(parse_instant(text), Err(InstantError::Form), "{text:?}");
        }
    }

    #[test]
    fn every_form_of_the_standard_is_read() {
        let noon = utc_datetime!(2026-01-31 12:00);
        for text in [
            "2026-01-31t12:00:00z",
            "2026-01-31T12:00:00.000Z",
            "2026-01-31T12:00:00-00:00",
            "2026-01-31T04:00:00-08:00",
        ] {
            assert_eq!(parse_instant(text), Ok(noon), "{text}");
        }
    }

    #[test]
    fn whatever_is_read_can_be_written() {
        for (text, expected) in [
            ("0000-01-01T00:00:00Z", Ok(0)),
            ("0000-01-01T00:00:00+00:01", Err(InstantError::OutOfRange)),
            ("0000-01-01T00:00:00-00:01", Ok(0)),
            ("9999-12-31T23:59:59Z", Ok(9999)),
            ("9999-12-31T23:59:59+00:01", Ok(9999)),
            ("9999-12-31T23:59:59-00:01", Err(InstantError::OutOfRange)),
        ] {
            assert_eq!(parse_instant(text).map(|instant| instant.year()), expected, "{text}");
        }
    }
}
