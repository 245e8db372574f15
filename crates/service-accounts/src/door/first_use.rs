//! The first use of a rotation's successor ends the token it replaces.
//!
//! It ends by a revocation and not by a deadline, because a clock that jumps back can undo a deadline. Given up:
//! clients that share one token need the fixed overlap.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_store::{Authority, Change, Committed, Credential, Predecessor, Store, Tended, Token};
use time::UtcDateTime;

use crate::{
    AuthenticateError, Unavailable,
    core::{Core, commit::about_token},
};

/// How often a credential is judged anew because it changed before its first use was noted.
pub(super) const TRIES: usize = 8;

/// The records kept changing.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the first use of a successor kept losing to other changes")]
pub(super) struct Contended;

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Notes the use on both tokens in one step, before the request goes on; later requests write nothing.
    ///
    /// Returns false, and writes nothing, where one of the tokens has changed since it was read: the successor may have
    /// been revoked or given another secret, so it must be judged again.
    ///
    /// # Errors
    /// The store failed. Nobody is let in then, because the old token would live on unnoticed.
    pub(super) async fn note_first_use(
        &self,
        successor: &Arc<Credential>,
        now: UtcDateTime,
    ) -> Result<bool, AuthenticateError> {
        let Some(change) = self.first_use(successor.token(), now).await? else { return Ok(true) };
        let event = Event::new(Action::TokenUsedFirst, Label::new(successor.account().id.as_str()), now);
        let event = about_token(event, successor.token());
        let committed = self.commit_by(&Authority::Host, change, event).await?;
        Ok(matches!(committed, Committed::Applied(_)))
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

/// None where the old token's last rotation led to another successor.
fn ended(predecessor: &Token, successor: &Token, now: UtcDateTime) -> Option<Tended> {
    let mut rotation = predecessor.rotation.clone().filter(|rotation| *rotation.successor() == successor.id)?;
    let state = rotation.note_successor_use(predecessor.state, now);
    let next_due = if state.is_revoked() { Some(now) } else { predecessor.next_due };
    let token = Token { state, next_due, rotation: Some(rotation), ..predecessor.clone() };
    Some(Tended { token, expected: predecessor.revision })
}
