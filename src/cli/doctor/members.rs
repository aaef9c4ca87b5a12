//! The members: whether a quorum is here, and who is silent.

use std::time::Duration;

use super::check::{Check, names};

/// A member that was heard nothing of for so long after it connected is silent.
const SILENT_AFTER: Duration = Duration::from_secs(120);

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// This node's id.
    pub(super) own: String,
    /// Who votes.
    pub(super) members: Vec<String>,
    /// Voters that make a block final.
    pub(super) quorum: usize,
    /// Connected peers, and for how long.
    pub(super) connected: Vec<(String, Duration)>,
    /// How long the node has run.
    pub(super) uptime: Duration,
    /// Voters that were heard lately, ...
    pub(super) heard: usize,
    /// ... and those that were not.
    pub(super) unheard: Vec<String>,
}

pub(super) fn judge(seen: &Seen) -> Check {
    let mut check = Check::new("members");
    let age = |id: &String| seen.connected.iter().find(|(peer, _)| peer == id).map(|(_, age)| *age);
    let is_here = |id: &&String| **id == seen.own || age(id).is_some();
    let (here, missing): (Vec<_>, Vec<_>) = seen.members.iter().partition(is_here);
    if here.len() < seen.quorum {
        let missing: Vec<String> = missing.into_iter().cloned().collect();
        let is = if missing.len() == 1 { "is" } else { "are" };
        let text = format!(
            "{} of {} members are here, {} are needed for final blocks: {} {is} missing",
            here.len(),
            seen.members.len(),
            seen.quorum,
            names(&missing)
        );
        check.find(
            "quorum",
            text,
            "get their nodes to run and to connect; bouya peers says why they are not",
        );
    }
    let is_silent = |id: &&String| age(id).is_some_and(|age| age > SILENT_AFTER);
    let silent: Vec<String> = seen.unheard.iter().filter(is_silent).cloned().collect();
    // Where nobody votes, all is final or no quorum is here.
    if seen.heard > 0 && seen.uptime > SILENT_AFTER && !silent.is_empty() {
        let does = if silent.len() == 1 { "does" } else { "do" };
        let text = format!("{} {does} not vote, although connected", names(&silent));
        check.find("silent", text, "ask the operator there to look at bouya final and bouya doctor");
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Alice of four members, with these connected.
    fn seen(connected: &[&str]) -> Seen {
        Seen {
            own: "alice".to_owned(),
            members: ids(&["alice", "bob", "carol", "dave"]),
            quorum: 3,
            connected: ids(connected).into_iter().map(|id| (id, LONG)).collect(),
            uptime: LONG,
            heard: 4,
            unheard: Vec::new(),
        }
    }

    #[test]
    fn fewer_than_a_quorum_are_found_with_who_is_missing() {
        assert_eq!(judge(&seen(&["bob", "carol", "dave"])), Check::new("members"));
        assert_eq!(judge(&seen(&["bob", "dave"])), Check::new("members"), "a quorum without carol");
        let found = judge(&seen(&["dave", "eve"])).findings;
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].text,
            "2 of 4 members are here, 3 are needed for final blocks: bob and carol are missing"
        );
        let observer = Seen { own: "eve".to_owned(), ..seen(&["bob", "carol", "dave"]) };
        assert_eq!(judge(&observer), Check::new("members"));
    }

    #[test]
    fn a_connected_member_that_does_not_vote_is_found_once_it_had_its_time() {
        let all = seen(&["bob", "carol", "dave"]);
        let silent = Seen { heard: 3, unheard: ids(&["carol"]), ..all.clone() };
        assert_eq!(judge(&silent).findings[0].text, "carol does not vote, although connected");
        assert_eq!(judge(&silent).findings[0].key, "silent");
        let mut young = silent.clone();
        young.connected[1].1 = Duration::from_secs(5);
        let nobody = Seen { heard: 0, unheard: all.members.clone(), ..all };
        let fresh = Seen { uptime: Duration::from_secs(5), ..silent };
        for fine in [young, nobody, fresh] {
            assert_eq!(judge(&fine), Check::new("members"));
        }
    }
}
