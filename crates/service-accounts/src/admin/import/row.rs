//! One row judged by itself: what it asks for, and everything that is wrong with it.
//!
//! Everything that is wrong is told at once, so that a file need not be sent once a mistake. A password is refused: the
//! service makes its own secrets.

use service_accounts_access::RoleName;
use service_accounts_audit::Label;
use service_accounts_naming::{AccountId, DisplayName, LocalPart, Realm, check_readable};
use service_accounts_store::{Email, Justification, Owner, Purpose, TextError, Title};

use super::{ImportOptions, ImportProblem, table::Row};
use crate::{NewAccount, NewToken};

/// The most characters of a `user`.
const MAX_USER: usize = 150;

/// The account that a row asks for.
pub(super) struct Wanted {
    /// Where it begins in the file, the header being line 1.
    pub(super) line: u64,
    /// The cell as it stands, by which people find the row again.
    pub(super) user: String,
    pub(super) id: AccountId,
    pub(super) account: NewAccount,
}

/// What a row asks for, where that can be told, and what is wrong with it.
pub(super) struct Judged {
    pub(super) wanted: Option<Wanted>,
    pub(super) problems: Vec<ImportProblem>,
}

/// The store and the actor's rights are not asked here; [`look_at`](super::Acting) does.
pub(super) fn judge(row: &Row, options: &ImportOptions, realm: &Realm, importer: &Label) -> Judged {
    let mut problems = Vec::new();
    if let Some(found) = row.odd_cells {
        problems.push(ImportProblem::Cells { found });
    }
    if row.has_password {
        problems.push(ImportProblem::Password);
    }
    let mut found = Found { problems: &mut problems };
    let id = found.of(id(&row.user, realm));
    let name = if row.display_name.is_empty() { local(&row.user) } else { &row.display_name };
    let name =
        found.of(DisplayName::parse(name).map_err(|error| ImportProblem::Cell("display_name", error.to_string())));
    let email = found.of(Option::transpose(email(row)));
    let title = found.cell("title", &row.title, Title::parse);
    let role = found.cell("role", &row.role, RoleName::parse);
    let account = name.and_then(|name| found.of(common(name, row, options, importer)));
    let (Some(id), Some(account), Some(email), Some(title), Some(role)) = (id, account, email, title, role) else {
        return Judged { wanted: None, problems };
    };
    let account = NewAccount { email, title, role, ..account };
    let wanted = Wanted { line: row.line, user: row.user.clone(), id, account };
    Judged { wanted: Some(wanted), problems }
}

/// The account with what holds for every row; what is not given is said of the import.
///
/// Every imported account gets a justification, so that a role above the lowest has one; it says who imported.
fn common(
    name: DisplayName,
    row: &Row,
    options: &ImportOptions,
    importer: &Label,
) -> Result<NewAccount, ImportProblem> {
    let said = format!("imported by {importer}");
    let of_options = |column, error: TextError| ImportProblem::Cell(column, error.to_string());
    let purpose = if row.title.is_empty() { &said } else { &row.title };
    let purpose = options.purpose.clone().map_or_else(|| Purpose::parse(purpose), Ok);
    let owner = options.owner.clone().map_or_else(|| Owner::parse(importer.as_str()), Ok);
    let justification = options.justification.clone().map_or_else(|| Justification::parse(&said), Ok);
    let purpose = purpose.map_err(|error| of_options("purpose", error))?;
    let owner = owner.map_err(|error| of_options("owner", error))?;
    Ok(NewAccount {
        teams: options.teams.clone(),
        justification: Some(justification.map_err(|error| of_options("justification", error))?),
        first_token: options.first_token.clone().map(NewToken::new),
        ..NewAccount::new(name, purpose, owner, options.environment.clone())
    })
}

/// A `user` that is shaped like an e-mail address gives the id its local part.
///
/// So `loader@example.com` and `loader` lead to the same id, which a file may have only once.
fn local(user: &str) -> &str {
    user.split_once('@').map_or(user, |(local, _)| local)
}

/// A `user` begins with a letter or a digit: a spreadsheet would take `=`, `+`, `-` and `@` for the start of a formula.
fn id(user: &str, realm: &Realm) -> Result<AccountId, ImportProblem> {
    let begins_well = user.starts_with(char::is_alphanumeric);
    if !begins_well || user.chars().nth(MAX_USER).is_some() {
        return Err(ImportProblem::User { most: MAX_USER });
    }
    // It stands in the preview and in the result, one row a line.
    check_readable(user).map_err(|error| ImportProblem::Cell("user", error.to_string()))?;
    let local = LocalPart::from_name(local(user)).map_err(|error| ImportProblem::Cell("user", error.to_string()))?;
    Ok(AccountId::new(local, realm))
}

/// The e-mail address of the row, or the `user` itself where it is one.
///
/// A `user` that is no address after all gives none, and is no mistake.
fn email(row: &Row) -> Option<Result<Email, ImportProblem>> {
    match row.email.as_str() {
        "" if row.user.contains('@') => Email::parse(&row.user).ok().map(Ok),
        "" => None,
        given => Some(Email::parse(given).map_err(|error| ImportProblem::Cell("email", error.to_string()))),
    }
}

/// Collects what is wrong, so that a row names everything at once.
struct Found<'a> {
    problems: &'a mut Vec<ImportProblem>,
}

impl Found<'_> {
    /// What was read, or nothing and a problem more.
    fn of<T>(&mut self, read: Result<T, ImportProblem>) -> Option<T> {
        read.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// A cell that may be empty.
    fn cell<T, E: ToString>(
        &mut self,
        column: &'static str,
        cell: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        let read = (!cell.is_empty()).then(|| parse(cell)).transpose();
        self.of(read.map_err(|error| ImportProblem::Cell(column, error.to_string())))
    }
}
