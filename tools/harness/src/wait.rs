//! Waits for a condition that sends no notice.

use std::thread;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Calls `done` until it returns something. None if it does not within this time.
pub fn until<T>(within: Duration, mut done: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        let found = done();
        if found.is_some() || Instant::now() > deadline {
            return found;
        }
        thread::sleep(LOOK_EVERY);
    }
}
