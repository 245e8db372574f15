//! Text that somebody found in the open: each token of ours in it is revoked.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Label};
use service_accounts_naming::AccountId;
use service_accounts_store::{Change, Credential, Store};
use service_accounts_token::{FoundToken, Hint, Scanner, TokenId};

use super::Acting;
use crate::{
    Error, Unavailable,
    core::{authority::Call, retry::retry_on_conflict},
};

/// What a report of leaked text found; nothing of the text is in it.
///
/// What looks like a token and is none is counted: it may be one that was deleted, or somebody's guess.
///
/// Show it to whoever reported: it names accounts by id and tokens by hint, and nothing that could be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeakReport {
    /// The genuine tokens, in the order of the text, each once.
    pub tokens: Vec<LeakedToken>,
    /// How many texts look like tokens of ours and are none.
    ///
    /// Texts with a wrong checksum do not count, for they cannot be ours.
    pub strangers: usize,
    /// Whether there was more than is looked at; report the rest of the text again.
    pub is_cut: bool,
}

/// A genuine token that stood in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakedToken {
    /// Whose it is.
    pub account: AccountId,
    /// Its beginning and end, by which people recognise it.
    pub hint: Hint,
    /// Whether it worked until this report.
    /// One that was revoked before is reported too, since whoever has the text may have tried it.
    pub was_working: bool,
}

/// Why they were revoked, in the trail.
const LEAKED: &str = "leaked";

impl LeakReport {
    /// The longest text that is looked through, in bytes.
    pub const MOST_BYTES: usize = 1 << 20;

    /// How many different tokens are looked at.
    pub const MOST_TOKENS: usize = 500;
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// Revokes every credential of ours in a text, of whatever account and kind, and says which by their hints.
    ///
    /// Only a genuine one is revoked: nobody revokes by an id alone. A failure leaves those revoked that were; report
    /// again.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, text, .. }| {
    /// let log = format!("GET /datastores HTTP/1.1\nAuthorization: Bearer {text}\n");
    /// let report = accounts.acting(&ada).report_leak(&log).await?;
    /// assert_eq!(report.tokens[0].account, id);
    /// assert!(accounts.authenticate(&text, None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Successors that a leaked token made of itself are revoked too, since whoever had its text may have rotated it. A
    /// client secret is revoked like a token, and its sessions go on: contain the account to end them.
    ///
    /// Rule: [`Call::ReportLeak`](crate::Call::ReportLeak), about no account: whoever may manage at all may report,
    /// because the text is proof enough. Events: `leak.reported` with the counts, then `token.revoked` with the reason
    /// `leaked` for each.
    ///
    /// # Errors
    /// [`TextTooLong`](Error::TextTooLong) beyond [`LeakReport::MOST_BYTES`].
    pub async fn report_leak(&self, text: &str) -> Result<LeakReport, Error> {
        self.may(Call::ReportLeak)?;
        if text.len() > LeakReport::MOST_BYTES {
            return Err(Error::TextTooLong { most: LeakReport::MOST_BYTES });
        }
        let mut report = LeakReport::default();
        let mut genuine = Vec::new();
        let found = self.tokens_in(text, &mut report);
        for found in &found {
            match self.genuine(text, found).await? {
                Some(credential) => genuine.push(credential),
                None => report.strangers = report.strangers.saturating_add(1),
            }
        }
        report.tokens = genuine.iter().map(leaked).collect();
        self.record_leak(&report).await?;
        self.revoke_leaked(&genuine).await?;
        Ok(report)
    }

    /// What looks like a credential of ours, each text once.
    fn tokens_in(&self, text: &str, report: &mut LeakReport) -> Vec<FoundToken> {
        let length = self.core.issuer.vendor.token_len();
        let mut seen = std::collections::HashSet::new();
        let all = Scanner::new(self.core.issuer.vendor).scan(text.as_bytes());
        let mut each_once = all.filter(|found| slice(text, found, length).is_some_and(|token| seen.insert(token)));
        let found = each_once.by_ref().take(LeakReport::MOST_TOKENS).collect();
        report.is_cut = each_once.next().is_some();
        found
    }

    /// A stranger's text costs the same MAC as a genuine one, and a credential of another realm counts as a stranger's.
    async fn genuine(&self, text: &str, found: &FoundToken) -> Result<Option<Arc<Credential>>, Error> {
        let issuer = &self.core.issuer;
        let token = slice(text, found, issuer.vendor.token_len());
        let Some(presented) = token.and_then(|token| issuer.vendor.read(token).ok()) else { return Ok(None) };
        let kept = self.core.store.credential(&presented.id()).await.map_err(Unavailable::new)?;
        let kept = kept.filter(|kept| kept.account().id.is_in(&self.core.rules.realm));
        let digest = kept.as_ref().map(|kept| &kept.token().digest);
        Ok(if issuer.keyring.verify(&presented, digest).is_ok() { kept } else { None })
    }

    /// It is written before anything is revoked, so that a report which then fails is known to have been made.
    async fn record_leak(&self, report: &LeakReport) -> Result<(), Error> {
        let working = report.tokens.iter().filter(|token| token.was_working).count();
        let counted = |number: usize| Label::new(&number.to_string());
        let event = self.core.realm_event(Action::LeakReported, self.actor);
        let event = event.with(Label::new("genuine"), counted(report.tokens.len()));
        let event = event.with(Label::new("working"), counted(working));
        self.core.record_by(self.actor, event.with(Label::new("strangers"), counted(report.strangers))).await
    }

    /// Revokes what was leaked, and what it made of itself: whoever has a token's text may have rotated it. The credential that is
    /// shown comes last, for without it nothing more could be revoked.
    async fn revoke_leaked(&self, leaked: &[Arc<Credential>]) -> Result<(), Error> {
        let own = self.actor.credential();
        let is_own = |id: &TokenId| own.is_some_and(|own| own.token().id == *id);
        for credential in leaked.iter().filter(|credential| !is_own(&credential.token().id)) {
            self.revoke_as_leaked(credential).await?;
        }
        let mut is_own_too = leaked.iter().any(|credential| is_own(&credential.token().id));
        for credential in leaked {
            let token = credential.token();
            let present = match self.core.credential(&token.account, &token.id).await {
                Err(Error::TokenMissing) => continue,
                present => present?,
            };
            let handle = self.token(&token.account, &token.id);
            let heirs = handle.revoke_heirs(Call::ReportLeak, present.token(), LEAKED).await?;
            is_own_too |= heirs.iter().any(is_own);
        }
        match own {
            Some(own) if is_own_too => self.revoke_as_leaked(own).await,
            _ => Ok(()),
        }
    }

    /// The account's revision is not named: an edit of the account must not hold a leaked credential up.
    async fn revoke_as_leaked(&self, credential: &Credential) -> Result<(), Error> {
        let token = credential.token();
        if token.is_revoked(credential.account()) {
            return Ok(());
        }
        retry_on_conflict(move || async move {
            let event = self.core.token_event(Action::TokenRevoked, self.actor, token).because(Label::new(LEAKED));
            let account = token.account.clone();
            let change = Change::Revoke { token: token.id, account, account_revision: None, at: self.core.now() };
            self.core.commit(self.actor, change, event).await
        })
        .await
        .map(drop)
    }
}

/// None at the end of a text that breaks off within the token.
fn slice<'t>(text: &'t str, found: &FoundToken, length: usize) -> Option<&'t str> {
    let start = usize::try_from(found.offset).ok()?;
    text.get(start..start.checked_add(length)?)
}

fn leaked(credential: &Arc<Credential>) -> LeakedToken {
    let token = credential.token();
    LeakedToken {
        account: token.account.clone(),
        hint: token.hint,
        was_working: !token.is_revoked(credential.account()),
    }
}
