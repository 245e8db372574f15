//! What does not fit, where, in words for the author of a client.
//!
//! A message is for whoever writes the client. It holds what was expected and where, and nothing that came: a body may
//! hold a secret in the wrong field.

use std::fmt::{self, Display};

use serde::de;

/// The longest path of a field that is repeated to the client; every token is longer.
const LONGEST_PATH: usize = 64;

/// A value that is not what was expected, with the path of the field it stands in.
///
/// Its message says what was expected and repeats nothing that was sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.path())]
pub(crate) struct Misfit {
    /// The innermost first, as the error travels up.
    names: Vec<String>,
    message: String,
}

impl Misfit {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { names: Vec::new(), message: message.into() }
    }

    /// The path of the field, such as `first_token.scopes[0]`; empty for the body itself.
    ///
    /// It ends before a name that the client made up, which could be anything, a secret included: the object that has it is
    /// named then.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for name in self.names.iter().rev() {
            let separator = if path.is_empty() || name.starts_with('[') { "" } else { "." };
            if !is_plain(name) || path.len() + separator.len() + name.len() > LONGEST_PATH {
                break;
            }
            path.push_str(separator);
            path.push_str(name);
        }
        path
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The same, seen from the object that has the field.
    pub(crate) fn inside(mut self, field: &str) -> Self {
        self.names.push(field.into());
        self
    }

    /// The same, seen from the list that has the item.
    pub(crate) fn at(self, index: usize) -> Self {
        self.inside(&format!("[{index}]"))
    }
}

/// A name as fields here have them, or the place of an item.
fn is_plain(name: &str) -> bool {
    let place = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_of_a_name = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_');
    place.unwrap_or(name).chars().all(is_of_a_name)
}

impl de::Error for Misfit {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    /// What was sent is left out.
    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn invalid_length(_: usize, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected {}", OneOf(expected)))
    }

    /// The name is in the path: the reader of the object puts it there.
    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("unknown field, expected {}", OneOf(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("this field is missing").inside(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("this field comes twice").inside(field)
    }
}

struct OneOf(&'static [&'static str]);

impl Display for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((last, others)) = self.0.split_last() else { return f.write_str("no field at all") };
        for (place, name) in others.iter().enumerate() {
            write!(f, "{}`{name}`", if place == 0 { "" } else { ", " })?;
        }
        write!(f, "{}`{last}`", if others.is_empty() { "" } else { " or " })
    }
}

#[cfg(test)]
mod tests {
    use serde::de::Error;

    use super::*;

    #[test]
    fn a_path_leads_from_the_body_to_the_field() {
        let misfit = Misfit::missing_field("scopes").at(3).inside("tokens");
        assert_eq!(misfit.path(), "tokens[3].scopes");
    }

    #[test]
    fn a_name_that_could_be_a_secret_is_not_repeated() {
        for name in ["S3cr3t", "a-b", "a.b", "\u{e9}", &"x".repeat(65)] {
            assert_eq!(Misfit::new("unknown field").inside(name).path(), "", "{name}");
            let nested = Misfit::new("unknown field").inside("colour").inside(name).at(1).inside("tokens");
            assert_eq!(nested.path(), "tokens[1]", "the object that has it is named: {name}");
        }
        assert_eq!(Misfit::new("unknown field").inside("colour").path(), "colour");
    }

    #[test]
    fn what_is_expected_is_told_and_what_was_sent_is_not() {
        let sent = de::Unexpected::Str("s3cr3t");
        assert_eq!(Misfit::invalid_value(sent, &"a date").message(), "expected a date");
        assert_eq!(Misfit::unknown_variant("s3cr3t", &["a", "b", "c"]).message(), "expected `a`, `b` or `c`");
        assert_eq!(Misfit::unknown_field("s3cr3t", &["a"]).message(), "unknown field, expected `a`");
    }
}
