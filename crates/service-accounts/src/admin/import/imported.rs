//! What was created from a file, with the only copies of its secrets.

use csv::Writer;
use service_accounts_naming::AccountId;
use service_accounts_token::SecretToken;

use crate::Rejection;

/// The accounts of a file, with the only copies there will ever be of their secrets.
#[derive(Debug)]
pub struct Imported {
    /// The accounts in the order of the file.
    pub accounts: Vec<ImportedAccount>,
}

/// One account from a file.
#[derive(Debug)]
pub struct ImportedAccount {
    /// The line of the file on which its row begins.
    pub line: u64,
    /// Its `user` in the file.
    pub user: String,
    /// Its id, which is also its client id.
    pub id: AccountId,
    /// The secret of its client credentials.
    pub client_secret: SecretToken,
    /// Its first token, where one was asked for.
    pub first_token: Option<SecretToken>,
    /// What came of trying the credentials, after they were written and before they are handed out.
    ///
    /// They are judged as introspection would, so trying them is no use and leaves no mark.
    pub tried: Tried,
}

/// What came of trying new credentials.
///
/// The network that the client will come from is not known here and is not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tried {
    /// They are accepted.
    Works,
    /// They are written and would be refused today, such as before the account is approved.
    Refused(Rejection),
    /// They are written, and the store failed when they were tried.
    Unknown,
}

impl Tried {
    /// The result as a word: `works`, the code of the rejection, or `unknown`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Refused(rejection) => rejection.as_str(),
            Self::Unknown => "unknown",
        }
    }
}

impl Imported {
    /// The accounts as CSV: `line,user,client_id,client_secret,token,tried`.
    ///
    /// The text holds every secret in the clear: hand it to whoever is to have them, and keep no copy.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer = Writer::from_writer(Vec::new());
        let header = ["line", "user", "client_id", "client_secret", "token", "tried"].map(String::from);
        let rows = [header].into_iter().chain(self.accounts.iter().map(ImportedAccount::cells));
        for row in rows {
            // Writing into memory does not fail.
            let _ = writer.write_record(row);
        }
        writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl ImportedAccount {
    /// No cell is taken for a formula: a `user` begins with a letter or a digit, and so does everything else.
    fn cells(&self) -> [String; 6] {
        let token = self.first_token.as_ref().map_or("", SecretToken::expose);
        [
            self.line.to_string(),
            self.user.clone(),
            self.id.to_string(),
            self.client_secret.expose().into(),
            token.into(),
            self.tried.as_str().into(),
        ]
    }
}
