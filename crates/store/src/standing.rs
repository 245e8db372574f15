//! Whether a credential works, and if not, why.

use service_accounts_lifecycle::{TokenState, is_expired};
use time::UtcDateTime;

use crate::{Account, Approval, Credential, Status, Token};

/// Why a credential does not work at an instant, whatever it is used for.
///
/// It says nothing of the secret, the address, the environment or the permission: those are the door's questions. The
/// order in which reasons are found is that of [`Credential::standing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unusable {
    /// It was revoked, alone or with all of its account, or its deadline as a replaced token has passed.
    Revoked,
    /// Its own end has come.
    Expired,
    /// Its account is disabled.
    AccountDisabled,
    /// Its account was deleted.
    AccountDeleted,
    /// Its account waits for approval.
    AccountPending,
    /// Its account's end has come.
    AccountExpired,
}

impl Unusable {
    /// A stable name for lists and logs.
    /// It never changes, so that logs of years can be searched.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::AccountDisabled => "account_disabled",
            Self::AccountDeleted => "account_deleted",
            Self::AccountPending => "account_pending",
            Self::AccountExpired => "account_expired",
        }
    }
}

impl Credential {
    /// Whether this credential works at `now`. The door, every change and every list ask this one function.
    ///
    /// ```
    /// use service_accounts_store::{Account, Credential, Status, Token, Unusable};
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let account = records::account();
    /// let token = Token { expires_at: Some(records::at(60)), ..records::token(&account) };
    /// let credential = Credential::new(token.clone(), account.clone().into());
    /// assert_eq!(credential.standing(records::at(59)), Ok(()));
    /// assert_eq!(credential.standing(records::at(60)), Err(Unusable::Expired)); // the end is the first instant without
    ///
    /// let disabled = Account { status: Status::Disabled, ..account };
    /// let credential = Credential::new(token, disabled.into());
    /// assert_eq!(credential.standing(records::at(59)), Err(Unusable::AccountDisabled));
    /// ```
    ///
    /// # Errors
    /// It does not work: the credential's own reasons come before its account's.
    pub fn standing(&self, now: UtcDateTime) -> Result<(), Unusable> {
        standing(self.token(), self.account(), now)
    }

    /// The token's state, where the revocation of everything its account has counts as its own.
    ///
    /// Such an end has `now` for its instant, since the account keeps none of its own.
    ///
    /// ```
    /// use service_accounts_lifecycle::TokenState;
    /// use service_accounts_store::{Account, Credential};
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let (account, now) = (records::account(), records::at(60));
    /// let token = records::token(&account);
    /// let emptied = Account { generation: account.generation.next(), ..account };
    /// assert_eq!(Credential::new(token, emptied.into()).state(now), TokenState::Revoked { at: now });
    /// ```
    #[must_use]
    pub fn state(&self, now: UtcDateTime) -> TokenState {
        let token = self.token();
        let ends_with_account = token.is_revoked(self.account()) && !token.state.is_revoked();
        if ends_with_account { TokenState::Revoked { at: now } } else { token.state }
    }
}

impl Account {
    /// Whether the account lets its credentials work at `now`.
    ///
    /// # Errors
    /// It does not.
    pub fn standing(&self, now: UtcDateTime) -> Result<(), Unusable> {
        match (self.status, &self.approval) {
            (Status::Deleted, _) => Err(Unusable::AccountDeleted),
            (Status::Disabled, _) => Err(Unusable::AccountDisabled),
            (Status::Enabled, Approval::Pending) => Err(Unusable::AccountPending),
            (Status::Enabled, Approval::NotRequired | Approval::Given { .. }) => match self.expires_at {
                Some(end) if is_expired(end, now) => Err(Unusable::AccountExpired),
                _ => Ok(()),
            },
        }
    }
}

impl Token {
    /// Whether it was revoked for good, alone or with all credentials of its account.
    ///
    /// Unlike [`Credential::standing`] it does not look at a replaced token's deadline, which is an instant and not a
    /// state.
    ///
    /// A token of an account that was deleted counts by its generation alone; the door refuses it by the account.
    ///
    /// ```
    /// use service_accounts_store::Account;
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let account = records::account();
    /// let token = records::token(&account);
    /// assert!(!token.is_revoked(&account));
    /// let emptied = Account { generation: account.generation.next(), ..account };
    /// assert!(token.is_revoked(&emptied)); // all credentials were revoked in one step
    /// ```
    #[must_use]
    pub fn is_revoked(&self, account: &Account) -> bool {
        self.state.is_revoked() || self.generation != account.generation
    }

    /// Since when it does not work for a reason of its own; none where it works, or only its account keeps it from working.
    ///
    /// An end with all of its account has `now` for its instant, as in [`Credential::state`].
    ///
    /// ```
    /// use service_accounts_lifecycle::TokenState;
    /// use service_accounts_store::{Account, Status, Token};
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// # use records::at;
    /// let account = Account { status: Status::Disabled, ..records::account() };
    /// let token = Token { expires_at: Some(at(60)), ..records::token(&account) };
    /// assert_eq!(token.ended_at(&account, at(59)), None); // it works again once its account is enabled
    /// assert_eq!(token.ended_at(&account, at(99)), Some(at(60)));
    /// let revoked = Token { state: TokenState::Revoked { at: at(7) }, ..token };
    /// assert_eq!(revoked.ended_at(&account, at(99)), Some(at(7)));
    /// ```
    #[must_use]
    pub fn ended_at(&self, account: &Account, now: UtcDateTime) -> Option<UtcDateTime> {
        let by_state = match self.state {
            TokenState::Revoked { at } | TokenState::Deletable { revoked_at: at, .. } | TokenState::Deleted { at } => {
                Some(at)
            }
            TokenState::Retiring { until } => Some(until).filter(|until| *until <= now),
            TokenState::Active => None,
        };
        let with_all = (self.generation != account.generation).then_some(now);
        let by_date = self.expires_at.filter(|end| is_expired(*end, now));
        by_state.into_iter().chain(with_all).chain(by_date).min()
    }
}

/// The one answer to whether a credential works at `now`: the credential first, then its account. Expired means `now >=
/// expires_at`.
pub(crate) fn standing(token: &Token, account: &Account, now: UtcDateTime) -> Result<(), Unusable> {
    if token.generation != account.generation || !token.state.may_authenticate(now) {
        return Err(Unusable::Revoked);
    }
    match token.expires_at {
        Some(end) if is_expired(end, now) => Err(Unusable::Expired),
        _ => account.standing(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_reasons_never_change() {
        for (reason, name) in [
            (Unusable::Revoked, "revoked"),
            (Unusable::Expired, "expired"),
            (Unusable::AccountDisabled, "account_disabled"),
            (Unusable::AccountDeleted, "account_deleted"),
            (Unusable::AccountPending, "account_pending"),
            (Unusable::AccountExpired, "account_expired"),
        ] {
            assert_eq!(reason.as_str(), name);
        }
    }
}
