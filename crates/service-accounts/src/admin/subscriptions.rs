//! The subscriptions of an account.
//!
//! Each is made in the name of an account, which must hold the application's permission when it is made, changed and
//! delivered to. The document's id begins with the account, so that one account's subscriptions are read without the
//! others'.

mod messages;

use std::fmt;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label, Query, Sequence};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Change, DocumentId, DocumentKind, Paged, Revision, Store};
use service_accounts_token::SigningSecret;

use super::{Acting, NewSubscription};
use crate::{
    Error, Subscription, SubscriptionId, Unavailable,
    core::{authority::Call, documents::Kept, retry::retry_on_conflict},
    notify::{document_id, turn_of},
};

/// The subscriptions of one account: what [`Acting::subscriptions`] returns.
///
/// It reads nothing until one of its calls is made.
///
/// Subscribing takes two things: the actor's rule, and that the account itself holds the application's permission. Only
/// the first is the actor's. A subscription is found by its account; one of another account is
/// [`DocumentMissing`](Error::DocumentMissing).
pub struct Subscriptions<'a, S, P: Permission> {
    acting: Acting<'a, S, P>,
    account: &'a AccountId,
}

/// A new subscription, and the only sight of the secret that signs its messages.
///
/// Where the answer is lost, [`Subscriptions::rotate_secret`] makes another secret.
///
/// `Debug` shows nothing of the secret.
#[derive(Debug)]
pub struct CreatedSubscription {
    /// As it is listed, without its secret.
    pub subscription: Subscription,
    /// What the receiver verifies signatures with.
    pub secret: SigningSecret,
}

impl<'a, S: Store + 'static, P: Permission> Acting<'a, S, P> {
    /// What an account is told: the subscriptions that are made as it.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let subscriptions = accounts.acting(&ada).subscriptions(&id);
    /// assert!(subscriptions.list(None, 20).await?.items.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscriptions(self, account: &'a AccountId) -> Subscriptions<'a, S, P> {
        Subscriptions { acting: self, account }
    }
}

impl<S: Store + 'static, P: Permission> Subscriptions<'_, S, P> {
    /// Subscribes the account: it is told what happens from now on.
    ///
    /// The secret is in the answer and nowhere else. Messages carry `webhook-id`, `webhook-timestamp` and
    /// `webhook-signature` (Standard Webhooks), which the receiver verifies with it.
    ///
    /// Rule: [`Call::Subscribe`](crate::Call::Subscribe). Event: `subscription.created` with the application and the
    /// receiver's host. Where the future is dropped the subscription may be there: find it with [`list`](Self::list).
    ///
    /// ```
    /// use service_accounts::{ApplicationName, EventPattern, NewSubscription, TargetUrl};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let (billing, paid) = (ApplicationName::parse("billing")?, EventPattern::parse("invoice.*")?);
    /// let wanted = NewSubscription::new(billing, vec![paid], TargetUrl::parse("https://hooks.example.com/invoices")?);
    /// let created = accounts.acting(&ada).subscriptions(&id).create(wanted).await?;
    /// assert!(created.subscription.is_enabled());
    /// println!("give the receiver {}", created.secret.expose());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`ApplicationMissing`](Error::ApplicationMissing), [`ApplicationNotPermitted`](Error::ApplicationNotPermitted)
    /// where the account does not work or does not hold its permission, [`EventCount`](Error::EventCount),
    /// [`EventUnknown`](Error::EventUnknown) for this system's own application, [`Target`](Error::Target), or
    /// [`TooManySubscriptions`](Error::TooManySubscriptions).
    pub async fn create(&self, wanted: NewSubscription) -> Result<CreatedSubscription, Error> {
        let wanted = &wanted;
        retry_on_conflict(move || self.create_once(wanted)).await
    }

    /// A page of the account's subscriptions in the order of their ids, starting behind `after`.
    ///
    /// Rule: [`Call::ReadSubscriptions`](crate::Call::ReadSubscriptions). Disabled subscriptions are listed too.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let subscriptions = accounts.acting(&ada).subscriptions(&id);
    /// # let wanted = host::billing()?;
    /// let created = subscriptions.create(wanted).await?;
    /// assert_eq!(subscriptions.list(None, 20).await?.items, [created.subscription]);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`AccountMissing`](Error::AccountMissing).
    pub async fn list(
        &self,
        after: Option<&SubscriptionId>,
        limit: usize,
    ) -> Result<Paged<Subscription, SubscriptionId>, Error> {
        self.account_for(Call::ReadSubscriptions).await?;
        let beginning = format!("{}:", self.account.local());
        let from = format!("{beginning}{}", after.map_or("", SubscriptionId::as_str));
        let from = DocumentId::parse(&from).map_err(Unavailable::new)?;
        let page = self.acting.core.subscriptions_page(Some(&from), limit).await?;
        let own = page.items.into_iter().filter(|kept| kept.id.as_str().starts_with(&beginning));
        let items = own.map(|kept| kept.value).filter(|value| value.account == *self.account).collect();
        // An account of this name in another realm may fill a page with its own.
        let left = page.next.as_ref().and_then(|id| id.as_str().strip_prefix(&beginning));
        let next = left.and_then(|id| SubscriptionId::parse(id).ok());
        Ok(Paged { items, next })
    }

    /// One subscription.
    ///
    /// Rule: [`Call::ReadSubscriptions`](crate::Call::ReadSubscriptions). It holds no secret: a lost one is replaced,
    /// never shown.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let subscriptions = accounts.acting(&ada).subscriptions(&id);
    /// # let wanted = host::billing()?;
    /// let created = subscriptions.create(wanted).await?.subscription;
    /// assert_eq!(subscriptions.get(&created.id).await?.url.host(), "hooks.example.com");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing).
    pub async fn get(&self, id: &SubscriptionId) -> Result<Subscription, Error> {
        Ok(self.found_for(Call::ReadSubscriptions, id).await?.value)
    }

    /// Ends a subscription for good.
    ///
    /// A message that is on its way may still arrive. What it has not been told is told to nobody, and no longer keeps
    /// the trail from being trimmed.
    ///
    /// Rule: [`Call::Subscribe`](crate::Call::Subscribe). Event: `subscription.deleted`.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let subscriptions = accounts.acting(&ada).subscriptions(&id);
    /// # let wanted = host::billing()?;
    /// let created = subscriptions.create(wanted).await?.subscription;
    /// subscriptions.remove(&created.id).await?;
    /// assert!(subscriptions.get(&created.id).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing).
    pub async fn remove(&self, id: &SubscriptionId) -> Result<(), Error> {
        let Acting { core, actor } = self.acting;
        let removed = retry_on_conflict(move || async move {
            let kept = self.found_for(Call::Subscribe, id).await?;
            let event = self.event(Action::SubscriptionDeleted, &kept.value);
            let (kind, expected) = (DocumentKind::Subscription, kept.revision);
            core.commit(actor, Change::RemoveDocument { kind, id: kept.id, expected }, event).await.map(drop)
        })
        .await;
        match removed {
            // A call that ended between the two steps is finished by the next one.
            Ok(()) | Err(Error::DocumentMissing) => core.drop_cursor(id).await?,
            Err(_) => {}
        }
        removed
    }

    /// The turn is read before the subscriptions are counted, so that of two that count at once one counts again.
    async fn create_once(&self, wanted: &NewSubscription) -> Result<CreatedSubscription, Error> {
        let Acting { core, actor } = self.acting;
        let account = self.account_for(Call::Subscribe).await?;
        wanted.check(&core.rules)?;
        core.rules.check_hears(&account, &wanted.application, core.now())?;
        let turn = turn_of(&account.id)?;
        let at = core.turn(&turn).await?;
        if self.is_full().await? {
            return Err(Error::TooManySubscriptions { most: Subscription::MOST });
        }
        let start = self.newest_place().await?;
        let (id, seed) = (SubscriptionId::of(core.random()?), core.new_seed()?);
        let secret = core.secret_of(&seed)?;
        let by = (actor.name().clone(), core.now());
        let subscription = wanted.clone().into_subscription((id, &account), seed, start, by);
        let event = self.event(Action::SubscriptionCreated, &subscription);
        let id = document_id(&subscription.account, &subscription.id).ok_or(Error::DocumentMissing)?;
        match core.add(actor, (DocumentKind::Subscription, &id), &subscription, (turn, at), event).await {
            // The id is drawn: whoever asked can do nothing about it but try again.
            Err(Error::DocumentTaken) => return Err(Error::Conflict),
            added => added?,
        }
        Ok(CreatedSubscription { subscription, secret })
    }

    /// Whether the account has as many as it may, wherever they stand among those of another realm.
    async fn is_full(&self) -> Result<bool, Error> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.list(after.as_ref(), Subscription::MOST).await?;
            (count, after) = (count + page.items.len(), page.next);
            if count >= Subscription::MOST || after.is_none() {
                return Ok(count >= Subscription::MOST);
            }
        }
    }

    /// Another state of a subscription, if the account may still be told and the host still allows the target.
    ///
    /// The target and the permission are asked about again, since the host may have changed its rule and the account
    /// its rights.
    pub(super) async fn change(
        &self,
        id: &SubscriptionId,
        action: Action,
        changed: impl Fn(Subscription) -> Result<Subscription, Error>,
    ) -> Result<Subscription, Error> {
        let (core, changed) = (self.acting.core, &changed);
        retry_on_conflict(move || async move {
            let account = self.account_for(Call::Subscribe).await?;
            let kept = self.found_for(Call::Subscribe, id).await?;
            kept.value.url.check(core.rules.targets).map_err(Error::Target)?;
            core.rules.check_hears(&account, &kept.value.application, core.now())?;
            let subscription = changed(kept.value)?;
            let event = self.event(action, &subscription);
            self.keep(&subscription, kept.revision, event).await?;
            Ok(subscription)
        })
        .await
    }

    /// Writes another state of the subscription that was read.
    async fn keep(&self, subscription: &Subscription, expected: Revision, event: Event) -> Result<(), Error> {
        let Acting { core, actor } = self.acting;
        let id = document_id(&subscription.account, &subscription.id).ok_or(Error::DocumentMissing)?;
        core.keep(actor, (DocumentKind::Subscription, &id), subscription, Some(expected), event).await.map(drop)
    }

    /// The account, if the actor may make this call on it.
    async fn account_for(&self, call: Call) -> Result<std::sync::Arc<Account>, Error> {
        self.acting.account_for(call, self.account).await
    }

    /// The subscription, if the actor may make this call on its account; one of another account is as absent as one
    /// that never was.
    pub(super) async fn found_for(&self, call: Call, id: &SubscriptionId) -> Result<Kept<Subscription>, Error> {
        self.account_for(call).await?;
        let id = document_id(self.account, id).ok_or(Error::DocumentMissing)?;
        let found = self.acting.core.subscription_at(&id).await?;
        found.filter(|kept| kept.value.account == *self.account).ok_or(Error::DocumentMissing)
    }

    /// Where the trail ends now: a new subscription is told what comes after.
    ///
    /// It is read before the subscription is written: what happens in between is told, and nothing is missed.
    async fn newest_place(&self) -> Result<Sequence, Error> {
        let newest = self.acting.core.store.events(&Query::default().limit(1)).await.map_err(Unavailable::new)?;
        Ok(newest.events.first().map_or(Sequence::new(0), |newest| newest.sequence))
    }

    /// Names the receiver's host and not its URL, whose path may hold a secret.
    pub(super) fn event(&self, action: Action, subscription: &Subscription) -> Event {
        let event = self.acting.core.event(action, self.acting.actor);
        event
            .about_account(Label::new(subscription.account.as_str()))
            .with(Label::new("subscription"), Label::new(subscription.id.as_str()))
            .with(Label::new("application"), Label::new(subscription.application.as_str()))
            .with(Label::new("host"), Label::new(subscription.url.host()))
    }
}

impl<S, P: Permission> fmt::Debug for Subscriptions<'_, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriptions").field("account", &self.account.as_str()).finish_non_exhaustive()
    }
}
