//! What an account was seen to do: the accesses in its trail, added up by address and permission.
//!
//! Only granted accesses count, since advice and dry runs are about what works today. What the trail no longer holds is
//! not known here.

use std::{
    collections::{BTreeMap, HashSet},
    net::IpAddr,
};

use service_accounts_access::{Permission, RecordedRequest};
use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Store};
use service_accounts_token::Kind;
use time::{Duration, UtcDateTime};

use super::Acting;
use crate::{Error, Unavailable, core::journal::Due};

/// How many events are read at most, the newest first.
/// An event counts many accesses where they were coalesced.
const MOST_EVENTS: usize = 50_000;

/// How many pairs of address and permission are told apart.
const MOST_KINDS: usize = 10_000;

/// How many client secrets are told from sessions; an account has one, and for a week those that were replaced.
const MOST_SECRETS: usize = 100;

/// Accesses that were granted, since an instant.
///
/// It holds counts by kind and no single request, at most [`MOST_KINDS`] of them, whatever the trail holds.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Requests by address, and by the permission that was asked for; none where it only was authenticated.
    uses: BTreeMap<(Option<IpAddr>, Option<Label>), u64>,
    /// How often the client secret was shown.
    pub(super) exchanges: u64,
    /// How many requests came with sessions.
    pub(super) by_session: u64,
    /// The earliest access that was read.
    pub(super) since: Option<UtcDateTime>,
    /// Whether there was more than is read.
    pub(super) is_cut: bool,
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// The traffic of the last days, what still waits in memory included.
    ///
    /// Pages are read from the newest event backwards, so what is cut is the oldest.
    pub(super) async fn traffic(&self, account: &Account, days: u16) -> Result<Traffic, Error> {
        let (core, now) = (self.core, self.core.now());
        core.journal.flush(&core.store, Due::Of(&account.id), now).await?;
        let secrets = self.secrets_of(&account.id).await?;
        let since = now.saturating_sub(Duration::days(days.into()));
        let all = Query::default().for_account(Label::new(account.id.as_str())).for_action(Action::AccessGranted);
        let all = all.since(since).limit(Query::MAX_LIMIT);
        let (mut traffic, mut query, mut read) = (Traffic::default(), all.clone(), 0);
        loop {
            let page = core.store.events(&query).await.map_err(Unavailable::new)?;
            read += page.events.len();
            page.events.iter().for_each(|recorded| traffic.add(&recorded.event, &secrets));
            let Some(place) = page.next else { return Ok(traffic) };
            if read >= MOST_EVENTS {
                return Ok(Traffic { is_cut: true, ..traffic });
            }
            query = all.clone().continue_from(place);
        }
    }

    /// By these an exchange of client credentials is told from a request with a session: neither has a token's name.
    ///
    /// Beyond the bound an exchange counts as a request by session, which makes the advice on exchanges milder and
    /// nothing else.
    async fn secrets_of(&self, account: &AccountId) -> Result<HashSet<Label>, Error> {
        let page = self.core.store.credentials(account, Kind::Secret, None, MOST_SECRETS).await;
        let listed = page.map_err(Unavailable::new)?.items;
        Ok(listed.iter().map(|listed| Label::new(listed.credential.token().id.as_str())).collect())
    }
}

impl Traffic {
    /// Counts one event; a pair of address and permission beyond the bound is left out, and the traffic is marked as
    /// cut.
    fn add(&mut self, event: &Event, secrets: &HashSet<Label>) {
        self.since = self.since.into_iter().chain([event.at()]).min();
        let (permission, count) = (event.details().get("permission"), u64::from(event.count()));
        let is_exchange = event.token().is_some_and(|token| secrets.contains(token));
        match (permission, event.token_name()) {
            (None, None) if is_exchange => self.exchanges = self.exchanges.saturating_add(count),
            (None, None) => self.by_session = self.by_session.saturating_add(count),
            _ => {}
        }
        let kind = (event.address(), permission.cloned());
        if self.uses.len() >= MOST_KINDS && !self.uses.contains_key(&kind) {
            self.is_cut = true;
            return;
        }
        let uses = self.uses.entry(kind).or_default();
        *uses = uses.saturating_add(count);
    }

    /// The addresses from which somebody came.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.uses.keys().filter_map(|(address, _)| *address)
    }

    /// The names of the permissions that were used.
    pub(super) fn permissions(&self) -> impl Iterator<Item = &str> {
        self.uses.keys().filter_map(|(_, permission)| permission.as_ref()).map(Label::as_str)
    }

    /// As requests to replay: each counts once for each permission that it asked for, or once where it asked for none.
    ///
    /// A permission that the host has no longer is left out: nobody can be denied it any more.
    pub(super) fn requests<P: Permission>(&self) -> Vec<RecordedRequest<P>> {
        let request = |address, permission, count| RecordedRequest { address, permission, team: None, count };
        let mut requests = Vec::new();
        for ((address, permission), count) in &self.uses {
            match permission {
                None => requests.push(request(*address, None, count.saturating_sub(self.asked_from(*address)))),
                Some(name) => {
                    let known = P::named(name.as_str()).ok();
                    requests.extend(known.map(|permission| request(*address, Some(permission), *count)));
                }
            }
        }
        requests.retain(|request| request.count > 0);
        requests
    }

    /// How many requests from an address asked for a permission: these are among those that authenticated from there.
    fn asked_from(&self, from: Option<IpAddr>) -> u64 {
        let asked = self.uses.range((from, None)..).take_while(|((address, _), _)| *address == from);
        asked.filter(|((_, permission), _)| permission.is_some()).fold(0, |all, (_, count)| all.saturating_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use service_accounts_access::presets::data_quality::Permission;

    use super::*;

    fn event(token: &str, name: Option<&str>, permission: Option<&str>, count: u32) -> Event {
        let at = UtcDateTime::UNIX_EPOCH;
        let event = Event::new(Action::AccessGranted, Label::new("a@service"), at).about_token(Label::new(token));
        let event = event.from_address(Some(IpAddr::from([192, 0, 2, 1]))).repeated(count, at);
        let event = name.into_iter().fold(event, |event, name| event.named(Label::new(name)));
        permission.into_iter().fold(event, |event, name| event.with(Label::new("permission"), Label::new(name)))
    }

    #[test]
    fn a_request_counts_once_and_sessions_are_told_from_secrets() {
        let mut traffic = Traffic::default();
        let secrets = HashSet::from([Label::new("secret")]);
        for event in [
            event("secret", None, None, 2),
            event("session", None, None, 30),
            event("session", None, Some("results:read"), 25),
            event("token", Some("nightly"), None, 8),
            event("token", Some("nightly"), Some("resources:write"), 3),
            event("token", Some("nightly"), Some("gone:long-since"), 1),
        ] {
            traffic.add(&event, &secrets);
        }
        assert_eq!((traffic.exchanges, traffic.by_session), (2, 30));
        let mut counts: Vec<_> =
            traffic.requests::<Permission>().iter().map(|each| (each.permission, each.count)).collect();
        counts.sort();
        assert_eq!(counts, [(None, 11), (Some(Permission::ResultsRead), 25), (Some(Permission::ResourcesWrite), 3)]);
    }

    #[test]
    fn kinds_beyond_the_bound_are_said_to_be_missing() {
        let mut traffic = Traffic::default();
        for number in 0..=u32::try_from(MOST_KINDS).unwrap() {
            let event = Event::new(Action::AccessGranted, Label::new("a@service"), UtcDateTime::UNIX_EPOCH);
            traffic.add(&event.from_address(Some(IpAddr::from(number.to_be_bytes()))), &HashSet::new());
        }
        assert!(traffic.is_cut && traffic.uses.len() == MOST_KINDS);
    }
}
