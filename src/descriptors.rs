//! Open files: how many the system lets this process have.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Lets this process open as many files as `needed`, where the system allows that. How many it may open now.
pub fn allow(needed: u64) -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    let allowed = limit.maximum.map_or(needed, |most| most.min(needed));
    if limit.current.is_some_and(|current| current < allowed) {
        limit.current = Some(allowed);
        // What the system refuses stays as it is, and is told below.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
