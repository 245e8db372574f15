//! Names that nobody declared, and the known names that may have been meant.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::Permission;

/// A role, scope or permission that does not exist.
///
/// It never repeats the unknown name, which may come from a request. Its message has the nearest known one, or all of
/// them where none is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    kind: NameKind,
    meant: Meant,
}

/// What the message offers instead.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meant {
    Nearest(Box<str>),
    /// Quoted, with commas between; empty where nothing is known.
    OneOf(Box<str>),
}

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// A role of the catalogue.
    Role,
    /// A scope of the catalogue.
    Scope,
    /// A permission that the host declared in code.
    Permission,
}

impl UnknownName {
    /// What the unknown name should have named.
    #[must_use]
    pub fn kind(&self) -> NameKind {
        self.kind
    }

    /// The known name nearest to it, if one is near.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        match &self.meant {
            Meant::Nearest(nearest) => Some(nearest),
            Meant::OneOf(_) => None,
        }
    }

    pub(crate) fn permission<P: Permission>(name: &str) -> Self {
        Self::among(NameKind::Permission, name, P::ALL.iter().map(|known| known.name()))
    }

    pub(crate) fn among<'a>(kind: NameKind, name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.collect();
        let meant = match nearest(name, known.iter().copied()) {
            Some(nearest) => Meant::Nearest(nearest.into()),
            None => Meant::OneOf(listed(&known).into()),
        };
        Self { kind, meant }
    }
}

impl core::error::Error for UnknownName {}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {}", self.kind)?;
        match &self.meant {
            Meant::Nearest(nearest) => write!(f, ", the nearest known one is `{nearest}`"),
            Meant::OneOf(known) if known.is_empty() => Ok(()),
            Meant::OneOf(known) => write!(f, ", expected one of {known}"),
        }
    }
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Role => "role",
            Self::Scope => "scope",
            Self::Permission => "permission",
        })
    }
}

/// The longest unknown name that is compared: whatever a request sends, the work stays bounded.
const LONGEST: usize = 96;

/// The most names that a message lists: a catalogue may have thousands.
const MOST_LISTED: usize = 20;

/// The known names as a message lists them.
fn listed(known: &[&str]) -> String {
    let mut list = String::new();
    for (place, name) in known.iter().take(MOST_LISTED).enumerate() {
        list.push_str(if place == 0 { "`" } else { ", `" });
        list.push_str(name);
        list.push('`');
    }
    if known.len() > MOST_LISTED {
        list.push_str(", …");
    }
    list
}

/// The known name that takes the fewest edits, case aside; none if that is more than a third of the name, rounded up.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let tolerance = name.len().div_ceil(3);
    let near = known.map(|candidate| (edits(name.as_bytes(), candidate.as_bytes()), candidate));
    near.filter(|(edits, _)| *edits <= tolerance).min_by_key(|(edits, _)| *edits).map(|(_, candidate)| candidate)
}

/// Levenshtein distance, case aside.
fn edits(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (deleted, a) in from.iter().enumerate() {
        let mut diagonal = deleted;
        let mut left = deleted.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(to) {
            let substituted = diagonal.saturating_add(usize::from(!a.eq_ignore_ascii_case(b)));
            diagonal = *cell;
            left = substituted.min(left.min(*cell).saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::presets::data_quality::Permission as P;

    #[test]
    fn edits_are_counted_as_levenshtein_counts_them() {
        let cases = [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("Admin", "aDMIN", 0),
        ];
        for (from, to, expected) in cases {
            assert_eq!(edits(from.as_bytes(), to.as_bytes()), expected, "{from} {to}");
            assert_eq!(edits(to.as_bytes(), from.as_bytes()), expected, "{to} {from}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let unknown = P::named("resource:write").unwrap_err();
        assert_eq!(unknown.nearest(), Some("resources:write"));
        assert_eq!(unknown.kind(), NameKind::Permission);
        assert_eq!(unknown.to_string(), "unknown permission, the nearest known one is `resources:write`");
    }

    #[test]
    fn what_resembles_nothing_is_told_every_known_name() {
        for name in ["", "zzz", &"resources:write".repeat(10)] {
            let unknown = P::named(name).unwrap_err();
            assert_eq!(unknown.nearest(), None);
            assert!(
                unknown.to_string().starts_with("unknown permission, expected one of `results:read`, `"),
                "{unknown}"
            );
        }
    }

    #[test]
    fn a_list_of_known_names_ends_after_twenty() {
        let names: Vec<String> = (0..21).map(|number| alloc::format!("name{number}")).collect();
        let list = |most: usize| listed(&names.iter().take(most).map(String::as_str).collect::<Vec<_>>());
        assert_eq!((list(0), list(2)), (String::new(), "`name0`, `name1`".into()));
        assert!(list(20).ends_with("`name19`") && list(21).ends_with("`name19`, …"));
    }

    #[test]
    fn a_name_too_long_to_be_near_a_name_is_not_compared() {
        let known = "x".repeat(64);
        let near = |length: usize| nearest(&"x".repeat(length), [&*known].into_iter()).is_some();
        assert!(near(95) && near(96) && !near(97));
    }

    #[test]
    fn a_third_of_the_letters_may_be_wrong_and_no_more() {
        let known = || ["abcdef"].into_iter();
        assert_eq!(nearest("xycdef", known()), Some("abcdef"));
        assert_eq!(nearest("xyzdef", known()), None);
    }
}
