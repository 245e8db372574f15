//! The sightings of the memory store.

use std::collections::{BTreeMap, HashMap};

use service_accounts_token::TokenId;
use time::UtcDateTime;

use crate::{Seen, SeenKind, Sighting};

/// Rows by token, and within a token in the order of kind and value.
///
/// At most [`Sighting::MOST`] rows of each of three kinds for each token.
#[derive(Default)]
pub(super) struct Sightings(HashMap<TokenId, BTreeMap<Seen, Sighting>>);

impl Sightings {
    /// In the order of kind and value.
    pub(super) fn of(&self, token: &TokenId) -> Vec<Sighting> {
        self.0.get(token).into_iter().flat_map(|seen| seen.values().cloned()).collect()
    }

    /// The latest attempt on a revoked token, from whatever address.
    pub(super) fn last_attempt(&self, token: &TokenId) -> Option<UtcDateTime> {
        let seen = self.0.get(token)?;
        seen.values().filter(|row| row.seen.kind() == SeenKind::Tried).map(|row| row.last).max()
    }

    /// Joins a sighting to its row. A new value beyond [`Sighting::MOST`] of its kind takes the place of the one seen
    /// longest ago.
    ///
    /// The new value itself stays, however old it is.
    pub(super) fn add(&mut self, sighting: &Sighting) {
        let rows = self.0.entry(sighting.token).or_default();
        let joined = rows.get(&sighting.seen).map_or_else(|| sighting.clone(), |row| row.joined(sighting));
        rows.insert(sighting.seen.clone(), joined);
        let of_kind = || rows.values().filter(|row| row.seen.kind() == sighting.seen.kind());
        if of_kind().count() > Sighting::MOST {
            let others = of_kind().filter(|row| row.seen != sighting.seen);
            let stalest = others.min_by_key(|row| row.last).map(|row| row.seen.clone());
            stalest.map(|seen| rows.remove(&seen));
        }
    }

    /// Drops every row of a removed token.
    pub(super) fn forget(&mut self, token: &TokenId) {
        self.0.remove(token);
    }
}
