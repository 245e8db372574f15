//! A file read as a table: rows of cells, none judged yet.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{ImportFile, ImportFileError};

/// In any order and any case; only `user` is needed.
const COLUMNS: [&str; 6] = ["user", "display_name", "email", "title", "role", "password"];

/// The cells of one row, without the white space around them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The line of the file on which it begins, the header being line 1.
    pub(super) line: u64,
    pub(super) user: String,
    pub(super) display_name: String,
    pub(super) email: String,
    pub(super) title: String,
    pub(super) role: String,
    /// Nothing else is kept of a password.
    pub(super) has_password: bool,
    /// How many cells it has, where the header has another number.
    pub(super) odd_cells: Option<usize>,
}

/// Which cell of a row belongs to which of [`COLUMNS`].
///
/// It is found once; rows of another width are noted and not guessed at.
struct Header {
    places: [Option<usize>; COLUMNS.len()],
    width: usize,
}

/// Rows without any text are skipped. `most` bounds the rows, and the file's size bounds the cells.
///
/// The bound is asked before the row is kept, so that a large file costs no more than a full one.
pub(super) fn read(csv: &[u8], most: usize) -> Result<Vec<Row>, ImportFileError> {
    let text = decoded(csv)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .has_headers(false)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    // The text is UTF-8 and rows may have any width, so no record is an error.
    let mut records = reader.records().filter_map(Result::ok);
    let header = Header::of(&records.next().ok_or(ImportFileError::NoUser)?)?;
    let mut rows = Vec::new();
    for record in records.filter(|record| !record.iter().all(str::is_empty)) {
        if rows.len() == most {
            return Err(ImportFileError::TooManyRows { most });
        }
        rows.push(header.row(text, &record));
    }
    match rows.last() {
        None => Err(ImportFileError::Empty),
        Some(last) if !is_closed(text) => Err(ImportFileError::OpenQuote { line: last.line }),
        Some(_) => Ok(rows),
    }
}

/// UTF-8, with or without a byte order mark.
fn decoded(csv: &[u8]) -> Result<&str, ImportFileError> {
    if csv.len() > ImportFile::MAX_BYTES {
        return Err(ImportFileError::TooLarge { most: ImportFile::MAX_BYTES });
    }
    let text = std::str::from_utf8(csv).map_err(|_| ImportFileError::NotUtf8)?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Spreadsheets write semicolons where a comma is the decimal point.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    if header.contains(';') && !header.contains(',') { b';' } else { b',' }
}

/// A reader takes the rest of a file for one cell where a quote is open; quotes inside a cell are doubled, so they are even.
fn is_closed(text: &str) -> bool {
    text.matches('"').count().is_multiple_of(2)
}

/// The line on which a record begins. The reader's own place may stand before line ends that it has yet to skip.
fn line(text: &str, record: &StringRecord) -> u64 {
    let place = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
    let (before, from) = text.split_at_checked(place).unwrap_or_default();
    let skipped = from.chars().take_while(|end| matches!(end, '\r' | '\n'));
    before.chars().chain(skipped).filter(|end| *end == '\n').fold(1, |line, _| line + 1)
}

impl Header {
    /// An unknown column is named by its number and not by its text, which may be a secret of a file without a header.
    fn of(record: &StringRecord) -> Result<Self, ImportFileError> {
        let mut places = [None; COLUMNS.len()];
        let named = record.iter().enumerate().filter(|(_, name)| !name.is_empty());
        for (place, name) in named {
            let known = COLUMNS.iter().zip(&mut places).find(|(column, _)| name.eq_ignore_ascii_case(column));
            match known {
                None => return Err(ImportFileError::UnknownColumn { number: place + 1 }),
                Some((column, Some(_))) => return Err(ImportFileError::RepeatedColumn { name: column }),
                Some((_, slot)) => *slot = Some(place),
            }
        }
        let [user, ..] = places;
        user.ok_or(ImportFileError::NoUser)?;
        Ok(Self { places, width: record.len() })
    }

    /// Of a password only its presence is kept: the text goes no further than this line.
    fn row(&self, text: &str, record: &StringRecord) -> Row {
        let cell = |place: &Option<usize>| place.and_then(|place| record.get(place)).unwrap_or_default();
        let [user, display_name, email, title, role, password] = self.places.each_ref().map(cell);
        let is_odd = record.len() != self.width;
        Row {
            line: line(text, record),
            user: user.into(),
            display_name: display_name.into(),
            email: email.into(),
            title: title.into(),
            role: role.into(),
            has_password: !password.is_empty(),
            odd_cells: is_odd.then_some(record.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "user,display_name,email,title,role,password";

    fn rows(text: &str) -> Vec<Row> {
        read(text.as_bytes(), 50).unwrap()
    }

    #[test]
    fn a_file_reads_the_same_however_a_spreadsheet_wrote_it() {
        let plain = format!("{HEADER}\nloader,Loader,ops@example.com,Nightly load,Member,\nreader,,,,,\n");
        let expected = rows(&plain);
        assert_eq!(expected.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!((expected[0].title.as_str(), expected[1].user.as_str()), ("Nightly load", "reader"));
        for written in [
            format!("\u{feff}{plain}"),
            plain.replace('\n', "\r\n"),
            plain.replace(',', ";"),
            plain.replace("Loader", "\"Loader\"").replace("Member", " Member "),
            plain.trim_end().into(),
            format!("{plain},,,,,\n"),
            format!("{plain}\r\n\n"),
            plain.replace("user,", "User,"),
        ] {
            assert_eq!(rows(&written), expected, "{written:?}");
        }
    }

    #[test]
    fn a_quoted_cell_may_hold_commas_quotes_and_line_ends() {
        let rows = rows(&format!("{HEADER}\nloader,\"a, \"\"b\"\"\nc\",,,,\nnext,,,,,\n"));
        assert_eq!((rows[0].display_name.as_str(), rows[1].line), ("a, \"b\"\nc", 4));
    }

    #[test]
    fn lines_are_counted_over_empty_ones() {
        let rows = rows("user\r\n\r\n\nloader\r\n\r\nreader\r\n");
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [4, 6]);
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let rows = rows("role,user\nMember,loader\n");
        assert_eq!((rows[0].user.as_str(), rows[0].role.as_str()), ("loader", "Member"));
    }

    #[test]
    fn a_row_of_another_width_is_noticed() {
        let rows = rows(&format!("{HEADER}\nloader,Loader, Inc.,,,Member,\nshort,Short\n"));
        assert_eq!(rows.iter().map(|row| row.odd_cells).collect::<Vec<_>>(), [Some(7), Some(2)]);
    }

    #[test]
    fn what_is_no_table_of_accounts_is_refused() {
        let large = format!("{HEADER}\n{}", "x".repeat(ImportFile::MAX_BYTES));
        let many = format!("{HEADER}\n{}", "a,,,,,\n".repeat(51));
        for (text, expected) in [
            ("", ImportFileError::NoUser),
            ("display_name,role\nLoader,Member\n", ImportFileError::NoUser),
            ("loader,Loader\n", ImportFileError::UnknownColumn { number: 1 }),
            ("user,user\na,b\n", ImportFileError::RepeatedColumn { name: "user" }),
            ("user\n\n,\n", ImportFileError::Empty),
            ("user,role\n\"loader,Member\n", ImportFileError::OpenQuote { line: 2 }),
            (&large, ImportFileError::TooLarge { most: ImportFile::MAX_BYTES }),
            (&many, ImportFileError::TooManyRows { most: 50 }),
        ] {
            assert_eq!(read(text.as_bytes(), 50), Err(expected), "{:?}", text.get(..40));
        }
        assert_eq!(read(b"user\n\xff\xfe\n", 50), Err(ImportFileError::NotUtf8));
    }

    #[test]
    fn of_a_password_it_is_only_known_that_there_was_one() {
        let rows = rows(&format!("{HEADER}\nloader,,,,,hunter2\n"));
        assert!(rows[0].has_password && !format!("{rows:?}").contains("hunter2"));
    }
}
