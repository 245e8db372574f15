//! What becomes of each of the 1,112,064 Unicode scalar values: all of them, not a sample.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use service_accounts_naming::{AccountId, DisplayName, LocalPart, Realm, SanitiseError, TokenName, check_readable};

/// What the requirement says, written without looking at the code: ASCII first, lower case second.
fn expected(c: char) -> &'static str {
    const ALPHANUMERIC: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
    match c {
        '0'..='9' | 'a'..='z' => one_of(ALPHANUMERIC, c),
        'A'..='Z' => one_of(ALPHANUMERIC, c.to_ascii_lowercase()),
        '_' | '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' => "_",
        '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => "_",
        _ => "",
    }
}

fn one_of(letters: &'static str, c: char) -> &'static str {
    let at = letters.find(c).unwrap();
    &letters[at..=at]
}

fn every_scalar() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

#[test]
fn every_scalar_is_counted() {
    assert_eq!(every_scalar().count(), 1_112_064);
}

/// White space is listed above, so an id cannot change with the Unicode version of the standard library either.
#[test]
fn alone_it_is_its_lower_case_ascii_letter_or_a_clear_error() {
    for c in every_scalar() {
        let sanitised = LocalPart::from_name(c.encode_utf8(&mut [0; 4])).map(|part| part.to_string());
        match expected(c) {
            "" | "_" => assert_eq!(sanitised, Err(SanitiseError::Empty), "{c:?}"),
            letter => assert_eq!(sanitised.as_deref(), Ok(letter), "{c:?}"),
        }
    }
}

#[test]
fn inside_a_name_it_is_a_letter_a_gap_or_nothing() {
    for c in every_scalar() {
        let sanitised = LocalPart::from_name(&format!("Ab{c}Cd")).unwrap();
        assert_eq!(sanitised.as_str(), format!("ab{}cd", expected(c)), "{c:?}");
    }
}

#[test]
fn a_display_name_with_it_is_refused_or_has_an_id_that_parses() {
    for c in every_scalar() {
        let Ok(name) = DisplayName::parse(&format!("Ab{c}Cd")) else { continue };
        assert!(!c.is_control(), "{c:?}");
        let id = AccountId::from_name(&name, &Realm::default()).unwrap();
        assert_eq!(AccountId::parse(id.as_str()), Ok(id), "{c:?}");
    }
}

#[test]
fn a_token_name_made_with_it_parses() {
    for c in every_scalar() {
        let name = TokenName::from_name(&format!("Ab{c}Cd")).unwrap();
        assert_eq!(TokenName::parse(name.as_str()), Ok(name), "{c:?}");
    }
}

#[test]
fn no_id_realm_or_token_name_holds_one_outside_ascii() {
    for c in every_scalar().filter(|c| !c.is_ascii()) {
        let inside = format!("a{c}b");
        assert!(LocalPart::parse(&inside).is_err(), "{c:?}");
        assert!(Realm::parse(&inside).is_err(), "{c:?}");
        assert!(TokenName::parse(&inside).is_err(), "{c:?}");
    }
}

/// Folding may add the letter under an accent. It never turns one letter into another, nor a look-alike into a letter.
#[cfg(feature = "fold")]
#[test]
fn folded_it_is_the_letter_under_its_accents_at_most() {
    use unicode_normalization::UnicodeNormalization;

    for c in every_scalar() {
        let folded = LocalPart::from_folded_name(&format!("Ab{c}Cd")).unwrap().to_string();
        let decomposed: Vec<char> = c.nfd().collect();
        match decomposed.as_slice() {
            [base, mark, ..] if base.is_ascii_alphabetic() => {
                assert!(!mark.is_alphanumeric(), "{c:?}");
                assert_eq!(folded, format!("ab{}cd", base.to_ascii_lowercase()), "{c:?}");
            }
            _ => assert_eq!(folded, format!("ab{}cd", expected(c)), "{c:?}"),
        }
    }
}

/// Derived from Unicode's own properties, by a crate that has its tables.
#[test]
fn it_is_readable_unless_unicode_says_that_it_is_not_seen_or_is_no_character() {
    let unreadable = regex::Regex::new(concat!(
        r"[\p{Cc}\p{Zl}\p{Zp}\p{Co}\p{Noncharacter_Code_Point}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}",
        r"\x{2800}\x{fff9}-\x{fffb}\x{40000}-\x{dffff}\x{e0000}-\x{10ffff}]"
    ))
    .unwrap();
    for c in every_scalar() {
        let text = c.to_string();
        assert_eq!(check_readable(&text).is_err(), unreadable.is_match(&text), "{c:?}");
    }
}

#[test]
fn no_id_realm_or_token_name_holds_one_that_is_not_readable() {
    for c in every_scalar().filter(|c| check_readable(c.encode_utf8(&mut [0; 4])).is_err()) {
        let inside = format!("a{c}b");
        assert!(LocalPart::parse(&inside).is_err() && Realm::parse(&inside).is_err(), "{c:?}");
        assert!(TokenName::parse(&inside).is_err() && DisplayName::parse(&inside).is_err(), "{c:?}");
    }
}
