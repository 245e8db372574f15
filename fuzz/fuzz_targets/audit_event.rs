#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::audit;

fuzz_target!(|text: &str| audit::event(text));
