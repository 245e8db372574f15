//! An allocator that watches: how often it is asked, what is in memory, and what is left in memory given back.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The longest secret that can be watched for.
const LONGEST: usize = 96;

/// Blocks that can be known at a time; more are not looked into while they live.
const BLOCKS: usize = 64;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static SECRET: Cell<([u8; LONGEST], usize)> = const { Cell::new(([0; LONGEST], 0)) };
    static LEFT_BEHIND: Cell<usize> = const { Cell::new(0) };
    static LIVING: Cell<[(usize, usize); BLOCKS]> = const { Cell::new([(0, 0); BLOCKS]) };
}

/// The system's allocator, watched. What one thread does is not seen by another.
pub struct Watching;

/// Calls `work` and counts the allocations it makes.
pub fn allocations<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATIONS.get();
    let result = work();
    (result, ALLOCATIONS.get() - before)
}

/// Calls `work` and counts the blocks given back meanwhile with `secret` still in them.
pub fn left_behind(secret: &[u8], work: impl FnOnce()) -> usize {
    let mut bytes = [0; LONGEST];
    bytes[..secret.len()].copy_from_slice(secret);
    LEFT_BEHIND.set(0);
    LIVING.set([(0, 0); BLOCKS]);
    SECRET.set((bytes, secret.len()));
    work();
    SECRET.set(([0; LONGEST], 0));
    LEFT_BEHIND.get()
}

/// Counts the living blocks that hold the secret, inside the work of [`left_behind`].
pub fn held() -> usize {
    let holds = |(address, length): &(usize, usize)| {
        // SAFETY: a block in this list was allocated by this allocator, zeroed, and not given back yet.
        *length > 0 && has_secret(unsafe { std::slice::from_raw_parts(*address as *const u8, *length) })
    };
    LIVING.get().iter().filter(|block| holds(block)).count()
}

fn has_secret(content: &[u8]) -> bool {
    let (secret, length) = SECRET.get();
    length > 0 && content.windows(length).any(|window| window == &secret[..length])
}

/// Puts a block in the place of another in the list of the living.
fn exchange(old: (usize, usize), new: (usize, usize)) {
    let mut living = LIVING.get();
    if let Some(place) = living.iter_mut().find(|place| **place == old) {
        *place = new;
        LIVING.set(living);
    }
}

// SAFETY: every call is the system allocator's, with what came in; the watching allocates nothing.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // Zeroed, so that reading a whole block reads nothing undefined.
        // SAFETY: the caller keeps the contract of `alloc`, which is that of `alloc_zeroed`.
        let block = unsafe { System.alloc_zeroed(layout) };
        if SECRET.get().1 > 0 {
            exchange((0, 0), (block as usize, layout.size()));
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        exchange((block as usize, layout.size()), (0, 0));
        // SAFETY: the block is one of ours, `layout.size()` bytes long, initialised above, and still owned.
        if has_secret(unsafe { std::slice::from_raw_parts(block, layout.size()) }) {
            LEFT_BEHIND.set(LEFT_BEHIND.get() + 1);
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}
