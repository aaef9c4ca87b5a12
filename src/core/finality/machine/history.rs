//! Which history is this node's: what is final extends it, and what contradicts it is told and stops its votes.
//!
//! People decide between two histories, with the operator's checkpoint: once the best chain holds it, what lacks it is *foreign* and counts for
//! nothing. An alarm must not outlive its remedy.

use super::*;

impl Finality {
    /// A quorum has made a block final.
    pub(super) fn finalize(&mut self, blocks: &dyn Blocks, certificate: Certificate) {
        let (found, newest) = (certificate.link.source, self.finalized());
        let (low, high) = if found.height < newest.height { (found, newest) } else { (newest, found) };
        // Undecided as long as the higher one is not stored: the chain decides about a higher one once its headers are here, and a lower one is
        // looked at again once the newest is on the best chain.
        let below = blocks.height(&high.block).and_then(|_| blocks.ancestor(&high.block, low.height));
        let is_rival = found.height == newest.height && found.block != newest.block;
        if is_rival || below.is_some_and(|below| below != low.block) {
            self.contradicted(certificate);
        } else if found.height > newest.height && (below.is_some() || self.alarm != Some(Alarm::OtherHistory))
        {
            self.newest = Some(certificate.clone());
            self.outputs.push_back(Output::Finalize(certificate));
        }
    }

    /// The chain says that a certificate contradicts it.
    pub(super) fn conflict(
        &mut self,
        blocks: &dyn Blocks,
        certificate: Certificate,
        newest: Option<Certificate>,
        how: Contradiction,
    ) {
        // One of an earlier set says nothing in this one.
        self.newest = newest.filter(|newest| newest.link.set == self.voters().id());
        match how {
            Contradiction::OtherHistory => self.contradicted(certificate),
            Contradiction::Invalid => self.raise(Alarm::OtherHistory),
            Contradiction::Overruled => {
                self.foreign.insert(certificate.link.source.block);
                self.forget_foreign(blocks);
            }
        }
    }

    fn contradicted(&mut self, rival: Certificate) {
        // Not by the alarm: that may come of a block which is only invalid here.
        if !core::mem::replace(&mut self.rival_told, true) {
            self.outputs.push_back(Output::Rival(rival));
        }
        self.raise(Alarm::OtherHistory);
    }

    /// Whether a certified block is known to lack the operator's checkpoint, which this node's best chain holds.
    pub(super) fn is_foreign(&self, blocks: &dyn Blocks, checkpoint: &Checkpoint) -> bool {
        let Some((height, id)) = self.decided else { return false };
        let Checkpoint { height: own, block, .. } = checkpoint;
        let lacks = || match *own <= height {
            true => blocks.best(*own) != Some(*block),
            false => blocks.height(block).is_some() && blocks.ancestor(block, height) != Some(id),
        };
        self.foreign.contains(block) || blocks.best(height) == Some(id) && lacks()
    }

    /// Lets nothing count that lacks the checkpoint: neither as a source of votes, nor as what is final.
    pub(super) fn forget_foreign(&mut self, blocks: &dyn Blocks) {
        if self.decided.is_none() {
            return;
        }
        let mut known = core::mem::take(&mut self.justified);
        known.retain(|checkpoint, _| !self.is_foreign(blocks, checkpoint));
        self.justified = known;
        if self.is_foreign(blocks, &self.finalized()) {
            let finals = self.justified.values().flatten().filter(|certificate| certificate.is_final());
            self.newest = finals.max_by_key(|certificate| certificate.link.source.height).cloned();
        }
    }

    /// Compares what is known to be final, once the newest of it is on the best chain: an older certificate may have come before its blocks.
    pub(super) fn look_for_rivals(&mut self, blocks: &dyn Blocks) {
        let newest = self.finalized();
        if blocks.best(newest.height) != Some(newest.block) {
            return;
        }
        let mut finals = self.justified.values().flatten().filter(|certificate| certificate.is_final());
        let is_beside = |certificate: &&Certificate| {
            let Checkpoint { height, block, .. } = certificate.link.source;
            height <= newest.height && blocks.best(height) != Some(block)
        };
        if let Some(rival) = finals.find(is_beside).cloned() {
            self.contradicted(rival);
        }
    }

    /// Two histories are graver than what the operator can resume from.
    pub(super) fn raise(&mut self, alarm: Alarm) {
        if self.alarm.is_none() || alarm == Alarm::OtherHistory && self.alarm != Some(alarm) {
            self.alarm = Some(alarm);
            self.outputs.push_back(Output::Alarm(alarm));
        }
    }
}
