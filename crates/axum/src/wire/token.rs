//! Tokens.

mod state;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use service_accounts::{
    MintedToken, NewToken, ServiceAccounts, UpdatedToken,
    access::{Permission, Scopes},
    audit::Label,
    lifecycle::{Environment, TokenState},
    naming::{NameAdvice, TokenName},
    store::{Credential, Listed, Store, Token},
    token::Hint,
};
use time::Duration;
use utoipa::ToSchema;

use self::state::named;
pub(crate) use self::state::{TokenStateShape, state};
use super::{
    account::GainView,
    insight::ObservationView,
    instant::Instant,
    policy::{FindingView, findings},
    shapes::ScopesShape,
};

/// A token to mint.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
pub(crate) struct MintRequest {
    /// Unique within the account: lower case letters, digits and `-`, `_` or `.`.
    #[schema(value_type = String, example = "nightly-load-2026")]
    name: TokenName,
    /// What it may do at most. Left out: what its account may. An empty list: nothing at all.
    #[serde(default = "inherited")]
    #[schema(value_type = ScopesShape)]
    scopes: Scopes,
    /// How many days it lives; left out, as long as its environment allows.
    #[serde(default)]
    #[schema(minimum = 1)]
    expires_in_days: Option<u32>,
    /// The only environment it works in; left out, the account's.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "production")]
    environment: Option<Environment>,
}

pub(crate) const fn inherited() -> Scopes {
    Scopes::Inherited
}

/// The lifetime is in whole days; the facade refuses what the environment does not allow.
impl From<MintRequest> for NewToken {
    fn from(asked: MintRequest) -> Self {
        Self {
            scopes: asked.scopes,
            lifetime: asked.expires_in_days.map(|days| Duration::days(days.into())),
            environment: asked.environment,
            ..Self::new(asked.name)
        }
    }
}

/// What changes about a token; its text stays the same.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TokenUpdate)]
pub(crate) struct TokenUpdateRequest {
    /// What it may do at most from the next request on.
    #[schema(value_type = ScopesShape)]
    pub(crate) scopes: Scopes,
}

/// A token, without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenView {
    /// Public: it is the beginning of the token's text.
    id: String,
    /// Its name, unique within the account.
    name: Option<String>,
    /// The text with its secret left out, to recognise it by.
    #[schema(value_type = String)]
    hint: Hint,
    /// What has become of it. Expiry is no state: compare `expires_at`.
    #[schema(value_type = TokenStateShape)]
    state: &'static str,
    /// What it may do at most, within its account: `inherited`, or a list.
    #[schema(value_type = ScopesShape)]
    scopes: Scopes,
    /// The only environment it works in.
    #[schema(value_type = String)]
    environment: Environment,
    /// When it was minted.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// Who minted it, and has seen its text.
    #[schema(value_type = String)]
    created_by: Label,
    /// The first instant at which it is refused.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// When its rotation window opens.
    #[schema(value_type = Option<String>, format = DateTime)]
    rotate_after: Option<Instant>,
    /// The token that replaces it; null where none does.
    successor: Option<String>,
}

impl TokenView {
    /// The state is worked out for this instant.
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, found: &Credential) -> Self {
        Self::of(accounts, found.token(), state(found, accounts.now()))
    }

    /// A token that was just made.
    ///
    /// It is active by its making; its account may be disabled or wait all the same.
    pub(crate) fn working<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, token: &Token) -> Self {
        Self::of(accounts, token, "active")
    }

    /// A token as a rotation answers with it: by its own record, in which an end by the account stands too.
    pub(crate) fn by_itself<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, token: &Token) -> Self {
        Self::of(accounts, token, named(token.state, token, accounts.now()))
    }

    fn of<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, token: &Token, state: &'static str) -> Self {
        Self {
            id: token.id.as_str().into(),
            name: token.class.token_name().map(|name| name.as_str().into()),
            hint: token.hint,
            state,
            scopes: token.grant.scopes().clone(),
            environment: token.environment.clone(),
            created_at: Instant(token.created_at),
            created_by: token.created_by.clone(),
            expires_at: token.expires_at.map(Instant),
            rotate_after: accounts.rotate_after(token).map(Instant),
            successor: successor_of(token),
        }
    }
}

/// The token that replaces it, unless that was called off.
fn successor_of(token: &Token) -> Option<String> {
    let rotation = token.rotation.as_deref().filter(|rotation| !rotation.is_cancelled())?;
    Some(rotation.successor().as_str().into())
}

/// A token after other scopes.
#[derive(Serialize, ToSchema)]
#[schema(as = UpdatedToken)]
pub(crate) struct UpdatedTokenView<'a> {
    #[serde(flatten)]
    token: TokenView,
    /// The token, if it gains rights which somebody who has seen its text could not have handed out.
    gains: Vec<GainView<'a>>,
    /// What soft rules of policies object to.
    warnings: Vec<FindingView<'a>>,
}

impl<'a> UpdatedTokenView<'a> {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, updated: &'a UpdatedToken) -> Self {
        let token = TokenView::new(accounts, &updated.token);
        Self { token, gains: GainView::all(&updated.gains), warnings: findings(&updated.warnings) }
    }
}

/// A token, and what was seen of it since it was revoked.
#[derive(Serialize, ToSchema)]
#[schema(as = ShownToken)]
pub(crate) struct ShownTokenView {
    #[serde(flatten)]
    pub(crate) token: TokenView,
    /// Null for a token that is not revoked.
    pub(crate) observation: Option<ObservationView>,
}

/// A token with its last use, which only lists look up.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedToken)]
pub(crate) struct ListedTokenView {
    #[serde(flatten)]
    token: TokenView,
    /// When it was last used; null if never.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Instant>,
    /// From where it was last used, if that was known.
    #[schema(value_type = Option<String>)]
    last_used_ip: Option<IpAddr>,
    /// Whether it is safe to delete.
    deletion: DeletionView,
}

/// Whether a token can be deleted and nobody will miss it.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenDeletion)]
struct DeletionView {
    /// Whether it is revoked and nobody has tried it for a whole observation.
    is_safe: bool,
    /// Why, or why not. Who tried it stands among its sightings.
    #[schema(example = "it is not revoked: revoke it first")]
    reason: &'static str,
}

impl DeletionView {
    /// The sweep of upkeep ends an observation, and an attempt begins it anew.
    fn new(found: &Credential) -> Self {
        let (is_safe, reason) = match found.token().state {
            TokenState::Deletable { .. } => (true, "nobody has tried it for a whole observation"),
            TokenState::Deleted { .. } => (false, "it is deleted"),
            _ if found.token().is_revoked(found.account()) => (false, "it is still observed: somebody may try it"),
            _ => (false, "it is not revoked: revoke it first"),
        };
        Self { is_safe, reason }
    }
}

impl ListedTokenView {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, listed: &Listed) -> Self {
        Self {
            token: TokenView::new(accounts, &listed.credential),
            last_used_at: listed.last_used.map(|last| Instant(last.at)),
            last_used_ip: listed.last_used.and_then(|last| last.address),
            deletion: DeletionView::new(&listed.credential),
        }
    }
}

/// A new token: its record, and the one sight of its text.
#[derive(Serialize, ToSchema)]
#[schema(as = MintedToken)]
pub(crate) struct MintedView<'a> {
    /// The text. It is shown here and never again.
    token: &'a str,
    #[serde(flatten)]
    record: TokenView,
    /// What could be better about its name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    advice: Vec<AdviceView>,
    /// What soft rules of policies object to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<FindingView<'a>>,
}

/// `token` is the text and stands only here; every other view has the hint.
impl<'a> MintedView<'a> {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, minted: &'a MintedToken) -> Self {
        Self {
            token: minted.secret.expose(),
            record: TokenView::working(accounts, &minted.token),
            advice: minted.advice.iter().map(AdviceView::from).collect(),
            warnings: findings(&minted.warnings),
        }
    }
}

/// What could be better about a name.
#[derive(Serialize, ToSchema)]
#[schema(as = NameAdvice)]
pub(crate) struct AdviceView {
    /// For programs.
    code: &'static str,
    /// What could be better.
    reason: &'static str,
    /// A better name, where one can be proposed.
    suggestion: Option<String>,
}

/// Advice refuses nothing: show it beside the name.
impl From<&NameAdvice> for AdviceView {
    fn from(advice: &NameAdvice) -> Self {
        Self { code: advice.code.as_str(), reason: advice.reason, suggestion: advice.suggestion.clone() }
    }
}
