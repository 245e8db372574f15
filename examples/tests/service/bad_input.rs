//! Whatever is asked: a problem with a stable code, nothing changed, and the service goes on.

use serde_json::{Value, json};

use crate::home::{Home, Service};

pub(crate) const ACCOUNTS: &str = "/api/v1/service-accounts";

/// All that an administrator can see of accounts and tokens.
pub(crate) fn everything(service: &Service, admin: &str) -> Vec<Value> {
    let lists = [ACCOUNTS.to_owned(), format!("{ACCOUNTS}/finance_metrics@service/tokens")];
    lists.iter().map(|list| service.with(admin).get(list).json()).collect()
}

pub(crate) fn started() -> (Home, Service, String) {
    let (home, service, admin) = Home::first_start();
    service.create(&admin, "Finance Metrics", json!({}));
    (home, service, admin)
}

#[test]
fn methods_paths_and_queries_that_do_not_exist_are_problems_too() {
    let (_home, mut service, admin) = started();
    let before = everything(&service, &admin);
    let one = format!("{ACCOUNTS}/finance_metrics@service");
    for (method, path, status, code) in [
        ("PUT", ACCOUNTS, 405, "METHOD_NOT_ALLOWED"),
        ("OPTIONS", ACCOUNTS, 405, "METHOD_NOT_ALLOWED"),
        ("BREW", ACCOUNTS, 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/datastores", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api/v1/service-account/auth", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("POST", "/", 404, "NOT_FOUND"),
        ("GET", "/api/v1/service-accounts/", 404, "NOT_FOUND"),
        ("GET", "/api/v1/service-accounts/nobody@service", 404, "NOT_FOUND"),
        ("GET", "/api/v1/service-accounts/FINANCE_METRICS@service", 404, "NOT_FOUND"),
        ("GET", "/api/v1/service-accounts/%FF", 404, "NOT_FOUND"),
        ("GET", "/api/v1/service-accounts/%00", 404, "NOT_FOUND"),
        ("GET", "/api/v1/service-accounts/..%2f..", 404, "NOT_FOUND"),
        ("POST", "/api/v1/service-accounts/%FF/tokens/%FF/revoke", 404, "NOT_FOUND"),
        ("POST", "/api/v1/service-accounts/finance_metrics@service/tokens/none/revoke", 404, "NOT_FOUND"),
        ("POST", "/api/v1/service-accounts/finance_metrics@service/tokens/0000000000000000/revoke", 404, "NOT_FOUND"),
        ("GET", "/api/v1/service-accounts?limit=x", 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/service-accounts?limit=-1", 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/service-accounts?limit=99999999999999999999999", 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/service-accounts?limit=1&limit=2", 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/service-accounts?cursor=%FF", 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/service-accounts?surprise=1", 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/service-accounts/finance_metrics@service/tokens?cursor=x", 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/audit?cursor=x", 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/audit?action=no.such", 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/audit?since=yesterday", 422, "VALIDATION_ERROR"),
        ("GET", "/datastores?access_token=x", 400, "INVALID_REQUEST"),
    ] {
        let answer = service.with(&admin).send(method, path, None);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{method} {path}");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{method} {path}");
    }
    for path in ["?limit=0", "?limit=201", "?limit=18446744073709551615"] {
        assert_eq!(service.with(&admin).get(&format!("{ACCOUNTS}{path}")).status, 422, "{path}");
    }
    for path in ["?limit=1", "?limit=200", "?cursor=-1", "?cursor=9223372036854775807", "?account=x"] {
        assert_eq!(service.with(&admin).get(&format!("/api/v1/audit{path}")).status, 200, "{path}");
    }
    assert_eq!(service.with(&admin).get(&one.replace('@', "%40")).status, 200, "an encoded @ is an @");
    assert_eq!(service.with(&admin).send("HEAD", &one, None).status, 200);
    assert_eq!(everything(&service, &admin), before);
    assert!(service.is_running());
}

#[test]
fn headers_that_are_no_credential_are_problems_too() {
    let (_home, mut service, admin) = started();
    let nobody = service.without_credential();
    let long = format!("authorization: Bearer {}\r\n", "x".repeat(8000));
    let spliced = format!("authorization: Bearer {admin} {admin}\r\n");
    let joined = format!("authorization: Bearer {admin}, Bearer {admin}\r\n");
    let mixed = format!("authorization: Basic YTpi\r\nauthorization: Bearer {admin}\r\n");
    for (header, status) in [
        (long.as_str(), 401),
        (&spliced, 400),
        (&joined, 400),
        (&mixed, 400),
        ("authorization: \r\n", 400),
        ("authorization: Bearer \r\n", 400),
        ("authorization: Bearer \u{fc}\u{20ac}\r\n", 400),
        ("authorization: \u{fc}\r\n", 400),
        ("authorization: Bearer\tx\r\n", 400),
        ("authorization: Digest x=\"y\"\r\n", 401),
    ] {
        let answer = nobody.raw("GET", "/datastores", header, b"");
        let code = if status == 400 { "INVALID_REQUEST" } else { &answer.code() };
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{header:?}");
    }
    let in_url = nobody.get(&format!("/datastores?access_token={admin}"));
    assert_eq!((in_url.status, in_url.code().as_str()), (400, "INVALID_REQUEST"));
    assert!(service.is_running());
}

#[test]
fn requests_that_are_no_http_do_not_end_the_service() {
    let (_home, mut service, admin) = started();
    for bytes in [
        &b"\0\0\0\0"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    ] {
        let answer = service.without_credential().bytes(bytes);
        assert!(answer.is_none_or(|answer| (400..500).contains(&answer.status)));
    }
    assert_eq!(service.with(&admin).get("/datastores").status, 200);
    assert!(service.is_running());
}
