//! Instructions a request, which no other load on the machine changes.
//!
//! Callgrind counts what server and client execute outside the kernel. It hides the processor's SHA instructions, so SHA-256
//! runs in software there, and the figures with the layer are higher than on the processor itself.

use std::process::Command;

/// Requests of the shorter run; the longer one has twice as many, and the difference is free of what starting costs.
const REQUESTS: u64 = 2_000;

/// Prints one `instructions` line a server.
pub fn compare() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions\tnot counted: install valgrind");
        return;
    }
    let plain = a_request("plain");
    println!("instructions\taxum, plain\t{plain}");
    for server in ["no-op", "by hand", "memory", "sqlite"] {
        let with = a_request(server);
        println!("instructions\taxum, {server}\t{with}\tplain\t{plain}\t{:.3}", with as f64 / plain as f64);
    }
}

fn a_request(server: &str) -> u64 {
    (counted(server, 2 * REQUESTS) - counted(server, REQUESTS)) / REQUESTS
}

/// What a run of this program under callgrind executes in all.
fn counted(server: &str, requests: u64) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["http", server, &requests.to_string()])
        .output()
        .expect("valgrind runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = line.unwrap_or_else(|| panic!("callgrind said: {said}"));
    count.trim().parse().expect("a count")
}
