//! Compact blocks: a new block goes out as short ids to peers that have its transactions, and they rebuild it from their mempools.
//!
//! States of a rebuild: *looking* (the mempool is asked) → perhaps *asked* (the sender is asked for what is missing) → a block, or nothing.
//! If a rebuild fails, sync fetches the block: its sender leads to the headers, and the whole body is fetched, from other peers first.
//!
//! Invariants: nothing is held or looked up before the header has shown as much work as a block near the tip, so a look-up costs an
//! attacker about as much as mining. There is one rebuild for each block and each sender, and [`COMPACT_REBUILDS`] in all. Everything that
//! a peer is to send has a deadline. If a rebuilt body does not match the header, nobody is at fault: two transactions may have the same
//! short id. A peer is blamed only for what it could have known itself: missing work, places outside the block, transactions that nobody
//! asked for.
//!
//! Left out on purpose: whether the block is valid (the chain knows) and who is sent a new block ([`super::gossip`]).

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use self::rebuild::{Rebuild, RebuildState};
use super::{Act, ConnId, Fault, PoolRequest, Tip};
use crate::codec::Bounded;
use crate::crypto::{Hash, tagged_hash};
use crate::ledger::{Block, CompactBlock, Genesis, ShortKey, Transaction};
use crate::limits::{
    BLOCK_TIMEOUT, COMPACT_FROM, COMPACT_KEPT, COMPACT_NEAR, COMPACT_REBUILDS, COMPACT_STORED, COMPACT_WORK,
    TRANSACTIONS_PER_BLOCK,
};
use crate::recent::Recent;
use crate::time::Time;
use crate::wire::{Item, Message};

mod rebuild;

/// See the module's header.
#[derive(Debug)]
pub struct Compact {
    genesis: Arc<Genesis>,
    /// Salts are derived from it.
    seed: u64,
    /// Height of the best chain, and the lowest difficulty that a block near its end may state.
    height: u64,
    least: u64,
    /// The newest blocks that this node offered. Peers ask it for the transactions they lack, and a competing block holds mostly the same ones.
    kept: VecDeque<OfferedBlock>,
    /// The chain has these.
    stored: Recent,
    rebuilds: BTreeMap<Hash, Rebuild>,
    /// Answers to GetBlockTransactions that may still come, including those to requests that were given up.
    owed: BTreeMap<ConnId, u32>,
    out: VecDeque<Wish>,
}

/// A block that was offered.
#[derive(Debug)]
struct OfferedBlock {
    id: Hash,
    block: Arc<Block>,
    /// Who has asked for some of its transactions: each peer may once.
    served: BTreeSet<ConnId>,
}

/// What is to be done.
#[derive(Debug)]
pub enum Wish {
    /// To be done by the overlay.
    Act(Act),
    /// A block is complete; these peers sent it.
    Block(Vec<ConnId>, Arc<Block>),
    /// The peer has a block that cannot be rebuilt.
    Lead(ConnId),
}

impl Compact {
    /// Only the genesis block is known.
    pub fn new(genesis: Arc<Genesis>, seed: u64) -> Self {
        Self {
            genesis,
            seed,
            height: 0,
            least: 1,
            kept: VecDeque::new(),
            stored: Recent::new(COMPACT_STORED),
            rebuilds: BTreeMap::new(),
            owed: BTreeMap::new(),
            out: VecDeque::new(),
        }
    }

    /// The best chain now ends here.
    pub fn tip(&mut self, tip: &Tip) {
        let branch = &tip.branch;
        self.height = branch.height;
        let regular = branch.next_difficulty(&self.genesis.rules);
        self.least = regular.checked_div(COMPACT_WORK).unwrap_or(1);
    }

    /// This node offers a block. Returns its compact form, if that is worth sending.
    pub fn offered(&mut self, block: &Arc<Block>) -> Option<Arc<CompactBlock>> {
        let id = block.id();
        self.stored(&id);
        if block.body.transactions.len() < COMPACT_FROM {
            return None;
        }
        if !self.kept.iter().any(|kept| kept.id == id) {
            self.kept.push_back(OfferedBlock { id, block: Arc::clone(block), served: BTreeSet::new() });
            if self.kept.len() > COMPACT_KEPT {
                self.kept.pop_front();
            }
        }
        let salt = tagged_hash("bouya salt", &[&self.seed.to_le_bytes(), &id.0]);
        let salt = u64::from_le_bytes(salt.0.first_chunk().copied().unwrap_or_default());
        CompactBlock::new(block, salt).map(Arc::new)
    }

    /// The chain has this block.
    pub fn stored(&mut self, id: &Hash) {
        self.stored.insert(*id);
        self.rebuilds.remove(id);
    }

    /// A peer is gone; others deliver what it owed.
    pub fn peer_down(&mut self, conn: ConnId) {
        self.owed.remove(&conn);
        for kept in &mut self.kept {
            kept.served.remove(&conn);
        }
        for rebuild in self.rebuilds.values_mut() {
            rebuild.others.remove(&conn);
        }
        self.give_up(|rebuild| rebuild.from == conn);
    }

    /// A peer sent a compact block whose header shows its work.
    pub fn received(&mut self, conn: ConnId, block: Arc<CompactBlock>) {
        let header = &block.header;
        let id = header.id();
        if self.stored.contains(&id) {
            return;
        }
        if let Some(rebuild) = self.rebuilds.get_mut(&id) {
            if rebuild.from != conn {
                rebuild.others.insert(conn);
            }
            return;
        }
        let (below, above) = COMPACT_NEAR;
        let near = self.height.saturating_sub(below)..=self.height.saturating_add(above);
        let is_dear = header.difficulty >= self.least;
        let is_busy = self.rebuilds.len() >= COMPACT_REBUILDS
            || self.rebuilds.values().any(|rebuild| rebuild.from == conn);
        if !near.contains(&header.height) || !is_dear || is_busy {
            return self.out.push_back(Wish::Lead(conn));
        }
        let key = block.key();
        self.rebuilds.insert(id, Rebuild::new(conn, Arc::clone(&block), key));
        self.act(Act::Ask(PoolRequest::Short { key, block }.into()));
    }

    /// The mempool's answer: what it has, in the order of the short ids.
    pub fn found(&mut self, now: Time, key: ShortKey, found: Vec<Option<Transaction>>) {
        let looks = |rebuild: &Rebuild| rebuild.key == key && matches!(rebuild.stage, RebuildState::Looking);
        let Some((id, rebuild)) = self.rebuilds.iter_mut().find(|(_, rebuild)| looks(rebuild)) else {
            return;
        };
        let (id, conn) = (*id, rebuild.from);
        rebuild.take_found(found);
        if !rebuild.is_whole() {
            for kept in &self.kept {
                rebuild.take_known(&kept.block.body.transactions);
            }
        }
        let places = rebuild.missing();
        if places.is_empty() {
            return self.finish(&id);
        }
        rebuild.stage = RebuildState::Asked { deadline: now.after(BLOCK_TIMEOUT) };
        let owed = self.owed.entry(conn).or_default();
        *owed = owed.saturating_add(1);
        let places = Bounded::truncated(places);
        self.act(Act::Send(conn, Message::GetBlockTransactions { block: id, places }));
    }

    /// A peer sent transactions of a block.
    pub fn transactions(&mut self, conn: ConnId, block: &Hash, transactions: Vec<Transaction>) {
        if !self.settle(conn) {
            return self.blame(conn, Fault::Unasked("transactions of a block"));
        }
        // If the rebuild was given up by now, the answer is only late.
        let Some(rebuild) = self.rebuilds.get_mut(block).filter(|rebuild| rebuild.asks(conn)) else { return };
        if rebuild.take_asked(transactions) {
            return self.finish(block);
        }
        self.blame(conn, Fault::Unasked("transactions of a block"));
        self.give_up(|rebuild| rebuild.asks(conn));
    }

    /// A peer does not have what it was asked for: its chain is two blocks further by now.
    pub fn not_found(&mut self, conn: ConnId, items: &[Item]) {
        for item in items {
            if let Item::Block { id, .. } = item
                && self.rebuilds.get(id).is_some_and(|rebuild| rebuild.asks(conn))
            {
                self.settle(conn);
                self.give_up(|rebuild| rebuild.asks(conn));
            }
        }
    }

    /// The transactions that a peer gets of a block that this node sent in compact form.
    pub fn serve(
        &mut self,
        conn: ConnId,
        block: Hash,
        places: &Bounded<u16, TRANSACTIONS_PER_BLOCK>,
    ) -> Result<Message, Fault> {
        let Some(kept) = self.kept.iter_mut().find(|kept| kept.id == block && !kept.served.contains(&conn))
        else {
            let item = Item::Block { id: block, height: 0, work: 0 };
            return Ok(Message::NotFound(Bounded::truncated([item])));
        };
        let all = &kept.block.body.transactions;
        let wanted = places.iter().map_while(|place| all.get(usize::from(*place)).cloned());
        let transactions: Bounded<_, TRANSACTIONS_PER_BLOCK> = Bounded::truncated(wanted);
        let rises = places.is_sorted_by(|one, next| one < next);
        if places.is_empty() || !rises || transactions.len() < places.len() {
            return Err(Fault::Unasked("places outside a block"));
        }
        kept.served.insert(conn);
        Ok(Message::BlockTransactions { block, transactions })
    }

    /// [`Compact::next_wakeup`] has come: peers that did not deliver are replaced.
    pub fn wake(&mut self, now: Time) {
        let late = |rebuild: &Rebuild| rebuild.deadline().is_some_and(|deadline| deadline <= now);
        let who: Vec<ConnId> =
            self.rebuilds.values().filter(|rebuild| late(rebuild)).map(|rebuild| rebuild.from).collect();
        for conn in who {
            self.blame(conn, Fault::Withheld);
        }
        self.give_up(late);
    }

    /// What is to be done.
    pub fn poll(&mut self) -> Option<Wish> {
        self.out.pop_front()
    }

    /// When to call [`Compact::wake`].
    pub fn next_wakeup(&self) -> Option<Time> {
        self.rebuilds.values().filter_map(Rebuild::deadline).min()
    }

    /// The peer owes one answer less. False if it owed none.
    fn settle(&mut self, conn: ConnId) -> bool {
        let owed = self.owed.get_mut(&conn).filter(|owed| **owed > 0);
        owed.map(|owed| *owed = owed.saturating_sub(1)).is_some()
    }

    fn finish(&mut self, id: &Hash) {
        let Some(rebuild) = self.rebuilds.remove(id) else { return };
        let senders = rebuild.senders();
        self.out.extend(match rebuild.into_block() {
            Some(block) => Vec::from([Wish::Block(senders, Arc::new(block))]),
            None => senders.into_iter().map(Wish::Lead).collect(),
        });
    }

    /// Leaves these blocks to sync, which asks other peers before those that failed.
    fn give_up(&mut self, which: impl Fn(&Rebuild) -> bool) {
        self.rebuilds.retain(|_, rebuild| {
            let ends = which(rebuild);
            if ends && rebuild.others.is_empty() {
                self.out.push_back(Wish::Lead(rebuild.from));
            } else if ends {
                self.out.extend(rebuild.others.iter().copied().map(Wish::Lead));
            }
            !ends
        });
    }

    fn act(&mut self, act: Act) {
        self.out.push_back(Wish::Act(act));
    }

    fn blame(&mut self, conn: ConnId, fault: Fault) {
        self.act(Act::Blame(conn, fault));
    }
}

#[cfg(test)]
mod tests;
