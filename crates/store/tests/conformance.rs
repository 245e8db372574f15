//! The suite on the stores of this crate.

mod memory {
    use service_accounts_store::MemoryStore;

    service_accounts_store::conformance!(MemoryStore::new());
}

mod boxed {
    use service_accounts_store::{BoxStore, MemoryStore};

    service_accounts_store::conformance!(BoxStore::new(MemoryStore::new()));
}

mod shared {
    use std::sync::Arc;

    use service_accounts_store::{MemoryStore, conformance::Subject};

    fn two_handles() -> Subject<Arc<MemoryStore>> {
        let store = Arc::new(MemoryStore::new());
        Subject::across(store.clone(), store)
    }

    service_accounts_store::conformance!(two_handles());
}
