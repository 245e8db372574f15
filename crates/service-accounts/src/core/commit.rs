//! Changes on their way to the store: each with its event, after the accesses that came before it.
//!
//! Everything that anybody changes goes through here, so that no path leaves out the policies, the event or the actor's
//! authority.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Applied, Authority, Change, Committed, Refusal, Revision, Store, Token, Write};

use super::{Core, journal::Due};
use crate::{Actor, Error, PolicyFinding, Unavailable};

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Makes a change on the actor's word, as it stands at this instant, and returns what was written.
    ///
    /// Accesses that wait in memory happened before the change, so they are written before it.
    ///
    /// Where the waiting accesses cannot be written, the change is not made either: the trail would tell them in the
    /// wrong order.
    pub(crate) async fn commit(&self, actor: &Actor<P>, change: Change, event: Event) -> Result<Applied, Error> {
        Ok(self.commit_warned(actor, change, event).await?.0)
    }

    /// The same, with what policies warn of.
    pub(crate) async fn commit_warned(
        &self,
        actor: &Actor<P>,
        change: Change,
        event: Event,
    ) -> Result<(Applied, Vec<PolicyFinding>), Error> {
        if let Some(account) = event.account().and_then(|account| AccountId::parse(account.as_str()).ok()) {
            self.journal.flush(&self.store, Due::Of(&account), self.now()).await?;
        }
        self.commit_at_once(actor, change, event).await
    }

    /// The same for a change that takes nothing from anybody, such as a new session: no waiting access can contradict it.
    ///
    /// Policies in force are asked first; the store then reads the actor's own records again inside its transaction.
    ///
    /// Refusals of the store become errors here. [`Error::Conflict`] means that a revision was another: judge again.
    ///
    /// A change of nothing succeeds and writes nothing: what was applied has no writes then, and the revision that the
    /// record keeps.
    pub(crate) async fn commit_at_once(
        &self,
        actor: &Actor<P>,
        change: Change,
        event: Event,
    ) -> Result<(Applied, Vec<PolicyFinding>), Error> {
        let present = made_from(&change);
        let (change, warnings) = self.governed(actor, change, &event).await?;
        let authority = actor.authority(self.now());
        match self.commit_by(&authority, change, event).await? {
            Committed::Applied(applied) => Ok((applied, warnings)),
            Committed::Refused(Refusal::Unchanged) => {
                Ok((Applied { sequence: present.event(), writes: Vec::new() }, Vec::new()))
            }
            Committed::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// Appends an event of something that changes no record, where the actor still may: no credential that has ended meanwhile
    /// does anything, not even what the store keeps nothing of.
    pub(crate) async fn record_by(&self, actor: &Actor<P>, event: Event) -> Result<(), Error> {
        self.commit(actor, Change::Tend { tokens: Vec::new() }, event).await.map(drop)
    }

    /// Appends an event of something that changed no record, and that is on nobody's word.
    pub(crate) async fn record(&self, event: Event) -> Result<(), Error> {
        Ok(self.append(event).await?)
    }

    /// An event of this instant, from the actor's address where one is known.
    ///
    /// The actor's name goes in as it is; what an event says beyond that is the caller's, and must hold no secret.
    pub(crate) fn event(&self, action: Action, actor: &Actor<P>) -> Event {
        Event::new(action, actor.name().clone(), self.now()).from_address(actor.address())
    }

    /// An event about no account that happened in this realm, and is shown in no other.
    pub(crate) fn realm_event(&self, action: Action, actor: &Actor<P>) -> Event {
        self.event(action, actor).with(Label::new("realm"), Label::new(self.rules.realm.as_str()))
    }

    /// An event about an account.
    pub(crate) fn account_event(&self, action: Action, actor: &Actor<P>, account: &Account) -> Event {
        self.event(action, actor).about_account(Label::new(account.id.as_str()))
    }

    /// An event about a credential and its account.
    pub(crate) fn token_event(&self, action: Action, actor: &Actor<P>, token: &Token) -> Event {
        about_token(self.event(action, actor), token)
    }
}

impl<S: Store, P: Permission> Core<S, P> {
    /// The only way of a change to the store, so that whoever observes changes is told.
    ///
    /// Observers are told after the commit and before the answer. A dropped future may have changed something and told
    /// nobody; the trail has it.
    pub(crate) async fn commit_by(
        &self,
        authority: &Authority,
        change: Change,
        event: Event,
    ) -> Result<Committed, Unavailable> {
        let told = self.observers.is_any().then(|| event.clone());
        let committed = self.store.commit(authority, change, event).await.map_err(Unavailable::new)?;
        if let (Some(event), Committed::Applied(applied)) = (told, &committed) {
            self.observers.tell(&event);
            for write in &applied.writes {
                if let Write::Append(event) = write {
                    self.observers.tell(event);
                }
            }
        }
        Ok(committed)
    }

    /// The only way to the trail of an event without a change; accesses have their own.
    pub(crate) async fn append(&self, event: Event) -> Result<(), Unavailable> {
        let events = [event];
        self.store.append(&events).await.map_err(Unavailable::new)?;
        if self.observers.is_any() {
            events.iter().for_each(|event| self.observers.tell(event));
        }
        Ok(())
    }
}

/// The state that a change of one record was made from, which the record keeps where nothing changes.
fn made_from(change: &Change) -> Revision {
    match change {
        Change::UpdateAccount { expected, .. } | Change::UpdateToken { expected, .. } => *expected,
        Change::PutDocument { expected, .. } => expected.unwrap_or(Revision::NEW),
        Change::Judged { change, .. } => made_from(change),
        _ => Revision::NEW,
    }
}

/// Names a credential and its account in an event.
pub(crate) fn about_token(event: Event, token: &Token) -> Event {
    let event = event.about_account(Label::new(token.account.as_str())).about_token(Label::new(token.id.as_str()));
    match token.class.token_name() {
        Some(name) => event.named(Label::new(name.as_str())),
        None => event,
    }
}
