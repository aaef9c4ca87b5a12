//! What the next block should hold.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::{Entry, Mempool};
use crate::ledger::CheckedTransaction;
use crate::limits::FREE_SHARE;

impl Mempool {
    /// What a block with `room` bytes should hold: what is free of fees first, in its part of the room; then the best fee rate first; each sender in
    /// nonce order. It can be executed in this order.
    pub fn select(&self, room: usize, most: usize) -> Vec<CheckedTransaction> {
        let mut chosen = Vec::new();
        let mut left = room;
        let (mut free_left, mut free_most) = (room / FREE_SHARE, most.div_ceil(FREE_SHARE));
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
