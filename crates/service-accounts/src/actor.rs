//! Who asks for a change.

use std::net::IpAddr;

use service_accounts_access::{Catalogue, Grants, Permission};
use service_accounts_audit::Label;
use service_accounts_naming::AccountId;
use service_accounts_store::{Authority, Credential};
use std::sync::Arc;
use time::UtcDateTime;

/// Who asks for a change.
///
/// Only the host's code makes one, or a [`Principal`](crate::Principal) that has authenticated. What it may do is worked out
/// anew in each call, by the catalogue of that moment. Nothing that arrives over the wire can become one:
///
/// ```compile_fail,E0277
/// use service_accounts::{Actor, access::presets::data_quality::Permission};
///
/// fn from_a_request_body<T: serde::de::DeserializeOwned>() {}
/// from_a_request_body::<Actor<Permission>>();
/// ```
#[derive(Clone, Debug)]
pub struct Actor<P: Permission> {
    name: Label,
    holding: Holding<P>,
    address: Option<IpAddr>,
}

/// Where an actor's rights come from.
#[derive(Clone, Debug)]
enum Holding<P: Permission> {
    /// The host vouches for them.
    Host(Box<Grants<P>>),
    /// The credential that was shown.
    Shown(Arc<Credential>),
}

impl<P: Permission> Actor<P> {
    /// The host itself, holding everything. `name` is what the audit trail shows, such as the signed-in administrator.
    ///
    /// Use it for the host's own jobs, and for people whom the host lets do everything. For everybody else there is
    /// [`host_with`](Self::host_with).
    ///
    /// ```
    /// use service_accounts::{Actor, access::presets::data_quality::Permission};
    ///
    /// let job: Actor<Permission> = Actor::host("nightly-cleanup");
    /// assert_eq!(job.name().as_str(), "nightly-cleanup");
    /// ```
    #[must_use]
    pub fn host(name: &str) -> Self {
        Self::host_with(name, Grants::everything())
    }

    /// Somebody the host vouches for, holding `grants` only.
    ///
    /// An administrator needs `Teams::every()` or the teams of the accounts it manages: without teams it reaches only accounts that
    /// have none.
    ///
    /// ```
    /// use service_accounts::{Actor, access::{Grants, PermissionSet, Teams}};
    /// use service_accounts::access::presets::data_quality::Permission;
    ///
    /// let held = PermissionSet::from(Permission::ServiceAccountsManage);
    /// let bob: Actor<Permission> = Actor::host_with("bob@example.com", Grants::new(held, Teams::every()));
    /// assert_eq!(bob.name().as_str(), "bob@example.com");
    /// ```
    #[must_use]
    pub fn host_with(name: &str, grants: Grants<P>) -> Self {
        Self { name: Label::new(name), holding: Holding::Host(Box::new(grants)), address: None }
    }

    /// It holds the record of that moment; the commit reads the record again.
    pub(crate) fn showing(credential: Arc<Credential>, address: Option<IpAddr>) -> Self {
        Self { name: Label::new(credential.account().id.as_str()), holding: Holding::Shown(credential), address }
    }

    /// What the audit trail shows.
    ///
    /// Control characters are replaced, and a long name is cut: it is a label, not an identity that anything is decided by.
    #[must_use]
    pub const fn name(&self) -> &Label {
        &self.name
    }

    /// What it holds by a catalogue; nothing where the catalogue does not know its role or scopes any more.
    pub(crate) fn holds(&self, catalogue: &Catalogue<P>) -> Grants<P> {
        match &self.holding {
            Holding::Host(grants) => (**grants).clone(),
            Holding::Shown(credential) => {
                let grants = catalogue.holder(&credential.account().grant, credential.token().grant.scopes());
                grants.unwrap_or_else(|_| Grants::nothing())
            }
        }
    }

    /// On whose word a change is made at `now`: a credential must still work then, however long ago it was shown.
    pub(crate) fn authority(&self, now: UtcDateTime) -> Authority {
        match &self.holding {
            Holding::Host(_) => Authority::Host,
            Holding::Shown(credential) => Authority::Credential {
                token: credential.token().id,
                account: credential.account().id.clone(),
                account_revision: credential.account().revision,
                grant: credential.token().grant.clone(),
                at: now,
            },
        }
    }

    /// Whether this is the service account with this id.
    pub(crate) fn is(&self, id: &AccountId) -> bool {
        self.credential().is_some_and(|credential| credential.account().id == *id)
    }

    /// The credential it showed; none for the host.
    pub(crate) const fn credential(&self) -> Option<&Arc<Credential>> {
        match &self.holding {
            Holding::Host(_) => None,
            Holding::Shown(credential) => Some(credential),
        }
    }

    /// Everybody who could act as this actor: itself, and whoever has seen the text of the credential it showed.
    pub(crate) fn people(&self) -> Vec<Label> {
        let seen = self.credential().into_iter().flat_map(|credential| {
            let token = credential.token();
            [&token.created_by].into_iter().chain(&token.known_to).cloned()
        });
        let mut people: Vec<_> = [self.name.clone()].into_iter().chain(seen).collect();
        people.sort();
        people.dedup();
        people
    }

    /// The same, and whoever made the account that acts: all in whose hand the act may be.
    pub(crate) fn hands(&self) -> Vec<Label> {
        let maker = self.credential().map(|credential| credential.account().created_by.clone());
        let mut hands: Vec<_> = self.people().into_iter().chain(maker).collect();
        hands.sort();
        hands.dedup();
        hands
    }

    /// From where the credential came in, for the events of what it then changes; people's addresses are the host's to
    /// log.
    pub(crate) const fn address(&self) -> Option<IpAddr> {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use service_accounts_access::{
        PermissionSet, Teams,
        presets::data_quality::{self, Permission},
    };

    use super::*;

    #[test]
    fn the_host_holds_everything_and_whom_it_vouches_for_what_it_says() {
        let catalogue = data_quality::catalogue();
        let host = Actor::<Permission>::host("ada");
        assert_eq!(host.holds(&catalogue), Grants::everything());
        let held = Grants::new(PermissionSet::from(Permission::UsersView), Teams::none());
        let eve = Actor::host_with("eve\n", held.clone());
        assert_eq!((eve.name().as_str(), eve.holds(&catalogue)), ("eve\u{fffd}", held));
        assert_eq!(eve.authority(UtcDateTime::UNIX_EPOCH), Authority::Host);
        assert_eq!(eve.people(), [Label::new("eve\n")]);
    }
}
