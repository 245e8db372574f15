//! The suite that every store must pass, as ordinary tests.
//!
//! Each behaviour is a function of a [`Subject`]: a store without records, and how to wait for its answers. The macro
//! [`conformance!`](crate::conformance!) makes one `#[test]` of each, with a store of its own:
//!
//! ```
//! # mod rust_needs_a_module_here {
//! mod conformance {
//!     use service_accounts_store::MemoryStore;
//!
//!     service_accounts_store::conformance!(MemoryStore::new());
//! }
//! # }
//! ```
//!
//! The expression is evaluated once a test, and is a store or a [`Subject`]. A store that needs a runtime, a folder that
//! must outlive it, or a second process on the same data says so:
//!
//! ```
//! use service_accounts_store::{MemoryStore, conformance::{Subject, behaviours}};
//!
//! # struct Folder;
//! let (store, folder) = (MemoryStore::new(), Folder);
//! let subject = Subject::new(store).waiting_by(|future| pollster::block_on(future)).keeping(folder);
//! # drop(subject);
//! for (name, behaves) in behaviours::<MemoryStore>() {
//!     println!("{name}");
//!     behaves(&MemoryStore::new().into());
//! }
//! ```
//!
//! A behaviour that does not hold panics, as a test does. What the suite cannot see from outside is the adapter's own to
//! test: that an acknowledged change survives a crash, and that a record it cannot read back is an error.
//!
//! For the other side, to test what stands on a store, there is a [`FaultyStore`].

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "these functions are tests: to panic is how they say no"
)]

pub mod accounts;
pub mod authority;
mod contents;
pub mod documents;
pub mod events;
mod faulty;
pub mod filters;
mod fixtures;
pub mod limits;
pub mod newcomers;
pub mod races;
pub mod reads;
pub mod revocation;
pub mod rooms;
pub mod rotation;
mod samples;
pub mod sightings;
mod steps;
mod subject;
pub mod tokens;
pub mod whole;
pub mod wholesale;

pub use contents::Contents;
pub use faulty::{Call, Fault, FaultyError, FaultyStore, When};
pub use subject::{Subject, Waiting};

/// One `#[test]` for each behaviour, with a store of its own.
///
/// The expression is evaluated once a test; it is a [`Store`](crate::Store) or a
/// [`Subject`](crate::conformance::Subject). Invoke it in a module of its own.
#[macro_export]
macro_rules! conformance {
    ($subject:expr $(,)?) => {
        $crate::__behaviours! { __tests { $subject } }
    };
}

/// A behaviour, by its name.
pub type Behaviour<S> = (&'static str, fn(&Subject<S>));

#[doc(hidden)]
#[macro_export]
macro_rules! __table {
    ({ $store:ident } $($area:ident { $($behaviour:ident)+ })+) => {
        vec![$($((stringify!($behaviour), $crate::conformance::$area::$behaviour::<$store>)),+),+]
    };
}

/// Every behaviour of the suite, for a harness of the host's own.
#[must_use]
pub fn behaviours<S: crate::Store>() -> Vec<Behaviour<S>> {
    crate::__behaviours! { __table { S } }
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ({ $subject:expr } $($area:ident { $($behaviour:ident)+ })+) => {$($(
        #[test]
        fn $behaviour() {
            $crate::conformance::$area::$behaviour(&$crate::conformance::Subject::from($subject));
        }
    )+)+};
}

/// The one list of behaviours, handed to whichever macro makes something of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __behaviours {
    ($then:ident $given:tt) => {
        $crate::$then! {
            $given
            accounts {
                a_created_account_is_read_back_whole
                a_new_account_comes_with_its_first_credentials
                what_is_not_there_is_absent
                an_account_id_is_taken_once
                a_new_account_with_a_taken_token_id_is_refused_whole
                a_new_account_with_unfit_credentials_is_refused_whole
                an_account_is_updated_only_from_its_present_state
                an_updated_account_reaches_all_its_credentials_at_once
                a_nearer_end_of_an_account_is_a_nearer_date_of_its_secret
                a_deleted_account_leaves_no_orphan
                a_re_created_account_revives_nothing
            }
            newcomers {
                many_accounts_come_in_one_step
                of_many_accounts_all_come_or_none
            }
            tokens {
                a_minted_credential_is_read_back_whole
                minting_needs_the_account_as_it_was_judged
                a_token_id_is_taken_once
                a_token_name_is_taken_once_within_its_account
                sessions_do_not_get_in_each_others_way
                a_token_is_updated_only_from_its_present_state
                an_update_never_moves_a_token
                a_rehash_replaces_only_the_digest_that_was_verified
                a_regenerated_secret_ends_the_present_one_and_sessions_live_on
                regenerating_needs_the_account_as_it_was_judged
                a_token_is_deleted_only_after_it_was_revoked
                a_session_is_deleted_from_the_instant_it_expires
            }
            revocation {
                a_revoked_token_is_revoked_for_the_next_read
                a_second_revocation_keeps_the_first_instant
                no_late_write_revives_a_revoked_token
                no_late_write_revives_a_deleted_token
                a_revoked_token_is_due_at_once
                a_clearance_is_forgotten_with_any_change
            }
            authority {
                a_working_credential_may_make_changes
                an_authority_stands_until_the_instant_it_ends
                a_lost_authority_changes_nothing
                an_authority_falls_with_its_account
                an_authority_falls_with_its_scopes
                an_authority_speaks_for_its_own_account
            }
            events {
                every_change_leaves_its_event
                a_revision_is_the_place_of_its_event
                an_event_is_read_back_whole
                appended_events_keep_their_order
                pages_of_events_have_no_gap_and_no_overlap
                conditions_find_exactly_what_they_name
                the_trail_is_read_in_either_order
                a_trimmed_trail_goes_on_where_it_was
                history_outlives_its_account
            }
            reads {
                pages_of_accounts_have_no_gap_and_no_overlap
                pages_of_tokens_have_no_gap_and_no_overlap
                what_is_due_is_found_from_its_instant_on
                a_date_that_moves_is_found_where_it_is
                the_newest_mark_is_kept
                a_mark_of_an_unknown_token_is_dropped
                a_mark_is_no_change
                a_mark_goes_with_its_token
                every_credential_is_counted_under_its_pepper
            }
            limits {
                an_expiry_is_read_back_to_the_second
                every_other_date_is_read_back_to_the_second
                dates_are_ordered_from_one_end_of_time_to_the_other
                marks_and_events_keep_their_instants
                the_longest_texts_are_read_back_whole
            }
            rotation {
                a_rotation_writes_both_tokens_in_one_step
                a_rotation_that_is_refused_leaves_both_as_they_were
                what_is_known_of_a_token_is_kept_without_a_change_of_rights
                tending_changes_no_rights
                tokens_are_tended_all_or_none
            }
            wholesale {
                all_credentials_of_an_account_are_revoked_in_one_step
                a_revocation_of_all_is_for_good
                all_credentials_end_and_a_new_secret_comes_in_one_step
                sessions_that_end_first_make_room
                a_lowered_bound_of_sessions_is_reached
                a_session_without_an_end_makes_room_last
                a_session_needs_the_account_as_it_was_judged
                a_large_account_is_deleted_in_bounded_steps
                nothing_happens_to_a_deleted_account
            }
            rooms {
                tokens_of_an_account_are_bounded
                a_rotation_is_bounded_as_a_mint_is
                an_ended_token_makes_room_in_the_same_step
                only_an_ended_token_makes_room
                of_many_who_mint_the_last_token_one_wins
                of_many_who_mint_in_one_place_one_wins
            }
            documents {
                a_document_is_replaced_only_from_its_present_state
                a_change_judged_by_a_document_needs_it_unchanged
                a_change_judged_by_credentials_and_accounts_needs_them_unchanged
                an_addition_is_made_only_in_its_turn
                of_many_who_add_in_one_turn_one_wins
                documents_of_one_kind_are_listed_in_order
                a_cursor_moves_only_from_where_it_stands
                of_many_who_move_one_cursor_one_wins
            }
            sightings {
                sightings_of_one_row_are_joined
                the_stalest_sighting_makes_room
                sightings_go_with_their_token
                the_last_attempt_is_listed
            }
            filters {
                filters_find_exactly_what_they_name
                realms_are_kept_apart
            }
            whole {
                what_a_commit_answers_is_what_is_stored
                a_change_of_nothing_leaves_no_trace
                a_dropped_commit_happens_whole_or_not_at_all
                a_dropped_batch_is_kept_whole_or_not_at_all
            }
            races {
                of_many_who_mint_one_name_one_wins
                of_many_who_create_one_account_one_wins
                of_many_who_take_one_token_id_one_wins
                of_many_updates_of_one_state_one_wins
                an_update_that_races_a_revocation_never_revives
                no_reader_sees_a_revoked_token_work_again
                nothing_is_minted_by_a_judgement_that_is_out_of_date
                a_deletion_that_races_mints_leaves_no_orphan
                many_regenerations_leave_one_secret
                concurrent_appends_keep_every_event
            }
        }
    };
}
