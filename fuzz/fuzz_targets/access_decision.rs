#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::access;

fuzz_target!(|asking: access::Asking| access::decision(&asking));
