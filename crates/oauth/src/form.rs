//! Request parameters in a body (RFC 6749 §3.2 and appendix B).

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
};
use core::fmt;

use crate::{OAuthError, Secret};

/// The parameters of one request, decoded; each name occurs once.
///
/// Names are compared after decoding, so `%73cope` is `scope`. Parameters that nothing here knows are ignored, as §3.2
/// asks, but a name that occurs twice is refused whatever it is.
pub struct Form(BTreeMap<String, String>);

/// Whether a `Content-Type` says `application/x-www-form-urlencoded`, in UTF-8 if it names a charset.
#[must_use]
pub fn is_form(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_form = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    is_form && parts.all(is_utf8)
}

impl Form {
    /// The largest body that is read.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// The most parameters that a body may have.
    pub const MAX_PARAMETERS: usize = 64;

    /// Decodes a body.
    ///
    /// # Errors
    /// `invalid_request` if the body is too large, has too many parameters, repeats a name, or is not UTF-8.
    pub fn parse(body: &[u8]) -> Result<Self, OAuthError> {
        if body.len() > Self::MAX_BYTES {
            return Err(OAuthError::too_large());
        }
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            // The decoder puts this where the bytes are no UTF-8; garbage is refused, not repaired.
            if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(OAuthError::invalid_request("the body must be UTF-8"));
            }
            if parameters.len() == Self::MAX_PARAMETERS {
                return Err(OAuthError::invalid_request("the body has too many parameters"));
            }
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(OAuthError::invalid_request("a parameter occurs twice"));
            }
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter; one that is sent without a value counts as left out (§3.2).
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.sent(name).filter(|value| !value.is_empty())
    }

    /// The value of a parameter, empty where it was sent without one.
    pub(crate) fn sent(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.value(name).ok_or_else(|| OAuthError::invalid_request(format!("the parameter {name} is missing")))
    }

    /// The token that the request is about.
    pub(crate) fn token(&self) -> Result<Secret<'_>, OAuthError> {
        self.required("token").map(Secret::new)
    }
}

/// Shows how many parameters there are: any of them may be a secret.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("parameters", &self.0.len()).finish_non_exhaustive()
    }
}

/// Decodes one word of a form: what stands between `&` and `=`.
pub(crate) fn word(text: &str) -> Option<String> {
    if text.contains(['&', '=']) {
        return None;
    }
    let decoded = form_urlencoded::parse(text.as_bytes()).next().map_or_else(String::new, |(word, _)| word.to_string());
    (!decoded.contains(char::REPLACEMENT_CHARACTER)).then_some(decoded)
}

/// A parameter of a media type that leaves the body in UTF-8.
fn is_utf8(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return parameter.is_empty() };
    !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    #[test]
    fn only_a_form_in_utf_8_is_a_form() {
        for (content_type, is_one) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded ; charset=\"UTF-8\"", true),
            ("application/x-www-form-urlencoded;", true),
            ("application/x-www-form-urlencoded; charset=utf-16", false),
            ("application/x-www-form-urlencoded2", false),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(is_form(content_type), is_one, "{content_type}");
        }
    }

    #[test]
    fn a_name_is_compared_after_decoding() {
        assert_eq!(Form::parse(b"%73cope=read").unwrap().value("scope"), Some("read"));
        assert!(Form::parse(b"scope=read&%73cope=admin").is_err());
        assert!(Form::parse(b"scope=&scope=read").is_err());
    }

    #[test]
    fn a_body_has_a_largest_size_and_a_most_parameters() {
        let of_size = |bytes: usize| format!("a={}", "x".repeat(bytes - 2));
        assert!(Form::parse(of_size(Form::MAX_BYTES).as_bytes()).is_ok());
        assert_eq!(Form::parse(of_size(Form::MAX_BYTES + 1).as_bytes()).unwrap_err().status(), 413);
        let of_parameters = |count: usize| (0..count).map(|n| format!("p{n}=x&")).collect::<String>();
        assert!(Form::parse(of_parameters(Form::MAX_PARAMETERS).as_bytes()).is_ok());
        assert_eq!(Form::parse(of_parameters(Form::MAX_PARAMETERS + 1).as_bytes()).unwrap_err().status(), 400);
    }

    #[test]
    fn what_is_no_utf_8_is_refused() {
        for body in [&b"scope=pr\xffoduction"[..], b"scope=pr%ffoduction", b"%ff=x"] {
            assert!(Form::parse(body).is_err(), "{body:?}");
        }
    }

    #[test]
    fn a_form_is_not_shown() {
        let form = Form::parse(b"client_secret=hush&hush=1").unwrap();
        assert!(!format!("{form:?}").contains("hush"));
    }
}
