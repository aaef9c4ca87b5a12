//! From one set of voters to the next.
//!
//! A set votes for its next base, and for nothing above it: what stands above is for the next set, once the base is final. That set has one
//! root, its base, and its epochs begin anew.

use alloc::collections::btree_map::Entry;

use super::*;
use crate::ledger::Handover;

impl Finality {
    /// Another set is in force. Like after a start, this node is silent until enough of its voters have said what they have seen.
    pub(super) fn hand_over(&mut self, now: Time, voters: Voters, newest: Option<Certificate>) {
        if voters.id() == self.voters().id() {
            return;
        }
        // One record at a time is written.
        if self.writing.is_some() {
            self.next = Some((voters, newest));
            return;
        }
        self.me = voters.number(&self.key.public());
        self.slots = Slots::new(self.slots.created(), voters.count());
        match self.record.in_set(&voters) {
            Ok(record) => self.record = record,
            Err(Refused::OtherSet(_)) => self.raise(Alarm::OtherHistory),
            // It waits until that set is in force here.
            Err(_) => (),
        }
        // Without a record the operator of a new voter must speak, as after a start.
        if self.me.is_some() {
            let marked = self.marked.take().or((!self.recorded).then_some(Alarm::NoRecord));
            marked.into_iter().for_each(|alarm| self.raise(alarm));
        }
        self.silence = self.me.is_some().then(|| Silence::new(now));
        self.justified = BTreeMap::from([(voters.root(), None)]);
        self.votes = Votes::new(voters, Vec::new());
        (self.newest, self.wanted, self.proposed) = (None, None, None);
        self.proposals.clear();
        for (peer, voter) in &mut self.peers {
            *voter = self.keys.get(peer).and_then(|key| self.votes.voters().number(key));
        }
        for certificate in newest.into_iter().chain(self.record.lock.clone()) {
            self.remember(certificate);
        }
        let peers: Vec<_> = self.peers.keys().copied().collect();
        peers.into_iter().for_each(|peer| self.ask(peer));
    }

    /// Whether this set votes for a block: the members before it are this set.
    pub(super) fn votes_for(&self, blocks: &dyn Blocks, height: u64, block: &Hash) -> bool {
        let root = self.voters().root();
        if height <= root.height {
            return root.block == *block;
        }
        let parent = height.checked_sub(1).and_then(|parent| blocks.ancestor(block, parent));
        parent.and_then(|parent| blocks.base(&parent)) == Some(root.block)
    }

    /// The next set's base, if blocks stand on it on the best chain.
    pub(super) fn next_base(&self, blocks: &dyn Blocks) -> Option<(u64, Hash)> {
        let (_, _, tip) = self.arrivals.back()?;
        let base = blocks.base(tip)?;
        let height = blocks.height(&base)?;
        let is_next =
            base != *tip && base != self.voters().root().block && self.votes_for(blocks, height, &base);
        is_next.then_some((height, base))
    }

    /// A peer shows that this set has handed over: its next base is final, and whatever is final above it.
    pub(super) fn take_handovers(&mut self, blocks: &dyn Blocks, peer: Peer, handovers: Vec<Handover>) {
        let Some(first) = handovers.into_iter().next() else { return };
        if first.check(&self.network, self.voters()).is_err() {
            self.outputs.push_back(Output::Blame { peer, what: "handover" });
            return;
        }
        // One after the other: each becomes final here before the next is asked for, so that each is kept and can be shown to others.
        let base = first.certificate.link.target;
        if let Entry::Vacant(place) = self.justified.entry(base) {
            place.insert(Some(first.certificate.clone()));
            self.finalize(blocks, first.certificate);
        }
    }
}
