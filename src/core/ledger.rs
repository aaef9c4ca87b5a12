//! The ledger: what a transaction and a block are, which ones are valid, and which history counts.
//!
//! Values and rules are pure functions; the chain reads the world through a [`View`] and plans a [`Change`] without touching it.
//! The shell makes the change durable and only then lets the chain take it in.

mod action;
mod address;
mod agreement;
mod ahead;
mod amount;
mod block;
mod branch;
mod chain;
mod change;
mod compact;
pub mod contract;
mod difficulty;
mod durable;
mod execute;
mod finality;
mod genesis;
pub mod governance;
mod handover;
mod locator;
mod memory;
mod merkle;
mod overrides;
mod receipt;
mod replay;
mod roster;
pub mod snapshot;
mod state;
mod template;
mod transaction;
mod work;

pub use action::{Action, ActionError, Content, Output};
pub use address::{Address, AddressError};
pub use agreement::{Agreement, Moment, Proposal, Response, Standing};
pub use amount::{AmountError, Coin};
pub use block::{Block, Body, Header, Reward, SyncHeader};
pub use branch::{Branch, HeaderError};
pub use chain::{
    BackfillError, Chain, Contradiction, Finalized, Moved, Origin, Plan, PlanError, Ready, Span, Step,
};
pub use change::Change;
pub use compact::{CompactBlock, ShortId, ShortKey};
pub use difficulty::Schedule;
pub use durable::{BlockFault, BlockOutcome, Disk, Ledger, Settled, Stepped, Taken};
pub use execute::{BodyError, CarriedError, Check, ExecutionError, check_inline};
pub use finality::{Certificate, CertificateError, Checkpoint, Link, LinkKind, Offence, Vote, Voters};
pub use genesis::{Allocation, BlockRules, Genesis, GenesisError, Member, NetworkSpec, Rules};
pub use governance::{Keys, MemberChange, Motion, Pending, Upgrade};
pub use handover::{
    Handover, HandoverError, NoHandover, bases_of, final_block, handovers, handovers_before, in_force,
    in_force_at_final, in_force_before, sealer,
};
pub use locator::{headers_after, locator};
pub use memory::World;
pub use merkle::{Frontier, Node, Sibling, root};
pub use overrides::{Decree, Override, OverrideError, Overrides};
pub use receipt::{
    Above, FinalError, FinalProof, Finality, OutcomeProof, Proof, Receipt, ReceiptError, Sets, Under,
};
pub use replay::{Replay, Replayed};
pub use roster::{Base, InForce, Roster, RosterError};
pub use state::{
    Account, HeaderRecord, Key, Rows, StateError, StateHash, Undo, View, executed, read_state_hash,
    read_supply, writes,
};
pub use template::{Date, Payload, Room, StateAt, Template, Unfit};
pub use transaction::{CheckedTransaction, RawTransaction, Transaction, TransactionError};
pub use work::{Work, meets};
