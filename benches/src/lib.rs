//! Criterion benches: one file an area, `cargo bench -p service-accounts-benches --bench <area>`.
