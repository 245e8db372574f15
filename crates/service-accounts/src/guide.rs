//! Pages for people: words, errors, operation, and how this library compares.
//!
//! | you are | read |
//! |---|---|
//! | new here | [`glossary`], then the examples of [`ServiceAccounts`](crate::ServiceAccounts) and [`Acting`](crate::Acting) |
//! | looking at an error | [`errors`] |
//! | running a service | [`operating`] |
//! | writing a face for another framework | [`frameworks`] |
//! | reviewing the security of it | [`reviewers`] |
//! | choosing a library | [`compared`] |
//! | wondering | [`faq`] |

pub mod compared;
pub mod errors;
pub mod faq;
pub mod frameworks;
pub mod glossary;
pub mod operating;
pub mod reviewers;
