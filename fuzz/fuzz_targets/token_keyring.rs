#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::token;

fuzz_target!(|text: &str| token::keyring(text));
