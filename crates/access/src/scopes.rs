//! What a holder asked for out of what it could have.

use alloc::collections::BTreeSet;

use crate::ScopeName;
use crate::name::{MOST_NAMES, NameError, parse_all};

/// How far a holder narrows what the holder above it has: for an account that is its role, for a token its account.
///
/// There is no nullable form and no form that means "everything": [`Inherited`](Self::Inherited) adds no narrowing of
/// its own and can never exceed what stands above, and `Only` of nothing is no access at all.
///
/// In serde it is either the text `"inherited"` or a list of names; `null` and any other text are refused.
///
/// ```
/// use service_accounts_access::Scopes;
///
/// let scopes = Scopes::only(["read", "resources:write"])?;
/// assert_ne!(scopes, Scopes::Inherited);
/// assert_eq!(Scopes::parse_list("resources:write read")?, scopes);
/// assert_eq!(Scopes::only([])?, Scopes::none());
/// # Ok::<(), service_accounts_access::NameError>(())
/// ```
///
/// So what a request leaves out never gives more than the level above allows, and answers can say `inherited`. Given
/// up: `null` as a way to clear a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scopes {
    /// Whatever the holder above has: an account's role, a token's account.
    Inherited,
    /// What these scopes hold, as far as the holder above has it; nothing, if there are none.
    Only(BTreeSet<ScopeName>),
}

impl Scopes {
    /// No access at all.
    #[must_use]
    pub const fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// The most names a list may have where it comes from outside: in [`only`](Self::only),
    /// [`parse_list`](Self::parse_list) and serde.
    pub const MAX: usize = MOST_NAMES;

    /// These scopes and no others.
    ///
    /// # Errors
    /// If one of the texts is not a name, or there are more than [`MAX`](Self::MAX).
    pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, NameError> {
        parse_all(names, ScopeName::parse)
    }

    /// Reads a list with spaces between the names, the `scope` of RFC 6749 §3.3.
    ///
    /// # Errors
    /// If there is a character that no name has, or a space too many; an empty text is [`NameError::Empty`], because
    /// the standard has no empty list.
    pub fn parse_list(text: &str) -> Result<Self, NameError> {
        Self::only(text.split(' '))
    }

    /// The names, none for [`Inherited`](Self::Inherited).
    pub fn names(&self) -> impl Iterator<Item = &ScopeName> {
        match self {
            Self::Inherited => None,
            Self::Only(names) => Some(names),
        }
        .into_iter()
        .flatten()
    }
}

impl FromIterator<ScopeName> for Scopes {
    fn from_iter<I: IntoIterator<Item = ScopeName>>(names: I) -> Self {
        Self::Only(names.into_iter().collect())
    }
}

#[cfg(feature = "serde")]
mod encoding {
    use core::fmt;

    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Scopes;
    use crate::ScopeName;
    use crate::name::read_all;

    const INHERITED: &str = "inherited";

    impl Serialize for Scopes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Inherited => serializer.serialize_str(INHERITED),
                Self::Only(names) => serializer.collect_seq(names),
            }
        }
    }

    impl<'de> Deserialize<'de> for Scopes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Either)
        }
    }

    struct Either;

    impl<'de> Visitor<'de> for Either {
        type Value = Scopes;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("`inherited` or a list of scope names")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Scopes, E> {
            if text == INHERITED {
                Ok(Scopes::Inherited)
            } else {
                Err(E::custom("expected `inherited` or a list of scope names"))
            }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Scopes, A::Error> {
            Ok(read_all::<ScopeName, _>(list)?.into_iter().collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_separated_by_single_spaces() {
        assert_eq!(Scopes::parse_list("read"), Scopes::only(["read"]));
        assert_eq!(Scopes::parse_list("write read write"), Scopes::only(["read", "write"]));
        for text in ["", " ", "read ", " read", "read  write"] {
            assert_eq!(Scopes::parse_list(text), Err(NameError::Empty), "{text:?}");
        }
        assert_eq!(Scopes::parse_list("read\twrite"), Err(NameError::Character { position: 4 }));
    }

    #[test]
    fn inheriting_names_nothing() {
        assert_eq!(Scopes::Inherited.names().count(), 0);
        assert_eq!(
            Scopes::only(["write", "read"]).unwrap().names().map(ScopeName::as_str).collect::<alloc::vec::Vec<_>>(),
            ["read", "write"]
        );
    }

    #[test]
    fn no_scopes_are_not_inherited_scopes() {
        assert_eq!(Scopes::none(), Scopes::from_iter([]));
        assert_ne!(Scopes::none(), Scopes::Inherited);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn the_encoding_is_inherited_or_a_list_and_never_null() {
        let encode = |scopes: &Scopes| serde_json::to_string(scopes).unwrap();
        assert_eq!(encode(&Scopes::Inherited), "\"inherited\"");
        assert_eq!(encode(&Scopes::none()), "[]");
        assert_eq!(encode(&Scopes::only(["write", "read"]).unwrap()), r#"["read","write"]"#);
        for scopes in [Scopes::Inherited, Scopes::none(), Scopes::only(["a", "b"]).unwrap()] {
            assert_eq!(serde_json::from_str::<Scopes>(&encode(&scopes)).unwrap(), scopes);
        }
        for text in ["null", "\"\"", "\"Inherited\"", "\"*\"", "true", "{}", "[null]", "[\"\"]", "[\"a b\"]"] {
            assert!(serde_json::from_str::<Scopes>(text).is_err(), "{text}");
        }
        let error = alloc::format!("{}", serde_json::from_str::<Scopes>("true").unwrap_err());
        assert!(error.contains("expected `inherited` or a list of scope names"), "{error}");
    }
}
