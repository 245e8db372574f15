//! The record of a token, and what one authentication reads.

use std::{
    any::Any,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize};
use service_accounts_access::{Allowlist, Catalogue, CatalogueId, Grants, Permission, TokenGrant, UnknownName};
use service_accounts_audit::Label;
use service_accounts_lifecycle::{Environment, TokenState};
use service_accounts_naming::{AccountId, TokenName};
use service_accounts_token::{Digest, Hint, Kind, TokenId};
use time::UtcDateTime;

use crate::{Account, Revision, seconds};

/// Everything one authentication needs, read in one step.
///
/// A credential never exists without its account: a store that finds the one without the other reports corruption.
/// Stores hand it out behind an [`Arc`], and as long as neither record changes they may hand out the same one again: it
/// remembers what its role and scopes amount to.
#[derive(Debug)]
pub struct Credential {
    token: Token,
    account: Arc<Account>,
    grants: OnceLock<(CatalogueId, Arc<dyn Any + Send + Sync>)>,
}

impl Credential {
    /// Joins a token with its account.
    #[must_use]
    pub const fn new(token: Token, account: Arc<Account>) -> Self {
        Self { token, account, grants: OnceLock::new() }
    }

    /// The token, session or client secret.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// The account it belongs to.
    #[must_use]
    pub const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// What it may do by `catalogue`: the role, narrowed by the account's scopes and the token's, on its teams' resources.
    ///
    /// The first catalogue's answer is remembered; another catalogue is asked anew each time, until the record is read again.
    ///
    /// # Errors
    /// The catalogue does not know the role or a scope any more; nothing may be allowed then.
    pub fn grants<P: Permission>(&self, catalogue: &Catalogue<P>) -> Result<Arc<Grants<P>>, UnknownName> {
        if let Some((known, grants)) = self.grants.get()
            && *known == catalogue.id()
            && let Ok(grants) = grants.clone().downcast()
        {
            return Ok(grants);
        }
        let grants = Arc::new(catalogue.holder(&self.account.grant, self.token.grant.scopes())?);
        // Another thread may have been first, perhaps with another catalogue; its answer may stay.
        let _ = self.grants.set((catalogue.id(), grants.clone()));
        Ok(grants)
    }
}

/// A token, session or client secret as it is kept: everything but its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The public half of its text.
    pub id: TokenId,
    /// The account it belongs to.
    pub account: AccountId,
    /// What it is used as.
    pub class: Class,
    /// What its secret is verified against.
    pub digest: Digest,
    /// How lists show it.
    pub hint: Hint,
    /// What it may do at most, within its account.
    pub grant: TokenGrant,
    /// The only environment it works in.
    pub environment: Environment,
    /// The networks it may come from, within its account's.
    pub allowlist: Allowlist,
    /// Whether it works, retires, or ended.
    pub state: TokenState,
    /// When it was created.
    #[serde(with = "seconds")]
    pub created_at: UtcDateTime,
    /// Who created it.
    pub created_by: Label,
    /// When it ends; the first instant at which it is refused. A client secret lasts until it is regenerated.
    #[serde(with = "seconds::option")]
    pub expires_at: Option<UtcDateTime>,
    /// When it next needs somebody's attention; what [`Store::due`](crate::Store::due) looks at.
    #[serde(with = "seconds::option")]
    pub next_due: Option<UtcDateTime>,
    /// The event that last changed this record; the store sets it.
    pub revision: Revision,
}

/// What a credential is used as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A token, by its name within the account.
    Token(TokenName),
    /// A session, with the client secret it was opened with.
    Session {
        /// The client secret's id.
        opened_with: TokenId,
    },
    /// The account's client secret.
    Secret,
}

impl Class {
    /// The kind that stands in the credential's text.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Token(_) => Kind::Token,
            Self::Session { .. } => Kind::Session,
            Self::Secret => Kind::Secret,
        }
    }

    /// The name people know a token by.
    #[must_use]
    pub const fn token_name(&self) -> Option<&TokenName> {
        match self {
            Self::Token(name) => Some(name),
            Self::Session { .. } | Self::Secret => None,
        }
    }
}
