//! Stand-in with the agreed signatures, to be replaced by the real machine.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Act, ConnId, Offer, TransactionOutcome};
use crate::crypto::Hash;
use crate::ledger::Transaction;
use crate::time::Time;
use crate::wire::Item;

/// Stand-in.
#[derive(Debug)]
pub struct Gossip {}

#[allow(missing_docs, reason = "stand-in")]
impl Gossip {
    pub fn new(_now: Time) -> Self {
        Self {}
    }
    pub fn peer_up(&mut self, _now: Time, _conn: ConnId) {}
    pub fn peer_down(&mut self, _conn: ConnId) {}
    pub fn announced(&mut self, _now: Time, _conn: ConnId, _items: &[Item]) {}
    pub fn requested(&mut self, _now: Time, _conn: ConnId, _ids: Vec<Hash>) {}
    pub fn transactions(&mut self, _now: Time, _conn: ConnId, _list: Vec<Transaction>) {}
    pub fn block_seen(&mut self, _now: Time, _conn: ConnId, _id: Hash) {}
    pub fn offer(&mut self, _now: Time, _offer: Offer) {}
    pub fn not_found(&mut self, _now: Time, _conn: ConnId, _items: &[Item]) {}
    pub fn answer_transactions(
        &mut self,
        _now: Time,
        _conn: ConnId,
        _found: Vec<Arc<Transaction>>,
        _missing: Vec<Hash>,
    ) {
    }
    pub fn transactions_done(
        &mut self,
        _now: Time,
        _conn: ConnId,
        _outcomes: Vec<(Hash, TransactionOutcome)>,
    ) {
    }
    pub fn wake(&mut self, _now: Time) {}
    pub fn poll(&mut self) -> Option<Act> {
        None
    }
    pub fn next_wakeup(&self) -> Option<Time> {
        None
    }
}
