//! A token's row, joined with its account's or alone.

use rusqlite::Row;
use service_accounts_store::{Revision, Token};
use service_accounts_token::TokenId;

use crate::{
    SqliteError,
    rows::{decode_token, revision, text},
};

/// Where the columns of a joined credential stand in a row.
const TOKEN_REVISION: usize = 0;
pub(super) const ACCOUNT_REVISION: usize = 1;
const TOKEN_RECORD: usize = 2;
pub(super) const ACCOUNT_RECORD: usize = 3;

/// Where the columns of a token's row alone stand.
const ALONE_REVISION: usize = 0;
const ALONE_RECORD: usize = 1;
const ALONE_ACCOUNT: usize = 2;

/// What the columns of a token's row say.
pub(super) struct TokenRow<'r> {
    pub(super) revision: Revision,
    pub(super) text: &'r str,
}

impl<'r> TokenRow<'r> {
    pub(super) fn joined(row: &'r Row<'_>) -> Result<Self, SqliteError> {
        // A token without its account is no credential, and no account is to blame.
        row.get_ref(ACCOUNT_REVISION)?.as_i64().map_err(|_| SqliteError::Corrupt { table: "token" })?;
        Ok(Self { revision: revision(row, TOKEN_REVISION, "token")?, text: text(row, TOKEN_RECORD, "token")? })
    }

    pub(super) fn alone(row: &'r Row<'_>) -> Result<Self, SqliteError> {
        Ok(Self { revision: revision(row, ALONE_REVISION, "token")?, text: text(row, ALONE_RECORD, "token")? })
    }

    pub(super) fn decode(&self, id: &TokenId) -> Result<Token, SqliteError> {
        decode_token(id.as_str(), self.text, self.revision)
    }
}

/// The account that the row of a token alone names.
pub(crate) fn account<'r>(row: &'r Row<'_>) -> Result<&'r str, SqliteError> {
    text(row, ALONE_ACCOUNT, "token")
}
