//! How many files the node may have open.

use super::check::Check;

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) allowed: u64,
    pub(super) needed: u64,
    /// It is the node that runs; else what a node may get that is started as this command was.
    pub(super) runs: bool,
}

pub(super) fn judge(seen: Seen) -> Check {
    let mut check = Check::new("open files");
    let Seen { allowed, needed, runs } = seen;
    if allowed < needed {
        let who = if runs { "the node may open" } else { "a node that is started from here may open" };
        check.find(
            "open-files",
            format!("{who} {allowed} files, and may need {needed} for peers, strangers and API clients"),
            "raise the limit: LimitNOFILE= in its unit, or ulimit -n; then restart it",
        );
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_open_files_than_a_node_may_need_are_found() {
        assert_eq!(judge(Seen { allowed: 700, needed: 700, runs: true }), Check::new("open files"));
        let found = judge(Seen { allowed: 699, needed: 700, runs: true }).findings;
        assert!(found[0].text.starts_with("the node may open 699 files, and may need 700"), "{found:?}");
        assert!(judge(Seen { allowed: 1, needed: 2, runs: false }).findings[0].text.contains("from here"));
    }
}
