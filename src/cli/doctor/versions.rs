//! The version of the node's program beside this program's and the peers'.

use std::collections::BTreeMap;

use super::check::{Check, names};
use crate::http::views::UpgradeStatus;

/// What was seen of a node that runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The node's.
    pub(super) node: String,
    /// This program's.
    pub(super) own: String,
    /// What connected peers run: `bouya/0.1.0`.
    pub(super) agents: Vec<(String, String)>,
    /// What the members have decided for and the node does not know.
    pub(super) upgrade: Option<UpgradeStatus>,
}

pub(super) fn judge(seen: &Seen) -> Check {
    let mut check = Check::new("versions");
    let (node, own) = (&seen.node, &seen.own);
    if node != own {
        let text = format!("the node runs bouya {node}, and this program is {own}");
        check.find("node", text, "restart the node, so that it runs what is installed");
    }
    if let Some(UpgradeStatus { version, height }) = &seen.upgrade {
        let text = format!(
            "by the members' vote blocks have version {version} from height {height} on, which the node does not know"
        );
        check.find("upgrade", text, "install a newer bouya before");
    }
    if seen.agents.is_empty() {
        check.skip("no peer to compare with");
    }
    let Some(mine) = number(node) else { return check };
    let mut others: BTreeMap<[u64; 3], Vec<String>> = BTreeMap::new();
    for (id, agent) in &seen.agents {
        let number = agent.strip_prefix("bouya/").and_then(number).filter(|number| *number != mine);
        if let Some(number) = number {
            others.entry(number).or_default().push(id.clone());
        }
    }
    for (number @ [major, minor, patch], ids) in others {
        let is = if ids.len() == 1 { "runs" } else { "run" };
        let text = format!("{} {is} bouya {major}.{minor}.{patch}, and this node {node}", names(&ids));
        let next = if number > mine {
            "install that version here and restart the node"
        } else {
            "ask the operator there to install this node's version"
        };
        check.find("peers", text, next);
    }
    check
}

/// `1.2.3`, and whatever follows a hyphen or a plus sign.
fn number(text: &str) -> Option<[u64; 3]> {
    let plain = text.split(['-', '+', ' ']).next()?;
    let parts: Option<Vec<u64>> = plain.split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(agents: &[(&str, &str)]) -> Seen {
        let agents = agents.iter().map(|(id, agent)| ((*id).to_owned(), (*agent).to_owned())).collect();
        Seen { node: "0.9.1".to_owned(), own: "0.9.1".to_owned(), agents, upgrade: None }
    }

    #[test]
    fn one_version_everywhere_is_fine_and_without_peers_nothing_is_known() {
        assert_eq!(judge(&seen(&[("bob", "bouya/0.9.1"), ("eve", "mine/7")])), Check::new("versions"));
        assert_eq!(judge(&seen(&[])).skipped, ["no peer to compare with"]);
    }

    #[test]
    fn newer_and_older_peers_are_told_apart() {
        let found =
            judge(&seen(&[("bob", "bouya/0.10.0"), ("carol", "bouya/0.9.0"), ("dave", "bouya/0.10.0-rc1")]))
                .findings;
        let texts: Vec<_> = found.iter().map(|found| found.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "carol runs bouya 0.9.0, and this node 0.9.1",
                "bob and dave run bouya 0.10.0, and this node 0.9.1"
            ]
        );
        assert!(found[0].next.as_ref().unwrap().starts_with("ask the operator"), "{found:?}");
        assert!(found[1].next.as_ref().unwrap().starts_with("install that version"), "{found:?}");
    }

    #[test]
    fn a_node_that_was_not_restarted_and_an_upgrade_that_it_does_not_know_are_found() {
        let upgrade = Some(UpgradeStatus { version: 3, height: 900 });
        let found =
            judge(&Seen { own: "0.9.2".to_owned(), upgrade, ..seen(&[("bob", "bouya/0.9.1")]) }).findings;
        let keys: Vec<_> = found.iter().map(|found| found.key.as_str()).collect();
        assert_eq!(keys, ["node", "upgrade"]);
        assert!(found[1].text.contains("version 3 from height 900"));
    }
}
