//! Laws of reading: what was written is read back, and nothing a client sends comes back in an error.

use base64ct::{Base64, Encoding};
use proptest::{collection::btree_set, prelude::*};
use service_accounts_oauth::{
    Caller, Form, IntrospectionRequest, RegistrationRequest, RevocationRequest, ScopeList, TokenRequest,
};

/// A word as a client form-encodes it.
fn encoded(word: &str) -> String {
    form_urlencoded::byte_serialize(word.as_bytes()).collect()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", Base64::encode_string(format!("{}:{}", encoded(id), encoded(secret)).as_bytes()))
}

fn scopes() -> impl Strategy<Value = Vec<String>> {
    btree_set("[!#-\\[\\]-~]{1,12}", 1..6).prop_map(|names| names.into_iter().collect())
}

proptest! {
    #[test]
    fn what_a_client_sends_in_the_header_is_read_back(id in "[ -~]{1,40}", secret in "[ -~]{1,60}") {
        let form = Form::parse(b"grant_type=client_credentials").unwrap();
        let header = basic(&id, &secret);
        let request = TokenRequest::read([header.as_bytes()], &form).unwrap();
        prop_assert_eq!(request.client.client_id(), id);
        prop_assert_eq!(request.client.client_secret().expose(), secret);
    }

    #[test]
    fn what_a_client_sends_in_the_body_is_read_back(id in "[ -~]{1,40}", secret in "[ -~]{1,60}", scopes in scopes()) {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &id)
            .append_pair("client_secret", &secret)
            .append_pair("scope", &scopes.join(" "))
            .finish();
        let form = Form::parse(body.as_bytes()).unwrap();
        let request = TokenRequest::read([], &form).unwrap();
        prop_assert_eq!(request.client.client_id(), id);
        prop_assert_eq!(request.client.client_secret().expose(), secret);
        prop_assert_eq!(request.scope.unwrap().to_string(), scopes.join(" "));
    }

    #[test]
    fn a_scope_reads_back_whatever_its_order(scopes in scopes().prop_shuffle()) {
        let list = ScopeList::parse(&scopes.join(" ")).unwrap();
        prop_assert_eq!(ScopeList::parse(&list.to_string()), Ok(list));
    }

    /// A name that occurs twice is refused, wherever it stands and however it is written.
    #[test]
    fn no_parameter_occurs_twice(names in btree_set("[a-z_]{1,8}", 1..8), at in any::<prop::sample::Index>(), value in "[ -~é☃]{0,8}") {
        let names: Vec<_> = names.into_iter().collect();
        let twice = at.get(&names);
        let hidden: String = twice.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let body = names.iter().map(|name| format!("{name}={}&", encoded(&value))).collect::<String>();
        prop_assert!(Form::parse(body.as_bytes()).is_ok());
        let doubled = format!("{body}{hidden}=x");
        prop_assert!(Form::parse(doubled.as_bytes()).is_err());
    }

    #[test]
    fn a_refusal_repeats_nothing(noise in "[A-Z]{12}", place in 0..6_usize) {
        let (header, body) = match place {
            0 => (format!("Basic {noise}"), "grant_type=client_credentials".into()),
            1 => (noise.clone(), "grant_type=client_credentials".into()),
            2 => (basic("a", "b"), format!("grant_type={noise}")),
            3 => (basic("a", "b"), format!("grant_type=client_credentials&scope={noise}%22")),
            4 => (basic("a", "b"), format!("{noise}=1&{noise}=2")),
            _ => (basic("a", "b"), format!("client_secret={noise}")),
        };
        let refused = Form::parse(body.as_bytes()).and_then(|form| {
            TokenRequest::read([header.as_bytes()], &form).map(|_| ())
        }).unwrap_err();
        let shown = format!("{refused} {refused:?} {}", serde_json::to_string(&refused).unwrap());
        prop_assert!(!shown.contains(&noise), "{}", shown);
        let registered = format!(r#"{{"scope":"{noise}\\"," {noise}":1}}"#);
        let refused = RegistrationRequest::parse(registered.as_bytes()).unwrap_err();
        let shown = format!("{refused:?}");
        prop_assert!(!shown.contains(&noise), "{}", shown);
    }

    #[test]
    fn any_header_beside_any_form_is_read_or_refused(header in any::<Vec<u8>>(), body in any::<Vec<u8>>()) {
        let Ok(form) = Form::parse(&body) else { return Ok(()) };
        let _ = Caller::read([header.as_slice()], &form);
        let _ = TokenRequest::read([header.as_slice()], &form);
        let _ = IntrospectionRequest::read([header.as_slice()], &form);
        let _ = RevocationRequest::read([header.as_slice()], &form);
    }
}
