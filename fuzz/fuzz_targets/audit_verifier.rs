#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::audit::{self, Tampering};

fuzz_target!(|tampering: Vec<Tampering>| audit::verifier(tampering));
