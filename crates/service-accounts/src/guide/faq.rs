//! Questions that hosts ask.
//!
//! ## Can I show a token again?
//!
//! No. Only a keyed hash is stored. Rotate or mint: both take one call.
//!
//! ## Why HMAC and not Argon2 or bcrypt?
//!
//! Slow hashes protect secrets that people choose. A token's secret is 38 random characters, more than 226 bits: no number of
//! guesses finds it. A slow hash would only make each request slow, and be a way to overload the service.
//!
//! ## Why not JWT?
//!
//! A JWT works until it expires, whatever happened since. Here a revocation holds for the next request, because each request is
//! one read of the store. If you need tokens that a service checks without asking anybody, take
//! [something else](super::compared).
//!
//! ## Why does my administrator get `NotPermitted`?
//!
//! It lacks the permission that the [`Call`](crate::Call) takes, or one of the account's teams. An administrator of everything
//! needs `Teams::every()`: "in no team" does not mean "in every team".
//!
//! ## Why does creation fail with `JustificationMissing`?
//!
//! A role above the catalogue's lowest needs a [`Justification`](crate::store::Justification), so that a review can ask later
//! whether it still holds.
//!
//! ## Why does an account with networks get refused behind my proxy?
//!
//! The address that counts is the socket's, which is the proxy's. Name the proxy as trusted in the face, and which header it
//! sets.
//!
//! ## Can the host's own code do everything?
//!
//! Yes, with [`Actor::host`](crate::Actor::host). Whoever runs in the process is trusted. Use
//! [`Actor::host_with`](crate::Actor::host_with) for people whom you want bounded.
//!
//! ## Does it limit attempts?
//!
//! No. No number of failures locks an account, because then anybody could lock it. Limit failures by address in front of the
//! service; the trail and its detectors tell you about them.
//!
//! ## Can two services share one store?
//!
//! Yes. With one realm they are two processes of one service. With two realms they neither see, admit nor change each other's
//! accounts.
//!
//! ## How do tests set the time?
//!
//! [`Builder::clock`](crate::Builder::clock) takes a closure, and [`Builder::randomness`](crate::Builder::randomness) a source.
//!
//! ## What is lost when the process is killed?
//!
//! Access events of the last moments and marks of last use. Never a change that was answered, nor its event.
//! [`AccessEvents::Strict`](crate::AccessEvents::Strict) keeps each access before the request goes on.
//!
//! ## Which async runtime does it need?
//!
//! None. The Postgres store needs Tokio to connect; everything else runs on any executor.
//!
//! ## How do I find out who still uses an old token?
//!
//! Revoke it, and look at [`observation`](crate::TokenHandle::observation): it tells attempts since, and whether they look like
//! a forgotten deployment or like theft.
