//! What a change lets a credential do more, be it rights, networks or time.
//!
//! This is the one list. Whether a change waits for a second administrator, and whether those are named who have seen a
//! text, is asked here. Each field of a record is named, so a new one does not compile before somebody has said whether
//! more of it is a gain.

use service_accounts_access::{Catalogue, Grant, Permission, Scopes};
use service_accounts_store::{Account, Token};
use time::UtcDateTime;

/// What a change lets an account's credentials do more.
///
/// A part that only narrows is no gain, whatever the other parts do: so a narrowing never waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Widening {
    /// A permission on a team's resources that they did not have.
    pub(super) rights: bool,
    /// An address from which they did not work.
    pub(super) networks: bool,
    /// An instant at which they would have been refused.
    pub(super) end: bool,
    /// They did not work, and do now.
    works_again: bool,
}

impl Widening {
    /// What of another state of an account is more.
    ///
    /// Left out is what describes an account, since it changes nothing that a credential can do; what is set when it is
    /// created; and what the store sets. What only waits is judged once it is put in force.
    pub(super) fn of_account<P: Permission>(
        catalogue: &Catalogue<P>,
        (before, after): (&Account, &Account),
        now: UtcDateTime,
    ) -> Self {
        #[rustfmt::skip]
        let Account {
            grant, allowlist, expires_at,
            status: _, approval: _, // Both are asked by `standing`.
            name: _, purpose: _, owner: _, systems: _, justification: _,
            id: _, environment: _, email: _, title: _, request: _, created_at: _, created_by: _,
            generation: _, revision: _, proposal: _,
        } = after;
        Self {
            rights: !is_within(catalogue, grant, &before.grant),
            networks: !allowlist.is_subset_of(&before.allowlist),
            end: is_later(*expires_at, before.expires_at),
            works_again: after.standing(now).is_ok() && before.standing(now).is_err(),
        }
    }

    /// What of another state of a token is more, within this account.
    pub(super) fn of_token<P: Permission>(
        catalogue: &Catalogue<P>,
        account: &Account,
        (before, after): (&Token, &Token),
        now: UtcDateTime,
    ) -> Self {
        #[rustfmt::skip]
        let Token {
            grant, allowlist, expires_at, state,
            id: _, account: _, class: _, environment: _, created_at: _, created_by: _,
            digest: _, hint: _, known_to: _, // Another text has no earlier reader.
            generation: _, revision: _, replaces: _, rotation: _, last_look: _, last_review: _, next_due: _,
        } = after;
        Self {
            rights: holds_more(catalogue, (&account.grant, grant.scopes()), (&account.grant, before.grant.scopes())),
            networks: !allowlist.is_subset_of(&before.allowlist),
            end: is_later(*expires_at, before.expires_at),
            works_again: state.may_authenticate(now) && !before.state.may_authenticate(now),
        }
    }

    /// Whether anything is more.
    pub(super) const fn is_any(self) -> bool {
        self.waits() || self.works_again
    }

    /// Whether a second administrator has to agree, where the host asks for one.
    ///
    /// What works again was approved before. Given up: an account that one administrator has disabled works again by the
    /// hand of another one alone.
    pub(super) const fn waits(self) -> bool {
        self.rights || self.networks || self.end
    }
}

/// Whether a grant allows nothing that another does not.
pub(super) fn is_within<P: Permission>(catalogue: &Catalogue<P>, grant: &Grant, other: &Grant) -> bool {
    !holds_more(catalogue, (grant, &Scopes::Inherited), (other, &Scopes::Inherited))
}

/// Whether a grant within scopes allows something that another one does not. A name that the catalogue does not know allows
/// nothing today.
pub(super) fn holds_more<P: Permission>(
    catalogue: &Catalogue<P>,
    (grant, scopes): (&Grant, &Scopes),
    (other, other_scopes): (&Grant, &Scopes),
) -> bool {
    match (catalogue.holder(grant, scopes), catalogue.holder(other, other_scopes)) {
        (Ok(grant), Ok(other)) => !grant.is_subset(&other),
        (Ok(grant), Err(_)) => !grant.permissions().is_empty(),
        (Err(_), _) => false,
    }
}

/// No end is later than any.
fn is_later(end: Option<UtcDateTime>, than: Option<UtcDateTime>) -> bool {
    than.is_some_and(|than| end.is_none_or(|end| end > than))
}
