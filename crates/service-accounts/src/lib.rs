#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod actor;
mod admin;
mod builder;
mod clock;
mod core;
mod door;
mod error;
pub mod guide;
mod notify;
mod principal;
mod randomness;
mod rejection;
mod service;
mod upkeep;

pub use service_accounts_access as access;
pub use service_accounts_audit as audit;
pub use service_accounts_lifecycle as lifecycle;
pub use service_accounts_naming as naming;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use service_accounts_postgres as postgres;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use service_accounts_sqlite as sqlite;
pub use service_accounts_store as store;
pub use service_accounts_token as token;

pub use actor::Actor;
pub use admin::{
    AccountAdvice, AccountHandle, AccountUpdate, Acting, Contained, ContainedAccount, CreatedAccount, DryRun,
    DryRunResult, Expiry, ExportForm, Gain, Incident, IncidentNote, KeptPolicy, LeakReport, LeakedToken, MintedToken,
    NewAccount, NewToken, Note, NoteError, Observation, PepperCensus, Policies, PolicyObjection, PolicyTrial,
    PolicyVersion, RegeneratedSecret, RotateToken, RotatedToken, Served, Successor, TokenHandle, TokenKey,
    TokenRotation, TrailExport, TrailHandle, UpdatedAccount, UpdatedToken,
};
pub use admin::{CreatedSubscription, NewSubscription, Subscriptions};
#[cfg(feature = "import")]
#[cfg_attr(docsrs, doc(cfg(feature = "import")))]
pub use admin::{
    ImportError, ImportFile, ImportFileError, ImportOptions, ImportPreview, ImportProblem, ImportRow, Imported,
    ImportedAccount, Tried,
};
pub use admin::{OpenedReview, ReviewKey, ReviewKeyError, ReviewPack, ReviewRows, ReviewScope, Reviews};
pub use builder::Builder;
pub use clock::{Clock, SystemClock};
pub use core::{
    authority::{Call, Covers, Duty, OnItself, Rule},
    governance::{PolicyFinding, TokenPolicy},
    journal::AccessEvents,
    observe::ChangeObserver,
    rules::{Administration, ApprovalRule, OnIdle, OnInactive, SelfRotation},
    trail::{
        sealing::{Archive, ArchivedSegment, Archiving, Sealing},
        seals::TrailSeal,
    },
};
pub use door::{ExchangeError, Forbidden, Introspection, Narrowing, OpenedSession, SESSION_LIFETIME};
pub use error::Error;
pub use notify::{
    ApplicationName, Delivery, DeliveryState, DisabledBecause, EventName, EventPattern, Failure, Format, Message, Next,
    NotificationNameError, Outbox, Outcome, Retries, Signing, Subscription, SubscriptionId, SubscriptionState,
    TargetError, TargetUrl, Targets, is_public, trail_readers,
};
pub use principal::Principal;
pub use randomness::{Randomness, RandomnessError, SystemRandomness};
pub use rejection::{AuthenticateError, Disclosure, Rejection, Unavailable};
pub use service::ServiceAccounts;
pub use upkeep::{PepperError, Sealed, Swept, Trimmed, Upkeep, UpkeepBounds, Watched};
