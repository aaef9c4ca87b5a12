//! A block to be mined: everything but the nonce.

use alloc::vec::Vec;

use thiserror::Error;

use super::execute::{Made, execute_new};
use super::work::highest;
use super::{
    Address, Block, BodyError, Branch, Certificate, CheckedTransaction, Genesis, Header, Rows, StateError,
    View,
};
use crate::crypto::{Hash, PublicKey, SecretKey, Signature};
use crate::limits::{EMPTY_BLOCK_BYTES, TRANSACTIONS_PER_BLOCK};
use crate::time::Timestamp;

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

/// What a block is to hold.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    /// They must be executable in this order.
    pub transactions: Vec<CheckedTransaction>,
    /// What lets the members' decisions come into force, if there is something to come into force. It must be of the set in force, for an
    /// ancestor.
    pub certificate: Option<Certificate>,
}

impl From<Vec<CheckedTransaction>> for Payload {
    fn from(transactions: Vec<CheckedTransaction>) -> Self {
        Self { transactions, certificate: None }
    }
}

/// The state that a block stands on.
#[derive(Clone, Copy)]
pub struct StateAt<'a> {
    /// The world of some tip; none if there is nothing below the rows.
    pub base: Option<&'a dyn View>,
    /// Rows on top of it.
    pub rows: &'a Rows,
}

/// Why there is no such block: the transactions do not fit the state, or the state cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// They were chosen for another state.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// This node's fault.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A sealed block that lacks its proof of work.
#[derive(Clone, Debug)]
pub struct Template {
    block: Block,
    writes: Rows,
}

/// Room for transactions in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes.
    pub bytes: usize,
    /// How many.
    pub count: usize,
    /// Gas; none where blocks run no contracts.
    pub gas: Option<u64>,
}

impl Room {
    /// In the next block on `branch`, which is to hold this certificate.
    pub fn on(genesis: &Genesis, branch: &Branch, certificate: Option<&Certificate>) -> Self {
        let bytes = genesis.rules.max_bytes.saturating_sub(EMPTY_BLOCK_BYTES);
        let version = branch.members.roster().version_at(branch.height.saturating_add(1));
        Self {
            bytes: bytes.saturating_sub(certificate.map_or(0, Certificate::size)),
            count: TRANSACTIONS_PER_BLOCK,
            gas: (version >= Header::CONTRACTS).then_some(genesis.rules.gas_per_block),
        }
    }
}

impl Template {
    /// A block on `branch`, at its date or right after its parent if that is later. A rest is stated only where that is allowed. It is executed
    /// on `state`, that of the branch's end, because its header says what it changes.
    pub fn new(
        genesis: &Genesis,
        branch: &Branch,
        state: StateAt<'_>,
        content: impl Into<Payload>,
        reward_to: Address,
        date: impl Into<Date>,
        key: &SecretKey,
    ) -> Result<Self, Unfit> {
        let rules = &genesis.rules;
        let height = branch.height.saturating_add(1);
        let Date { time, told } = date.into();
        let time = time.max(Timestamp(branch.time.0.saturating_add(1)));
        let told = told && time.millis_since(branch.time) >= rules.schedule.shortest_rest_ms();
        let mut header = Header {
            version: branch.members.roster().version_at(height),
            flags: if told { Header::TOLD } else { 0 },
            height,
            time,
            difficulty: branch.next_difficulty(rules),
            parent: branch.id,
            body: Hash::ZERO,
            history: branch.frontier.root(),
            commitments: Hash::ZERO,
            miner: PublicKey::ZERO,
            seal: Signature::ZERO,
            nonce: 0,
        };
        let Made { body, rows: writes, roster } =
            execute_new(rules, state, &header, content.into(), reward_to)?;
        let roster = roster.map(|roster| roster.commitment());
        header.body = body.root(height);
        header.commitments =
            Header::commit(roster.as_ref().unwrap_or(branch.members.commitment()), &body.executed);
        header.seal(&rules.network, key);
        Ok(Self { block: Block { header, body }, writes })
    }

    /// The same with another body, sealed anew: what no honest miner makes.
    #[cfg(any(test, feature = "testing"))]
    pub fn map(mut self, change: impl FnOnce(&mut super::Body), network: &Hash, key: &SecretKey) -> Self {
        let Block { header, body } = &mut self.block;
        change(body);
        header.body = body.root(header.height);
        header.seal(network, key);
        self
    }

    /// The rows that it changes.
    pub fn writes(&self) -> &Rows {
        &self.writes
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
