//! Refusals: problems (RFC 9457), and the errors of OAuth (RFC 6749 §5.2).

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

/// A refusal on the wire.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ProblemShape {
    /// Always `about:blank`: `code` tells problems apart.
    #[schema(rename = "type", example = "about:blank")]
    r#type: String,
    /// The name of the status.
    title: String,
    /// The status of the answer.
    status: u16,
    /// A sentence for people; it names the field that does not fit.
    detail: String,
    /// Stable, for programs.
    code: String,
}

/// A refusal of an OAuth call.
#[derive(ToSchema)]
#[schema(as = OAuthError)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct OAuthErrorShape {
    /// Stable, for programs.
    error: String,
    /// A clause for people; it repeats nothing that the client sent.
    error_description: String,
}

/// It is written by the face below and only described here.
impl ProblemShape {
    pub(crate) fn part() -> (String, RefOr<Schema>) {
        (Self::name().into_owned(), <Self as PartialSchema>::schema())
    }
}

impl OAuthErrorShape {
    pub(crate) fn part() -> (String, RefOr<Schema>) {
        (Self::name().into_owned(), <Self as PartialSchema>::schema())
    }
}
