//! Imports.

use serde::{Deserialize, Serialize};
use service_accounts::{
    ImportOptions, ImportPreview, ImportRow, Imported, ImportedAccount,
    access::TeamName,
    lifecycle::{Environment, LifecyclePolicy},
    naming::TokenName,
    store::{Justification, Owner, Purpose},
    token::SecretToken,
};
use utoipa::{IntoParams, ToSchema};

use crate::Refusal;

/// What the rows of the file do not say.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// The `digest` of the preview; without it the file is previewed and nothing is written.
    #[param(required = false)]
    confirm: Option<String>,
    /// Where the accounts are used; `production`, or the first that the host knows, where it is not given.
    #[param(value_type = String, required = false)]
    environment: Option<Environment>,
    /// Who answers for them; whoever imports, where it is not given.
    #[param(value_type = String, max_length = 150, required = false)]
    owner: Option<Owner>,
    /// What they are for; the title of each row, where it is not given.
    #[param(value_type = String, max_length = 500, required = false)]
    purpose: Option<Purpose>,
    /// Why rows with a role above the lowest need it.
    #[param(value_type = String, max_length = 1000, required = false)]
    justification: Option<Justification>,
    /// The team they belong to.
    #[param(value_type = String, required = false)]
    team: Option<TeamName>,
    /// The name of a first token for each; without it there is none.
    #[param(value_type = String, required = false)]
    token: Option<TokenName>,
}

impl ImportQuery {
    /// Without an environment it is production where the host has that, or else the first by name. The digest is a
    /// confirmation, and not an option that holds for rows.
    pub(crate) fn split(self, lifecycle: &LifecyclePolicy) -> Result<(Option<String>, ImportOptions), Refusal> {
        let production = Some(Environment::production()).filter(|production| lifecycle.lifetime(production).is_some());
        let first = || lifecycle.environments().next().map(|(environment, _)| environment.clone());
        let environment = self.environment.or(production).or_else(first);
        let environment =
            environment.ok_or_else(|| Refusal::validation("environment", "name one that the host knows"))?;
        let teams = self.team.into_iter().collect();
        let options = ImportOptions {
            owner: self.owner,
            purpose: self.purpose,
            justification: self.justification,
            teams,
            first_token: self.token,
            ..ImportOptions::new(environment)
        };
        Ok((self.confirm, options))
    }
}

/// What would come of a file; nothing is written.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportPreview)]
pub(crate) struct ImportPreviewView {
    /// Send the same file again with `?confirm=` and this.
    digest: String,
    /// How many rows there are, and how many can be created.
    counts: ImportCountsView,
    /// What would come of each row, in the order of the file.
    rows: Vec<ImportRowView>,
}

/// How many rows there are, and what would come of them.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportCounts)]
struct ImportCountsView {
    /// How many rows the file has.
    rows: usize,
    /// How many of them can be created.
    create: usize,
    /// While there are any, nothing of the file is imported.
    refuse: usize,
}

/// What would come of one row.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportRow)]
struct ImportRowView {
    /// The line of the file on which it begins; the header is line 1.
    line: u64,
    /// Its `user` as it stands in the file.
    user: String,
    /// Whether it can be created.
    outcome: ImportOutcomeView,
    /// The id that the account gets, where one can be made.
    id: Option<String>,
    /// Everything that is wrong with it, in sentences.
    problems: Vec<String>,
}

/// Whether the row can be imported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportOutcome)]
enum ImportOutcomeView {
    Create,
    Refuse,
}

/// The counts are worked out from the rows, so they cannot disagree with them.
impl From<&ImportPreview> for ImportPreviewView {
    fn from(preview: &ImportPreview) -> Self {
        let (rows, refuse) = (preview.rows.len(), preview.refused());
        Self {
            digest: preview.digest.clone(),
            counts: ImportCountsView { rows, create: rows.saturating_sub(refuse), refuse },
            rows: preview.rows.iter().map(ImportRowView::from).collect(),
        }
    }
}

/// Problems are told in words: they are for whoever corrects the file.
impl From<&ImportRow> for ImportRowView {
    fn from(row: &ImportRow) -> Self {
        let is_good = row.problems.is_empty();
        Self {
            line: row.line,
            user: row.user.clone(),
            outcome: if is_good { ImportOutcomeView::Create } else { ImportOutcomeView::Refuse },
            id: row.id.as_ref().map(ToString::to_string),
            problems: row.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The accounts of a file, with the only copies there will ever be of their secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = Imported)]
pub(crate) struct ImportedView<'a> {
    /// The new accounts in the order of the file, with the only copies of their secrets.
    accounts: Vec<ImportedAccountView<'a>>,
}

/// One account from a file.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportedAccount)]
struct ImportedAccountView<'a> {
    /// The line of the file on which its row begins.
    line: u64,
    /// Its `user` as it stands in the file.
    user: &'a str,
    /// The account's id.
    id: &'a str,
    /// The account's id again, under the name that OAuth clients know.
    client_id: &'a str,
    /// Its client secret, shown this once.
    client_secret: &'a str,
    /// Its first token, where one was asked for.
    token: Option<&'a str>,
    /// What came of trying the credentials: `works`, why they would be refused today, or `unknown`.
    tried: &'static str,
}

/// In the order of the file, so that people find their rows again.
impl<'a> From<&'a Imported> for ImportedView<'a> {
    fn from(imported: &'a Imported) -> Self {
        Self { accounts: imported.accounts.iter().map(ImportedAccountView::from).collect() }
    }
}

/// It has secrets, so only an answer that no cache keeps may hold it.
impl<'a> From<&'a ImportedAccount> for ImportedAccountView<'a> {
    fn from(account: &'a ImportedAccount) -> Self {
        Self {
            line: account.line,
            user: &account.user,
            id: account.id.as_str(),
            client_id: account.id.as_str(),
            client_secret: account.client_secret.expose(),
            token: account.first_token.as_ref().map(SecretToken::expose),
            tried: account.tried.as_str(),
        }
    }
}
