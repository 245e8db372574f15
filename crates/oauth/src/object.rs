//! A JSON object, read strictly: no name twice, no array in its place.

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};
use core::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::Value;

use crate::{ErrorCode, OAuthError};

/// The members of an object; which of them are known is for the reader to say.
pub(crate) struct Object(BTreeMap<String, Value>);

impl Object {
    /// Reads a body that is one JSON object.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, OAuthError> {
        serde_json::from_slice(body).map_err(|_| {
            OAuthError::new(ErrorCode::InvalidClientMetadata, "send one json object with each name in it once")
        })
    }

    /// A member that is a text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, OAuthError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(unfit(name, "a text that is not empty")),
        }
    }

    /// A member that is a list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, OAuthError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => {
                let texts: Option<_> = items.iter().map(Value::as_str).collect();
                texts.map(Some).ok_or_else(|| unfit(name, "a list of texts"))
            }
            Some(_) => Err(unfit(name, "a list of texts")),
        }
    }
}

/// Shows how many members there are: a client may put secrets anywhere.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("members", &self.0.len()).finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(Object(members))
    }
}

/// `name` is the reader's word, never the client's.
fn unfit(name: &str, expected: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, format!("{name} must be {expected}"))
}
