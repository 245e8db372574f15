//! What must be read before a change can be decided.

use service_accounts_naming::{AccountId, TokenName};
use service_accounts_token::TokenId;

use crate::{Authority, Change};

/// What a store must read before a change can be decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// These accounts, where they exist.
    pub accounts: Vec<AccountId>,
    /// These tokens, where they exist.
    pub tokens: Vec<TokenId>,
    /// Every credential of this account, of whatever class.
    pub credentials_of: Option<AccountId>,
    /// Which token of this account has this name.
    pub name: Option<(AccountId, TokenName)>,
}

impl Change {
    /// What must be read to decide this change.
    #[must_use]
    pub fn needs(&self, authority: &Authority) -> Needs {
        let mut needs = self.own_needs();
        if let Authority::Credential { token, account, .. } = authority {
            needs.accounts.push(account.clone());
            needs.tokens.push(*token);
        }
        needs
    }

    fn own_needs(&self) -> Needs {
        let none = Needs::default();
        match self {
            Self::CreateAccount { account, tokens } => Needs {
                accounts: vec![account.id.clone()],
                tokens: tokens.iter().map(|token| token.id).collect(),
                ..none
            },
            Self::UpdateAccount { account, .. } => Needs { accounts: vec![account.id.clone()], ..none },
            Self::DeleteAccount { account } => {
                Needs { accounts: vec![account.clone()], credentials_of: Some(account.clone()), ..none }
            }
            Self::Mint { token, .. } => Needs {
                accounts: vec![token.account.clone()],
                tokens: vec![token.id],
                name: token.class.token_name().map(|name| (token.account.clone(), name.clone())),
                ..none
            },
            Self::RegenerateSecret { secret, .. } => Needs {
                accounts: vec![secret.account.clone()],
                tokens: vec![secret.id],
                credentials_of: Some(secret.account.clone()),
                ..none
            },
            Self::UpdateToken { token, .. } => Needs { tokens: vec![token.id], ..none },
            Self::Revoke { token, .. } | Self::DeleteToken { token, .. } | Self::Rehash { token, .. } => {
                Needs { tokens: vec![*token], ..none }
            }
        }
    }
}
