//! What would come of a file.

use std::{error::Error as _, fmt};

use service_accounts_naming::AccountId;

use crate::Error;

/// What would come of a file, row by row. Its `Display` is what to show a person before they confirm.
///
/// It is made anew by the confirmation, and must then be the same: its digest also names whoever asked.
#[derive(Debug)]
pub struct ImportPreview {
    /// Names what was previewed, for [`Acting::confirm_import`](crate::Acting::confirm_import).
    pub digest: String,
    /// The rows in the order of the file.
    pub rows: Vec<ImportRow>,
}

impl ImportPreview {
    /// Whether every row can be imported; only then can any be.
    ///
    /// Where it is not, a confirmation answers [`Refused`](crate::ImportError::Refused).
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.refused() == 0
    }

    /// How many rows cannot be imported.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.rows.iter().filter(|row| !row.problems.is_empty()).count()
    }
}

impl fmt::Display for ImportPreview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))?;
        match self.refused() {
            0 => write!(f, "all {} accounts can be created; nothing is written yet", self.rows.len()),
            refused => {
                write!(f, "{refused} of {} rows cannot be imported; nothing is until all can be", self.rows.len())
            }
        }
    }
}

/// What would come of one row.
///
/// A row with problems is not imported, and neither is any other row of its file.
#[derive(Debug)]
pub struct ImportRow {
    /// The line of the file on which it begins; the header is line 1.
    pub line: u64,
    /// Its `user`, as it stands in the file.
    /// It is shown so that people find the row; nothing else of the file is repeated.
    pub user: String,
    /// The account's id, where one can be made.
    pub id: Option<AccountId>,
    /// Everything that is wrong with it; nothing, where it can be imported.
    pub problems: Vec<ImportProblem>,
}

impl fmt::Display for ImportRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        match &self.id {
            Some(id) if problems.is_empty() => write!(f, "line {}: `{}` becomes {id}", self.line, self.user),
            _ => write!(f, "line {}: `{}` is refused: {}", self.line, self.user, problems.join("; ")),
        }
    }
}

/// Why a row cannot be imported.
///
/// Several can stand at one row. `Display` says each in one clause, with what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportProblem {
    /// The row has more or fewer cells than the header.
    Cells {
        /// How many it has.
        found: usize,
    },
    /// A cell does not fit its column; the text says why.
    Cell(&'static str, String),
    /// The `user` does not begin with a letter or a digit, or is too long.
    User {
        /// The most characters.
        most: usize,
    },
    /// There is a password.
    Password,
    /// An earlier row leads to the same id.
    Repeated {
        /// The line of the earlier row.
        line: u64,
    },
    /// The creation would be refused.
    Refused(Error),
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cells { found } => {
                write!(f, "the row has {found} cells and the header another number; quote cells that hold a comma")
            }
            Self::Cell(column, problem) => write!(f, "`{column}`: {problem}"),
            Self::User { most } => {
                write!(f, "`user` must begin with a letter or a digit and have at most {most} characters")
            }
            Self::Password => f.write_str("`password` must be empty: the service mints each secret itself"),
            Self::Repeated { line } => write!(f, "line {line} leads to the same id; each id is made once"),
            Self::Refused(error) => {
                write!(f, "{error}")?;
                error.source().map_or(Ok(()), |cause| write!(f, ": {cause}"))
            }
        }
    }
}
