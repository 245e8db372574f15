#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod account;
mod column;
mod due;
mod entry;
mod environment;
mod exchange;
mod facts;
mod finding;
mod governance;
mod instant;
mod inventory;
mod lifetime;
mod moment;
mod notice;
#[cfg(feature = "serde")]
mod object;
mod plan;
mod policy;
mod review;
mod rotation;
mod schedule;
#[cfg(feature = "serde")]
mod serial;
mod span;
mod state;
mod task;
mod tripwire;
mod watermark;

pub use crate::account::{AccountAdvice, AccountFacts, AccountFinding};
pub use crate::column::DateColumn;
pub use crate::due::DueIndex;
pub use crate::entry::TokenEntry;
pub use crate::environment::{Environment, EnvironmentError};
pub use crate::exchange::{ExchangeAdvice, ExchangeCounts};
pub use crate::facts::TokenFacts;
pub use crate::finding::{LifecycleFinding, Severity, TaskKind};
pub use crate::governance::{
    DomainPattern, EnforcedRule, Enforcement, GovernancePolicy, NamePattern, OverBroad, PatternError, PolicyCriteria,
    PolicyEvaluation, PolicyOutcome, PolicyRule, PolicyViolation, RequestCriteria, RequestKind, TokenRequest,
    TokenRule,
};
pub use crate::instant::{InstantError, parse_instant};
pub use crate::inventory::{Inventory, SweepBounds, SweepError, SweepReport, sweep};
pub use crate::lifetime::{Lifetime, LifetimeError, LifetimeRangeError, is_expired};
pub use crate::notice::{ExpiryNotice, NoticeWindow};
pub use crate::plan::{ComingFinding, PolicyDifference, diff, forecast, plan};
pub use crate::policy::LifecyclePolicy;
pub use crate::review::{
    Attestation, HumanSign, NhiRisk, NotReviewedError, Review, ReviewDecision, ReviewDelta, ReviewFinding, ReviewItem,
    ReviewQuestion, ReviewRow, ReviewSubject, ReviewedKind,
};
pub use crate::rotation::{
    CancelledRotation, OpenedRotation, Overlap, Rotation, RotationAdmission, RotationError, RotationKey,
    RotationKeyError, RotationPermit, RotationStep, StepRecord, TokenValidity,
};
pub use crate::schedule::Schedule;
pub use crate::span::{Span, SpanError};
pub use crate::state::{TokenState, TransitionError};
pub use crate::task::Task;
pub use crate::tripwire::{AddressAttempts, Suspicion, SuspicionReason, Tripwire, TripwireAssessment};
pub use crate::watermark::Watermark;
