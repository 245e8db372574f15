//! OAuth: what clients send, in any shape.

use service_accounts_oauth::{
    Caller, Form, IntrospectionRequest, RegistrationRequest, RevocationRequest, ScopeList, TokenRequest,
};

const BASIC: &[u8] = b"Basic YTpi";

/// A form is refused, or each request it makes holds what its standard demands.
pub fn form(body: &[u8]) {
    let Ok(form) = Form::parse(body) else { return };
    assert!(body.len() <= Form::MAX_BYTES);
    for header in [None, Some(BASIC)] {
        if let Ok(request) = TokenRequest::read(header, &form) {
            assert_eq!(form.value("grant_type"), Some("client_credentials"));
            assert!(!request.client.client_id().is_empty() && !request.client.client_secret().expose().is_empty());
            assert!(request.scope.as_ref().is_none_or(reads_back));
        }
        if let Ok(request) = IntrospectionRequest::read(header, &form) {
            assert!(!request.token.expose().is_empty());
        }
        let revocation = RevocationRequest::read(header, &form);
        assert_eq!(revocation.is_ok(), IntrospectionRequest::read(header, &form).is_ok());
    }
    assert!(form.value("client_secret").is_none() || Caller::read([BASIC], &form).is_err());
}

/// A header names nobody, or a client whose two halves can be sent again.
pub fn basic(header: &[u8]) {
    let Ok(form) = Form::parse(b"") else { return };
    let Ok(caller) = Caller::read([header], &form) else { return };
    let Caller::Client(client) = caller else {
        assert!(header.trim_ascii_start().get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"bearer")));
        return;
    };
    let word = |text: &str| text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) && !text.is_empty();
    assert!(word(client.client_id()) && word(client.client_secret().expose()));
    assert!(Caller::read([header, header], &form).is_err());
}

/// A registration is refused, or is an object for client credentials.
pub fn registration(body: &[u8]) {
    match RegistrationRequest::parse(body) {
        Ok(request) => {
            assert_eq!(body.trim_ascii_start().first(), Some(&b'{'));
            assert!(request.scope().is_none_or(|scope| reads_back(scope) && !scope.is_empty()));
            assert!(request.client_name().is_none_or(|name| !name.is_empty()));
        }
        Err(error) => assert!(matches!(error.status(), 400 | 413)),
    }
}

fn reads_back(scope: &ScopeList) -> bool {
    ScopeList::parse(&scope.to_string()).as_ref() == Ok(scope)
}
