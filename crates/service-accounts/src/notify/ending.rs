//! How a subscription stops: switched off, or gone with its account.
//!
//! A subscription that has ended no longer holds the trail: its cursor is removed, so that what it has not read may be
//! trimmed. Each step may be done again by whoever comes next, so a process that ends in between leaves nothing behind
//! for good.
//!
//! A subscription that cannot be delivered to waits in order, three days unless the host says otherwise, and is then
//! switched off with an alert. The place it stopped at stays in the record, and enabling goes on there. Given up: what
//! was trimmed from the trail meanwhile is not told.

use service_accounts_access::Permission;
use service_accounts_audit::{
    Action, Event, Label, Query, Sequence,
    detect::{Alert, AlertKind},
};
use service_accounts_naming::AccountId;
use service_accounts_store::{Authority, Change, Committed, Document, DocumentId, DocumentKind, Revision, Store};
use time::UtcDateTime;

use super::{
    DisabledBecause, Subscription, SubscriptionId, SubscriptionState, document_id,
    reader::{Standing, reader_id},
    readers::ended,
};
use crate::{
    Unavailable,
    core::{Core, trail::alerts::trace},
    upkeep::Trimmed,
};

/// How many events are read at once.
const PAGE: usize = Query::MAX_LIMIT;

/// How often a cursor that moves is tried to be taken away.
const TRIES: usize = 8;

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Switches a subscription off, with an alert, and lets the trail be trimmed behind it.
    ///
    /// Three steps, each of which may be done again: the alert, the record with its event, the cursor.
    pub(super) async fn disable_subscription(
        &self,
        subscription: &Subscription,
        standing: Standing,
        (because, undelivered): (DisabledBecause, Sequence),
    ) -> Result<(), Unavailable> {
        let Some(id) = subscription.document_id() else { return Ok(()) };
        // Read again: where a person or another process was faster, this is no longer to be done.
        let Some(kept) = self.subscription_at(&id).await?.filter(|kept| kept.value == *subscription) else {
            return Ok(());
        };
        let now = self.now();
        // The alert comes first: a process that ends between the two alerts twice rather than never.
        let alert = alert_of(subscription, standing.reader.attempts, undelivered, now);
        let of_subscription = |event: Event| about(event, subscription).with(Label::new("because"), reason(because));
        if self.keep_alert(&alert, of_subscription(alert.event(now))).await? {
            trace(&alert);
        }
        let deliveries = standing.reader.deliveries.into();
        let state = SubscriptionState::Disabled { because, at: now, place: standing.at, deliveries };
        let body = serde_json::to_string(&Subscription { state, ..kept.value }).map_err(Unavailable::new)?.into();
        let event = own_event(Action::SubscriptionDisabled, subscription, now).because(reason(because));
        let document = Document { kind: DocumentKind::Subscription, id, body, revision: Revision::NEW };
        let change = Change::PutDocument { document, expected: Some(kept.revision) };
        match self.commit_by(&Authority::Host, change, event).await? {
            Committed::Applied(_) => self.drop_cursor(&subscription.id).await?,
            Committed::Refused(_) => return Ok(()),
        }
        self.drop_old_alerts(now).await
    }

    /// Upkeep trims alerts only where the trail is sealed or watched; whoever raises these takes the old ones away anywhere.
    async fn drop_old_alerts(&self, now: UtcDateTime) -> Result<(), Unavailable> {
        self.trim_alerts(now, &mut Trimmed::default()).await
    }

    /// Removes a subscription whose account is gone.
    ///
    /// Where it is gone already, its cursor is still taken away.
    pub(super) async fn forget_subscription(&self, subscription: &Subscription) -> Result<(), Unavailable> {
        let Some(id) = subscription.document_id() else { return Ok(()) };
        if let Some(kept) = self.subscription_at(&id).await? {
            let event = own_event(Action::SubscriptionDeleted, subscription, self.now());
            let event = event.because(Label::new("account_deleted"));
            let change = Change::RemoveDocument { kind: DocumentKind::Subscription, id, expected: kept.revision };
            let _refused = self.commit_by(&Authority::Host, change, event).await?;
        }
        self.drop_cursor(&subscription.id).await
    }

    /// Removes every subscription of an account that was deleted.
    ///
    /// It asks by the beginning of the document's id, and again by the account: another realm may have an account of
    /// this local part.
    pub(crate) async fn forget_subscriptions_of(&self, account: &AccountId) -> Result<(), Unavailable> {
        let Ok(mut after) = DocumentId::parse(&format!("{}:", account.local())) else { return Ok(()) };
        let beginning = after.clone();
        loop {
            let page = self.subscriptions_page(Some(&after), Subscription::MOST).await?;
            for kept in &page.items {
                if !kept.id.as_str().starts_with(beginning.as_str()) {
                    return Ok(());
                }
                if kept.value.account == *account {
                    self.forget_subscription(&kept.value).await?;
                }
            }
            match page.next {
                Some(next) => after = next,
                None => return Ok(()),
            }
        }
    }

    /// Takes the readers away of subscriptions that ended or were switched off after a place. The trail names them: the
    /// cursor that was left over has kept these events from being trimmed.
    pub(crate) async fn drop_cursors_of_ended_subscriptions(&self, place: Sequence) -> Result<(), Unavailable> {
        for action in [Action::SubscriptionDeleted, Action::SubscriptionDisabled] {
            let mut query = Some(Query::default().for_action(action).oldest_first().continue_from(place).limit(PAGE));
            while let Some(asked) = query {
                let page = self.store.events(&asked).await.map_err(Unavailable::new)?;
                for recorded in &page.events {
                    self.drop_cursor_of_ended(&recorded.event).await?;
                }
                query = page.next.map(|place| asked.continue_from(place));
            }
        }
        Ok(())
    }

    async fn drop_cursor_of_ended(&self, event: &Event) -> Result<(), Unavailable> {
        let account = event.account().and_then(|account| AccountId::parse(account.as_str()).ok());
        let (Some(id), Some(account)) = (ended(event), account) else { return Ok(()) };
        let Some(document) = document_id(&account, &id) else { return Ok(()) };
        match self.subscription_at(&document).await? {
            Some(kept) if kept.value.is_enabled() => Ok(()),
            _ => self.drop_cursor(&id).await,
        }
    }

    /// Takes a reader away, so that it no longer holds the trail.
    ///
    /// A deliverer that still works on it may move it meanwhile, so it is tried a few times; what is left is found by
    /// trimming.
    pub(crate) async fn drop_cursor(&self, subscription: &SubscriptionId) -> Result<(), Unavailable> {
        let id = reader_id(subscription)?;
        for _ in 0..TRIES {
            let Some(cursor) = self.store.cursor(&id).await.map_err(Unavailable::new)? else { return Ok(()) };
            if self.store.advance(&id, Some(cursor.at), None).await.map_err(Unavailable::new)? {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn reason(because: DisabledBecause) -> Label {
    Label::new(because.as_str())
}

fn alert_of(subscription: &Subscription, attempts: u32, undelivered: Sequence, now: UtcDateTime) -> Alert {
    Alert {
        kind: AlertKind::SubscriptionDisabled,
        subject: Label::new(subscription.id.as_str()),
        at: now,
        first: undelivered,
        last: undelivered,
        count: attempts,
        account: Some(Label::new(subscription.account.as_str())),
        token: None,
        address: None,
        realm: None,
    }
}

/// An event on the word of this system itself.
fn own_event(action: Action, subscription: &Subscription, now: UtcDateTime) -> Event {
    about(Event::new(action, Label::new("service-accounts"), now), subscription)
}

fn about(event: Event, subscription: &Subscription) -> Event {
    event
        .about_account(Label::new(subscription.account.as_str()))
        .with(Label::new("subscription"), Label::new(subscription.id.as_str()))
        .with(Label::new("application"), Label::new(subscription.application.as_str()))
}
