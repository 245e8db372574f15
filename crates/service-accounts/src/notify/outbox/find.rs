//! Where a subscription stands, and the next event it asks for.
//!
//! The cursor moves only from where it was found, so of two deliverers one is refused and finds out on its next look.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Query, Recorded, Sequence};
use service_accounts_store::{Cursor, Status, Store};

use super::{Next, Outbox};
use crate::{
    Unavailable,
    core::documents::Kept,
    notify::{
        DisabledBecause, Message, Subscription,
        reader::{Reader, Standing, reader_id},
    },
};

/// How many events are read at once.
/// It is also how far a cursor may lag behind events that a subscription does not ask for.
const PAGE: usize = 64;

/// How many events one call of [`Outbox::next`] looks at.
/// A subscription that asks for rare events so cannot hold up the others.
const MOST_LOOKED_AT: usize = 1024;

impl<S: Store + 'static, P: Permission> Outbox<'_, S, P> {
    /// Reads on from where the subscription stands, to the first event that it asks for.
    pub(super) async fn find(&self, kept: Kept<Subscription>, standing: Standing) -> Result<Next, Unavailable> {
        let subscription = Arc::new(kept.value);
        let mut place = standing.at;
        for _ in 0..MOST_LOOKED_AT / PAGE {
            let query = Query::default().oldest_first().continue_from(place).limit(PAGE);
            let page = self.core.store.events(&query).await.map_err(Unavailable::new)?;
            let last = page.events.last().map_or(place, |last| last.sequence);
            for recorded in page.events {
                let name = subscription.name_of(&recorded.event).filter(|_| self.core.shows_event(&recorded.event));
                if let Some(name) = name.map(str::to_owned) {
                    return self.permitted(&subscription, &name, recorded, standing).await;
                }
            }
            place = page.next.unwrap_or(last);
            if page.next.is_none() {
                return self.pass_over(&subscription, standing, place, Next::Nothing).await;
            }
        }
        self.pass_over(&subscription, standing, place, Next::More).await
    }

    /// Whether the account may still be told. An account of the same id that was created later is another one.
    ///
    /// One that is gone takes the subscription with it; one that lost its permission has it switched off, with an
    /// alert.
    async fn permitted(
        &self,
        subscription: &Arc<Subscription>,
        name: &str,
        recorded: Recorded,
        standing: Standing,
    ) -> Result<Next, Unavailable> {
        let found = self.core.store.account(&subscription.account).await.map_err(Unavailable::new)?;
        let is_same = |created_at| created_at == subscription.account_created_at;
        let found = found.filter(|account| account.status != Status::Deleted && is_same(account.created_at));
        let Some(account) = found else {
            self.core.forget_subscription(subscription).await?;
            return Ok(Next::Stopped);
        };
        if self.core.rules.check_hears(&account, &subscription.application, self.core.now()).is_err() {
            let because = (DisabledBecause::NotPermitted, recorded.sequence);
            self.core.disable_subscription(subscription, standing, because).await?;
            return Ok(Next::Stopped);
        }
        Ok(Next::Message(Box::new(Message::new(subscription, name, recorded, standing))))
    }

    /// Keeps a new place only where it saves reading a whole page again: a place is a write.
    async fn pass_over(
        &self,
        subscription: &Subscription,
        standing: Standing,
        place: Sequence,
        next: Next,
    ) -> Result<Next, Unavailable> {
        let Standing { at, reader } = standing;
        let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
        if place.number().saturating_sub(at.number()) >= page {
            let (id, to) = (reader_id(&subscription.id)?, Cursor { at: place, state: reader.write()? });
            self.core.store.advance(&id, Some(at), Some(to)).await.map_err(Unavailable::new)?;
        }
        Ok(next)
    }

    /// Where the subscription stands; sets it up, or moves it, where the record says so. `None` where it is gone.
    pub(super) async fn standing(&self, kept: &Kept<Subscription>) -> Result<Option<Standing>, Unavailable> {
        let (id, subscription) = (reader_id(&kept.value.id)?, &kept.value);
        let found = self.core.store.cursor(&id).await.map_err(Unavailable::new)?;
        let (from, reader) = match found {
            Some(cursor) => {
                let reader = Reader::read(&cursor.state)?;
                if reader.run >= subscription.run {
                    return Ok(Some(Standing { at: cursor.at, reader }));
                }
                (Some(cursor.at), reader.moved(subscription.run))
            }
            None => (None, Reader::of_run(subscription.run)),
        };
        let at = subscription.start;
        let to = Cursor { at, state: reader.write()? };
        if !self.core.store.advance(&id, from, Some(to)).await.map_err(Unavailable::new)? {
            return Ok(None);
        }
        // It may have been removed meanwhile, and then nobody else would take the cursor away.
        if self.core.subscription_at(&kept.id).await?.is_none() {
            self.core.drop_cursor(&subscription.id).await?;
            return Ok(None);
        }
        Ok(Some(Standing { at, reader }))
    }
}
