//! The museum: real failures of systems that do this job, and the tests that they cannot happen here.
//!
//! Each test names its source. Where a whole class of failures is behind a row, the test goes through every path there
//! is, so that a new path has to be added here before it can be forgotten.
//!
//! | what went wrong elsewhere | where it is shown not to happen here |
//! |---|---|
//! | an address spelt another way, a rule missing on one path | [`networks`] |
//! | a credential that works in a state it must not work in | [`states`] |
//! | revoked, deleted or disabled, and still alive | [`revocation`] |
//! | expiry that is late, lost, malformed or out of the calendar | [`expiry`] |
//! | a store that fails, an answer that is lost, a record that is missing, a panic of the host's code | [`outage`], [`panics`] |
//! | rights handed out that nobody held, rights that were lost meanwhile | [`grants`], [`authority`], [`hands`], [`widening`] |
//! | one id for two, one identity for another, one race with two winners | [`identity`], [`collisions`], [`one_hash`] |
//! | secrets where they must not be, and what can be learnt by asking | [`secrets`], [`guessing`] |
//! | a new pepper that kills, an old one that lives on | [`peppers`] |
//! | a write for each request, a mark that is lost | [`usage`] |
//! | a trail that does not say what changed, or says it in another order | [`told`] |
//! | what was found by attack on this project | [`second_list`] |
//! | what takes a socket, a file, a database or a whole service to show | [`elsewhere`] names the tests |

mod authority;
#[cfg(feature = "import")]
mod collisions;
mod elsewhere;
mod expiry;
mod forge;
mod gains;
mod grants;
mod guessing;
mod hands;
mod identity;
mod networks;
mod one_hash;
mod operations;
mod outage;
mod panics;
mod peppers;
mod revocation;
mod second_list;
mod secrets;
mod states;
mod told;
mod usage;
mod widening;
