//! A pack for people: Markdown, and CSV for a spreadsheet.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Display};

use super::{Review, ReviewRow, ReviewedKind};

/// The columns of both forms.
const COLUMNS: [&str; 8] = ["key", "kind", "question", "risk", "finding", "decision", "by", "note"];

impl<K: Display + Ord, P: Display, W: Display> Review<K, P, W> {
    /// The pack as a Markdown document: a heading and one table, a line for each finding.
    ///
    /// Text of others stands in cells that it cannot leave: what Markdown or HTML would read as a mark is escaped, and
    /// line breaks become spaces.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let findings = self.findings().count();
        let mut text = alloc::format!(
            "# Review of {}\n\n{} accounts and tokens, {findings} findings, {} undecided.\n\n",
            self.at.date(),
            self.rows.len(),
            self.undecided().count()
        );
        text.push_str(&line(COLUMNS.map(String::from)));
        text.push_str(&line(COLUMNS.map(|_| String::from("---"))));
        self.cells().for_each(|cells| text.push_str(&line(cells.map(|cell| escaped(&cell)))));
        text
    }

    /// The pack as CSV: the names of the columns, then a row for each finding, and one for what has none.
    ///
    /// Every cell is quoted, and one that a spreadsheet would take for a formula begins with an apostrophe, which it does
    /// not show (OWASP, "CSV Injection").
    #[cfg(feature = "csv")]
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        let mut rows = core::iter::once(COLUMNS.map(String::from)).chain(self.cells().map(|row| row.map(harmless)));
        // Neither can fail: rows of one length are written to memory, and made of text.
        let written = rows.try_for_each(|row| writer.write_record(row));
        let bytes = written.ok().and_then(|()| writer.into_inner().ok());
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn cells(&self) -> impl Iterator<Item = [String; COLUMNS.len()]> {
        self.rows.iter().flat_map(|row| self.cells_of(row))
    }

    /// One line for each finding, or one that says that there is none.
    fn cells_of(&self, row: &ReviewRow<K, P>) -> Vec<[String; COLUMNS.len()]> {
        let (decision, by, note) = self.decision(&row.key).map_or_else(Default::default, |attestation| {
            let note = attestation.note.clone().unwrap_or_default();
            (attestation.decision.as_str().to_string(), attestation.by.to_string(), note)
        });
        let cells = |question: &str, risk: String, finding: String| {
            let (decision, by, note) = (decision.clone(), by.clone(), note.clone());
            [row.key.to_string(), row.kind.to_string(), question.to_string(), risk, finding, decision, by, note]
        };
        if row.findings.is_empty() {
            return [cells("", String::new(), "nothing found".to_string())].into();
        }
        let finding = row.findings.iter().map(|finding| {
            let risk = finding.risk().map_or_else(String::new, |risk| risk.to_string());
            cells(finding.question().as_str(), risk, finding.to_string())
        });
        finding.collect()
    }
}

impl Display for ReviewedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Account => "account",
            Self::Token => "token",
        })
    }
}

fn line(cells: [String; COLUMNS.len()]) -> String {
    alloc::format!("| {} |\n", cells.join(" | "))
}

/// A cell that is text and nothing else.
fn escaped(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    for c in cell.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '!' | '~' | '#' => text.extend(['\\', c]),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text
}

/// The cell itself, or with an apostrophe in front of what a spreadsheet takes for the beginning of a formula.
#[cfg(feature = "csv")]
fn harmless(cell: String) -> String {
    let marks = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    if cell.starts_with(marks) { alloc::format!("'{cell}") } else { cell }
}
