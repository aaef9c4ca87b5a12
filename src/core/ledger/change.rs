//! What a step changes in the durable world.

use alloc::sync::Arc;
use alloc::vec::Vec;

#[cfg(doc)]
use super::View;
use super::contract::Results;
use super::governance::Ended;
use super::merkle::Node;
use super::{Block, Certificate, HeaderRecord, Rows, Undo};
use crate::crypto::Hash;

/// What is to be made durable, all of it or nothing.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Blocks that were not stored yet.
    pub stored: Vec<(HeaderRecord, Arc<Block>)>,
    /// Blocks that leave the best chain, highest first.
    pub disconnected: Vec<(u64, Hash)>,
    /// Blocks that join the best chain, lowest first, with what undoes them. The last one is the new tip.
    pub connected: Vec<(u64, Hash, Undo)>,
    /// Blocks off the best chain that are forgotten: header and body.
    pub removed: Vec<Hash>,
    /// Blocks of the best chain whose undo records leave, lowest first.
    pub dropped_undo: Vec<(u64, Hash)>,
    /// Blocks of the best chain whose bodies leave. Their leaves stay: see [`View::leaves`].
    pub dropped_bodies: Vec<Hash>,
    /// Blocks of the best chain whose bodies come back, the highest first, with their records.
    pub backfilled: Vec<(HeaderRecord, Arc<Block>)>,
    /// See [`View::lowest`]; none if that stays.
    pub lowest: Option<u64>,
    /// All rows are replaced by `rows` (a fork deeper than the undo records), not only changed.
    pub replace_rows: bool,
    /// Rows of the state to write.
    pub rows: Rows,
    /// Nodes of the tree over headers to write.
    pub nodes: Vec<Node>,
    /// The block of this certificate is final: it is on the best chain after this change.
    pub finalized: Option<Certificate>,
    /// What became of motions in the blocks that join the best chain.
    pub ended: Vec<Ended>,
    /// What contracts have led to in the blocks that join the best chain and run any.
    pub results: Vec<(Hash, Results)>,
    /// What makes the bases of sets final, by base.
    pub handovers: Vec<(Hash, Certificate)>,
}

impl Change {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        let moved = [self.stored.len(), self.disconnected.len(), self.connected.len(), self.removed.len()];
        let is_moved = moved.iter().chain([&self.backfilled.len()]).any(|len| *len > 0);
        let is_final = self.finalized.is_some() || !self.handovers.is_empty();
        !is_moved && !is_final && self.rows.is_empty() && self.nodes.is_empty()
    }

    /// Appends a change that was planned on top of this one. Neither of them disconnects or removes blocks, or takes bodies back.
    pub(super) fn extend(&mut self, next: Self) {
        if self.is_empty() {
            *self = next;
            return;
        }
        self.stored.extend(next.stored);
        self.connected.extend(next.connected);
        self.dropped_undo.extend(next.dropped_undo);
        self.dropped_bodies.extend(next.dropped_bodies);
        self.lowest = next.lowest.or(self.lowest);
        self.rows.extend(next.rows);
        self.nodes.extend(next.nodes);
        self.finalized = next.finalized.or(self.finalized.take());
        self.ended.extend(next.ended);
        self.results.extend(next.results);
        self.handovers.extend(next.handovers);
    }
}
