//! The event loop: one queue of events by time, and what each of them does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::sync::Arc;

use bouya_core::finality::{self, Record};
use bouya_core::id::NodeId;
use bouya_core::ledger::{Genesis, MemberChange, Voters};
use bouya_core::node::{keeper, pool};
use bouya_core::overlay::{CloseReason, ConnId, Input};
use bouya_core::random::Random;

use crate::byzantine::Byzantine;
use crate::check::{Checker, WAKES_PER_INSTANT};
use crate::clients::Clients;
use crate::disk::{SimDisk, Snapshot};
use crate::log::Log;
use crate::members::{Agenda, id, member_key};
use crate::net::{Net, Wire};
use crate::node::{Clock, Crl, Node, Signatures};
use crate::scenario::{ENDS, HEALED, Scenario, endpoint};
use crate::work::LAST_ORDERS;

/// Each node that may mine looks for a block this often (ms).
pub(crate) const MINE_EVERY: u64 = 500;
/// A governor looks whether it has something to say this often (ms).
const GOVERN_EVERY: u64 = 4_000;
/// Blocks whose bodies a node that prunes keeps: enough for whoever was away, since it may be the only one that goes on.
const PRUNED_TO: u64 = 200;
/// The invariants of all nodes are checked this often (ms).
pub(crate) const CHECK_EVERY: u64 = 5_000;

/// Events with a number below this come before all others of the same instant.
const RESERVED: u64 = 1 << 32;

/// Something that happens.
pub(crate) enum Event {
    /// A node starts, unless a fault holds it.
    Boot(usize),
    /// Something within a node, and the start (`Node::boot`) that it belongs to.
    At(usize, u64, Local),
    /// Something that one end sent arrives at the other.
    Arrive { from: ConnId, to: ConnId, wire: Wire },
    /// A dial has passed TCP and TLS.
    Connected { from: (usize, u64), to: (usize, u64) },
    /// No hello has come in time.
    HelloDue(ConnId),
    /// TCP gives up, if the same data is still not acknowledged.
    StallDue(ConnId, u64),
    /// A node dies and starts again.
    Crash(usize),
    /// A fault begins or ends.
    Fault { number: usize, begins: bool },
    /// Nodes mine.
    Mine,
    /// A client does something.
    Client,
    /// A governor does something.
    Govern,
    /// Invariants are checked.
    Check,
}

/// Something that happens within a node.
pub(crate) enum Local {
    Wake,
    Give(Box<Input>),
    /// An input for the keeper.
    Keeper(keeper::Input),
    /// The keeper does its next piece of work.
    Keep,
    /// An input for the pool.
    ToPool(pool::Input<Snapshot>),
    /// The pool does its next piece of work.
    Pool,
    /// An input for the voter.
    ToVoter(finality::Input),
    /// The voter's time has come.
    Vote,
    /// The voter's record is durable.
    Record(Box<finality::Record>),
}

/// Everything in a run.
pub(crate) struct World {
    pub(crate) now: u64,
    count: u64,
    /// How many events were parked and put back; below [`RESERVED`].
    unparked: u64,
    queue: BTreeMap<(u64, u64), Event>,
    /// Events for nodes that are paused.
    parked: BTreeMap<usize, Vec<Event>>,
    wakes: (u64, usize, u32),
    pub(crate) rng: Random,
    pub(crate) scenario: Scenario,
    pub(crate) genesis: Arc<Genesis>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) net: Net,
    pub(crate) clients: Clients,
    pub(crate) agenda: Agenda,
    /// What was moved last, and when.
    pub(crate) moved: Vec<(MemberChange, u64)>,
    /// The nodes that the members have removed, as the newest final block says.
    pub(crate) former: BTreeSet<NodeId>,
    /// The height of that block, and all who were ever members.
    pub(crate) settled: (u64, BTreeSet<NodeId>),
    /// Faults that begin once something waits for a handover, and the directions that they have cut.
    pub(crate) armed: BTreeSet<usize>,
    pub(crate) sprung: BTreeMap<usize, Vec<(usize, usize)>>,
    pub(crate) check: Checker,
    pub(crate) log: Log,
    pub(crate) signatures: Signatures,
    /// The authority's newest list.
    pub(crate) crl: Crl,
    /// How often each node has moved.
    pub(crate) moves: Vec<u64>,
    pub(crate) agreed_at: Option<u64>,
    /// The height of the tip then.
    pub(crate) agreed_height: u64,
}

impl World {
    /// The world of a seed. Events are written to `file` if there is one.
    pub(crate) fn new(seed: u64, file: Option<File>) -> Self {
        let mut rng = Random::new(seed);
        let scenario = Scenario::new(&mut rng);
        let genesis = scenario.genesis(&mut rng);
        let nodes = (0..scenario.nodes).map(|n| new_node(&scenario, &genesis, n)).collect();
        let mut world = Self {
            now: 0,
            count: RESERVED,
            unparked: 0,
            queue: BTreeMap::new(),
            parked: BTreeMap::new(),
            wakes: (0, 0, 0),
            net: Net::new(scenario.quality, rng.fork()),
            clients: Clients::new(genesis.id(), rng.fork()),
            agenda: scenario.agenda(genesis.id()),
            moved: Vec::new(),
            former: BTreeSet::new(),
            settled: (0, genesis.spec.members.iter().map(|member| member.id.clone()).collect()),
            armed: BTreeSet::new(),
            sprung: BTreeMap::new(),
            check: Checker::new(&genesis),
            log: Log::new(file),
            signatures: Signatures::default(),
            crl: Crl::default(),
            moves: vec![0; scenario.nodes],
            agreed_at: None,
            agreed_height: 0,
            nodes,
            genesis,
            rng,
            scenario,
        };
        world.prepare();
        world
    }

    fn prepare(&mut self) {
        let text = format!("{:?}", self.scenario);
        self.line(format_args!("{text}"));
        for n in 0..self.scenario.nodes - self.scenario.later {
            let at = self.rng.below(3_000);
            self.post(at, Event::Boot(n));
        }
        for (number, fault) in self.scenario.faults.iter().enumerate() {
            let (begins, ends) = (fault.begins, fault.ends);
            for (at, begins) in [(begins, true), (ends, false)] {
                self.queue.insert((at, self.count + 1), Event::Fault { number, begins });
                self.count += 1;
            }
        }
        let first = [(2_000, Event::Client), (3_000, Event::Govern), (CHECK_EVERY, Event::Check)];
        for (at, event) in first.into_iter().chain([(MINE_EVERY, Event::Mine)]) {
            self.post(at, event);
        }
    }

    /// Runs until the end, or until something does not hold.
    pub(crate) fn run(&mut self) {
        while let Some(((at, _), event)) = self.queue.pop_first() {
            if at > ENDS || self.check.broken.is_some() {
                break;
            }
            self.now = at;
            self.check.figures.events += 1;
            self.happen(event);
        }
        if self.check.broken.is_none() {
            self.now = ENDS;
            self.finish();
        }
    }

    pub(crate) fn is_healed(&self) -> bool {
        self.now >= HEALED
    }

    pub(crate) fn post(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.queue.insert((at.max(self.now), self.count), event);
    }

    /// Something for a node, if it has not been restarted by then, `after` ms from now.
    pub(crate) fn post_local(&mut self, after: u64, n: usize, local: Local) {
        let boot = self.nodes[n].boot;
        self.post(self.now + after, Event::At(n, boot, local));
    }

    /// An input for a node's overlay, `after` ms from now.
    pub(crate) fn give_later(&mut self, after: u64, n: usize, input: Input) {
        self.post_local(after, n, Local::Give(Box::new(input)));
    }

    pub(crate) fn line(&mut self, text: std::fmt::Arguments<'_>) {
        self.log.line(self.now, text);
    }

    fn happen(&mut self, event: Event) {
        let (kind, whom) = match &event {
            Event::Boot(n) => (1, *n as u64),
            Event::At(n, _, _) => (2, *n as u64),
            Event::Arrive { to, .. } => (3, to.0),
            Event::Connected { from, .. } => (4, from.0 as u64),
            Event::HelloDue(conn) => (5, conn.0),
            Event::StallDue(conn, _) => (6, conn.0),
            Event::Fault { number, .. } => (7, *number as u64),
            Event::Mine => (8, 0),
            Event::Client => (9, 0),
            Event::Check => (10, 0),
            Event::Crash(n) => (11, *n as u64),
            Event::Govern => (12, 0),
        };
        self.log.fold(self.now << 8 | kind);
        self.log.fold(whom);
        match event {
            Event::Boot(n) => self.boot(n),
            Event::At(n, boot, local) => self.local(n, boot, local),
            Event::Arrive { from, to, wire } => self.arrive(from, to, wire),
            Event::Connected { from, to } => self.connected(from, to),
            Event::HelloDue(conn) => {
                if self.net.ends.get(&conn).is_some_and(|end| !end.greeted) {
                    self.end(conn, CloseReason::NoHello);
                }
            }
            Event::StallDue(conn, since) => {
                if self.net.ends.get(&conn).is_some_and(|end| end.unanswered == Some(since)) {
                    self.end(conn, CloseReason::Lost("timed out".to_owned()));
                }
            }
            Event::Crash(n) => self.crash(n),
            Event::Fault { number, begins } => self.fault(number, begins),
            Event::Mine => {
                self.mine();
                self.post(self.now + MINE_EVERY, Event::Mine);
            }
            Event::Client => {
                self.client();
                // Towards the end they only ask again.
                let every = if self.is_late() { 5_000 } else { self.scenario.load_every };
                let after = every / 2 + self.rng.below(every);
                // Where they act rarely, the next time could be so late that nothing is confirmed any more.
                let last = if self.is_late() { u64::MAX } else { ENDS - LAST_ORDERS };
                self.post((self.now + after).min(last), Event::Client);
            }
            Event::Govern => {
                self.govern();
                let after = self.rng.within(1_000, 2 * GOVERN_EVERY);
                self.post(self.now + after, Event::Govern);
            }
            Event::Check => {
                self.look();
                self.post(self.now + CHECK_EVERY, Event::Check);
            }
        }
    }

    fn local(&mut self, n: usize, boot: u64, local: Local) {
        if self.nodes[n].boot != boot || self.nodes[n].running.is_none() {
            return;
        }
        if self.nodes[n].paused > 0 {
            return self.park(n, Event::At(n, boot, local));
        }
        match local {
            Local::Wake => self.wake(n),
            Local::Give(input) => self.give(n, *input),
            Local::Keeper(input) => self.hand_to_keeper(n, input),
            Local::Keep => self.keep(n),
            Local::ToPool(input) => self.hand_to_pool(n, input),
            Local::Pool => self.pool(n),
            Local::ToVoter(input) => self.hand_to_voter(n, input),
            Local::Vote => self.vote(n),
            Local::Record(record) => self.record(n, *record),
        }
    }

    fn wake(&mut self, n: usize) {
        let (at, who, count) = self.wakes;
        self.wakes = if (at, who) == (self.now, n) { (at, who, count + 1) } else { (self.now, n, 1) };
        let (now, many) = (self.now, self.wakes.2);
        self.check.holds(many <= WAKES_PER_INSTANT, || format!("n{n:02} wakes {many} times at {now} ms"));
        if let Some(running) =
            self.nodes[n].running.as_mut().filter(|running| running.wake.is_some_and(|at| at <= now))
        {
            running.wake = None;
            self.give(n, Input::Wake);
        }
    }

    /// Keeps an event for a paused node.
    pub(crate) fn park(&mut self, n: usize, event: Event) {
        self.parked.entry(n).or_default().push(event);
    }

    /// A paused node goes on.
    pub(crate) fn unpark(&mut self, n: usize) {
        // What came while it was paused comes before anything else of this instant.
        for event in self.parked.remove(&n).unwrap_or_default() {
            self.unparked += 1;
            self.queue.insert((self.now, self.unparked), event);
        }
    }
}

fn new_node(scenario: &Scenario, genesis: &Genesis, n: usize) -> Node {
    Node {
        name: id(n),
        key: member_key(n, 0),
        generation: 0,
        endpoint: (!scenario.dial_only.contains(&n)).then(|| endpoint(n, 0)),
        bootstrap: scenario.bootstrap[n].iter().map(|other| (id(*other), endpoint(*other, 0))).collect(),
        disk: SimDisk::new(genesis),
        // One of four or more prunes, until all is well again: the others keep what it cannot serve.
        keep: (n == 1 && scenario.nodes >= 4).then_some(PRUNED_TO),
        clock: Clock::default(),
        rate: scenario.rates[n],
        slow: 0,
        full: false,
        crl: Crl::default(),
        byzantine: scenario.byzantine.get(&n).map(|manner| Byzantine::new(*manner)),
        boot: 0,
        running: None,
        held: 0,
        paused: 0,
        absent: n >= scenario.nodes - scenario.later,
        told: vec![genesis.id()],
        work: 0,
        finalized: (0, genesis.id()),
        record: Some(Record::new(&Voters::first(genesis))),
        forgetful: false,
        backup: None,
        dials: Vec::new(),
    }
}
