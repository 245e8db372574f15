//! Events as JSON Lines: one event, one line, nothing held back.

use alloc::string::String;

use crate::Recorded;

/// An event that cannot be a line of JSON, or a line that is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The event could not be written.
    #[error("the event cannot be written as json")]
    Write,
    /// The line is no event.
    #[error("the line is no event; pass one line of a trail's json export")]
    Read,
}

/// One event as a line, its line feed included.
///
/// An event has one text: it is what seals are made over.
///
/// # Errors
/// JSON cannot hold it, which no event made by this crate brings about.
pub fn to_line(recorded: &Recorded) -> Result<String, LineError> {
    let mut line = serde_json::to_string(recorded).map_err(|_| LineError::Write)?;
    line.push('\n');
    Ok(line)
}

/// Reads one line back, with or without its line feed.
///
/// # Errors
/// The line is no event, or one of a later version. Nothing of it is in the error.
pub fn from_line(line: &str) -> Result<Recorded, LineError> {
    serde_json::from_str(line).map_err(|_| LineError::Read)
}

#[cfg(test)]
mod tests {
    use time::UtcDateTime;

    use super::*;
    use crate::{Action, Event, Label, Sequence};

    #[test]
    fn an_event_is_one_line_and_reads_back() {
        let event = Event::new(Action::TokenRevoked, Label::new("a\r\n\"b\"\u{2028}"), UtcDateTime::UNIX_EPOCH);
        let recorded = Recorded { sequence: Sequence::new(7), event };
        let line = to_line(&recorded).unwrap();
        assert_eq!(line.lines().count(), 1);
        assert!(line.ends_with('\n'));
        assert_eq!(from_line(&line), Ok(recorded.clone()));
        assert_eq!(from_line(line.trim_end()), Ok(recorded));
    }

    #[test]
    fn what_is_no_event_is_refused() {
        let more = r#"{"sequence":7,"event":{"action":"token.revoked","actor":"x","at":0},"more":1}"#;
        for line in [more, "", "{}", "[7]", "{\"seal\":{}}", "{\"sequence\":7,\"event\":{\"action\":\"x\"}}"] {
            assert_eq!(from_line(line), Err(LineError::Read), "{line}");
        }
    }
}
