//! The suite itself: it lists every behaviour there is, and each kind of broken store fails it.

#[path = "suite/broken.rs"]
mod broken;
#[path = "suite/careless.rs"]
mod careless;
#[path = "suite/wrapped.rs"]
mod wrapped;

use std::{
    collections::BTreeSet,
    panic::{self, AssertUnwindSafe},
};

use service_accounts_store::{MemoryStore, conformance::behaviours};
use wrapped::{Broken, Fault};

/// Which of these behaviours do not hold on a store with this fault.
fn failures<F: Fault + 'static>(of: impl Fn(&str) -> bool) -> BTreeSet<&'static str> {
    let fails =
        |behaves: fn(&_)| panic::catch_unwind(AssertUnwindSafe(|| behaves(&Broken::<F>::new().into()))).is_err();
    behaviours::<Broken<F>>()
        .into_iter()
        .filter(|(name, behaves)| of(name) && fails(*behaves))
        .map(|(name, _)| name)
        .collect()
}

macro_rules! negative_controls {
    ($($name:ident: $room:ident::$fault:ident fails [$($behaviour:ident),+];)+) => {$(
        #[test]
        fn $name() {
            let named = [$(stringify!($behaviour)),+];
            let failures = failures::<$room::$fault>(|name| named.contains(&name));
            for behaviour in named {
                assert!(failures.contains(behaviour), "{behaviour} held on a store with {}", stringify!($fault));
            }
        }
    )+};
}

negative_controls! {
    a_store_that_ignores_what_an_update_was_made_from_fails: broken::LostUpdate fails [
        an_account_is_updated_only_from_its_present_state, a_token_is_updated_only_from_its_present_state,
        of_many_updates_of_one_state_one_wins
    ];
    a_store_that_overwrites_on_a_collision_fails: broken::Overwrite fails [
        a_token_id_is_taken_once, no_late_write_revives_a_revoked_token, of_many_who_take_one_token_id_one_wins
    ];
    a_store_that_writes_revoked_tokens_again_fails: broken::Revival fails [no_late_write_revives_a_revoked_token];
    a_store_with_a_cache_that_nobody_clears_fails: broken::StaleCache fails [
        a_revoked_token_is_revoked_for_the_next_read, an_updated_account_reaches_all_its_credentials_at_once
    ];
    a_store_that_keeps_credentials_of_deleted_accounts_fails: broken::Orphans fails [
        a_deleted_account_leaves_no_orphan, a_re_created_account_revives_nothing,
        a_deletion_that_races_mints_leaves_no_orphan
    ];
    a_store_that_trusts_whoever_asks_fails: broken::Trusting fails [
        a_lost_authority_changes_nothing, an_authority_falls_with_its_account,
        an_authority_falls_with_its_scopes, an_authority_stands_until_the_instant_it_ends,
        an_authority_speaks_for_its_own_account
    ];
    a_store_that_forgets_expiry_fails: broken::ForgottenExpiry fails [
        an_expiry_is_read_back_to_the_second, a_minted_credential_is_read_back_whole
    ];
    a_store_that_loses_an_event_fails: broken::LostEvent fails [every_change_leaves_its_event, history_outlives_its_account];
    a_store_that_records_what_it_refused_fails: broken::EventOnRefusal fails [
        an_account_id_is_taken_once, a_token_id_is_taken_once, of_many_who_mint_one_name_one_wins,
        a_change_of_nothing_leaves_no_trace
    ];
    a_store_that_writes_the_same_again_fails: careless::WritesTheSame fails [a_change_of_nothing_leaves_no_trace];
    a_store_whose_names_are_unique_everywhere_fails: broken::GlobalNames fails [a_token_name_is_taken_once_within_its_account];
    a_store_whose_pages_overlap_fails: broken::OverlappingPages fails [pages_of_accounts_have_no_gap_and_no_overlap];
    a_store_whose_dates_are_off_by_one_fails: broken::DueTooLate fails [what_is_due_is_found_from_its_instant_on];
    a_store_that_keeps_the_latest_mark_to_arrive_fails: broken::LastMarkWins fails [the_newest_mark_is_kept];
    a_store_that_keeps_half_of_a_batch_of_events_fails: broken::HalfAppend fails [
        appended_events_keep_their_order, concurrent_appends_keep_every_event
    ];
    a_store_that_tends_rights_too_fails: careless::TendsAnything fails [tending_changes_no_rights];
    a_store_that_tends_one_by_one_fails: careless::TendsOneByOne fails [tokens_are_tended_all_or_none];
    a_store_that_rotates_half_fails: careless::RetiresNothing fails [
        a_rotation_writes_both_tokens_in_one_step, a_rotation_that_is_refused_leaves_both_as_they_were
    ];
    a_store_that_forgets_generations_fails: careless::RevokesNothingInBulk fails [
        all_credentials_of_an_account_are_revoked_in_one_step, a_revocation_of_all_is_for_good
    ];
    a_store_that_believes_what_was_judged_fails: careless::BelievesWhatWasJudged fails [
        a_change_judged_by_credentials_and_accounts_needs_them_unchanged
    ];
    a_store_that_reissues_in_two_steps_fails: careless::ReissuesInTwoSteps fails [
        all_credentials_end_and_a_new_secret_comes_in_one_step
    ];
    a_store_that_deletes_credentials_first_fails: careless::DeletesWithoutAMark fails [
        a_large_account_is_deleted_in_bounded_steps
    ];
    a_store_that_never_ends_sessions_fails: careless::UnboundedSessions fails [
        sessions_that_end_first_make_room, a_lowered_bound_of_sessions_is_reached
    ];
    a_store_that_counts_no_tokens_fails: careless::CountsNoTokens fails [
        tokens_of_an_account_are_bounded, a_rotation_is_bounded_as_a_mint_is, of_many_who_mint_the_last_token_one_wins
    ];
    a_store_that_keeps_what_makes_room_fails: careless::KeepsWhatMakesRoom fails [
        an_ended_token_makes_room_in_the_same_step, only_an_ended_token_makes_room
    ];
    a_store_that_overwrites_documents_fails: careless::BlindPut fails [
        a_document_is_replaced_only_from_its_present_state
    ];
    a_store_that_adds_documents_out_of_turn_fails: careless::BlindTurn fails [
        an_addition_is_made_only_in_its_turn, of_many_who_add_in_one_turn_one_wins
    ];
    a_store_that_mixes_kinds_of_documents_fails: careless::OneShelf fails [documents_of_one_kind_are_listed_in_order];
    a_store_that_moves_cursors_blindly_fails: careless::LooseCursor fails [
        a_cursor_moves_only_from_where_it_stands, of_many_who_move_one_cursor_one_wins
    ];
    a_store_that_counts_a_sighting_twice_fails: careless::CountsTwice fails [sightings_of_one_row_are_joined];
    a_store_that_keeps_too_few_sightings_fails: careless::FewSightings fails [the_stalest_sighting_makes_room];
    a_store_that_lists_no_attempts_fails: careless::ForgottenAttempts fails [the_last_attempt_is_listed];
    a_store_that_sweeps_one_realm_for_all_fails: careless::OneRealm fails [realms_are_kept_apart];
    a_store_that_ignores_a_condition_fails: careless::AnyText fails [filters_find_exactly_what_they_name];
    a_store_that_turns_pages_around_fails: careless::Backwards fails [the_trail_is_read_in_either_order];
    a_store_that_trims_without_a_limit_fails: careless::TrimsAll fails [a_trimmed_trail_goes_on_where_it_was];
    a_store_that_answers_what_was_asked_for_fails: careless::WrongAnswer fails [what_a_commit_answers_is_what_is_stored];
    a_store_that_creates_one_by_one_fails: careless::CreatesOneByOne fails [
        many_accounts_come_in_one_step, of_many_accounts_all_come_or_none
    ];
    a_store_that_commits_in_two_steps_fails: careless::InTwoSteps fails [
        a_dropped_commit_happens_whole_or_not_at_all
    ];
    a_store_that_appends_one_by_one_fails: careless::OneByOne fails [a_dropped_batch_is_kept_whole_or_not_at_all];
}

#[test]
fn a_store_without_a_fault_passes() {
    assert_eq!(failures::<broken::Faultless>(|_| true), BTreeSet::new());
}

#[test]
fn the_list_names_every_behaviour_that_is_written() {
    let listed: BTreeSet<_> = behaviours::<MemoryStore>().into_iter().map(|(name, _)| name).collect();
    let written: BTreeSet<_> = [
        include_str!("../src/conformance/accounts.rs"),
        include_str!("../src/conformance/authority.rs"),
        include_str!("../src/conformance/events.rs"),
        include_str!("../src/conformance/limits.rs"),
        include_str!("../src/conformance/newcomers.rs"),
        include_str!("../src/conformance/races.rs"),
        include_str!("../src/conformance/reads.rs"),
        include_str!("../src/conformance/revocation.rs"),
        include_str!("../src/conformance/tokens.rs"),
        include_str!("../src/conformance/wholesale.rs"),
        include_str!("../src/conformance/whole.rs"),
        include_str!("../src/conformance/sightings.rs"),
        include_str!("../src/conformance/rotation.rs"),
        include_str!("../src/conformance/filters.rs"),
        include_str!("../src/conformance/documents.rs"),
        include_str!("../src/conformance/rooms.rs"),
    ]
    .into_iter()
    .flat_map(|file| file.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split('<').next()))
    .collect();
    assert_eq!(listed, written);
}
