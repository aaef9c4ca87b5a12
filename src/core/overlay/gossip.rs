//! Gossip: which transactions and new blocks go to whom, each once.
//!
//! Gossip remembers what each peer has: what it sent, announced or was sent. Nothing goes to a peer that has it, so nothing goes back to
//! its sender. This node's own transactions go whole to [`GOSSIP_EAGER_PEERS`] peers, different ones each time, and as announcements to the
//! rest. The first goes at once; those that follow within [`GOSSIP_BATCH`] go together. Transactions of others are announced after
//! [`GOSSIP_RELAY`] to twice that: by then most peers have got them from the same source, and the random delay lets one of two announcers
//! come first. New blocks go to every peer that lacks them.
//!
//! Invariants: an id is in `seen` from the moment its transaction is given to the mempool, so a second copy costs only a hash and a
//! look-up. An id is the hash of all bytes, signature included: a wrong copy has another id and never shadows the right one.
//! A transaction that the mempool refused for a reason that may pass (a nonce gap, a low fee, no room) leaves `seen` at once: an honest
//! peer sends it only once, and a peer that keeps sending it pays from its budget.
//!
//! Left out on purpose: whether a transaction or block is valid (mempool and chain know), what a peer may send and request
//! ([`super::budget`]), and fetching blocks ([`super::sync`]).

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use self::batcher::Batcher;
use self::request_tracker::RequestTracker;
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::ledger::{Block, CompactBlock, Transaction};
use crate::limits::{
    GOSSIP_ANSWER_BYTES, GOSSIP_BATCH, GOSSIP_EAGER_PEERS, GOSSIP_RELAY, GOSSIP_SEEN_FOR, IDS_PER_MESSAGE,
    KNOWN_BLOCKS_PER_PEER, KNOWN_IDS_PER_PEER, SEEN_IDS, TRANSACTIONS_PER_MESSAGE, UNCHECKED_BYTES_PER_PEER,
};
use crate::overlay::{Act, ConnId, Fault, PoolRequest, TransactionOutcome};
use crate::random::Random;
use crate::recent::Recent;
use crate::time::Time;
use crate::wire::{Item, Message};

mod batcher;
mod request_tracker;

/// See the module's header.
#[derive(Debug)]
pub struct Gossip {
    peers: BTreeMap<ConnId, Inventory>,
    /// Transactions that were given to the mempool or came from it.
    seen: Recent,
    rotated: Time,
    requests: RequestTracker,
    /// This node's own transactions.
    own: Batch,
    /// When the next own transaction may go out: a node that sends seldom does not wait.
    own_after: Time,
    relayed: Batch,
    random: Random,
    /// Counts batches, to rotate which peers get whole transactions.
    turn: usize,
    out: VecDeque<Act>,
}

/// What a peer has.
#[derive(Debug)]
struct Inventory {
    transactions: Recent,
    blocks: Recent,
    unchecked: Unchecked,
    /// It accepts compact blocks.
    compact: bool,
}

/// Transactions of one peer that the mempool is checking.
#[derive(Debug, Default)]
struct Unchecked {
    count: usize,
    bytes: usize,
}

impl Unchecked {
    fn add(&mut self, bytes: usize) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// This many are done. The bytes are an estimate, as if all were equally long; it is exact again once none is left.
    fn done(&mut self, count: usize) {
        let left = self.count.saturating_sub(count);
        self.bytes = self.bytes.saturating_mul(left).checked_div(self.count).unwrap_or(0);
        self.count = left;
    }
}

/// Transactions on their way out.
#[derive(Debug, Default)]
struct Batch {
    transactions: Vec<Transaction>,
    due: Option<Time>,
}

impl Batch {
    fn push(&mut self, due: Time, transaction: Transaction) {
        self.transactions.push(transaction);
        self.due.get_or_insert(due);
    }

    /// All of them, once it is time or there are as many as a message holds.
    fn take_due(&mut self, now: Time) -> Vec<Transaction> {
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_due || self.transactions.len() >= TRANSACTIONS_PER_MESSAGE {
            self.due = None;
            return core::mem::take(&mut self.transactions);
        }
        Vec::new()
    }
}

impl Gossip {
    /// Nobody is connected, nothing is known. `seed` is for jitter.
    pub fn new(now: Time, seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            peers: BTreeMap::new(),
            seen: Recent::new(SEEN_IDS),
            rotated: now,
            requests: RequestTracker::default(),
            own: Batch::default(),
            own_after: now,
            relayed: Batch::default(),
            turn: 0,
            out: VecDeque::new(),
        }
    }

    /// A peer's hello was accepted. `compact`: it accepts compact blocks.
    pub fn peer_up(&mut self, conn: ConnId, compact: bool) {
        let transactions = Recent::new(KNOWN_IDS_PER_PEER / 2);
        let blocks = Recent::new(KNOWN_BLOCKS_PER_PEER / 2);
        self.peers.insert(conn, Inventory { transactions, blocks, unchecked: Unchecked::default(), compact });
        self.requests.peer_up(conn);
    }

    /// A peer is gone; what it was asked for is requested from others at the next wake-up.
    pub fn peer_down(&mut self, conn: ConnId) {
        self.peers.remove(&conn);
        self.requests.peer_down(conn);
    }

    /// A peer says what it has.
    pub fn announced(&mut self, now: Time, conn: ConnId, items: &[Item]) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        let mut new = Vec::new();
        for item in items {
            match item {
                Item::Block { id, .. } => {
                    peer.blocks.insert(*id);
                }
                Item::Transaction(id) => {
                    peer.transactions.insert(*id);
                    if !self.seen.contains(id) {
                        new.push(*id);
                    }
                }
                Item::Final(_) => (),
            }
        }
        self.requests.announced(now, conn, &new);
        self.request();
    }

    /// A peer sent transactions, asked for or not.
    pub fn transactions(&mut self, now: Time, conn: ConnId, transactions: Vec<Transaction>) {
        if now.since(self.rotated) >= GOSSIP_SEEN_FOR {
            self.rotated = now;
            self.seen.rotate();
            // Nor is it remembered for longer what each peer has: by its bound alone that would grow for hours.
            self.peers.values_mut().for_each(|peer| peer.transactions.rotate());
        }
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        let mut fresh = Vec::new();
        for transaction in transactions {
            let id = transaction.id();
            peer.transactions.insert(id);
            self.requests.got(now, Some(conn), &id);
            // If too much from this peer waits already, this is dropped as if it had not come.
            if peer.unchecked.bytes < UNCHECKED_BYTES_PER_PEER && self.seen.insert(id) {
                peer.unchecked.add(transaction.size());
                fresh.push(transaction);
            }
        }
        if !fresh.is_empty() {
            self.out.push_back(Act::Ask(PoolRequest::Take { conn, transactions: fresh }.into()));
        }
        self.request();
    }

    /// The mempool's answer.
    pub fn transactions_done(&mut self, _now: Time, conn: ConnId, outcomes: Vec<(Hash, TransactionOutcome)>) {
        if let Some(peer) = self.peers.get_mut(&conn) {
            peer.unchecked.done(outcomes.len());
        }
        for (id, outcome) in outcomes {
            match outcome {
                TransactionOutcome::Taken => {}
                TransactionOutcome::Ignored => self.seen.remove(&id),
                // It stays seen: the id commits to the fault.
                TransactionOutcome::Invalid(why) => {
                    self.out.push_back(Act::Blame(conn, Fault::InvalidTransaction(why)));
                }
            }
        }
    }

    /// A peer sent this block.
    pub fn block_seen(&mut self, _now: Time, conn: ConnId, id: Hash) {
        if let Some(peer) = self.peers.get_mut(&conn) {
            peer.blocks.insert(id);
        }
    }

    /// The mempool took these: they go to every peer that lacks them. Those in `own` come from this node's clients, so nobody has them yet.
    pub fn offer_transactions(&mut self, now: Time, own: Vec<Transaction>, relayed: Vec<Transaction>) {
        for transaction in own {
            self.taken(now, &transaction);
            self.own.push(self.own_after.max(now), transaction);
        }
        for transaction in relayed {
            self.taken(now, &transaction);
            // Peers that got it at the same time should not announce it at the same time.
            let wait = GOSSIP_RELAY.saturating_add(self.random.up_to(GOSSIP_RELAY));
            self.relayed.push(now.after(wait), transaction);
        }
        self.flush(now);
        self.request();
    }

    /// The mempool has this transaction: a copy from a peer is nothing new, and no peer needs to be asked for it.
    fn taken(&mut self, now: Time, transaction: &Transaction) {
        let id = transaction.id();
        self.seen.insert(id);
        self.requests.got(now, None, &id);
    }

    /// Sends a new block on the best chain to every peer that lacks it: in compact form if there is one and the peer accepts it.
    pub fn offer_block(&mut self, block: &Arc<Block>, compact: Option<&Arc<CompactBlock>>) {
        let id = block.id();
        for (conn, peer) in &mut self.peers {
            if peer.blocks.insert(id) {
                let message = match compact.filter(|_| peer.compact) {
                    Some(compact) => Message::CompactBlock(Arc::clone(compact)),
                    None => Message::Block(Arc::clone(block)),
                };
                self.out.push_back(Act::Send(*conn, message));
            }
        }
    }

    /// A peer does not have what it was asked for.
    pub fn not_found(&mut self, now: Time, conn: ConnId, items: &[Item]) {
        for item in items {
            if let Item::Transaction(id) = item {
                self.requests.not_found(now, conn, id);
            }
        }
        self.request();
    }

    /// Answers a peer's request with what the mempool has of it.
    pub fn answer_transactions(
        &mut self,
        conn: ConnId,
        found: Vec<Transaction>,
        missing: Vec<Hash>,
    ) -> Vec<Message> {
        let Some(peer) = self.peers.get_mut(&conn) else { return Vec::new() };
        let mut batcher = Batcher::default();
        let mut missing: Vec<Item> = missing.into_iter().map(Item::Transaction).collect();
        for transaction in found {
            let id = transaction.id();
            if batcher.total() < GOSSIP_ANSWER_BYTES {
                peer.transactions.insert(id);
                batcher.push(transaction);
            } else {
                missing.push(Item::Transaction(id));
            }
        }
        let not_found = |items: &[Item]| Message::NotFound(Bounded::truncated(items.iter().copied()));
        batcher.finish().chain(missing.chunks(IDS_PER_MESSAGE).map(not_found)).collect()
    }

    /// [`Gossip::next_wakeup`] has come.
    pub fn wake(&mut self, now: Time) {
        self.flush(now);
        let late = self.requests.wake(now);
        // One blame for everything that it withheld: a hiccup must not ban an honest peer.
        self.out.extend(late.into_iter().map(|conn| Act::Blame(conn, Fault::Withheld)));
        self.request();
    }

    /// What is to be done.
    pub fn poll(&mut self) -> Option<Act> {
        self.out.pop_front()
    }

    /// When to call [`Gossip::wake`].
    pub fn next_wakeup(&self) -> Option<Time> {
        self.own.due.into_iter().chain(self.relayed.due).chain(self.requests.next_deadline()).min()
    }

    /// Sends what is due.
    fn flush(&mut self, now: Time) {
        let (own, relayed) = (self.own.take_due(now), self.relayed.take_due(now));
        let count = self.peers.len().max(1);
        let first = self.turn.checked_rem(count).unwrap_or(0);
        if !own.is_empty() {
            self.own_after = now.after(GOSSIP_BATCH);
            self.turn = first.saturating_add(GOSSIP_EAGER_PEERS);
        }
        for (at, (conn, peer)) in self.peers.iter_mut().enumerate() {
            let place = at.saturating_add(count).saturating_sub(first).checked_rem(count).unwrap_or(0);
            let mut told: Vec<Item> = Vec::new();
            let mut batcher = Batcher::default();
            for transaction in own.iter().filter(|transaction| peer.transactions.insert(transaction.id())) {
                match place < GOSSIP_EAGER_PEERS {
                    true => batcher.push(transaction.clone()),
                    false => told.push(Item::Transaction(transaction.id())),
                }
            }
            self.out.extend(batcher.finish().map(|message| Act::Send(*conn, message)));
            let relayed = relayed.iter().map(Transaction::id).filter(|id| peer.transactions.insert(*id));
            told.extend(relayed.map(Item::Transaction));
            for items in told.chunks(IDS_PER_MESSAGE) {
                let items = Bounded::truncated(items.iter().copied());
                self.out.push_back(Act::Send(*conn, Message::Announce(items)));
            }
        }
    }

    /// Sends the requests that the tracker has decided on.
    fn request(&mut self) {
        for (conn, ids) in self.requests.take_requests() {
            if !ids.is_empty() {
                self.out.push_back(Act::Send(conn, Message::Request(Bounded::truncated(ids))));
            }
        }
    }
}

#[cfg(test)]
mod tests;
