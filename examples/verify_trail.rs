//! Verifies an exported trail, without the service that wrote it: `SEAL_KEY=… cargo run --example verify_trail -- FILE`.
//!
//! FILE may also be the proof of one event, as `/api/v1/audit/events/{sequence}/proof` answers it.
//!
//! The key is the one that the service seals with, as 64 hexadecimal digits; where it was changed, the earlier ones follow it,
//! the latest first, separated by commas. Prints what the file holds, or the first place
//! that is wrong and exits with 1.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    process::ExitCode,
};

use service_accounts_audit::seal::{Inclusion, SealKey, Verified, Verifier};

fn main() -> ExitCode {
    match run() {
        Ok(verified) => {
            println!("{verified}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("name the file: cargo run --example verify_trail -- FILE")?;
    let key = std::env::var("SEAL_KEY").map_err(|_| "set SEAL_KEY to the key that the service seals with")?;
    let keys = key.split(',').map(|key| SealKey::parse(key.trim())).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(|error| format!("SEAL_KEY: {error}"))?;
    match proof(&file)? {
        Some(inclusion) => prove(&inclusion, &keys),
        None => verify(&file, &keys).map(|verified| told(&verified)),
    }
}

/// The largest proof: its seal has eight digits for each event of a segment.
const PROOF: u64 = 1 << 20;

/// The proof of one event, if the file is one.
pub(crate) fn proof(file: &str) -> Result<Option<Inclusion>, Box<dyn std::error::Error>> {
    let mut text = Vec::new();
    File::open(file).map_err(|error| format!("{file}: {error}"))?.take(PROOF).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text).ok())
}

/// What a proof proves, in words.
pub(crate) fn prove(inclusion: &Inclusion, keys: &[SealKey]) -> Result<String, Box<dyn std::error::Error>> {
    if !keys.iter().any(|key| inclusion.holds(key)) {
        return Err("the proof does not hold: the event or its seal was changed, or the key is another".into());
    }
    let (event, seal) = (&inclusion.event, &inclusion.seal);
    let (action, actor, at) = (event.event.action(), event.event.actor(), event.event.at());
    Ok(format!("verified: event {}, {action} by {actor} at {at}, stands under seal {}", event.sequence, seal.number()))
}

/// Reads one line at a time, so that the size of the file does not matter.
pub(crate) fn verify(file: &str, keys: &[SealKey]) -> Result<Verified, Box<dyn std::error::Error>> {
    let mut reader = BufReader::new(File::open(file).map_err(|error| format!("{file}: {error}"))?);
    let (present, earlier) = keys.split_first().ok_or("set SEAL_KEY to the key that the service seals with")?;
    let mut verifier = earlier.iter().cloned().fold(Verifier::new(present.clone()), Verifier::accepting);
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
