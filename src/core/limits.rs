//! Every bound of the network and the ledger, with its reason.
//!
//! Consensus bounds (marked C) change only with a block version: two nodes that differ in one of them split the network.
//! The rest are this node's own defence and may be tuned.
//!
//! One file for each area; all names are here, in one namespace.

mod api;
mod certificates;
mod chain;
mod compact;
mod contract;
mod files;
mod finality;
mod gas;
mod gossip;
mod governance;
mod held;
mod ledger;
mod log;
mod mempool;
mod messages;
mod node;
mod peers;
mod served;
mod store;
mod strangers;
mod sync;

pub use api::*;
pub use certificates::*;
pub use chain::*;
pub use compact::*;
pub use contract::*;
pub use files::*;
pub use finality::*;
pub use gas::*;
pub use gossip::*;
pub use governance::*;
pub use held::*;
pub use ledger::*;
pub use log::*;
pub use mempool::*;
pub use messages::*;
pub use node::*;
pub use peers::*;
pub use served::*;
pub use store::*;
pub use strangers::*;
pub use sync::*;

const _: () = {
    assert!(HELLO_BYTES < FRAME_BYTES && FRAME_STEP_BYTES < FRAME_BYTES);
    // The largest block and its envelope fit into a frame.
    assert!(BLOCK_BYTES + 64 * 1024 <= FRAME_BYTES);
    assert!(RECORD_BYTES + TOPIC_BYTES + TITLE_BYTES + 256 <= TRANSACTION_BYTES);
    assert!(PARTIES * 33 + TITLE_BYTES + 256 <= TRANSACTION_BYTES);
    // Everybody who has a voice in a motion fits among its ballots: each member, and a candidate.
    assert!(VOTERS < BALLOTS_PER_MOTION);
    assert!(HEADERS_PER_MESSAGE * HEADER_BYTES + 1024 <= FRAME_BYTES);
    assert!(CRLS_PER_MESSAGE * CRL_BYTES + 1024 <= FRAME_BYTES);
    // A locator that doubles its steps behind the dense part reaches back further than any chain.
    assert!(LOCATOR_DENSE + 54 <= LOCATOR_HASHES);
    // Any transaction fits into a message, and so does the one that is pushed as the last.
    assert!(GOSSIP_MESSAGE_BYTES > DEPLOY_BYTES && DEPLOY_BYTES > TRANSACTION_BYTES);
    assert!(GOSSIP_MESSAGE_BYTES + DEPLOY_BYTES < FRAME_BYTES);
    assert!(CONTRACT_CODE_BYTES + CONTRACT_INIT_INPUT + 512 <= DEPLOY_BYTES);
    assert!(CONTRACT_INPUT + 512 <= TRANSACTION_BYTES);
    // A segment is whole messages of headers but for the last.
    assert!(SYNC_SEGMENT >= HEADERS_PER_MESSAGE);
    assert!(CONNECTED_RESERVED < CONNECTED && CONNECTED < KNOWN_PEERS);
    assert!(PENDING_PER_ADDRESS < PENDING_SOCKETS);
    // Nobody waits longer to be a newcomer than for the longest backoff, so one of the dials is a newcomer's.
    assert!(NEWCOMER_AFTER.as_millis() < BACKOFF.1.as_millis());
    // As many addresses as use up the newcomers' rate are remembered.
    assert!(ACCEPTS_NEWCOMERS.0 as u64 * NEWCOMER_AFTER.as_secs() < RATED_ADDRESSES as u64);
    assert!(CONNECT_TIMEOUT.as_millis() < HELLO_TIMEOUT.as_millis());
    assert!(TLS_TIMEOUT.as_millis() < HELLO_TIMEOUT.as_millis());
    // A renewal is tried more than once before the limit.
    assert!(
        CONNECTION_AGE.as_secs() + CONNECTION_AGE_JITTER.as_secs() + 2 * RENEW_AGAIN.as_secs()
            < CONNECTION_AGE_LIMIT.as_secs()
    );
    assert!(CONNECTION_RENEWABLE.as_secs() + CONNECTION_AGE_JITTER.as_secs() < CONNECTION_AGE.as_secs());
    assert!(PING_AFTER.as_millis() * 2 < SILENT_CLOSE.as_millis());
    assert!(BLOCKS_PER_REQUEST <= BLOCK_REQUESTS_PER_PEER && BLOCK_REQUESTS_PER_PEER <= SYNC_WINDOW);
    assert!(BLOCK_BYTES <= SYNC_BYTES);
    assert!(REORG_ALARM < UNDO_BLOCKS);
    // What one commit adds off the best chain, the next one can take away.
    assert!(SIDE_REMOVED_PER_COMMIT > 1 && SIDE_TIPS <= SIDE_BLOCKS);
    assert!(SIDE_BYTES >= SIDE_BLOCKS_BEHIND * BLOCK_BYTES as u64);
    assert!(HELD_BLOCKS_BYTES >= BLOCK_BYTES);
};
