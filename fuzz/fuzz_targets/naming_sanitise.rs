#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::naming;

fuzz_target!(|text: &str| naming::sanitise(text));
