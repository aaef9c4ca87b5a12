//! A disk that loses and garbles rows.

use bouya_core::codec::{decode, encode};
use bouya_core::crypto::Hash;
use bouya_core::ledger::contract::Results;
use bouya_core::ledger::{Body, Certificate, HeaderRecord, Key, StateError, Undo, View, World};

/// A world in which some things are missing and others are garbage.
pub(super) struct Damaged<'a> {
    pub(super) world: &'a World,
    /// Which kinds of things are damaged, by bit.
    pub(super) lost: u8,
    /// One in so many of them is damaged.
    pub(super) every: u8,
    pub(super) garbage: &'a [u8],
    /// What it claims is stored off the best chain.
    pub(super) side: Vec<Hash>,
}

impl Damaged<'_> {
    fn hits(&self, kind: u8, key: u8) -> bool {
        self.lost & (1 << kind) != 0 && key.is_multiple_of(self.every)
    }
}

impl View for Damaged<'_> {
    fn row(&self, key: &Key) -> Result<Option<Vec<u8>>, StateError> {
        let byte = encode(key).last().copied().unwrap_or_default();
        if self.hits(0, byte) { Ok(Some(self.garbage.to_vec())) } else { self.world.row(key) }
    }

    fn record(&self, id: &Hash) -> Result<Option<HeaderRecord>, StateError> {
        if self.hits(1, id.0[0]) { Ok(None) } else { self.world.record(id) }
    }

    fn at_height(&self, height: u64) -> Result<Option<Hash>, StateError> {
        if self.hits(2, height as u8) {
            Ok(Some(Hash([self.lost; 32])))
        } else {
            self.world.at_height(height)
        }
    }

    fn lowest(&self) -> Result<u64, StateError> {
        self.world.lowest()
    }

    fn results(&self, id: &Hash) -> Result<Option<Results>, StateError> {
        if self.hits(3, id.0[2]) { Ok(None) } else { self.world.results(id) }
    }

    fn body(&self, id: &Hash) -> Result<Option<Body>, StateError> {
        if self.hits(3, id.0[1]) { Ok(None) } else { self.world.body(id) }
    }

    fn undo(&self, id: &Hash) -> Result<Option<Undo>, StateError> {
        if self.hits(4, id.0[2]) { Ok(decode(self.garbage, "undo").ok()) } else { self.world.undo(id) }
    }

    fn history_node(&self, height: u8, index: u64) -> Result<Option<Hash>, StateError> {
        if self.hits(5, index as u8) { Ok(None) } else { self.world.history_node(height, index) }
    }

    fn tip(&self) -> Result<(u64, Hash), StateError> {
        self.world.tip()
    }

    fn side_blocks(&self) -> Result<Vec<Hash>, StateError> {
        Ok(self.side.clone())
    }

    fn finalized(&self) -> Result<Option<Certificate>, StateError> {
        self.world.finalized()
    }

    fn handover(&self, base: &Hash) -> Result<Option<Certificate>, StateError> {
        self.world.handover(base)
    }

    fn handed_over(&self, set: &Hash) -> Result<Option<Hash>, StateError> {
        self.world.handed_over(set)
    }
}
