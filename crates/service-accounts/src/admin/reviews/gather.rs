//! What is on record of accounts and tokens, as a review looks at it.
//!
//! What requests have gathered in memory is written first, so that a token used a moment ago does not count as idle.

use std::{collections::BTreeSet, net::IpAddr};

use service_accounts_access::{Permission, Scopes, Teams};
use service_accounts_lifecycle::{AccountFacts, HumanSign, ReviewItem, TokenEntry};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, AccountFilter, Listed, Seen, Status, Store};
use service_accounts_token::Kind;
use time::UtcDateTime;

use super::{ReviewKey, ReviewPack, ReviewRows, ReviewScope, Reviews};
use crate::{
    Error, Unavailable,
    core::{credentials::EVERY_KIND, journal::Due},
};

/// From more networks than this, a person on the move is likelier than a machine.
const MOST_NETWORKS: usize = 16;

type Item = ReviewItem<ReviewKey, String>;

/// The items of a page of accounts: what [`ReviewRows::of`](super::ReviewRows) asks its questions of.
///
/// An account and its tokens are never parted between two packs, unless they alone are more than a pack holds.
pub(super) struct Gathered {
    /// Each account, followed by its tokens.
    pub(super) items: Vec<Item>,
    /// Every team of the accounts.
    pub(super) teams: Teams,
    /// The account behind which the next review starts.
    pub(super) next: Option<AccountId>,
    /// Whether one account alone had more tokens than a pack holds.
    pub(super) is_cut: bool,
}

/// What was seen of credentials.
#[derive(Default)]
struct Sights {
    /// By name, as they were used.
    permissions: BTreeSet<String>,
    /// The networks of the addresses that it was used from.
    networks: BTreeSet<IpAddr>,
}

impl<S: Store + 'static, P: Permission> Reviews<'_, S, P> {
    /// As many accounts of the page as fit in a pack, in bytes too: where they do not, half of them.
    pub(super) async fn fitting(
        &self,
        scope: &ReviewScope,
        mut limit: usize,
        now: UtcDateTime,
    ) -> Result<(Gathered, ReviewRows), Error> {
        loop {
            let gathered = self.gather(scope, limit).await?;
            if limit <= 1 {
                return self.cut_to_fit(gathered, now);
            }
            if let Some(rows) = self.rows_that_fit(&gathered, now)? {
                return Ok((gathered, rows));
            }
            limit /= 2;
        }
    }

    /// The largest of all, half, a quarter and so on that fits in a pack: a single account may be too long for one.
    fn cut_to_fit(&self, mut gathered: Gathered, now: UtcDateTime) -> Result<(Gathered, ReviewRows), Error> {
        loop {
            if let Some(rows) = self.rows_that_fit(&gathered, now)? {
                return Ok((gathered, rows));
            }
            gathered.items.truncate(gathered.items.len() / 2);
            gathered.is_cut = true;
        }
    }

    /// The rows, or none where they are longer than a pack may be.
    fn rows_that_fit(&self, gathered: &Gathered, now: UtcDateTime) -> Result<Option<ReviewRows>, Error> {
        let rows = ReviewRows::of(gathered.items.iter(), &self.acting.core.rules.lifecycle, now);
        let length = serde_json::to_string(&rows).map_err(Unavailable::new)?.len();
        Ok((length <= ReviewPack::MOST_BYTES || gathered.items.is_empty()).then_some(rows))
    }

    /// Reads a page of accounts within the actor's teams, the actor's own left out, and stops before an account that
    /// would make the pack too long: the next review starts with it.
    async fn gather(&self, scope: &ReviewScope, limit: usize) -> Result<Gathered, Error> {
        let (core, asker) = (self.acting.core, self.acting.asker());
        core.journal.flush(&core.store, Due::Now, core.now()).await?;
        let filter = AccountFilter { owner: scope.owner.clone(), ..self.acting.visible(&asker) };
        let page = core.store.accounts(&filter, scope.after.as_ref(), limit).await.map_err(Unavailable::new)?;
        let (mut items, mut teams, mut last) = (Vec::new(), Teams::none(), None);
        for account in page.items.iter().filter(|account| account.status != Status::Deleted) {
            if self.acting.actor.is(&account.id) {
                continue;
            }
            let of_account = self.items_of(account, scope).await?;
            let with_it = united(teams.clone(), account.grant.teams());
            let is_too_long = items.len() + of_account.len() > ReviewPack::MOST_ROWS;
            // A record of more teams than a list may have could never be read again.
            if !items.is_empty() && (is_too_long || with_it.names().count() > Teams::MAX) {
                return Ok(Gathered { items, teams, next: last, is_cut: false });
            }
            items.extend(of_account);
            teams = with_it;
            last = Some(account.id.clone());
        }
        let is_cut = items.len() > ReviewPack::MOST_ROWS;
        items.truncate(ReviewPack::MOST_ROWS);
        Ok(Gathered { items, teams, next: page.next, is_cut })
    }

    /// The account, then its tokens.
    ///
    /// Sessions count as uses and are no rows: they end by themselves. The client secret stands for the account.
    ///
    /// What tokens and sessions used counts for the account too, so that its role is judged by all that was done with
    /// it.
    async fn items_of(&self, account: &Account, scope: &ReviewScope) -> Result<Vec<Item>, Error> {
        let mut tokens = Vec::new();
        let (mut seen, mut environments) = (Sights::default(), BTreeSet::from([account.environment.clone()]));
        let mut facts = AccountFacts::new(account.created_at);
        let (mut confirmed_at, mut has_old_pepper) = (None, false);
        let mut pages = self.acting.core.credentials_of(&account.id, EVERY_KIND);
        while let Some(page) = pages.next().await? {
            for listed in &page {
                let token = listed.credential.token();
                facts = listed.last_used.map_or(facts, |used| facts.with_last_use(used.at));
                let (is_live, sights) = (!token.is_revoked(account), self.sights(listed).await?);
                match token.class.kind() {
                    Kind::Secret => {
                        confirmed_at = confirmed_at.max(token.last_review);
                        if is_live {
                            facts = facts.with_secret(token.created_at);
                            has_old_pepper = self.has_old_pepper(listed);
                        }
                    }
                    Kind::Token if is_live && tokens.len() <= ReviewPack::MOST_ROWS => {
                        environments.insert(token.environment.clone());
                        tokens.push(self.token_item(account, listed, scope, &sights));
                    }
                    Kind::Token | Kind::Session => {}
                }
                seen.permissions.extend(sights.permissions);
                seen.networks.extend(sights.networks);
            }
        }
        let facts = account.expires_at.map_or(facts, |end| facts.with_expiry(end));
        let facts = if account.status == Status::Enabled { facts } else { facts.disabled() };
        let key = ReviewKey { account: account.id.clone(), token: None };
        let item = Item { confirmed_at, has_old_pepper, environments, ..Item::account(key, facts) };
        let item = Item { systems: account.systems.len(), ..self.described(item, account, scope, &seen) };
        let granted = self.granted(account, &Scopes::Inherited);
        Ok([Item { granted, ..item }].into_iter().chain(tokens).collect())
    }

    /// What is asked of a token alone: its name, its end, its pepper, and what it was granted and used.
    fn token_item(&self, account: &Account, listed: &Listed, scope: &ReviewScope, seen: &Sights) -> Item {
        let (token, TokenEntry { key, environment, facts }) = (listed.credential.token(), listed.entry());
        let key = ReviewKey { account: account.id.clone(), token: Some(key) };
        let advisor = &self.acting.core.rules.advisor;
        let item = self.described(Item::token(TokenEntry { key, environment, facts }), account, scope, seen);
        Item {
            confirmed_at: token.last_review,
            has_account: true,
            has_fitting_name: token.class.token_name().is_none_or(|name| advisor.token(name).is_empty()),
            has_old_pepper: self.has_old_pepper(listed),
            never_expires: token.expires_at.is_none(),
            granted: self.granted(account, token.grant.scopes()),
            ..item
        }
    }

    /// What tokens share with their account, and what was seen. Every account has a purpose: none is made without.
    ///
    /// Owners are compared by name with those the caller says are still there. A client from many networks looks like a
    /// person on the move.
    fn described(&self, item: Item, account: &Account, scope: &ReviewScope, seen: &Sights) -> Item {
        let advisor = &self.acting.core.rules.advisor;
        let is_moving = seen.networks.len() > MOST_NETWORKS;
        Item {
            has_purpose: true,
            has_fitting_name: advisor.account(&account.name).is_empty(),
            has_fitting_teams: !account.grant.teams().is_every(),
            has_owner: scope.owners.as_ref().is_none_or(|owners| owners.contains(account.owner.as_str())),
            used: seen.permissions.clone(),
            networks: seen.networks.len(),
            human_signs: is_moving.then_some(HumanSign::ManyAddresses).into_iter().collect(),
            ..item
        }
    }

    /// What it may do by the catalogue of now; nothing where the catalogue does not know a name.
    ///
    /// A pack keeps names and not permissions, so that it reads the same once the host has others.
    fn granted(&self, account: &Account, scopes: &Scopes) -> BTreeSet<String> {
        let catalogue = self.acting.asker().catalogue;
        let held = catalogue.effective(account.grant.role(), account.grant.scopes(), scopes);
        held.into_iter().flat_map(|held| held.iter()).map(|permission| permission.name().to_owned()).collect()
    }

    /// Whether its secret stands under an earlier pepper still; a use moves it to the current one.
    fn has_old_pepper(&self, listed: &Listed) -> bool {
        listed.credential.token().digest.pepper() != self.acting.core.issuer.keyring.current()
    }

    /// What was seen of one credential; attempts after its end are no use.
    async fn sights(&self, listed: &Listed) -> Result<Sights, Error> {
        let seen = self.acting.core.store.sightings(&listed.credential.token().id).await.map_err(Unavailable::new)?;
        let mut sights = Sights::default();
        for each in seen {
            match each.seen {
                Seen::Permission(name) => drop(sights.permissions.insert(name.as_str().to_owned())),
                Seen::UsedFrom(address) => drop(sights.networks.insert(network_of(address))),
                Seen::TriedFrom(_) | Seen::Tried => {}
            }
        }
        Ok(sights)
    }
}

/// The network that an address is in, as one site usually has it: 24 bits of IPv4, 48 of IPv6.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::from((address.to_bits() & 0xffff_ff00).to_be_bytes()),
        IpAddr::V6(address) => IpAddr::from((address.to_bits() & (u128::MAX << 80)).to_be_bytes()),
    }
}

/// The teams of both; every team, where either has every team.
///
/// Whoever reads the pack must be in all of them.
fn united(teams: Teams, others: &Teams) -> Teams {
    if teams.is_every() || others.is_every() {
        return Teams::every();
    }
    teams.names().chain(others.names()).cloned().collect()
}
