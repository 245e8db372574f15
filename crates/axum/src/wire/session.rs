//! Sessions, and what a credential is good for.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use service_accounts::{
    Narrowing, OpenedSession, Principal, ServiceAccounts,
    access::{Allowlist, Permission, Scopes, Teams},
    lifecycle::Environment,
    naming::{AccountId, DisplayName},
    store::{Account, Class, Listed, Store, Token},
    token::Hint,
};
use time::Duration;
use utoipa::ToSchema;

use super::{
    instant::Instant,
    shapes::{ScopesShape, TeamsShape},
    token::{TokenStateShape, state},
};
use crate::Refusal;

/// Client credentials, and how the session is to be narrower than its account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientCredentials)]
pub(crate) struct AuthRequest {
    /// The account's id.
    #[schema(example = "pipeline_automation@service")]
    pub(crate) client_id: String,
    /// The secret that was shown when the account was created or its secret regenerated.
    pub(crate) client_secret: String,
    /// Scope names with spaces between; left out, what the account may.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    scope: Option<String>,
    /// Seconds it lives, at most 86400; left out, 86400.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 86400)]
    expires_in: Option<u32>,
    /// Networks it may come from, within the account's.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    ip_allowlist: Allowlist,
}

/// A scope of `null` is no way of leaving it out: that would be the widest there is.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl AuthRequest {
    /// `scope` is a list with spaces between, as RFC 6749 §3.3 writes it.
    pub(crate) fn narrowing(&self) -> Result<Narrowing, Refusal> {
        let scopes = self.scope.as_deref().map(Scopes::parse_list).transpose();
        let scopes = scopes.map_err(|error| Refusal::validation("scope", &error.to_string()))?;
        Ok(Narrowing {
            scopes: scopes.unwrap_or(Scopes::Inherited),
            allowlist: self.ip_allowlist.clone(),
            lifetime: self.expires_in.map(|seconds| Duration::seconds(seconds.into())),
        })
    }
}

/// A new session, with the one sight of its text.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct AuthView<'a> {
    /// Shown here and never again.
    token: &'a str,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// The first instant at which it is refused.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
    /// The account it acts for, and what the session may do.
    service_account: HolderView<'a>,
}

/// The names are those of RFC 6749 §5.1 where it has them.
impl<'a> AuthView<'a> {
    pub(crate) fn new<P: Permission>(session: &'a OpenedSession<P>) -> Self {
        let permissions = session.grants.permissions().iter();
        Self {
            token: session.secret.expose(),
            token_type: "Bearer",
            expires_in: (session.expires_at - session.token.created_at).whole_seconds(),
            expires_at: Instant(session.expires_at),
            service_account: HolderView::new(&session.account, &session.token, permissions),
        }
    }
}

/// An open session of an account, without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenSession)]
pub(crate) struct SessionView {
    /// Its public id.
    id: String,
    /// Its obfuscated form, to recognise it by.
    #[schema(value_type = String)]
    hint: Hint,
    /// What has become of it. Expiry is no state: compare `expires_at`.
    #[schema(value_type = TokenStateShape)]
    state: &'static str,
    /// What it may do at most, within its account.
    #[schema(value_type = ScopesShape)]
    scopes: Scopes,
    /// Addresses and networks it may come from; empty: from its account's.
    #[schema(value_type = Vec<String>)]
    ip_allowlist: Allowlist,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// The first instant at which it is refused.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// When it was last used; `null` if never.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Instant>,
    /// From where it was last used, if that was known.
    #[schema(value_type = Option<String>)]
    last_used_ip: Option<IpAddr>,
}

/// It names no text and no digest: a session is known by its id.
impl SessionView {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, listed: &Listed) -> Self {
        let session = listed.credential.token();
        Self {
            id: session.id.as_str().into(),
            hint: session.hint,
            state: state(&listed.credential, accounts.now()),
            scopes: session.grant.scopes().clone(),
            ip_allowlist: session.allowlist.clone(),
            created_at: Instant(session.created_at),
            expires_at: session.expires_at.map(Instant),
            last_used_at: listed.last_used.map(|last| Instant(last.at)),
            last_used_ip: listed.last_used.and_then(|last| last.address),
        }
    }
}

/// The account behind a credential. Scopes that are inherited are shown as what they amount to: each permission's name
/// is a scope too.
#[derive(Serialize, ToSchema)]
#[schema(as = Holder)]
struct HolderView<'a> {
    /// The account's id.
    #[schema(value_type = String)]
    id: &'a AccountId,
    /// The account's name.
    #[schema(value_type = String)]
    name: &'a DisplayName,
    /// The narrowest list of scopes among the credential's and the account's; without one, its permissions.
    scopes: Vec<String>,
}

impl<'a> HolderView<'a> {
    fn new<P: Permission>(account: &'a Account, token: &Token, permissions: impl Iterator<Item = P>) -> Self {
        let narrowest =
            [token.grant.scopes(), account.grant.scopes()].into_iter().find(|scopes| **scopes != Scopes::Inherited);
        let scopes = match narrowest {
            Some(scopes) => scopes.names().map(|name| name.as_str().into()).collect(),
            None => permissions.map(|permission| permission.name().into()).collect(),
        };
        Self { id: &account.id, name: &account.name, scopes }
    }
}

/// What a credential is good for.
#[derive(Serialize, ToSchema)]
#[schema(as = Verified)]
pub(crate) struct VerifyView<'a> {
    /// Always true: a credential that is not good gets no such answer.
    active: bool,
    /// Whether it is a token or a session.
    #[schema(value_type = KindShape)]
    kind: &'static str,
    /// The account it acts for.
    service_account: HolderView<'a>,
    /// The credential that was shown.
    token: CredentialView<'a>,
    /// What it may do right now.
    permissions: Vec<&'static str>,
    /// Whose resources it reaches.
    #[schema(value_type = TeamsShape)]
    teams: &'a Teams,
    /// The only environment the credential works in.
    #[schema(value_type = String)]
    environment: &'a Environment,
}

/// What a bearer credential is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
#[schema(as = CredentialKind)]
enum KindShape {
    Token,
    Session,
}

/// The credential itself, without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = Credential)]
struct CredentialView<'a> {
    /// Its public id.
    id: &'a str,
    /// A token's name; `null` for a session.
    name: Option<&'a str>,
    /// Its obfuscated form, to recognise it by.
    #[schema(value_type = String)]
    hint: Hint,
    /// The first instant at which it is refused.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// When it should be replaced; `null` for a session.
    #[schema(value_type = Option<String>, format = DateTime)]
    rotate_after: Option<Instant>,
}

impl<'a> VerifyView<'a> {
    /// None if the credential has been deleted since it came in.
    pub(crate) fn new<S: Store, P: Permission>(
        accounts: &ServiceAccounts<S, P>,
        principal: &'a Principal<P>,
    ) -> Option<Self> {
        let (account, token, permissions) =
            (principal.account()?, principal.token()?, principal.grants().permissions());
        Some(Self {
            active: true,
            kind: kind(&token.class),
            service_account: HolderView::new(account, token, permissions.iter()),
            token: CredentialView {
                id: token.id.as_str(),
                name: token.class.token_name().map(|name| name.as_str()),
                hint: token.hint,
                expires_at: token.expires_at.map(Instant),
                rotate_after: accounts.rotate_after(token).map(Instant),
            },
            permissions: permissions.iter().map(Permission::name).collect(),
            teams: principal.grants().teams(),
            environment: &token.environment,
        })
    }
}

/// As introspection and the trail call it.
const fn kind(class: &Class) -> &'static str {
    match class {
        Class::Token(_) => "token",
        Class::Session { .. } => "session",
        Class::Secret => "secret",
    }
}
