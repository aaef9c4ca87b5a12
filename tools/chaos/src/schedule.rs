//! The schedule of the faults: a pure function of the seed, so that a run can be repeated.
//!
//! Faults overlap, but no node and no link has two at once, and at least one node is always free of faults. Each kind of fault comes once
//! before any comes again. All faults end within the length.

use std::fmt;

use bouya_core::random::Random;
use serde::Serialize;

use crate::fault::Fault;

/// The input that decides the schedule.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) seed: u64,
    pub(crate) nodes: usize,
    /// Length of the faults in milliseconds.
    pub(crate) length: u64,
    pub(crate) faults: Vec<Fault>,
}

/// One fault. Times are milliseconds from the start of the faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    pub(crate) at: u64,
    pub(crate) until: u64,
    pub(crate) fault: Fault,
    pub(crate) target: Target,
    pub(crate) way: Way,
}

/// The nodes that a fault hits, by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Target {
    Node(usize),
    /// The link from the first to the second. A fault without a direction hits both directions.
    Link(usize, usize),
    /// These nodes are separated from all others.
    Half(Vec<usize>),
}

/// How a fault is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    /// There is only one way.
    Plain,
    /// Bytes do not arrive, without any error.
    Silent,
    /// Connections break and new ones are refused.
    Refused,
    /// This many milliseconds late (a link), or ahead (a clock).
    Milliseconds(i64),
    /// This many bytes per second.
    Rate(u64),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => write!(f, "node{node}"),
            Self::Link(from, to) => write!(f, "node{from}-node{to}"),
            Self::Half(nodes) => {
                let names: Vec<String> = nodes.iter().map(|node| format!("node{node}")).collect();
                write!(f, "{} | the others", names.join(" "))
            }
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => Ok(()),
            Self::Silent => f.write_str("silently"),
            Self::Refused => f.write_str("refusing"),
            Self::Milliseconds(ms) => write!(f, "{ms:+} ms"),
            Self::Rate(rate) => write!(f, "{rate} bytes/s"),
        }
    }
}

/// Shortest and longest fault, in milliseconds.
const SHORTEST: u64 = 1_500;
const LONGEST: u64 = 60_000;
/// Time between two nodes of a rolling upgrade, in milliseconds.
const ROLL: u64 = 4_000;
/// Attempts to place a fault within one span.
const MISSES: u64 = 8;
/// Fewest nodes that a removal must leave.
const LEFT: usize = 2;

/// The schedule, sorted by start.
pub(crate) fn plan(spec: &Spec) -> Vec<Step> {
    let mut draft = Draft {
        random: Random::new(spec.seed),
        nodes: spec.nodes,
        length: spec.length,
        span: (spec.length / 12).clamp(3_000, LONGEST),
        members: (0..spec.nodes).collect(),
        steps: Vec::new(),
    };
    let mut at = draft.span / 3;
    let (mut bag, mut misses) = (Vec::new(), 0);
    while at < spec.length {
        // A fault that finds no place for a whole span may never find one.
        if bag.is_empty() || misses == MISSES {
            bag = spec.faults.clone();
            draft.random.shuffle(&mut bag);
            misses = 0;
        }
        if let Some(next) = bag.iter().position(|fault| draft.add(at, *fault)) {
            bag.remove(next);
            misses = 0;
            at += draft.random.within(draft.span / 6, draft.span * 2 / 3);
        } else {
            misses += 1;
            at += draft.span / MISSES;
        }
    }
    draft.steps.sort_by_key(|step| step.at);
    draft.steps
}

struct Draft {
    random: Random,
    nodes: usize,
    length: u64,
    /// The approximate length of faults, in milliseconds.
    span: u64,
    /// The members that were not removed yet.
    members: Vec<usize>,
    steps: Vec<Step>,
}

impl Draft {
    /// Adds a fault. False if there was no place for it.
    fn add(&mut self, at: u64, fault: Fault) -> bool {
        let until = at + self.random.within(SHORTEST, self.span.max(SHORTEST));
        let silent = self.random.below(100) < 60;
        let way = match fault {
            Fault::Cut | Fault::Partition if silent => Way::Silent,
            Fault::Cut | Fault::Partition => Way::Refused,
            Fault::Oneway => Way::Silent,
            Fault::Delay => Way::Milliseconds(self.random.within(100, 1_500) as i64),
            Fault::Throttle => Way::Rate(self.random.within(2_000, 50_000)),
            Fault::Clock => {
                Way::Milliseconds(self.random.within(500, 8_000) as i64 * if silent { 1 } else { -1 })
            }
            _ => Way::Plain,
        };
        match fault {
            Fault::Upgrade => return self.upgrade(at),
            Fault::Revoke => return self.revoke(at),
            _ => (),
        }
        let target = match fault {
            Fault::Partition => self.half(),
            Fault::Cut | Fault::Oneway | Fault::Delay | Fault::Throttle => self.link(),
            _ => self.random.pick(&self.members).map(|node| Target::Node(*node)),
        };
        // A broken connection is over at once.
        let until = if fault == Fault::Reset { at } else { until };
        target.is_some_and(|target| self.place(Step { at, until, fault, target, way }))
    }

    fn link(&mut self) -> Option<Target> {
        let from = *self.random.pick(&self.members)?;
        let others: Vec<usize> = self.members.iter().copied().filter(|node| *node != from).collect();
        Some(Target::Link(from, *self.random.pick(&others)?))
    }

    fn half(&mut self) -> Option<Target> {
        let mut nodes = self.members.clone();
        if nodes.len() < 2 {
            return None;
        }
        self.random.shuffle(&mut nodes);
        let size = self.random.within(1, nodes.len() as u64 / 2) as usize;
        nodes.truncate(size);
        nodes.sort_unstable();
        Some(Target::Half(nodes))
    }

    fn place(&mut self, step: Step) -> bool {
        // A node that has just come back gets a moment before the next fault.
        let rest = SHORTEST.max(self.span / 4);
        let free = self.steps.iter().all(|other| {
            let apart = other.until + rest <= step.at || step.until + rest <= other.at;
            apart || !collide(&other.target, &step.target)
        });
        let down = |step: &Step| matches!(step.target, Target::Node(_)) && step.fault != Fault::Revoke;
        let beside = self.steps.iter().filter(|other| down(other) && other.until >= step.at).count();
        let most = (self.members.len() / 2).max(1);
        let fits = step.until <= self.length && free && (!down(&step) || beside < most);
        if fits {
            self.steps.push(step);
        }
        fits
    }

    /// Removes a member for the rest of the run. Happens once in a run, in its middle.
    fn revoke(&mut self, at: u64) -> bool {
        let early = at < self.length / 4;
        let before = self.members.len() < self.nodes;
        if early || before || self.members.len() <= LEFT {
            return false;
        }
        let Some(node) = self.random.pick(&self.members).copied() else { return false };
        // The removal lasts to the end, so the member must have no later faults that are already placed.
        let clear = self.steps.iter().all(|other| {
            other.until + SHORTEST <= at || !collide(&other.target, &Target::Node(node)) && !splits(other)
        });
        let step = Step {
            at,
            until: self.length,
            fault: Fault::Revoke,
            target: Target::Node(node),
            way: Way::Plain,
        };
        if clear && at + SHORTEST < self.length {
            self.members.retain(|member| *member != node);
            self.steps.push(step);
            return true;
        }
        false
    }

    /// Adds one step for each node, or none at all.
    fn upgrade(&mut self, at: u64) -> bool {
        let before = self.steps.len();
        for (turn, node) in self.members.clone().into_iter().enumerate() {
            let at = at + ROLL * turn as u64;
            let (fault, target) = (Fault::Upgrade, Target::Node(node));
            if !self.place(Step { at, until: at + SHORTEST, fault, target, way: Way::Plain }) {
                self.steps.truncate(before);
                return false;
            }
        }
        true
    }
}

fn splits(step: &Step) -> bool {
    matches!(step.target, Target::Half(_))
}

/// Whether two targets share a node or a link.
fn collide(one: &Target, other: &Target) -> bool {
    match (one, other) {
        (Target::Node(a), Target::Node(b)) => a == b,
        (Target::Link(a, b), Target::Link(c, d)) => (a, b) == (c, d) || (a, b) == (d, c),
        (Target::Half(_), Target::Link(..) | Target::Half(_)) | (Target::Link(..), Target::Half(_)) => true,
        // A node may go down while the network is split or its links are bad.
        (Target::Node(_), _) | (_, Target::Node(_)) => false,
    }
}

#[cfg(test)]
mod tests;
