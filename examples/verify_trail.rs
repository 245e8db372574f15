//! Verifies an exported trail, without the service that wrote it: `SEAL_KEY=… cargo run --example verify_trail -- FILE`.
//!
//! The key is the one that the service seals with, as 64 hexadecimal digits. Prints what the file holds, or the first place
//! that is wrong and exits with 1.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::ExitCode,
};

use service_accounts_audit::seal::{SealKey, Verified, Verifier};

fn main() -> ExitCode {
    match run() {
        Ok(verified) => {
            println!("{}", told(&verified));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Verified, Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("name the file: cargo run --example verify_trail -- FILE")?;
    let key = std::env::var("SEAL_KEY").map_err(|_| "set SEAL_KEY to the key that the service seals with")?;
    verify(&file, SealKey::parse(&key).map_err(|error| format!("SEAL_KEY: {error}"))?)
}

/// Reads one line at a time, so that the size of the file does not matter.
pub(crate) fn verify(file: &str, key: SealKey) -> Result<Verified, Box<dyn std::error::Error>> {
    let mut reader = BufReader::new(File::open(file).map_err(|error| format!("{file}: {error}"))?);
    let mut verifier = Verifier::new(key);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        verifier.line(&line)?;
        line.clear();
    }
    Ok(verifier.finish()?)
}

/// What was verified, in words.
pub(crate) fn told(verified: &Verified) -> String {
    let Verified { events, unsealed, seals, first_seal, .. } = verified;
    let head = verified.head.map_or_else(|| "none".into(), |head| head.to_string());
    let trimmed = match first_seal {
        Some(first) if *first > 0 => format!("\ntrimmed: begins at seal {first}"),
        _ => String::new(),
    };
    format!("verified: {events} events under {seals} seals, {unsealed} of them not sealed yet\nhead: {head}{trimmed}")
}
