//! The machine's library panics where it finds itself wrong, and modules can lead it there. A node must not go down with that, least of all all of them
//! at once: what panics fails, like a trap. It does so on every node, because it is the very same code that is given the very same module.

// The one use of it in the core: nothing else can end a panic.
extern crate std;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What this gives; none if it panics. What it has changed by then must be of no more use: a module that was not made, a run whose writes are dropped.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}
