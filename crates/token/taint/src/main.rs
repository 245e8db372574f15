//! Is there a branch or an index on a secret? To be run under memcheck, by `run` beside this file.
//!
//! Each case marks its secrets, calls the library, and counts what memcheck found meanwhile. The library must
//! give nothing to find; each negative control must, or the instrument is broken and proves nothing.
//!
//! A few branches on secrets are meant to be and are named in `answers.supp`: they are the answers themselves.

mod controls;
mod library;
mod memcheck;

use std::process::ExitCode;

/// A name, what must hold of it, and the code to watch.
pub struct Case {
    pub name: &'static str,
    pub run: fn(),
}

fn main() -> ExitCode {
    if !memcheck::is_running() {
        eprintln!("not under valgrind: nothing would be checked; use the script `run`");
        return ExitCode::from(2);
    }
    let clean = library::CASES.iter().filter(|case| !report(case, "library", findings_of(case) == 0));
    let found = controls::CASES.iter().filter(|case| !report(case, "control", findings_of(case) > 0));
    let failures = clean.count() + found.count();
    println!(
        "{} library cases, {} negative controls, {failures} failures",
        library::CASES.len(),
        controls::CASES.len()
    );
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn findings_of(case: &Case) -> usize {
    let before = memcheck::findings();
    (case.run)();
    memcheck::findings() - before
}

fn report(case: &Case, group: &str, holds: bool) -> bool {
    println!("{}\t{group}\t{}", if holds { "ok" } else { "FAILED" }, case.name);
    holds
}
