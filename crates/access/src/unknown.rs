//! Names that nobody declared, and the known name that was probably meant.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::Permission;

/// A role, scope or permission that does not exist.
///
/// It never repeats the unknown name, which may come from a request; it carries the nearest known one, which may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    kind: NameKind,
    nearest: Option<Box<str>>,
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
        self.nearest.as_deref()
    }

    pub(crate) fn permission<P: Permission>(name: &str) -> Self {
        Self::among(NameKind::Permission, name, P::ALL.iter().map(|known| known.name()))
    }

    pub(crate) fn among<'a>(kind: NameKind, name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        Self { kind, nearest: nearest(name, known).map(Box::from) }
    }
}

impl core::error::Error for UnknownName {}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {}", self.kind)?;
        match self.nearest() {
            Some(nearest) => write!(f, ", the nearest known one is `{nearest}`"),
            None => Ok(()),
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
    fn what_resembles_nothing_gets_no_suggestion() {
        for name in ["", "zzz", &"resources:write".repeat(10)] {
            assert_eq!(P::named(name).unwrap_err().to_string(), "unknown permission");
        }
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
