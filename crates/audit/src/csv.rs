//! Events as CSV, for people with a spreadsheet.
//!
//! A spreadsheet runs a cell that looks like a formula, and what an event tells came from clients. So such a cell gets an
//! apostrophe in front, which spreadsheets do not show, and every cell is quoted (OWASP, "CSV Injection"). For programs, and
//! for verifying, export JSON Lines.

use alloc::{borrow::Cow, format, string::String, vec::Vec};

use csv::{QuoteStyle, WriterBuilder};
use time::{OffsetDateTime, UtcDateTime, format_description::well_known::Rfc3339};

use crate::{Label, LineError, Payload, Recorded};

const COLUMNS: [&str; 14] = [
    "sequence",
    "at",
    "until",
    "count",
    "action",
    "actor",
    "account",
    "token",
    "token_name",
    "address",
    "reason",
    "changes",
    "details",
    "payload",
];

/// The first line, with the names of the columns.
///
/// # Errors
/// None today; the signature is that of [`to_csv`].
pub fn csv_header() -> Result<String, LineError> {
    row(COLUMNS)
}

/// One event as a row, its line end included.
///
/// Instants are written as RFC 3339 says; what changed and further details are written as JSON.
///
/// # Errors
/// An instant is before the year 0 or after 9999.
pub fn to_csv(recorded: &Recorded) -> Result<String, LineError> {
    let event = &recorded.event;
    let cells: [Cow<'_, str>; 14] = [
        format!("{}", recorded.sequence).into(),
        instant(event.at())?.into(),
        instant(event.last_at())?.into(),
        format!("{}", event.count()).into(),
        event.action().as_str().into(),
        event.actor().as_str().into(),
        optional(event.account()),
        optional(event.token()),
        optional(event.token_name()),
        event.address().map_or_else(String::new, |address| format!("{address}")).into(),
        optional(event.reason()),
        json(event.changes(), event.changes().is_empty())?.into(),
        json(event.details(), event.details().is_empty())?.into(),
        event.payload().map_or("", Payload::as_str).into(),
    ];
    row(cells.iter().map(|cell| harmless(cell)).collect::<Vec<_>>().iter().map(AsRef::<str>::as_ref))
}

fn optional(text: Option<&Label>) -> Cow<'_, str> {
    text.map_or("", Label::as_str).into()
}

/// The cell itself, or with an apostrophe in front of what a spreadsheet takes for the beginning of a formula.
fn harmless(cell: &str) -> Cow<'_, str> {
    let is_formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if is_formula { format!("'{cell}").into() } else { cell.into() }
}

fn instant(at: UtcDateTime) -> Result<String, LineError> {
    OffsetDateTime::from(at).format(&Rfc3339).map_err(|_| LineError::Write)
}

fn json<T: serde::Serialize>(facts: &T, is_empty: bool) -> Result<String, LineError> {
    if is_empty { Ok(String::new()) } else { serde_json::to_string(facts).map_err(|_| LineError::Write) }
}

fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<String, LineError> {
    let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(Vec::new());
    writer.write_record(cells).map_err(|_| LineError::Write)?;
    let bytes = writer.into_inner().map_err(|_| LineError::Write)?;
    String::from_utf8(bytes).map_err(|_| LineError::Write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, Event, Sequence};

    fn recorded(actor: &str) -> Recorded {
        let event = Event::new(Action::AccountUpdated, Label::new(actor), UtcDateTime::UNIX_EPOCH);
        Recorded { sequence: Sequence::new(7), event }
    }

    fn cells(text: &str) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let mut records = reader.records();
        let cells = records.next().unwrap().unwrap().iter().map(String::from).collect();
        assert!(records.next().is_none(), "one event, one row");
        cells
    }

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        let full = recorded("ops").event.repeated(3, UtcDateTime::UNIX_EPOCH + time::Duration::seconds(59));
        let event = full
            .about_account(Label::new("a@service"))
            .about_token(Label::new("0123456789abcdef"))
            .named(Label::new("nightly, \"main\""))
            .from_address(Some("2001:db8::1".parse().unwrap()))
            .because(Label::new("rotation"))
            .changed(Label::new("role"), Some("Member"), Some("Admin"))
            .with(Label::new("path"), Label::new("/"))
            .carrying(Payload::parse("=1+1").unwrap());
        assert_eq!(cells(&csv_header().unwrap()), COLUMNS);
        assert_eq!(
            cells(&to_csv(&Recorded { sequence: Sequence::new(7), event }).unwrap()),
            [
                "7",
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:00:59Z",
                "3",
                "account.updated",
                "ops",
                "a@service",
                "0123456789abcdef",
                "nightly, \"main\"",
                "2001:db8::1",
                "rotation",
                r#"{"role":{"old":"Member","new":"Admin"}}"#,
                r#"{"path":"/"}"#,
                "'=1+1",
            ]
        );
        assert_eq!(cells(&to_csv(&recorded("ops")).unwrap())[6..], ["", "", "", "", "", "", "", ""]);
    }

    /// A name such as `=HYPERLINK(…)` runs when an administrator opens the export.
    #[test]
    fn no_cell_begins_a_formula() {
        for start in ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"] {
            let text = format!("{start}cmd|' /C calc'!A0");
            assert_eq!(harmless(&text), format!("'{text}"));
            let event = recorded(&text).event.about_account(Label::new(&text)).because(Label::new(&text));
            let event = event.about_token(Label::new(&text)).named(Label::new(&text));
            let row = to_csv(&Recorded { sequence: Sequence::new(-7), event }).unwrap();
            for cell in cells(&row) {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']), "{cell}");
            }
        }
        assert_eq!(harmless("a=b"), "a=b");
    }

    #[test]
    fn a_separator_in_a_text_begins_no_cell() {
        for text in ["a,=1+1", "a\",=1+1", "a;=1+1", "\"=1+1"] {
            let row = to_csv(&recorded(text)).unwrap();
            assert_eq!(cells(&row)[5], text);
            assert!(row.starts_with("\"7\",\"") && row.ends_with("\"\n"));
        }
    }
}
