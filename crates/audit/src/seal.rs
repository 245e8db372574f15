//! Seals: a trail that cannot be edited unseen.
//!
//! ```text
//! event lines   1 … 1000           1001 … 1731
//!               └─ Merkle root ─┐  └─ Merkle root ─┐
//! seals              seal 0 ◀──previous tag── seal 1 ◀── …
//! ```
//!
//! A [`Sealer`] closes the trail in segments. A [`Seal`] holds the Merkle root over the lines of its segment (RFC 6962
//! §2.1) and the tag of the seal before it, under an HMAC whose key belongs to nothing else. Who can write to the trail's
//! storage but lacks the key can neither change a sealed event nor leave one out.
//!
//! An [`Export`] writes events, seals and a signed end as one file; a [`Verifier`] reads it line by line and names the
//! first place that is wrong. An [`Inclusion`] shows that one event is in a segment, without the others.
//!
//! ```
//! use service_accounts_audit::{Action, Event, Label, Recorded, Sequence};
//! use service_accounts_audit::seal::{Export, SealKey, Sealer, Verifier};
//! use time::UtcDateTime;
//!
//! let key = SealKey::new(&[7; 32]);
//! let mut sealer = Sealer::new(key.clone());
//! let mut export = Export::new(key.clone());
//! let mut file = String::new();
//! for number in 1..=3 {
//!     let event = Event::new(Action::TokenRevoked, Label::new("ops"), UtcDateTime::UNIX_EPOCH);
//!     let recorded = Recorded { sequence: Sequence::new(number), event };
//!     sealer.push(&recorded)?;
//!     file += &export.event(&recorded)?;
//! }
//! file += &export.seal(&sealer.close().unwrap())?;
//! file += &export.end()?;
//!
//! let verify = |file: &str| {
//!     let mut verifier = Verifier::new(key.clone());
//!     file.split_inclusive('\n').try_for_each(|line| verifier.line(line.as_bytes()))?;
//!     verifier.finish()
//! };
//! assert_eq!(verify(&file).unwrap().events, 3);
//! let forged = file.replacen("ops", "eve", 2);
//! assert_eq!(verify(&forged).unwrap_err().to_string(), "line 1: event 1 was edited");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A key that may be known to others is changed: the chain goes on under the new one ([`Sealer::succeeding`]), and a verifier
//! takes the earlier one only for the seals before the change ([`Verifier::accepting`]).
//!
//! What seals do not do: they do not protect events that no seal covers yet, nor against who holds the key, nor against a
//! whole trail that is put back to an earlier state together with its seals. For the last, keep the newest seal somewhere
//! else and give it to [`Verifier::expecting`].

mod export;
mod fault;
mod inclusion;
mod key;
mod merkle;
mod proof;
mod record;
mod sealer;
mod verifier;

pub use export::Export;
pub use fault::{Fault, FaultKind};
pub use inclusion::Inclusion;
pub use key::{Digest, SealKey, SealKeyError};
pub use proof::Proof;
pub use record::{End, Seal};
pub use sealer::{SealError, Sealer};
pub use verifier::{Verified, Verifier};
