//! The teams a holder belongs to, and so whose resources it reaches.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::TeamName;
use crate::name::{MOST_NAMES, NameError, parse_all};

/// The teams whose resources a holder reaches.
///
/// A resource of a team is reached by its members only; a resource of no team is reached by everybody who has the
/// permission. So a holder in no team reaches what belongs to no team, and no more. It does not mean "every team":
/// otherwise taking the last team from an account would open every door. [`every`](Self::every) says that, and says so.
///
/// In serde it is either the text `"every"` or a list of names; `null` and any other text are refused.
///
/// ```
/// use service_accounts_access::{TeamName, Teams};
///
/// let growth = TeamName::parse("growth")?;
/// assert!(Teams::only(["growth", "data"])?.contains(&growth));
/// assert!(!Teams::none().contains(&growth));
/// assert!(Teams::every().contains(&growth));
/// # Ok::<(), service_accounts_access::NameError>(())
/// ```
///
/// Given up: a host without teams passes `None` for the resource, and its administrators need `Teams::every()` all the
/// same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Teams(Reach);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Reach {
    /// No team. The list of names is never empty, so that this has one form.
    None,
    /// Sorted, each once.
    Only(Arc<[TeamName]>),
    Every,
}

impl Teams {
    /// In no team: reaches what belongs to no team.
    #[must_use]
    pub const fn none() -> Self {
        Self(Reach::None)
    }

    /// In every team there is and will be; for administrators and the system.
    #[must_use]
    pub const fn every() -> Self {
        Self(Reach::Every)
    }

    /// The most names a list may have where it comes from outside: in [`only`](Self::only) and in serde.
    pub const MAX: usize = MOST_NAMES;

    /// In these teams and no others.
    ///
    /// # Errors
    /// If one of the texts is not a name, or there are more than [`MAX`](Self::MAX).
    pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, NameError> {
        parse_all(names, TeamName::parse)
    }

    /// Whether the resources of this team are reached.
    #[must_use]
    pub fn contains(&self, team: &TeamName) -> bool {
        match &self.0 {
            Reach::None => false,
            Reach::Every => true,
            Reach::Only(names) => names.binary_search(team).is_ok(),
        }
    }

    /// Whether the other reaches every team that this one reaches.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (_, Reach::Every) | (Reach::None, _) => true,
            (Reach::Every, _) => false,
            (Reach::Only(names), _) => names.iter().all(|name| other.contains(name)),
        }
    }

    /// Whether every team is reached, named or not.
    #[must_use]
    pub const fn is_every(&self) -> bool {
        matches!(self.0, Reach::Every)
    }

    /// The names in order, none for [`every`](Self::every).
    pub fn names(&self) -> impl Iterator<Item = &TeamName> {
        match &self.0 {
            Reach::None | Reach::Every => [].iter(),
            Reach::Only(names) => names.iter(),
        }
    }
}

impl Default for Teams {
    /// In no team.
    fn default() -> Self {
        Self::none()
    }
}

impl FromIterator<TeamName> for Teams {
    fn from_iter<I: IntoIterator<Item = TeamName>>(names: I) -> Self {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() { Self::none() } else { Self(Reach::Only(names.into())) }
    }
}

#[cfg(feature = "serde")]
mod encoding {
    use core::fmt;

    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Teams;
    use crate::TeamName;
    use crate::name::read_all;

    const EVERY: &str = "every";

    impl Serialize for Teams {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.is_every() { serializer.serialize_str(EVERY) } else { serializer.collect_seq(self.names()) }
        }
    }

    impl<'de> Deserialize<'de> for Teams {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Either)
        }
    }

    struct Either;

    impl<'de> Visitor<'de> for Either {
        type Value = Teams;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("`every` or a list of team names")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Teams, E> {
            if text == EVERY { Ok(Teams::every()) } else { Err(E::custom("expected `every` or a list of team names")) }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Teams, A::Error> {
            Ok(read_all::<TeamName, _>(list)?.into_iter().collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(name: &str) -> TeamName {
        TeamName::parse(name).unwrap()
    }

    #[test]
    fn a_holder_in_no_team_reaches_no_team() {
        assert!(!Teams::none().contains(&team("growth")));
        assert_eq!(Teams::default(), Teams::none());
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let teams = Teams::only(["b", "a", "b"]).unwrap();
        assert_eq!(teams, Teams::only(["a", "b"]).unwrap());
        assert!(teams.contains(&team("a")) && teams.contains(&team("b")) && !teams.contains(&team("c")));
        assert_eq!(teams.names().count(), 2);
    }

    #[test]
    fn every_team_is_more_than_any_list() {
        let some = Teams::only(["a"]).unwrap();
        assert!(some.is_subset(&Teams::every()) && !Teams::every().is_subset(&some));
        assert!(Teams::every().is_subset(&Teams::every()) && Teams::none().is_subset(&some));
        assert!(!Teams::only(["a", "b"]).unwrap().is_subset(&some) && some.is_subset(&some));
        assert!(Teams::every().is_every() && !some.is_every());
        assert_eq!(Teams::every().names().count(), 0);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn the_encoding_is_every_or_a_list_and_never_null() {
        for (teams, text) in
            [(Teams::every(), "\"every\""), (Teams::none(), "[]"), (Teams::only(["b", "a"]).unwrap(), r#"["a","b"]"#)]
        {
            assert_eq!(serde_json::to_string(&teams).unwrap(), text);
            assert_eq!(serde_json::from_str::<Teams>(text).unwrap(), teams);
        }
        for text in ["null", "\"\"", "\"Every\"", "\"*\"", "true", "{}", "[null]", "[\"\"]"] {
            assert!(serde_json::from_str::<Teams>(text).is_err(), "{text}");
        }
        let error = alloc::format!("{}", serde_json::from_str::<Teams>("true").unwrap_err());
        assert!(error.contains("expected `every` or a list of team names"), "{error}");
    }
}
