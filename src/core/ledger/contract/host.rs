//! What a contract sees of the world, and does to it.

use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

use super::super::{Address, StateError};
use crate::crypto::Hash;
use crate::limits::{
    CONTRACT_EVENT, CONTRACT_EVENTS, CONTRACT_HELD, CONTRACT_KEY, CONTRACT_OUTPUT, CONTRACT_PAYMENTS,
    CONTRACT_TOPIC, CONTRACT_VALUE, DEPLOYER_HELD,
};
use crate::time::Timestamp;

/// What stands behind the host functions. Nothing that is no state of the chain: not what is final, no record's text, no randomness.
pub trait Host {
    /// What the caller gave.
    fn input(&self) -> &[u8];
    /// Replaces what the call gives back.
    fn output(&mut self, bytes: Vec<u8>) -> Result<(), Stop>;
    /// A slot's value.
    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Stop>;
    /// Writes a slot. An empty value is there all the same.
    fn set(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), Stop>;
    /// Removes a slot.
    fn remove(&mut self, key: &[u8]) -> Result<(), Stop>;
    /// Who calls, or deploys.
    fn caller(&self) -> Result<Address, Stop>;
    /// The contract's own address.
    fn me(&self) -> Address;
    /// Coins that came with the call, in the smallest unit. The balance has them already.
    fn value(&self) -> u64;
    /// The contract's own coins, in the smallest unit.
    fn balance(&mut self) -> Result<u64, Stop>;
    /// Pays out of the contract's own coins. False if it has less.
    fn pay(&mut self, to: Address, amount: u64) -> Result<bool, Stop>;
    /// The block's height.
    fn height(&self) -> u64;
    /// The block's time, as its miner claims.
    fn time(&self) -> Timestamp;
    /// Says something to whoever listens.
    fn event(&mut self, topic: &[u8], data: Vec<u8>) -> Result<(), Stop>;
    /// Whether an address is a governor of a member that is in force for this block.
    fn member(&mut self, address: &Address) -> Result<bool, Stop>;
    /// How many parties an agreement has, its proposer not counted; 0 if there is none. It says what reading its standing costs.
    fn parties(&mut self, id: &Hash) -> Result<usize, Stop>;
    /// An agreement's standing before this transaction.
    fn agreement(&mut self, id: &Hash) -> Result<Stands, Stop>;
}

/// What a contract is told of an agreement. The numbers are what it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// There is none.
    Unknown = 0,
    /// Answers are awaited.
    Open = 1,
    /// All have signed.
    Effective = 2,
    /// Somebody has refused.
    Refused = 3,
    /// Its proposer has taken it back.
    Withdrawn = 4,
    /// Its deadline has passed.
    Expired = 5,
}

/// Why a call stops early.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stop {
    /// The call fails: it costs its fee and changes nothing else.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// This node cannot go on: neither the caller nor the contract is at fault.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why a call fails. Nodes agree that it fails; the words are for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The contract says so, in its own words.
    #[error("the contract refuses: {0}")]
    Refused(String),
    /// More gas was needed than the call states.
    #[error("its gas did not suffice; state more, or ask for an estimate first")]
    Gas,
    /// Its code did what no code can.
    #[error("its code {0}")]
    Trap(&'static str),
    /// It gave an address that lies outside of its memory.
    #[error("its code gave a place outside of its memory")]
    Memory,
    /// It asked a view to change something.
    #[error("a view changes nothing and has no caller")]
    View,
    /// A slot's key is too long.
    #[error("a key has {0} bytes; at most {CONTRACT_KEY} are allowed")]
    Key(usize),
    /// A slot's value is too long.
    #[error("a value has {0} bytes; at most {CONTRACT_VALUE} are allowed")]
    Value(usize),
    /// What it gives back is too long.
    #[error("the output has {0} bytes; at most {CONTRACT_OUTPUT} are allowed")]
    Output(usize),
    /// An event's topic is empty, too long or no plain text.
    #[error("an event's topic is no text of 1 to {CONTRACT_TOPIC} bytes without control characters")]
    Topic,
    /// An event's data are too long.
    #[error("an event has {0} bytes; at most {CONTRACT_EVENT} are allowed")]
    Event(usize),
    /// Too many events.
    #[error("more than {CONTRACT_EVENTS} events in one call")]
    Events,
    /// Too many payments.
    #[error("more than {CONTRACT_PAYMENTS} payments in one call")]
    Payments,
    /// It would hold too much.
    #[error("the contract would hold {0} bytes; at most {CONTRACT_HELD} are allowed")]
    Held(u64),
    /// All contracts of its deployer would hold too much.
    #[error("the contracts of its deployer would hold {0} bytes; at most {DEPLOYER_HELD} are allowed")]
    DeployerHeld(u64),
}
