//! Laws that hold for every input.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use service_accounts_naming::{
    AccountId, AccountIdRef, Advisor, DisplayName, LocalPart, Realm, ReservedIds, TokenName, UndeliverableEmail,
    is_undeliverable,
};

/// Names as people type them: mostly letters and spaces, some of anything.
fn typed_name() -> impl Strategy<Value = String> {
    let piece = prop_oneof![3 => "[A-Za-z]{1,9}", 2 => "[ _\t\u{a0}-]{1,3}", 1 => "[0-9]{1,4}", 1 => "\\PC{1,3}"];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn local_part() -> impl Strategy<Value = LocalPart> {
    "[a-z0-9]{1,12}(_[a-z0-9]{1,12}){0,3}".prop_map(|text| LocalPart::parse(&text).unwrap())
}

fn realm() -> impl Strategy<Value = Realm> {
    "([a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\\.){0,2}[a-z0-9]{1,6}".prop_map(|text| Realm::parse(&text).unwrap())
}

fn account_id() -> impl Strategy<Value = AccountId> {
    (local_part(), realm()).prop_map(|(local, realm)| AccountId::new(local, &realm))
}

fn token_name() -> impl Strategy<Value = TokenName> {
    let piece = prop_oneof!["[a-z0-9]{1,8}", "20[0-9]{2}", "[0-9]{4}"];
    (proptest::collection::vec(piece, 1..7), "[._-]")
        .prop_map(|(pieces, separator)| TokenName::parse(&pieces.join(&separator)).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// Sanitising twice is sanitising once, and what it leaves is what `parse` takes.
    #[test]
    fn sanitising_is_idempotent(name in typed_name()) {
        if let Ok(part) = LocalPart::from_name(&name) {
            prop_assert_eq!(LocalPart::from_name(part.as_str()), Ok(part));
            prop_assert_eq!(LocalPart::parse(part.as_str()), Ok(part));
            prop_assert!(part.as_str().len() <= 64);
        }
    }

    /// `parse` takes nothing but what sanitising leaves: one id has one spelling.
    #[test]
    fn a_local_part_has_one_spelling(text in "[a-c_A ]{0,6}") {
        let unchanged = LocalPart::from_name(&text).is_ok_and(|part| part.as_str() == text);
        prop_assert_eq!(LocalPart::parse(&text).is_ok(), unchanged);
    }

    /// Letters that need no sanitising are all in the id, in their order.
    #[test]
    fn sanitising_keeps_the_words(words in proptest::collection::vec("[a-z0-9]{1,6}", 1..8), gap in "[ \t_]{1,4}") {
        let part = LocalPart::from_name(&words.join(&gap)).unwrap();
        prop_assert_eq!(part.as_str(), words.join("_"));
    }

    /// What is displayed is read back as it was.
    #[test]
    fn every_text_is_read_back(id in account_id(), token in token_name(), name in typed_name()) {
        prop_assert_eq!(AccountId::parse(&format!("{id}")), Ok(id.clone()));
        prop_assert_eq!(AccountIdRef::parse(id.as_str()), Ok(id.borrowed()));
        prop_assert!(Realm::parse(id.realm()).is_ok_and(|realm| id.is_in(&realm)));
        prop_assert_eq!(TokenName::parse(&format!("{token}")), Ok(token));
        if let Ok(name) = DisplayName::parse(&name) {
            prop_assert_eq!(DisplayName::parse(&format!("{name}")), Ok(name));
        }
    }

    /// No character of an id or a token name means anything to a URL path (RFC 3986 §3.3), a log line or a metric label.
    #[test]
    fn ids_and_token_names_need_no_escaping(id in account_id(), token in token_name()) {
        let unreserved = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
        prop_assert!(id.as_str().chars().all(|c| unreserved(c) || c == '@'));
        prop_assert!(token.as_str().chars().all(unreserved));
    }

    /// An id and its address stand for each other, and neither can be taken for the other.
    #[test]
    fn an_address_stands_for_one_id(id in account_id()) {
        let address = UndeliverableEmail::from(id.clone()).to_string();
        prop_assert_eq!(UndeliverableEmail::parse(&address), Ok(UndeliverableEmail::from(id.clone())));
        prop_assert!(AccountId::parse(&address).is_err());
        prop_assert!(UndeliverableEmail::parse(id.as_str()).is_err());
        prop_assert!(is_undeliverable(&address.to_uppercase()) && !is_undeliverable(id.as_str()));
        prop_assert!(address.len() <= 254);
    }

    /// Numbers make ids that are valid, distinct, and of the same realm.
    #[test]
    fn numbered_ids_are_ids(local in "[a-z_]{1,64}|[a-z_]{50,62}_[2-4]", realm in realm(), n in prop_oneof![0..5u32, any::<u32>()], m: u32) {
        let Ok(local) = LocalPart::from_name(&local) else { return Ok(()) };
        let plain = AccountId::new(local, &realm);
        let numbered = plain.numbered(n);
        prop_assert_eq!(AccountId::parse(numbered.as_str()), Ok(numbered.clone()));
        prop_assert!(numbered != plain && numbered.is_in(&realm));
        prop_assert_eq!(numbered == plain.numbered(m), n == m);
    }

    /// A successor is a name, another one, and never dated before this year.
    #[test]
    fn a_successor_is_another_name(name in token_name(), this_year in 2000..2999i32, times in 1..5usize) {
        let mut seen = vec![name];
        for _ in 0..times {
            let next = seen[seen.len() - 1].successor(this_year);
            prop_assert_eq!(TokenName::parse(next.as_str()), Ok(next.clone()));
            prop_assert!(!seen.contains(&next));
            seen.push(next);
        }
    }

    /// Text compares as the type does, so a sorted table and a map in memory agree.
    #[test]
    fn ids_sort_as_their_text(a in account_id(), b in account_id()) {
        prop_assert_eq!(a.cmp(&b), a.as_str().cmp(b.as_str()));
        let (a, b) = (LocalPart::parse(a.local()).unwrap(), LocalPart::parse(b.local()).unwrap());
        prop_assert_eq!(a.cmp(&b), a.as_str().cmp(b.as_str()));
    }

    /// Underscores never open the way to a reserved id.
    #[test]
    fn reserved_words_stay_reserved(word in local_part(), realm in realm()) {
        let mut reserved = ReservedIds::none();
        reserved.add(word);
        let spread: Vec<_> = word.as_str().replace('_', "").chars().map(String::from).collect();
        prop_assume!(spread.len() <= 32);
        let spread = LocalPart::parse(&spread.join("_")).unwrap();
        prop_assert!(reserved.contains(&AccountId::new(spread, &realm)));
    }

    /// No name at all upsets the advisor, and one code is given once.
    #[test]
    fn advice_names_each_trouble_once(name in typed_name()) {
        let Ok(name) = DisplayName::parse(&name) else { return Ok(()) };
        let mut codes: Vec<_> = Advisor::default().account(&name).into_iter().map(|finding| finding.code).collect();
        let given = codes.len();
        codes.sort();
        codes.dedup();
        prop_assert_eq!(codes.len(), given);
    }
}
