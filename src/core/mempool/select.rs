//! What the next block should hold.

use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::{Entry, Mempool};
use crate::crypto::Hash;
use crate::ledger::contract::Stated;
use crate::ledger::{CheckedTransaction, Room};
use crate::limits::FREE_SHARE;

/// Gas that is left in a block. A code that is in it already need not be made ready once more.
struct GasLeft {
    left: Option<u64>,
    codes: BTreeMap<Hash, u32>,
}

impl GasLeft {
    fn of(left: Option<u64>) -> Self {
        Self { left, codes: BTreeMap::new() }
    }

    /// Takes what a transaction states; false if there is too little, or none of it in such a block.
    fn take(&mut self, transaction: &CheckedTransaction) -> bool {
        let Some(stated) = transaction.stated() else { return true };
        let ready = self.codes.get(&stated.code).copied().unwrap_or(0);
        let more = Stated { size: stated.size.saturating_sub(ready), ..stated };
        let Some(left) = self.left.and_then(|left| left.checked_sub(more.all())) else { return false };
        self.left = Some(left);
        self.codes.insert(stated.code, ready.max(stated.size));
        true
    }
}

impl Mempool {
    /// What a block with this room should hold: what is free of fees first, in its part of the room; then the best fee rate first; each sender in
    /// nonce order. It can be executed in this order.
    pub fn select(&self, room: Room) -> Vec<CheckedTransaction> {
        let mut chosen = Vec::new();
        let (mut left, most, mut gas) = (room.bytes, room.count, GasLeft::of(room.gas));
        let (mut free_left, mut free_most) = (left / FREE_SHARE, most.div_ceil(FREE_SHARE));
        let mut queues: Vec<_> =
            self.queues.values().map(|queue| queue.entries.values().peekable()).collect();
        // The head of each queue, best rate first; ties go to the smaller id, so that the choice is the same everywhere.
        let head = |(queue, entry): (usize, &Entry)| {
            (entry.free, entry.rate, Reverse(entry.transaction.id()), queue)
        };
        let mut heads: BinaryHeap<_> = queues
            .iter_mut()
            .enumerate()
            .filter_map(|(at, queue)| Some(head((at, *queue.peek()?))))
            .collect();
        while let Some((_, _, _, at)) = heads.pop() {
            let Some(queue) = queues.get_mut(at) else { continue };
            let Some(entry) = queue.next() else { continue };
            let size = entry.transaction.size();
            let Some(rest) = left.checked_sub(size) else { continue };
            if chosen.len() >= most {
                break;
            }
            // Who waits behind what is too dear waits too.
            if !gas.take(&entry.transaction) {
                continue;
            }
            if entry.free {
                let (Some(bytes), Some(count)) = (free_left.checked_sub(size), free_most.checked_sub(1))
                else {
                    continue;
                };
                (free_left, free_most) = (bytes, count);
            }
            left = rest;
            chosen.push(entry.transaction.clone());
            heads.extend(queue.peek().map(|next| head((at, *next))));
        }
        chosen
    }
}
