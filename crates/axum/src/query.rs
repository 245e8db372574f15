//! The query string, read as strictly as a body.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{
    Refusal,
    json::{Document, Misfit, Object, read},
};

/// The parameters of a query: unknown ones and ones that come twice are refused by name.
///
/// 422 names the parameter; nothing of its value is repeated.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // Names are compared after decoding, so that `lim%69t` is no second `limit`.
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let fields: Vec<_> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        if let Some((name, _)) = fields.iter().find(|(name, value)| is_mended(name) || is_mended(value)) {
            return Err(refused(&Misfit::new("send the query in UTF-8").inside(name)));
        }
        let fields = fields.into_iter().map(|(name, value)| (name, Document::Word(value))).collect();
        let read = read(&Document::Object(Object::new(fields)));
        read.map(Self).map_err(|misfit| refused(&misfit))
    }
}

fn refused(misfit: &Misfit) -> Refusal {
    Refusal::validation(&misfit.path(), misfit.message())
}

/// The decoder puts this where the bytes are no UTF-8; garbage is refused, not repaired.
fn is_mended(text: &str) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use http::Request;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        count: Option<u8>,
        is_open: Option<bool>,
        word: Option<String>,
    }

    async fn ask(query: &str) -> Result<Asked, ()> {
        let (mut parts, ()) = Request::builder().uri(format!("/?{query}")).body(()).unwrap().into_parts();
        Query::from_request_parts(&mut parts, &()).await.map(|query| query.0).map_err(drop)
    }

    #[tokio::test]
    async fn numbers_and_truths_are_written_as_text() {
        let expected = Asked { count: Some(7), is_open: Some(true), word: Some("a b/c".into()) };
        assert_eq!(ask("count=7&is_open=true&word=a+b%2Fc").await, Ok(expected));
        for query in ["count=", "count=%2B7", "count=256", "count=-1", "count=7.0", "is_open=yes", "is_open="] {
            assert_eq!(ask(query).await, Err(()), "{query}");
        }
    }

    /// With the decoder's character in its place it named another thing, and an import kept it.
    #[tokio::test]
    async fn what_is_no_utf_8_is_refused_and_not_repaired() {
        for query in ["word=pr%ffoduction", "word=%c3", "w%fford=a", "count=7&word=%ed%a0%80", "word=%EF%BF%BD"] {
            assert_eq!(ask(query).await, Err(()), "{query}");
        }
        assert_eq!(ask("word=%C3%A9").await.map(|asked| asked.word), Ok(Some("\u{e9}".into())));
    }

    #[tokio::test]
    async fn names_are_compared_after_decoding() {
        assert!(ask("c%6Funt=7").await.is_ok());
        for query in ["count=1&count=1", "count=1&c%6Funt=2", "surprise=1", "count=1&=", "Count=1"] {
            assert_eq!(ask(query).await, Err(()), "{query}");
        }
    }
}
