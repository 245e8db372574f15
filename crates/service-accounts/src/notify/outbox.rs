//! What a deliverer asks for, and what it reports.
//!
//! A deliverer keeps nothing itself: where each subscription stands is a cursor in the store, moved only from where it
//! was found. So several processes may deliver, and one that ends in the middle leaves a message to be sent again,
//! never one that is lost.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Label, Query, Recorded, Sequence};
use service_accounts_store::{Cursor, DocumentId, DocumentKind, Paged, Status, Store};
use time::UtcDateTime;

use super::{
    Delivery, DeliveryState, DisabledBecause, Failure, Message, Outcome, Signing, Subscription, Targets,
    reader::{Reader, Standing, reader_id},
};
use crate::{
    ServiceAccounts, Unavailable,
    core::{Core, documents::Kept},
};

/// How many events are read at once.
/// It is also how far a cursor may lag behind events that a subscription does not ask for.
const PAGE: usize = 64;

/// How many events one call of [`Outbox::next`] looks at.
/// A subscription that asks for rare events so cannot hold up the others.
const MOST_LOOKED_AT: usize = 1024;

/// The other side of the trail: what is to be delivered, for whoever delivers.
///
/// A host usually does not call it: the crate `service-accounts-webhook` does.
///
/// Messages of one subscription come in the order of the trail, each at least once; the receiver tells repeats apart by
/// the message's id.
pub struct Outbox<'a, S, P: Permission> {
    pub(super) core: &'a Core<S, P>,
}

/// What there is to do for a subscription.
///
/// It is exhaustive: a deliverer has to think about each.
#[derive(Clone, Debug)]
pub enum Next {
    /// Deliver this, and [`settle`](Outbox::settle) it.
    /// Until it is settled, the same message is found again.
    Message(Box<Message>),
    /// The last attempt failed: nothing before this instant.
    NotBefore(UtcDateTime),
    /// Ask again at once: the trail goes on, though nothing was found in the part that was looked at.
    More,
    /// Nothing happened that it asks for.
    Nothing,
    /// It is disabled or gone.
    /// Nothing is due for it before a person enables it.
    Stopped,
}

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// What is to be delivered to subscriptions, for whoever delivers.
    #[must_use]
    pub fn outbox(&self) -> Outbox<'_, S, P> {
        Outbox { core: &self.core }
    }
}

impl<S: Store + 'static, P: Permission> Outbox<'_, S, P> {
    /// A page of the subscriptions of this realm that are enabled, in the order of their ids.
    ///
    /// # Errors
    /// The store failed.
    ///
    /// A page may be short, even empty, and still have a `next`: subscriptions of other realms share the list.
    pub async fn subscriptions(
        &self,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<DocumentId, DocumentId>, Unavailable> {
        let page = self.core.subscriptions_page(after, limit).await?;
        let ids = page.items.into_iter().filter(|kept| kept.value.is_enabled()).map(|kept| kept.id);
        Ok(Paged { items: ids.collect(), next: page.next })
    }

    /// The next message of a subscription, if one is due; its account must hold the application's permission now.
    ///
    /// # Errors
    /// The store failed.
    ///
    /// It is asked with the present records, so a subscription whose account lost the permission is switched off here
    /// and not at the next change of the account.
    pub async fn next(&self, subscription: &DocumentId) -> Result<Next, Unavailable> {
        let Some(kept) = self.core.subscription_at(subscription).await?.filter(|kept| kept.value.is_enabled()) else {
            return Ok(Next::Stopped);
        };
        let Some(standing) = self.standing(&kept).await? else { return Ok(Next::Stopped) };
        match standing.reader.not_before.and_then(|at| UtcDateTime::from_unix_timestamp(at).ok()) {
            Some(at) if self.core.now() < at => Ok(Next::NotBefore(at)),
            _ => self.find(kept, standing).await,
        }
    }

    /// Signs an attempt that is made now; `None` where the pepper of every live secret is gone, and nothing may be sent.
    ///
    /// Every live secret of the subscription signs, the newest first, so that a receiver may change over.
    #[must_use]
    pub fn sign(&self, message: &Message) -> Option<Signing> {
        message.sign(&self.core.issuer.keyring, self.core.now())
    }

    /// Which receivers the host allows.
    #[must_use]
    pub fn targets(&self) -> Targets {
        self.core.rules.targets
    }

    /// The present instant in whole seconds.
    #[must_use]
    pub fn now(&self) -> UtcDateTime {
        self.core.now()
    }

    /// Reports an attempt: the subscription goes on behind the event, or waits for the next attempt, or is switched off.
    ///
    /// # Errors
    /// The store failed: the message is then delivered again, under the same id.
    ///
    /// A receiver that answers 410 is gone for good. Any other failure is tried again with a growing rest, until the
    /// host's [`Retries`](crate::Retries) are over; then the subscription is switched off with an alert, and remembers
    /// where it stopped.
    pub async fn settle(&self, message: Message, outcome: Outcome) -> Result<(), Unavailable> {
        let now = self.core.now();
        let reader = attempted(&message, outcome, now);
        let Err(failure) = outcome else {
            return self.advance(&message, message.recorded.sequence, reader).await;
        };
        let first = reader.failing_since.and_then(|at| UtcDateTime::from_unix_timestamp(at).ok()).unwrap_or(now);
        let because = match failure {
            Failure::Status(410) => Some(DisabledBecause::ReceiverGone),
            _ => self.core.rules.retries.is_over(first, now).then_some(DisabledBecause::DeliveriesFailed),
        };
        let at = message.standing.at;
        if let Some(because) = because {
            let because = (because, message.recorded.sequence);
            return self.core.disable_subscription(&message.subscription, Standing { at, reader }, because).await;
        }
        let next = self.core.rules.retries.next(&message.subscription.id, reader.attempts, now);
        let not_before = Some(next.unix_timestamp());
        let failing_since = Some(first.unix_timestamp());
        self.advance(&message, at, Reader { not_before, failing_since, ..reader }).await
    }

    /// Moves the cursor from where the message found it; where another process was faster, there is nothing to do.
    async fn advance(&self, message: &Message, at: Sequence, reader: Reader) -> Result<(), Unavailable> {
        let (id, to) = (reader_id(&message.subscription.id)?, Cursor { at, state: reader.write()? });
        self.core.store.advance(&id, Some(message.standing.at), Some(to)).await.map_err(Unavailable::new)?;
        Ok(())
    }

    /// Reads on from where the subscription stands, to the first event that it asks for.
    async fn find(&self, kept: Kept<Subscription>, standing: Standing) -> Result<Next, Unavailable> {
        let subscription = Arc::new(kept.value);
        let mut place = standing.at;
        for _ in 0..MOST_LOOKED_AT / PAGE {
            let query = Query::default().oldest_first().continue_from(place).limit(PAGE);
            let page = self.core.store.events(&query).await.map_err(Unavailable::new)?;
            let last = page.events.last().map_or(place, |last| last.sequence);
            for recorded in page.events {
                if let Some(name) = subscription.name_of(&recorded.event).map(str::to_owned) {
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
    async fn standing(&self, kept: &Kept<Subscription>) -> Result<Option<Standing>, Unavailable> {
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

/// What is remembered once an attempt is over.
///
/// A delivery ends the row of failures; a failure counts on.
fn attempted(message: &Message, outcome: Outcome, now: UtcDateTime) -> Reader {
    let mut reader = message.standing.reader.clone();
    let attempts = reader.attempts.saturating_add(1);
    reader.note(Delivery {
        message: Label::new(message.id()),
        event: Label::new(&message.name),
        attempts,
        at: now,
        state: outcome.map_or_else(DeliveryState::Failed, |()| DeliveryState::Delivered),
    });
    match outcome {
        Ok(()) => Reader { run: reader.run, deliveries: reader.deliveries, ..Reader::default() },
        Err(_) => Reader { attempts, failing_since: reader.failing_since.or(Some(now.unix_timestamp())), ..reader },
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// A page of the subscriptions of this realm; a page may be short and still name where the next one starts.
    pub(crate) async fn subscriptions_page(
        &self,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Kept<Subscription>, DocumentId>, Unavailable> {
        let page = self.store.documents(DocumentKind::Subscription, after, limit).await.map_err(Unavailable::new)?;
        let mut items = Vec::new();
        for document in &page.items {
            let value: Subscription = serde_json::from_str(&document.body).map_err(Unavailable::new)?;
            if value.account.is_in(&self.rules.realm) {
                items.push(Kept { id: document.id.clone(), value, revision: document.revision });
            }
        }
        Ok(Paged { items, next: page.next })
    }

    /// A subscription by its document; `None` where it was removed.
    pub(crate) async fn subscription_at(&self, id: &DocumentId) -> Result<Option<Kept<Subscription>>, Unavailable> {
        let found = self.store.document(DocumentKind::Subscription, id).await.map_err(Unavailable::new)?;
        let Some(document) = found else { return Ok(None) };
        let value = serde_json::from_str(&document.body).map_err(Unavailable::new)?;
        Ok(Some(Kept { id: document.id, value, revision: document.revision }))
    }
}

impl<S, P: Permission> std::fmt::Debug for Outbox<'_, S, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}
