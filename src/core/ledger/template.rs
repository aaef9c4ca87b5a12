//! A block to be mined: everything but the nonce.

use alloc::vec::Vec;

use super::work::highest;
use super::{Address, Block, Body, Branch, CheckedTransaction, Genesis, Header, Reward};
use crate::codec::{Bounded, encode};
use crate::crypto::{Hash, PublicKey, SecretKey, Signature};
use crate::limits::HEADER_BYTES;
use crate::time::Timestamp;

/// Bytes of a block beyond its transactions: header, reward and the list's length.
const ENVELOPE_BYTES: usize = HEADER_BYTES + 41 + 4;

/// What a block says about its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// When.
    pub time: Timestamp,
    /// The time since its parent was a rest.
    pub told: bool,
}

impl From<Timestamp> for Date {
    fn from(time: Timestamp) -> Self {
        Self { time, told: false }
    }
}

/// A sealed block that lacks its proof of work.
#[derive(Clone, Debug)]
pub struct Template {
    block: Block,
}

impl Template {
    /// Room for transactions in a block of this network, in bytes.
    pub fn room(genesis: &Genesis) -> usize {
        genesis.rules.max_bytes.saturating_sub(ENVELOPE_BYTES)
    }

    /// A block on `branch`, at its date or right after its parent if that is later. A rest is stated only where that is allowed. `supply` is the
    /// coins that exist on the branch. The transactions must be executable in this order.
    pub fn new(
        genesis: &Genesis,
        branch: &Branch,
        supply: u64,
        transactions: impl IntoIterator<Item = CheckedTransaction>,
        reward_to: Address,
        date: impl Into<Date>,
        key: &SecretKey,
    ) -> Self {
        let rules = &genesis.rules;
        let transactions: Vec<_> = transactions.into_iter().map(CheckedTransaction::into_inner).collect();
        let fees = transactions.iter().fold(0_u64, |sum, transaction| sum.saturating_add(transaction.fee));
        let amount = rules.reward_after(supply).saturating_add(fees);
        let body =
            Body { reward: Reward { to: reward_to, amount }, transactions: Bounded::truncated(transactions) };
        let height = branch.height.saturating_add(1);
        let Date { time, told } = date.into();
        let time = time.max(Timestamp(branch.time.0.saturating_add(1)));
        let told = told && time.millis_since(branch.time) >= rules.schedule.shortest_rest_ms();
        let mut header = Header {
            version: Header::VERSION,
            flags: if told { Header::TOLD } else { 0 },
            height,
            time,
            difficulty: branch.next_difficulty(rules),
            parent: branch.id,
            body: body.root(height),
            history: branch.frontier.root(),
            commitments: Hash::ZERO,
            miner: PublicKey::ZERO,
            seal: Signature::ZERO,
            nonce: 0,
        };
        header.seal(&rules.network, key);
        debug_assert!(encode(&body.reward).len() == 41);
        Self { block: Block { header, body } }
    }

    /// The header that is searched for a nonce.
    pub fn header(&self) -> &Header {
        &self.block.header
    }

    /// Tries `count` nonces from `start`. None if none of them shows the work.
    pub fn try_nonces(&self, start: u64, count: u64) -> Option<u64> {
        let hasher = self.block.header.before_nonce();
        // Once, not for each try: a division of 256 bits.
        let highest = highest(self.block.header.difficulty)?;
        (start..start.saturating_add(count)).find(|nonce| hasher.finish(&nonce.to_le_bytes()) <= highest)
    }

    /// The block with a nonce that was found.
    pub fn finish(mut self, nonce: u64) -> Block {
        self.block.header.nonce = nonce;
        self.block
    }
}
