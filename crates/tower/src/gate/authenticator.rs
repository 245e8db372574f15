//! What judges behind a gate, so that the type of the store does not show in the gate's.

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};

use http::HeaderValue;
use service_accounts::{
    Forbidden, Principal, ServiceAccounts,
    access::{Permission, TeamName},
    store::Store,
};

use super::Settings;
use crate::{Outcome, Problem, bearer::token_of};

/// A credential being judged; it borrows nothing, so it can wait beside the request it came from.
pub(crate) type Judged<P> = Pin<Box<dyn Future<Output = Result<Principal<P>, Problem>> + Send>>;

/// A gate's service accounts and settings, without the type of their store.
pub(super) trait Authenticator<P: Permission>: Send + Sync {
    /// The judgement, where it needs no wait.
    fn judge_at_once(&self, credential: &HeaderValue, address: Option<IpAddr>)
    -> Option<Result<Principal<P>, Problem>>;

    /// The judgement, which may wait for the store.
    fn judge(self: Arc<Self>, credential: HeaderValue, address: Option<IpAddr>) -> Judged<P>;

    /// Whether a principal may; a refusal is recorded.
    fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden>;

    fn settings(&self) -> &Settings;

    /// The same service accounts under other settings.
    fn with_settings(&self, settings: Settings) -> Arc<dyn Authenticator<P>>;
}

/// The only implementation, which knows the store.
pub(super) struct AccountsAndSettings<S, P: Permission> {
    pub(super) accounts: ServiceAccounts<S, P>,
    pub(super) settings: Settings,
}

impl<S: Store + 'static, P: Permission> Authenticator<P> for AccountsAndSettings<S, P> {
    fn judge_at_once(
        &self,
        credential: &HeaderValue,
        address: Option<IpAddr>,
    ) -> Option<Result<Principal<P>, Problem>> {
        let Self { accounts, settings } = self;
        let began = settings.now();
        let judged = match token_of(credential) {
            Ok(token) => accounts.authenticate_at_once(token, address)?.map_err(|error| settings.turn_away(&error)),
            Err(error) => Err(settings.refuse(error)),
        };
        settings.tell(|| Outcome::of(&judged), settings.now().saturating_sub(began));
        Some(judged)
    }

    fn judge(self: Arc<Self>, credential: HeaderValue, address: Option<IpAddr>) -> Judged<P> {
        // Made where it stays: `Box::pin` would make it on the stack and copy all of it, hundreds of bytes.
        let judged = Box::write(Box::new_uninit(), async move {
            let Self { accounts, settings } = &*self;
            let began = settings.now();
            let judged = match token_of(&credential) {
                Ok(token) => accounts.authenticate(token, address).await.map_err(|error| settings.turn_away(&error)),
                Err(error) => Err(settings.refuse(error)),
            };
            settings.tell(|| Outcome::of(&judged), settings.now().saturating_sub(began));
            judged
        });
        Box::into_pin(judged)
    }

    fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden> {
        self.accounts.authorize(principal, permission, team)
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn with_settings(&self, settings: Settings) -> Arc<dyn Authenticator<P>> {
        Arc::new(Self { accounts: self.accounts.clone(), settings })
    }
}
