//! Where a token may be used.
//!
//! A token is bound to one environment and refused in every other, so two spellings of one
//! environment would be two environments. The grammar leaves a single spelling: lower case, no
//! surrounding white space, nothing a terminal or a log could fold.

use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

/// The longest environment name, in bytes.
const LONGEST: usize = 32;

/// The name of an environment, such as `production`: 1–32 of `a-z`, `0-9` and inner `-`, beginning with a letter.
///
/// Four are named here because the default [`LifecyclePolicy`](crate::LifecyclePolicy) knows them; a
/// host adds its own. Cloning copies a pointer.
///
/// ```
/// use service_accounts_lifecycle::Environment;
///
/// let canary: Environment = "canary-eu".parse()?;
/// assert_eq!(canary.as_str(), "canary-eu");
/// assert!(Environment::parse("Production").is_err(), "one environment, one spelling");
/// # Ok::<(), service_accounts_lifecycle::EnvironmentError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Environment(Arc<str>);

impl Environment {
    /// Reads the name of an environment.
    ///
    /// # Errors
    ///
    /// Refuses whatever is not in the grammar; nothing is folded or trimmed.
    pub fn parse(name: &str) -> Result<Self, EnvironmentError> {
        let bytes = name.as_bytes();
        if bytes.len() > LONGEST {
            return Err(EnvironmentError::TooLong { length: bytes.len() });
        }
        match bytes.first() {
            None => return Err(EnvironmentError::Empty),
            Some(first) if !first.is_ascii_lowercase() => return Err(EnvironmentError::Start),
            Some(_) => {}
        }
        if let Some(position) = bytes.iter().position(|&byte| !is_allowed(byte)) {
            return Err(EnvironmentError::Character { position });
        }
        if bytes.last() == Some(&b'-') {
            return Err(EnvironmentError::End);
        }
        Ok(Self(name.into()))
    }

    /// Where real users are served.
    #[must_use]
    pub fn production() -> Self {
        Self("production".into())
    }

    /// The rehearsal of production.
    #[must_use]
    pub fn staging() -> Self {
        Self("staging".into())
    }

    /// Where the software is written; the only one personal tokens belong to.
    #[must_use]
    pub fn development() -> Self {
        Self("development".into())
    }

    /// Short-lived runs of tests.
    #[must_use]
    pub fn testing() -> Self {
        Self("testing".into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Environment {
    type Err = EnvironmentError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({})", self.0)
    }
}

/// Why a text is not the name of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// There is no text.
    #[error("the environment name is empty")]
    Empty,
    /// The text is longer than any name may be.
    #[error("the environment name has {length} bytes where {LONGEST} are allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The first character is not a lower-case letter.
    #[error("the environment name does not begin with a lower-case letter")]
    Start,
    /// The last character is a hyphen.
    #[error("the environment name ends with a hyphen")]
    End,
    /// A character is outside `a-z`, `0-9` and `-`.
    #[error("the environment name has a character that is not allowed at byte {position}")]
    Character {
        /// Where the character begins, in bytes.
        position: usize,
    },
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn names_in_the_grammar_are_kept_as_they_are() {
        for name in ["a", "production", "eu-west-1", "abcdefghijklmnopqrstuvwxyz012345"] {
            assert_eq!(Environment::parse(name).unwrap().to_string(), name);
        }
    }

    #[test]
    fn names_outside_the_grammar_are_refused_with_their_place() {
        use EnvironmentError as E;
        let table = [
            ("", E::Empty),
            ("Production", E::Start),
            ("1st", E::Start),
            ("-a", E::Start),
            (" production", E::Start),
            ("production ", E::Character { position: 10 }),
            ("prodUction", E::Character { position: 4 }),
            ("prod_eu", E::Character { position: 4 }),
            ("prodé", E::Character { position: 4 }),
            ("prod-", E::End),
            ("abcdefghijklmnopqrstuvwxyz0123456", E::TooLong { length: 33 }),
        ];
        for (name, error) in table {
            assert_eq!(Environment::parse(name), Err(error), "{name:?}");
        }
    }

    #[test]
    fn the_named_environments_read_back_as_themselves() {
        let all =
            [Environment::production(), Environment::staging(), Environment::development(), Environment::testing()];
        for environment in all {
            assert_eq!(environment.as_str().parse(), Ok(environment));
        }
    }

    #[test]
    fn the_debug_form_shows_the_name_and_its_type() {
        assert_eq!(alloc::format!("{:?}", Environment::testing()), "Environment(testing)");
    }
}
