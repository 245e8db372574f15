//! Accents taken off before sanitising, for hosts that prefer `cafe` to `caf`.
//!
//! Only a letter that Unicode itself writes as an ASCII letter with marks on it (UAX #15, canonical decomposition) is
//! folded. `K` (U+212A), which decomposes to a bare `K`, is a look-alike and not an accent, and is left out as
//! before; so are `ß`, `ø`, `æ` and every other script, because to guess their spelling is to guess who is meant.

use alloc::string::String;

use unicode_normalization::char::decompose_canonical;

use crate::{AccountId, DisplayName, LocalPart, Realm, SanitiseError};

impl LocalPart {
    /// Sanitises a name after taking the accents off its letters: `Café` → `cafe`.
    ///
    /// ```
    /// use service_accounts_naming::LocalPart;
    ///
    /// assert_eq!(LocalPart::from_folded_name("Café Import")?.as_str(), "cafe_import");
    /// assert_eq!(LocalPart::from_name("Café Import")?.as_str(), "caf_import");
    /// # Ok::<(), service_accounts_naming::SanitiseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`LocalPart::from_name`].
    pub fn from_folded_name(name: &str) -> Result<Self, SanitiseError> {
        Self::from_name(&name.chars().map(without_accents).collect::<String>())
    }
}

impl AccountId {
    /// The id that a name has in a realm, with the accents taken off its letters.
    ///
    /// Choose this or [`AccountId::from_name`] for a realm and stay with it: the two differ for accented names.
    ///
    /// # Errors
    ///
    /// As [`LocalPart::from_name`].
    pub fn from_folded_name(name: &DisplayName, realm: &Realm) -> Result<Self, SanitiseError> {
        Ok(Self::new(LocalPart::from_folded_name(name.as_str())?, realm))
    }
}

/// The ASCII letter under the marks, where there is one; otherwise the character itself.
fn without_accents(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let (mut base, mut length) = (c, 0);
    decompose_canonical(c, |part| {
        if length == 0 {
            base = part;
        }
        length += 1;
    });
    if length > 1 && base.is_ascii_alphabetic() { base } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_come_off_and_nothing_else_changes() {
        for (name, folded) in [
            ("Caf\u{e9}", "cafe"),
            ("Cafe\u{301}", "cafe"),
            ("\u{c5}ngstr\u{f6}m", "angstrom"),
            ("\u{1ec7}", "e"),
            ("\u{130}stanbul", "istanbul"),
            ("Pipeline\u{a0}Automation", "pipeline_automation"),
            ("\u{212a}elvin", "elvin"),
            ("Stra\u{df}e", "strae"),
            ("\u{ff21}dmin", "dmin"),
            ("x\u{439}", "x"),
        ] {
            assert_eq!(LocalPart::from_folded_name(name).unwrap().as_str(), folded, "{name}");
        }
        assert_eq!(LocalPart::from_folded_name("\u{212a}\u{226e}"), Err(SanitiseError::Empty));
    }

    #[test]
    fn a_folded_name_makes_an_id() {
        let name = DisplayName::parse("Caf\u{e9}").unwrap();
        assert_eq!(AccountId::from_folded_name(&name, &Realm::default()).unwrap().as_str(), "cafe@service");
    }
}
