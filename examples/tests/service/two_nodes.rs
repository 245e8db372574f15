//! `examples/two_nodes`: one address, two nodes, one database.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::home::{Home, Service};

/// The nodes' processes, which outlive a proxy that is killed.
struct Nodes([String; 2]);

impl Nodes {
    fn kill(&self, place: usize) -> bool {
        Command::new("kill").args(["-9", &self.0[place]]).stderr(Stdio::null()).status().unwrap().success()
    }

    /// Kills a node and waits until its sockets are closed: until then it may still take a request with it.
    fn end(&self, place: usize) {
        assert!(self.kill(place));
        let until = Instant::now() + Duration::from_secs(10);
        while self.runs(place) {
            assert!(Instant::now() < until, "a killed node runs on");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// A process that nobody has waited for is still listed, as a zombie, which has no sockets.
    fn runs(&self, place: usize) -> bool {
        let state = Command::new("ps").args(["-o", "stat=", "-p", &self.0[place]]).output().unwrap().stdout;
        !state.is_empty() && !state.starts_with(b"Z")
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        let _ = (self.kill(0), self.kill(1));
    }
}

fn start(home: &Home) -> (Service, Nodes) {
    let child = home.command("two_nodes", &[]).stderr(home.append_to_log()).spawn();
    let mut both = Service::await_address(child.expect("the example `two_nodes` is built before its tests"));
    let processes = [(); 2].map(|()| both.line().split(' ').nth(3).unwrap().to_owned());
    (both, Nodes(processes))
}

#[test]
fn two_nodes_behind_one_address_are_one_service_and_one_alone_still_is() {
    let home = Home::new();
    let (mut both, nodes) = start(&home);
    let mut line = both.line();
    while !line.starts_with("admin token: ") {
        line = both.line();
    }
    let admin = line.strip_prefix("admin token: ").unwrap();
    let account = both.create(admin, "Nightly Load", json!({"ip_allowlist": ["127.0.0.1/32"]}));
    let token = account["first_token"]["token"].as_str().unwrap();
    let answers: Vec<_> = (0..10).map(|_| both.with(token).get("/datastores")).collect();
    assert!(answers.iter().all(|answer| answer.status == 200), "a client is where the proxy saw it");
    let by: BTreeSet<_> = answers.iter().map(|answer| answer.header("via").unwrap()).collect();
    assert_eq!(by.len(), 2, "both nodes answer: {by:?}");
    let elsewhere = both.with(token).raw("GET", "/datastores", "x-forwarded-for: 203.0.113.9\r\n", b"");
    assert_eq!(elsewhere.status, 200, "what a client says about its address is dropped");

    let metadata = "/.well-known/oauth-authorization-server";
    let issuers: BTreeSet<_> = (0..4).map(|_| both.with(admin).get(metadata).json()["issuer"].to_string()).collect();
    let port = both.address.rsplit(':').next().unwrap();
    assert_eq!(issuers, [format!("\"http://localhost:{port}\"")].into(), "one service for OAuth clients");

    nodes.end(0);
    let first = format!(
        "/api/v1/service-accounts/nightly_load@service/tokens/{}",
        account["first_token"]["id"].as_str().unwrap()
    );
    assert_eq!(both.with(admin).ask(&format!("{first}/revoke")).status, 200);
    for _ in 0..10 {
        assert_eq!(both.with(token).get("/datastores").status, 401, "one node alone is still the service");
    }
    nodes.end(1);
    assert_eq!(both.with(token).get("/datastores").status, 503, "and nobody answers for none");
}
