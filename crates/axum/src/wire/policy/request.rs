//! Schemas of what the crate `lifecycle` reads itself.

use utoipa::ToSchema;

use super::KindShape;

/// Which requests a policy is about: each list that is not empty must have an entry that fits.
#[derive(ToSchema)]
#[schema(as = PolicyCriteria)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct CriteriaShape {
    /// The request is of one of these kinds.
    #[schema(required = false)]
    kinds: Vec<KindShape>,
    /// Exact domains, or `*.` and a domain for all below it.
    #[schema(required = false, example = json!(["*.example.com"]))]
    domains: Vec<String>,
    /// The request's environment is one of these.
    #[schema(required = false)]
    environments: Vec<String>,
    /// One of the account's teams is one of these.
    #[schema(required = false)]
    teams: Vec<String>,
    /// The account's role is one of these.
    #[schema(required = false)]
    roles: Vec<String>,
    /// Names, or beginnings that end in `*`.
    #[schema(required = false)]
    names: Vec<String>,
}

/// A request for an account, a token or a certificate. What is left out is absent.
#[derive(ToSchema)]
#[schema(as = PolicyRequest)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct RequestShape {
    /// What is asked for.
    #[schema(required = false)]
    kind: KindShape,
    /// The account's name.
    name: String,
    /// Where the credential is to be used.
    environment: String,
    /// Where the same secret is used already.
    #[schema(required = false)]
    other_environments: Vec<String>,
    /// Whom to ask about the account.
    owner: Option<String>,
    /// What the account is for.
    purpose: Option<String>,
    /// The account's role.
    role: Option<String>,
    /// Why the account needs its role.
    justification: Option<String>,
    /// Whether another administrator has approved the account.
    #[schema(required = false)]
    is_approved: bool,
    /// Whether the credential belongs to a person.
    #[schema(required = false)]
    is_personal: bool,
    /// The account's teams.
    #[schema(required = false)]
    teams: Vec<String>,
    /// The credential's scopes.
    #[schema(required = false)]
    scopes: Vec<String>,
    /// The domains it is for; of a certificate, the names in it.
    #[schema(required = false)]
    domains: Vec<String>,
    /// The systems that use the account.
    #[schema(required = false)]
    integrations: Vec<String>,
    /// The networks that the account may come from.
    #[schema(required = false)]
    allowlist: Vec<String>,
    /// A number and a unit, `s`, `m`, `h` or `d`.
    #[schema(example = "90d")]
    lifetime: Option<String>,
    /// How long before its end a successor is to be minted: a number and a unit.
    #[schema(example = "14d")]
    rotation_lead: Option<String>,
    /// Codes of advice on the name.
    #[schema(required = false)]
    naming_advice: Vec<String>,
}
