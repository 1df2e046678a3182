//! A small runtime: nothing in the places where Rust would call the C library.
//!
//! Rust's panic message is all that would use standard streams, `exit` and the C environment, and
//! they pull in `wasi:cli/{stdin,stdout,stderr,exit,terminal-*}`, which a host that gives HTTP
//! alone has not got. These definitions come before the C library's, so the linker never looks
//! at its own, and its allocator is gone with it. A panic still traps; its message is lost.
//!
//! Measured when it was made: a probe of 105 kB and 16 imported interfaces became one of 95 kB and
//! 6, and 12 kB of allocator became 1.5 kB.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

const FAILED: isize = -1;

#[unsafe(no_mangle)]
extern "C" fn write(_: c_int, _: *const c_void, _: usize) -> isize {
    FAILED
}

#[unsafe(no_mangle)]
extern "C" fn writev(_: c_int, _: *const c_void, _: c_int) -> isize {
    FAILED
}

#[unsafe(no_mangle)]
extern "C" fn getenv(_: *const c_char) -> *mut c_char {
    null_mut()
}

#[unsafe(no_mangle)]
extern "C" fn getcwd(_: *mut c_char, _: usize) -> *mut c_char {
    null_mut()
}

#[unsafe(no_mangle)]
extern "C" fn abort() -> ! {
    std::arch::wasm32::unreachable()
}

#[unsafe(no_mangle)]
extern "C" fn exit(_: c_int) -> ! {
    std::arch::wasm32::unreachable()
}

#[unsafe(no_mangle)]
extern "C" fn _Exit(_: c_int) -> ! {
    std::arch::wasm32::unreachable()
}
