//! What lists are made of.

use std::{net::IpAddr, sync::Arc};

use service_accounts_lifecycle::{TokenEntry, TokenFacts};
use service_accounts_token::TokenId;
use time::UtcDateTime;

use crate::Credential;

/// One use of a credential.
///
/// Gathered off the request path and written by [`Store::touch`](crate::Store::touch).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The credential.
    pub token: TokenId,
    /// When and from where.
    pub last: LastUsed,
}

/// When and from where a credential was last used.
///
/// A use is an accepted request, not an attempt; attempts after revocation are [`Sighting`](crate::Sighting)s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastUsed {
    /// When.
    pub at: UtcDateTime,
    /// The client address, if it was known.
    pub address: Option<IpAddr>,
}

/// A credential as lists and sweeps see it.
///
/// It is read in one step, so its parts belong together.
///
/// The last use is that of the last [`touch`](crate::Store::touch); what processes have gathered since is not in it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The credential with its account.
    pub credential: Arc<Credential>,
    /// Its last use, if it was ever used.
    pub last_used: Option<LastUsed>,
    /// When it was last tried after it was revoked: the latest `last` of its sightings of the kind
    /// [`Tried`](crate::SeenKind::Tried). `None` if there are none.
    pub last_attempt: Option<UtcDateTime>,
}

impl Listed {
    /// What `lifecycle` plans with, forecasts, compares and reviews.
    ///
    /// A credential without an end of its own lives until the calendar ends, which is longer than any policy allows.
    ///
    /// ```
    /// use service_accounts_store::{Credential, LastUsed, Listed};
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let account = records::account();
    /// let credential = Credential::new(records::token(&account), account.into()).into();
    /// let used = LastUsed { at: records::at(60), address: None };
    /// let listed = Listed { credential, last_used: Some(used), last_attempt: None };
    /// assert_eq!(listed.entry().environment.to_string(), "production");
    /// ```
    #[must_use]
    pub fn entry(&self) -> TokenEntry<TokenId> {
        let token = self.credential.token();
        TokenEntry { key: token.id, environment: token.environment.clone(), facts: self.facts() }
    }

    /// Dates and states only; a rotation that was called off counts as none.
    fn facts(&self) -> TokenFacts {
        let token = self.credential.token();
        let facts =
            TokenFacts::new(token.created_at, token.expires_at.unwrap_or(UtcDateTime::MAX)).with_state(token.state);
        let facts = self.last_used.map_or(facts, |last| facts.with_last_use(last.at));
        let facts = self.last_attempt.map_or(facts, |at| facts.with_last_attempt(at));
        let facts = token.last_look.map_or(facts, |at| facts.with_last_look(at));
        let facts = token.last_review.map_or(facts, |at| facts.with_last_review(at));
        let is_replaced = token.rotation.as_ref().is_some_and(|rotation| !rotation.is_cancelled());
        if is_replaced { facts.with_successor() } else { facts }
    }
}

/// Some items, and the key behind which the next page starts.
///
/// A page may be short, even empty, and still have a `next`: only a page without one is the last.
///
/// `next` is the key of the last item that was looked at, and goes into the next call as `after`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T, K> {
    /// The items in order.
    pub items: Vec<T>,
    /// Where the next page starts; none on the last page.
    pub next: Option<K>,
}

impl<T, K> Paged<T, K> {
    /// Makes a page of at most `limit` items from what a store found, which is one more where there are more.
    ///
    /// ```
    /// use service_accounts_store::Paged;
    ///
    /// // Asked for two, a store looks for three, to tell whether there are more.
    /// let page = Paged::new(vec![1, 2, 3], 2, |item| *item);
    /// assert_eq!((page.items, page.next), (vec![1, 2], Some(2)));
    /// let last = Paged::new(vec![1, 2], 2, |item| *item);
    /// assert_eq!(last.next, None);
    /// ```
    #[must_use]
    pub fn new(mut found: Vec<T>, limit: usize, key: impl FnOnce(&T) -> K) -> Self {
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = if has_more { found.last().map(key) } else { None };
        Self { items: found, next }
    }
}
