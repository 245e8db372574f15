//! Every credential of an account, however many it has.
//!
//! Whoever has to look at all of them reads page by page, so that no account makes a call hold more than a page. Between two
//! pages others may write: what comes and goes meanwhile may be missed, and nothing is seen twice.

use service_accounts_access::Permission;
use service_accounts_naming::AccountId;
use service_accounts_store::{Listed, Store};
use service_accounts_token::{Kind, TokenId};

use super::Core;
use crate::Unavailable;

/// How many are read at once.
const PAGE: usize = 256;

/// Client secrets first, since there are few; sessions last.
pub(crate) const EVERY_KIND: &[Kind] = &[Kind::Secret, Kind::Token, Kind::Session];

/// The pages still to come: what [`Core::credentials_of`] begins.
pub(crate) struct CredentialPages<'a, S> {
    store: &'a S,
    account: &'a AccountId,
    kinds: &'a [Kind],
    after: Option<TokenId>,
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// The credentials of an account, kind by kind and in the order of their ids; nothing is read yet.
    pub(crate) fn credentials_of<'a>(&'a self, account: &'a AccountId, kinds: &'a [Kind]) -> CredentialPages<'a, S> {
        CredentialPages { store: &self.store, account, kinds, after: None }
    }
}

impl<S: Store> CredentialPages<'_, S> {
    /// The next page, which may be empty; `None` when all were read.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Listed>>, Unavailable> {
        let Some((kind, later)) = self.kinds.split_first() else { return Ok(None) };
        let page = self.store.credentials(self.account, *kind, self.after.as_ref(), PAGE).await;
        let page = page.map_err(Unavailable::new)?;
        self.after = page.next;
        if self.after.is_none() {
            self.kinds = later;
        }
        Ok(Some(page.items))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use service_accounts_access::presets::data_quality::{self, Permission};
    use service_accounts_lifecycle::Environment;
    use service_accounts_naming::{DisplayName, TokenName};
    use service_accounts_store::{MemoryStore, Owner, Purpose};
    use service_accounts_token::{Keyring, Pepper, PepperId, Vendor};

    use super::*;
    use crate::{Actor, NewAccount, NewToken, ServiceAccounts};

    #[test]
    fn every_credential_is_seen_once_however_many_there_are() {
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
        let (vendor, catalogue) = (Vendor::parse("acme").unwrap(), data_quality::catalogue());
        let (store, manage) = (MemoryStore::new(), Permission::ServiceAccountsManage);
        let accounts = ServiceAccounts::builder(store, vendor, keyring, catalogue, manage).build();
        let (ada, name) = (Actor::host("ada"), DisplayName::parse("Loader").unwrap());
        let (purpose, owner) = (Purpose::parse("loads").unwrap(), Owner::parse("data").unwrap());
        pollster::block_on(async {
            let wanted = NewAccount::new(name, purpose, owner, Environment::production());
            let id = accounts.acting(&ada).create(wanted).await.unwrap().account.id.clone();
            for number in 0..PAGE + 1 {
                let wanted = NewToken::new(TokenName::parse(&format!("load-{number}")).unwrap());
                accounts.acting(&ada).account(&id).mint(&wanted).await.unwrap();
            }
            let (mut pages, mut seen, mut sizes) =
                (accounts.core.credentials_of(&id, EVERY_KIND), BTreeSet::new(), vec![]);
            while let Some(page) = pages.next().await.unwrap() {
                sizes.push(page.len());
                seen.extend(page.iter().map(|listed| listed.credential.token().id));
            }
            assert_eq!((sizes, seen.len()), (vec![1, PAGE, 1, 0], PAGE + 2));
        });
    }
}
