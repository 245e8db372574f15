//! Which token has a name within its account.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use service_accounts_naming::{AccountId, TokenName};
use service_accounts_token::TokenId;

use super::{
    packed::PackedClass,
    row::Row,
    rows::{Number, Rows},
};

/// Numbers of rows by the hash of account and name, which stand in the rows alone.
///
/// People choose names, so the hash has a key.
#[derive(Default)]
pub(super) struct Names {
    hasher: RandomState,
    numbers: HashTable<Number>,
}

impl Names {
    pub(super) fn holder(&self, rows: &Rows, account: &AccountId, name: &TokenName) -> Option<TokenId> {
        let (account, name) = (account.as_str(), name.as_str());
        let is_called = |number: &Number| rows.at(*number, |row| Some(named(row)? == (account, name)));
        let found = self.numbers.find(self.hasher.hash_one((account, name)), |it| is_called(it).unwrap_or_default())?;
        rows.at(*found, Row::id)
    }

    /// A row keeps its name and its number, so what is there already stays. A row without a name is left out.
    pub(super) fn insert(&mut self, rows: &Rows, number: Number) {
        let hash = |number: &Number| rows.at(*number, |row| Some(self.hasher.hash_one(named(row)?)));
        let Some(own) = hash(&number) else { return };
        if self.numbers.find(own, |present| *present == number).is_none() {
            self.numbers.insert_unique(own, number, |number| hash(number).unwrap_or_default());
        }
    }

    /// Called while the row is still there.
    pub(super) fn remove(&mut self, rows: &Rows, number: Number) {
        let hash = rows.at(number, |row| Some(self.hasher.hash_one(named(row)?)));
        let found = hash.map(|hash| self.numbers.find_entry(hash, |present| *present == number));
        if let Some(Ok(found)) = found {
            found.remove();
        }
    }
}

/// The account and the name of a token; none of other credentials.
fn named(row: &Row) -> Option<(&str, &str)> {
    match row.glance()?.class {
        PackedClass::Token(name) => Some((row.account().id.as_str(), name)),
        PackedClass::Session(_) | PackedClass::Secret => None,
    }
}
