//! Who reads the trail of a store, for whoever moves it to another one.

use service_accounts_audit::{Action, Event, Query};
use service_accounts_store::{Cursor, DocumentId, DocumentKind, Store};

use super::{Subscription, SubscriptionId, reader::reader_id};
use crate::{
    Unavailable,
    core::trail::{alerts, seals},
};

const PAGE: usize = 256;

/// The readers that this crate has made of a store's trail: seals, detectors, and subscriptions of every realm.
///
/// A store cannot list them, and to move its contents each must be named. Add those of your own.
/// Leases are none: they end by themselves.
///
/// ```
/// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
/// # host::with(async |host::Host { accounts, .. }| {
/// let readers = service_accounts::trail_readers(accounts.store()).await?;
/// assert!(readers.is_empty(), "nothing was sealed, watched or delivered yet");
/// # Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// The store failed.
pub async fn trail_readers<S: Store>(store: &S) -> Result<Vec<DocumentId>, Unavailable> {
    let mut named = vec![seals::reader()?, alerts::reader()?];
    named.extend(of_subscriptions(store).await?);
    named.extend(of_ended_subscriptions(store).await?);
    named.sort();
    named.dedup();
    let mut readers = Vec::new();
    for id in named {
        let cursor = store.cursor(&id).await.map_err(Unavailable::new)?;
        readers.extend(cursor.is_some_and(|cursor| Cursor::reads_the_trail(&cursor)).then_some(id));
    }
    Ok(readers)
}

async fn of_subscriptions<S: Store>(store: &S) -> Result<Vec<DocumentId>, Unavailable> {
    let (mut readers, mut after) = (Vec::new(), None);
    loop {
        let page = store.documents(DocumentKind::Subscription, after.as_ref(), PAGE).await.map_err(Unavailable::new)?;
        for document in &page.items {
            let subscription: Subscription = serde_json::from_str(&document.body).map_err(Unavailable::new)?;
            readers.push(reader_id(&subscription.id)?);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(readers),
        }
    }
}

/// Where a process ended beside the end of a subscription, its place is left over, and upkeep has not taken it away yet.
async fn of_ended_subscriptions<S: Store>(store: &S) -> Result<Vec<DocumentId>, Unavailable> {
    let mut readers = Vec::new();
    for action in [Action::SubscriptionDeleted, Action::SubscriptionDisabled] {
        let mut query = Some(Query::default().for_action(action).oldest_first().limit(Query::MAX_LIMIT));
        while let Some(asked) = query {
            let page = store.events(&asked).await.map_err(Unavailable::new)?;
            let ended = page.events.iter().filter_map(|recorded| ended(&recorded.event));
            readers.extend(ended.map(|id| reader_id(&id)).collect::<Result<Vec<_>, _>>()?);
            query = page.next.map(|place| asked.continue_from(place));
        }
    }
    Ok(readers)
}

/// The subscription whose end this event tells.
pub(super) fn ended(event: &Event) -> Option<SubscriptionId> {
    SubscriptionId::parse(event.details().get("subscription")?.as_str()).ok()
}
