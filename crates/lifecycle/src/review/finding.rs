//! The questions of a review, and what answers them badly.

use alloc::vec::Vec;
use core::fmt;

use time::UtcDateTime;

use super::NhiRisk;

/// What is asked of each account and token: the eight questions of the checklist, then the risks beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ReviewQuestion {
    /// Is it still required?
    Required,
    /// Is the purpose documented?
    Purpose,
    /// Does the name fit?
    Name,
    /// Does it expire soon without a successor?
    Succession,
    /// Was it used as expected?
    LastUse,
    /// Does it have no more permissions than it uses?
    LeastPrivilege,
    /// Do the teams fit?
    Teams,
    /// Does its account exist?
    Orphan,
    /// Does its owner still exist?
    Owner,
    /// Is its secret a secret?
    Leakage,
    /// Is it authenticated by what holds today?
    Authentication,
    /// Does its secret live no longer than allowed?
    Longevity,
    /// Does it stay in one environment?
    Isolation,
    /// Does it serve one use?
    Reuse,
    /// Is it used by machines only?
    HumanUse,
}

/// A question that was not answered well, with what shows it.
///
/// Exhaustive on purpose: a new finding must break the callers that have to show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReviewFinding<P> {
    /// Nobody has said for a whole review period that it is still required.
    Unconfirmed {
        /// When somebody last said so.
        last_confirmed: Option<UtcDateTime>,
    },
    /// The purpose is not documented.
    NoPurpose,
    /// The name is advised against.
    UnfittingName,
    /// The token has expired, or its rotation window is open, and there is no successor.
    NoSuccessor {
        /// When it stops working.
        expires_at: UtcDateTime,
    },
    /// It was not used as often as expected.
    Unused {
        /// When it was last used.
        last_use: Option<UtcDateTime>,
    },
    /// It has permissions it was never seen to use.
    Overprivileged {
        /// Which permissions.
        unused: Vec<P>,
    },
    /// The teams do not fit.
    UnfittingTeams,
    /// The account is gone, and the token is not revoked.
    Orphaned,
    /// The owner is gone.
    OwnerGone,
    /// The secret was found where it should not be, and still works.
    Leaked,
    /// The stored form is under a pepper that is to be retired.
    OldPepper,
    /// It never expires.
    NoExpiry,
    /// It was given a longer life than its environment allows, or its secret is due to be regenerated.
    LongLived,
    /// It is used in several environments.
    SeveralEnvironments {
        /// How many.
        environments: usize,
    },
    /// It serves more systems, or comes from more networks, than one use explains.
    Reused {
        /// How many systems.
        systems: usize,
        /// How many networks.
        networks: usize,
    },
    /// It looks as if a person used it.
    HumanUse {
        /// What looks so.
        signs: Vec<HumanSign>,
    },
}

/// What looks as if a person used a service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum HumanSign {
    /// Uses at hours at which this account never works.
    OddHours,
    /// The user agent of a browser or another program that people operate.
    InteractiveAgent,
    /// Addresses that change as those of a person on the move do.
    ManyAddresses,
}

impl<P> ReviewFinding<P> {
    /// The question it answers.
    #[must_use]
    pub const fn question(&self) -> ReviewQuestion {
        match self {
            Self::Unconfirmed { .. } => ReviewQuestion::Required,
            Self::NoPurpose => ReviewQuestion::Purpose,
            Self::UnfittingName => ReviewQuestion::Name,
            Self::NoSuccessor { .. } => ReviewQuestion::Succession,
            Self::Unused { .. } => ReviewQuestion::LastUse,
            Self::Overprivileged { .. } => ReviewQuestion::LeastPrivilege,
            Self::UnfittingTeams => ReviewQuestion::Teams,
            Self::Orphaned => ReviewQuestion::Orphan,
            Self::OwnerGone => ReviewQuestion::Owner,
            Self::Leaked => ReviewQuestion::Leakage,
            Self::OldPepper | Self::NoExpiry => ReviewQuestion::Authentication,
            Self::LongLived => ReviewQuestion::Longevity,
            Self::SeveralEnvironments { .. } => ReviewQuestion::Isolation,
            Self::Reused { .. } => ReviewQuestion::Reuse,
            Self::HumanUse { .. } => ReviewQuestion::HumanUse,
        }
    }

    /// The risk of the OWASP list that it shows, if it shows one.
    #[must_use]
    pub const fn risk(&self) -> Option<NhiRisk> {
        match self {
            Self::Unused { .. } | Self::Orphaned | Self::OwnerGone => Some(NhiRisk::ImproperOffboarding),
            Self::Leaked => Some(NhiRisk::SecretLeakage),
            Self::OldPepper | Self::NoExpiry => Some(NhiRisk::InsecureAuthentication),
            Self::Overprivileged { .. } => Some(NhiRisk::Overprivileged),
            Self::LongLived => Some(NhiRisk::LongLivedSecrets),
            Self::SeveralEnvironments { .. } => Some(NhiRisk::EnvironmentIsolation),
            Self::Reused { .. } => Some(NhiRisk::Reuse),
            Self::HumanUse { .. } => Some(NhiRisk::HumanUse),
            Self::Unconfirmed { .. }
            | Self::NoPurpose
            | Self::UnfittingName
            | Self::NoSuccessor { .. }
            | Self::UnfittingTeams => None,
        }
    }
}

impl ReviewQuestion {
    /// The question itself, for packs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "still required?",
            Self::Purpose => "purpose documented?",
            Self::Name => "name fits?",
            Self::Succession => "none near expiry without a successor?",
            Self::LastUse => "used as expected?",
            Self::LeastPrivilege => "least privilege?",
            Self::Teams => "teams fit?",
            Self::Orphan => "account exists?",
            Self::Owner => "owner exists?",
            Self::Leakage => "secret not leaked?",
            Self::Authentication => "authentication up to date?",
            Self::Longevity => "secret no older than allowed?",
            Self::Isolation => "one environment?",
            Self::Reuse => "one use?",
            Self::HumanUse => "machines only?",
        }
    }
}

impl HumanSign {
    const fn as_str(self) -> &'static str {
        match self {
            Self::OddHours => "odd hours",
            Self::InteractiveAgent => "an interactive user agent",
            Self::ManyAddresses => "many addresses",
        }
    }
}

impl<P: fmt::Display> fmt::Display for ReviewFinding<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unconfirmed { last_confirmed } => {
                dated(f, "nobody has confirmed that it is required", *last_confirmed)
            }
            Self::NoPurpose => f.write_str("the purpose is not documented"),
            Self::UnfittingName => f.write_str("the name is advised against"),
            Self::NoSuccessor { expires_at } => {
                write!(f, "no successor, and it stops working on {}", expires_at.date())
            }
            Self::Unused { last_use } => dated(f, "not used as expected", *last_use),
            Self::Overprivileged { unused } => listed(f, "never used: ", unused),
            Self::UnfittingTeams => f.write_str("the teams do not fit"),
            Self::Orphaned => f.write_str("the account is gone and the token works"),
            Self::OwnerGone => f.write_str("the owner is gone"),
            Self::Leaked => f.write_str("the secret was found exposed and still works"),
            Self::OldPepper => f.write_str("stored under a pepper that is to be retired"),
            Self::NoExpiry => f.write_str("it never expires"),
            Self::LongLived => f.write_str("the secret lives longer than allowed"),
            Self::SeveralEnvironments { environments } => write!(f, "used in {environments} environments"),
            Self::Reused { systems, networks } => write!(f, "{systems} systems, {networks} networks"),
            Self::HumanUse { signs } => {
                let signs: Vec<_> = signs.iter().map(|sign| sign.as_str()).collect();
                listed(f, "looks like a person: ", &signs)
            }
        }
    }
}

fn dated(f: &mut fmt::Formatter<'_>, what: &str, last: Option<UtcDateTime>) -> fmt::Result {
    match last {
        Some(at) => write!(f, "{what}, last on {}", at.date()),
        None => write!(f, "{what}, never"),
    }
}

fn listed<T: fmt::Display>(f: &mut fmt::Formatter<'_>, what: &str, entries: &[T]) -> fmt::Result {
    f.write_str(what)?;
    for (at, entry) in entries.iter().enumerate() {
        write!(f, "{}{entry}", if at == 0 { "" } else { ", " })?;
    }
    Ok(())
}
