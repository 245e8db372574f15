//! What a credential is worth, without using it (RFC 7662).

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_store::{Credential, Store};

use super::judge::Entry;
use crate::{
    Actor, Error, Principal, ServiceAccounts, Unavailable,
    core::{Core, asker::Asker, authority::Call},
};

/// A credential that would be accepted, apart from the network it would come from.
#[derive(Clone, Debug)]
pub struct Introspection<P: Permission> {
    /// Whose it is, and what it may do.
    pub principal: Principal<P>,
    /// The records that were judged.
    pub credential: Arc<Credential>,
}

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Judges a credential of whatever kind without marking a use.
    ///
    /// An account learns about its own credentials; whoever may read an account's tokens learns about those. Everything
    /// else is `None`: unknown, wrong, revoked, expired, and somebody else's look alike.
    ///
    /// The network is not judged, because the question does not come from where the credential is used.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// let found = accounts.introspect(&ada, &text).await?;
    /// assert_eq!(found.map(|found| found.principal.id().clone()), Some(id));
    /// assert!(accounts.introspect(&ada, "not a token").await?.is_none());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Nothing is noted of it: no use, no access event, no count. Rule, for credentials of others:
    /// [`Call::ReadTokens`](crate::Call::ReadTokens); a refusal is no error here but `None`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn introspect(&self, actor: &Actor<P>, text: &str) -> Result<Option<Introspection<P>>, Error> {
        let core = &*self.core;
        let now = core.now();
        let Ok(shown) = core.read(text, Entry::Introspection) else { return Ok(None) };
        let found = core.store.credential(&shown.presented.id()).await.map_err(Unavailable::new)?;
        let judged = core.judge(&shown, found.as_ref(), Entry::Introspection, None, now);
        let (Ok(accepted), Some(credential)) = (judged, found) else { return Ok(None) };
        if !self.may_learn(actor, &credential) {
            return Ok(None);
        }
        let principal = accepted.principal(credential.clone(), None, now);
        Ok(Some(Introspection { principal, credential }))
    }

    /// It asks without noting, because the answer is the same as for an unknown text.
    fn may_learn(&self, actor: &Actor<P>, credential: &Arc<Credential>) -> bool {
        let account = credential.account();
        actor.is(&account.id) || Asker::new(actor, &self.core.rules).may_on(Call::ReadTokens, account).is_ok()
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Whether a credential that was just made is accepted, apart from the network it would come from.
    #[cfg(feature = "import")]
    pub(crate) async fn try_credential(&self, text: &str) -> crate::Tried {
        let Ok(shown) = self.read(text, Entry::Introspection) else {
            return crate::Tried::Refused(crate::Rejection::Malformed);
        };
        let Ok(found) = self.store.credential(&shown.presented.id()).await else { return crate::Tried::Unknown };
        match self.judge(&shown, found.as_ref(), Entry::Introspection, None, self.now()) {
            Ok(_) => crate::Tried::Works,
            Err(rejection) => crate::Tried::Refused(rejection),
        }
    }
}
