//! What a change did to one field.

use alloc::{string::String, sync::Arc};
use core::fmt;

use crate::label::{is_one_line, on_one_line};

/// One field's value before and after a change; each is absent where there was or is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Changed {
    /// The value before the change.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub old: Option<Value>,
    /// The value after the change.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub new: Option<Value>,
}

/// A text that a list of scopes, teams or networks fits into, without control characters.
///
/// What does not fit is cut off and ends in `…`; what could break a line becomes `U+FFFD`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(Arc<str>);

impl Value {
    /// The longest value, in characters.
    pub const MAX_CHARS: usize = 2000;

    /// Makes a value of any text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.len() <= Self::MAX_CHARS && is_one_line(text) {
            return Self(text.into());
        }
        let mut rest = text.chars();
        let mut kept: String = rest.by_ref().take(Self::MAX_CHARS).map(on_one_line).collect();
        if rest.next().is_some() {
            kept.pop();
            kept.push('…');
        }
        Self(kept.into())
    }

    /// The value as it is kept: one line, shortened where it was long.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl AsRef<str> for Value {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_at_its_bound_and_says_so() {
        for (given, is_cut) in [(1999, false), (2000, false), (2001, true)] {
            let text: String = core::iter::repeat_n('é', given).collect();
            let value = Value::new(&text);
            assert_eq!(value.as_str().chars().count(), given.min(2000));
            assert_eq!(value.as_str().ends_with('…'), is_cut, "{given}");
            assert_eq!(Value::new(value.as_str()), value);
        }
    }

    #[test]
    fn a_value_never_breaks_a_line() {
        assert_eq!(Value::new("a,b\nrole=admin\u{2028}").as_str(), "a,b\u{fffd}role=admin\u{fffd}");
        assert_eq!(Value::new("invoices:view, users:view").as_str(), "invoices:view, users:view");
    }
}
