//! Lists that come from outside have bounds.

use service_accounts_access::{NameError, Scopes, Teams};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("n{n}")).collect()
}

#[test]
fn a_list_of_teams_or_scopes_has_200_names() {
    assert_eq!((Teams::MAX, Scopes::MAX), (200, 200));
    for (count, is_fit) in [(199, true), (200, true), (201, false)] {
        let names = names(count);
        let texts = || names.iter().map(String::as_str);
        assert_eq!(Teams::only(texts()).is_ok(), is_fit, "{count} teams");
        assert_eq!(Scopes::only(texts()).is_ok(), is_fit, "{count} scopes");
        assert_eq!(Scopes::parse_list(&names.join(" ")).is_ok(), is_fit, "{count} scopes in a list");
    }
    let error = Teams::only(names(201).iter().map(String::as_str)).unwrap_err();
    assert_eq!(
        (error, error.to_string().as_str()),
        (NameError::TooMany { max: 200 }, "the list has more than 200 names")
    );
}

/// Repetitions count: what has to be read is what a bound is for.
#[test]
fn a_name_given_201_times_is_too_many() {
    assert_eq!(Teams::only(["a"; 201]), Err(NameError::TooMany { max: 200 }));
    assert_eq!(Scopes::only(["a"; 200]).unwrap().names().count(), 1);
}

#[cfg(feature = "serde")]
#[test]
fn a_list_in_a_document_has_200_names() {
    for (count, is_fit) in [(200, true), (201, false)] {
        let text = serde_json::to_string(&names(count)).unwrap();
        assert_eq!(serde_json::from_str::<Teams>(&text).is_ok(), is_fit);
        assert_eq!(serde_json::from_str::<Scopes>(&text).is_ok(), is_fit);
    }
}
