//! Proof that the leaves need no std: this library brings its own panic handler, and the compiler refuses a second one,
//! so it builds only as long as nothing it links brings std along.

#![no_std]

extern crate alloc;

use alloc::string::ToString;
use core::{
    alloc::{GlobalAlloc, Layout},
    panic::PanicInfo,
    ptr,
};

use service_accounts_access as _;
use service_accounts_audit as _;
use service_accounts_lifecycle as _;
use service_accounts_naming::{AccountId, DisplayName, Realm};
use service_accounts_oauth as _;
use service_accounts_token as _;

/// Has no memory to give; the host of a real program would.
struct Nothing;

unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static NOTHING: Nothing = Nothing;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// The length of the id that a name becomes, or nothing.
#[unsafe(no_mangle)]
pub extern "C" fn id_length() -> usize {
    let id = DisplayName::parse("Pipeline Automation")
        .ok()
        .and_then(|name| AccountId::from_name(&name, &Realm::default()).ok());
    id.map_or(0, |id| id.to_string().len())
}
