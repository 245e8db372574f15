//! Ours and theirs, side by side in one process: `cargo run --release -- naming|token|access|audit|lifecycle|store|http|all`.

#[cfg(feature = "access")]
mod access;
#[cfg(feature = "audit")]
mod audit;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "lifecycle")]
mod lifecycle;
#[cfg(feature = "naming")]
mod naming;
mod side_by_side;
#[cfg(feature = "store")]
mod store;
#[cfg(feature = "token")]
mod token;

use std::process::ExitCode;

/// One area: its name on the command line and the function that prints its ratios.
type Area = (&'static str, fn());

const AREAS: &[Area] = &[
    #[cfg(feature = "access")]
    ("access", access::run),
    #[cfg(feature = "audit")]
    ("audit", audit::run),
    #[cfg(feature = "http")]
    ("http", http::run),
    #[cfg(feature = "lifecycle")]
    ("lifecycle", lifecycle::run),
    #[cfg(feature = "naming")]
    ("naming", naming::run),
    #[cfg(feature = "store")]
    ("store", store::run),
    #[cfg(feature = "token")]
    ("token", token::run),
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_else(|| "all".into());
    let chosen: Vec<_> = AREAS.iter().filter(|(name, _)| wanted == "all" || wanted == *name).collect();
    if chosen.is_empty() {
        let known: Vec<_> = AREAS.iter().map(|(name, _)| *name).collect();
        eprintln!("no area `{wanted}`: choose one of {} or all", known.join(", "));
        return ExitCode::from(2);
    }
    for (_, run) in chosen {
        run();
    }
    ExitCode::SUCCESS
}
