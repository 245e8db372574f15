#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::audit;

fuzz_target!(|bytes: &[u8]| audit::any_file(bytes));
