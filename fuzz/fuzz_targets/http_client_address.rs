#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::http;

fuzz_target!(|bytes: &[u8]| http::client_address(bytes));
