//! `--wait`: until a transaction is final, or has enough confirmations.

use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use bouya_core::crypto::Hash;

use crate::http::views::{Finality, NodeState, NodeStatus, Transaction, Voter};

use super::client::{Answer, Client};
use super::error::Error;
use super::output::Progress;

/// How often to look at the transaction.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So many voters are named that have not voted.
const NAMED: usize = 5;

/// What is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wait {
    #[default]
    Final,
    Confirmations(u64),
}

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "final" => Ok(Self::Final),
            Ok(count @ 1..) => Ok(Self::Confirmations(count)),
            _ => Err("wait for `final`, or for a number of confirmations from 1 on, as in --wait 6".into()),
        }
    }
}

/// Why what the node tells may not be what the network says; none if nothing speaks against it.
pub(super) fn doubt(state: &NodeStatus) -> Option<String> {
    let NodeStatus { name, reason, .. } = state;
    (!name.sees_network()).then(|| format!("the node is not in touch with the network ({name}: {reason})"))
}

/// Waits until the transaction is what is wanted, and returns the answer that showed it.
pub(super) fn wait(client: &Client, id: &Hash, wanted: Wait, timeout: Duration) -> Result<Answer, Error> {
    let deadline = Instant::now() + timeout;
    let mut progress = Progress::new();
    loop {
        let seen = look(client, id, wanted)?;
        progress.say(&seen.state);
        if let Some(answer) = seen.done {
            progress.done(&seen.state);
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            return Err(Error::Failed(late(client, id, wanted, timeout, &seen)));
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// How the transaction stands.
struct Seen {
    state: String,
    height: Option<u64>,
    /// The answer, if it is what is wanted.
    done: Option<Answer>,
}

fn look(client: &Client, id: &Hash, wanted: Wait) -> Result<Seen, Error> {
    let answer = match client.get(&format!("/v1/transactions/{id}")) {
        Ok(answer) => answer,
        // It was dropped, or it is just moving between the mempool and the chain.
        Err(Error::Refused { status: 404, .. }) => {
            return Ok(Seen {
                state: "not known to the node at the moment".to_owned(),
                height: None,
                done: None,
            });
        }
        Err(error) => return Err(error),
    };
    let transaction: Transaction = answer.read()?;
    let node = client.status()?.state;
    let is_there = reached(&transaction, wanted, &node);
    let state = match (transaction.height, doubt(&node)) {
        (None, None) => "waiting for a block".to_owned(),
        (None, Some(doubt)) => format!("waiting for a block: {doubt}"),
        (Some(height), _) if wanted == Wait::Final && is_there => format!("in block {height}, final"),
        (Some(height), Some(doubt)) => {
            format!("in block {height} of this node's chain, not settled: {doubt}")
        }
        (Some(height), None) => match wanted {
            Wait::Final => not_final(client, height)?,
            Wait::Confirmations(count) => {
                format!("in block {height}, {} of {count} confirmations", transaction.confirmations)
            }
        },
    };
    Ok(Seen { state, height: transaction.height, done: is_there.then_some(answer) })
}

/// Confirmations count only while the node is in touch with the network: those of a node that is cut off may never count. One that knows
/// nobody is a network of its own. A quorum's votes count wherever they are seen, unless there are two quorums, or this
/// node computes something else than they do.
fn reached(transaction: &Transaction, wanted: Wait, node: &NodeStatus) -> bool {
    match wanted {
        Wait::Final => {
            transaction.finalized && !matches!(node.name, NodeState::RefusesFinal | NodeState::TwoHistories)
        }
        Wait::Confirmations(count) => {
            transaction.confirmations >= count && (node.name.sees_network() || node.ready)
        }
    }
}

fn not_final(client: &Client, height: u64) -> Result<String, Error> {
    let finality: Finality = client.get("/v1/finality")?.read()?;
    let (count, quorum) = (finality.voters.len() - missing(&finality, height).len(), finality.quorum);
    // Its votes are there: those that follow them make it final.
    if count >= quorum {
        return Ok(format!("in block {height}, waiting for it to be final"));
    }
    Ok(format!("in block {height}, not final yet: {count} of the {quorum} votes that it needs were heard"))
}

/// The voters whose newest vote is for a block below this height.
fn missing(finality: &Finality, height: u64) -> Vec<&Voter> {
    let is_missing = |voter: &&Voter| voter.vote.as_ref().is_none_or(|vote| vote.height < height);
    finality.voters.iter().filter(is_missing).collect()
}

/// Why the time was too short, and where to look next.
fn late(client: &Client, id: &Hash, wanted: Wait, timeout: Duration, seen: &Seen) -> String {
    let (seconds, state) = (timeout.as_secs(), &seen.state);
    match wanted {
        Wait::Confirmations(count) => format!(
            "{id} does not have {count} confirmations after {seconds} s ({state}). It may still get them; see: bouya tx {id}"
        ),
        Wait::Final => {
            let who = seen.height.and_then(|height| who_is_missing(client, height)).unwrap_or_default();
            format!(
                "{id} is not final after {seconds} s ({state}).{who} It may still become final; see: bouya final, bouya tx {id}"
            )
        }
    }
}

/// Names the voters that have not voted for this height, if there are any and the node tells.
pub(super) fn who_is_missing(client: &Client, height: u64) -> Option<String> {
    let finality: Finality = client.get("/v1/finality").and_then(|answer| answer.read()).ok()?;
    let missing = missing(&finality, height);
    if missing.is_empty() {
        return None;
    }
    let mut names: Vec<_> = missing.iter().take(NAMED).map(|voter| voter.id.clone()).collect();
    if missing.len() > NAMED {
        names.push(format!("{} more", missing.len() - NAMED));
    }
    let (quorum, count) = (finality.quorum, finality.voters.len());
    Some(format!(
        " No vote for block {height} or a later one was heard from {}; {quorum} of {count} voters are needed.",
        names.join(", ")
    ))
}
