//! How a review names what it is about.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use service_accounts_naming::AccountId;
use service_accounts_token::TokenId;

/// What a review names an account or a token by: `account@realm`, or `account@realm/token`.
///
/// ```
/// use service_accounts::ReviewKey;
///
/// let key: ReviewKey = "pipeline@service".parse()?;
/// assert!(key.token.is_none());
/// assert!("no account".parse::<ReviewKey>().is_err());
/// # Ok::<(), service_accounts::ReviewKeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReviewKey {
    /// The account that is meant, or whose token is.
    pub account: AccountId,
    /// The token; none where the account itself is meant.
    pub token: Option<TokenId>,
}

impl fmt::Display for ReviewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.token {
            Some(token) => write!(f, "{}/{}", self.account, token.as_str()),
            None => write!(f, "{}", self.account),
        }
    }
}

/// The text is no key of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name an account as `account@realm` and a token as `account@realm/token`")]
#[non_exhaustive]
pub struct ReviewKeyError;

impl FromStr for ReviewKey {
    type Err = ReviewKeyError;

    fn from_str(text: &str) -> Result<Self, ReviewKeyError> {
        let (account, token) = text.split_once('/').map_or((text, None), |(account, token)| (account, Some(token)));
        let account = AccountId::parse(account).map_err(|_| ReviewKeyError)?;
        let token = token.map(|token| TokenId::parse(token).map_err(|_| ReviewKeyError)).transpose()?;
        Ok(Self { account, token })
    }
}

impl Serialize for ReviewKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReviewKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
