//! What a voter does with proposals.

use super::super::slots::latest_epoch;
use super::*;

impl Finality {
    /// Votes for the first proposal that is acceptable. Returns whether the vote is being written. What is not acceptable yet is judged again
    /// when something happens, for as long as its leader leads.
    pub(super) fn judge(&mut self, now: Time, blocks: &dyn Blocks) -> bool {
        let time = self.time(now);
        self.proposals.retain(|leader, _| self.slots.led_by(*leader, time).is_some());
        let slot = |leader: &u16| self.slots.led_by(*leader, time).unwrap_or_default();
        let found = self.proposals.iter().find(|(leader, link)| {
            link.target.epoch <= latest_epoch(slot(leader)) && self.is_acceptable(blocks, link)
        });
        let Some((_, link)) = found else { return false };
        let (link, lock) = (*link, self.justified.get(&link.source).cloned().flatten());
        self.sign(&link, lock, Leaves::Vote)
    }

    /// The cheap checks first: an ancestor off the best chain is found by walking.
    fn is_acceptable(&self, blocks: &dyn Blocks, link: &Link) -> bool {
        let Link { source, target, .. } = link;
        // Without this, honest voters alone could make two histories.
        let descends = || {
            source.block == target.block
                || blocks.best(target.height) == Some(target.block)
                    && blocks.ancestor(&target.block, source.height) == Some(source.block)
        };
        self.justified.contains_key(source)
            && self.record.allows(self.voters(), link).is_ok()
            && blocks.height(&target.block) == Some(target.height)
            && descends()
            && self.is_above_final(blocks, target)
            && self.votes_for(blocks, target.height, &target.block)
    }

    fn is_above_final(&self, blocks: &dyn Blocks, target: &Checkpoint) -> bool {
        let newest = self.finalized();
        target.height > newest.height && blocks.ancestor(&target.block, newest.height) == Some(newest.block)
    }

    /// Tells a leader what its proposal lacks: it takes that in and proposes again.
    pub(super) fn refuse(&mut self, now: Time, blocks: &dyn Blocks, peer: Peer, link: &Link) {
        let said = match self.record.allows(self.voters(), link) {
            Err(Refused::Voted { .. }) => {
                // The newest that was heard: after a restore the record's own last vote may be older than what the record forbids.
                let newest = self.me.and_then(|me| self.votes.newest(me)).copied();
                let last = newest.filter(|last| last.link != *link);
                last.map(|last| Said::Votes {
                    link: last.link,
                    votes: Vec::from([(last.voter, last.signature)]),
                })
            }
            Err(Refused::Locked { .. }) => {
                self.justified.values().next_back().cloned().flatten().map(Said::Certificate)
            }
            _ if !self.justified.contains_key(&link.source) => return self.ask(peer),
            _ if blocks.height(&link.target.block).is_some()
                && !self.is_above_final(blocks, &link.target) =>
            {
                self.newest.clone().map(Said::Certificate)
            }
            _ => {
                self.want(now, blocks, link.source);
                None
            }
        };
        if let Some(said) = said {
            self.say(peer, said);
        }
    }
}
