//! Reviews: a pack of accounts and tokens with what was found of each, and what people decided.

mod attest;
mod gather;
mod key;
mod pack;

use std::fmt;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_naming::Realm;
use service_accounts_store::{DocumentId, DocumentKind, Paged, Store};
use time::UtcDateTime;

pub use self::{
    key::{ReviewKey, ReviewKeyError},
    pack::{OpenedReview, ReviewPack, ReviewRows, ReviewScope},
};
use super::Acting;
use crate::{
    Error, Unavailable,
    core::{
        authority::Call,
        documents::{Kept, of_realm::prefix},
    },
};

/// How many reviews may be opened in one second.
const MOST_A_SECOND: u32 = 100;

/// How many earlier reviews are looked through for the last one of the same scope.
const MOST_EARLIER: usize = 200;

/// How many of them are read at once.
const AT_ONCE: usize = 4;

/// The reviews on somebody's word: what [`Acting::reviews`] returns.
///
/// A review asks the same questions of each account and token: still required, purpose, name, expiry, last use, least
/// privilege, teams, orphans, and the risks of the OWASP Non-Human Identities Top 10 that show in records. People attest
/// what becomes of each; to keep or to change confirms that it is required.
///
/// Decisions are kept in the pack for as long as the store keeps it, and revoke nothing by themselves.
pub struct Reviews<'a, S, P: Permission> {
    acting: Acting<'a, S, P>,
}

impl<'a, S, P: Permission> Acting<'a, S, P> {
    /// Access reviews in the name of this actor; each call says what right it takes.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let reviews = accounts.acting(&ada).reviews();
    /// assert!(reviews.list(None, 50).await?.items.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn reviews(self) -> Reviews<'a, S, P> {
        Reviews { acting: self }
    }
}

impl<S: Store + 'static, P: Permission> Reviews<'_, S, P> {
    /// Reviews the next `limit` accounts of a scope and keeps the pack; accounts of teams that the actor is not in, and its
    /// own, are left out.
    ///
    /// It reads each account of the page with all its credentials and what they were seen to do, after the uses that
    /// wait in memory were written. A pack holds [`ReviewPack::MOST_ROWS`] rows: where the page has more, the next
    /// review starts earlier than asked.
    ///
    /// Rule: [`Call::Review`](crate::Call::Review). Event: `review.opened` with the pack's id.
    ///
    /// ```
    /// use service_accounts::ReviewScope;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let opened = accounts.acting(&ada).reviews().open(ReviewScope::default(), 50).await?;
    /// assert_eq!(opened.pack.rows.rows().len(), 2); // the account and its token
    /// assert!(opened.delta.is_none()); // there was no review before
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Conflict`](Error::Conflict) where a hundred reviews were opened in one second.
    pub async fn open(&self, scope: ReviewScope, limit: usize) -> Result<OpenedReview, Error> {
        let Acting { core, actor } = self.acting;
        self.acting.may(Call::Review)?;
        let now = core.now();
        let (gathered, rows) = self.fitting(&scope, limit, now).await?;
        let before = self.last_of(&scope).await?;
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
    /// Rule: [`Call::Review`](crate::Call::Review).
    ///
    /// ```
    /// use service_accounts::ReviewScope;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let reviews = accounts.acting(&ada).reviews();
    /// let opened = reviews.open(ReviewScope::default(), 50).await?;
    /// assert_eq!(reviews.list(None, 20).await?.items, [opened.pack]);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Unavailable`](Error::Unavailable) also where one pack does not read back whole.
    pub async fn list(&self, after: Option<&DocumentId>, limit: usize) -> Result<Paged<ReviewPack, DocumentId>, Error> {
        let asker = self.acting.asker();
        asker.may(Call::Review)?;
        let page = self.page(after, limit).await?;
        let is_seen = |pack: &ReviewPack| pack.teams.is_subset(asker.teams());
        Ok(Paged { items: page.items.into_iter().filter(is_seen).collect(), next: page.next })
    }

    /// One review, with what has changed since the one before.
    ///
    /// The delta is worked out anew from both packs. Rule: [`Call::Review`](crate::Call::Review).
    ///
    /// ```
    /// use service_accounts::ReviewScope;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let reviews = accounts.acting(&ada).reviews();
    /// let opened = reviews.open(ReviewScope::default(), 50).await?;
    /// assert_eq!(reviews.get(&opened.pack.id).await?, opened);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing), also for a review of another realm; [`Grant`](Error::Grant) where
    /// the actor is not in all of its teams.
    pub async fn get(&self, id: &DocumentId) -> Result<OpenedReview, Error> {
        self.opened(self.kept(id).await?.value).await
    }

    /// A pack with what has changed since the one before; without it where that one is gone, or not the actor's to read.
    async fn opened(&self, pack: ReviewPack) -> Result<OpenedReview, Error> {
        let earlier = pack.before.as_ref().and_then(|id| DocumentId::parse(id).ok());
        let before = match earlier {
            Some(id) => match self.acting.core.kept::<ReviewPack>(DocumentKind::Review, &id).await {
                Err(Error::DocumentMissing) => None,
                kept => Some(kept?.value),
            },
            None => None,
        };
        // Whoever opened this one was in all teams of the one before; whoever reads it may not be.
        let asker = self.acting.asker();
        let before = before.filter(|before| before.teams.is_subset(asker.teams()));
        let delta = before.map(|before| pack.rows.since(&before.rows));
        Ok(OpenedReview { pack, delta })
    }

    /// A pack that the actor may read: of this realm, and of accounts whose teams the actor is all in.
    async fn kept(&self, id: &DocumentId) -> Result<Kept<ReviewPack>, Error> {
        let asker = self.acting.asker();
        asker.may(Call::Review)?;
        if !id.as_str().starts_with(&self.prefix()) {
            return Err(Error::DocumentMissing);
        }
        let kept = self.acting.core.kept::<ReviewPack>(DocumentKind::Review, id).await?;
        asker.may_on_all_of(Call::Review, &kept.value.teams)?;
        Ok(kept)
    }

    /// The last review of the same scope that the actor may read.
    ///
    /// It looks through the last 200 reviews only, a few at a time; an older one of the same scope counts as none.
    async fn last_of(&self, scope: &ReviewScope) -> Result<Option<ReviewPack>, Error> {
        let asker = self.acting.asker();
        let is_same = |pack: &ReviewPack| {
            pack.scope.owner == scope.owner && pack.scope.after == scope.after && pack.teams.is_subset(asker.teams())
        };
        let mut after = None;
        for _ in 0..MOST_EARLIER / AT_ONCE {
            let page = self.page(after.as_ref(), AT_ONCE).await?;
            if let Some(found) = page.items.into_iter().find(is_same) {
                return Ok(Some(found));
            }
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        Ok(None)
    }

    /// The reviews of this realm, the latest first: behind the realm, their names tell what is left of time.
    async fn page(&self, after: Option<&DocumentId>, limit: usize) -> Result<Paged<ReviewPack, DocumentId>, Error> {
        let page = self.acting.core.kept_page_of_realm(DocumentKind::Review, after, limit).await?;
        Ok(Paged { items: page.items.into_iter().map(|kept| kept.value).collect(), next: page.next })
    }

    /// What the names of this realm's reviews begin with.
    fn prefix(&self) -> String {
        prefix(&self.acting.core.rules.realm)
    }

    /// Sorts the latest first: what is left of time, counted down, so that a page begins with what people look for.
    fn review_id(&self, now: UtcDateTime, number: u32) -> Result<DocumentId, Error> {
        let left_of_second = MOST_A_SECOND.saturating_sub(number);
        let id = format!("{}{:011}-{left_of_second:03}", self.prefix(), left(now));
        DocumentId::parse(&id).map_err(|error| Unavailable::new(error).into())
    }

    /// Names the review, never what it found.
    fn event(&self, action: Action, id: &DocumentId) -> Event {
        self.acting.core.realm_event(action, self.acting.actor).with(Label::new("review"), Label::new(id.as_str()))
    }
}

fn left(at: UtcDateTime) -> i64 {
    99_999_999_999_i64.saturating_sub(at.unix_timestamp())
}

/// Behind which id the reviews of a realm stand that were opened before an instant.
pub(crate) fn opened_before(realm: &Realm, at: UtcDateTime) -> Result<DocumentId, Unavailable> {
    DocumentId::parse(&format!("{}{:011}-999", prefix(realm), left(at))).map_err(Unavailable::new)
}

impl<S, P: Permission> fmt::Debug for Reviews<'_, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reviews").field(&self.acting).finish()
    }
}
