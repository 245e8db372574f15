#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::token;

fuzz_target!(|bytes: &[u8]| {
    if let Some(input) = token::structured(bytes) {
        token::scan(&input);
    }
});
