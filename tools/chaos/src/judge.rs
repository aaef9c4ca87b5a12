//! The invariants that must hold after the faults. A pure function: facts in, verdicts out, with no process and no clock.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::load::Deep;
use crate::watch::Reorg;

/// All facts that the verdicts need.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// The members that were not removed.
    pub(crate) survivors: Vec<usize>,
    /// Milliseconds from healing until all had one tip. None if not within the bound.
    pub(crate) agreed: Option<u64>,
    /// The same, until each pair had one connection.
    pub(crate) meshed: Option<u64>,
    /// Pairs that do not have exactly one connection at the end, with their number of connections.
    pub(crate) pairs: Vec<(usize, usize, usize)>,
    /// Pairs that kept more than one connection for too long, at any time.
    pub(crate) doubles: Vec<String>,
    /// The bound for both, in milliseconds.
    pub(crate) bound: u64,
    /// The height at healing.
    pub(crate) healed: u64,
    /// How many blocks came after healing.
    pub(crate) grown: u64,
    /// The state of each survivor, at one tip if they reached one.
    pub(crate) states: Vec<State>,
    /// The supply at that tip: allocations and rewards.
    pub(crate) supply: u128,
    pub(crate) fates: Vec<Fate>,
    pub(crate) nodes: Vec<NodeFacts>,
    /// The removed member, if there is one.
    pub(crate) removed: Option<Removed>,
    pub(crate) deaths: Vec<String>,
    pub(crate) bad_stops: Vec<String>,
}

/// A node's state at its tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) node: usize,
    pub(crate) tip: String,
    /// Balance, in the smallest unit, and next nonce of each account.
    pub(crate) accounts: Vec<(u64, u64)>,
}

/// The fate of an acknowledged transaction.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    pub(crate) id: String,
    /// The height at which each survivor has it confirmed.
    pub(crate) places: Vec<(usize, Option<u64>)>,
    pub(crate) deep: Option<Deep>,
    pub(crate) forgotten: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct NodeFacts {
    pub(crate) node: usize,
    /// Height and hash of each block that it told as its newest final one.
    pub(crate) finals: Vec<(u64, String)>,
    pub(crate) reorgs: Vec<Reorg>,
    pub(crate) bans: Vec<String>,
    pub(crate) panics: Vec<String>,
    /// The result of `bouya verify`. None if the store was not verified.
    pub(crate) verified: Option<Result<String, String>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Removed {
    pub(crate) node: usize,
    /// Milliseconds until no survivor was connected to it.
    pub(crate) cut_after: Option<u64>,
    pub(crate) connected: Vec<usize>,
    pub(crate) returned: Vec<String>,
}

/// One invariant.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) name: &'static str,
    pub(crate) held: bool,
    pub(crate) detail: String,
}

/// Most lines of evidence that a verdict shows.
const SHOWN: usize = 5;

fn verdict(name: &'static str, wrong: &[String], fine: String) -> Verdict {
    let held = wrong.is_empty();
    let mut detail = wrong.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n");
    if wrong.len() > SHOWN {
        detail.push_str(&format!("\nand {} more", wrong.len() - SHOWN));
    }
    Verdict { name, held, detail: if held { fine } else { detail } }
}

/// Judges everything.
pub(crate) fn judge(facts: &Facts) -> Vec<Verdict> {
    let mut verdicts = vec![
        tips(facts),
        connections(facts),
        growth(facts),
        finals(facts),
        settled(facts),
        balances(facts),
        supply(facts),
        confirmed(facts),
        promised(facts),
        deep(facts),
        bans(facts),
    ];
    verdicts.extend(facts.removed.as_ref().map(removed));
    verdicts.push(verdict("no node ended by itself", &facts.deaths, "none did".into()));
    verdicts.push(verdict(
        "each node stopped when told to",
        &facts.bad_stops,
        "always with exit code 0".into(),
    ));
    let panics = |node: &NodeFacts| {
        node.panics.iter().map(|line| format!("node{}: {line}", node.node)).collect::<Vec<_>>()
    };
    let panics: Vec<String> = facts.nodes.iter().flat_map(panics).collect();
    verdicts.push(verdict("no node panicked", &panics, "no log shows a panic".into()));
    verdicts.push(stores(facts));
    verdicts
}

fn within(facts: &Facts, found: Option<u64>, what: &str) -> (Vec<String>, String) {
    match found {
        Some(ms) => (Vec::new(), format!("{:.1} s after healing", ms as f64 / 1_000.0)),
        None => (vec![format!("{what} within {} s of healing", facts.bound / 1_000)], String::new()),
    }
}

fn tips(facts: &Facts) -> Verdict {
    let (wrong, fine) = within(facts, facts.agreed, "the nodes did not reach one tip");
    verdict("all nodes reach one tip", &wrong, fine)
}

fn connections(facts: &Facts) -> Verdict {
    let (mut wrong, fine) = within(facts, facts.meshed, "not all nodes were connected to each other");
    let pairs = facts.pairs.iter();
    wrong.extend(pairs.map(|(one, other, count)| format!("node{one} and node{other}: {count} connections")));
    wrong.extend(facts.doubles.iter().cloned());
    verdict("each pair has exactly one connection", &wrong, fine)
}

/// A network that agrees but makes no blocks is not healed.
fn growth(facts: &Facts) -> Verdict {
    let wrong = if facts.grown == 0 { vec!["no block came after healing".to_owned()] } else { Vec::new() };
    verdict("the chain grows", &wrong, format!("{} blocks since healing", facts.grown))
}

/// No two nodes told different blocks as final, and none took one back.
fn finals(facts: &Facts) -> Verdict {
    let mut wrong = Vec::new();
    let mut known: BTreeMap<u64, (usize, &str)> = BTreeMap::new();
    for node in &facts.nodes {
        for (height, hash) in &node.finals {
            let (first, block) = *known.entry(*height).or_insert((node.node, hash));
            if block != hash {
                wrong.push(format!(
                    "block {height} is {block} on node{first} and {hash} on node{}",
                    node.node
                ));
            }
        }
        for pair in node.finals.windows(2).filter(|pair| pair[1].0 < pair[0].0) {
            wrong.push(format!("node{} went back from {} to {}", node.node, pair[0].0, pair[1].0));
        }
    }
    verdict("what is final stays", &wrong, format!("{} final blocks were seen", known.len()))
}

/// A quorum is back after healing, so blocks become final on every node.
fn settled(facts: &Facts) -> Verdict {
    let last = |node: &NodeFacts| node.finals.last().map_or(0, |(height, _)| *height);
    let late = facts.nodes.iter().filter(|node| facts.survivors.contains(&node.node));
    let late = late.filter(|node| last(node) <= facts.healed);
    let wrong: Vec<_> = late
        .map(|node| format!("node{} has {} final, healed at {}", node.node, last(node), facts.healed))
        .collect();
    verdict(
        "blocks become final after healing",
        &wrong,
        format!("above block {} on every node", facts.healed),
    )
}

fn balances(facts: &Facts) -> Verdict {
    let mut wrong = Vec::new();
    if facts.states.len() < facts.survivors.len() {
        wrong.push(format!(
            "only {} of {} nodes reported their state",
            facts.states.len(),
            facts.survivors.len()
        ));
    }
    for pair in facts.states.windows(2) {
        let (one, other) = (&pair[0], &pair[1]);
        if one.tip != other.tip {
            wrong.push(format!("node{} and node{} were never seen at one tip", one.node, other.node));
        } else if one.accounts != other.accounts {
            wrong.push(format!("node{} and node{} differ at block {}", one.node, other.node, one.tip));
        }
    }
    let accounts = facts.states.first().map_or(0, |state| state.accounts.len());
    let fine = format!("{accounts} accounts on {} nodes at one tip", facts.states.len());
    verdict("balances agree", &wrong, fine)
}

fn supply(facts: &Facts) -> Verdict {
    let sum = |state: &State| state.accounts.iter().map(|(balance, _)| u128::from(*balance)).sum::<u128>();
    let off = facts.states.iter().filter(|state| sum(state) != facts.supply);
    let mut wrong: Vec<String> = off
        .map(|state| format!("node{}: {}, but {} were issued", state.node, sum(state), facts.supply))
        .collect();
    if facts.states.is_empty() {
        wrong.push("no node reported its state".to_owned());
    }
    verdict("the supply is what was issued", &wrong, format!("{} of the smallest unit", facts.supply))
}

fn confirmed(facts: &Facts) -> Verdict {
    let mut wrong = Vec::new();
    for fate in &facts.fates {
        let missing: Vec<String> = fate
            .places
            .iter()
            .filter(|(_, at)| at.is_none())
            .map(|(node, _)| format!("node{node}"))
            .collect();
        if !missing.is_empty() || fate.places.len() < facts.survivors.len() {
            wrong.push(format!("{} is not confirmed on {}", fate.id, missing.join(", ")));
        }
    }
    let fine = format!("{} transactions on each of {} nodes", facts.fates.len(), facts.survivors.len());
    verdict("each acknowledged transaction is confirmed on all nodes", &wrong, fine)
}

fn promised(facts: &Facts) -> Verdict {
    let broken =
        facts.fates.iter().filter_map(|fate| Some(format!("{}: {}", fate.id, fate.forgotten.as_ref()?)));
    let wrong: Vec<String> = broken.collect();
    verdict("no running node forgot a transaction", &wrong, "or it logged why it dropped one".into())
}

/// A deep transaction stays in its block, unless the node that showed it has since reported a reorganisation at least as deep.
fn deep(facts: &Facts) -> Verdict {
    let mut wrong = Vec::new();
    let mut count = 0_usize;
    for fate in &facts.fates {
        let Some(deep) = fate.deep else { continue };
        count += 1;
        let moved = fate.places.iter().any(|(_, at)| *at != Some(deep.height));
        let told = facts.nodes.iter().filter(|node| node.node == deep.node).flat_map(|node| &node.reorgs);
        let mut told = told.filter(|reorg| reorg.at >= deep.at);
        if moved && !told.any(|reorg| reorg.depth >= deep.confirmations) {
            wrong.push(format!(
                "{} had {} confirmations in block {} on node{}, but is elsewhere now, and no reorganisation that deep was reported",
                fate.id, deep.confirmations, deep.height, deep.node
            ));
        }
    }
    verdict(
        "deep transactions stay, or a reorganisation is reported",
        &wrong,
        format!("{count} transactions seen deep"),
    )
}

fn bans(facts: &Facts) -> Verdict {
    let gone = facts.removed.as_ref().map(|removed| removed.node);
    let honest = facts.nodes.iter().filter(|node| Some(node.node) != gone);
    let bans = |node: &NodeFacts| {
        node.bans.iter().map(|ban| format!("node{} banned {ban}", node.node)).collect::<Vec<_>>()
    };
    let wrong: Vec<String> = honest.flat_map(bans).collect();
    verdict("no honest node was banned", &wrong, "no bans".into())
}

fn removed(removed: &Removed) -> Verdict {
    let mut wrong = removed.returned.clone();
    wrong.extend(
        removed.connected.iter().map(|node| format!("node{node} is connected to node{}", removed.node)),
    );
    if removed.cut_after.is_none() {
        wrong.push(format!("node{} was never disconnected from all nodes", removed.node));
    }
    let after = removed.cut_after.unwrap_or(0) as f64 / 1_000.0;
    let fine =
        format!("node{}: disconnected from all nodes {after:.1} s after one node got the list", removed.node);
    verdict("the removed member stays out", &wrong, fine)
}

fn stores(facts: &Facts) -> Verdict {
    let mut wrong = Vec::new();
    for node in &facts.nodes {
        match &node.verified {
            Some(Ok(_)) => (),
            Some(Err(why)) => wrong.push(format!("node{}: {why}", node.node)),
            None => wrong.push(format!("node{}: not verified", node.node)),
        }
    }
    verdict(
        "every store verifies",
        &wrong,
        format!("{} stores were hashed and executed again", facts.nodes.len()),
    )
}

#[cfg(test)]
mod tests;
