//! What the standards print, and what they forbid, each test named by its section.

use serde_json::{Value, json};
use service_accounts_oauth::{
    ActiveToken, AuthMethod, Caller, Endpoints, ErrorCode, Form, GrantTypes, Introspection, IntrospectionRequest,
    Issuer, Metadata, OAuthError, RegistrationRequest, RegistrationResponse, RevocationRequest, ScopeList, Secret,
    TokenRequest, TokenResponse, TokenTypeHint,
};

/// `s6BhdRkqt3:gX1fBat3bV`, as RFC 6749 §2.3.1 prints it.
const BASIC: &[u8] = b"Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW";
const GRANT: &[u8] = b"grant_type=client_credentials";

/// Id, secret and scope of a token request, or the code it is refused with.
fn token(authorization: &[&[u8]], body: &[u8]) -> Result<(String, String, Option<String>), ErrorCode> {
    let form = Form::parse(body).map_err(|error| error.code())?;
    let request = TokenRequest::read(authorization.iter().copied(), &form).map_err(|error| error.code())?;
    let (id, secret) = (request.client.client_id().into(), request.client.client_secret().expose().into());
    Ok((id, secret, request.scope.map(|scope| scope.to_string())))
}

fn register(body: &str) -> Result<RegistrationRequest, ErrorCode> {
    RegistrationRequest::parse(body.as_bytes()).map_err(|error| error.code())
}

fn plain(id: &str, secret: &str, scope: Option<&str>) -> Result<(String, String, Option<String>), ErrorCode> {
    Ok((id.into(), secret.into(), scope.map(Into::into)))
}

#[test]
fn rfc_6749_2_3_1_the_printed_header_and_the_printed_body_are_read() {
    assert_eq!(token(&[BASIC], GRANT), plain("s6BhdRkqt3", "gX1fBat3bV", None));
    let body = b"grant_type=client_credentials&client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw";
    assert_eq!(token(&[], body), plain("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw", None));
}

#[test]
fn rfc_6749_2_3_1_both_halves_are_form_decoded() {
    // a+b%3Ac%40d:%2B%25+x
    assert_eq!(token(&[b"Basic YStiJTNBYyU0MGQ6JTJCJTI1K3g="], GRANT), plain("a b:c@d", "+% x", None));
    // pipeline_automation@service:s, its `@` not encoded
    assert!(token(&[b"Basic cGlwZWxpbmVfYXV0b21hdGlvbkBzZXJ2aWNlOnM="], GRANT).is_ok());
    // a%ff:b, a=b:c, a:b&c, :b, a:, ab
    for basic in ["YSVmZjpi", "YT1iOmM=", "YTpiJmM=", "OmI=", "YTo=", "YWI="] {
        let header = format!("Basic {basic}");
        assert_eq!(token(&[header.as_bytes()], GRANT), Err(ErrorCode::InvalidClient), "{basic}");
    }
}

#[test]
fn rfc_6749_2_3_1_a_secret_in_the_url_is_no_parameter() {
    // Only the body is ever read; a body without the secret authenticates nobody.
    assert_eq!(token(&[], b"grant_type=client_credentials&client_id=a"), Err(ErrorCode::InvalidClient));
}

#[test]
fn rfc_6749_2_3_no_two_ways_of_authenticating_at_once() {
    let with = |rest: &str| [GRANT, b"&", rest.as_bytes()].concat();
    assert_eq!(token(&[BASIC], &with("client_secret=gX1fBat3bV")), Err(ErrorCode::InvalidRequest));
    assert_eq!(token(&[BASIC], &with("client_id=other")), Err(ErrorCode::InvalidRequest));
    assert!(token(&[BASIC], &with("client_id=s6BhdRkqt3")).is_ok());
    assert_eq!(token(&[BASIC, BASIC], GRANT), Err(ErrorCode::InvalidRequest));
}

#[test]
fn rfc_7617_2_the_scheme_has_any_case() {
    for scheme in ["basic", "BASIC", "bAsIc", "Basic  "] {
        let header = format!("{scheme} czZCaGRSa3F0MzpnWDFmQmF0M2JW");
        assert!(token(&[header.as_bytes()], GRANT).is_ok(), "{scheme}");
    }
    for header in ["Basic", "Basic ", "Basic !", "Basic czZC aGRS", "Digest x", "BasicczZCaGRSa3F0MzpnWDFmQmF0M2JW", ""]
    {
        assert_eq!(token(&[header.as_bytes()], GRANT), Err(ErrorCode::InvalidClient), "{header}");
    }
}

#[test]
fn rfc_6749_3_2_empty_is_left_out_and_repeated_is_refused() {
    let with = |rest: &str| token(&[BASIC], [GRANT, rest.as_bytes()].concat().as_slice());
    assert!(with("&client_secret=&client_id=").is_ok());
    assert_eq!(token(&[BASIC], b"grant_type="), Err(ErrorCode::InvalidRequest));
    for twice in ["&scope=a&scope=b", "&scope=a&%73cop%65=b", "&grant_type=client_credentials", "&x=1&x=1"] {
        assert_eq!(with(twice), Err(ErrorCode::InvalidRequest), "{twice}");
    }
}

#[test]
fn rfc_6749_3_2_unknown_parameters_are_ignored() {
    let body = b"grant_type=client_credentials&resource=https%3A%2F%2Fapi&audience=x&scope=read";
    assert_eq!(token(&[BASIC], body), plain("s6BhdRkqt3", "gX1fBat3bV", Some("read")));
}

#[test]
fn rfc_6749_3_3_scope_is_names_with_single_spaces() {
    let scope = |text: &str| ScopeList::parse(text).map(|scope| scope.to_string()).ok();
    assert_eq!(scope("write read read").as_deref(), Some("read write"));
    assert_eq!(scope("!#[]~ a:b/c").as_deref(), Some("!#[]~ a:b/c"));
    for refused in
        ["", " ", " read", "read ", "read  write", "re\"ad", "re\\ad", "read\twrite", "read\n", "rëad", "\u{7f}"]
    {
        assert_eq!(scope(refused), None, "{refused:?}");
    }
}

// A lost list of scopes must not become all of them: `"scope": null` opened a full session in another product.
#[test]
fn rfc_6749_3_3_an_empty_scope_does_not_widen() {
    for body in ["scope=", "scope", "scope=+", "scope=%00", "scope=pr%ffoduction"] {
        let body = format!("grant_type=client_credentials&{body}");
        let refused = token(&[BASIC], body.as_bytes()).unwrap_err();
        assert!(matches!(refused, ErrorCode::InvalidScope | ErrorCode::InvalidRequest), "{body}");
    }
}

#[test]
fn rfc_6749_4_4_2_the_printed_request_is_read() {
    let header: &[u8] = b"Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW";
    assert!(token(&[header], b"grant_type=client_credentials").is_ok());
    assert_eq!(token(&[header], b""), Err(ErrorCode::InvalidRequest));
    for grant in ["password", "authorization_code", "refresh_token", "Client_Credentials", "client_credentials+"] {
        let body = format!("grant_type={grant}");
        assert_eq!(token(&[header], body.as_bytes()), Err(ErrorCode::UnsupportedGrantType), "{grant}");
    }
    assert_eq!(token(&[b"Bearer abc"], GRANT), Err(ErrorCode::InvalidClient));
}

#[test]
fn rfc_6749_5_1_the_answer_has_no_refresh_token() {
    let answer = TokenResponse::new(Secret::new("2YotnFZFEjr1zCsicMWpAA"), 3600, ScopeList::parse("a b").unwrap());
    let expected = json!({
        "access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "Bearer", "expires_in": 3600, "scope": "a b",
    });
    assert_eq!(serde_json::to_value(&answer).unwrap(), expected);
    assert!(!format!("{answer:?}").contains("2YotnFZFEjr1zCsicMWpAA"));
}

#[test]
fn rfc_6749_5_2_a_client_that_failed_gets_401_and_a_challenge() {
    let error = OAuthError::invalid_client();
    assert_eq!((error.status(), error.code().as_str()), (401, "invalid_client"));
    assert_eq!(error.challenge("service").unwrap(), "Basic realm=\"service\", charset=\"UTF-8\"");
    let expected = json!({ "error": "invalid_client", "error_description": "client authentication failed" });
    assert_eq!(serde_json::to_value(&error).unwrap(), expected);
}

#[test]
fn rfc_6749_5_2_each_code_has_its_status() {
    let of = |status| ErrorCode::ALL.into_iter().filter(move |code| code.status() == status).map(ErrorCode::as_str);
    let of = |status| of(status).collect::<Vec<_>>();
    assert_eq!(of(401), ["invalid_client", "invalid_token"]);
    assert_eq!(of(403), ["insufficient_scope"]);
    assert_eq!(of(503), ["temporarily_unavailable"]);
    assert_eq!(of(400).len(), ErrorCode::ALL.len() - 4);
    assert_eq!(OAuthError::too_large().status(), 413);
    assert_eq!(OAuthError::wrong_media_type("application/json").status(), 415);
    assert_eq!(OAuthError::wrong_method("POST").status(), 405);
}

#[test]
fn rfc_6750_3_a_refused_bearer_gets_a_bearer_challenge() {
    let error = OAuthError::new(ErrorCode::InsufficientScope, "more is needed");
    assert_eq!(error.challenge("service").unwrap(), "Bearer realm=\"service\", error=\"insufficient_scope\"");
    let form = Form::parse(b"token=x").unwrap();
    for header in [&b"Bearer"[..], b"Bearer ", b"Bearer a b", b"Bearer a,b"] {
        assert_eq!(Caller::read([header], &form).unwrap_err().code(), ErrorCode::InvalidToken);
    }
    assert!(matches!(Caller::read([&b"bEARER mF_9.B5f-4.1JqM"[..]], &form), Ok(Caller::Bearer(_))));
}

#[test]
fn rfc_7009_2_1_the_printed_request_is_read() {
    let form = Form::parse(b"token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token").unwrap();
    let request = RevocationRequest::read([BASIC], &form).unwrap();
    assert_eq!(request.token.expose(), "45ghiukldjahdnhzdauz");
    assert_eq!(request.hint, Some(TokenTypeHint::RefreshToken));
    assert!(matches!(request.caller, Caller::Client(client) if client.client_id() == "s6BhdRkqt3"));
}

#[test]
fn rfc_7009_2_1_an_unknown_hint_is_ignored_and_a_missing_token_is_not() {
    let form = Form::parse(b"token=x&token_type_hint=session").unwrap();
    assert_eq!(RevocationRequest::read([BASIC], &form).unwrap().hint, None);
    let form = Form::parse(b"token=&token_type_hint=access_token").unwrap();
    assert_eq!(RevocationRequest::read([BASIC], &form).unwrap_err().code(), ErrorCode::InvalidRequest);
}

#[test]
fn rfc_7591_3_1_the_printed_request_without_its_flows_is_read() {
    let request = register(
        r#"{"client_name":"My Example Client","client_name#ja-Jpan-JP":"クライアント名","scope":"read write",
            "token_endpoint_auth_method":"client_secret_basic","logo_uri":"https://client.example.org/logo.png",
            "jwks_uri":"https://client.example.org/my_public_keys.jwks","example_extension_parameter":"example_value",
            "redirect_uris":["https://client.example.org/callback"],"grant_types":["client_credentials"]}"#,
    );
    let request = request.unwrap();
    assert_eq!(request.client_name(), Some("My Example Client"));
    assert_eq!(request.scope().unwrap().to_string(), "read write");
    assert_eq!(request.auth_method(), AuthMethod::ClientSecretBasic);
    assert_eq!(request.text("example_extension_parameter"), Ok(Some("example_value")));
    assert_eq!(request.text("nothing"), Ok(None));
}

#[test]
fn rfc_7591_2_only_client_credentials_are_registered() {
    for (body, is_fit) in [
        ("{}", true),
        (r#"{"grant_types":["client_credentials","refresh_token"]}"#, true),
        (r#"{"grant_types":["authorization_code"]}"#, false),
        (r#"{"grant_types":[]}"#, false),
        (r#"{"grant_types":"client_credentials"}"#, false),
        (r#"{"grant_types":["client_credentials",1]}"#, false),
        (r#"{"response_types":[]}"#, true),
        (r#"{"response_types":["code"]}"#, false),
        (r#"{"token_endpoint_auth_method":"client_secret_post"}"#, true),
        (r#"{"token_endpoint_auth_method":"none"}"#, false),
        (r#"{"token_endpoint_auth_method":"private_key_jwt"}"#, false),
    ] {
        assert_eq!(
            register(body).map(|_| ()),
            if is_fit { Ok(()) } else { Err(ErrorCode::InvalidClientMetadata) },
            "{body}"
        );
    }
}

// serde#1587: every JSON body was accepted as an array; `"scope": null` opened a full session.
#[test]
fn rfc_7591_3_2_2_what_is_no_object_or_forgets_is_invalid_metadata() {
    for body in [
        "",
        "[]",
        "null",
        "\"x\"",
        "{",
        "{}x",
        r#"["My Client"]"#,
        r#"{"scope":null}"#,
        r#"{"scope":""}"#,
        r#"{"scope":["read"]}"#,
        r#"{"scope":"read  write"}"#,
        r#"{"client_name":null}"#,
        r#"{"client_name":7}"#,
        r#"{"client_name":""}"#,
        r#"{"grant_types":null}"#,
        r#"{"response_types":null}"#,
        r#"{"token_endpoint_auth_method":null}"#,
        r#"{"scope":"read","scope":"admin"}"#,
        r#"{"scope":"read","sc\u006fpe":"admin"}"#,
        r#"{"unknown":1,"unknown":1}"#,
    ] {
        assert_eq!(register(body).map(|_| ()), Err(ErrorCode::InvalidClientMetadata), "{body}");
    }
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(RegistrationRequest::MAX_BYTES));
    assert_eq!(RegistrationRequest::parse(large.as_bytes()).unwrap_err().status(), 413);
}

#[test]
fn rfc_7591_3_2_1_the_answer_tells_what_was_registered() {
    let answer = RegistrationResponse {
        client_id: "my_client@service".into(),
        client_secret: Some(Secret::new("cf136dc3c1fc93f31185e5885805d")),
        client_id_issued_at: 2_893_256_800,
        client_secret_expires_at: 0,
        client_name: "My Client".into(),
        scope: ScopeList::parse("read").ok(),
        token_endpoint_auth_method: AuthMethod::ClientSecretPost,
        grant_types: GrantTypes,
    };
    let expected = json!({
        "client_id": "my_client@service", "client_secret": "cf136dc3c1fc93f31185e5885805d",
        "client_id_issued_at": 2_893_256_800_u64, "client_secret_expires_at": 0, "client_name": "My Client", "scope": "read",
        "token_endpoint_auth_method": "client_secret_post", "grant_types": ["client_credentials"],
    });
    assert_eq!(serde_json::to_value(&answer).unwrap(), expected);
    assert!(!format!("{answer:?}").contains("cf136dc3"));
}

#[test]
fn rfc_7662_2_1_the_printed_requests_are_read() {
    let form = Form::parse(b"token=mF_9.B5f-4.1JqM&token_type_hint=access_token").unwrap();
    let request = IntrospectionRequest::read([BASIC], &form).unwrap();
    assert_eq!((request.token.expose(), request.hint), ("mF_9.B5f-4.1JqM", Some(TokenTypeHint::AccessToken)));
    let form = Form::parse(b"token=2YotnFZFEjr1zCsicMWpAA").unwrap();
    let request = IntrospectionRequest::read([&b"Bearer 23410913-abewfq.123483"[..]], &form).unwrap();
    assert!(matches!(request.caller, Caller::Bearer(token) if token.expose() == "23410913-abewfq.123483"));
}

#[test]
fn rfc_7662_2_1_nobody_asks_without_authenticating() {
    let form = Form::parse(b"token=2YotnFZFEjr1zCsicMWpAA").unwrap();
    assert_eq!(IntrospectionRequest::read([], &form).unwrap_err().status(), 401);
}

#[test]
fn rfc_7662_2_2_inactive_is_exactly_that() {
    assert_eq!(serde_json::to_string(&Introspection::Inactive).unwrap(), r#"{"active":false}"#);
}

#[test]
fn rfc_7662_2_2_active_tells_scope_client_and_times() {
    let token = ActiveToken {
        scope: ScopeList::parse("read write").unwrap(),
        client_id: "l238j323ds-23ij4".into(),
        sub: "Z5O3upPC88QrAjx00dis".into(),
        exp: Some(1_419_356_238),
        iat: Some(1_419_350_238),
    };
    let shape = |token: ActiveToken| serde_json::to_value(Introspection::Active(token)).unwrap();
    let mut expected = json!({
        "active": true, "token_type": "Bearer", "scope": "read write", "client_id": "l238j323ds-23ij4",
        "sub": "Z5O3upPC88QrAjx00dis", "exp": 1_419_356_238, "iat": 1_419_350_238,
    });
    assert_eq!(shape(token.clone()), expected);
    expected.as_object_mut().unwrap().remove("exp");
    assert_eq!(shape(ActiveToken { exp: None, ..token }), expected);
}

#[test]
fn rfc_8414_2_the_document_has_every_required_field() {
    let issuer = Issuer::parse("https://server.example.com").unwrap();
    let endpoints = Endpoints::under("https://server.example.com/oauth2/");
    let scopes = ScopeList::parse("read write").unwrap();
    let metadata = Metadata::new(issuer, endpoints, &scopes).with_documentation("https://server.example.com/docs");
    let both = json!(["client_secret_basic", "client_secret_post"]);
    let expected = json!({
        "issuer": "https://server.example.com",
        "token_endpoint": "https://server.example.com/oauth2/token",
        "introspection_endpoint": "https://server.example.com/oauth2/introspect",
        "revocation_endpoint": "https://server.example.com/oauth2/revoke",
        "registration_endpoint": "https://server.example.com/oauth2/register",
        "scopes_supported": ["read", "write"],
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": both,
        "introspection_endpoint_auth_methods_supported": both,
        "revocation_endpoint_auth_methods_supported": both,
        "service_documentation": "https://server.example.com/docs",
    });
    assert_eq!(serde_json::to_value(&metadata).unwrap(), expected);
}

#[test]
fn rfc_8414_3_2_no_scopes_are_no_field() {
    let issuer = Issuer::parse("https://a.example").unwrap();
    let metadata = Metadata::new(issuer, Endpoints::under("https://a.example/oauth2"), &ScopeList::default());
    let document: Value = serde_json::to_value(&metadata).unwrap();
    assert_eq!(document.get("scopes_supported"), None);
}

#[test]
fn rfc_8414_3_1_the_well_known_part_goes_between_host_and_path() {
    for (issuer, url) in [
        ("https://example.com", "https://example.com/.well-known/oauth-authorization-server"),
        ("https://example.com/issuer1", "https://example.com/.well-known/oauth-authorization-server/issuer1"),
    ] {
        assert_eq!(Issuer::parse(issuer).unwrap().metadata_url(), url);
    }
}
