//! Rotations.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use service_accounts::{
    RotateToken, RotatedToken, ServiceAccounts, TokenRotation,
    access::Permission,
    audit::Label,
    lifecycle::{Overlap, Rotation, RotationKey, Span, TokenState},
    naming::TokenName,
    store::Store,
    token::TokenId,
};
use time::{Duration, UtcDateTime};
use utoipa::ToSchema;

use super::{
    instant::Instant,
    policy::{FindingView, findings},
    token::TokenView,
};

/// A token to rotate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateToken)]
pub(crate) struct RotateRequest {
    /// Makes a retry the same request: the same key has one successor.
    #[schema(value_type = String, example = "deploy-2026-11-28")]
    idempotency_key: RotationKey,
    /// How many days old and new work side by side; 0: the old one ends at once. Left out: until the first use of the new
    /// one, and no longer than the policy allows.
    #[serde(default)]
    #[schema(value_type = Option<u16>)]
    overlap_days: Option<OverlapDays>,
    /// The successor's name; left out, the next free one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Option<TokenName>,
    /// How many days the successor lives; left out, as long as its environment allows.
    #[serde(default)]
    #[schema(minimum = 1)]
    expires_in_days: Option<u32>,
}

/// A token that rotates itself: by policy in all but the overlap.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateSelf)]
pub(crate) struct RotateSelfRequest {
    /// Makes a retry the same request: the same key has one successor.
    #[schema(value_type = String, example = "deploy-2026-11-28")]
    idempotency_key: RotationKey,
    /// How many days old and new work side by side; 0: the old one ends at once.
    #[serde(default)]
    #[schema(value_type = Option<u16>)]
    overlap_days: Option<OverlapDays>,
}

/// Days that old and new work side by side; 0: not at all.
struct OverlapDays(Overlap);

impl<'de> Deserialize<'de> for OverlapDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let overlap = match u16::deserialize(deserializer)? {
            0 => Some(Overlap::None),
            days => Span::days(days.into()).map(Overlap::Fixed),
        };
        overlap.map(Self).ok_or_else(|| D::Error::custom("expected fewer days"))
    }
}

/// Without `overlap_days` both work until the first use of the successor.
impl From<RotateRequest> for RotateToken {
    fn from(asked: RotateRequest) -> Self {
        Self {
            overlap: asked.overlap_days.map(|days| days.0),
            name: asked.name,
            lifetime: asked.expires_in_days.map(|days| Duration::days(days.into())),
            ..Self::new(asked.idempotency_key)
        }
    }
}

/// Name and lifetime are not the token's own to choose.
impl From<RotateSelfRequest> for RotateToken {
    fn from(asked: RotateSelfRequest) -> Self {
        Self { overlap: asked.overlap_days.map(|days| days.0), ..Self::new(asked.idempotency_key) }
    }
}

/// The successor of a rotated token, with the one sight of its text.
#[derive(Serialize, ToSchema)]
#[schema(as = RotatedToken)]
pub(crate) struct RotatedView<'a> {
    /// The text. It is shown here and never again; left out where a retry comes after it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    token: Option<&'a str>,
    #[serde(flatten)]
    record: TokenView,
    /// How far the rotation is.
    rotation: Option<RotationView>,
    /// What soft rules of policies object to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<FindingView<'a>>,
}

/// The record shown is the successor's, and `token` its text.
impl<'a> RotatedView<'a> {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, rotated: &'a RotatedToken) -> Self {
        Self {
            token: rotated.secret.as_ref().map(|secret| secret.expose()),
            record: TokenView::by_itself(accounts, &rotated.successor),
            rotation: rotated.predecessor.rotation.as_deref().map(|rotation| {
                let state = rotated.predecessor.state;
                RotationView::new(rotation, state, accounts.now())
            }),
            warnings: findings(&rotated.warnings),
        }
    }
}

/// A rotation as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Rotation)]
pub(crate) struct RotationView {
    /// `open`: the old token still works. `observing`: it is revoked, and attempts to use it are watched for. `done`: the
    /// observation is over, and the old token can be deleted. `cancelled`: the old token stays.
    #[schema(value_type = RotationStateShape)]
    state: &'static str,
    /// When the old token ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    deadline: Instant,
    /// The old token's id.
    predecessor: String,
    /// The new token's id.
    successor: String,
    /// The eight steps in order.
    steps: Vec<StepView>,
}

/// How far a rotation is.
#[derive(ToSchema)]
#[schema(as = RotationState, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum RotationStateShape {
    Open,
    Observing,
    Done,
    Cancelled,
}

/// A step of a rotation, and when it was done by whom, if it was.
#[derive(Serialize, ToSchema)]
#[schema(as = RotationStep)]
struct StepView {
    /// Which step.
    step: &'static str,
    /// When it was done; `null` where it was not.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Instant>,
    /// Who did it, where somebody did.
    #[schema(value_type = Option<String>)]
    by: Option<Label>,
}

impl RotationView {
    pub(crate) fn of(rotation: &TokenRotation, now: UtcDateTime) -> Self {
        Self::new(&rotation.record, rotation.predecessor.state(now), now)
    }

    /// All eight steps are shown, done or not, in their order. The state follows from the old token's and not from them:
    /// some steps only people see, and nobody has to note them.
    fn new(rotation: &Rotation<TokenId, Label>, old: TokenState, now: UtcDateTime) -> Self {
        let steps = rotation.steps().map(|(step, done)| StepView {
            step: step.as_str(),
            at: done.map(|done| Instant(done.at)),
            by: done.and_then(|done| done.by.clone()),
        });
        let state = match old {
            _ if rotation.is_cancelled() => "cancelled",
            TokenState::Deletable { .. } | TokenState::Deleted { .. } => "done",
            old if old.may_authenticate(now) => "open",
            _ => "observing",
        };
        Self {
            state,
            deadline: Instant(rotation.deadline()),
            predecessor: rotation.predecessor().as_str().into(),
            successor: rotation.successor().as_str().into(),
            steps: steps.collect(),
        }
    }
}
