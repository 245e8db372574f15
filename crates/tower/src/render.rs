//! A refusal as a response of the host's stack.

use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};

use crate::Problem;

/// Makes a response of a refusal, for one type of body.
///
/// [`ProblemJson`] and [`Grpc`] are ready-made. Any function is one too, so that every stack's body can be made:
///
/// ```
/// use http::Response;
/// use service_accounts_tower::{Problem, Render};
///
/// /// A body that cannot be made of a `String` by itself.
/// struct Frames(Vec<String>);
///
/// fn framed(problem: Problem) -> Response<Frames> {
///     problem.into_response::<String>().map(|body| Frames(vec![body]))
/// }
///
/// let response = framed.render(Problem::unavailable());
/// assert_eq!((response.status().as_u16(), response.body().0.len()), (503, 1));
/// ```
pub trait Render<B> {
    /// The response to send instead of serving the request.
    fn render(&self, problem: Problem) -> Response<B>;
}

/// `application/problem+json` (RFC 9457) in any body that can be made of a `String`, as those of axum and http-body-util.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProblemJson;

/// A gRPC status in the trailers-only form: HTTP 200, no body, and the status among the headers.
///
/// 401 and a malformed credential are `UNAUTHENTICATED`, 403 is `PERMISSION_DENIED`, 503 is `UNAVAILABLE`. The stable
/// code of the problem is in the metadata under [`Grpc::CODE`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Grpc;

impl<B: From<String>> Render<B> for ProblemJson {
    fn render(&self, problem: Problem) -> Response<B> {
        problem.into_response()
    }
}

impl<B, F: Fn(Problem) -> Response<B>> Render<B> for F {
    fn render(&self, problem: Problem) -> Response<B> {
        self(problem)
    }
}

impl Grpc {
    /// The metadata key under which a client finds the problem's code, such as `INVALID_TOKEN`.
    pub const CODE: HeaderName = HeaderName::from_static("service-account-code");
}

impl<B: Default> Render<B> for Grpc {
    fn render(&self, problem: Problem) -> Response<B> {
        let mut response = Response::new(B::default());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", HeaderValue::from(grpc_status(&problem)));
        headers.insert(Self::CODE, HeaderValue::from_static(problem.code()));
        if let Ok(message) = HeaderValue::from_str(&percent_encoded(problem.detail())) {
            headers.insert("grpc-message", message);
        }
        response
    }
}

/// The numbers are those of <https://grpc.io/docs/guides/status-codes/>.
fn grpc_status(problem: &Problem) -> u16 {
    const UNKNOWN: u16 = 2;
    const INVALID_ARGUMENT: u16 = 3;
    const PERMISSION_DENIED: u16 = 7;
    const UNAVAILABLE: u16 = 14;
    const UNAUTHENTICATED: u16 = 16;
    match problem.status() {
        StatusCode::FORBIDDEN => PERMISSION_DENIED,
        StatusCode::SERVICE_UNAVAILABLE => UNAVAILABLE,
        StatusCode::UNAUTHORIZED => UNAUTHENTICATED,
        _ if problem.challenge().is_some() => UNAUTHENTICATED,
        StatusCode::BAD_REQUEST => INVALID_ARGUMENT,
        _ => UNKNOWN,
    }
}

/// The form of `grpc-message`: printable ASCII but `%` stands for itself.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | 0..b' ' | 0x7f.. => encoded.push_str(&format!("%{byte:02X}")),
            _ => encoded.push(char::from(byte)),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BearerError, ClientAddressError, Disclose};

    fn status_of(problem: Problem) -> u16 {
        let response: Response<String> = Grpc.render(problem);
        assert_eq!((response.status(), response.body().as_str()), (StatusCode::OK, ""));
        assert_eq!(response.headers()[CONTENT_TYPE], "application/grpc");
        response.headers()["grpc-status"].to_str().unwrap().parse().unwrap()
    }

    #[test]
    fn each_refusal_has_its_grpc_status() {
        let unauthenticated = [BearerError::Missing, BearerError::Doubled, BearerError::Malformed, BearerError::InUrl];
        for error in unauthenticated {
            assert_eq!(status_of(Problem::of_bearer(error, "acme")), 16, "{error}");
        }
        let rejected = service_accounts::AuthenticateError::Rejected(service_accounts::Rejection::Revoked);
        assert_eq!(status_of(Problem::of_authentication(&rejected, "acme", Disclose::Nothing)), 16);
        let forbidden = service_accounts::Forbidden { permission: "resources:write" };
        assert_eq!(status_of(Problem::of_forbidden(forbidden, "acme")), 7);
        assert_eq!(status_of(Problem::unavailable()), 14);
        assert_eq!(status_of(ClientAddressError.into()), 3);
        assert_eq!(status_of(Problem::new(StatusCode::IM_A_TEAPOT, "TEAPOT", "short")), 2);
    }

    #[test]
    fn a_message_is_one_line_of_ascii() {
        assert_eq!(percent_encoded("100 % \u{e9}\n~"), "100 %25 %C3%A9%0A~");
    }

    #[test]
    fn the_metadata_name_the_code_and_the_detail() {
        let response: Response<String> = Grpc.render(Problem::unavailable());
        assert_eq!(response.headers()[Grpc::CODE], "UNAVAILABLE");
        assert_eq!(response.headers()["grpc-message"], "The service cannot decide right now; try again.");
    }
}
