//! Incidents: what somebody has to know who cleans up after a containment.

mod opening;

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_store::{Account, Change, DocumentId, DocumentKind, Paged, Store};

pub(super) use self::opening::Opened;
use super::{AccountHandle, Acting, ContainedAccount, Incident, IncidentNote, Note, RegeneratedSecret};
use crate::{
    Error,
    core::{asker::Asker, authority::Call, documents::Kept, issuer::Draft, retry::retry_on_conflict},
};

impl<S: Store + 'static, P: Permission> AccountHandle<'_, S, P> {
    /// Revokes every credential of the account in one step, and opens an incident.
    ///
    /// A failure after the revocation leaves all revoked; the same call again opens the incident then.
    ///
    /// The account itself is not disabled: mint anew once the client is clean, or disable it as well.
    ///
    /// ```
    /// use service_accounts::Note;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// let incident = accounts.acting(&ada).account(&id).contain(Note::parse("text found in a public log")?).await?;
    /// assert!(incident.revoked.contains(&token));
    /// assert!(accounts.authenticate(&text, None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ContainAccount`](crate::Call::ContainAccount). Events: `credentials.revoked`, then
    /// `incident.opened` with the reason.
    ///
    /// # Errors
    /// [`AccountMissing`](Error::AccountMissing). Nothing is revoked then.
    pub async fn contain(&self, reason: Note) -> Result<Incident, Error> {
        let account = self.acting.account_for(Call::ContainAccount, self.id).await?;
        let revoked = self.acting.working(&account).await?;
        let account = self.acting.revoke_all(Call::ContainAccount, self.id).await?;
        self.acting.open_incident(Opened { account: &account, token: None, reason, revoked, successor: None }).await
    }

    /// As [`contain`](Self::contain), together with a new client secret for whoever runs the client.
    ///
    /// Both happen in one step. Where a policy blocks the secret, the account is contained all the same, with its
    /// incident, and the error says so.
    ///
    /// Rule: besides that of `contain`, [`Call::RegenerateSecret`](crate::Call::RegenerateSecret), asked before
    /// anything is revoked.
    ///
    /// ```
    /// use service_accounts::Note;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, secret, .. }| {
    /// let acting = accounts.acting(&ada);
    /// let contained = acting.account(&id).contain_with_new_secret(Note::parse("the secret stood in a ticket")?).await?;
    /// let new = contained.client_secret.secret;
    /// assert!(accounts.authenticate_client(id.as_str(), new.expose(), None).await.is_ok());
    /// assert!(accounts.authenticate_client(id.as_str(), &secret, None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`contain`](Self::contain), or the actor may not make the secret. Nothing is revoked then.
    pub async fn contain_with_new_secret(&self, reason: Note) -> Result<ContainedAccount, Error> {
        self.acting.account_for(Call::RegenerateSecret, self.id).await?;
        let account = self.acting.account_for(Call::ContainAccount, self.id).await?;
        let revoked = self.acting.working(&account).await?;
        let (account, client_secret) = match retry_on_conflict(|| self.reissue()).await {
            Err(blocked @ Error::PolicyBlocked { .. }) => {
                self.contain(reason).await?;
                return Err(blocked);
            }
            reissued => reissued?,
        };
        let opened = Opened { account: &account, token: None, reason, revoked, successor: None };
        Ok(ContainedAccount { incident: self.acting.open_incident(opened).await?, client_secret })
    }

    /// The end of every credential and the new secret, in one commit.
    async fn reissue(&self) -> Result<(Arc<Account>, RegeneratedSecret), Error> {
        let Acting { core, actor } = self.acting;
        self.acting.account_for(Call::ContainAccount, self.id).await?;
        let account = self.acting.account_for(Call::RegenerateSecret, self.id).await?;
        let Draft { secret, record } = self.acting.draft_secret(&self.acting.asker(), &account)?;
        let event = Box::new(core.token_event(Action::SecretRegenerated, actor, &record));
        let (record, account_revision) = (Box::new(record), account.revision);
        let change = Change::Reissue { secret: record, account_revision, at: core.now(), event };
        let revocation = core.account_event(Action::CredentialsRevoked, actor, &account);
        let (applied, warnings) = core.commit_warned(actor, change, revocation).await?;
        let account = applied.account().map_or(account, |account| Arc::new(account.clone()));
        Ok((account, RegeneratedSecret { secret, warnings }))
    }
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// A page of the incidents in the order of their opening, starting behind `after`; only those of accounts whose teams
    /// the actor is in, so a page may be short and still name where the next one starts.
    ///
    /// ```
    /// use service_accounts::Note;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, text, .. }| {
    /// accounts.acting(&ada).account(&id).contain(Note::parse("text found in a public log")?).await?;
    /// let page = accounts.acting(&ada).incidents(None, 50).await?;
    /// assert_eq!(page.items[0].account, id);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::Review`](crate::Call::Review).
    ///
    /// # Errors
    /// [`Unavailable`](Error::Unavailable) also where one incident does not read back whole: a list without it would
    /// hide it.
    pub async fn incidents(
        &self,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Incident, DocumentId>, Error> {
        let asker = self.asker();
        asker.may(Call::Review)?;
        let asker = Asker::new(self.actor, &self.core.rules);
        let page = self.core.kept_page_of_realm::<Incident>(DocumentKind::Incident, after, limit).await?;
        let incidents = page.items.into_iter().map(|kept| kept.value);
        let is_seen = |incident: &Incident| asker.may_about(Call::Review, &incident.account, &incident.teams).is_ok();
        Ok(Paged { items: incidents.filter(is_seen).collect(), next: page.next })
    }

    /// One incident.
    ///
    /// It shows the account as it was when the incident was opened; only the notes grow.
    ///
    /// ```
    /// use service_accounts::Note;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, text, .. }| {
    /// let opened = accounts.acting(&ada).account(&id).contain(Note::parse("text found in a public log")?).await?;
    /// assert_eq!(accounts.acting(&ada).incident(&opened.id).await?, opened);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::Review`](crate::Call::Review), on the teams that the account had then.
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing), also for an incident of another realm.
    pub async fn incident(&self, id: &DocumentId) -> Result<Incident, Error> {
        Ok(self.kept_incident(id).await?.value)
    }

    /// Adds a note to an incident.
    ///
    /// Notes are never edited or removed; an incident holds [`Incident::MOST_NOTES`] of them.
    ///
    /// ```
    /// use service_accounts::Note;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, text, .. }| {
    /// let opened = accounts.acting(&ada).account(&id).contain(Note::parse("text found in a public log")?).await?;
    /// let noted = accounts.acting(&ada).note_incident(&opened.id, Note::parse("log removed")?).await?;
    /// assert_eq!(noted.notes[0].text.as_str(), "log removed");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::Review`](crate::Call::Review). Event: `incident.noted`, without the text. Two who write at once
    /// both get their note in.
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing), or [`TooManyEntries`](Error::TooManyEntries) where it is full.
    pub async fn note_incident(&self, id: &DocumentId, text: Note) -> Result<Incident, Error> {
        let text = &text;
        retry_on_conflict(move || async move {
            let Kept { id, mut value, revision } = self.kept_incident(id).await?;
            if value.notes.len() >= Incident::MOST_NOTES {
                return Err(Error::TooManyEntries { most: Incident::MOST_NOTES });
            }
            let (by, at) = (self.actor.name().clone(), self.core.now());
            value.notes.push(IncidentNote { by, at, text: text.clone() });
            let event = self.incident_event(Action::IncidentNoted, &value);
            self.core.keep(self.actor, (DocumentKind::Incident, &id), &value, Some(revision), event).await?;
            Ok(value)
        })
        .await
    }

    /// The teams are those of the incident and not of the account, which may have been deleted or moved since.
    async fn kept_incident(&self, id: &DocumentId) -> Result<Kept<Incident>, Error> {
        let asker = self.asker();
        asker.may(Call::Review)?;
        let kept = self.core.kept::<Incident>(DocumentKind::Incident, id).await?;
        if !kept.value.account.is_in(&self.core.rules.realm) {
            return Err(Error::DocumentMissing);
        }
        asker.may_about(Call::Review, &kept.value.account, &kept.value.teams)?;
        Ok(kept)
    }

    /// Names the incident and whom it is about, and nothing that was written down.
    fn incident_event(&self, action: Action, incident: &Incident) -> Event {
        let event = self.core.event(action, self.actor).about_account(Label::new(incident.account.as_str()));
        let event = event.with(Label::new("incident"), Label::new(incident.id.as_str()));
        match incident.token {
            Some(token) => event.about_token(Label::new(token.as_str())),
            None => event,
        }
    }
}
