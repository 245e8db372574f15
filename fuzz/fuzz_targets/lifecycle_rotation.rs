#![no_main]

use libfuzzer_sys::fuzz_target;
use service_accounts_fuzz_bodies::lifecycle;

fuzz_target!(|steps: Vec<lifecycle::RotationStep>| lifecycle::rotation(steps));
