//! The routes and extractors, called in process.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod administration;
mod body;
mod extract;
mod fields;
mod guarded;
mod hostile;
mod imports;
mod lists;
mod mounted;
mod naming;
mod openapi;
mod outage;
mod paths;
mod policies;
mod reviews;
mod shapes;
mod slightly_wrong;
mod subscriptions;
mod support;
mod trail;
