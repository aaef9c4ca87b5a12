//! A network that mines as the core's schedule and demand say: no messages, no faults, only hash rate, traffic and dates.
//!
//! Its honest miners hear of everything at once, so one demand stands for all of them. Nothing happens between two events (a block, a
//! transaction, a heartbeat that falls due), so time jumps from one to the next: how long a search takes is drawn, not tried out.

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Schedule, World};
use bouya_core::limits::REST_AFTER;
use bouya_core::node::{Demand, Head, Recent, When, Wish};
use bouya_core::random::Random;
use bouya_core::testing::genesis;
use bouya_core::time::Timestamp;

/// The interval (ms), as in the networks that `bouya init` makes.
pub(super) const INTERVAL: u32 = 5_000;
/// The initial difficulty: large, so that its floor is exact.
const INITIAL: u64 = 1 << 40;
/// The height of a chain that is not young any more.
const OLD: u64 = 1_000;

pub(super) fn schedule() -> Schedule {
    Schedule::new(INTERVAL, 32, INITIAL)
}

/// A difficulty as a multiple of the initial one.
pub(super) fn relative(difficulty: u64) -> f64 {
    difficulty as f64 / INITIAL as f64
}

/// When transactions come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Traffic {
    /// Some always wait.
    Saturated,
    /// One comes at a time, this long (ms) after the one before.
    Every(u64),
    /// None come.
    Idle,
}

/// A block as its network sees it come.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    /// Intervals since the block before it came.
    pub(super) took: f64,
    /// The miners searched for it from the moment when its parent came.
    pub(super) at_once: bool,
}

pub(super) struct Network {
    rng: Random,
    schedule: Schedule,
    demand: Demand,
    head: Head,
    /// Blocks of the initial difficulty in an interval.
    rate: f64,
    traffic: Traffic,
    pub(super) now: u64,
    /// When the newest block came. Its date may differ.
    came: u64,
    next: u64,
    waits: bool,
    /// Transactions that blocks hold.
    pub(super) confirmed: u64,
}

impl Network {
    /// A chain that is not young and whose blocks came on time.
    pub(super) fn new(seed: u64, rate: f64, traffic: Traffic) -> Self {
        let mut network = Self::young(seed, rate, traffic);
        network.head.branch.height = OLD;
        (0..REST_AFTER).for_each(|_| network.push(network.now, u64::from(INTERVAL), false));
        network.head.branch.lateness = 0;
        network
    }

    /// A chain that begins.
    pub(super) fn young(seed: u64, rate: f64, traffic: Traffic) -> Self {
        let (genesis, schedule) = (genesis(), schedule());
        let head = Head::read(&World::new(&genesis), &genesis.branch()).expect("a genesis block");
        let (demand, now) = (Demand::new(schedule, When::Pending), head.branch.time.0);
        let mut network = Self {
            rng: Random::new(seed),
            schedule,
            demand,
            head,
            rate,
            traffic,
            now,
            came: now,
            next: u64::MAX,
            waits: traffic == Traffic::Saturated,
            confirmed: 0,
        };
        network.expect();
        network
    }

    /// The difficulty of the next block, as a multiple of the initial one.
    pub(super) fn difficulty(&self) -> f64 {
        relative(self.schedule.difficulty(self.head.branch.lateness))
    }

    /// The next block of the honest miners.
    pub(super) fn block(&mut self) -> Arrival {
        let mut work = self.exponential();
        let mut at_once = None;
        loop {
            let wish = self.look();
            let works = wish != Wish::Rest;
            at_once = at_once.or(Some(works));
            let took = if works { millis(work * self.difficulty() / self.rate) } else { u64::MAX };
            let event = if works { u64::MAX } else { self.heartbeat() }.min(self.next);
            if self.now.saturating_add(took) > event {
                if works {
                    work *= 1.0 - (event - self.now) as f64 / took as f64;
                }
                self.now = event;
                self.receive();
                continue;
            }
            self.now += took;
            let told = self.look() == Wish::Search { told: true };
            let took = (self.now - self.came) as f64 / f64::from(INTERVAL);
            self.found(told);
            return Arrival { took, at_once: at_once.unwrap_or(false) };
        }
    }

    /// A rest during which a member with this `rate` mines in private. It dates each block three intervals after the one before, which
    /// eases the next one most, and shows them all when the heartbeat is due. Then the honest miners answer until they rest again.
    pub(super) fn withheld_rest(&mut self, rate: f64) {
        let due = self.heartbeat();
        let latest = due + self.schedule.ahead_ms();
        let gap = 3 * u64::from(INTERVAL);
        let (mut branch, mut dates) = (self.head.branch.clone(), 0);
        let mut found = self.now;
        loop {
            let difficulty = relative(self.schedule.difficulty(branch.lateness));
            found += millis(self.exponential() * difficulty / rate);
            if found > due || branch.time.0 + gap > latest {
                break;
            }
            branch.time.0 += gap;
            branch.height += 1;
            branch.lateness = self.schedule.lateness(branch.lateness, branch.height, gap, false);
            dates += 1;
        }
        self.now = self.now.max(due);
        (0..dates).for_each(|_| self.push(self.head.branch.time.0 + gap, gap, false));
        if dates == 0 {
            self.block();
        }
        while self.look() != Wish::Rest {
            self.block();
        }
    }

    fn look(&mut self) -> Wish {
        self.demand.look(Timestamp(self.now), &self.head, self.waits)
    }

    fn heartbeat(&self) -> u64 {
        self.head.branch.time.0 + self.schedule.heartbeat_ms()
    }

    fn found(&mut self, told: bool) {
        let time = self.now.max(self.head.branch.time.0 + 1);
        self.push(time, time - self.head.branch.time.0, told);
        if self.waits {
            self.confirmed += 1;
            self.head.recent.back_mut().expect("a block").empty = false;
        }
        self.waits = self.traffic == Traffic::Saturated;
        self.came = self.now;
    }

    /// Puts an empty block on the chain.
    fn push(&mut self, time: u64, gap_ms: u64, told: bool) {
        let branch = &mut self.head.branch;
        branch.height += 1;
        let lateness = self.schedule.lateness(branch.lateness, branch.height, gap_ms, told);
        let late = lateness > branch.lateness;
        let mut id = [0; 32];
        id[..8].copy_from_slice(&branch.height.to_le_bytes());
        (branch.id, branch.time, branch.lateness) = (Hash(id), Timestamp(time), lateness);
        self.head.recent.push_back(Recent {
            id: Hash(id),
            time: Timestamp(time),
            gap_ms,
            told,
            late,
            empty: true,
        });
        if self.head.recent.len() > REST_AFTER {
            self.head.recent.pop_front();
        }
    }

    fn receive(&mut self) {
        if self.now >= self.next {
            self.waits = true;
            self.expect();
        }
    }

    fn expect(&mut self) {
        self.next = match self.traffic {
            Traffic::Every(gap) => self.now + gap,
            Traffic::Saturated | Traffic::Idle => u64::MAX,
        };
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.rng.unit()).ln()
    }
}

/// Intervals in whole milliseconds, at least one.
fn millis(intervals: f64) -> u64 {
    (intervals * f64::from(INTERVAL)).ceil().max(1.0) as u64
}
