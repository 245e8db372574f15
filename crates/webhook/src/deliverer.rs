//! Who carries messages from the outbox to their receivers.

use std::{
    collections::VecDeque,
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
    pin::pin,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, future::select, stream};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use service_accounts::{
    Message, Next, ServiceAccounts, Unavailable,
    access::Permission,
    store::{DocumentId, Paged, Store},
};
use tower_service::Service;

use crate::{
    Timer,
    attempt::{BoxError, Limits, attempt},
    lease::Lease,
    places::{Place, Places},
};

/// How many messages of one subscription are sent before the others get their turn.
const IN_A_ROW: usize = 100;

/// How many subscriptions are listed at once.
const PAGE: usize = 100;

/// How much at once, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Attempts under way at most; half of them may be of messages that failed before. At least 2.
    pub at_once: usize,
    /// How long one attempt may last, from the look-up of the name to the end of the answer.
    pub time: Duration,
    /// How many bytes of an answer are read.
    pub answer: usize,
    /// How long the deliverer rests between two looks at all subscriptions.
    pub rest: Duration,
    /// How long others wait for a deliverer that ended without a word before one of them delivers; longer than an attempt.
    pub lease: Duration,
}

impl Default for Settings {
    /// 64 attempts of ten seconds, 16 KiB of an answer, a look each second, and a lease of thirty.
    fn default() -> Self {
        let (time, rest, lease) = (Duration::from_secs(10), Duration::from_secs(1), Duration::from_secs(30));
        Self { at_once: 64, time, answer: 16 * 1024, rest, lease }
    }
}

/// Carries messages from the outbox to their receivers, through a client that the host brings.
///
/// Each node may run one: of all that read one store, one delivers.
pub struct Deliverer<S, P: Permission, C, T> {
    accounts: ServiceAccounts<S, P>,
    client: C,
    timer: T,
    settings: Settings,
    lease: Lease,
}

/// Where the deliverer is in the list of subscriptions.
#[derive(Default)]
struct Round {
    listed: VecDeque<DocumentId>,
    after: Option<DocumentId>,
    is_begun: bool,
}

impl<S, P: Permission, C, T> Deliverer<S, P, C, T> {
    /// With the usual settings.
    #[must_use]
    pub fn new(accounts: ServiceAccounts<S, P>, client: C, timer: T) -> Self {
        let name = format!("{:016x}", RandomState::new().build_hasher().finish());
        Self { accounts, client, timer, settings: Settings::default(), lease: Lease::of(name) }
    }

    /// Under a name that no other deliverer of this store has, such as that of the node: one that was killed and starts again
    /// goes on at once. Without it a deliverer has a random name, and waits for the lease of the one before to expire.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { lease: Lease::of(name.to_owned()), ..self }
    }

    /// With these settings.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Self {
        let lease = settings.lease.max(settings.time + Duration::from_secs(2));
        Self { settings: Settings { at_once: settings.at_once.max(2), lease, ..settings }, ..self }
    }
}

impl<S, P, C, B, T> Deliverer<S, P, C, T>
where
    S: Store + 'static,
    P: Permission,
    C: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync,
    C::Future: Send,
    C::Error: Into<BoxError>,
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
    T: Timer,
{
    /// Delivers for ever. Where it is dropped, what was under way is sent again by whoever runs next, once its lease is over.
    ///
    /// A store that fails is logged and asked again after a rest.
    pub async fn run(self) {
        self.deliver_all().await;
    }

    /// Delivers until `stop`, and lets another node go on at once. What was under way is sent again.
    pub async fn run_until(self, stop: impl Future<Output = ()>) {
        select(pin!(self.deliver_all()), pin!(stop)).await;
        if let Err(error) = self.accounts.outbox().release(self.lease.holder()).await {
            tracing::warn!(target: "service_accounts::webhook", %error, "the lease was not given back; it ends by itself");
        }
    }

    async fn deliver_all(&self) {
        let places = Places::default();
        let (deliverer, places) = (self, &places);
        let work = stream::unfold(Round::default(), |round| deliverer.next_place(round, places));
        work.for_each_concurrent(self.settings.at_once, |place| async move {
            if let Err(error) = deliverer.deliver(&place, places).await {
                tracing::warn!(target: "service_accounts::webhook", %error, "a subscription waits for the store");
            }
        })
        .await;
    }

    /// Whether this deliverer is the one that delivers, for an attempt at least.
    async fn is_mine(&self) -> Result<bool, Unavailable> {
        self.lease.hold(&self.accounts.outbox(), self.settings.lease, self.settings.time).await
    }

    /// The next subscription that nobody works on; waits between two rounds.
    async fn next_place<'p>(&self, mut round: Round, places: &'p Places) -> Option<(Place<'p>, Round)> {
        loop {
            while let Some(id) = round.listed.pop_front() {
                if let Some(place) = places.take(&id) {
                    return Some((place, round));
                }
            }
            if round.is_begun && round.after.is_none() {
                self.timer.sleep(self.settings.rest).await;
            }
            round = self.list(round.after).await;
        }
    }

    /// The subscriptions behind `after`; none where the store fails, and then the next look starts at the first one.
    async fn list(&self, after: Option<DocumentId>) -> Round {
        match self.page(after.as_ref()).await {
            Ok(page) => Round { listed: page.items.into(), after: page.next, is_begun: true },
            Err(error) => {
                tracing::warn!(target: "service_accounts::webhook", %error, "deliveries wait for the store");
                Round { is_begun: true, ..Round::default() }
            }
        }
    }

    /// A page of the subscriptions; none while another deliverer delivers.
    async fn page(&self, after: Option<&DocumentId>) -> Result<Paged<DocumentId, DocumentId>, Unavailable> {
        if self.is_mine().await? {
            self.accounts.outbox().subscriptions(after, PAGE).await
        } else {
            Ok(Paged { items: Vec::new(), next: None })
        }
    }

    /// Sends what is due for one subscription, in order, up to its first failure.
    async fn deliver(&self, place: &Place<'_>, places: &Places) -> Result<(), Unavailable> {
        let outbox = self.accounts.outbox();
        for _ in 0..IN_A_ROW {
            if !self.is_mine().await? {
                return Ok(());
            }
            let message = match outbox.next(place.id()).await? {
                Next::Message(message) => *message,
                Next::More => continue,
                Next::NotBefore(_) | Next::Nothing | Next::Stopped => return Ok(()),
            };
            let failing = if message.attempts() > 0 {
                let Some(failing) = places.take_failing(self.settings.at_once / 2) else { return Ok(()) };
                Some(failing)
            } else {
                None
            };
            if !self.send(message).await? {
                return Ok(());
            }
            drop(failing);
        }
        Ok(())
    }

    /// Whether the message was delivered.
    async fn send(&self, message: Message) -> Result<bool, Unavailable> {
        let outbox = self.accounts.outbox();
        let Some(signing) = outbox.sign(&message) else {
            let id = message.id();
            tracing::error!(target: "service_accounts::webhook", id, "the pepper that signs is missing; rotate the secret");
            return Ok(false);
        };
        let limits = Limits { time: self.settings.time, answer: self.settings.answer };
        let mut client = self.client.clone();
        let outcome = attempt(&mut client, &self.timer, limits, outbox.targets(), (&message, signing)).await;
        let (id, host) = (message.id(), message.url().host());
        tracing::debug!(target: "service_accounts::webhook", id, host, ?outcome, "an attempt is over");
        outbox.settle(message, outcome).await?;
        Ok(outcome.is_ok())
    }
}

impl<S, P: Permission, C, T> fmt::Debug for Deliverer<S, P, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliverer").field("settings", &self.settings).finish_non_exhaustive()
    }
}
