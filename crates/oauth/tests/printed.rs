//! What is printed for people leaves out what a client sent as a secret, wherever it was put.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::fmt::Debug;

use service_accounts_oauth::{
    Caller, Form, IntrospectionRequest, OAuthError, RegistrationRequest, RevocationRequest, ScopeList, Secret,
    TokenRequest, TokenResponse,
};

const SECRET: &str = "gX1fBat3bV";
/// `s6BhdRkqt3:gX1fBat3bV`, as RFC 6749 §2.3.1 prints it.
const BASIC: &[u8] = b"Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW";
const BEARER: &[u8] = b"Bearer gX1fBat3bV";

fn form(text: &str) -> Form {
    Form::parse(text.replace('%', SECRET).as_bytes()).unwrap()
}

fn printed(thing: &impl Debug) -> String {
    format!("{thing:?} {thing:#?}")
}

#[test]
fn nothing_that_is_read_prints_what_a_client_sent_as_a_secret() {
    let (plain, own) =
        (form("grant_type=client_credentials"), form("grant_type=client_credentials&client_id=a&client_secret=%"));
    let (token, by_header, as_bearer) = (form("token=%"), [BASIC], [BEARER]);
    let texts = [
        printed(&own),
        printed(&TokenRequest::read(by_header, &plain).unwrap()),
        printed(&TokenRequest::read([], &own).unwrap()),
        printed(&Caller::read(as_bearer, &plain).unwrap()),
        printed(&IntrospectionRequest::read(by_header, &token).unwrap()),
        printed(&RevocationRequest::read(by_header, &token).unwrap()),
        printed(&TokenResponse::new(Secret::new(SECRET), 1, ScopeList::parse("read").unwrap())),
        printed(&RegistrationRequest::parse(format!(r#"{{"client_name":"x","client_secret":"{SECRET}"}}"#).as_bytes())),
    ];
    for text in texts {
        assert!(!text.contains(&SECRET[..4]) && !text.contains("czZC"), "{text}");
    }
}

#[test]
fn no_error_prints_what_a_client_sent() {
    let (plain, grant) = (form("grant_type=%"), form("grant_type=client_credentials&client_secret=%"));
    let unread = format!("Digest {SECRET}");
    let errors: [OAuthError; 4] = [
        TokenRequest::read([BASIC], &plain).unwrap_err(),
        TokenRequest::read([BASIC], &grant).unwrap_err(),
        TokenRequest::read([unread.as_bytes()], &form("grant_type=client_credentials")).unwrap_err(),
        RegistrationRequest::parse(format!(r#"{{"client_name":["{SECRET}"]}}"#).as_bytes()).unwrap_err(),
    ];
    for error in errors {
        let text = format!("{error} {}", printed(&error));
        assert!(!text.contains(&SECRET[..4]) && !text.contains("czZC"), "{text}");
    }
}
