#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::oauth;

fuzz_target!(|bytes: &[u8]| oauth::registration(bytes));
