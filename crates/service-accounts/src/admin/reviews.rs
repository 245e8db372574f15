//! Reviews: a pack of accounts and tokens with what was found of each, and what people decided.

mod gather;

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use service_accounts_access::{Permission, Teams};
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::{Attestation, Review, ReviewDecision, ReviewDelta};
use service_accounts_naming::AccountId;
use service_accounts_store::{Change, Class, Credential, DocumentId, DocumentKind, Owner, Paged, Store, Tended, Token};
use service_accounts_token::{Kind, TokenId};
use time::UtcDateTime;

use super::{Acting, Note};
use crate::{
    Error, Unavailable,
    core::{
        authority::Call,
        documents::{Kept, id_text, seconds},
        retry::retry_on_conflict,
        rules::due_soon,
    },
};

/// How many reviews may be opened in one second.
const MOST_A_SECOND: u32 = 100;

/// How many earlier reviews are looked through for the last one of the same scope.
const MOST_EARLIER: usize = 200;

/// What a review names an account or a token by: `account@realm`, or `account@realm/token`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReviewKey {
    /// The account.
    pub account: AccountId,
    /// The token; none where the account itself is meant.
    pub token: Option<TokenId>,
}

/// Findings and decisions: permissions by name, and who decided by the name in the trail.
pub type ReviewRows = Review<ReviewKey, String, Label>;

/// What a review is about: a page of the accounts, with their tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewScope {
    /// Only accounts of this owner.
    pub owner: Option<Owner>,
    /// The account behind which the page starts, as [`ReviewPack::next`] of the review before named it.
    pub after: Option<AccountId>,
    /// Who is still there to answer for accounts; whoever is not among them is gone. Where it is left out, every owner
    /// counts as there.
    pub owners: Option<BTreeSet<String>>,
}

/// A review as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewPack {
    /// Its name; the latest review is listed first.
    #[serde(with = "id_text")]
    pub id: DocumentId,
    /// What it is about.
    pub scope: ReviewScope,
    /// Every team of its accounts; whoever reads it must be in all of them.
    pub teams: Teams,
    /// Who opened it.
    pub opened_by: Label,
    /// When.
    #[serde(with = "seconds")]
    pub opened_at: UtcDateTime,
    /// The last review of the same scope before it.
    pub before: Option<String>,
    /// Where the next review starts; none if this one reaches the end.
    pub next: Option<AccountId>,
    /// Whether an account had more tokens than a pack holds.
    pub is_cut: bool,
    /// What was found, and what people decided.
    pub rows: ReviewRows,
}

impl ReviewPack {
    /// How many accounts and tokens a pack holds.
    pub const MOST_ROWS: usize = 2000;

    /// How many decisions a pack holds.
    pub const MOST_ATTESTATIONS: usize = 4000;
}

/// A review, and what has changed since the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedReview {
    /// The review.
    pub pack: ReviewPack,
    /// What has changed since the last review of the same scope; none if there was none.
    pub delta: Option<ReviewDelta<ReviewKey>>,
}

/// The reviews on somebody's word: what [`Acting::reviews`] returns.
///
/// A review asks the same questions of each account and token: still required, purpose, name, expiry, last use, least
/// privilege, teams, orphans, and the risks of the OWASP Non-Human Identities Top 10 that show in records. People attest
/// what becomes of each; to keep or to change confirms that it is required.
pub struct Reviews<'a, S, P: Permission> {
    acting: Acting<'a, S, P>,
}

impl<'a, S, P: Permission> Acting<'a, S, P> {
    /// The reviews.
    #[must_use]
    pub const fn reviews(self) -> Reviews<'a, S, P> {
        Reviews { acting: self }
    }
}

impl<S: Store + 'static, P: Permission> Reviews<'_, S, P> {
    /// Reviews the next `limit` accounts of a scope and keeps the pack; accounts of teams that the actor is not in, and its
    /// own, are left out.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn open(&self, scope: ReviewScope, limit: usize) -> Result<OpenedReview, Error> {
        let Acting { core, actor } = self.acting;
        self.acting.may(Call::Review)?;
        let (gathered, now) = (self.gather(&scope, limit).await?, core.now());
        let before = self.last_of(&scope).await?;
        let rows = ReviewRows::of(gathered.items.iter(), &core.rules.lifecycle, now);
        for number in 0..MOST_A_SECOND {
            let pack = ReviewPack {
                id: self.review_id(now, number)?,
                scope: scope.clone(),
                teams: gathered.teams.clone(),
                opened_by: actor.name().clone(),
                opened_at: now,
                before: before.as_ref().map(|before| before.id.to_string()),
                next: gathered.next.clone(),
                is_cut: gathered.is_cut,
                rows: rows.clone(),
            };
            let event = self.event(Action::ReviewOpened, &pack.id);
            match core.keep(actor, (DocumentKind::Review, &pack.id), &pack, None, event).await {
                Err(Error::DocumentTaken) => {}
                kept => {
                    kept?;
                    let delta = before.map(|before| pack.rows.since(&before.rows));
                    return Ok(OpenedReview { pack, delta });
                }
            }
        }
        Err(Error::Conflict)
    }

    /// A page of the reviews, the latest first, starting behind `after`; only those of accounts whose teams the actor is in,
    /// so a page may be short and still name where the next one starts.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn list(&self, after: Option<&DocumentId>, limit: usize) -> Result<Paged<ReviewPack, DocumentId>, Error> {
        let asker = self.acting.asker();
        asker.may(Call::Review)?;
        let page = self.page(after, limit).await?;
        let is_seen = |pack: &ReviewPack| pack.teams.is_subset(asker.teams());
        Ok(Paged { items: page.items.into_iter().filter(is_seen).collect(), next: page.next })
    }

    /// One review, with what has changed since the one before.
    ///
    /// # Errors
    /// The actor may not, or there is no such review.
    pub async fn get(&self, id: &DocumentId) -> Result<OpenedReview, Error> {
        self.opened(self.kept(id).await?.value).await
    }

    /// Decides about one account or token of a review. To keep or to change it is also noted on the account or token: it
    /// is required, as of now. To revoke it is to say so; revoking is another call.
    ///
    /// # Errors
    /// The actor may not, the account is its own, the review has no such row, or it is full.
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
            let change = Change::Tend { tokens: vec![Tended { token, expected: present.revision }] };
            core.commit(actor, change, event).await.map(drop)
        })
        .await
    }

    async fn record_of(&self, key: &ReviewKey) -> Result<Option<std::sync::Arc<Credential>>, Error> {
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

    async fn opened(&self, pack: ReviewPack) -> Result<OpenedReview, Error> {
        let earlier = pack.before.as_ref().and_then(|id| DocumentId::parse(id).ok());
        let before = match earlier {
            Some(id) => match self.acting.core.kept::<ReviewPack>(DocumentKind::Review, &id).await {
                Err(Error::DocumentMissing) => None,
                kept => Some(kept?.value),
            },
            None => None,
        };
        let delta = before.map(|before| pack.rows.since(&before.rows));
        Ok(OpenedReview { pack, delta })
    }

    async fn kept(&self, id: &DocumentId) -> Result<Kept<ReviewPack>, Error> {
        let asker = self.acting.asker();
        asker.may(Call::Review)?;
        if !id.as_str().starts_with(&self.prefix()) {
            return Err(Error::DocumentMissing);
        }
        let kept = self.acting.core.kept::<ReviewPack>(DocumentKind::Review, id).await?;
        asker.covers_all_of(&kept.value.teams)?;
        Ok(kept)
    }

    /// The last review of the same scope that the actor may read.
    async fn last_of(&self, scope: &ReviewScope) -> Result<Option<ReviewPack>, Error> {
        let (asker, page) = (self.acting.asker(), self.page(None, MOST_EARLIER).await?);
        let is_same = |pack: &ReviewPack| {
            pack.scope.owner == scope.owner && pack.scope.after == scope.after && pack.teams.is_subset(asker.teams())
        };
        Ok(page.items.into_iter().find(is_same))
    }

    /// The reviews of this realm, the latest first: their names begin with it, then what is left of time.
    async fn page(&self, after: Option<&DocumentId>, limit: usize) -> Result<Paged<ReviewPack, DocumentId>, Error> {
        let first = DocumentId::parse(&self.prefix()).map_err(Unavailable::new)?;
        let behind = after.filter(|after| **after > first).unwrap_or(&first);
        let page = self.acting.core.store.documents(DocumentKind::Review, Some(behind), limit).await;
        let page = page.map_err(Unavailable::new)?;
        let of_realm = |id: &DocumentId| id.as_str().starts_with(first.as_str());
        let next = page.next.filter(of_realm);
        let documents = page.items.iter().filter(|document| of_realm(&document.id));
        let items = documents.map(|document| serde_json::from_str(&document.body).map_err(Unavailable::new));
        Ok(Paged { items: items.collect::<Result<_, _>>()?, next })
    }

    fn prefix(&self) -> String {
        format!(
            "{}:",
            self.acting.core.rules.realm.as_str().get(..100).unwrap_or(self.acting.core.rules.realm.as_str())
        )
    }

    fn review_id(&self, now: UtcDateTime, number: u32) -> Result<DocumentId, Error> {
        let left = 99_999_999_999_i64.saturating_sub(now.unix_timestamp());
        let left_of_second = MOST_A_SECOND.saturating_sub(number);
        let id = format!("{}{left:011}-{left_of_second:03}", self.prefix());
        DocumentId::parse(&id).map_err(|error| Unavailable::new(error).into())
    }

    fn event(&self, action: Action, id: &DocumentId) -> Event {
        self.acting.core.event(action, self.acting.actor).with(Label::new("review"), Label::new(id.as_str()))
    }
}

const fn word(decision: ReviewDecision) -> &'static str {
    match decision {
        ReviewDecision::Keep => "keep",
        ReviewDecision::Change => "change",
        ReviewDecision::Revoke => "revoke",
    }
}

impl fmt::Display for ReviewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.token {
            Some(token) => write!(f, "{}/{}", self.account, token.as_str()),
            None => write!(f, "{}", self.account),
        }
    }
}

/// The text is no key of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name an account as `account@realm` and a token as `account@realm/token`")]
#[non_exhaustive]
pub struct ReviewKeyError;

impl FromStr for ReviewKey {
    type Err = ReviewKeyError;

    fn from_str(text: &str) -> Result<Self, ReviewKeyError> {
        let (account, token) = text.split_once('/').map_or((text, None), |(account, token)| (account, Some(token)));
        let account = AccountId::parse(account).map_err(|_| ReviewKeyError)?;
        let token = token.map(|token| TokenId::parse(token).map_err(|_| ReviewKeyError)).transpose()?;
        Ok(Self { account, token })
    }
}

impl Serialize for ReviewKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReviewKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl<S, P: Permission> fmt::Debug for Reviews<'_, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reviews").field(&self.acting).finish()
    }
}
