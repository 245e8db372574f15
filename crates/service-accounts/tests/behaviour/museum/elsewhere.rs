//! Exhibits that stand where their subject is: failures whose test needs a socket, a file, a database or a whole service.

use std::{fs, path::Path};

/// What failed and where, the file of the test, and its name.
const EXHIBITS: [(&str, &str, &str); 35] = [
    (
        "CVE-2024-47070: an address header that could not be read was ignored",
        "crates/tower/tests/door/address.rs",
        "what_a_trusted_proxy_sends_and_nobody_can_read_is_refused_even_without_an_allowlist",
    ),
    (
        "CVE-2023-36456: the left-most forwarded address was believed",
        "crates/tower/tests/door/address.rs",
        "behind_a_trusted_proxy_the_right_most_stranger_counts",
    ),
    (
        "CVE-2025-29928: a deletion missed one backend",
        "crates/store/src/conformance/accounts.rs",
        "a_deleted_account_leaves_no_orphan",
    ),
    (
        "CVE-2024-55949: an import skipped the checks of other paths",
        "crates/service-accounts/tests/behaviour/imports.rs",
        "nobody_imports_more_than_they_hold",
    ),
    (
        "vault#5361: what hung in one place froze everything",
        "crates/postgres/tests/suite/nodes.rs",
        "a_database_that_hangs_is_too_slow_within_the_deadline_and_works_again_after",
    ),
    (
        "vault#5361, in an archive of the trail",
        "crates/service-accounts/tests/trail/trimming.rs",
        "an_archive_that_hangs_or_panics_holds_up_nothing_but_trimming",
    ),
    ("CVE-2023-51763: cells became formulas", "crates/audit/src/csv.rs", "no_cell_begins_a_formula"),
    ("CVE-2023-51763, in reviews", "crates/lifecycle/tests/review.rs", "no_cell_of_the_csv_is_a_formula"),
    (
        "gl!126806, gl#524639: a retry of a rotation counted as theft",
        "crates/service-accounts/tests/lifecycle/rotation.rs",
        "a_lost_answer_loses_nothing",
    ),
    (
        "gl#428256: the old token was dead before the new one had arrived",
        "crates/service-accounts/tests/lifecycle/rotation.rs",
        "both_tokens_work_until_the_first_use_of_the_new_one_and_then_only_the_new_one",
    ),
    (
        "unkey#5892: a rotated key lost its dates",
        "crates/service-accounts/tests/lifecycle/rotation.rs",
        "a_successor_has_the_rights_networks_and_environment_of_its_predecessor_and_dates_of_its_own",
    ),
    (
        "unkey#5892: the overlap outlived the old key",
        "crates/service-accounts/tests/lifecycle/rotation.rs",
        "no_overlap_outlives_the_old_token",
    ),
    (
        "base64url with `_` broke the splitting of tokens",
        "crates/token/tests/laws.rs",
        "a_minted_token_reads_back_and_verifies",
    ),
    (
        "eliza#30611: two first starts made two keys",
        "examples/tests/service/keys.rs",
        "services_that_start_together_agree_on_one_key",
    ),
    (
        "openrag#361: an early restart replaced tokens that were in use",
        "examples/tests/service/restart.rs",
        "no_later_start_touches_the_first_token_however_soon_it_comes",
    ),
    (
        "consul#4897: the last administrator was gone and nobody came back in",
        "examples/tests/service/restart.rs",
        "a_host_that_lost_every_administrator_makes_another_one",
    ),
    (
        "pterodactyl#571: a changed key voided every credential, silently",
        "examples/tests/service/restart.rs",
        "a_start_under_another_pepper_is_refused_and_names_the_key",
    ),
    (
        "FerroEHR#2057: slow clients took every file descriptor",
        "examples/tests/service/limits.rs",
        "slow_clients_take_a_bounded_number_of_files_and_others_are_served_after_them",
    ),
    (
        "cargo#7781: an error of a setting named no setting",
        "examples/tests/service/settings.rs",
        "each_setting_is_named_with_what_is_expected_and_never_with_its_value",
    ),
    (
        "rust#122670: a setting that is no Unicode counted as none",
        "examples/tests/service/settings.rs",
        "a_setting_that_is_no_unicode_is_not_the_same_as_none",
    ),
    (
        "jiff and toml-test corpora: any character separated date and time",
        "crates/lifecycle/src/instant.rs",
        "only_a_t_or_a_space_separates_date_and_time",
    ),
    (
        "corpora of secret scanners: a token behind `\\n` or `%3D` was missed",
        "crates/token/tests/scanner.rs",
        "a_token_is_found_whatever_it_is_pasted_against",
    ),
    (
        "the same, by rule files",
        "crates/token/tests/scanner_rules.rs",
        "a_token_is_found_by_every_rule_whatever_stands_around_it",
    ),
    (
        "serde#1587: an array was taken for an object",
        "crates/axum/tests/face/shapes.rs",
        "no_call_takes_an_array_for_an_object",
    ),
    (
        "JSONTestSuite: what is no JSON and what is another shape were told as one",
        "crates/axum/tests/face/hostile.rs",
        "json_of_another_shape_is_422",
    ),
    (
        "media types: UTF-16 and packed bodies were taken for JSON",
        "crates/axum/tests/face/body.rs",
        "only_json_in_utf_8_is_taken_for_json",
    ),
    (
        "a review: a scope of `null` opened a full session",
        "crates/axum/tests/face/administration.rs",
        "null_is_no_way_of_leaving_a_scope_out",
    ),
    (
        "a review: a token for tests became one for production",
        "crates/service-accounts/tests/behaviour/tokens.rs",
        "a_token_is_of_its_accounts_environment_or_of_one_with_shorter_lives",
    ),
    (
        "a review: a principal passed the gate of another tenant",
        "crates/tower/tests/door/gates.rs",
        "a_principal_of_another_gate_is_not_believed",
    ),
    (
        "a review: files could be read by everybody",
        "crates/sqlite/tests/files.rs",
        "files_are_their_owners_alone_whatever_the_umask",
    ),
    (
        "a newcomer: the layer fitted no other body",
        "crates/tower/tests/door/renderers.rs",
        "a_body_that_is_not_made_of_text_is_the_hosts_to_make",
    ),
    (
        "a newcomer: the wrong field was named",
        "crates/axum/tests/face/fields.rs",
        "an_unknown_environment_of_a_token_is_named_with_those_that_are_known",
    ),
    (
        "a newcomer: lines of the README did not paste",
        "examples/tests/service/readme.rs",
        "the_calls_of_the_readme_paste_and_answer_as_it_says",
    ),
    (
        "cargo#4242: crates could not be packaged",
        "examples/tests/packages.rs",
        "each_published_crate_carries_both_licences",
    ),
    (
        "CVE-2025-61928: who asks was read from the body",
        "crates/axum/tests/face/shapes.rs",
        "no_call_reads_from_its_body_who_asks",
    ),
];

/// A list that nobody checks would name tests that were renamed long ago.
#[test]
fn every_exhibit_is_where_the_list_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (failure, file, test) in EXHIBITS {
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(text.contains(&format!("fn {test}")), "{failure}: no test `{test}` in {file}");
    }
}
