//! Many accounts from one file: looked at first, then all of them or none.
//!
//! The preview and the confirmation judge the file by the same function, so that what was shown is what is written.
//! Between the two nothing is kept: the digest names the file and what would come of it.

mod file;
mod imported;
mod preview;
mod row;
mod table;

use std::collections::BTreeMap;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Label};
use service_accounts_store::{Account, Change, Newcomer, Store};
use service_accounts_token::SecretToken;

use self::row::Wanted;
pub use self::{
    file::{ImportError, ImportFile, ImportFileError, ImportOptions},
    imported::{Imported, ImportedAccount, Tried},
    preview::{ImportPreview, ImportProblem, ImportRow},
};
use super::Acting;
use crate::{
    Error, PolicyFinding, Unavailable,
    core::{authority::Call, governance::PolicySet, issuer::Draft},
};

/// An account that is drawn up, with its credentials, and not written yet.
///
/// Its secrets exist only here until they are handed out.
struct Drawn {
    line: u64,
    user: String,
    newcomer: Newcomer,
    client_secret: SecretToken,
    first_token: Option<SecretToken>,
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// What would come of a file, row by row. Nothing is written.
    ///
    /// Each row is judged as its creation would be, with the same rights and rules.
    ///
    /// Policies are asked as well. The digest covers the file, the options, the actor and each row's outcome, so that a
    /// confirmation proves what was seen. Nothing is kept between the two calls.
    ///
    /// Rule: [`Call::CreateAccount`](crate::Call::CreateAccount), for the file as a whole and then for each row. It
    /// leaves no event.
    ///
    /// ```
    /// use service_accounts::{ImportFile, ImportOptions, lifecycle::Environment};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let csv = b"user,display_name,role\nloader,Nightly Loader,\nreader,Reader,Nobody\n";
    /// let file = ImportFile { csv, options: ImportOptions::new(Environment::production()) };
    /// let preview = accounts.acting(&ada).preview_import(&file).await?;
    /// assert_eq!((preview.rows.len(), preview.refused()), (2, 1)); // there is no role `Nobody`
    /// println!("{preview}");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`ImportError::File`] where it is no table of accounts, [`ImportError::Call`] where the actor may create no
    /// account at all. A row that cannot be imported is no error: it says so in the preview.
    pub async fn preview_import(&self, file: &ImportFile<'_>) -> Result<ImportPreview, ImportError> {
        Ok(self.look_at(file).await?.0)
    }

    /// Creates every account of a file that was previewed, all of them in one step, and tries each credential.
    ///
    /// `digest` is that of the preview. The secrets are in the answer and nowhere else: where the answer is lost, the
    /// accounts are there, and each gets another client secret by [`AccountHandle::regenerate_secret`](crate::AccountHandle::regenerate_secret).
    ///
    /// Events: `import.confirmed` with the digest and the number, and `account.created` for each account, all in one
    /// commit. Dropped at any await, all accounts are there or none.
    ///
    /// ```
    /// use service_accounts::{ImportFile, ImportOptions, Tried, lifecycle::Environment};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let csv = b"user,display_name\nloader,Nightly Loader\nreader,Reader\n";
    /// let file = ImportFile { csv, options: ImportOptions::new(Environment::production()) };
    /// let acting = accounts.acting(&ada);
    /// let digest = acting.preview_import(&file).await?.digest;
    /// let imported = acting.confirm_import(&file, &digest).await?;
    /// assert!(imported.accounts.iter().all(|account| account.tried == Tried::Works));
    /// assert!(acting.confirm_import(&file, &digest).await.is_err()); // the ids are taken now
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`ImportError::Stale`] where the file or what it meets is no longer what was previewed, [`ImportError::Refused`]
    /// where a row cannot be imported, or those of [`preview_import`](Self::preview_import). No account was created
    /// then.
    pub async fn confirm_import(&self, file: &ImportFile<'_>, digest: &str) -> Result<Imported, ImportError> {
        let (preview, wanted) = self.look_at(file).await?;
        if preview.digest != digest {
            return Err(ImportError::Stale);
        }
        if !preview.is_clean() {
            return Err(ImportError::Refused(Box::new(preview)));
        }
        let drawn = wanted.into_iter().map(|wanted| self.draw_up(wanted)).collect::<Result<Vec<_>, _>>()?;
        self.write_all(&drawn, digest).await?;
        let mut accounts = Vec::with_capacity(drawn.len());
        for drawn in drawn {
            accounts.push(self.try_out(drawn).await);
        }
        Ok(Imported { accounts })
    }

    /// Judges every row, and keeps those from which an account can be drawn up, refused ones among them.
    ///
    /// Both calls come here, so they cannot judge differently. A repeated id is refused on its second row and not on
    /// its first.
    async fn look_at(&self, file: &ImportFile<'_>) -> Result<(ImportPreview, Vec<Wanted>), ImportError> {
        self.asker().may(Call::CreateAccount)?;
        let policies = self.core.policies_in_force().await?;
        let (mut rows, mut good) = (Vec::new(), Vec::new());
        let mut first_lines = BTreeMap::new();
        for row in table::read(file.csv, file.options.most_rows())? {
            let mut judged = row::judge(&row, &file.options, &self.core.rules.realm, self.actor.name());
            if let Some(wanted) = &judged.wanted {
                match first_lines.get(&wanted.id) {
                    Some(line) => judged.problems.push(ImportProblem::Repeated { line: *line }),
                    None => drop(first_lines.insert(wanted.id.clone(), row.line)),
                }
                judged.problems.extend(self.refusal(&policies, wanted).await?.map(ImportProblem::Refused));
            }
            let id = judged.wanted.as_ref().map(|wanted| wanted.id.clone());
            rows.push(ImportRow { line: row.line, user: row.user, id, problems: judged.problems });
            good.extend(judged.wanted);
        }
        let digest = self.digest(file, &rows);
        Ok((ImportPreview { digest, rows }, good))
    }

    /// Why a creation would be refused, if it would be.
    ///
    /// A taken id is told even where something else is wrong too, because another name solves both.
    async fn refusal(&self, policies: &PolicySet<'_, P>, wanted: &Wanted) -> Result<Option<Error>, Error> {
        if self.core.rules.reserved.contains(&wanted.id) {
            return Ok(Some(Error::IdReserved));
        }
        let found = self.core.store.account(&wanted.id).await.map_err(Unavailable::new)?;
        match self.draft_account(&self.asker(), &wanted.id, &wanted.account) {
            _ if found.is_some() => Ok(Some(Error::IdTaken)),
            Ok(account) => Ok(self.objection(policies, &account, wanted).err()),
            Err(error) => Ok(Some(error)),
        }
    }

    /// Policies are asked here only to say so in the preview; the commit asks them again.
    fn objection(&self, policies: &PolicySet<'_, P>, account: &Account, wanted: &Wanted) -> Result<(), Error> {
        if policies.is_silent() {
            return Ok(());
        }
        let first = wanted.account.first_token.as_ref();
        let first = first.map(|token| self.draft_first_token(&self.asker(), account, token)).transpose()?;
        let tokens: Vec<_> = first.into_iter().map(|draft| draft.record).collect();
        let findings = policies.created(account, &tokens);
        if findings.iter().any(PolicyFinding::blocks) { Err(Error::PolicyBlocked { findings }) } else { Ok(()) }
    }

    /// Names the file, whoever asks, and what would come of each row: where one of them changes, a preview is out of date.
    fn digest(&self, file: &ImportFile<'_>, rows: &[ImportRow]) -> String {
        let settings = format!("{:?} {}", file.options, self.actor.name());
        let outcomes = rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let texts = [file.csv, settings.as_bytes(), outcomes.as_bytes()];
        self.core.issuer.keyring.fingerprint(texts).to_string()
    }

    /// The records of one row, with secrets drawn now: each confirmation draws others.
    fn draw_up(&self, wanted: Wanted) -> Result<Drawn, Error> {
        let asker = self.asker();
        let account = self.draft_account(&asker, &wanted.id, &wanted.account)?;
        let secret = self.draft_secret(&asker, &account)?;
        let first = wanted.account.first_token.as_ref();
        let first = first.map(|token| self.draft_first_token(&asker, &account, token)).transpose()?;
        let event = self.creation_event(&account, first.as_ref());
        let tokens = [&secret].into_iter().chain(&first).map(|draft| draft.record.clone()).collect();
        Ok(Drawn {
            line: wanted.line,
            user: wanted.user,
            newcomer: Newcomer { account, tokens, event },
            client_secret: secret.secret,
            first_token: first.map(|Draft { secret, .. }| secret),
        })
    }

    /// All accounts in one change, so a crash leaves all of them or none.
    async fn write_all(&self, drawn: &[Drawn], digest: &str) -> Result<(), ImportError> {
        let event = self.core.realm_event(Action::ImportConfirmed, self.actor);
        let event = event.with(Label::new("accounts"), Label::new(&drawn.len().to_string()));
        let event = event.with(Label::new("digest"), Label::new(digest));
        let accounts = drawn.iter().map(|drawn| drawn.newcomer.clone()).collect();
        match self.core.commit_at_once(self.actor, Change::CreateAccounts { accounts }, event).await {
            Ok(_) => Ok(()),
            // Somebody took an id between the look and the write.
            Err(Error::IdTaken) => Err(ImportError::Stale),
            Err(error) => Err(error.into()),
        }
    }

    /// A credential that does not work is no error by now: the account is there, and the answer says what is wrong with
    /// it.
    async fn try_out(&self, drawn: Drawn) -> ImportedAccount {
        let Drawn { line, user, newcomer, client_secret, first_token } = drawn;
        let mut tried = self.core.try_credential(client_secret.expose()).await;
        if let (Tried::Works, Some(token)) = (&tried, &first_token) {
            tried = self.core.try_credential(token.expose()).await;
        }
        ImportedAccount { line, user, id: newcomer.account.id, client_secret, first_token, tried }
    }
}
