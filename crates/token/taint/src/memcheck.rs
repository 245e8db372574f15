//! Talking to memcheck: which bytes are secret, and what it has found so far.
//!
//! A secret byte is marked as undefined. Memcheck follows undefined bits through every instruction and reports
//! each jump and each address that depends on one: exactly what a constant-time program never has.

use std::arch::asm;

const RUNNING_ON_VALGRIND: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

/// Whether there is a memcheck to talk to.
pub fn is_running() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) != 0
}

/// Jumps and addresses found to depend on a secret, so far.
pub fn findings() -> usize {
    request(COUNT_ERRORS, 0, 0)
}

/// Makes bytes secret.
pub fn taint<T: ?Sized>(value: &T) {
    request(MAKE_MEM_UNDEFINED, std::ptr::from_ref(value).cast::<u8>().addr(), size_of_val(value));
}

/// Makes bytes public again.
pub fn untaint<T: ?Sized>(value: &T) {
    request(MAKE_MEM_DEFINED, std::ptr::from_ref(value).cast::<u8>().addr(), size_of_val(value));
}

/// A client request as valgrind.h spells it for this processor: rotations that come to nothing, and an exchange
/// of a register with itself, which valgrind takes as a call and a processor as nothing at all.
fn request(code: usize, address: usize, length: usize) -> usize {
    let arguments = [code, address, length, 0, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: the instructions change only `rdx` and, by rotating it full circle, nothing of `rdi`;
    // `arguments` lives until they are done, and valgrind changes no memory in answer to these requests.
    unsafe {
        asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}
