//! What nodes do when they start and stop, and what faults do when they begin and end.

use bouya_core::id::NodeId;
use bouya_core::overlay::{CloseReason, Command, Input};

use crate::disk::Fate;
use crate::faults::{Fault, Kind};
use crate::members::quorum;
use crate::net::Quality;
use crate::scenario::endpoint;
use crate::world::{Event, World};

impl World {
    /// Starts a node, unless a fault holds it.
    pub(crate) fn boot(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        if node.running.is_some() || node.held > 0 || node.absent {
            return;
        }
        let seed = self.rng.next_u64();
        if let Err(error) = node.start(self.now, &self.genesis, seed) {
            return self.check.broken(format!("n{n:02} does not start: {error:?}"));
        }
        self.line(format_args!("n{n:02} starts"));
        let node = &mut self.nodes[n];
        let world = node.disk.world();
        let work = node.running.as_ref().map_or(0, |running| running.keeper.chain().tip().work);
        node.dials.clear();
        self.check.started(node, &world, work);
        let crls = self.nodes[n].crl.summary();
        if self.nodes[n].crl.number > 0 {
            self.give(n, Input::Crls(vec![crls]));
        }
        let full = self.nodes[n].full;
        self.set_full(n, full);
        self.drain_keeper(n);
        self.give(n, Input::Wake);
        self.drain_voter(n);
    }

    /// Its process ends. `noticed`: its machine resets the connections, so the peers hear of it.
    pub(crate) fn stop(&mut self, n: usize, noticed: bool) {
        if self.nodes[n].running.take().is_some() {
            self.line(format_args!("n{n:02} has stopped"));
            self.drop_sockets(n, noticed);
        }
    }

    fn part(&mut self, n: usize) {
        if self.nodes[n].works() {
            self.give(n, Input::Command(Command::Shutdown));
        }
        self.stop(n, true);
    }

    /// Stops it and keeps it stopped until as many [`Self::release`]s have come.
    fn hold(&mut self, n: usize, noticed: bool) {
        self.nodes[n].held += 1;
        self.stop(n, noticed);
    }

    fn release(&mut self, n: usize) {
        self.nodes[n].held -= 1;
        self.boot(n);
    }

    /// A fault begins or ends.
    pub(crate) fn fault(&mut self, number: usize, begins: bool) {
        let fault = self.scenario.faults[number].clone();
        self.line(format_args!("{} {fault:?}", if begins { "BEGINS" } else { "ENDS" }));
        if begins {
            self.check.figures.faults += 1;
            self.begin(number, &fault);
        } else {
            self.lift(number, &fault);
        }
    }

    fn begin(&mut self, number: usize, fault: &Fault) {
        let (n, other, now) = (fault.node, fault.other, self.now);
        let far = (fault.measure * 60_000.0) as i64 - 30_000;
        match fault.kind {
            Kind::Kill => self.hold(n, true),
            Kind::PowerCut => {
                // What the peers send goes nowhere.
                self.net.dark.insert(n);
                self.hold(n, false);
            }
            Kind::CrashLoop => {
                for at in (now..fault.ends).step_by(7_000) {
                    self.post(at, Event::Crash(n));
                }
            }
            Kind::CrashInCommit | Kind::DiskError => {
                let kept = fault.measure < 0.5 && fault.kind == Kind::CrashInCommit;
                self.nodes[n].disk.set_fate(if kept { Fate::Kept } else { Fate::Lost });
            }
            Kind::Restart | Kind::Away | Kind::Move => {
                self.part(n);
                self.nodes[n].held += 1;
            }
            Kind::Wipe => {
                self.hold(n, true);
                self.nodes[n].disk.wipe(&self.genesis);
                self.nodes[n].has_told_nothing(self.genesis.id());
            }
            Kind::RecordLost => {
                self.hold(n, true);
                self.nodes[n].record = None;
                self.nodes[n].forgetful = true;
            }
            Kind::Restored => {
                let node = &mut self.nodes[n];
                node.backup = Some((node.disk.world(), node.record.clone()));
            }
            Kind::RestartAll => {
                for n in 0..self.nodes.len() {
                    self.part(n);
                    self.nodes[n].held += 1;
                }
            }
            Kind::Pause => self.nodes[n].paused += 1,
            Kind::Partition | Kind::Isolate | Kind::CutLink | Kind::OneWay => {
                for (from, to) in self.directions(number, fault) {
                    self.net.cut(from, to);
                }
            }
            Kind::Halves => drop(self.armed.insert(number)),
            Kind::Reset => {
                let conns = self.net.ends.iter().filter(|(_, end)| end.node == n);
                let conns: Vec<_> = conns.map(|(conn, end)| (*conn, end.other)).collect();
                for (one, two) in conns {
                    for conn in [one, two] {
                        self.end(conn, CloseReason::Lost("reset".to_owned()));
                    }
                }
            }
            Kind::Latency | Kind::Loss | Kind::Reorder | Kind::Duplicate | Kind::Narrow => {
                let quality = self.worse(fault);
                self.set_links(n, Some(quality));
            }
            Kind::ClockSkew | Kind::ClockJump => self.nodes[n].clock.offset_ms += far,
            Kind::ClockDrift => self.nodes[n].clock.set_drift(now, far / 3),
            Kind::DiskSlow => self.nodes[n].slow = 1 + (fault.measure * 2_000.0) as u64,
            Kind::DiskFull => self.set_full(n, true),
            Kind::RateUp => self.nodes[n].rate = self.scenario.rates[n] * 10.0,
            Kind::RateDown => self.nodes[n].rate = self.scenario.rates[n] / 10.0,
            Kind::Revoke => self.revoke(n, other),
            Kind::Join => {
                self.nodes[n].absent = false;
                self.introduce(n);
                self.boot(n);
            }
            Kind::Leave => {
                if self.may_go(n) {
                    self.part(n);
                    self.nodes[n].absent = true;
                }
            }
        }
    }

    fn lift(&mut self, number: usize, fault: &Fault) {
        let n = fault.node;
        let far = (fault.measure * 60_000.0) as i64 - 30_000;
        match fault.kind {
            Kind::Kill | Kind::Restart | Kind::Away | Kind::RecordLost => self.release(n),
            Kind::Restored => self.restore(n),
            Kind::RestartAll => (0..self.nodes.len()).for_each(|n| self.release(n)),
            Kind::Wipe => {
                self.introduce(n);
                self.release(n);
            }
            Kind::PowerCut => {
                self.net.dark.remove(&n);
                self.flush();
                self.release(n);
            }
            Kind::CrashInCommit | Kind::DiskError => self.nodes[n].disk.set_fate(Fate::Fine),
            Kind::Move => {
                self.move_away(n);
                self.release(n);
            }
            Kind::Pause => {
                self.nodes[n].paused -= 1;
                if self.nodes[n].paused == 0 {
                    self.unpark(n);
                }
            }
            Kind::Partition | Kind::Isolate | Kind::CutLink | Kind::OneWay => {
                for (from, to) in self.directions(number, fault) {
                    self.net.mend(from, to);
                }
                self.flush();
            }
            Kind::Halves => {
                self.armed.remove(&number);
                for (from, to) in self.sprung.remove(&number).unwrap_or_default() {
                    self.net.mend(from, to);
                }
                self.flush();
            }
            Kind::Latency | Kind::Loss | Kind::Reorder | Kind::Duplicate | Kind::Narrow => {
                self.set_links(n, None);
            }
            Kind::ClockSkew | Kind::ClockJump => self.nodes[n].clock.offset_ms -= far,
            Kind::ClockDrift => {
                let now = self.now;
                self.nodes[n].clock.set_drift(now, 0);
            }
            Kind::DiskSlow => self.nodes[n].slow = 0,
            Kind::DiskFull => self.set_full(n, false),
            Kind::RateUp | Kind::RateDown => self.nodes[n].rate = self.scenario.rates[n],
            Kind::CrashLoop | Kind::Reset | Kind::Revoke | Kind::Join | Kind::Leave => (),
        }
    }

    /// Something can come into force now: the members part, each second one to the other side.
    pub(crate) fn spring(&mut self) {
        for number in std::mem::take(&mut self.armed) {
            let members = &self.agenda.wanted;
            let side = |n: usize| members.iter().filter(|member| **member < n).count() % 2;
            let all = 0..self.nodes.len();
            let pairs = all.clone().flat_map(|from| all.clone().map(move |to| (from, to)));
            let cut: Vec<_> = pairs.filter(|(from, to)| side(*from) != side(*to)).collect();
            cut.iter().for_each(|(from, to)| self.net.cut(*from, *to));
            self.line(format_args!("fault {number} parts the members"));
            self.sprung.insert(number, cut);
        }
    }

    /// It starts with the data and the record of its backup.
    fn restore(&mut self, n: usize) {
        self.hold(n, true);
        let genesis = self.genesis.id();
        let node = &mut self.nodes[n];
        if let Some((world, record)) = node.backup.take() {
            node.disk.restore(world);
            node.record = record;
            node.forgetful = true;
            node.has_told_nothing(genesis);
        }
        self.release(n);
    }

    /// It dies at once and starts again a moment later.
    pub(crate) fn crash(&mut self, n: usize) {
        self.stop(n, true);
        let after = self.rng.within(100, 6_000);
        self.post(self.now + after, Event::Boot(n));
    }

    /// The directions that a fault cuts.
    fn directions(&self, number: usize, fault: &Fault) -> Vec<(usize, usize)> {
        let (n, other) = (fault.node, fault.other);
        let all = 0..self.nodes.len();
        // The fault and the node decide on which side the node is.
        let side = |node: usize| (node * 7 + number * 13 + (fault.measure * 64.0) as usize) % 5 < 2;
        match fault.kind {
            Kind::OneWay => vec![(n, other)],
            Kind::CutLink => vec![(n, other), (other, n)],
            Kind::Isolate => all.filter(|to| *to != n).flat_map(|to| [(n, to), (to, n)]).collect(),
            _ => {
                let pairs = all.clone().flat_map(|from| all.clone().map(move |to| (from, to)));
                pairs.filter(|(from, to)| side(*from) != side(*to)).collect()
            }
        }
    }

    fn worse(&self, fault: &Fault) -> Quality {
        let base = self.net.base();
        let measure = fault.measure;
        match fault.kind {
            Kind::Latency => Quality { latency: 100 + (measure * 2_000.0) as u64, jitter: 200, ..base },
            Kind::Loss => Quality { loss: 0.05 + 0.4 * measure, ..base },
            Kind::Reorder => Quality { reorder: 0.1 + 0.5 * measure, ..base },
            Kind::Duplicate => Quality { duplicate: 0.1 + 0.5 * measure, ..base },
            _ => Quality { width: 4 + (measure * 20.0) as u64, ..base },
        }
    }

    fn set_links(&mut self, n: usize, quality: Option<Quality>) {
        for other in (0..self.nodes.len()).filter(|other| *other != n) {
            self.net.set(n, other, quality);
            self.net.set(other, n, quality);
        }
    }

    /// Nodes 0 and 1 must stay, because everybody knows them. More than three honest nodes must be left, and enough of the members that the others
    /// can go on.
    fn may_go(&self, n: usize) -> bool {
        let is_left = |node: usize| self.nodes[node].is_honest() && !self.is_gone(&self.nodes[node]);
        let left = (0..self.nodes.len()).filter(|node| is_left(*node)).count();
        let members = self.agenda.wanted.iter().filter(|member| **member != n && is_left(**member)).count();
        let is_quorum = members >= quorum(self.agenda.wanted.len());
        n > 1 && left > 3 && !self.nodes[n].absent && (is_quorum || members > 0 && n.is_multiple_of(5))
    }

    fn revoke(&mut self, n: usize, first: usize) {
        if !self.may_go(n) && self.nodes[n].is_honest() {
            return;
        }
        self.crl.number += 1;
        self.crl.revoked.insert(self.nodes[n].name.clone());
        // A node that all others have banned could not pass the list on.
        let stays = first != n && self.nodes[first].is_honest() && !self.is_gone(&self.nodes[first]);
        let first = if stays { first } else { usize::from(n == 0) };
        // One operator has put the new list in place. The node reads it whether it runs or not.
        let crl = self.crl.clone();
        self.learn_crl(first, crl);
    }

    /// A node whose known peers have all gone is told of node 0, which always stays.
    fn introduce(&mut self, n: usize) {
        let is_left = |id: &NodeId| self.nodes.iter().any(|node| node.name == *id && !self.is_gone(node));
        if n > 0 && !self.nodes[n].bootstrap.iter().any(|(id, _)| is_left(id)) {
            let first = &self.nodes[0];
            let known = first.name.clone();
            let there = first.endpoint.clone().expect("node 0 can be dialed");
            self.nodes[n].bootstrap = vec![(known, there)];
        }
    }

    /// It listens at another address from now on, and its operator has told the other operators.
    fn move_away(&mut self, n: usize) {
        if self.nodes[n].endpoint.is_none() {
            return;
        }
        self.moves[n] += 1;
        let (name, there) = (self.nodes[n].name.clone(), endpoint(n, self.moves[n]));
        self.nodes[n].endpoint = Some(there.clone());
        for m in 0..self.nodes.len() {
            let mut told = false;
            for (_, endpoint) in self.nodes[m].bootstrap.iter_mut().filter(|(id, _)| *id == name) {
                *endpoint = there.clone();
                told = true;
            }
            // A running node learns the address from its peers. One that has no connection, because it joined during the move, adds it.
            if told && !self.net.ends.values().any(|end| end.node == m) {
                self.give(m, Input::Command(Command::AddPeer(name.clone(), there.clone())));
            }
        }
    }
}
