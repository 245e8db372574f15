#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod column;
mod due;
mod environment;
mod facts;
mod finding;
mod governance;
mod inventory;
mod lifetime;
mod moment;
mod plan;
mod policy;
mod review;
mod rotation;
mod schedule;
#[cfg(feature = "serde")]
mod serial;
mod span;
mod state;
mod tripwire;
mod watermark;

pub use crate::column::DateColumn;
pub use crate::due::DueIndex;
pub use crate::environment::{Environment, EnvironmentError};
pub use crate::facts::Facts;
pub use crate::finding::{Action, Finding, Severity};
pub use crate::governance::{
    Breadth, Clause, Criteria, DomainPattern, Enforcement, GovernancePolicy, NamePattern, Objection, Outcome,
    PatternError, RequestCriteria, Rule, TokenRequest, TokenRule, Verdict,
};
pub use crate::inventory::{Bounds, Entry, Inventory, SweepError, Swept, sweep};
pub use crate::lifetime::{Lifetime, LifetimeError, LifetimeRangeError, is_expired};
pub use crate::plan::{Coming, Difference, Task, diff, forecast, plan};
pub use crate::policy::LifecyclePolicy;
pub use crate::review::{Attestation, Delta, Question, Remark, Review, ReviewItem};
pub use crate::rotation::{
    Admission, Cancelled, Mark, Opened, Overlap, Permit, Rotation, RotationError, RotationKey, RotationKeyError,
    Standing, Step,
};
pub use crate::schedule::Schedule;
pub use crate::span::{Span, SpanError};
pub use crate::state::{TokenState, TransitionError};
pub use crate::tripwire::{Attempts, Judgement, Reason, Suspicion, Tripwire};
pub use crate::watermark::Watermark;
