//! What the OpenAPI document says of a call.

use http::Method;
use service_accounts::Duty;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::{Answer, Content};
use crate::problems::{self, Kind, oauth};

/// All that a client has to know of a call.
///
/// It holds no function: the document is made of it alone.
pub(crate) struct Description {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// The `operationId`, from which generated clients make the name of a function.
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) needs: Needs,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Content>,
    /// Whether a request without the body is refused.
    pub(crate) is_body_required: bool,
    pub(crate) answer: Answer,
    /// What it answers under another status, and with another content.
    pub(crate) other_answers: Vec<Answer>,
    /// What it refuses besides what follows from its form.
    pub(crate) problems: Vec<Kind>,
    pub(crate) refusals: Refusals,
}

/// Who may make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Anybody.
    Nothing,
    /// Who is authenticated.
    Credential,
    /// Who has this right to administrate.
    Administration(Duty),
    /// A client with its id and secret, in the header or in the form (RFC 6749 §2.3.1).
    Client,
    /// A client as before, or the bearer of a token.
    ClientOrBearer,
}

/// The shape of what a call refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusals {
    /// `application/problem+json` (RFC 9457).
    Problems,
    /// `error` and `error_description` (RFC 6749 §5.2).
    OAuth,
}

impl Description {
    /// A call that takes nothing, answers 204 and is open to anybody, until more is said.
    pub(super) fn new(method: Method, path: &'static str, id: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            summary: "",
            needs: Needs::Nothing,
            parameters: Vec::new(),
            body: None,
            is_body_required: true,
            answer: Answer::new(204, "Done.", vec![]),
            other_answers: Vec::new(),
            problems: Vec::new(),
            refusals: Refusals::Problems,
        }
    }

    /// Every problem: those that its form implies, and its own, in the order of their status.
    ///
    /// A problem that is implied twice is told once.
    pub(crate) fn all_problems(&self) -> Vec<Kind> {
        let mut all = self.problems.clone();
        all.extend(match self.refusals {
            Refusals::Problems => self.implied(),
            Refusals::OAuth => self.implied_of_oauth(),
        });
        all.sort();
        all.dedup();
        all
    }

    /// Whether it reads anything of the query.
    pub(crate) fn takes_a_query(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.parameter_in == ParameterIn::Query)
    }

    /// A path with variables can miss, a body can be malformed, a bearer can be refused: nobody has to write that down
    /// call by call.
    fn implied(&self) -> Vec<Kind> {
        // What stands in the query and is not read is refused everywhere.
        let mut all = vec![problems::UNAVAILABLE, problems::INVALID_REQUEST, problems::VALIDATION_ERROR];
        if self.needs != Needs::Nothing {
            all.extend([problems::UNAUTHENTICATED, problems::INVALID_TOKEN]);
        }
        if let Needs::Administration(_) = self.needs {
            all.push(problems::INSUFFICIENT_SCOPE);
        }
        if self.path.contains('{') {
            all.push(problems::NOT_FOUND);
        }
        if self.body.is_some() {
            // A body that breaks off is malformed too, whatever its media type.
            all.extend([problems::MALFORMED_JSON, problems::BODY_TOO_LARGE, problems::UNSUPPORTED_MEDIA_TYPE]);
        }
        all
    }

    /// The order of RFC 6749 §5.2: the request, the client, the bearer.
    fn implied_of_oauth(&self) -> Vec<Kind> {
        let mut all = Vec::new();
        if self.body.is_some() {
            all.extend([oauth::INVALID_REQUEST, oauth::TOO_LARGE, oauth::WRONG_MEDIA_TYPE, oauth::UNAVAILABLE]);
        }
        if matches!(self.needs, Needs::Client | Needs::ClientOrBearer) {
            all.push(oauth::INVALID_CLIENT);
        }
        if matches!(self.needs, Needs::ClientOrBearer | Needs::Administration(_)) {
            all.extend([oauth::INVALID_TOKEN, oauth::INSUFFICIENT_SCOPE]);
        }
        all
    }
}
