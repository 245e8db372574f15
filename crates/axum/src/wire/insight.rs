//! What less would have been enough, and what less would have done.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use service_accounts::{
    AccountAdvice, DryRun, DryRunResult, Observation,
    access::{Allowlist, Permission, RecordedRequest, ReplayDenial, RightsAdvice, RoleName, ScopeName, Scopes},
    lifecycle::{ExchangeAdvice, Suspicion, SuspicionReason},
};
use std::net::IpAddr;
use utoipa::ToSchema;

use super::{instant::Instant, shapes::ScopesShape, sighting::SightingView, token::AdviceView};

/// What could be narrower about an account. It is advice: what was seen in a quarter may lack what is done once a year.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountAdvice)]
pub(crate) struct AccountAdviceView<'a> {
    /// Permissions that the account holds and was never seen to use.
    unused_permissions: Vec<&'static str>,
    /// A role that holds fewer permissions and still all that were used.
    #[schema(value_type = Option<String>)]
    least_role: Option<&'a RoleName>,
    /// The scopes that hold exactly what was used; null if they would take nothing away.
    #[schema(value_type = Option<ScopesShape>)]
    exact_scopes: Option<&'a Scopes>,
    /// A declared scope that covers all that was used and takes something away.
    #[schema(value_type = Option<String>)]
    declared_scope: Option<&'a ScopeName>,
    /// The narrowest allowlist that would have let in what was seen; null if the present one cannot be narrowed.
    #[schema(value_type = Option<Vec<String>>)]
    ip_allowlist: Option<&'a Allowlist>,
    /// How the client uses its sessions, where that could be better.
    sessions: Option<ExchangeView>,
    /// What could be better about its name.
    naming: Vec<AdviceView>,
    /// The earliest access that the advice rests on; null where nothing was seen.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Instant>,
    /// Whether there was more traffic than is looked at.
    is_cut: bool,
}

/// What could be better about how a client uses its sessions.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionAdvice)]
struct ExchangeView {
    /// For programs.
    #[schema(example = "keep_session")]
    code: &'static str,
    /// The same for people.
    reason: String,
}

/// Where the catalogue does not know the account's role or scopes, the parts about rights are empty.
impl<'a, P: Permission> From<&'a AccountAdvice<P>> for AccountAdviceView<'a> {
    fn from(advice: &'a AccountAdvice<P>) -> Self {
        let rights = advice.rights.as_ref();
        let of = |read: fn(&RightsAdvice<P>) -> Vec<&'static str>| rights.map(read).unwrap_or_default();
        Self {
            unused_permissions: of(|rights| rights.unused.iter().map(Permission::name).collect()),
            least_role: rights.and_then(|rights| rights.least_role.as_ref()),
            exact_scopes: rights.and_then(|rights| rights.exact_scopes.as_ref()),
            declared_scope: rights.and_then(|rights| rights.declared_scope.as_ref()),
            ip_allowlist: advice.allowlist.as_ref(),
            sessions: advice.exchange.map(ExchangeView::from),
            naming: advice.naming.iter().map(AdviceView::from).collect(),
            since: advice.since.map(Instant),
            is_cut: advice.is_cut,
        }
    }
}

/// The code is for programs and stays; the sentence may be written better.
impl From<ExchangeAdvice> for ExchangeView {
    fn from(advice: ExchangeAdvice) -> Self {
        let code = match advice {
            ExchangeAdvice::KeepSession => "keep_session",
            ExchangeAdvice::UnusedSessions => "unused_sessions",
        };
        Self { code, reason: advice.to_string() }
    }
}

/// What to try on recorded traffic; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DryRun)]
pub(crate) struct DryRunRequest {
    /// The role to try.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Member")]
    role: Option<RoleName>,
    /// The account's scopes to try: `inherited`, or a list.
    #[serde(default)]
    #[schema(value_type = Option<ScopesShape>)]
    scopes: Option<Scopes>,
    /// The addresses and networks to try; an empty list lets every address in.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    ip_allowlist: Option<Allowlist>,
    /// How many days of traffic to try it on.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 400, default = 30)]
    days: Option<DryRunDays>,
}

/// How many days of traffic, 1 to 400.
struct DryRunDays(u16);

impl<'de> Deserialize<'de> for DryRunDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = u16::deserialize(deserializer).ok().filter(|days| (1..=DryRun::MOST_DAYS).contains(days));
        days.map(Self).ok_or_else(|| D::Error::custom("expected a whole number of days from 1 to 400"))
    }
}

/// An allowlist of no networks is every address, as everywhere.
impl From<DryRunRequest> for DryRun {
    fn from(asked: DryRunRequest) -> Self {
        let DryRunRequest { role, scopes, ip_allowlist, days } = asked;
        Self { role, scopes, allowlist: ip_allowlist, days: days.map(|days| days.0) }
    }
}

/// What a change would have denied of the recorded traffic.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRunResult)]
pub(crate) struct DryRunView {
    /// How many requests it was tried on; one that asked for several permissions counts once for each.
    requests: u64,
    /// How many of them would have been denied.
    would_deny: u64,
    /// The kinds of requests that would have been denied most, at most twenty.
    by: Vec<DeniedView>,
    /// The earliest access that it was tried on; null where nothing was recorded.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Instant>,
    /// Whether there was more traffic than it was tried on.
    is_cut: bool,
}

/// Requests of one kind that would have been denied.
#[derive(Serialize, ToSchema)]
#[schema(as = DeniedRequests)]
struct DeniedView {
    /// Why they would have been denied.
    reason: String,
    /// Where they came from; null if that was not recorded.
    #[schema(value_type = Option<String>)]
    address: Option<IpAddr>,
    /// What they asked for; null if only authentication was recorded.
    permission: Option<&'static str>,
    /// How many requests.
    count: u64,
}

/// Counts are of requests; the kinds shown are the most frequent, and the counts are of all.
impl<P: Permission> From<&DryRunResult<P>> for DryRunView {
    fn from(result: &DryRunResult<P>) -> Self {
        let replay = &result.replay;
        Self {
            requests: replay.requests,
            would_deny: replay.denied_in_all(),
            by: replay.examples.iter().map(|(request, reason)| DeniedView::new(request, *reason)).collect(),
            since: result.since.map(Instant),
            is_cut: result.is_cut,
        }
    }
}

impl DeniedView {
    fn new<P: Permission>(request: &RecordedRequest<P>, reason: ReplayDenial) -> Self {
        Self {
            reason: reason.to_string(),
            address: request.address,
            permission: request.permission.map(Permission::name),
            count: request.count,
        }
    }
}

/// What a token was seen to do, and what the attempts on it since its revocation look like.
#[derive(Serialize, ToSchema)]
#[schema(as = Sightings)]
pub(crate) struct SightingsView {
    /// Every address and permission that it was seen with.
    pub(crate) items: Vec<SightingView>,
    /// Always null: all stand in one page.
    #[schema(value_type = Option<String>)]
    pub(crate) next_cursor: Option<String>,
    /// What has been seen of it since it was revoked.
    pub(crate) observation: ObservationView,
}

/// What was seen of a token since it was revoked.
#[derive(Serialize, ToSchema)]
#[schema(as = Observation)]
pub(crate) struct ObservationView {
    /// What the attempts look like; null where there were none, and for a token that works.
    verdict: Option<VerdictView>,
    /// How often somebody has tried it since.
    attempts: u64,
    /// The last attempt; null where there was none.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_attempt: Option<Instant>,
    /// When the observation ends if there is no further attempt; null for a token that works.
    #[schema(value_type = Option<String>, format = DateTime)]
    observed_until: Option<Instant>,
    /// Whether the token has been quiet for a whole observation.
    is_safe_to_delete: bool,
}

/// What attempts on a revoked token look like, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = Verdict)]
struct VerdictView {
    /// `stale_deploy`, `undecided` or `likely_theft`.
    #[schema(example = "stale_deploy")]
    suspicion: &'static str,
    /// What speaks for it, in words.
    reasons: Vec<String>,
}

/// The reasons are sentences with numbers and hold no address: those stand among the sightings.
impl From<&Observation> for ObservationView {
    fn from(seen: &Observation) -> Self {
        let verdict = seen.verdict.as_ref().map(|verdict| VerdictView {
            suspicion: suspicion(verdict.suspicion),
            reasons: verdict.reasons.iter().copied().map(reason).collect(),
        });
        Self {
            verdict,
            attempts: seen.attempts,
            last_attempt: seen.last_attempt.map(Instant),
            observed_until: seen.observed_until.map(Instant),
            is_safe_to_delete: seen.is_safe_to_delete,
        }
    }
}

/// Frozen, for dashboards count by it.
const fn suspicion(suspicion: Suspicion) -> &'static str {
    match suspicion {
        Suspicion::StaleDeploy => "stale_deploy",
        Suspicion::Undecided => "undecided",
        Suspicion::LikelyTheft => "likely_theft",
    }
}

/// For people: what speaks for the verdict, with its numbers.
fn reason(reason: SuspicionReason) -> String {
    match reason {
        SuspicionReason::FamiliarAddresses { addresses } => {
            format!("attempts came from {addresses} addresses that used the token while it worked")
        }
        SuspicionReason::UnfamiliarAddresses { addresses } => {
            format!("attempts came from {addresses} addresses that never used the token while it worked")
        }
        SuspicionReason::TooManyAddresses { attempts } => {
            format!("{attempts} attempts came from more addresses than are told apart")
        }
        SuspicionReason::NoHistory => "no address is known from the time when the token worked".to_owned(),
    }
}
