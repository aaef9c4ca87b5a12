//! What must always hold. The first thing that does not hold is kept, and ends the run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Base, Certificate, Genesis, Link, Moved, Roster, View, World, in_force_before};
use bouya_core::limits::{CONNECTED, DIALS_PER_SECOND, KNOWN_PEERS, SIDE_BLOCKS, SIDE_TIPS};
use bouya_core::node::Head;

use crate::disk::{Snapshot, Totals};
use crate::node::Node;
use crate::sets::Sets;

/// Outputs that one input may lead to.
pub(crate) const OUTPUTS_PER_INPUT: usize = 8_192;
/// Wake-ups of one node at one instant: more are a busy loop.
pub(crate) const WAKES_PER_INSTANT: u32 = 200;
/// Dials of one node within a minute, for each other member. With backoff, peers that never answer cost far fewer.
const DIALS_PER_MINUTE_AND_PEER: usize = 16;

/// Figures of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub events: u64,
    pub messages: u64,
    pub blocks: u64,
    /// Compact blocks sent, and how often transactions of one had to be asked for.
    pub short: u64,
    pub parts: u64,
    pub reorgs: u64,
    pub deepest: u64,
    pub starts: u64,
    pub faults: u64,
    pub bans: u64,
    pub transactions: u64,
    /// Runs of contracts on the chain at the end, and how many of them have failed.
    pub runs: u64,
    pub failed: u64,
    /// How often a block became final on a node.
    pub finals: u64,
    /// Sets of voters that have made a block final.
    pub sets: u64,
    /// Changes of the members that were begun, what governors have signed for them, blocks that put other members into force, and keys that were
    /// put in another's place.
    pub steps: u64,
    pub words: u64,
    pub handovers: u64,
    pub rotations: u64,
    /// Milliseconds from the end of the last fault until all nodes had the same tip, and until that was final where a quorum is there.
    pub healed_after: u64,
    pub final_after: u64,
    /// The difficulty at the end, in percent of what it should be: least and most.
    pub difficulty: Option<(u64, u64)>,
}

impl Figures {
    /// Adds those of another run. Of depths and times the larger one stays.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.messages += other.messages;
        self.blocks += other.blocks;
        self.short += other.short;
        self.parts += other.parts;
        self.reorgs += other.reorgs;
        self.deepest = self.deepest.max(other.deepest);
        self.starts += other.starts;
        self.faults += other.faults;
        self.bans += other.bans;
        self.transactions += other.transactions;
        self.runs += other.runs;
        self.failed += other.failed;
        self.finals += other.finals;
        self.sets += other.sets;
        self.steps += other.steps;
        self.words += other.words;
        self.handovers += other.handovers;
        self.rotations += other.rotations;
        self.healed_after = self.healed_after.max(other.healed_after);
        self.final_after = self.final_after.max(other.final_after);
        let widest = |(least, most): (u64, u64), other: (u64, u64)| (least.min(other.0), most.max(other.1));
        self.difficulty = self.difficulty.into_iter().chain(other.difficulty).reduce(widest);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = self.difficulty.unwrap_or_default();
        write!(
            f,
            "{} faults, {} starts, {} messages, {} blocks ({} sent compact, {} asked for in parts), {} reorganisations (deepest {}), {} transactions, {} runs of contracts ({} failed), {} blocks final by {} sets of voters ({} changes of the members, {} motions, ballots and keys, {} handovers, {} rotations), {} bans; one tip again after at most {} s, and final after {} s; difficulty at the end {least} to {most} % of what it should be",
            self.faults,
            self.starts,
            self.messages,
            self.blocks,
            self.short,
            self.parts,
            self.reorgs,
            self.deepest,
            self.transactions,
            self.runs,
            self.failed,
            self.finals,
            self.sets,
            self.steps,
            self.words,
            self.handovers,
            self.rotations,
            self.bans,
            self.healed_after / 1_000,
            self.final_after / 1_000
        )
    }
}

/// The first thing that did not hold, and what the checks need.
pub(crate) struct Checker {
    pub(crate) broken: Option<String>,
    pub(crate) figures: Figures,
    /// The digest of the state at each block that was ever a tip.
    states: BTreeMap<Hash, u64>,
    /// Made by members that break the rules.
    pub(crate) invalid: BTreeSet<Hash>,
    /// What was told as final, by height.
    pub(crate) finals: BTreeMap<u64, Hash>,
    finalizing: BTreeSet<Hash>,
    sets: Sets,
    /// When an honest node last sent a vote or a certificate.
    pub(crate) voted_at: u64,
    /// Every vote of an honest node.
    votes: BTreeMap<usize, Vec<Link>>,
    allocated: u128,
    reward: u128,
}

impl Checker {
    pub(crate) fn new(genesis: &Genesis) -> Self {
        let first = Roster::new(Base::default(), genesis.spec.members.iter().cloned()).expect("a roster");
        Self {
            broken: None,
            figures: Figures::default(),
            states: BTreeMap::new(),
            invalid: BTreeSet::new(),
            finals: BTreeMap::new(),
            finalizing: BTreeSet::new(),
            sets: Sets::new(genesis.id(), first),
            voted_at: 0,
            votes: BTreeMap::new(),
            allocated: u128::from(genesis.supply()),
            reward: u128::from(genesis.rules.reward),
        }
    }

    /// Keeps the first thing that does not hold.
    pub(crate) fn broken(&mut self, what: String) {
        self.broken.get_or_insert(what);
    }

    pub(crate) fn holds(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken(what());
        }
    }

    /// The best chain of a node has moved. Its work may not fall, and the state at a block must be the same on all nodes.
    pub(crate) fn moved(&mut self, node: &mut Node, head: &Head, moved: &Moved, view: &Snapshot) {
        let (name, work) = (node.name.clone(), head.branch.work);
        for id in &moved.disconnected {
            let last = node.told.pop();
            self.holds(last == Some(*id), || {
                format!("{name} left block {id}, which was not its tip {last:?}")
            });
        }
        node.told.extend(&moved.connected);
        for id in &moved.connected {
            if let Err(wrong) = self.sets.learn(view, id) {
                self.broken(format!("{name}: {wrong}"));
            }
        }
        self.figures.handovers = self.sets.changes();
        let (set, expected) = (head.branch.members.voters().id(), self.sets.after(&head.branch.id));
        self.holds(expected == Some(set), || {
            format!("{name} has other members at block {} than the others", head.branch.id)
        });
        if !moved.disconnected.is_empty() {
            self.figures.reorgs += 1;
            self.figures.deepest = self.figures.deepest.max(moved.disconnected.len() as u64);
        }
        self.figures.blocks += moved.connected.len() as u64;
        // What is final goes before work.
        let is_final = head.finalized.0 > node.finalized.0;
        self.holds(work >= node.work || is_final, || {
            format!("{name} went from work {} to {work}", node.work)
        });
        node.work = work;
    }

    /// What the keeper said leads to what is on the disk. The coins of that world add up, and nodes with the same tip
    /// have the same state. To be called when all that the keeper has to say was heard: one piece of its work can move
    /// the chain twice, and the disk is then ahead of the first word of it.
    pub(crate) fn world(&mut self, node: &Node) {
        let Totals { digest, coins, supply } = node.disk.totals();
        let height = (node.told.len() as u128).saturating_sub(1);
        let name = &node.name;
        self.holds(coins == u128::from(supply), || {
            format!("{name}: the balances sum to {coins}, the supply is {supply}")
        });
        let made = self.allocated + self.reward * height;
        self.holds(u128::from(supply) == made, || {
            format!("{name}: the supply is {supply} at height {height}, {made} were issued")
        });
        let tip = node.disk.world().tip().expect("a world in memory").1;
        self.holds(node.told.last() == Some(&tip), || format!("{name} is at {tip} and has not said so"));
        let before = *self.states.entry(tip).or_insert(digest);
        self.holds(before == digest, || format!("{name} has another state at block {tip} than the others"));
    }

    /// A block has become final on a node. No other may be final at its height anywhere, and final never goes back.
    pub(crate) fn finalized(&mut self, node: &mut Node, certificate: &Certificate, genesis: &Genesis) {
        let (height, id) = (certificate.link.source.height, certificate.link.source.block);
        let name = node.name.clone();
        let before = std::mem::replace(&mut node.finalized, (height, id));
        self.holds(before.0 < height, || format!("{name} had {before:?} final, and then {height}"));
        let told = node.told.get(height as usize).copied();
        self.holds(told == Some(id), || format!("{name} has {id} final, and {told:?} on its chain"));
        self.figures.finals += 1;
        self.finalizing.insert(certificate.link.set);
        self.figures.sets = self.finalizing.len() as u64;
        let is_of = self.sets.is_of(&certificate.link.source, &certificate.link.set);
        self.holds(is_of, || format!("{name} has {id} final by members of another block"));
        // The members in force prove it. Once for each block: signatures are what costs here.
        if !self.finals.contains_key(&height) {
            let world = node.disk.world();
            let header = world.record(&id).ok().flatten().map(|record| record.header);
            let members = header.and_then(|header| in_force_before(&*world, &header).ok().flatten());
            let proof = members.map(|members| certificate.check(&genesis.id(), members.voters()));
            self.holds(proof == Some(Ok(())), || format!("{name} has {id} final by {proof:?}"));
        }
        let first = *self.finals.entry(height).or_insert(id);
        self.holds(first == id, || format!("{name} has {id} final at height {height}, others {first}"));
    }

    /// An honest node has voted. No two of its votes may prove an offence, over crashes too.
    pub(crate) fn voted(&mut self, n: usize, node: &Node, link: Link) {
        let settled =
            node.disk.world().finalized().ok().flatten().map_or(0, |newest| newest.link.source.height);
        if let Err(wrong) = self.sets.voted(&node.key.public(), &link, settled) {
            self.broken(format!("n{n:02}: {wrong}"));
        }
        let votes = self.votes.entry(n).or_default();
        let offence = votes.iter().find_map(|vote| vote.offence(&link));
        votes.push(link);
        self.holds(offence.is_none(), || format!("n{n:02} has committed an offence: {offence:?}"));
    }

    /// A node starts: the chain that it announced is still there, or a branch with more work has replaced it.
    pub(crate) fn started(&mut self, node: &mut Node, world: &World, work: u128) {
        let name = node.name.clone();
        let tip = node.told.len() - 1;
        let has = |height: usize| world.at_height(height as u64).ok().flatten();
        let kept = has(tip) == node.told.last().copied();
        let newest = world.finalized().ok().flatten().map_or(0, |certificate| certificate.link.source.height);
        self.holds(kept || work > node.work || newest > node.finalized.0, || {
            format!(
                "{name} lost block {:?} at height {tip}, which it had announced, and has no branch with more work",
                node.told.last()
            )
        });
        let mut told = Vec::new();
        while let Some(id) = has(told.len()) {
            told.push(id);
        }
        self.holds(told.last() == world.tip().ok().map(|(_, id)| id).as_ref(), || {
            format!("{name}: heights and tip disagree after a start")
        });
        node.told = told;
        node.work = work;
        self.figures.starts += 1;
    }

    /// A node dials: it must keep its pace and its backoff.
    pub(crate) fn dialed(&mut self, node: &mut Node, now: u64, peers: usize) {
        node.dials.push(now);
        node.dials.retain(|at| now < at + 60_000);
        let second = node.dials.iter().filter(|at| now < *at + 1_000).count();
        let (name, minute) = (node.name.clone(), node.dials.len());
        self.holds(second <= DIALS_PER_SECOND as usize, || {
            format!("{name} dialed {second} times in a second")
        });
        let most = DIALS_PER_MINUTE_AND_PEER * peers.max(2);
        self.holds(minute <= most, || format!("{name} dialed {minute} times in a minute, {peers} peers"));
    }

    /// Everything that a node holds stays within its bounds.
    pub(crate) fn bounds(&mut self, node: &Node, now: u64) {
        let Some(running) = &node.running else { return };
        let (name, chain) = (&node.name, running.keeper.chain());
        let (connected, known) = (running.overlay.connected(), running.overlay.known());
        self.holds(connected <= CONNECTED && known <= KNOWN_PEERS, || {
            format!("{name} has {connected} peers connected and {known} known")
        });
        let (blocks, tips) = (chain.side_blocks().0, chain.side_tips().count());
        self.holds(blocks <= SIDE_BLOCKS && tips <= SIDE_TIPS, || {
            format!("{name} keeps {blocks} side blocks and {tips} side tips")
        });
        // Panics if it does not hold; the runner reports the seed all the same.
        running.pool.mempool().check_invariants(chain.tip().height + 1);
        let views = running.overlay.peers(running.time(now));
        self.holds(views.windows(2).all(|pair| pair[0].id < pair[1].id), || {
            format!("{name} lists a peer twice")
        });
    }
}
