//! What a deliverer asks for, and what it reports.
//!
//! A deliverer keeps nothing itself: where each subscription stands is a cursor in the store, moved only from where it
//! was found. So several processes may deliver, and one that ends in the middle leaves a message to be sent again,
//! never one that is lost.

mod find;

use service_accounts_access::Permission;
use service_accounts_audit::{Label, Sequence};
use service_accounts_store::{Cursor, Document, DocumentId, DocumentKind, Paged, Store};
use time::UtcDateTime;

use super::{
    Delivery, DeliveryState, DisabledBecause, Failure, Message, Outcome, Retries, Signing, Subscription, Targets,
    reader::{Reader, Standing, reader_id},
};
use crate::{
    ServiceAccounts, Unavailable,
    core::{Core, documents::Kept},
};

/// The other side of the trail: what is to be delivered, for whoever delivers.
///
/// A host usually does not call it: the crate `service-accounts-webhook` does.
///
/// Messages of one subscription come in the order of the trail, each at least once; the receiver tells repeats apart by
/// the message's id.
///
/// What a deliverer does, in a few lines:
///
/// ```
/// use service_accounts::{ApplicationName, EventName, Next};
///
/// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
/// # host::with(async |host::Host { accounts, ada, id, .. }| {
/// # accounts.acting(&ada).subscriptions(&id).create(host::billing()?).await?;
/// let (billing, paid) = (ApplicationName::parse("billing")?, EventName::parse("invoice.paid")?);
/// accounts.publish(&billing, &paid, &serde_json::json!({ "invoice": 4711 })).await?;
///
/// let outbox = accounts.outbox();
/// for subscription in outbox.subscriptions(None, 100).await?.items {
///     while let Next::Message(message) = outbox.next(&subscription).await? {
///         let Some(signing) = outbox.sign(&message) else { break };
///         println!("POST {} {} {}", message.url(), message.id(), signing.timestamp);
///         outbox.settle(*message, Ok(())).await?; // the receiver answered 204
///     }
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
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
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, .. }| {
    /// assert!(accounts.outbox().subscriptions(None, 100).await?.items.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn outbox(&self) -> Outbox<'_, S, P> {
        Outbox { core: &self.core }
    }
}

impl<S: Store + 'static, P: Permission> Outbox<'_, S, P> {
    /// A page of the subscriptions of this realm that are enabled, in the order of their ids.
    ///
    /// A page may be short, even empty, and still have a `next`: subscriptions of other realms share the list.
    ///
    /// # Errors
    /// The store failed.
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
    /// It is asked with the present records, so a subscription whose account lost the permission is switched off here
    /// and not at the next change of the account. At most 1,024 events are looked at in one call, so that a
    /// subscription to rare events cannot hold up others.
    ///
    /// # Errors
    /// The store failed; ask again later.
    pub async fn next(&self, subscription: &DocumentId) -> Result<Next, Unavailable> {
        let Some(kept) = self.core.subscription_at(subscription).await?.filter(|kept| kept.value.is_enabled()) else {
            return Ok(Next::Stopped);
        };
        let Some(standing) = self.standing(&kept).await? else { return Ok(Next::Stopped) };
        match standing.reader.not_before.and_then(|at| UtcDateTime::from_unix_timestamp(at).ok()) {
            Some(at) if Retries::is_pause(at, self.core.now()) => Ok(Next::NotBefore(at)),
            _ => self.find(kept, standing).await,
        }
    }

    /// Signs an attempt that is made now; `None` where the pepper of every live secret is gone, and nothing may be sent.
    ///
    /// Every live secret of the subscription signs, the newest first, so that a receiver may change over.
    ///
    /// Call it for each attempt: the signature covers the attempt's instant.
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

    /// Reports an attempt: the subscription goes on behind the event, or waits for the next attempt, or is switched
    /// off.
    ///
    /// A receiver that answers 410 is gone for good. Any other failure is tried again with a growing rest, until the
    /// host's [`Retries`](crate::Retries) are over; then the subscription is switched off with an alert, and remembers
    /// where it stopped. Where another process was faster, nothing is written.
    ///
    /// # Errors
    /// The store failed: the message is then delivered again, under the same id.
    pub async fn settle(&self, message: Message, outcome: Outcome) -> Result<(), Unavailable> {
        let now = self.core.now();
        let reader = attempted(&message, outcome, now);
        let Err(failure) = outcome else {
            return self.advance(&message, message.recorded.sequence, reader).await;
        };
        let first = reader.failing_since.and_then(|at| UtcDateTime::from_unix_timestamp(at).ok());
        // A clock that ran ahead for a while would otherwise let a dead receiver be tried for as much longer.
        let first = first.map_or(now, |first| first.min(now));
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
        let mut page = self.subscriptions_of_any_realm(after, limit).await?;
        page.items.retain(|kept| kept.value.account.is_in(&self.rules.realm));
        Ok(page)
    }

    /// The same, of all realms of the store. Nobody may be shown them.
    pub(crate) async fn subscriptions_of_any_realm(
        &self,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Kept<Subscription>, DocumentId>, Unavailable> {
        let page = self.store.documents(DocumentKind::Subscription, after, limit).await.map_err(Unavailable::new)?;
        let kept = page.items.into_iter().map(|Document { id, body, revision, .. }| {
            let value = serde_json::from_str(&body).map_err(Unavailable::new)?;
            Ok(Kept { id, value, revision })
        });
        Ok(Paged { items: kept.collect::<Result<_, Unavailable>>()?, next: page.next })
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
