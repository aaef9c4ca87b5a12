//! The functions that a module imports from `bouya`. Nothing else in this crate is outside of the language's rules but the allocator.

#![allow(
    unsafe_code,
    reason = "imports cannot be called otherwise: pointers and lengths are those of slices"
)]

use alloc::vec::Vec;

use crate::{Address, Hash};

/// Bytes of the largest value of a row.
const VALUE: usize = 4_096;

mod bouya {
    #[link(wasm_import_module = "bouya")]
    unsafe extern "C" {
        pub(super) fn input_size() -> usize;
        pub(super) fn input(at: *mut u8);
        pub(super) fn output(bytes: *const u8, len: usize);
        pub(super) fn get(key: *const u8, key_len: usize, at: *mut u8, room: usize) -> i32;
        pub(super) fn set(key: *const u8, key_len: usize, value: *const u8, value_len: usize);
        pub(super) fn remove(key: *const u8, key_len: usize);
        pub(super) fn caller(at: *mut u8);
        pub(super) fn me(at: *mut u8);
        pub(super) fn value() -> u64;
        pub(super) fn balance() -> u64;
        pub(super) fn pay(to: *const u8, amount: u64) -> i32;
        pub(super) fn height() -> u64;
        pub(super) fn time() -> u64;
        pub(super) fn event(topic: *const u8, topic_len: usize, data: *const u8, data_len: usize);
        pub(super) fn sha256(bytes: *const u8, len: usize, at: *mut u8);
        pub(super) fn verify(key: *const u8, message: *const u8, len: usize, signature: *const u8) -> i32;
        pub(super) fn member(address: *const u8) -> i32;
        pub(super) fn agreement(id: *const u8) -> i32;
        pub(super) fn fail(reason: *const u8, len: usize);
    }
}

pub(crate) fn input() -> Vec<u8> {
    // SAFETY: the host writes as many bytes as it says the input has, and there is room for them.
    unsafe {
        let len = bouya::input_size();
        let mut bytes = Vec::with_capacity(len);
        bouya::input(bytes.as_mut_ptr());
        bytes.set_len(len);
        bytes
    }
}

pub(crate) fn output(bytes: &[u8]) {
    // SAFETY: a slice.
    unsafe { bouya::output(bytes.as_ptr(), bytes.len()) }
}

pub(crate) fn get(key: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(VALUE);
    // SAFETY: a slice, and room for any value.
    let len = unsafe { bouya::get(key.as_ptr(), key.len(), bytes.as_mut_ptr(), VALUE) };
    let len = usize::try_from(len).ok()?;
    // SAFETY: the host has written so many; it never writes more than there is room for.
    unsafe { bytes.set_len(len.min(VALUE)) };
    bytes.shrink_to_fit();
    Some(bytes)
}

pub(crate) fn has(key: &[u8]) -> bool {
    // SAFETY: a slice, and no room that could be written to.
    unsafe { bouya::get(key.as_ptr(), key.len(), core::ptr::NonNull::dangling().as_ptr(), 0) >= 0 }
}

pub(crate) fn set(key: &[u8], value: &[u8]) {
    // SAFETY: slices.
    unsafe { bouya::set(key.as_ptr(), key.len(), value.as_ptr(), value.len()) }
}

pub(crate) fn remove(key: &[u8]) {
    // SAFETY: a slice.
    unsafe { bouya::remove(key.as_ptr(), key.len()) }
}

pub(crate) fn caller() -> Address {
    let mut address = [0; 33];
    // SAFETY: room for an address.
    unsafe { bouya::caller(address.as_mut_ptr()) };
    Address(address)
}

pub(crate) fn me() -> Address {
    let mut address = [0; 33];
    // SAFETY: room for an address.
    unsafe { bouya::me(address.as_mut_ptr()) };
    Address(address)
}

pub(crate) fn value() -> u64 {
    // SAFETY: no pointers.
    unsafe { bouya::value() }
}

pub(crate) fn balance() -> u64 {
    // SAFETY: no pointers.
    unsafe { bouya::balance() }
}

pub(crate) fn pay(to: &Address, amount: u64) -> bool {
    // SAFETY: the 33 bytes of an address.
    unsafe { bouya::pay(to.0.as_ptr(), amount) == 1 }
}

pub(crate) fn height() -> u64 {
    // SAFETY: no pointers.
    unsafe { bouya::height() }
}

pub(crate) fn time() -> u64 {
    // SAFETY: no pointers.
    unsafe { bouya::time() }
}

pub(crate) fn event(topic: &str, data: &[u8]) {
    // SAFETY: slices.
    unsafe { bouya::event(topic.as_ptr(), topic.len(), data.as_ptr(), data.len()) }
}

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    // SAFETY: a slice, and room for a hash.
    unsafe { bouya::sha256(bytes.as_ptr(), bytes.len(), hash.as_mut_ptr()) };
    Hash(hash)
}

pub(crate) fn verify(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    // SAFETY: a key, a slice and a signature, each of the size that the host reads.
    unsafe { bouya::verify(key.as_ptr(), message.as_ptr(), message.len(), signature.as_ptr()) == 1 }
}

pub(crate) fn is_member(address: &Address) -> bool {
    // SAFETY: the 33 bytes of an address.
    unsafe { bouya::member(address.0.as_ptr()) == 1 }
}

pub(crate) fn agreement(id: &Hash) -> i32 {
    // SAFETY: the 32 bytes of a hash.
    unsafe { bouya::agreement(id.0.as_ptr()) }
}

pub(crate) fn fail(reason: &str) -> ! {
    // SAFETY: a slice. The host does not come back.
    unsafe { bouya::fail(reason.as_ptr(), reason.len()) };
    core::arch::wasm32::unreachable()
}
