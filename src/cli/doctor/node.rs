//! The node itself: whether it runs, what it answers, and its one state, which belongs to one of the checks.

use std::thread;
use std::time::{Duration, Instant};

use bouya_core::id::NodeId;

use super::check::{Check, Finding};
use super::identity::CERTIFICATE;
use crate::cli::client::Client;
use crate::cli::error::Error;
use crate::config::Settings;
use crate::http::views::{Finality, NodeState, NodeStatus, Page, Peer, Reach, Reached, ReachedBy, Status};

/// How long the peers may take to dial this node back.
const DIALED_WITHIN: Duration = Duration::from_secs(15);
/// How often to look whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What the node says.
pub(super) struct Says {
    pub(super) status: Status,
    pub(super) peers: Vec<Peer>,
    pub(super) finality: Finality,
    /// What peers say of dialing it back, or why they were not asked.
    pub(super) reached: Result<Vec<ReachedBy>, String>,
}

/// What came of asking it.
pub(super) enum Asked {
    Says(Box<Says>),
    /// Nobody answers: why.
    Silent(String),
    /// Somebody answers, and not as this node does.
    Strange(Finding),
}

/// Asks the node. `own`: whose certificate the files hold, if that is known.
pub(super) fn ask(client: Result<Client, Error>, own: Option<&NodeId>, settings: Option<&Settings>) -> Asked {
    let status = match client.and_then(|client| Ok((client.status()?, client))) {
        Ok((status, client)) => match stranger(&status, own, settings) {
            None => read(&client, status),
            Some(finding) => return Asked::Strange(finding),
        },
        Err(error) => Err(error),
    };
    match status {
        Ok(says) => Asked::Says(Box::new(says)),
        Err(Error::Unreachable { api, why }) => Asked::Silent(format!("no node answers at {api} ({why})")),
        Err(Error::Usage(text)) => Asked::Silent(text),
        Err(error) => Asked::Strange(Finding { key: "api".to_owned(), text: error.to_string(), next: None }),
    }
}

fn read(client: &Client, status: Status) -> Result<Says, Error> {
    let mut peers = Vec::new();
    let mut from = None;
    loop {
        let query = from.into_iter().chain([("limit", "100".to_owned())]);
        let page: Page<Peer> = client.get_with("/v1/peers", &query.collect::<Vec<_>>())?.read()?;
        peers.extend(page.items);
        let Some(next) = page.next else { break };
        from = Some(("from", next));
    }
    let finality = client.get("/v1/finality")?.read()?;
    let reached = match status.peers.connected {
        0 => Ok(Vec::new()),
        _ => reached(client).map_err(|error| error.to_string()),
    };
    Ok(Says { status, peers, finality, reached })
}

/// Waits until the peers have dialed it back, but not for ever.
fn reached(client: &Client) -> Result<Vec<ReachedBy>, Error> {
    let until = Instant::now() + DIALED_WITHIN;
    loop {
        let Reached { peers } = client.post("/v1/reach")?.read()?;
        let waits = peers.iter().any(|peer| peer.reach == Reach::Waiting);
        if !waits || Instant::now() >= until {
            return Ok(peers);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// The node that answers, if it is another one.
fn stranger(status: &Status, own: Option<&NodeId>, settings: Option<&Settings>) -> Option<Finding> {
    let network = settings.map(|settings| settings.network.genesis.id().to_string());
    let is_other = own.is_some_and(|own| own.as_str() != status.id);
    if !is_other && network.is_none_or(|network| network == status.network.id) {
        return None;
    }
    let text = format!(
        "the node that answers there is \"{}\" of network {} ({}), and not this one",
        status.id, status.network.name, status.network.id
    );
    let next = Some("give each node of this machine an api.listen of its own".to_owned());
    Some(Finding { key: "api.listen".to_owned(), text, next })
}

/// `holds`: some process has the data folder open. `off`: node.toml turns the API off.
pub(super) fn judge(asked: &Asked, holds: bool, off: bool) -> Check {
    let mut check = Check::new("node");
    match asked {
        Asked::Says(says) => {
            let NodeStatus { name, reason, .. } = &says.status.state;
            if matches!(name, NodeState::Starting | NodeState::Syncing) {
                check.skip(format!("{name}: {reason}; look again later"));
            }
        }
        Asked::Strange(finding) => check.findings.push(finding.clone()),
        Asked::Silent(_) if off && holds => {
            check.skip("it runs, and node.toml turns its API off: what only it knows is not looked at");
        }
        Asked::Silent(why) if holds => check.find(
            "api",
            format!("a process has the data folder open, but {why}"),
            "wait if it has just started; else read its log (journalctl -u bouya) and restart it",
        ),
        Asked::Silent(_) if off => check.skip("it is down, and node.toml turns its API off"),
        Asked::Silent(why) => check.skip(format!("it is down: {why}")),
    }
    check
}

/// The check that a state belongs to, and what is to be said of it there; none if nothing is wrong or it passes by itself.
pub(super) fn state(state: &NodeStatus) -> Option<(&'static str, Finding)> {
    let check = match state.name {
        NodeState::Ready | NodeState::Starting | NodeState::Syncing => return None,
        // Alone by intention.
        NodeState::Alone if state.ready => return None,
        NodeState::Alone => "peers",
        NodeState::Held | NodeState::ClockOff | NodeState::TipAhead => "clock",
        NodeState::DiskFull => "disk",
        NodeState::Outdated => "versions",
        NodeState::Unwritten | NodeState::Silent | NodeState::RefusesFinal | NodeState::TwoHistories => {
            "votes"
        }
        NodeState::CertificateNotYetValid | NodeState::CertificateExpired | NodeState::CertificateRevoked => {
            CERTIFICATE
        }
        NodeState::Removed | NodeState::NotListed | NodeState::Stalled => "members",
    };
    let finding =
        Finding { key: state.name.to_string(), text: state.reason.clone(), next: state.next.clone() };
    Some((check, finding))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    fn says(name: NodeState, ready: bool) -> NodeStatus {
        NodeStatus { name, ready, reason: "the reason".to_owned(), next: Some("the next step".to_owned()) }
    }

    #[test]
    fn each_state_that_needs_somebody_is_found_with_its_reason_and_next_step() {
        let quiet = [NodeState::Ready, NodeState::Starting, NodeState::Syncing];
        for name in NodeState::value_variants() {
            let found = state(&says(*name, false));
            assert_eq!(found.is_none(), quiet.contains(name), "{name}");
            let Some((check, finding)) = found else { continue };
            assert!(super::super::NAMES.contains(&check), "{check}");
            assert_eq!((finding.key, finding.text.as_str()), (name.to_string(), "the reason"));
            assert_eq!(finding.next.as_deref(), Some("the next step"));
        }
        assert!(state(&says(NodeState::Alone, true)).is_none(), "it knows nobody, by intention");
    }

    #[test]
    fn a_node_that_is_down_is_no_fault_and_one_that_hangs_is() {
        let silent = Asked::Silent("no node answers at x (connection refused)".to_owned());
        for (holds, off, findings) in [(false, false, 0), (true, false, 1), (true, true, 0), (false, true, 0)]
        {
            let check = judge(&silent, holds, off);
            assert_eq!((check.findings.len(), check.skipped.len()), (findings, 1 - findings));
        }
        let strange = Finding { key: "api".to_owned(), text: "of bob".to_owned(), next: None };
        assert_eq!(judge(&Asked::Strange(strange), false, false).findings.len(), 1);
    }
}
