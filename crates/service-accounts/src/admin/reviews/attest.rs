//! Decisions of people about what a review shows.
//!
//! A decision is kept in the pack and never changed: a later one about the same row stands beside it and counts
//! instead.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Label};
use service_accounts_lifecycle::{Attestation, ReviewDecision};
use service_accounts_store::{Change, Class, Credential, DocumentId, DocumentKind, Store, Tended, Token};
use service_accounts_token::Kind;

use super::{OpenedReview, ReviewKey, ReviewPack, Reviews};
use crate::{
    Error, Unavailable,
    admin::{Acting, Note, change::judged_by},
    core::{authority::Call, documents::Kept, retry::retry_on_conflict, rules::due_soon},
};

impl<S: Store + 'static, P: Permission> Reviews<'_, S, P> {
    /// Decides about one account or token of a review. To keep or to change it is also noted on the account or token: it
    /// is required, as of now. To revoke it is to say so; revoking is another call.
    ///
    /// Rule: [`Call::Review`](crate::Call::Review). Events: `review.attested` with the decision, and `token.reviewed`
    /// where it confirms. They are two changes: where the second fails, make the call again.
    ///
    /// ```
    /// use service_accounts::{Note, ReviewKey, ReviewScope, lifecycle::ReviewDecision};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, .. }| {
    /// let reviews = accounts.acting(&ada).reviews();
    /// let pack = reviews.open(ReviewScope::default(), 50).await?.pack;
    /// let key = ReviewKey { account: id.clone(), token: Some(token) };
    /// let note = Some(Note::parse("still loads the warehouse")?);
    /// let attested = reviews.attest(&pack.id, &key, ReviewDecision::Keep, note).await?.pack;
    /// assert_eq!(attested.rows.undecided().count(), 1); // the account is left
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`OwnAccount`](Error::OwnAccount), [`NotReviewed`](Error::NotReviewed) where the review has no such row,
    /// [`TooManyEntries`](Error::TooManyEntries), or [`DocumentMissing`](Error::DocumentMissing).
    pub async fn attest(
        &self,
        id: &DocumentId,
        key: &ReviewKey,
        decision: ReviewDecision,
        note: Option<Note>,
    ) -> Result<OpenedReview, Error> {
        let (Acting { core, actor }, note) = (self.acting, &note);
        let pack = retry_on_conflict(move || async move {
            let Kept { mut value, revision, .. } = self.kept(id).await?;
            if actor.is(&key.account) {
                return Err(Error::OwnAccount);
            }
            if value.rows.attestations().len() >= ReviewPack::MOST_ATTESTATIONS {
                return Err(Error::TooManyEntries { most: ReviewPack::MOST_ATTESTATIONS });
            }
            let (by, at) = (actor.name().clone(), core.now());
            let note = note.as_ref().map(|note| note.as_str().to_owned());
            let attestation = Attestation { key: key.clone(), by, at, decision, note };
            value.rows.attest(attestation).map_err(|_| Error::NotReviewed)?;
            let event = self.event(Action::ReviewAttested, id).about_account(Label::new(key.account.as_str()));
            let event = event.with(Label::new("decision"), Label::new(word(decision)));
            let event = key.token.iter().fold(event, |event, token| event.about_token(Label::new(token.as_str())));
            core.keep(actor, (DocumentKind::Review, id), &value, Some(revision), event).await?;
            Ok(value)
        })
        .await?;
        if decision.confirms() {
            self.confirm(key).await?;
        }
        self.opened(pack).await
    }

    /// Notes on the record that it is required; of what is gone nothing is noted. An account's client secret carries the
    /// account's dates.
    ///
    /// The reviewer's right is asked for on the account of now, which may have moved to another team since the pack was
    /// made.
    async fn confirm(&self, key: &ReviewKey) -> Result<(), Error> {
        let Acting { core, actor } = self.acting;
        retry_on_conflict(|| async {
            let Some(found) = self.record_of(key).await? else { return Ok(()) };
            self.acting.asker().may_on(Call::Review, found.account())?;
            let (now, present) = (core.now(), found.token());
            let next_due = match present.class {
                Class::Token(_) => due_soon(present, now),
                Class::Secret | Class::Session { .. } => present.next_due,
            };
            let token = Token { last_review: Some(now), next_due, ..present.clone() };
            let event = core.token_event(Action::TokenReviewed, actor, present);
            let tended = Change::Tend { tokens: vec![Tended { token, expected: present.revision }] };
            let change = judged_by(found.account(), tended);
            core.commit(actor, change, event).await.map(drop)
        })
        .await
    }

    /// The token, or for an account the client secret that was made last; none where it is gone.
    async fn record_of(&self, key: &ReviewKey) -> Result<Option<Arc<Credential>>, Error> {
        let store = &self.acting.core.store;
        let Some(token) = &key.token else {
            let page = store.credentials(&key.account, Kind::Secret, None, Change::BATCH).await;
            let mut secrets: Vec<_> = page.map_err(Unavailable::new)?.items;
            secrets.sort_by_key(|listed| listed.credential.token().created_at);
            return Ok(secrets.pop().map(|listed| listed.credential));
        };
        match self.acting.core.credential(&key.account, token).await {
            Err(Error::TokenMissing) => Ok(None),
            found => found.map(Some),
        }
    }
}

/// The decision as the trail has it.
const fn word(decision: ReviewDecision) -> &'static str {
    match decision {
        ReviewDecision::Keep => "keep",
        ReviewDecision::Change => "change",
        ReviewDecision::Revoke => "revoke",
    }
}
