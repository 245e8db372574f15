//! The suite itself: it lists every behaviour there is, and each kind of broken store fails it.

#[path = "suite/broken.rs"]
mod broken;
#[path = "suite/wrapped.rs"]
mod wrapped;

use std::{
    collections::BTreeSet,
    panic::{self, AssertUnwindSafe},
};

use service_accounts_store::{MemoryStore, conformance::behaviours};
use wrapped::{Broken, Fault};

/// Which behaviours do not hold on a store with this fault.
fn failures<F: Fault + 'static>() -> BTreeSet<&'static str> {
    let fails =
        |behaves: fn(&_)| panic::catch_unwind(AssertUnwindSafe(|| behaves(&Broken::<F>::new().into()))).is_err();
    behaviours::<Broken<F>>().into_iter().filter(|(_, behaves)| fails(*behaves)).map(|(name, _)| name).collect()
}

macro_rules! negative_controls {
    ($($name:ident: $fault:ident fails [$($behaviour:ident),+];)+) => {$(
        #[test]
        fn $name() {
            let failures = failures::<broken::$fault>();
            for behaviour in [$(stringify!($behaviour)),+] {
                assert!(failures.contains(behaviour), "{behaviour} held on a store with {}", stringify!($fault));
            }
        }
    )+};
}

negative_controls! {
    a_store_that_ignores_what_an_update_was_made_from_fails: LostUpdate fails [
        an_account_is_updated_only_from_its_present_state, a_token_is_updated_only_from_its_present_state,
        of_many_updates_of_one_state_one_wins
    ];
    a_store_that_overwrites_on_a_collision_fails: Overwrite fails [
        a_token_id_is_taken_once, no_late_write_revives_a_revoked_token, of_many_who_take_one_token_id_one_wins
    ];
    a_store_that_writes_revoked_tokens_again_fails: Revival fails [no_late_write_revives_a_revoked_token];
    a_store_with_a_cache_that_nobody_clears_fails: StaleCache fails [
        a_revoked_token_is_revoked_for_the_next_read, an_updated_account_reaches_all_its_credentials_at_once
    ];
    a_store_that_keeps_credentials_of_deleted_accounts_fails: Orphans fails [
        a_deleted_account_leaves_no_orphan, a_re_created_account_revives_nothing,
        a_deletion_that_races_mints_leaves_no_orphan
    ];
    a_store_that_trusts_whoever_asks_fails: Trusting fails [
        a_lost_authority_changes_nothing, an_authority_falls_with_its_account,
        an_authority_falls_with_its_scopes, an_authority_stands_until_the_instant_it_ends,
        an_authority_speaks_for_its_own_account
    ];
    a_store_that_forgets_expiry_fails: ForgottenExpiry fails [
        an_expiry_is_read_back_to_the_second, a_minted_credential_is_read_back_whole
    ];
    a_store_that_loses_an_event_fails: LostEvent fails [every_change_leaves_its_event, history_outlives_its_account];
    a_store_that_records_what_it_refused_fails: EventOnRefusal fails [
        an_account_id_is_taken_once, a_token_id_is_taken_once, of_many_who_mint_one_name_one_wins
    ];
    a_store_whose_names_are_unique_everywhere_fails: GlobalNames fails [a_token_name_is_taken_once_within_its_account];
    a_store_whose_pages_overlap_fails: OverlappingPages fails [pages_of_accounts_have_no_gap_and_no_overlap];
    a_store_whose_dates_are_off_by_one_fails: DueTooLate fails [what_is_due_is_found_from_its_instant_on];
    a_store_that_keeps_the_latest_mark_to_arrive_fails: LastMarkWins fails [the_newest_mark_is_kept];
    a_store_that_keeps_half_of_a_batch_of_events_fails: HalfAppend fails [
        appended_events_keep_their_order, concurrent_appends_keep_every_event
    ];
}

#[test]
fn a_store_without_a_fault_passes() {
    assert_eq!(failures::<broken::Faultless>(), BTreeSet::new());
}

#[test]
fn the_list_names_every_behaviour_that_is_written() {
    let listed: BTreeSet<_> = behaviours::<MemoryStore>().into_iter().map(|(name, _)| name).collect();
    let written: BTreeSet<_> = [
        include_str!("../src/conformance/accounts.rs"),
        include_str!("../src/conformance/authority.rs"),
        include_str!("../src/conformance/events.rs"),
        include_str!("../src/conformance/limits.rs"),
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
    ]
    .into_iter()
    .flat_map(|file| file.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split('<').next()))
    .collect();
    assert_eq!(listed, written);
}
