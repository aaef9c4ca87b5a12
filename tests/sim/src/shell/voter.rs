//! The thread of the voter: what it is given, and where its outputs go.

use bouya_core::finality::{Alarm, Input, Output};
use bouya_core::ledger::{Certificate, Link, View as _, governance, in_force_at_final};
use bouya_core::node::{Gate, Head, StoredBlocks, keeper};
use bouya_core::overlay;

use super::HOP;
use crate::members::member_key;
use crate::world::{Local, World};

/// An operator has seen an alarm and says that the node may vote (ms).
const RESUMED_AFTER: u64 = 20_000;

impl World {
    /// Gives an input to a node's voter, with the chain and the clock as they are now.
    pub(crate) fn hand_to_voter(&mut self, n: usize, input: Input) {
        let (now, wall) = (self.now, self.nodes[n].clock.wall(self.now));
        let Some(running) = self.running(n) else { return };
        let (time, view) = (running.time(now), running.snapshot());
        let standing = Gate::standing(&running.head, &running.overlay.outlook(time));
        let offsets = running.overlay.clock_offsets().into_iter();
        let offsets = offsets.map(|(session, ms)| (bouya_core::finality::Peer(session.0), ms)).collect();
        let voters_of = running.head.members.clone();
        let voters = voters_of.voters().clone();
        let former = governance::former_members(&view).unwrap_or_default();
        let changed = (voters.id() != running.set).then(|| {
            running.set = voters.id();
            let newest = view.finalized().ok().flatten();
            let newest = newest.filter(|newest| newest.link.set == voters.id());
            Input::Voters { voters: voters.clone(), newest }
        });
        let is_changed = changed.is_some();
        let first = [Input::Clock { wall, offsets }].into_iter().chain(changed);
        for input in first.chain([Input::Standing(standing), input]) {
            running.voter.handle(time, &StoredBlocks(&view), input);
        }
        if is_changed {
            let former = former.into_iter().filter(|id| voters_of.roster().by_id(id).is_none()).collect();
            self.give_later(HOP, n, overlay::Input::Members { voters, former });
        }
        self.drain_voter(n);
    }

    /// The voter's time has come.
    pub(crate) fn vote(&mut self, n: usize) {
        let now = self.now;
        // An earlier wake-up may have come in between.
        if let Some(running) =
            self.running(n).filter(|running| running.voter_wake.is_some_and(|at| at <= now))
        {
            running.voter_wake = None;
            self.hand_to_voter(n, Input::Wake);
        }
    }

    /// The best chain has moved, or something about it.
    pub(crate) fn tell_voter(&mut self, n: usize, head: &Head) {
        let (height, block) = (head.branch.height, head.branch.id);
        self.post_local(HOP, n, Local::ToVoter(Input::Tip { height, block }));
    }

    pub(crate) fn drain_voter(&mut self, n: usize) {
        let poll = |world: &mut Self| world.running(n)?.voter.poll();
        while let Some(output) = poll(self) {
            match &output {
                Output::Write(record) => {
                    let after = HOP + self.nodes[n].slow;
                    self.post_local(after, n, Local::Record(Box::new(record.clone())));
                    continue;
                }
                Output::Finalize(certificate) => {
                    let input = keeper::Input::Finalize(certificate.clone());
                    self.post_local(HOP, n, Local::Keeper(input));
                }
                Output::Keep { justified, lock } => {
                    let input = keeper::Input::Keep { justified: *justified, lock: *lock };
                    self.post_local(HOP, n, Local::Keeper(input));
                }
                Output::Guilty { voter, .. } => {
                    let guilty = self.voter_node(n, *voter);
                    let is_bad = guilty.is_some_and(|guilty| self.may_offend(guilty));
                    self.check.holds(is_bad, || format!("n{n:02} accuses {guilty:?}, who is honest"));
                }
                Output::Alarm(alarm) => {
                    let fine =
                        self.may_offend(n) && *alarm != Alarm::OtherHistory || !self.nodes[n].is_honest();
                    self.check.holds(fine, || format!("n{n:02} does not vote any more: {alarm:?}"));
                    // Its operator knows that the record is lost or old.
                    self.post_local(RESUMED_AFTER, n, Local::ToVoter(Input::Resume));
                }
                Output::Say { .. }
                | Output::SayAll(_)
                | Output::Relay(_)
                | Output::Want(_)
                | Output::Rival(_)
                | Output::Blame { .. } => (),
            }
            self.give_later(HOP, n, overlay::Input::Finality(output));
        }
        let now = self.now;
        let Some(running) = self.running(n) else { return };
        let time = running.time(now);
        let due = running.voter.next_wakeup(time);
        let at = due.map_or(now + 1_000, |due| running.since + due.as_millis()).min(now + 1_000);
        if running.voter_wake.is_none_or(|before| at < before) {
            running.voter_wake = Some(at);
            self.post_local(at - now, n, Local::Vote);
        }
    }

    /// The record is durable: its vote leaves.
    pub(crate) fn record(&mut self, n: usize, record: bouya_core::finality::Record) {
        if let (Some(vote), false) = (&record.last, self.may_offend(n)) {
            self.check.voted(n, &self.nodes[n], vote.link);
        }
        self.nodes[n].record = Some(record);
        self.hand_to_voter(n, Input::Written);
    }

    /// A block is final on a node, durably.
    pub(crate) fn tell_final(&mut self, n: usize, certificate: Certificate) {
        let Link { source, .. } = certificate.link;
        self.line(format_args!("n{n:02} has final {} {}", source.height, source.block.short()));
        if self.nodes[n].is_honest() {
            self.check.finalized(&mut self.nodes[n], &certificate, &self.genesis);
            self.settle(n, source.height);
        }
        self.give_later(HOP, n, overlay::Input::Finalized(certificate));
    }

    /// Who is a former member, as the newest final block says.
    fn settle(&mut self, n: usize, height: u64) {
        if height <= self.settled.0 {
            return;
        }
        let Ok(members) = in_force_at_final(&*self.nodes[n].disk.world()) else { return };
        let (newest, ever) = &mut self.settled;
        *newest = height;
        ever.extend(members.roster().members().iter().map(|member| member.id.clone()));
        self.former = ever.iter().filter(|id| members.roster().by_id(id).is_none()).cloned().collect();
    }

    /// Whether two votes of this node may prove an offence: it lies, or has forgotten what it voted for.
    fn may_offend(&self, n: usize) -> bool {
        !self.nodes[n].is_honest() || self.nodes[n].forgetful
    }

    /// The node with this number among the voters of node `n`.
    fn voter_node(&self, n: usize, number: u16) -> Option<usize> {
        let key = self.nodes[n].running.as_ref()?.voter.voters().member(number)?.key;
        (0..self.nodes.len()).find(|n| {
            (0..=self.nodes[*n].generation).any(|generation| member_key(*n, generation).public() == key)
        })
    }
}
