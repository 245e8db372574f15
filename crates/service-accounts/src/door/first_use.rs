//! The first use of a rotation's successor ends the token it replaces.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event};
use service_accounts_store::{Authority, Change, Committed, Credential, Predecessor, Refusal, Store, Tended, Token};
use time::UtcDateTime;

use crate::{
    AuthenticateError, Unavailable,
    core::{Core, commit::about_token},
};
use service_accounts_audit::Label;

/// How often a first use is tried against changes of others; each of them leaves the successor used or not.
const TRIES: usize = 8;

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Notes the use on both tokens in one step, before the request goes on; later requests write nothing.
    ///
    /// # Errors
    /// The store failed. Nobody is let in then, because the old token would live on unnoticed.
    pub(super) async fn note_first_use(
        &self,
        successor: &Arc<Credential>,
        now: UtcDateTime,
    ) -> Result<(), AuthenticateError> {
        let mut successor = successor.clone();
        for _ in 0..TRIES {
            let Some(change) = self.first_use(successor.token(), now).await? else { return Ok(()) };
            let event = Event::new(Action::TokenUsedFirst, Label::new(successor.account().id.as_str()), now);
            let event = about_token(event, successor.token());
            let committed = self.store.commit(&Authority::Host, change, event).await.map_err(Unavailable::new)?;
            if !matches!(committed, Committed::Refused(Refusal::Stale)) {
                return Ok(());
            }
            let again = self.store.credential(&successor.token().id).await.map_err(Unavailable::new)?;
            let Some(again) = again else { return Ok(()) };
            successor = again;
        }
        Err(AuthenticateError::Unavailable(Unavailable::new(Contended)))
    }

    /// Both tokens after the use; none where it was noted already.
    async fn first_use(&self, successor: &Token, now: UtcDateTime) -> Result<Option<Change>, AuthenticateError> {
        let Some(replaced) = successor.replaces.filter(|replaced| replaced.first_used.is_none()) else {
            return Ok(None);
        };
        let used = Token { replaces: Some(Predecessor { first_used: Some(now), ..replaced }), ..successor.clone() };
        let mut tokens = vec![Tended { token: used, expected: successor.revision }];
        let predecessor = self.store.credential(&replaced.token).await.map_err(Unavailable::new)?;
        if let Some(predecessor) = predecessor {
            tokens.extend(ended(predecessor.token(), successor, now));
        }
        Ok(Some(Change::Tend { tokens }))
    }
}

fn ended(predecessor: &Token, successor: &Token, now: UtcDateTime) -> Option<Tended> {
    let mut rotation = predecessor.rotation.clone().filter(|rotation| *rotation.successor() == successor.id)?;
    let state = rotation.note_successor_use(predecessor.state, now);
    let next_due = if state.is_revoked() { Some(now) } else { predecessor.next_due };
    let token = Token { state, next_due, rotation: Some(rotation), ..predecessor.clone() };
    Some(Tended { token, expected: predecessor.revision })
}

/// The records kept changing.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the first use of a successor kept losing to other changes")]
struct Contended;
