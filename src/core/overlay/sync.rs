//! Stand-in with the agreed signatures, to be replaced by the real machine.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Act, BlockOutcome, ConnId, Tip};
use crate::crypto::Hash;
use crate::ledger::{Block, Branch, Genesis, Header};
use crate::time::Time;
use crate::wire::{Item, TipSummary};

/// Stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "stand-in")]
pub enum SyncStatus {
    Alone,
    Syncing { height: u64, target: u64 },
    Synced,
}

/// Stand-in.
#[derive(Debug)]
pub struct Sync {}

#[allow(missing_docs, reason = "stand-in")]
impl Sync {
    pub fn new(_genesis: Arc<Genesis>) -> Self {
        Self {}
    }
    pub fn peer_up(&mut self, _now: Time, _conn: ConnId, _tip: TipSummary) {}
    pub fn peer_down(&mut self, _now: Time, _conn: ConnId) {}
    pub fn tip(&mut self, _now: Time, _tip: Tip) {}
    pub fn announced(&mut self, _now: Time, _conn: ConnId, _items: &[Item]) {}
    pub fn headers(&mut self, _now: Time, _conn: ConnId, _headers: Vec<Header>) {}
    pub fn block(&mut self, _now: Time, _conn: ConnId, _block: Arc<Block>) {}
    pub fn not_found(&mut self, _now: Time, _conn: ConnId, _items: &[Item]) {}
    pub fn branch(&mut self, _now: Time, _id: Hash, _branch: Option<Branch>) {}
    pub fn missing(&mut self, _now: Time, _ids: Vec<Hash>) {}
    pub fn block_done(&mut self, _now: Time, _conn: ConnId, _id: Hash, _outcome: BlockOutcome) {}
    pub fn wake(&mut self, _now: Time) {}
    pub fn status(&self) -> SyncStatus {
        SyncStatus::Alone
    }
    pub fn poll(&mut self) -> Option<Act> {
        None
    }
    pub fn next_wakeup(&self) -> Option<Time> {
        None
    }
}
