//! The allocator of a module: it goes up and hardly looks back. A call is short, and its memory is gone with it; the gas that a better one
//! would take is paid by all.

#![allow(
    unsafe_code,
    reason = "an allocator hands out memory: here an array's and that of new pages, each byte once"
)]

use alloc::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::memory_grow;
use core::cell::{Cell, UnsafeCell};
use core::ptr;

const PAGE: usize = 65_536;
/// What is there from the start. With the stack (32 KiB) and some data it fits into the first page, and most calls need no other.
const FIRST: usize = 24_576;

#[repr(align(16))]
struct First(UnsafeCell<[u8; FIRST]>);

struct Memory {
    first: First,
    /// The piece that is handed out: its first free byte (0 before the first use) and its end.
    next: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: a module has one thread.
unsafe impl Sync for Memory {}

#[global_allocator]
static MEMORY: Memory =
    Memory { first: First(UnsafeCell::new([0; FIRST])), next: Cell::new(0), end: Cell::new(0) };

impl Memory {
    /// Makes room for one more piece of this size, behind what is there or elsewhere. `false` where the memory is full.
    fn grow(&self, size: usize) -> bool {
        if self.next.get() == 0 {
            let start = self.first.0.get() as usize;
            self.next.set(start);
            self.end.set(start.saturating_add(FIRST));
            return true;
        }
        let pages = size.div_ceil(PAGE);
        let old = memory_grow(0, pages);
        if old == usize::MAX {
            return false;
        }
        let start = old.saturating_mul(PAGE);
        if start != self.end.get() {
            self.next.set(start);
        }
        self.end.set(start.saturating_add(pages.saturating_mul(PAGE)));
        true
    }

    /// Where a piece of this size begins, if there is room for it.
    fn place(&self, layout: Layout) -> Option<usize> {
        let start = self.next.get().checked_next_multiple_of(layout.align())?;
        let end = start.checked_add(layout.size())?;
        if end > self.end.get() {
            return None;
        }
        self.next.set(end);
        Some(start)
    }

    /// Whether this piece is the last that was handed out.
    fn is_last(&self, at: *mut u8, size: usize) -> bool {
        (at as usize).wrapping_add(size) == self.next.get()
    }
}

// SAFETY: pieces lie one after another in memory that is there, each aligned; only the last one is ever taken back or resized in its place.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        loop {
            if let Some(start) = self.place(layout) {
                return start as *mut u8;
            }
            // Pages are aligned to more than any type.
            if !self.grow(layout.size()) {
                return ptr::null_mut();
            }
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if self.is_last(at, layout.size()) {
            self.next.set(at as usize);
        }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let end = (at as usize).checked_add(size);
        if self.is_last(at, layout.size()) && end.is_some_and(|end| end <= self.end.get()) {
            self.next.set((at as usize).wrapping_add(size));
            return at;
        }
        if size <= layout.size() {
            return at;
        }
        // SAFETY: the size is not zero, and the old piece has fewer bytes than the new one.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(at, new, layout.size());
            }
            new
        }
    }
}
