//! The running network, and the code that makes and lifts faults.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::process::Signal;

use crate::consortium::Consortium;
use crate::daemon::{Daemon, Ended};
use crate::disk::Disk;
use crate::doubles::Doubles;
use crate::error::Error;
use crate::fault::Fault;
use crate::lan::Lan;
use crate::proxy::Proxy;
use crate::proxy::link::State;
use crate::rejoin::Rejoin;
use crate::schedule::{Step, Target, Way};
use crate::seat::Seat;
use crate::watch::Board;

/// Fields are dropped in this order: the processes end before their disks are unmounted.
pub(crate) struct Drill {
    pub(crate) daemons: Vec<Daemon>,
    pub(crate) disks: BTreeMap<usize, Disk>,
    pub(crate) consortium: Consortium,
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) lan: Option<Lan>,
    pub(crate) seats: Vec<Arc<Seat>>,
    pub(crate) board: Arc<Board>,
    /// The program that an upgrade starts.
    pub(crate) upgraded: PathBuf,
    pub(crate) rejoins: Vec<Rejoin>,
    pub(crate) doubles: Doubles,
    /// Nodes that ended by themselves.
    pub(crate) deaths: Vec<String>,
    /// Nodes that did not stop properly when they were told to.
    pub(crate) bad_stops: Vec<String>,
    /// When a member was removed, and its number.
    pub(crate) removal: Option<(u64, usize)>,
}

impl Drill {
    /// Begins a fault.
    pub(crate) fn begin(&mut self, step: &Step) -> Result<(), Error> {
        let hit = self.hit(step);
        for rejoin in self.rejoins.iter_mut().filter(|rejoin| rejoin.is_open()) {
            rejoin.interrupted |= rejoin.nodes.iter().any(|node| hit.contains(node));
        }
        match (&step.target, step.fault) {
            (Target::Node(node), Fault::Kill) => self.daemons[*node].kill(),
            (Target::Node(node), Fault::Restart | Fault::Upgrade) => self.daemons[*node].stop(),
            (Target::Node(node), Fault::Pause) => {
                self.seats[*node].frozen.store(true, Ordering::SeqCst);
                self.daemons[*node].process.signal(Signal::STOP);
            }
            (Target::Node(node), Fault::Reset) => {
                for other in (0..self.seats.len()).filter(|other| other != node) {
                    self.proxy.links.reset(*node, other);
                }
                self.lifted(step);
            }
            (Target::Node(node), Fault::DiskFull) => {
                if let Some(disk) = self.disks.get(node) {
                    disk.fill();
                }
            }
            (Target::Node(node), Fault::Clock) => {
                if let Way::Milliseconds(ms) = step.way {
                    self.with_clock(*node, ms);
                }
            }
            (Target::Node(node), Fault::Revoke) => self.revoke(*node)?,
            (Target::Node(node), Fault::Cable) => self.cable(*node, false)?,
            _ => self.links(step, true),
        }
        Ok(())
    }

    /// Lifts a fault.
    pub(crate) fn end(&mut self, step: &Step) -> Result<(), Error> {
        match (&step.target, step.fault) {
            (Target::Node(node), Fault::Kill | Fault::Restart) => self.daemons[*node].start_again(),
            (Target::Node(node), Fault::Upgrade) => {
                self.daemons[*node].launch.program = self.upgraded.clone();
                self.daemons[*node].start_again();
            }
            (Target::Node(node), Fault::Pause) => {
                self.daemons[*node].process.signal(Signal::CONT);
                self.seats[*node].frozen.store(false, Ordering::SeqCst);
            }
            (Target::Node(node), Fault::DiskFull) => {
                if let Some(disk) = self.disks.get(node) {
                    disk.empty();
                }
            }
            (Target::Node(node), Fault::Clock) => self.with_clock(*node, 0),
            (Target::Node(node), Fault::Cable) => self.cable(*node, true)?,
            (_, Fault::Reset | Fault::Revoke) => return Ok(()),
            _ => self.links(step, false),
        }
        self.lifted(step);
        Ok(())
    }

    /// The nodes that a step separates or stops.
    fn hit(&self, step: &Step) -> Vec<usize> {
        match (&step.target, step.fault) {
            (_, Fault::Delay | Fault::Throttle) => Vec::new(),
            (Target::Node(node), _) => vec![*node],
            (Target::Link(from, to), _) => vec![*from, *to],
            (Target::Half(nodes), _) => nodes.clone(),
        }
    }

    fn lifted(&mut self, step: &Step) {
        let hit = self.hit(step);
        if !hit.is_empty() {
            // The link works again, but one of its ends is down or frozen because of another fault, so there is no rejoin to measure.
            let away = |node: &usize| self.seats[*node].usable().is_none();
            let other = !matches!(step.target, Target::Node(_)) && hit.iter().any(away);
            let mut rejoin = Rejoin::new(step.fault, hit, &self.board);
            rejoin.interrupted = other;
            self.rejoins.push(rejoin);
        }
    }

    fn cable(&self, node: usize, is_in: bool) -> Result<(), Error> {
        let Some(lan) = &self.lan else { return Ok(()) };
        lan.plug(node, is_in).map_err(|error| Error::System(format!("node{node}'s cable: {error}")))?;
        for other in (0..self.seats.len()).filter(|other| *other != node) {
            self.proxy.links.change(node, other, |state| state.unplugged = !is_in);
        }
        Ok(())
    }

    fn with_clock(&mut self, node: usize, ahead: i64) {
        let daemon = &mut self.daemons[node];
        daemon.launch.skew = ahead;
        daemon.stop();
        daemon.start_again();
    }

    /// Only one running node gets the list: it must spread from there.
    fn revoke(&mut self, node: usize) -> Result<(), Error> {
        let up = |other: &usize| *other != node && self.seats[*other].usable().is_some();
        let teller = (0..self.seats.len()).rev().find(up);
        let teller = teller.unwrap_or((node + 1) % self.seats.len());
        self.consortium.revoke(node, teller)?;
        self.seats[node].removed.store(true, Ordering::SeqCst);
        self.removal = Some((self.board.now(), node));
        Ok(())
    }

    fn links(&self, step: &Step, on: bool) {
        let change = |state: &mut State| match (step.fault, step.way) {
            (Fault::Delay, Way::Milliseconds(ms)) => {
                let delay = std::time::Duration::from_millis(ms.unsigned_abs());
                state.delay = if on { delay } else { Default::default() };
            }
            (Fault::Throttle, Way::Rate(rate)) => state.rate = on.then_some(rate),
            (_, Way::Refused) => state.refused = on,
            _ => state.silent = on,
        };
        let links = &self.proxy.links;
        match &step.target {
            Target::Link(from, to) => {
                links.change(*from, *to, change);
                if step.fault != Fault::Oneway {
                    links.change(*to, *from, change);
                }
            }
            Target::Half(half) => {
                let others = (0..self.seats.len()).filter(|node| !half.contains(node));
                for other in others {
                    for node in half {
                        links.change(*node, other, change);
                        links.change(other, *node, change);
                    }
                }
            }
            Target::Node(_) => (),
        }
    }

    /// Checks the processes: notes those that have ended, and starts those that must run.
    pub(crate) fn look_after(&mut self) -> Result<(), Error> {
        for node in 0..self.daemons.len() {
            match self.daemons[node].look() {
                Some(Ended::ByItself(how)) => {
                    self.deaths.push(format!("node{node}: {how}"));
                    // The node is started again and the run continues, to find more.
                    self.daemons[node].start_again();
                }
                Some(Ended::Badly(how)) => self.bad_stops.push(format!("node{node} {how}")),
                Some(Ended::AsTold) | None => (),
            }
            if self.daemons[node].is_due() {
                self.daemons[node].start()?;
            }
        }
        self.doubles.look(&self.seats, &self.proxy.links);
        for rejoin in &mut self.rejoins {
            rejoin.look(&self.board, &self.seats, &self.proxy.links);
        }
        Ok(())
    }

    /// The members that were not removed.
    pub(crate) fn survivors(&self) -> Vec<usize> {
        (0..self.seats.len()).filter(|node| !self.seats[*node].is_removed()).collect()
    }
}
