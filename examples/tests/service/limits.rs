//! Clients that take their time, or all the places.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::home::{Home, Service};

/// Writes the beginning of a request and then waits; tells what came back until the service hung up, and when it did.
fn dawdle(mut stream: TcpStream, request: &[u8]) -> (String, Duration) {
    let began = Instant::now();
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the service hangs up");
    (answer, began.elapsed())
}

fn connect(service: &Service) -> TcpStream {
    service.without_credential().connect().unwrap()
}

/// How many files and sockets the service has open.
#[cfg(target_os = "linux")]
fn open_files(service: &Service) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", service.child.id())).unwrap().count()
}

#[test]
fn headers_that_do_not_end_are_not_waited_for() {
    let (_home, service, _) = Home::first_start();
    for beginning in [&b""[..], b"GET /healthz HTTP/1.1\r\nhost: te"] {
        let (_, after) = dawdle(connect(&service), beginning);
        assert!(after < Duration::from_secs(8), "{after:?}");
    }
}

#[test]
fn a_body_that_does_not_end_is_not_waited_for() {
    let (_home, service, _) = Home::first_start();
    let auth = b"POST /api/v1/service-account/auth HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
        content-length: 50\r\n\r\n{\"client_id\":";
    let (answer, after) = dawdle(connect(&service), auth);
    assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("application/problem+json"), "{answer}");
    assert!(after < Duration::from_secs(15), "{after:?}");
}

/// FerroEHR#2057: slow headers took all file descriptors.
#[test]
#[cfg(target_os = "linux")]
fn slow_clients_take_a_bounded_number_of_files_and_others_are_served_after_them() {
    let (_home, service, _) = Home::first_start();
    let before = open_files(&service);
    let slow: Vec<_> = (0..700)
        .map(|_| {
            let mut stream = connect(&service);
            stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
            stream
        })
        .collect();
    assert!(open_files(&service) <= before + 520, "{} files", open_files(&service));
    let answer = service.without_credential().get("/healthz");
    assert_eq!(answer.status, 200);
    assert!(open_files(&service) <= before + 520, "{} files", open_files(&service));
    drop(slow);
}
