//! One credential as the memory store keeps it.

use std::sync::Arc;

use service_accounts_token::{Kind, TokenId};

use super::packed::Packed;
use crate::{Account, Credential, LastUsed, Token};

/// A record with its account and its last use.
pub(super) struct Row {
    account: Arc<Account>,
    kept: Kept,
    /// Apart from the record, so that a use does not replace what requests were judged by.
    pub(super) last_used: Option<LastUsed>,
}

enum Kept {
    Packed(Box<[u8]>),
    /// What the bytes have no room for; see [`Packed`].
    Whole(Box<Token>),
}

impl Row {
    /// Packed, if unpacking gives this very record; so no field can be lost, also none that is added later.
    pub(super) fn new(token: Token, account: Arc<Account>) -> Self {
        let bytes = Packed::of(&token).and_then(|packed| packed.bytes());
        let reads_back = |bytes: &[u8]| Packed::read(bytes).and_then(|packed| packed.token(&account.id));
        let kept = match bytes.filter(|bytes| reads_back(bytes).is_some_and(|read| read == token)) {
            Some(bytes) => Kept::Packed(bytes),
            None => Kept::Whole(Box::new(token)),
        };
        Self { account, kept, last_used: None }
    }

    /// Joins the record with another state of its account.
    pub(super) fn join(&mut self, account: Arc<Account>) {
        self.account = account;
    }

    pub(super) const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    pub(super) fn id(&self) -> Option<TokenId> {
        match &self.kept {
            Kept::Packed(bytes) => Packed::id_of(bytes),
            Kept::Whole(token) => Some(token.id),
        }
    }

    pub(super) fn is_of(&self, id: &TokenId) -> bool {
        match &self.kept {
            Kept::Packed(bytes) => Packed::is_of(bytes, id),
            Kept::Whole(token) => token.id == *id,
        }
    }

    /// What the record holds without its texts being copied.
    ///
    /// Of a row that is whole it lacks what cannot be packed.
    pub(super) fn glance(&self) -> Option<Packed<'_>> {
        match &self.kept {
            Kept::Packed(bytes) => Packed::read(bytes),
            Kept::Whole(token) => Packed::of(token),
        }
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        match &self.kept {
            Kept::Packed(bytes) => Some(Packed::read(bytes)?.class.kind()),
            Kept::Whole(token) => Some(token.class.kind()),
        }
    }

    /// The record; it was unpacked once before it was packed for good, so there is one.
    pub(super) fn token(&self) -> Option<Token> {
        match &self.kept {
            Kept::Packed(bytes) => Packed::read(bytes)?.token(&self.account.id),
            Kept::Whole(token) => Some(Token::clone(token)),
        }
    }

    pub(super) fn credential(&self) -> Option<Arc<Credential>> {
        Some(Arc::new(Credential::new(self.token()?, self.account.clone())))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};
    use service_accounts_access::Allowlist;
    use service_accounts_naming::AccountId;

    use super::*;

    pub(in crate::memory) fn account() -> Arc<Account> {
        let account = json!({
            "id": "pipeline@service", "name": "pipeline", "purpose": "to be kept", "owner": "data platform",
            "systems": [], "grant": { "role": "Editor", "scopes": "inherited", "teams": [] }, "allowlist": [],
            "environment": "production", "justification": null, "expires_at": null, "status": "enabled",
            "approval": "not_required", "created_at": 1_767_225_600, "created_by": "ops", "revision": 7,
        });
        Arc::new(serde_json::from_value(account).unwrap())
    }

    /// A token in which everything is as usual, but for some fields.
    pub(in crate::memory) fn token(unusual: Value) -> Token {
        let mut token = json!({
            "id": "FyTzSbzTgREt4zfa", "account": "pipeline@service", "class": { "token": "nightly" },
            "digest": "1.k1.78f14258920704b2deb30a307c07677339a63dada923b6614151259325c1430d",
            "hint": "conform_sat_FyTz…VvMm", "grant": "inherited", "environment": "production", "allowlist": [],
            "state": { "state": "active" }, "created_at": 1_767_225_600, "created_by": "ops", "expires_at": 1_798_761_600,
            "next_due": 1_790_000_000, "revision": 3,
        });
        token.as_object_mut().unwrap().extend(unusual.as_object().unwrap().clone());
        serde_json::from_value(token).unwrap()
    }

    fn packed_bytes(token: &Token) -> Option<usize> {
        match Row::new(token.clone(), account()).kept {
            Kept::Packed(bytes) => Some(bytes.len()),
            Kept::Whole(_) => None,
        }
    }

    #[test]
    fn what_most_records_have_is_packed_and_reads_back() {
        let at = 1_780_000_000;
        for unusual in [
            json!({}),
            json!({ "class": "secret", "hint": "conform_sec_FyTz…VvMm", "expires_at": null }),
            json!({ "class": { "session": { "opened_with": "0123456789abcdef" } }, "hint": "conform_ses_FyTz…VvMm" }),
            json!({ "grant": [] }),
            json!({ "grant": ["read", "write"] }),
            json!({ "state": { "state": "revoked", "at": at } }),
            json!({ "known_to": ["ada", "grace"], "generation": 4, "last_look": at, "last_review": at }),
            json!({ "replaces": { "token": "0123456789abcdef", "first_used": at } }),
            json!({ "created_at": -1, "next_due": null, "revision": i64::MAX }),
        ] {
            let token = token(unusual.clone());
            assert!(packed_bytes(&token).is_some(), "{unusual}");
            assert_eq!(Row::new(token.clone(), account()).token(), Some(token), "{unusual}");
        }
        assert_eq!(packed_bytes(&token(json!({}))), Some(114));
    }

    #[test]
    fn what_cannot_be_packed_is_kept_whole() {
        let usual = token(json!({}));
        let fraction = time::Duration::NANOSECOND;
        for unusual in [
            token(json!({ "hint": "conform_sat_0000…VvMm" })),
            token(json!({ "state": { "state": "retiring", "until": 1_780_000_000 } })),
            Token { allowlist: Allowlist::parse_all(["10.0.0.0/8"]).unwrap(), ..usual.clone() },
            Token { created_at: usual.created_at + fraction, ..usual.clone() },
            Token { account: AccountId::parse("another@service").unwrap(), ..usual },
        ] {
            assert_eq!(packed_bytes(&unusual), None, "{unusual:?}");
            assert_eq!(Row::new(unusual.clone(), account()).token(), Some(unusual));
        }
    }

    #[test]
    fn a_row_takes_no_more_than_a_cache_line() {
        assert!(size_of::<Option<Row>>() <= 64, "{}", size_of::<Option<Row>>());
    }
}
