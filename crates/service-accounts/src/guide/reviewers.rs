//! For reviewers: where to look, and in which order.
//!
//! `SECURITY.md` states the attackers considered, each promise and the test that holds it. This page says where the code is.
//!
//! | question | where |
//! |---|---|
//! | Is each credential judged by one function, on every path? | `door/judge.rs`, called by `door.rs` and `door/introspection.rs` |
//! | Does it work at `now`, and if not, why? | `standing` in the store crate; the door, `decide` and every view call it |
//! | Is the comparison constant in time? | `crates/token/src/keyring`, checked on the release binary by `crates/token/taint/run` |
//! | What does a stranger learn? | [`Rejection::disclosure`](crate::Rejection::disclosure); a test checks that only reasons found after the secret was verified reveal anything |
//! | Who may make which administrative call? | `core/authority.rs`: one table, [`Call::ALL`](crate::Call::ALL), one rule each |
//! | Can somebody grant more than they hold? | `Catalogue::guard` in the access crate; a test compares it with a model |
//! | Are rights read again when a change is written? | `decide` in the store crate: [`Authority`](crate::store::Authority) |
//! | Can a late write restore a revoked token? | `decide/tokens.rs`; the conformance suite races it |
//! | Is each change one transaction with its event? | `Store::commit`; the suite drops, fails and kills it at every step |
//! | Where does time come from? | `clock.rs` and nowhere else; a lint forbids the rest |
//! | Where does randomness come from? | `randomness.rs` and nowhere else |
//! | Which crates are cryptographic? | `hmac`, `sha2`, `subtle`, `zeroize`, used by `token` and `audit` only; a test checks the dependencies |
//! | Is there `unsafe`? | forbidden in every library crate |
//! | What may a secret's type print? | `SecretToken` and `Pepper` print no byte of it; a test scans logs at TRACE |
//!
//! ## Not promised
//!
//! - Whoever reads the process's memory, or has the pepper, is out of scope.
//! - Whoever writes to the database can change records that no seal covers.
//! - A key of 32 random bytes is assumed. With a guessable pepper, a stolen database is not safe.
//! - This library does not limit the rate of attempts.
//!
//! ## How to try it
//!
//! ```sh
//! cargo test --workspace        # every promise has a test that fails when it is broken
//! examples/tests/mutants        # breaks promises one by one, and expects their tests to fail
//! cargo +nightly fuzz run token_read -- -max_total_time=20   # one of the targets that `cargo fuzz list` names
//! .ci/run                       # everything, and third-party clients against the example
//! ```
