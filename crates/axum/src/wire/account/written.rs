//! Accounts after a change, and new ones with the one sight of their secrets.

use serde::Serialize;
use service_accounts::{
    CreatedAccount, Gain, RegeneratedSecret, ServiceAccounts, UpdatedAccount, access::Permission, audit::Label,
    naming::AccountId, store::Store,
};
use utoipa::ToSchema;

use super::AccountView;
use crate::wire::{
    policy::{FindingView, findings},
    token::{AdviceView, MintedView},
};

/// An account after a change.
#[derive(Serialize, ToSchema)]
#[schema(as = UpdatedAccount)]
pub(crate) struct UpdatedView<'a> {
    #[serde(flatten)]
    account: AccountView<'a>,
    /// Credentials that gain rights which somebody who has seen their text could not have handed out.
    gains: Vec<GainView<'a>>,
    /// What soft rules of policies object to.
    warnings: Vec<FindingView<'a>>,
}

/// A credential that gains rights by somebody else's hand.
#[derive(Serialize, ToSchema)]
#[schema(as = Gain)]
pub(crate) struct GainView<'a> {
    /// Its public id.
    token: &'a str,
    /// Who has seen its text and does not hold the new rights.
    #[schema(value_type = Vec<String>)]
    known_to: &'a [Label],
}

impl<'a> GainView<'a> {
    /// An empty list says that nobody gains, and is always there.
    pub(crate) fn all(gains: &'a [Gain]) -> Vec<Self> {
        gains.iter().map(|gain| Self { token: gain.token.as_str(), known_to: &gain.known_to }).collect()
    }
}

/// Made of what was written, so that a client need not read again.
impl<'a> UpdatedView<'a> {
    pub(crate) fn new(updated: &'a UpdatedAccount) -> Self {
        let gains = GainView::all(&updated.gains);
        Self { account: AccountView::new(&updated.account), gains, warnings: findings(&updated.warnings) }
    }
}

/// A new account, with the one sight of its secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedAccount)]
pub(crate) struct CreatedView<'a> {
    #[serde(flatten)]
    account: AccountView<'a>,
    /// The account's id again, under the name that clients of the exchange know.
    #[schema(value_type = String)]
    client_id: &'a AccountId,
    /// Shown here and never again. Left out where a retry comes after a credential was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    client_secret: Option<&'a str>,
    /// The first token, where one was minted. Its text is shown here and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MintedView, required = false)]
    first_token: Option<MintedView<'a>>,
    /// What could be better about the names.
    advice: Vec<AdviceView>,
    /// What soft rules of policies object to, in the account and in its first token.
    warnings: Vec<FindingView<'a>>,
}

/// It borrows the secrets for as long as the answer is written, and copies them nowhere else.
impl<'a> CreatedView<'a> {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, created: &'a CreatedAccount) -> Self {
        let account = &created.account;
        Self {
            account: AccountView::new(account),
            client_id: &account.id,
            client_secret: created.client_secret.as_ref().map(|secret| secret.expose()),
            first_token: created.first_token.as_ref().map(|minted| MintedView::new(accounts, minted)),
            advice: created.advice.iter().map(AdviceView::from).collect(),
            warnings: findings(&created.warnings),
        }
    }
}

/// A new client secret; the one before has stopped working.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientSecret)]
pub(crate) struct SecretView<'a> {
    /// The account's id; it stays the same.
    #[schema(value_type = String)]
    client_id: &'a AccountId,
    /// Shown here and never again.
    client_secret: &'a str,
    /// What soft rules of policies object to in the account.
    warnings: Vec<FindingView<'a>>,
}

/// The client id stands beside, so that the answer alone can be handed to whoever runs the client.
impl<'a> SecretView<'a> {
    pub(crate) fn new(client_id: &'a AccountId, regenerated: &'a RegeneratedSecret) -> Self {
        let (client_secret, warnings) = (regenerated.secret.expose(), findings(&regenerated.warnings));
        Self { client_id, client_secret, warnings }
    }
}
