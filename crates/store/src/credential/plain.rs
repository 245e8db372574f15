//! A record read from its own text without a general reader of JSON.
//!
//! ```text
//! {"id":"…","account":"…","class":…,"digest":"…",     every field in the order in which it is written,
//!  …                                                  without spaces, escapes, or fields that few records have
//!  "expires_at":…,"next_due":…,"revision":…}          anything else: none
//! ```
//!
//! A store that reads one of a million records decodes each. Given up: the order of the fields stands here a second time.

use service_accounts_access::{Allowlist, Scopes, TokenGrant};
use service_accounts_audit::{Label, Sequence};
use service_accounts_lifecycle::{Environment, TokenState};
use service_accounts_naming::{AccountId, TokenName};
use service_accounts_token::{Digest, Hint, TokenId};
use time::UtcDateTime;

use crate::{Class, Generation, Revision, Token};

impl Token {
    /// The record of a JSON text as most are written, in a quarter of the time that serde takes.
    ///
    /// `None` says only that serde must be asked: the text has fields that few records have, or is no record.
    /// What it answers is what serde answers.
    ///
    /// ```
    /// use service_accounts_store::Token;
    ///
    /// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
    /// let token = records::token(&records::account());
    /// let text = serde_json::to_string(&token)?;
    /// assert_eq!(Token::from_plain_json(&text), Some(token));
    /// assert_eq!(Token::from_plain_json("{}"), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn from_plain_json(text: &str) -> Option<Self> {
        let mut rest = Rest(text);
        let token = Self {
            id: TokenId::parse(rest.text("{\"id\":\"")?).ok()?,
            account: AccountId::parse(rest.text(",\"account\":\"")?).ok()?,
            class: rest.class()?,
            digest: Digest::parse(rest.text(",\"digest\":\"")?).ok()?,
            hint: Hint::parse(rest.text(",\"hint\":\"")?).ok()?,
            grant: TokenGrant::restore(rest.scopes()?),
            environment: Environment::parse(rest.text(",\"environment\":\"")?).ok()?,
            allowlist: rest.skip(",\"allowlist\":[]").map(|()| Allowlist::any())?,
            state: rest.state()?,
            created_at: rest.instant(",\"created_at\":")?,
            created_by: Label::new(rest.text(",\"created_by\":\"")?),
            known_to: Vec::new(),
            generation: Generation::FIRST,
            replaces: None,
            rotation: None,
            last_look: None,
            last_review: None,
            expires_at: rest.optional_instant(",\"expires_at\":")?,
            next_due: rest.optional_instant(",\"next_due\":")?,
            revision: Revision::made_by(Sequence::new(rest.number(",\"revision\":")?)),
        };
        (rest.0 == "}").then_some(token)
    }
}

/// What of the text has not been read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self, expected: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// A text without escapes, behind `key`, which ends in its opening quote.
    fn text(&mut self, key: &str) -> Option<&'a str> {
        self.skip(key)?;
        let end = self.0.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.strip_prefix('"')?;
        Some(text)
    }

    /// A whole number as JSON has it: no other zero in front than the zero itself.
    fn number(&mut self, key: &str) -> Option<i64> {
        self.skip(key)?;
        let end = self.0.bytes().position(|byte| byte != b'-' && !byte.is_ascii_digit())?;
        let (text, rest) = self.0.split_at_checked(end)?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        self.0 = rest;
        if digits.starts_with('0') && text != "0" { None } else { text.parse().ok() }
    }

    fn instant(&mut self, key: &str) -> Option<UtcDateTime> {
        UtcDateTime::from_unix_timestamp(self.number(key)?).ok()
    }

    #[expect(clippy::option_option, reason = "a missing date is not a text that cannot be read")]
    fn optional_instant(&mut self, key: &str) -> Option<Option<UtcDateTime>> {
        if self.0.strip_prefix(key)?.starts_with("null") {
            self.skip(key)?;
            return self.skip("null").map(|()| None);
        }
        self.instant(key).map(Some)
    }

    fn class(&mut self) -> Option<Class> {
        self.skip(",\"class\":")?;
        if self.skip("\"secret\"").is_some() {
            return Some(Class::Secret);
        }
        let class = if self.0.starts_with("{\"token\"") {
            Class::Token(TokenName::parse(self.text("{\"token\":\"")?).ok()?)
        } else {
            let opened_with = TokenId::parse(self.text("{\"session\":{\"opened_with\":\"")?).ok()?;
            self.skip("}")?;
            Class::Session { opened_with }
        };
        self.skip("}").map(|()| class)
    }

    fn scopes(&mut self) -> Option<Scopes> {
        self.skip(",\"grant\":")?;
        if self.skip("\"inherited\"").is_some() {
            return Some(Scopes::Inherited);
        }
        self.skip("[")?;
        let mut names = Vec::new();
        while self.skip("]").is_none() {
            names.push(self.text(if names.is_empty() { "\"" } else { ",\"" })?);
        }
        Scopes::only(names).ok()
    }

    fn state(&mut self) -> Option<TokenState> {
        self.skip(",\"state\":{\"state\":\"")?;
        let state = if self.skip("active\"").is_some() {
            TokenState::Active
        } else {
            TokenState::Revoked { at: self.instant("revoked\",\"at\":")? }
        };
        self.skip("}").map(|()| state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryStore, conformance::Subject};

    /// Records as most are, and some that have what few have.
    fn texts() -> Vec<String> {
        let subject = Subject::new(MemoryStore::new());
        let account = Subject::<MemoryStore>::account("pipeline").id;
        let at = UtcDateTime::from_unix_timestamp(1_767_225_600).unwrap();
        let token = subject.token(&account, "nightly");
        let mut tokens = vec![token.clone(), subject.secret(&account), subject.session(&account, token.id)];
        let scoped = |names: &[&str]| TokenGrant::restore(Scopes::only(names.iter().copied()).unwrap());
        tokens.extend([
            Token { grant: scoped(&[]), ..token.clone() },
            Token { grant: scoped(&["read", "write"]), expires_at: Some(at), next_due: Some(at), ..token.clone() },
            Token { state: TokenState::Revoked { at }, created_at: UtcDateTime::UNIX_EPOCH, ..token.clone() },
            Token { state: TokenState::Retiring { until: at }, ..token.clone() },
            Token { created_by: Label::new("a \"b\" \\ é"), ..token.clone() },
            Token { known_to: vec![Label::new("other")], ..token.clone() },
            Token { generation: Generation::FIRST.next(), ..token.clone() },
            Token { allowlist: Allowlist::parse_all(["10.0.0.0/8"]).unwrap(), ..token },
        ]);
        tokens.iter().map(|token| serde_json::to_string(token).unwrap()).collect()
    }

    fn is_as_serde_has_it(text: &str) -> bool {
        let plain = Token::from_plain_json(text);
        assert!(plain.is_none() || plain == serde_json::from_str(text).ok(), "{text}");
        plain.is_some()
    }

    #[test]
    fn most_records_are_read_without_serde() {
        let read: Vec<_> = texts().iter().map(|text| is_as_serde_has_it(text)).collect();
        assert_eq!(read, [[true; 6].as_slice(), &[false; 5]].concat());
    }

    /// Each byte replaced, taken away or doubled: a text that serde would refuse is never a record.
    #[test]
    fn a_damaged_record_is_never_read_as_another_than_serde_reads() {
        for text in texts() {
            for at in (0..text.len()).filter(|at| text.is_char_boundary(*at) && text.is_char_boundary(at + 1)) {
                let (before, after) = (&text[..at], &text[at + 1..]);
                for other in
                    ["", " ", "0", "-", "1", "9", "\"", "\\", "\n", "\u{7f}", "é", "}", "]", ",", "a", "A", "null"]
                {
                    is_as_serde_has_it(&[before, other, after].concat());
                }
                is_as_serde_has_it(&[before, &text[at..=at], &text[at..]].concat());
                is_as_serde_has_it(before);
            }
        }
    }
}
