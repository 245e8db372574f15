//! Policies are enforced here and nowhere else: on their way to the store, changes that give anything are judged.
//!
//! What is judged is told by the change itself, by a match that names every kind of change. So no path that mints or
//! widens can leave it out, and a new kind of change does not compile before somebody has decided what it gives.

mod book;
mod policy_set;
mod request;

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::{
    Enforcement, GovernancePolicy, PolicyViolation, RequestCriteria, RequestKind, TokenRule,
};
use service_accounts_store::{Account, Change, Class, DocumentKind, Revision, Store, Token};
use service_accounts_token::Kind;

pub(crate) use self::{
    book::{Entry, PolicyBook},
    policy_set::PolicySet,
};
use super::Core;
use crate::{Actor, Error};

/// A policy over requests for accounts, tokens and certificates.
pub type TokenPolicy = GovernancePolicy<RequestCriteria, TokenRule>;

/// What a policy in force objects to.
///
/// A soft rule's finding stands among the `warnings` of an answer, a hard rule's in [`Error::PolicyBlocked`]; the trail
/// has both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFinding {
    /// The policy's name.
    /// A change may fail rules of several policies; each has its own finding.
    pub policy: String,
    /// Of what kind the request was; an account that is created with a token is judged as both.
    pub kind: RequestKind,
    /// The rule that failed, the field it is about, and what follows.
    pub violation: PolicyViolation,
}

/// What a change gives.
///
/// A change that gives nothing is not judged by any policy, so that nothing stands between an incident and its
/// containment.
enum Given<'a> {
    /// New accounts with their credentials.
    Accounts(Vec<(&'a Account, &'a [Token])>),
    /// Another state of an account.
    Update(&'a Account, Revision),
    /// A new credential, as judged by this state of its account.
    Credential(&'a Token, Option<Revision>),
    /// Another state of a token, as judged by this state of its account.
    Token(&'a Token, Option<Revision>),
}

impl<'a> Given<'a> {
    /// What takes something away, or only notes what is, is never refused by a policy.
    fn by(change: &'a Change, action: Action) -> Option<Self> {
        Some(match change {
            Change::CreateAccount { account, tokens } => Self::Accounts(vec![(account, tokens)]),
            Change::CreateAccounts { accounts } => {
                Self::Accounts(accounts.iter().map(|one| (&one.account, &*one.tokens)).collect())
            }
            Change::UpdateAccount { .. } if action == Action::AccountDisabled => return None,
            Change::UpdateAccount { account, expected } => Self::Update(account, *expected),
            Change::Mint { token, account_revision, .. } => Self::Credential(token, Some(*account_revision)),
            Change::RegenerateSecret { secret, account_revision, .. }
            | Change::Reissue { secret, account_revision, .. } => Self::Credential(secret, Some(*account_revision)),
            Change::UpdateToken { token, account_revision, .. } => Self::Token(token, *account_revision),
            Change::Rotate { successor, account_revision, .. } => Self::Credential(successor, Some(*account_revision)),
            Change::Judged { change, .. } => return Self::by(change, action),
            // A session only narrows what its account has, and ends within a day.
            Change::OpenSession { .. }
            | Change::DeleteAccount { .. }
            | Change::PurgeAccount { .. }
            | Change::RevokeAll { .. }
            | Change::Tend { .. }
            | Change::Revoke { .. }
            | Change::DeleteToken { .. }
            | Change::Rehash { .. }
            | Change::PutDocument { .. }
            | Change::AddDocument { .. }
            | Change::RemoveDocument { .. }
            | Change::Provided { .. } => return None,
        })
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// The change as it may be made while the policies stay what they are, and what soft rules object to.
    ///
    /// The policies that were asked are named in the change: where one of them is changed before the commit, the change
    /// is refused and judged again.
    ///
    /// A hard finding is recorded as `policy.blocked` by a change of its own, since the one it refuses is never made; a
    /// soft one goes into the commit of the change it warns of.
    pub(super) async fn governed(
        &self,
        actor: &Actor<P>,
        change: Change,
        event: &Event,
    ) -> Result<(Change, Vec<PolicyFinding>), Error> {
        let Some(given) = Given::by(&change, event.action()) else { return Ok((change, Vec::new())) };
        let event = given_by(&change, event);
        let policies = self.policies_in_force().await?;
        let findings = if policies.is_silent() { Vec::new() } else { self.findings(&policies, given).await? };
        if findings.iter().any(PolicyFinding::blocks) {
            self.record(self.objection(Action::PolicyBlocked, actor, event, &findings)).await?;
            return Err(Error::PolicyBlocked { findings });
        }
        let warned = (!findings.is_empty()).then(|| self.objection(Action::PolicyWarned, actor, event, &findings));
        let (kind, id) = (DocumentKind::Policy, self.book_id()?);
        let (change, also) = (Box::new(change), warned.into_iter().collect());
        Ok((Change::Provided { kind, id, at: policies.at, change, also }, findings))
    }

    /// What each rule objects to; the account must still be in the state that the change was made from.
    ///
    /// An account that changed since would be judged in a state that is not committed, so that is a conflict and not an
    /// answer. To nothing that stays as it is does any rule object.
    async fn findings(&self, policies: &PolicySet<'_, P>, given: Given<'_>) -> Result<Vec<PolicyFinding>, Error> {
        match given {
            Given::Accounts(accounts) => {
                Ok(accounts.into_iter().flat_map(|(account, tokens)| policies.created(account, tokens)).collect())
            }
            Given::Update(account, expected) => self.findings_in_account(policies, account, expected).await,
            Given::Credential(token, judged_by) => self.findings_in_credential(policies, token, judged_by).await,
            Given::Token(token, judged_by) => {
                let stays = self.credential(&token.account, &token.id).await?.token() == token;
                if stays { Ok(Vec::new()) } else { self.findings_in_credential(policies, token, judged_by).await }
            }
        }
    }

    async fn findings_in_account(
        &self,
        policies: &PolicySet<'_, P>,
        account: &Account,
        expected: Revision,
    ) -> Result<Vec<PolicyFinding>, Error> {
        let before = self.account(&account.id).await?;
        if before.revision != expected {
            return Err(Error::Conflict);
        }
        if *before == *account {
            return Ok(Vec::new());
        }
        let mut findings = policies.account(account);
        self.gained(policies, &before, account, &mut findings).await?;
        Ok(findings)
    }

    async fn findings_in_credential(
        &self,
        policies: &PolicySet<'_, P>,
        token: &Token,
        judged_by: Option<Revision>,
    ) -> Result<Vec<PolicyFinding>, Error> {
        let account = self.account(&token.account).await?;
        if judged_by.is_some_and(|revision| revision != account.revision) {
            return Err(Error::Conflict);
        }
        Ok(match token.class {
            Class::Token(_) => policies.token(&account, token),
            Class::Secret => policies.account(&account),
            Class::Session { .. } => Vec::new(),
        })
    }

    /// What policies object to in tokens only since their account is another: they share what it gains.
    ///
    /// Only what is new is told: a rule that a token broke before is no fault of this change.
    async fn gained(
        &self,
        policies: &PolicySet<'_, P>,
        before: &Account,
        account: &Account,
        into: &mut Vec<PolicyFinding>,
    ) -> Result<(), Error> {
        let mut pages = self.credentials_of(&account.id, &[Kind::Token]);
        while let Some(page) = pages.next().await? {
            for token in page.iter().map(|listed| listed.credential.token()) {
                if !token.is_revoked(before) {
                    let known = policies.token(before, token);
                    into.extend(policies.token(account, token).into_iter().filter(|finding| !known.contains(finding)));
                }
            }
            into.dedup();
        }
        Ok(())
    }

    /// What policies in force object to, as an event about what was tried.
    fn objection(&self, action: Action, actor: &Actor<P>, tried: &Event, findings: &[PolicyFinding]) -> Event {
        let event = self.realm_event(action, actor).with(Label::new("tried"), Label::new(tried.action().as_str()));
        let event = tried.account().into_iter().fold(event, |event, account| event.about_account(account.clone()));
        let named = findings.iter().map(|finding| &finding.policy);
        named.fold(event, |event, policy| {
            let of_policy = findings.iter().filter(|finding| finding.policy == *policy);
            let codes: Vec<_> = of_policy.map(|finding| finding.violation.code).collect();
            event.with(Label::new(&format!("policy {policy}")), Label::new(&codes.join(", ")))
        })
    }
}

/// The event of what a change gives, where it also takes something away.
fn given_by<'a>(change: &'a Change, event: &'a Event) -> &'a Event {
    match change {
        Change::Reissue { event, .. } => event,
        _ => event,
    }
}

impl PolicyFinding {
    /// Whether it refuses the change.
    pub(crate) const fn blocks(&self) -> bool {
        matches!(self.violation.enforcement, Enforcement::Hard)
    }
}

/// `policy: reason (code, field)`.
impl std::fmt::Display for PolicyFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let PolicyFinding { policy, violation, .. } = self;
        write!(f, "{policy}: {} ({}", violation.reason, violation.code)?;
        if let Some(field) = violation.field {
            write!(f, ", {field}")?;
        }
        f.write_str(")")
    }
}
