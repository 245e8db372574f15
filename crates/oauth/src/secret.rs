//! A secret on its way from the request to who verifies it.

use alloc::borrow::Cow;
use core::fmt;

use serde::Serializer;

/// The text of a secret or of a token, borrowed from the request or decoded from it.
///
/// [`expose`](Self::expose) is the only way to the text. There is no `Display`, `PartialEq` or `Serialize`, and `Debug`
/// shows nothing.
///
/// ```compile_fail,E0277
/// # fn f(secret: service_accounts_oauth::Secret<'_>) {
/// println!("{secret}");
/// # }
/// ```
///
/// ```compile_fail,E0369
/// # fn f(one: service_accounts_oauth::Secret<'_>, other: service_accounts_oauth::Secret<'_>) {
/// one == other;
/// # }
/// ```
///
/// ```compile_fail,E0277
/// # fn f(secret: service_accounts_oauth::Secret<'_>) {
/// serde_json::to_string(&secret);
/// # }
/// ```
///
/// It is not wiped when dropped: the request it came in is not either. What keeps secrets wipes its own copy.
#[derive(Clone)]
pub struct Secret<'a>(Cow<'a, str>);

impl<'a> Secret<'a> {
    /// Wraps the text.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self(text.into())
    }

    /// The text, for who verifies it or hands it out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// For the one response that hands the secret out.
pub(crate) fn hand_out<S: Serializer>(secret: &Secret<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// The same, where there may be none.
pub(crate) fn hand_out_any<S: Serializer>(secret: &Option<Secret<'_>>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => hand_out(secret, serializer),
        None => serializer.serialize_none(),
    }
}
