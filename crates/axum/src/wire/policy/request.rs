//! Schemas of what the crate `lifecycle` reads itself.

use utoipa::ToSchema;

use super::KindShape;

/// Which requests a policy is about: each list that is not empty must have an entry that fits.
#[derive(ToSchema)]
#[schema(as = PolicyCriteria)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct CriteriaShape {
    #[schema(required = false)]
    kinds: Vec<KindShape>,
    /// Exact domains, or `*.` and a domain for all below it.
    #[schema(required = false, example = json!(["*.example.com"]))]
    domains: Vec<String>,
    #[schema(required = false)]
    environments: Vec<String>,
    #[schema(required = false)]
    teams: Vec<String>,
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
    #[schema(required = false)]
    kind: KindShape,
    name: String,
    environment: String,
    #[schema(required = false)]
    other_environments: Vec<String>,
    owner: Option<String>,
    purpose: Option<String>,
    role: Option<String>,
    justification: Option<String>,
    #[schema(required = false)]
    is_approved: bool,
    #[schema(required = false)]
    is_personal: bool,
    #[schema(required = false)]
    teams: Vec<String>,
    #[schema(required = false)]
    scopes: Vec<String>,
    #[schema(required = false)]
    domains: Vec<String>,
    #[schema(required = false)]
    integrations: Vec<String>,
    #[schema(required = false)]
    allowlist: Vec<String>,
    /// A number and a unit, `s`, `m`, `h` or `d`.
    #[schema(example = "90d")]
    lifetime: Option<String>,
    #[schema(example = "14d")]
    rotation_lead: Option<String>,
    /// Codes of advice on the name.
    #[schema(required = false)]
    naming_advice: Vec<String>,
}
