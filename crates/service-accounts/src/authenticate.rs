//! The one door: every credential, by whatever path it comes, is judged here.
//!
//! text → parse and checksum → one read → MAC and compare → state → network → principal → mark. The steps run in this
//! order for every credential, so a client that does not know the secret learns nothing, not even by time, about the
//! account behind an id.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{Allowlist, Grants, Permission};
use service_accounts_audit::{Action, Event, Label};
use service_accounts_lifecycle::is_expired;
use service_accounts_store::{Account, Approval, Authority, Change, Credential, LastUsed, Status, Store, Token, Usage};
use service_accounts_token::{Digest, Kind, Presented, Verified};
use time::UtcDateTime;

use crate::{
    AuthenticateError, Principal, Rejection, ServiceAccounts, Unavailable,
    access_log::{Access, Outcome},
    service::Inner,
};

impl<S: Store, P: Permission> ServiceAccounts<S, P> {
    /// Judges a bearer credential: a token or a session.
    ///
    /// # Errors
    /// It was refused, or could not be judged because the store failed.
    pub async fn authenticate(&self, text: &str, address: Option<IpAddr>) -> Result<Principal<P>, AuthenticateError> {
        self.inner.admit(text, Door::Bearer, address).await
    }
}

/// What a credential is presented for.
#[derive(Clone, Copy)]
pub(crate) enum Door<'a> {
    /// A request: tokens and sessions.
    Bearer,
    /// The exchange for a session: the client secret of this client.
    Exchange {
        /// The client id given.
        client_id: &'a str,
    },
}

impl Door<'_> {
    const fn opens_to(self, kind: Kind) -> bool {
        match self {
            Self::Bearer => matches!(kind, Kind::Token | Kind::Session),
            Self::Exchange { .. } => matches!(kind, Kind::Secret),
        }
    }
}

/// What the judgement of a good credential found out.
struct Accepted<P: Permission> {
    grants: Arc<Grants<P>>,
    rotate_after: Option<UtcDateTime>,
    /// The record under the current pepper, where it still stands under an earlier one.
    rehash: Option<Digest>,
}

impl<S: Store, P: Permission> Inner<S, P> {
    pub(crate) async fn admit(
        &self,
        text: &str,
        door: Door<'_>,
        address: Option<IpAddr>,
    ) -> Result<Principal<P>, AuthenticateError> {
        let presented = self.vendor.read(text).map_err(|_| self.refuse_unread(Rejection::Malformed))?;
        if !door.opens_to(presented.kind()) {
            return Err(self.refuse_unread(Rejection::WrongKind));
        }
        let now = self.now();
        let found = self.store.credential(&presented.id()).await.map_err(Unavailable::new)?;
        let judged = self.judge(&presented, found.as_deref(), door, address, now);
        let outcome = judged.as_ref().map_or_else(|rejection| Outcome::Denied(*rejection), |_| Outcome::Granted);
        self.record(|| Access { token: presented.id(), credential: found.clone(), address, at: now, outcome }).await?;
        let Accepted { grants, rotate_after, rehash } = judged.map_err(AuthenticateError::Rejected)?;
        let credential = found.ok_or(AuthenticateError::Rejected(Rejection::Unknown))?;
        self.mark(&credential, LastUsed { at: now, address });
        let principal = Principal { credential, grants, address, at: now, rotate_after };
        if let Some(digest) = rehash {
            self.rehash(&principal, digest).await;
        }
        Ok(principal)
    }

    /// Everything between the read and the record, as one decision without side effects.
    fn judge(
        &self,
        presented: &Presented<'_>,
        found: Option<&Credential>,
        door: Door<'_>,
        address: Option<IpAddr>,
        now: UtcDateTime,
    ) -> Result<Accepted<P>, Rejection> {
        let verified = self.keyring.verify(presented, found.map(|found| &found.token().digest));
        let found = found.ok_or(Rejection::Unknown)?;
        let rehash = match verified.map_err(|_| Rejection::WrongSecret)? {
            Verified::Current => None,
            Verified::Rehash(digest) => Some(digest),
        };
        judge_client(found.account(), door)?;
        judge_token(found.token(), now)?;
        judge_account(found.account(), now)?;
        self.judge_environment(found.token())?;
        judge_address(found, address)?;
        let grants = found.grants(&self.catalogue.load()).map_err(|_| Rejection::UnknownGrant)?;
        Ok(Accepted { grants, rotate_after: self.rotation_due(found.token(), now), rehash })
    }

    /// Keeps a use for the next flush, once however often it is repeated within a second.
    fn mark(&self, credential: &Credential, last: LastUsed) {
        if credential.note_use(last) {
            self.marks.mark(Usage { token: credential.token().id, last });
        }
    }

    fn judge_environment(&self, token: &Token) -> Result<(), Rejection> {
        match &self.environment {
            Some(here) if *here != token.environment => Err(Rejection::WrongEnvironment),
            _ => Ok(()),
        }
    }

    fn refuse_unread(&self, rejection: Rejection) -> AuthenticateError {
        tracing::info!(target: "service_accounts::access", rejection = rejection.as_str(), "denied");
        AuthenticateError::Rejected(rejection)
    }

    /// The credential is good under its old pepper, so a failure here must not turn it away; the next use tries again.
    async fn rehash(&self, principal: &Principal<P>, to: Digest) {
        let token = principal.token();
        let event = Event::new(Action::TokenRehashed, Label::new("service-accounts"), principal.at)
            .about_account(Label::new(principal.id().as_str()))
            .about_token(Label::new(token.id.as_str()));
        let change = Change::Rehash { token: token.id, from: token.digest.clone(), to };
        if let Err(error) = self.store.commit(&Authority::Host, change, event).await {
            tracing::warn!(target: "service_accounts::store", %error, "a record still depends on an earlier pepper");
        }
    }
}

fn judge_client(account: &Account, door: Door<'_>) -> Result<(), Rejection> {
    match door {
        Door::Exchange { client_id } if client_id != account.id.as_str() => Err(Rejection::WrongClient),
        Door::Exchange { .. } | Door::Bearer => Ok(()),
    }
}

fn judge_token(token: &Token, now: UtcDateTime) -> Result<(), Rejection> {
    if !token.state.may_authenticate(now) {
        return Err(Rejection::Revoked);
    }
    match token.expires_at {
        Some(end) if is_expired(end, now) => Err(Rejection::Expired),
        _ => Ok(()),
    }
}

fn judge_account(account: &Account, now: UtcDateTime) -> Result<(), Rejection> {
    match (account.status, &account.approval) {
        (Status::Disabled, _) => Err(Rejection::AccountDisabled),
        (Status::Enabled, Approval::Pending) => Err(Rejection::AccountPending),
        (Status::Enabled, Approval::NotRequired | Approval::Given { .. }) => match account.expires_at {
            Some(end) if is_expired(end, now) => Err(Rejection::AccountExpired),
            _ => Ok(()),
        },
    }
}

/// Both lists must let the address in; an unknown address gets past empty lists only.
fn judge_address(found: &Credential, address: Option<IpAddr>) -> Result<(), Rejection> {
    let lists = [&found.account().allowlist, &found.token().allowlist];
    let admits = |list: &&Allowlist| list.is_unrestricted() || address.is_some_and(|address| list.contains(address));
    if lists.iter().all(admits) { Ok(()) } else { Err(Rejection::AddressNotAllowed) }
}
