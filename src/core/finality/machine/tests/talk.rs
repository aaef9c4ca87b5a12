//! What goes from one voter to another, and what is done with what a machine puts out.

use alloc::vec;

use super::world::World;
use super::*;
use crate::ledger::Handover;
use crate::limits::VOTES_RELAY;

/// From one node to another, and from a write to its being durable, in milliseconds.
const HOP: u64 = 40;
const FSYNC: u64 = 8;

pub(super) enum Happening {
    Heard {
        to: usize,
        from: usize,
        said: Said,
    },
    Durable {
        node: usize,
        life: u32,
        record: Record,
    },
    /// A node passes on another's vote.
    Relayed {
        node: usize,
        vote: Vote,
    },
    /// A node tells what is final there.
    Announced {
        node: usize,
    },
}

impl World {
    pub(super) fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Heard { to, from, said } if self.hears(to, from) => {
                self.give(to, Input::Heard { peer: Peer(from as u64), said });
            }
            Happening::Durable { node, life, record } if self.nodes[node].life == life => {
                self.nodes[node].durable = Some(record);
                self.give(node, Input::Written);
            }
            Happening::Relayed { node, vote } => self.relay(node, vote),
            Happening::Announced { node } => {
                let height = self.nodes[node].machine.finalized().height;
                for to in self.heard_by(node) {
                    if self.nodes[to].machine.finalized().height < height {
                        self.give(to, Input::Ask(Peer(node as u64)));
                    }
                }
            }
            _ => (),
        }
    }

    pub(super) fn give(&mut self, n: usize, input: Input) {
        let node = &self.nodes[n];
        let skew = node.skew;
        let offset = |other: usize| (Peer(other as u64), self.nodes[other].skew - skew);
        let offsets = self.heard_by(n).into_iter().map(offset).collect();
        let wall = node.wall(self.now);
        let node = &mut self.nodes[n];
        node.machine.handle(self.now, &node.chain, Input::Clock { wall, offsets });
        node.machine.handle(self.now, &node.chain, input);
        while let Some(output) = self.nodes[n].machine.poll() {
            self.carry_out(n, output);
        }
    }

    fn carry_out(&mut self, n: usize, output: Output) {
        let is_lying = self.lying.contains(&n);
        let node = &mut self.nodes[n];
        match output {
            Output::Write(record) if node.disk_works => {
                let life = node.life;
                self.plan(FSYNC, Happening::Durable { node: n, life, record });
            }
            Output::Write(record) => node.unwritten = Some(record),
            Output::Say { peer, said } => self.send(n, usize::try_from(peer.0).unwrap(), said),
            Output::Relay(vote) => self.plan_after(VOTES_RELAY, Happening::Relayed { node: n, vote }),
            Output::SayAll(said) => {
                self.note(n, &said);
                self.heard_by(n).into_iter().for_each(|other| self.send(n, other, said.clone()));
            }
            Output::Finalize(certificate) => {
                // Final never goes back. A restart tells once more what was final before.
                let before = node.newest.replace(certificate.clone());
                let height = before.map_or(0, |before| before.link.source.height);
                let (block, handed) = (certificate.link.source.block, certificate.clone());
                assert!(certificate.link.source.height >= height, "node {n} goes back below {height}");
                if !is_lying {
                    self.finals.push(certificate);
                }
                let own = self.nodes[n].chain.clone();
                self.learn(n, &own);
                self.plan_after(VOTES_RELAY, Happening::Announced { node: n });
                if let Some((header, roster)) = self.bases.get(&block).cloned() {
                    let (voters, before) = (roster.voters(block), handed.link.set);
                    let executed = Hash::ZERO;
                    let handover = Handover { header, executed, roster, certificate: handed };
                    self.nodes[n].chain.handed.insert(before, handover);
                    self.nodes[n].voters = voters.clone();
                    self.give(n, Input::Voters { voters, newest: None });
                }
            }
            Output::Want(checkpoint) => node.wanted.push(checkpoint),
            Output::Keep { justified, lock } => node.keeps = [justified, lock],
            Output::Rival(certificate) => node.rivals.push(certificate),
            Output::Blame { peer, what } => node.blamed.push((peer, what)),
            Output::Guilty { voter, .. } => {
                let key = node.machine.voters().member(voter).unwrap().key;
                node.guilty.push(key);
            }
            // Whoever lies goes on.
            Output::Alarm(_) if is_lying => node.machine.handle(self.now, &node.chain, Input::Resume),
            Output::Alarm(alarm) => node.alarms.push(alarm),
        }
    }

    /// Passes a vote on to those who have neither it nor anything later of that voter.
    fn relay(&mut self, n: usize, vote: Vote) {
        for to in self.heard_by(n) {
            let newest = self.nodes[to].machine.votes.newest(vote.voter);
            if newest.is_none_or(|newest| newest.link.target.epoch < vote.link.target.epoch) {
                let votes = vec![(vote.voter, vote.signature)];
                self.send(n, to, Said::Votes { link: vote.link, votes });
            }
        }
    }

    fn send(&mut self, from: usize, to: usize, said: Said) {
        if to >= self.nodes.len() || !self.hears(from, to) {
            return;
        }
        let Some(said) = self.bend(from, to, said) else { return };
        self.said += 1;
        self.last.insert(from, said.clone());
        self.plan(HOP, Happening::Heard { to, from, said });
    }

    /// Keeps a vote that leaves. It must be in the record that is durable.
    fn note(&mut self, n: usize, said: &Said) {
        let vote = match said {
            Said::Proposal { vote, .. } => *vote,
            Said::Votes { link, votes } => Vote { link: *link, voter: votes[0].0, signature: votes[0].1 },
            _ => return,
        };
        let durable = self.nodes[n].durable.as_ref().and_then(|record| record.last);
        assert_eq!(durable, Some(vote), "node {n} voted before that was durable");
        let key = self.nodes[n].key.public();
        assert_eq!(self.sets[&vote.link.set].number(&key), Some(vote.voter));
        self.votes.entry(key).or_default().insert(vote.link);
        if !self.signed.contains_key(&vote.link) {
            self.links.push(vote.link);
        }
        self.signed.entry(vote.link).or_default().insert(vote.voter, vote.signature);
    }

    /// The disk of a node works again: what could not be written is.
    pub(super) fn mend_disk(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        node.disk_works = true;
        if let Some(record) = node.unwritten.take() {
            let life = node.life;
            self.plan(FSYNC, Happening::Durable { node: n, life, record });
        }
    }

    /// What is on its way is lost. What is being written is not.
    pub(super) fn lose_all(&mut self) {
        self.ahead.retain(|_, happening| matches!(happening, Happening::Durable { .. }));
    }

    fn plan(&mut self, ms: u64, happening: Happening) {
        self.plan_after(Duration::from_millis(ms), happening);
    }

    fn plan_after(&mut self, after: Duration, happening: Happening) {
        self.planned += 1;
        self.ahead.insert((self.now.after(after), self.planned), happening);
    }
}
