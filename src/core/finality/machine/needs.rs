//! Which blocks this voter needs: fetched if they are not stored, never evicted if they are.

use super::*;

impl Finality {
    /// Asks for a justified block that is not stored. Whoever is locked on a block that nobody fetches would stop finality for good.
    pub(super) fn want(&mut self, now: Time, blocks: &dyn Blocks, checkpoint: Checkpoint) {
        let is_due = self.wanted.is_none_or(|(last, at)| last != checkpoint || now.since(at) >= WANT_EVERY);
        if is_due && blocks.height(&checkpoint.block).is_none() {
            self.wanted = Some((checkpoint, now));
            self.outputs.push_back(Output::Want(checkpoint));
        }
    }

    /// Asks again for what is justified or final and still missing.
    pub(super) fn want_again(&mut self, now: Time, blocks: &dyn Blocks) {
        let locked = self.justified.last_key_value().map(|(checkpoint, _)| *checkpoint);
        let locked = locked.filter(|locked| locked.epoch >= self.record.source);
        let is_missing = |checkpoint: &Checkpoint| blocks.height(&checkpoint.block).is_none();
        // Of two histories this node keeps its own.
        if self.alarm == Some(Alarm::OtherHistory) {
            return;
        }
        // The chain knows what it needs first.
        let all = self.standing.goal.into_iter().chain(locked).chain([self.finalized()]);
        if let Some(missing) = all.into_iter().find(is_missing) {
            self.want(now, blocks, missing);
        }
    }

    /// Says which blocks must not be evicted, if they are others than before.
    pub(super) fn keep(&mut self) {
        let root = self.voters().root();
        let justified = self.justified.last_key_value().map_or(root, |(checkpoint, _)| *checkpoint);
        let lock = self.record.lock.as_ref().map_or(root, |lock| lock.link.target);
        let [justified, lock] = [justified.block, lock.block];
        if self.kept.replace([justified, lock]) != Some([justified, lock]) {
            self.outputs.push_back(Output::Keep { justified, lock });
        }
    }
}
