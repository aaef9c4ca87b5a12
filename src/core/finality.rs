//! Finality: how a voter votes, how votes become certificates, and when a block is final.
//!
//! A leader, in its slot, proposes a *prepare* from the latest justified checkpoint to a new block of its best chain. Whoever finds it
//! acceptable votes for it. A quorum of prepares justifies the block; whoever prepared it then casts the *commit*; a quorum of commits
//! makes it final. What a proposal lacks comes back as a refusal: a later vote, a later certificate. The leader takes it in and proposes
//! again. There is no view change and no timer that grows.
//!
//! Invariants: no vote leaves before the record that holds it is durable, and the record allows no vote that would prove an offence with an
//! earlier one ([`record`]). Clocks choose leaders and appear in nothing that is signed. Each start is silent until enough others have said
//! what they have seen of this key.
//!
//! Absent on purpose: the chain, which is seen through [`Blocks`], peers' budgets, the disk and the clock.

mod io;
mod machine;
pub mod record;
mod silence;
mod slots;
mod turnout;
pub mod votes;

pub use io::{Alarm, Blocks, Input, Output, Peer, Said, Standing};
pub use machine::{Finality, FinalitySettings};
pub use record::{Record, Refused};
pub use turnout::Turnout;
pub use votes::{Added, Evidence, Votes};
