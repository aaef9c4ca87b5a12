//! What the chain actor does around the ledger.

use std::sync::Arc;

use bouya_core::ledger::{Block, BlockOutcome, Check, Progress, Taken, Transaction, locator};
use bouya_core::overlay::{Answer, ConnId, Input, Offer, Tip};
use bouya_core::time::Timestamp;

use super::{HOP, block};
use crate::disk::DiskError;
use crate::node::Running;
use crate::world::{Local, Move, World};

impl World {
    /// The chain takes a block of a peer's.
    pub(crate) fn take(&mut self, n: usize, conn: ConnId, block: Arc<Block>, wanted: bool) {
        if let Some(running) = self.running(n) {
            running.waiting -= 1;
        }
        let id = block.id();
        let Some(outcome) = self.take_block(n, block, wanted) else { return };
        let answer = Answer::BlockDone { conn, id, outcome };
        self.give_later(HOP, n, Input::Answer(answer));
    }

    /// The chain takes a block. None: the node has ended over it.
    pub(crate) fn take_block(&mut self, n: usize, block: Arc<Block>, wanted: bool) -> Option<BlockOutcome> {
        if self.nodes[n].full {
            return Some(BlockOutcome::Ignored);
        }
        self.on_ledger(n, wanted, |running, check, now| {
            running.ledger.take(check, now, block, wanted).map(Some)
        })
    }

    /// Takes what came early and is due.
    pub(crate) fn take_due(&mut self, n: usize) {
        if let Some(running) = self.running(n) {
            running.due = None;
        }
        while !self.nodes[n].full {
            let taken = self.on_ledger(n, false, |running, check, now| running.ledger.take_due(check, now));
            if taken.is_none() {
                break;
            }
        }
        self.arm(n);
    }

    /// One step towards a heavier branch.
    pub(crate) fn step(&mut self, n: usize) {
        if let Some(running) = self.running(n) {
            running.stepping = false;
        }
        if self.nodes[n].full {
            return self.arm(n);
        }
        let id = self.genesis.id();
        let Self { nodes, signatures, .. } = self;
        let Some(running) = nodes[n].running.as_mut() else { return };
        let mut check = |list: &[Transaction]| signatures.check_all(&id, list);
        match running.ledger.step(&mut check) {
            Ok(Progress::Working | Progress::Invalid { .. }) => (),
            Ok(Progress::Flipped(moved)) => {
                let lost = self.nodes[n].disk.snapshot();
                self.announce(n, Some(Move { moved, wanted: true, lost }));
            }
            Err(error) => return self.fails(n, error),
        }
        self.arm(n);
    }

    fn on_ledger(
        &mut self,
        n: usize,
        wanted: bool,
        act: impl FnOnce(&mut Running, Check<'_>, Timestamp) -> Result<Option<Taken>, DiskError>,
    ) -> Option<BlockOutcome> {
        let (id, now) = (self.genesis.id(), self.nodes[n].clock.wall(self.now));
        let Self { nodes, signatures, .. } = self;
        let running = nodes[n].running.as_mut()?;
        let mut check = |list: &[Transaction]| signatures.check_all(&id, list);
        let taken = match act(running, &mut check, now) {
            Ok(taken) => taken?,
            Err(error) => {
                self.fails(n, error);
                return None;
            }
        };
        if taken.outcome == BlockOutcome::Stored {
            let lost = self.nodes[n].disk.snapshot();
            self.announce(n, taken.moved.map(|moved| Move { moved, wanted, lost }));
        }
        self.arm(n);
        Some(taken.outcome)
    }

    /// Sees to it that the chain goes on: with a heavier branch, or with what is due.
    fn arm(&mut self, n: usize) {
        let (now, node) = (self.now, &mut self.nodes[n]);
        let wall = node.clock.wall(now);
        let Some(running) = node.running.as_mut() else { return };
        // A full disk is looked at again now and then.
        let pause = if node.full { 5_000 } else { HOP + node.slow };
        let step = !running.stepping && running.ledger.chain().is_behind();
        running.stepping |= step;
        let due =
            running.ledger.next_due().map(|due| now + due.millis_since(wall) + u64::from(node.full) * 5_000);
        let due = due.filter(|at| running.due.is_none_or(|before| *at < before));
        running.due = due.or(running.due);
        if step {
            self.post_local(pause, n, Local::Step);
        }
        if let Some(at) = due {
            self.post_local(at - now, n, Local::Due);
        }
    }

    /// Tells everybody where the chain ends now, as the chain actor does: the mempool first.
    pub(crate) fn announce(&mut self, n: usize, moved: Option<Move>) {
        let now = self.now;
        let wall = self.nodes[n].clock.wall(now);
        let Some(running) = self.running(n) else { return };
        let view = running.snapshot();
        let branch = running.ledger.chain().tip().clone();
        let quiet = running.waiting == 0;
        let Ok(locator) = locator(&view, branch.height) else { return };
        let wanted = moved.as_ref().is_some_and(|moved| moved.wanted);
        let has_moved = moved.is_some();
        if let Some(moved) = moved {
            self.check.moved(&mut self.nodes[n], branch.work, &moved.moved);
            self.line(format_args!(
                "n{n:02} is at {} {} ({} left)",
                branch.height,
                branch.id.short(),
                moved.moved.disconnected.len()
            ));
            self.log.fold(u64::from_le_bytes(branch.id.0[..8].try_into().expect("8 bytes")));
            self.follow(n, &moved, branch.height + 1);
        }
        let offer =
            (has_moved && (!wanted || quiet)).then(|| block(&view, &branch.id).ok().flatten()).flatten();
        let (work, tip) = (branch.work, Tip { branch, locator, now: wall });
        self.give_later(HOP, n, Input::Tip(tip));
        if let Some(block) = offer {
            let offer = Offer::Block { block: Arc::new(block), work };
            self.give_later(HOP, n, Input::Offer(offer));
        }
    }
}
