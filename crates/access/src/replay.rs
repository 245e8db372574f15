//! Trying other rights on recorded traffic before anybody is locked out.

use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use crate::{Allowlist, Decision, Denial, Grants, Permission, TeamName};

/// How many kinds of requests are kept as examples; the counts have no bound.
const MOST_EXAMPLES: usize = 20;

/// Requests of one kind, as they were recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest<P: Permission> {
    /// Where they came from; unknown is outside every restricted list, as it is for a request.
    pub address: Option<IpAddr>,
    /// What they were allowed to do; none for requests that only had to be authenticated.
    pub permission: Option<P>,
    /// Whose resource it was, if it was a team's.
    pub team: Option<TeamName>,
    /// How many there were.
    pub count: u64,
}

/// What other rights would have done to recorded requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay<P: Permission> {
    /// How many requests were tried.
    pub requests: u64,
    /// How many each reason would have denied; reasons that denied none are left out.
    pub denied: Vec<(ReplayDenial, u64)>,
    /// The kinds of requests that would have been denied most, at most twenty.
    pub examples: Vec<(RecordedRequest<P>, ReplayDenial)>,
}

/// Why a recorded request would have been denied: the first reason met, the network before the rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ReplayDenial {
    /// It came from outside the list.
    #[error("the address is outside the allowlist")]
    Network,
    /// The rights would not have been enough.
    #[error(transparent)]
    Rights(#[from] Denial),
}

/// Tries rights and an allowlist on recorded requests.
///
/// ```
/// use service_accounts_access::presets::data_quality::{Permission, catalogue};
/// use service_accounts_access::{Allowlist, RecordedRequest, RoleName, Scopes, Teams, replay};
///
/// let recorded = |address: &str, permission, count| RecordedRequest {
///     address: address.parse().ok(),
///     permission: Some(permission),
///     team: None,
///     count,
/// };
/// let traffic = [
///     recorded("10.0.0.1", Permission::ResultsRead, 10_170),
///     recorded("10.0.0.1", Permission::ResourcesWrite, 300),
///     recorded("192.0.2.1", Permission::ResultsRead, 12),
/// ];
/// let member = RoleName::parse("Member")?;
/// let grants = catalogue().grants(&member, &Scopes::Inherited, &Scopes::Inherited, Teams::every())?;
/// let replay = replay(&grants, &Allowlist::parse_all(["10.0.0.0/8"])?, &traffic);
/// assert_eq!(replay.to_string(), "would have denied 312 of 10482");
/// assert_eq!(replay.examples[0].0.count, 300);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[must_use]
pub fn replay<'a, P: Permission>(
    grants: &Grants<P>,
    allowlist: &Allowlist,
    recorded: impl IntoIterator<Item = &'a RecordedRequest<P>>,
) -> Replay<P> {
    let mut replay = Replay { requests: 0, denied: Vec::new(), examples: Vec::new() };
    for request in recorded {
        replay.requests = replay.requests.saturating_add(request.count);
        if let Some(reason) = denial(grants, allowlist, request) {
            replay.deny(request, reason);
        }
    }
    replay
}

fn denial<P: Permission>(
    grants: &Grants<P>,
    allowlist: &Allowlist,
    request: &RecordedRequest<P>,
) -> Option<ReplayDenial> {
    if !request.address.map_or(allowlist.is_unrestricted(), |address| allowlist.contains(address)) {
        return Some(ReplayDenial::Network);
    }
    match grants.decide(request.permission?, request.team.as_ref()) {
        Decision::Allow => None,
        Decision::Deny(denial) => Some(denial.into()),
    }
}

impl<P: Permission> Replay<P> {
    /// How many requests would have been denied.
    #[must_use]
    pub fn denied_in_all(&self) -> u64 {
        self.denied.iter().fold(0, |all, (_, count)| all.saturating_add(*count))
    }

    fn deny(&mut self, request: &RecordedRequest<P>, reason: ReplayDenial) {
        match self.denied.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count = count.saturating_add(request.count),
            None => self.denied.push((reason, request.count)),
        }
        let place = self.examples.partition_point(|(example, _)| example.count >= request.count);
        if place < MOST_EXAMPLES {
            self.examples.insert(place, (request.clone(), reason));
            self.examples.truncate(MOST_EXAMPLES);
        }
    }
}

impl<P: Permission> fmt::Display for Replay<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "would have denied {} of {}", self.denied_in_all(), self.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::data_quality::Permission::{self as P, ResourcesWrite, ResultsRead, UsersView};
    use crate::presets::data_quality::catalogue;
    use crate::{RoleName, Scopes, Teams};

    fn request(address: &str, permission: Option<P>, team: Option<&str>, count: u64) -> RecordedRequest<P> {
        let team = team.map(|name| TeamName::parse(name).unwrap());
        RecordedRequest { address: address.parse().ok(), permission, team, count }
    }

    fn tried(requests: &[RecordedRequest<P>]) -> Replay<P> {
        let (account, token) = (Scopes::only(["write"]).unwrap(), Scopes::only(["read"]).unwrap());
        let role = RoleName::parse("Manager").unwrap();
        let grants = catalogue().grants(&role, &account, &token, Teams::only(["data"]).unwrap()).unwrap();
        replay(&grants, &Allowlist::parse_all(["10.0.0.0/8"]).unwrap(), requests)
    }

    #[test]
    fn each_reason_is_counted_and_the_network_comes_first() {
        let replay = tried(&[
            request("10.0.0.1", Some(ResultsRead), Some("data"), 1_000),
            request("10.0.0.1", None, None, 200),
            request("192.0.2.1", Some(P::IntegrationsConfigure), None, 1),
            request("unknown", Some(ResultsRead), None, 2),
            request("10.0.0.1", Some(P::IntegrationsConfigure), None, 4),
            request("10.0.0.2", Some(ResourcesWrite), None, 8),
            request("10.0.0.3", Some(ResultsRead), Some("web"), 16),
        ]);
        assert_eq!((replay.requests, replay.denied_in_all()), (1_231, 31));
        let expected = [
            (ReplayDenial::Network, 3),
            (Denial::NotInRole.into(), 4),
            (Denial::NotInTokenScopes.into(), 8),
            (Denial::WrongTeam.into(), 16),
        ];
        assert_eq!(replay.denied, expected);
    }

    #[test]
    fn the_commonest_are_kept_as_examples_and_no_more_than_twenty() {
        let requests: Vec<_> = (1..=30).map(|count| request("192.0.2.1", Some(UsersView), None, count)).collect();
        let replay = tried(&requests);
        let counts: Vec<_> = replay.examples.iter().map(|(example, _)| example.count).collect();
        assert_eq!(counts, (11..=30).rev().collect::<Vec<_>>());
        assert_eq!(replay.denied, [(ReplayDenial::Network, 465)]);
    }

    #[test]
    fn an_unknown_address_is_within_no_restriction() {
        let requests = [request("unknown", Some(ResultsRead), None, 3)];
        let replay = replay(&Grants::everything(), &Allowlist::any(), &requests);
        assert_eq!((replay.denied_in_all(), replay.requests), (0, 3));
    }

    #[test]
    fn counts_end_at_the_largest_number() {
        let many = request("192.0.2.1", Some(UsersView), None, u64::MAX);
        let replay = tried(&[many.clone(), many]);
        assert_eq!((replay.requests, replay.denied_in_all()), (u64::MAX, u64::MAX));
    }
}
