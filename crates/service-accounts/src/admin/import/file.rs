//! What is asked for, and why it was refused as a whole.

use service_accounts_access::Teams;
use service_accounts_lifecycle::Environment;
use service_accounts_naming::TokenName;
use service_accounts_store::{Change, Justification, Owner, Purpose};

use super::ImportPreview;
use crate::Error;

/// A file of accounts, with what its rows do not say.
///
/// A file in which one row is bad imports nothing: the operator corrects it and previews again.
#[derive(Clone, Debug)]
pub struct ImportFile<'a> {
    /// The file as it came: UTF-8, a header line, and a row for each account, at most [`MAX_BYTES`](Self::MAX_BYTES).
    ///
    /// The columns are `user`, `display_name`, `email`, `title`, `role` and `password`, in any order; all but `user` may
    /// be missing. A byte order mark, either line end, quoted cells, and semicolons for commas are read as spreadsheets
    /// write them.
    pub csv: &'a [u8],
    /// What holds for every row.
    pub options: ImportOptions,
}

impl ImportFile<'_> {
    /// The most bytes of a file.
    pub const MAX_BYTES: usize = 256 * 1024;
}

/// What holds for every account of a file.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Where the accounts are used.
    pub environment: Environment,
    /// Who answers for them; whoever imports where none is given.
    pub owner: Option<Owner>,
    /// What they are for; a row's title, or that they were imported, where none is given.
    pub purpose: Option<Purpose>,
    /// Why rows with a role above the lowest need it; that they were imported, and by whom, where none is given.
    pub justification: Option<Justification>,
    /// The teams they belong to.
    pub teams: Teams,
    /// The name of a first token for each account; none is minted where there is no name.
    pub first_token: Option<TokenName>,
    /// The most rows of a file, at most 256.
    ///
    /// A number beyond the bounds is brought within them.
    pub most_rows: usize,
}

impl ImportOptions {
    /// At most 50 accounts of one environment, of no team, with a client secret and no token.
    #[must_use]
    pub fn new(environment: Environment) -> Self {
        Self {
            environment,
            owner: None,
            purpose: None,
            justification: None,
            teams: Teams::none(),
            first_token: None,
            most_rows: 50,
        }
    }

    pub(super) fn most_rows(&self) -> usize {
        self.most_rows.clamp(1, Change::BATCH)
    }
}

/// Why no account of a file was created.
///
/// None of these has created an account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file is no table of accounts.
    #[error(transparent)]
    File(#[from] ImportFileError),
    /// Some rows cannot be imported, so none was; the preview says which, and why.
    #[error("{} cannot be imported, so nothing was; correct the file and preview it again", rows(.0))]
    Refused(Box<ImportPreview>),
    /// The file, whoever asks, or what stands in the store is not what was previewed.
    #[error("this is not what was previewed, or it was imported already; preview the file again")]
    Stale,
    /// Whoever asks may not, or the store failed.
    #[error(transparent)]
    Call(#[from] Error),
}

fn rows(preview: &ImportPreview) -> String {
    match preview.refused() {
        1 => "one row".into(),
        many => format!("{many} rows"),
    }
}

/// Why a file is no table of accounts.
///
/// It names places by line and number and repeats no cell: a file without a header could begin with a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportFileError {
    /// The text is not UTF-8.
    #[error("the file is not UTF-8; save it as \"CSV UTF-8\"")]
    NotUtf8,
    /// The file is too large.
    #[error("the file has more than {most} bytes; import it in parts")]
    TooLarge {
        /// The most bytes.
        most: usize,
    },
    /// There are too many rows.
    #[error("the file has more than {most} rows; import it in parts")]
    TooManyRows {
        /// The most rows.
        most: usize,
    },
    /// There is no row below the header.
    #[error("the file has no row below its header")]
    Empty,
    /// The header lacks the one column that must be there.
    #[error("the header lacks the column `user`; the first line must be user,display_name,email,title,role,password")]
    NoUser,
    /// The header has a column that means nothing here.
    #[error("column {number} of the header is unknown; the columns are user,display_name,email,title,role,password")]
    UnknownColumn {
        /// Which one, from 1.
        number: usize,
    },
    /// The header has a column twice.
    #[error("the header has the column `{name}` twice")]
    RepeatedColumn {
        /// Its name.
        name: &'static str,
    },
    /// A quoted cell does not end.
    #[error("line {line} opens a quoted cell that is never closed")]
    OpenQuote {
        /// The line on which its row begins.
        line: u64,
    },
}
