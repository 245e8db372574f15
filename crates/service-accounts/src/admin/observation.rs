//! Who tries a revoked token, and what that looks like.

use std::net::IpAddr;

use service_accounts_access::Permission;
use service_accounts_lifecycle::{TokenState, Tripwire, TripwireAssessment};
use service_accounts_store::{Credential, Seen, Sighting, Store};
use time::UtcDateTime;

use super::TokenHandle;
use crate::{Error, core::authority::Call};

/// What was seen of a token since it was revoked.
///
/// An observation lasts as long as the policy says, a week by default, and begins anew with each attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What the attempts look like, and why; `None` where there were none, and for a token that works.
    ///
    /// It is a hint for people and blocks nothing.
    pub verdict: Option<TripwireAssessment>,
    /// How many attempts there were since the revocation.
    ///
    /// Of each kind at most [`Sighting::MOST`] addresses are remembered, those that tried last.
    pub attempts: u64,
    /// The last attempt.
    pub last_attempt: Option<UtcDateTime>,
    /// When the observation ends if there is no further attempt; `None` for a token that works.
    pub observed_until: Option<UtcDateTime>,
    /// Whether the token has been quiet for a whole observation, so that nobody misses it once it is deleted.
    pub is_safe_to_delete: bool,
}

impl<S: Store + 'static, P: Permission> TokenHandle<'_, S, P> {
    /// Whether anybody tries the token since it was revoked, and whether that looks like a stale deploy or like theft, by
    /// the addresses from which it was used while it worked.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// accounts.acting(&ada).token(&id, &token).revoke().await?;
    /// let _ = accounts.authenticate(&text, "198.51.100.9".parse().ok()).await;
    /// let observed = accounts.acting(&ada).token(&id, &token).observation().await?;
    /// assert_eq!(observed.attempts, 1);
    /// assert!(!observed.is_safe_to_delete);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadTokens`](crate::Call::ReadTokens). Attempts of other processes come with their next flush, so
    /// up to a minute later.
    ///
    /// # Errors
    /// The actor may not, there is no such token, or the store failed.
    pub async fn observation(&self) -> Result<Observation, Error> {
        let found = self.found_for(Call::ReadTokens).await?;
        Ok(self.observed(&found, &self.sightings().await?))
    }

    /// Only a request that was refused as revoked is an attempt, so none is older than the end of the token's work.
    fn observed(&self, found: &Credential, seen: &[Sighting]) -> Observation {
        let core = self.acting.core;
        let (now, observation) = (core.now(), core.rules.lifecycle.observation());
        let revoked_at = revoked_at(found);
        let tripwire = tripwire(revoked_at.unwrap_or(UtcDateTime::MIN), seen);
        let tried = seen.iter().filter(|each| matches!(each.seen, Seen::TriedFrom(_) | Seen::Tried));
        let is_revoked = found.token().is_revoked(found.account());
        Observation {
            verdict: tripwire.assess().filter(|_| is_revoked),
            attempts: tried.fold(0, |all, each| all.saturating_add(each.count)),
            last_attempt: tripwire.last_attempt(),
            observed_until: revoked_at.map(|_| tripwire.observed_until(observation)),
            is_safe_to_delete: revoked_at.is_some() && tripwire.is_safe_to_delete(observation, now),
        }
    }
}

/// When its own observation began; one that ended with all of its account is observed once a sweep has settled it.
fn revoked_at(found: &Credential) -> Option<UtcDateTime> {
    match found.token().state {
        TokenState::Revoked { at } => Some(at),
        TokenState::Deletable { revoked_at, .. } => Some(revoked_at),
        TokenState::Active | TokenState::Retiring { .. } | TokenState::Deleted { .. } => None,
    }
}

/// A sighting keeps its first and last instant; these two are all that is left of its attempts, and both are shown to
/// the tripwire.
fn tripwire(revoked_at: UtcDateTime, seen: &[Sighting]) -> Tripwire<Option<IpAddr>> {
    let used_from = seen.iter().filter_map(|each| match each.seen {
        Seen::UsedFrom(address) => Some(Some(address)),
        _ => None,
    });
    let mut tripwire = Tripwire::new(revoked_at, used_from);
    for each in seen {
        let from = match each.seen {
            Seen::TriedFrom(address) => Some(address),
            Seen::Tried => None,
            Seen::UsedFrom(_) | Seen::Permission(_) => continue,
        };
        tripwire.note(from, each.first);
        tripwire.note(from, each.last);
    }
    tripwire
}
