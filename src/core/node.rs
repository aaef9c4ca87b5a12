//! How the parts of one node work together: state machines that the daemon's threads, the simulator, an import and the tests all drive in
//! the same way.
//!
//! | machine | decides |
//! |---|---|
//! | [`keeper`] | which blocks share a commit, when a reorganisation takes its next step, who is told of a new tip, what is offered to peers |
//! | [`pool`] | which transactions are taken together, how the mempool follows the tip, what comes back from blocks that left the chain |
//! | [`gate`] | how this node stands, and whether it may mine and vote |
//! | [`demand`] | whether there is anything to mine, and whether the block states a rest |
//!
//! Keeper and pool take inputs, do a bounded piece of work when asked to, and return what follows as outputs; gate and demand only answer. The disk, signature checks and time
//! come in from outside. The machines never see each other: the code that drives them carries each output to its receiver.

pub mod demand;
pub mod gate;
mod head;
pub mod keeper;
pub mod pool;
mod serve;
pub mod state;
mod voter;

pub use demand::{Demand, When, Wish};
pub use gate::{Certificate, Gate, Removal, Seen, Settled, VoterStatus};
pub use head::{Head, Recent};
pub use keeper::Keeper;
pub use pool::Pool;
pub use serve::read;
pub use state::State;
pub use voter::StoredBlocks;

/// A question of this node's own (of its API or its miner), numbered by the shell, which knows who waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);
