//! Open files: how many the system lets this process have.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Lets this process open as many files as `needed`, if the system allows that. Returns how many it may open now.
pub fn allow(needed: u64) -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(needed, |most| most.min(needed));
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(wanted);
        // If the system refuses, the limit stays as it is, and the result below shows that.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    allowed()
}

/// How many files this process may open now.
pub fn allowed() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// How many [`allow`] could let this process open.
pub fn most() -> u64 {
    getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)
}
