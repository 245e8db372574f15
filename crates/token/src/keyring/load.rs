//! Keyrings out of configuration.

use core::fmt;

use super::{Keyring, KeyringError};
use crate::{Pepper, PepperError, PepperId, PepperIdError};

impl Keyring {
    /// Reads a keyring from text: peppers as `id:key`, separated by commas, the current one first.
    ///
    /// Keys are spelt as [`Pepper::parse`] takes them; white space around a pepper does not count.
    ///
    /// ```
    /// use service_accounts_token::Keyring;
    ///
    /// let keyring = Keyring::parse(
    ///     "k2:2222222222222222222222222222222222222222222222222222222222222222,
    ///      k1:MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=",
    /// )?;
    /// assert!(keyring.peppers().map(|id| id.to_string()).eq(["k2", "k1"]));
    /// # Ok::<(), service_accounts_token::KeyringLoadError>(())
    /// ```
    ///
    /// # Errors
    /// A pepper has no id or no key, one of them is malformed, or two share an id. Nothing of the text
    /// is in the error, only the place of the pepper.
    pub fn parse(text: &str) -> Result<Self, KeyringLoadError> {
        let mut peppers = (1..).zip(text.split(','));
        let (place, first) = peppers.next().ok_or(KeyringLoadError::Form(1))?;
        let (id, pepper) = parse_pepper(place, first)?;
        peppers.try_fold(Self::new(id, pepper), |keyring, (place, text)| {
            let (id, pepper) = parse_pepper(place, text)?;
            keyring.with_earlier(id, pepper).map_err(|error| KeyringLoadError::Keyring(place, error))
        })
    }

    /// Reads a keyring from an environment variable, in the form [`parse`](Self::parse) takes.
    ///
    /// ```
    /// use service_accounts_token::Keyring;
    ///
    /// let missing = Keyring::from_env("NOT_SET_ANYWHERE").unwrap_err();
    /// assert!(missing.to_string().starts_with("the environment variable `NOT_SET_ANYWHERE` is not set"));
    /// ```
    ///
    /// # Errors
    /// The variable is not set or holds no keyring; the error names it. Nothing of its value is in the error.
    #[cfg(feature = "std")]
    #[cfg_attr(docsrs, doc(cfg(feature = "std")))]
    pub fn from_env(variable: &str) -> Result<Self, KeyringEnvError> {
        let fail = |reason| KeyringEnvError { variable: variable.into(), reason };
        let value = std::env::var_os(variable).ok_or_else(|| fail(None))?;
        let value = zeroize::Zeroizing::new(value.into_encoded_bytes());
        let text = core::str::from_utf8(&value).map_err(|_| fail(Some(KeyringLoadError::Form(1))))?;
        Self::parse(text).map_err(|error| fail(Some(error)))
    }
}

/// Why an environment variable gives no keyring; its text names the variable and says what is wrong.
///
/// `Debug` prints the same text, because that is what a `main` prints that returns the error.
#[cfg(feature = "std")]
#[cfg_attr(docsrs, doc(cfg(feature = "std")))]
#[derive(Clone, PartialEq, Eq)]
pub struct KeyringEnvError {
    variable: alloc::string::String,
    /// None where the variable is not set.
    reason: Option<KeyringLoadError>,
}

#[cfg(feature = "std")]
impl fmt::Display for KeyringEnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, reason } = self;
        match reason {
            None => write!(f, "the environment variable `{variable}` is not set; set it to id:key"),
            Some(reason) => match core::error::Error::source(reason) {
                Some(cause) => write!(f, "the environment variable `{variable}` holds no keyring: {reason}: {cause}"),
                None => write!(f, "the environment variable `{variable}` holds no keyring: {reason}"),
            },
        }
    }
}

#[cfg(feature = "std")]
impl fmt::Debug for KeyringEnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "std")]
impl core::error::Error for KeyringEnvError {}

fn parse_pepper(place: usize, text: &str) -> Result<(PepperId, Pepper), KeyringLoadError> {
    let (id, key) = text.trim().split_once(':').ok_or(KeyringLoadError::Form(place))?;
    let id = PepperId::parse(id).map_err(|error| KeyringLoadError::Id(place, error))?;
    let pepper = Pepper::parse(key).map_err(|error| KeyringLoadError::Pepper(place, error))?;
    Ok((id, pepper))
}

/// Why there is no keyring in a text; each names the place of the pepper, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyringLoadError {
    /// The pepper is not an id, a colon and a key.
    Form(usize),
    /// The pepper's id is malformed.
    Id(usize, PepperIdError),
    /// The pepper's key is malformed.
    Pepper(usize, PepperError),
    /// The pepper cannot be added.
    Keyring(usize, KeyringError),
}

impl fmt::Display for KeyringLoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(place) => write!(f, "pepper {place} is not of the form id:key"),
            Self::Id(place, _) => write!(f, "pepper {place} has a malformed id"),
            Self::Pepper(place, _) => write!(f, "pepper {place} has a malformed key"),
            Self::Keyring(place, _) => write!(f, "pepper {place} cannot be added"),
        }
    }
}

impl core::error::Error for KeyringLoadError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Form(_) => None,
            Self::Id(_, error) => Some(error),
            Self::Pepper(_, error) => Some(error),
            Self::Keyring(_, error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use core::error::Error;

    const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=";

    #[test]
    fn the_first_pepper_is_the_current_one() {
        let keyring = Keyring::parse(&format!("k2:{TWO},k1:{ONE}\n")).unwrap();
        assert_eq!(keyring.current().as_str(), "k2");
        assert!(keyring.peppers().map(|id| id.to_string()).eq(["k2", "k1"]));
        assert_eq!(Keyring::parse(&format!("k1:{ONE}")).unwrap().peppers().count(), 1);
    }

    /// A `main` that returns the error prints its `Debug`: a newcomer has to read there which variable is meant.
    #[cfg(feature = "std")]
    #[test]
    fn a_variable_that_gives_no_keyring_is_named_also_where_main_prints_it() {
        let missing = Keyring::from_env("NOT_SET_ANYWHERE").unwrap_err();
        assert_eq!(format!("{missing:?}"), "the environment variable `NOT_SET_ANYWHERE` is not set; set it to id:key");
        // Cargo sets it for every test; it is no key.
        let unfit = Keyring::from_env("CARGO_PKG_NAME").unwrap_err();
        let expected = "the environment variable `CARGO_PKG_NAME` holds no keyring: pepper 1 is not of the form id:key";
        assert_eq!((unfit.to_string().as_str(), format!("{unfit:?}").as_str()), (expected, expected));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let cases = [
            (String::new(), KeyringLoadError::Form(1)),
            (ONE.into(), KeyringLoadError::Form(1)),
            (format!("k1:{ONE},"), KeyringLoadError::Form(2)),
            (format!("k1:{ONE},k2={TWO}"), KeyringLoadError::Form(2)),
            (format!(":{ONE}"), KeyringLoadError::Id(1, PepperIdError::Length(0))),
            (format!("K1:{ONE}"), KeyringLoadError::Id(1, PepperIdError::Character)),
            (format!("k1:{ONE},k2:{ONE}0"), KeyringLoadError::Pepper(2, PepperError::Length(65))),
            (format!("k1:{}", ONE.replace('1', "x")), KeyringLoadError::Pepper(1, PepperError::Encoding)),
            (format!("k1:{ONE},k2:{TWO},k1:{TWO}"), KeyringLoadError::Keyring(3, KeyringError::Known)),
        ];
        for (text, expected) in cases {
            let error = Keyring::parse(&text).unwrap_err();
            assert_eq!(error, expected);
            let has_reason = !matches!(error, KeyringLoadError::Form(_));
            assert_eq!(error.source().is_some(), has_reason, "{error}");
        }
    }

    #[test]
    fn errors_name_the_place_and_never_the_input() {
        let messages = [
            (KeyringLoadError::Form(2), "pepper 2 is not of the form id:key"),
            (KeyringLoadError::Id(1, PepperIdError::Character), "pepper 1 has a malformed id"),
            (KeyringLoadError::Pepper(1, PepperError::Encoding), "pepper 1 has a malformed key"),
            (KeyringLoadError::Keyring(3, KeyringError::Known), "pepper 3 cannot be added"),
        ];
        for (error, message) in messages {
            assert_eq!(error.to_string(), message);
        }
    }

    use alloc::string::String;
}
