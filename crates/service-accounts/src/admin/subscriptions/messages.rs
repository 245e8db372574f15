//! What becomes of a subscription's messages: signed by another secret, sent again, tried, and looked back at.
//!
//! Each change names the state that was read, and restarts count a run: a deliverer that still works on the earlier run
//! moves nothing.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Sequence};
use service_accounts_store::Store;
use service_accounts_token::SigningSecret;

use super::Subscriptions;
use crate::{
    Delivery, Error, Subscription, SubscriptionId, SubscriptionState, Unavailable,
    core::authority::Call,
    notify::{reader_id, remembered},
};

impl<S: Store + 'static, P: Permission> Subscriptions<'_, S, P> {
    /// Makes a new signing secret. The present one signs beside it for [`Subscription::OVERLAP`], so that the receiver can
    /// change over.
    ///
    /// At most three secrets sign at once; one more rotation within the day retires the oldest early.
    ///
    /// Rule: [`Call::Subscribe`](crate::Call::Subscribe). Event: `subscription.secret_rotated`.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let subscriptions = accounts.acting(&ada).subscriptions(&id);
    /// # let wanted = host::billing()?;
    /// let created = subscriptions.create(wanted).await?;
    /// let new = subscriptions.rotate_secret(&created.subscription.id).await?;
    /// assert_ne!(new.expose(), created.secret.expose());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing), [`ApplicationNotPermitted`](Error::ApplicationNotPermitted) where
    /// the account lost its permission, or [`Target`](Error::Target) where the host no longer allows the receiver.
    pub async fn rotate_secret(&self, id: &SubscriptionId) -> Result<SigningSecret, Error> {
        let core = self.acting.core;
        let seed = core.new_seed()?;
        let secret = core.secret_of(&seed)?;
        let seed = &seed;
        self.change(id, Action::SubscriptionSecretRotated, |mut subscription| {
            let until = core.now().checked_add(Subscription::OVERLAP).map(|until| until.unix_timestamp());
            subscription.seeds.retain(|known| known.is_live(core.now()));
            subscription.seeds.iter_mut().for_each(|known| known.until = known.until.or(until));
            subscription.seeds.insert(0, seed.clone());
            subscription.seeds.truncate(Subscription::MOST_SECRETS);
            Ok(subscription)
        })
        .await?;
        Ok(secret)
    }

    /// Delivers again from this place of the trail on, also what was delivered before, and enables the subscription.
    ///
    /// What was trimmed from the trail is not told.
    ///
    /// A receiver tells repeats apart by the message's id, which is the same each time. Rule:
    /// [`Call::Subscribe`](crate::Call::Subscribe). Event: `subscription.replayed`.
    ///
    /// ```
    /// use service_accounts::audit::Sequence;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let subscriptions = accounts.acting(&ada).subscriptions(&id);
    /// # let wanted = host::billing()?;
    /// let created = subscriptions.create(wanted).await?.subscription;
    /// // From the first event of the trail on.
    /// assert!(subscriptions.replay(&created.id, Sequence::new(1)).await?.is_enabled());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`rotate_secret`](Self::rotate_secret).
    pub async fn replay(&self, id: &SubscriptionId, from: Sequence) -> Result<Subscription, Error> {
        let start = Sequence::new(from.number().saturating_sub(1).max(0));
        self.change(id, Action::SubscriptionReplayed, |subscription| Ok(subscription.restarted(start))).await
    }

    /// Delivers to a subscription again that was switched off, from the event on at which it stopped.
    ///
    /// Of one that is enabled it changes nothing and leaves no event. Rule:
    /// [`Call::Subscribe`](crate::Call::Subscribe). Event: `subscription.enabled`.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let subscriptions = accounts.acting(&ada).subscriptions(&id);
    /// # let wanted = host::billing()?;
    /// let created = subscriptions.create(wanted).await?.subscription;
    /// assert_eq!(subscriptions.enable(&created.id).await?, created); // it never was disabled
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`rotate_secret`](Self::rotate_secret).
    pub async fn enable(&self, id: &SubscriptionId) -> Result<Subscription, Error> {
        let kept = self.found_for(Call::Subscribe, id).await?;
        if kept.value.is_enabled() {
            return Ok(kept.value);
        }
        self.change(id, Action::SubscriptionEnabled, |subscription| match subscription.state {
            SubscriptionState::Disabled { place, .. } => Ok(subscription.restarted(place)),
            SubscriptionState::Enabled => Ok(subscription),
        })
        .await
    }

    /// Asks for a message that tells nothing but that the subscription works; it is delivered like every other.
    ///
    /// It fits every pattern of events. Rule: [`Call::Subscribe`](crate::Call::Subscribe). Event:
    /// `subscription.tested`, which is the message.
    ///
    /// ```
    /// use service_accounts::Next;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let subscriptions = accounts.acting(&ada).subscriptions(&id);
    /// # let wanted = host::billing()?;
    /// let created = subscriptions.create(wanted).await?.subscription;
    /// subscriptions.test(&created.id).await?;
    /// let waiting = accounts.outbox().subscriptions(None, 1).await?.items;
    /// assert!(matches!(accounts.outbox().next(&waiting[0]).await?, Next::Message(_)));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing).
    pub async fn test(&self, id: &SubscriptionId) -> Result<(), Error> {
        let kept = self.found_for(Call::Subscribe, id).await?;
        self.acting.core.record_by(self.acting.actor, self.event(Action::SubscriptionTested, &kept.value)).await
    }

    /// The last deliveries, the newest first.
    ///
    /// The last 20 messages are remembered, each with its last attempt; nothing of what they said. Rule:
    /// [`Call::ReadSubscriptions`](crate::Call::ReadSubscriptions).
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let subscriptions = accounts.acting(&ada).subscriptions(&id);
    /// # let wanted = host::billing()?;
    /// let created = subscriptions.create(wanted).await?.subscription;
    /// assert!(subscriptions.deliveries(&created.id).await?.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing).
    pub async fn deliveries(&self, id: &SubscriptionId) -> Result<Vec<Delivery>, Error> {
        let kept = self.found_for(Call::ReadSubscriptions, id).await?;
        if let SubscriptionState::Disabled { deliveries, .. } = kept.value.state {
            return Ok(deliveries);
        }
        let cursor = self.acting.core.store.cursor(&reader_id(id)?).await.map_err(Unavailable::new)?;
        Ok(cursor.map_or_else(|| Ok(Vec::new()), |cursor| remembered(&cursor))?)
    }
}
