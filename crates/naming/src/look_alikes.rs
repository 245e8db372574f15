//! Display names that a person cannot tell apart.
//!
//! Two names look alike when they have one skeleton (UTS #39 §4): each character stands for the one it is drawn
//! like. Here letters in upper and lower case are one as well, and so is white space of any width. Because `I` is drawn
//! like `l` and lowered to `i`, a name has two skeletons, as it is written and in lower case; one in common is enough.
//!
//! Look-alikes are reported and not refused, because some are honest: `Ops 1` and `Ops l` may both have their reasons.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
};

use unicode_security::confusable_detection::skeleton as uts39;

use crate::{DisplayName, NameAdvice, NameAdviceCode};

/// The display names a host knows, asked which of them look like another.
///
/// Skeletons change with the Unicode version, so they are never stored: the index is built from the names.
///
/// ```
/// use service_accounts_naming::{DisplayName, LookAlikes};
///
/// let mut known = LookAlikes::default();
/// known.add(DisplayName::parse("Pipeline Automation")?);
/// let typed = DisplayName::parse("Рipeline Automation")?; // begins with U+0420, a Cyrillic letter
/// assert_eq!(known.of(&typed).first().map(|name| name.as_str()), Some("Pipeline Automation"));
/// # Ok::<(), service_accounts_naming::DisplayNameError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct LookAlikes {
    names: BTreeMap<String, BTreeSet<DisplayName>>,
}

impl LookAlikes {
    /// Adds a name.
    pub fn add(&mut self, name: DisplayName) {
        for skeleton in skeletons(&name) {
            self.names.entry(skeleton).or_default().insert(name.clone());
        }
    }

    /// Takes a name out again.
    pub fn remove(&mut self, name: &DisplayName) {
        for skeleton in skeletons(name) {
            if let Some(names) = self.names.get_mut(&skeleton) {
                names.remove(name);
                if names.is_empty() {
                    self.names.remove(&skeleton);
                }
            }
        }
    }

    /// The known names that look like this one, other than itself.
    pub fn of(&self, name: &DisplayName) -> BTreeSet<&DisplayName> {
        let alike = skeletons(name).into_iter().filter_map(|skeleton| self.names.get(&skeleton)).flatten();
        alike.filter(|known| *known != name).collect()
    }

    /// The same as a piece of advice, beside that of the [`Advisor`](crate::Advisor).
    pub fn advise(&self, name: &DisplayName) -> Option<NameAdvice> {
        let alike = self.of(name);
        let suggestion = format!("choose a name that nobody can read as `{}`", alike.first()?);
        Some(NameAdvice::new(NameAdviceCode::LooksAlike, suggestion))
    }
}

impl Extend<DisplayName> for LookAlikes {
    fn extend<I: IntoIterator<Item = DisplayName>>(&mut self, names: I) {
        names.into_iter().for_each(|name| self.add(name));
    }
}

impl FromIterator<DisplayName> for LookAlikes {
    fn from_iter<I: IntoIterator<Item = DisplayName>>(names: I) -> Self {
        let mut known = Self::default();
        known.extend(names);
        known
    }
}

fn skeletons(name: &DisplayName) -> [String; 2] {
    [skeleton(name.as_str()), skeleton(&name.as_str().to_lowercase())]
}

/// The second pass is for the letters that lower-casing brings in.
fn skeleton(name: &str) -> String {
    let drawn = uts39(name).collect::<String>().to_lowercase();
    let mut skeleton = String::with_capacity(drawn.len());
    for word in drawn.split_whitespace() {
        if !skeleton.is_empty() {
            skeleton.push(' ');
        }
        skeleton.extend(uts39(word));
    }
    skeleton
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DisplayName {
        DisplayName::parse(text).unwrap()
    }

    #[track_caller]
    fn look_alike(a: &str, b: &str) -> bool {
        let found = |known, asked| LookAlikes::from_iter([name(known)]).of(&name(asked)).len() == 1;
        assert_eq!(found(a, b), found(b, a), "{a} and {b}");
        found(a, b)
    }

    #[test]
    fn names_drawn_alike_are_found() {
        for (a, b) in [
            ("Pipeline", "\u{420}ipeline"),
            ("paypal", "\u{440}\u{430}ypal"),
            ("PIPELINE", "PlPELlNE"),
            ("modern", "modem"),
            ("r00t", "root"),
            ("Admin", "ADMIN"),
            ("Data Quality", "Data\u{a0} \u{2003}Quality"),
            ("Caf\u{e9}", "Cafe\u{301}"),
            ("\u{1d68a}dmin", "admin"),
        ] {
            assert!(look_alike(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn names_drawn_apart_are_not() {
        for (a, b) in [("Pipeline", "Pipelines"), ("Data Quality", "DataQuality"), ("a b c", "abc"), ("eu", "us")] {
            assert!(!look_alike(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn a_name_is_not_its_own_look_alike_and_can_leave() {
        let mut known: LookAlikes = ["ops 1", "ops l", "ops I", "web"].map(name).into_iter().collect();
        assert_eq!(known.of(&name("ops 1")).len(), 2);
        known.remove(&name("ops l"));
        assert_eq!(known.of(&name("ops 1")), BTreeSet::from([&name("ops I")]));
        known.remove(&name("ops 1"));
        known.remove(&name("ops I"));
        known.remove(&name("never added"));
        assert_eq!(known.names.keys().collect::<alloc::vec::Vec<_>>(), ["web"]);
    }

    #[test]
    fn a_look_alike_is_worth_a_word_of_advice() {
        let known = LookAlikes::from_iter([name("ops 1")]);
        let finding = known.advise(&name("ops l")).unwrap();
        assert_eq!((finding.code, finding.code.as_str()), (NameAdviceCode::LooksAlike, "looks_alike"));
        assert_eq!(finding.suggestion.unwrap(), "choose a name that nobody can read as `ops 1`");
        assert_eq!(known.advise(&name("ops 1")), None);
    }

    /// The ranges of `DisplayName` are written out by hand; the tables of UTS #39 check them.
    #[test]
    fn no_character_without_a_skeleton_is_in_a_display_name() {
        for c in '\0'..=char::MAX {
            let mut text = [0; 4];
            if uts39(c.encode_utf8(&mut text)).next().is_none() {
                assert!(DisplayName::parse(&alloc::format!("a{c}b")).is_err(), "U+{:04X}", u32::from(c));
            }
        }
    }
}
