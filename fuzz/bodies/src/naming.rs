//! Naming: names and ids from text nobody chose.

use std::{
    fmt::{Debug, Display},
    str::FromStr,
    sync::LazyLock,
};

use service_accounts_naming::{
    AccountId, AccountIdRef, Advisor, DisplayName, LocalPart, LookAlikes, Realm, ReservedIds, SanitiseError, TokenName,
    UndeliverableEmail, is_undeliverable,
};

static ADVISOR: LazyLock<Advisor> = LazyLock::new(Advisor::default);
static RESERVED: LazyLock<ReservedIds> = LazyLock::new(ReservedIds::default);

/// A name has the local part that the plainest reading of the rule gives it.
pub fn sanitise(name: &str) {
    let words = name.split(|c: char| c == '_' || c.is_whitespace());
    let words = words.map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
    let expected = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_").to_ascii_lowercase();
    match LocalPart::from_name(name) {
        Ok(part) => {
            assert_eq!(part.as_str(), expected);
            is_fixed(part);
        }
        Err(SanitiseError::TooLong { max }) => assert!(expected.len() > max),
        Err(_) => assert_eq!(expected, ""),
    }
    if let Ok(part) = LocalPart::from_folded_name(name) {
        assert!(part.as_str().len() >= expected.len());
        is_fixed(part);
    }
    if let Ok(token) = TokenName::from_name(name) {
        reads_back(&token);
    }
    if let Ok(name) = DisplayName::parse(name) {
        is_named(&name);
    }
}

/// A text is refused by each type, or is that type's one spelling of it.
pub fn parse(text: &str) {
    is_itself::<Realm>(text);
    is_itself::<LocalPart>(text);
    is_itself::<UndeliverableEmail>(text);
    if let Some(id) = is_itself::<AccountId>(text) {
        is_identified(&id);
    }
    if let Some(token) = is_itself::<TokenName>(text) {
        is_succeeded(&token);
    }
    if let Ok(name) = DisplayName::parse(text) {
        assert_eq!(name.as_str(), text.trim());
        assert!(!name.as_str().contains(char::is_control));
        reads_back(&name);
    }
    if let Ok(id) = AccountIdRef::parse(text) {
        assert_eq!(AccountId::parse(text).as_ref().map(AccountId::borrowed), Ok(id));
    }
    assert!(UndeliverableEmail::parse(text).is_err() || is_undeliverable(text));
}

fn is_fixed(part: LocalPart) {
    assert!(part.as_str().len() <= 64);
    assert_eq!(LocalPart::from_name(part.as_str()), Ok(part));
    assert_eq!(LocalPart::from_folded_name(part.as_str()), Ok(part));
    reads_back(&part);
}

fn is_named(name: &DisplayName) {
    let _ = ADVISOR.account(name);
    assert!(LookAlikes::from_iter([name.clone()]).of(name).is_empty());
    if let Ok(id) = AccountId::from_name(name, &Realm::default()) {
        is_identified(&id);
    }
}

fn is_identified(id: &AccountId) {
    reads_back(id);
    assert_eq!(format!("{}@{}", id.local(), id.realm()), id.as_str());
    let numbered = id.numbered(2);
    assert!(numbered != *id && numbered.realm() == id.realm());
    reads_back(&numbered);
    reads_back(&UndeliverableEmail::from(id.clone()));
    let _ = RESERVED.contains(id);
}

fn is_succeeded(token: &TokenName) {
    let _ = ADVISOR.token(token);
    let next = token.successor(2025);
    assert_ne!(&next, token);
    reads_back(&next);
}

fn is_itself<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    assert_eq!(value.to_string(), text);
    Some(value)
}

fn reads_back<T: FromStr<Err: Debug + PartialEq> + Display + PartialEq + Debug>(value: &T) {
    assert_eq!(value.to_string().parse().as_ref(), Ok(value));
}
