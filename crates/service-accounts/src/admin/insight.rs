//! Less would have been enough, and what less would have done: advice from recorded traffic, and dry runs on it.

use std::collections::BTreeSet;

use service_accounts_access::{
    Allowlist, GrantError, Permission, PermissionSet, Replay, RightsAdvice, RoleName, Scopes, replay,
};
use service_accounts_lifecycle::{ExchangeAdvice, ExchangeCounts};
use service_accounts_naming::NameAdvice;
use service_accounts_store::{Account, Seen, Store};
use time::UtcDateTime;

use super::{AccountHandle, Acting, traffic::Traffic};
use crate::{
    Error, Unavailable,
    core::{authority::Call, credentials::EVERY_KIND},
};

/// How many networks an advised allowlist has at most, unless the present one has more.
const MOST_NETWORKS: usize = 16;

/// How many credentials of each kind are asked what they were seen to do.
const MOST_CREDENTIALS: usize = 200;

/// What could be narrower about an account. It never widens, and somebody decides: what was seen in a quarter may lack
/// what is done once a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountAdvice<P: Permission> {
    /// Permissions never used, and what would be enough for those that were; `None` where the catalogue does not know the
    /// account's role or scopes.
    pub rights: Option<RightsAdvice<P>>,
    /// The narrowest allowlist that would have let in what was seen; `None` if the present one cannot be narrowed.
    pub allowlist: Option<Allowlist>,
    /// How the client uses its sessions, where that could be better.
    pub exchange: Option<ExchangeAdvice>,
    /// What could be better about its name.
    pub naming: Vec<NameAdvice>,
    /// The earliest access that the advice rests on; `None` where nothing was seen.
    pub since: Option<UtcDateTime>,
    /// Whether there was more traffic, or the account has more credentials, than is looked at.
    pub is_cut: bool,
}

impl<P: Permission> AccountAdvice<P> {
    /// How many days of traffic advice rests on.
    pub const DAYS: u16 = 90;
}

/// What to try on recorded traffic; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct DryRun {
    /// Another role.
    pub role: Option<RoleName>,
    /// Other scopes of the account.
    pub scopes: Option<Scopes>,
    /// Another allowlist of the account.
    pub allowlist: Option<Allowlist>,
    /// How many days of traffic, 30 where none are given and at most [`DryRun::MOST_DAYS`].
    pub days: Option<u16>,
}

impl DryRun {
    /// The longest time that is looked back.
    pub const MOST_DAYS: u16 = 400;

    const DAYS: u16 = 30;
}

/// What a change would have done to the traffic that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRunResult<P: Permission> {
    /// The counts, by reason, with the kinds of requests that would have been denied most.
    pub replay: Replay<P>,
    /// The earliest access that was tried; `None` where nothing was recorded.
    pub since: Option<UtcDateTime>,
    /// Whether there was more traffic than is tried.
    pub is_cut: bool,
}

impl<S: Store + 'static, P: Permission> AccountHandle<'_, S, P> {
    /// What could be narrower about the account, by what it was seen to do in the last 90 days and by what its live
    /// credentials were seen to do before.
    ///
    /// Where the trail keeps no accesses ([`AccessEvents::Off`](crate::AccessEvents::Off)), nothing is seen.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, text, .. }| {
    /// accounts.authenticate(&text, "192.0.2.7".parse().ok()).await?;
    /// let advice = accounts.acting(&ada).account(&id).advice().await?;
    /// println!("narrower networks would be {:?}", advice.allowlist);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadPlans`](crate::Call::ReadPlans). It reads up to 50,000 events and 200 credentials of each
    /// kind, so ask for one account at a time.
    ///
    /// # Errors
    /// [`AccountMissing`](Error::AccountMissing).
    pub async fn advice(&self) -> Result<AccountAdvice<P>, Error> {
        let account = self.acting.account_for(Call::ReadPlans, self.id).await?;
        let traffic = self.acting.traffic(&account, AccountAdvice::<P>::DAYS).await?;
        let sighted = self.acting.sighted(&account).await?;
        let mut used = sighted.permissions;
        used.extend(traffic.permissions().map(str::to_owned));
        let used: PermissionSet<P> = used.iter().filter_map(|name| P::named(name).ok()).collect();
        let addresses: BTreeSet<_> = traffic.addresses().chain(sighted.addresses).collect();
        let catalogue = self.acting.asker().catalogue;
        let (role, scopes) = (account.grant.role(), account.grant.scopes());
        Ok(AccountAdvice {
            rights: catalogue.advise(role, scopes, &Scopes::Inherited, used).ok(),
            allowlist: account.allowlist.narrowed_to(addresses, MOST_NETWORKS),
            exchange: exchange(&traffic),
            naming: self.acting.core.rules.advisor.account(&account.name),
            since: traffic.since.into_iter().chain(sighted.since).min(),
            is_cut: traffic.is_cut || sighted.is_cut,
        })
    }

    /// What other rights or another allowlist would have denied of the recorded traffic, what still waits in memory
    /// included. It writes nothing.
    ///
    /// Resources of teams are tried as if they were nobody's, because accesses are recorded without the team. A request
    /// counts once for each permission that it asked for.
    ///
    /// ```
    /// use service_accounts::{DryRun, access::Allowlist};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, text, .. }| {
    /// accounts.authenticate(&text, "192.0.2.7".parse().ok()).await?;
    /// let tried = DryRun { allowlist: Some(Allowlist::parse_all(["10.0.0.0/8"])?), ..DryRun::default() };
    /// let result = accounts.acting(&ada).account(&id).dry_run(&tried).await?;
    /// println!("{:?}", result.replay);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadPlans`](crate::Call::ReadPlans).
    ///
    /// # Errors
    /// [`AccountMissing`](Error::AccountMissing), or [`Grant`](Error::Grant) where a name is not in the catalogue.
    pub async fn dry_run(&self, tried: &DryRun) -> Result<DryRunResult<P>, Error> {
        let account = self.acting.account_for(Call::ReadPlans, self.id).await?;
        let catalogue = self.acting.asker().catalogue;
        let role = tried.role.as_ref().unwrap_or_else(|| account.grant.role());
        let scopes = tried.scopes.as_ref().unwrap_or_else(|| account.grant.scopes());
        let grants = catalogue.grants(role, scopes, &Scopes::Inherited, account.grant.teams().clone());
        let grants = grants.map_err(|unknown| Error::Grant(GrantError::from(unknown)))?;
        let days = tried.days.unwrap_or(DryRun::DAYS).clamp(1, DryRun::MOST_DAYS);
        let traffic = self.acting.traffic(&account, days).await?;
        let allowlist = tried.allowlist.as_ref().unwrap_or(&account.allowlist);
        let replay = replay(&grants, allowlist, &traffic.requests());
        Ok(DryRunResult { replay, since: traffic.since, is_cut: traffic.is_cut })
    }
}

/// What sightings tell of the credentials that an account still has.
#[derive(Default)]
struct Sighted {
    permissions: BTreeSet<String>,
    addresses: Vec<std::net::IpAddr>,
    since: Option<UtcDateTime>,
    /// Whether there are more credentials of a kind than are looked at.
    is_cut: bool,
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// Attempts on revoked tokens are no use and are left out.
    async fn sighted(&self, account: &Account) -> Result<Sighted, Error> {
        let (store, mut sighted) = (&self.core.store, Sighted::default());
        for kind in EVERY_KIND.iter().copied() {
            let page = store.credentials(&account.id, kind, None, MOST_CREDENTIALS).await.map_err(Unavailable::new)?;
            sighted.is_cut |= page.next.is_some();
            for listed in &page.items {
                let seen = store.sightings(&listed.credential.token().id).await.map_err(Unavailable::new)?;
                for each in seen {
                    match each.seen {
                        Seen::Permission(name) => drop(sighted.permissions.insert(name.as_str().to_owned())),
                        Seen::UsedFrom(address) => sighted.addresses.push(address),
                        Seen::TriedFrom(_) | Seen::Tried => continue,
                    }
                    sighted.since = sighted.since.into_iter().chain([each.first]).min();
                }
            }
        }
        Ok(sighted)
    }
}

/// A client that opens a session for each request pays twice; the ratio tells.
fn exchange(traffic: &Traffic) -> Option<ExchangeAdvice> {
    ExchangeCounts { exchanges: traffic.exchanges, requests: traffic.by_session }.advice()
}
