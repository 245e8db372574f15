//! Who may what: the one table of administrative calls.
//!
//! Every administrative call of the facade is a [`Call`], and each has one [`Rule`]. A call that is not in this table cannot
//! ask whether it is allowed, so a new call begins here. The property tests draw from [`Call::ALL`].

/// Which right to administrate a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// [`Administration::create`](crate::Administration::create).
    Create,
    /// [`Administration::manage`](crate::Administration::manage).
    Manage,
    /// [`Administration::manage`](crate::Administration::manage) or [`Administration::review`](crate::Administration::review).
    ManageOrReview,
    /// [`Administration::review`](crate::Administration::review).
    Review,
    /// [`Administration::read_trail`](crate::Administration::read_trail).
    ReadTrail,
}

/// What the actor must hold of what the account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Each of the account's teams, and each permission of its role, whatever its scopes leave of it for the moment.
    Rights,
    /// Each of the account's teams.
    Teams,
    /// Nothing: the call is about no account.
    Nothing,
    /// Every permission of the host, on every team.
    Everything,
}

/// Whether an account may make the call on itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnItself {
    /// No account administers itself: nothing is loosened by its own hand, and nobody locks themselves out.
    Refused,
    /// The account may.
    Allowed,
}

/// What a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The right to administrate.
    pub duty: Duty,
    /// What of the account's rights the actor must hold itself.
    pub covers: Covers,
    /// Whether the account may be the actor's own.
    pub on_itself: OnItself,
}

macro_rules! calls {
    ($($(#[$doc:meta])* $call:ident: $duty:ident, $covers:ident, $on_itself:ident;)+) => {
        /// An administrative call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Call {
            $($(#[$doc])* $call,)+
        }

        impl Call {
            /// Every call.
            pub const ALL: &'static [Self] = &[$(Self::$call,)+];

            /// What it takes.
            #[must_use]
            pub const fn rule(self) -> Rule {
                match self {
                    $(Self::$call => Rule {
                        duty: Duty::$duty,
                        covers: Covers::$covers,
                        on_itself: OnItself::$on_itself,
                    },)+
                }
            }

            /// The call's name, as it stands in the table of `SECURITY.md`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$call => stringify!($call),)+
                }
            }
        }
    };
}

calls! {
    /// Create an account, by whatever path.
    CreateAccount: Create, Rights, Refused;
    /// Change an account's description, rights, networks or dates.
    UpdateAccount: Manage, Rights, Refused;
    /// Restore a suspended account.
    EnableAccount: Manage, Rights, Refused;
    /// Approve an account, or more rights of one.
    ApproveAccount: Manage, Rights, Refused;
    /// End an account for good.
    DeleteAccount: Manage, Rights, Refused;
    /// Suspend an account.
    DisableAccount: Manage, Teams, Refused;
    /// Revoke every credential of an account.
    RevokeCredentials: Manage, Teams, Refused;
    /// Revoke every credential of an account and open an incident.
    ContainAccount: Manage, Teams, Refused;
    /// Make a new client secret.
    RegenerateSecret: Manage, Rights, Refused;
    /// Mint a token.
    MintToken: Manage, Rights, Refused;
    /// Change a token's scopes.
    SetTokenScopes: Manage, Rights, Refused;
    /// Replace a token, or repeat a replacement whose answer was lost. A token replaces itself without this call.
    RotateToken: Manage, Rights, Refused;
    /// Call off a rotation, finish it early, or note one of its steps.
    SteerRotation: Manage, Rights, Refused;
    /// Revoke a token.
    RevokeToken: Manage, Teams, Allowed;
    /// Revoke a token and open an incident.
    ContainToken: Manage, Teams, Refused;
    /// Remove a revoked token.
    DeleteToken: Manage, Rights, Refused;
    /// Revoke a session.
    RevokeSession: Manage, Teams, Refused;
    /// Read accounts.
    ReadAccounts: ManageOrReview, Teams, Allowed;
    /// Read an account's tokens and sessions, and what they were seen to do.
    ReadTokens: ManageOrReview, Teams, Allowed;
    /// Read plans, forecasts and advice, and try a change on recorded traffic.
    ReadPlans: ManageOrReview, Teams, Allowed;
    /// Open reviews, read them, attest, and note incidents.
    Review: Review, Teams, Refused;
    /// Read the audit trail, alerts and seals, and export them.
    ReadTrail: ReadTrail, Nothing, Allowed;
    /// Read and try policies, and read which peppers are in use.
    ReadPolicies: Manage, Nothing, Allowed;
    /// Change policies or the catalogue.
    ChangePolicies: Manage, Everything, Allowed;
    /// Report leaked text, whose tokens are revoked.
    ReportLeak: Manage, Nothing, Allowed;
    /// Subscribe an account to notifications, or end a subscription.
    Subscribe: Manage, Rights, Refused;
    /// Read subscriptions and what became of their messages.
    ReadSubscriptions: ManageOrReview, Teams, Allowed;
}
