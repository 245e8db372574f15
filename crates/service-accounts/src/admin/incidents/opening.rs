//! An incident comes into being: what was revoked, what the account did, and whose credentials have to change.
//!
//! It is opened after the revocation, so a failure here leaves everything revoked and only the record missing.
//!
//! A containment that found nothing to revoke joins the incident before it as a note, if nothing but further containment
//! has happened to the account since. So there are no more incidents than credentials that were made, however often a
//! script contains. Given up: a bound in numbers. Without a retention they grow as the trail does, and a bound would let
//! whoever may contain push the evidence of others out.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Label, Query, Recorded};
use service_accounts_naming::Realm;
use service_accounts_store::{Account, DocumentId, DocumentKind, Store, SystemName};
use service_accounts_token::TokenId;

use crate::{
    Error, Incident, IncidentNote, Note, Unavailable,
    admin::Acting,
    core::{
        credentials::EVERY_KIND,
        documents::{Kept, of_realm::prefix},
    },
};

/// How many incidents may be opened in one second.
const MOST_A_SECOND: u32 = 100;

/// How many pages of the trail are looked at for what an account did.
const MOST_PAGES: usize = 10;

/// What an incident is opened about.
pub(in crate::admin) struct Opened<'a> {
    pub(in crate::admin) account: &'a Account,
    pub(in crate::admin) token: Option<TokenId>,
    pub(in crate::admin) reason: Note,
    pub(in crate::admin) revoked: Vec<TokenId>,
    pub(in crate::admin) successor: Option<TokenId>,
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// The id is made of the second and a number. Two that are opened in one second take the next number; nothing is
    /// written twice.
    pub(in crate::admin) async fn open_incident(&self, opened: Opened<'_>) -> Result<Incident, Error> {
        if let Some(joined) = self.join_incident(&opened).await? {
            return Ok(joined);
        }
        let (now, account) = (self.core.now(), opened.account);
        let did = self.deeds(account).await?;
        let systems_to_rotate: Vec<SystemName> = account.systems.clone();
        for number in 0..MOST_A_SECOND {
            let incident = Incident {
                id: incident_id(&self.core.rules.realm, now.unix_timestamp(), number)?,
                account: account.id.clone(),
                teams: account.grant.teams().clone(),
                token: opened.token,
                reason: opened.reason.clone(),
                opened_by: self.actor.name().clone(),
                opened_at: now,
                revoked: opened.revoked.clone(),
                successor: opened.successor,
                did: did.clone(),
                systems_to_rotate: systems_to_rotate.clone(),
                notes: Vec::new(),
            };
            let event = self.incident_event(Action::IncidentOpened, &incident);
            let event = event.because(Label::new(opened.reason.as_str()));
            match self.core.keep(self.actor, (DocumentKind::Incident, &incident.id), &incident, None, event).await {
                Err(Error::DocumentTaken) => {}
                kept => return kept.map(|_| incident),
            }
        }
        Err(Error::Conflict)
    }

    /// Adds the reason to the incident that this containment repeats. None where there is none, it is full, or somebody
    /// else writes to it at this moment: then another one is opened.
    ///
    /// The answer has no other note: to read them takes the right to review.
    async fn join_incident(&self, opened: &Opened<'_>) -> Result<Option<Incident>, Error> {
        let Some(Kept { id, mut value, revision }) = self.repeated_incident(opened).await? else { return Ok(None) };
        if value.notes.len() >= Incident::MOST_NOTES {
            return Ok(None);
        }
        let (by, at) = (self.actor.name().clone(), self.core.now());
        let note = IncidentNote { by, at, text: opened.reason.clone() };
        value.notes.push(note.clone());
        let event = self.incident_event(Action::IncidentNoted, &value);
        let event = event.because(Label::new(opened.reason.as_str()));
        match self.core.keep(self.actor, (DocumentKind::Incident, &id), &value, Some(revision), event).await {
            Err(Error::Conflict) => Ok(None),
            kept => kept.map(|_| Some(Incident { notes: vec![note], ..value })),
        }
    }

    /// The last incident about the same, if nothing has happened to the account since that could have needed another.
    async fn repeated_incident(&self, opened: &Opened<'_>) -> Result<Option<Kept<Incident>>, Error> {
        if !opened.revoked.is_empty() || opened.successor.is_some() {
            return Ok(None);
        }
        let about = Query::default().for_account(Label::new(opened.account.id.as_str())).limit(Query::MAX_LIMIT);
        let page = self.core.store.events(&about).await.map_err(Unavailable::new)?;
        let is_repetition = |recorded: &&Recorded| is_of_containment(recorded.event.action());
        let token = opened.token.map(|token| Label::new(token.as_str()));
        let last = page.events.iter().take_while(is_repetition).map(|recorded| &recorded.event);
        let mut last = last.filter(|event| event.action() == Action::IncidentOpened && event.token() == token.as_ref());
        let id = last.next().and_then(|event| DocumentId::parse(event.details().get("incident")?.as_str()).ok());
        let Some(id) = id else { return Ok(None) };
        match self.core.kept(DocumentKind::Incident, &id).await {
            Err(Error::DocumentMissing) => Ok(None),
            kept => kept.map(Some),
        }
    }

    /// Every credential that works, up to a number of each kind.
    pub(super) async fn working(&self, account: &Account) -> Result<Vec<TokenId>, Error> {
        let mut working = Vec::new();
        for kind in EVERY_KIND.iter().copied() {
            let page = self.core.store.credentials(&account.id, kind, None, Incident::MOST_LISTED).await;
            let listed = page.map_err(Unavailable::new)?.items;
            let tokens = listed.iter().map(|listed| listed.credential.token());
            working.extend(tokens.filter(|token| !token.is_revoked(account)).map(|token| token.id));
        }
        Ok(working)
    }

    /// What the account changed, the latest first.
    ///
    /// It reads at most ten pages of the trail, so that a busy account cannot hold up its own containment.
    async fn deeds(&self, account: &Account) -> Result<Vec<Recorded>, Error> {
        let by_it = Query::default().by_actor(Label::new(account.id.as_str())).limit(Query::MAX_LIMIT);
        let (mut deeds, mut query) = (Vec::new(), by_it.clone());
        for _ in 0..MOST_PAGES {
            let page = self.core.store.events(&query).await.map_err(Unavailable::new)?;
            deeds.extend(page.events.into_iter().filter(|recorded| is_deed(recorded.event.action())));
            match page.next {
                Some(place) if deeds.len() < Incident::MOST_DEEDS => query = by_it.clone().continue_from(place),
                _ => break,
            }
        }
        deeds.truncate(Incident::MOST_DEEDS);
        let mut left = Incident::MOST_BYTES_OF_DEEDS;
        let mut fits = 0;
        for deed in &deeds {
            left = left.saturating_sub(serde_json::to_string(deed).map_err(Unavailable::new)?.len());
            fits += usize::from(left > 0);
        }
        deeds.truncate(fits);
        Ok(deeds)
    }
}

const fn is_deed(action: Action) -> bool {
    !matches!(action, Action::AccessGranted | Action::AccessDenied | Action::PermissionDenied)
}

/// What a containment that finds nothing to revoke leaves behind, and attempts with what was revoked.
const fn is_of_containment(action: Action) -> bool {
    matches!(action, Action::IncidentOpened | Action::IncidentNoted | Action::CredentialsRevoked | Action::AccessDenied)
}

/// Ids in the order of time within their realm, as far as seconds tell.
fn incident_id(realm: &Realm, second: i64, number: u32) -> Result<DocumentId, Error> {
    let id = format!("{}{second:012}-{number:02}", prefix(realm));
    DocumentId::parse(&id).map_err(|error| Unavailable::new(error).into())
}
