//! What crosses the network: frames, the hello that opens a connection, and the messages after it.

mod frame;
mod hello;
mod message;

pub use frame::{FrameError, FrameReader, frame};
pub use hello::{
    BACK_FEATURE, CLOCK_FEATURE, COMPACT_FEATURE, CrlSummary, Endpoint, EndpointError, FINAL_FEATURE,
    FinalSummary, Hello, HelloError, Member, TipSummary, member_proof,
};
pub use message::{DialOutcome, Finality, Goodbye, GoodbyeReason, Item, Message, PeerEntry, Proposal, Votes};
