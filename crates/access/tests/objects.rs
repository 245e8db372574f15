//! Every document is an object, and refuses what it does not know.
#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use service_accounts_access::presets::data_quality::{Permission, catalogue};
use service_accounts_access::{Catalogue, CatalogueDocument, Grant, RoleName, Scopes, Teams};

#[track_caller]
fn is_an_object_that_refuses_what_it_does_not_know<T: Serialize + DeserializeOwned>(value: &T) {
    let written = serde_json::to_value(value).unwrap();
    let read = |value: &Value| serde_json::from_str::<T>(&value.to_string());
    assert_eq!(serde_json::to_value(read(&written).unwrap()).unwrap(), written);
    let fields = written.as_object().unwrap();
    let mut more = fields.clone();
    more.insert("surprise".into(), json!(5));
    assert!(read(&Value::Object(more)).is_err(), "{written}");
    let values: Vec<_> = fields.values().cloned().collect();
    for list in [json!(values), json!([]), json!([written])] {
        assert!(read(&list).is_err(), "{list}");
    }
    assert!(read(&Value::Null).is_err());
}

/// serde#1587: what serde derives reads every object as a list of its values too.
#[test]
fn every_document_is_an_object_that_refuses_what_it_does_not_know() {
    let document = CatalogueDocument::from(&catalogue());
    is_an_object_that_refuses_what_it_does_not_know(&document);
    document.roles.iter().chain(&document.scopes).for_each(is_an_object_that_refuses_what_it_does_not_know);
    is_an_object_that_refuses_what_it_does_not_know::<Catalogue<Permission>>(&catalogue());
    let role = RoleName::parse("Member").unwrap();
    is_an_object_that_refuses_what_it_does_not_know(&Grant::restore(role, Scopes::Inherited, Teams::every()));
}

#[test]
fn forgetting_never_widens() {
    let grant = json!({ "role": "Admin", "scopes": ["read"], "teams": ["data"] });
    assert!(serde_json::from_value::<Grant>(grant.clone()).is_ok());
    for field in ["role", "scopes", "teams"] {
        let mut less = grant.as_object().unwrap().clone();
        less.remove(field);
        assert!(serde_json::from_value::<Grant>(Value::Object(less.clone())).is_err(), "{field} left out");
        less.insert(field.into(), Value::Null);
        assert!(serde_json::from_value::<Grant>(Value::Object(less)).is_err(), "{field} is null");
    }
}
