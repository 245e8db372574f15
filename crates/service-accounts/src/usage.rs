//! Last-used marks, gathered in memory so that no request waits for a write.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use service_accounts_store::{LastUsed, Usage};
use service_accounts_token::TokenId;

/// The newest use of each token since the last flush.
#[derive(Default)]
pub(crate) struct Marks(Mutex<HashMap<TokenId, LastUsed>>);

impl Marks {
    /// Keeps the newer of two uses of one token.
    pub(crate) fn mark(&self, usage: Usage) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = marks.entry(usage.token).or_insert(usage.last);
        if last.at <= usage.last.at {
            *last = usage.last;
        }
    }

    /// Hands over all marks and starts anew.
    pub(crate) fn take(&self) -> Vec<Usage> {
        let marks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        marks.into_iter().map(|(token, last)| Usage { token, last }).collect()
    }

    /// Takes back marks that could not be kept; newer ones made meanwhile stay.
    pub(crate) fn put_back(&self, usages: &[Usage]) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for usage in usages {
            marks.entry(usage.token).or_insert(usage.last);
        }
    }
}
