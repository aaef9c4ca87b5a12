//! The overlay network as one machine: who is connected, what is sent to whom, what is fetched from where.
//!
//! The shell feeds [`Input`]s and the current time, takes out [`Output`]s until there are none, and calls again at
//! [`Overlay::next_wakeup`]. Time is an argument, randomness a seed, and I/O a value, so the same machine runs under tokio, in the
//! simulator and in a fuzzer.
//!
//! The façade routes every input to the children that need it, in one `match`. Children never see each other:
//!
//! | child | decides |
//! |---|---|
//! | [`peers`] | who is dialed, known, shared with others, and banned; which connection stays |
//! | [`gossip`] | which transactions and new blocks go to whom, each once |
//! | [`compact`] | how a new block is rebuilt from transactions that are already here |
//! | [`sync`] | which headers and blocks are fetched from whom |
//! | `voting` | which votes and certificates go to whom |
//! | [`budget`] | how much a peer may request and send |
//! | [`faults`] | what an offence costs: one total table |

pub mod budget;
pub mod compact;
mod facade;
pub mod faults;
pub mod gossip;
mod io;
pub mod peers;
pub mod sync;
pub mod timers;
mod voting;

pub use facade::Overlay;
pub use faults::{Fault, Verdict};
use io::Act;
pub use io::{
    Answer, Backfilled, CloseReason, Command, ConnId, DialError, Direction, Input, KeeperRequest,
    MembersFound, NetworkEvent, Offer, Outlook, Output, OverlaySettings, PoolRequest, Request, SessionSecret,
    StoreRequest, Tip, TransactionOutcome, Verified,
};
pub use peers::{Blacklisted, Book, PeerReach, PeerStatus, PeerView, is_dialable};
pub use sync::SyncStatus;

#[cfg(test)]
mod tests;
