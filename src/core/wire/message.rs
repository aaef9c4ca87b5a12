//! Messages: everything after hello, one Borsh value per frame.

use alloc::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::Endpoint;
use crate::codec::{Bounded, DecodeError, Text, decode, encode};
use crate::crypto::{Hash, PublicKey, Signature};
use crate::id::NodeId;
use crate::ledger::{
    Block, Certificate, Checkpoint, CompactBlock, Handover, Link, ShortId, SyncHeader, Transaction, Vote,
    Work,
};
use crate::limits::{
    BLOCKS_PER_REQUEST, CRL_BYTES, CRLS_PER_MESSAGE, FRAME_BYTES, GOODBYE_BYTES, HANDOVERS,
    HEADERS_PER_MESSAGE, HELLO_BYTES, HOST_BYTES, IDS_PER_MESSAGE, LOCATOR_HASHES, MEMBER_NAME_BYTES,
    NODE_ID_BYTES, PEERS_PER_MESSAGE, SYNC_HEADER_BYTES, TRANSACTIONS_PER_BLOCK, TRANSACTIONS_PER_MESSAGE,
    UPGRADES, VOTER_BYTES, VOTERS,
};

mod back;

pub use back::DialOutcome;

/// One frame's meaning. The numbers are the format.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Message {
    /// Are you there? Answered by a [`Message::Pong`] with the same number.
    Ping(u64) = 0,
    /// The answer to a ping.
    Pong(u64) = 1,
    /// Whom do you know?
    GetPeers = 2,
    /// The answer: peers that TLS has proven to the sender lately, and its configured ones.
    Peers(Bounded<PeerEntry, PEERS_PER_MESSAGE>) = 3,
    /// The sender has these; ask if you want them.
    Announce(Bounded<Item, IDS_PER_MESSAGE>) = 4,
    /// Send these transactions.
    Request(Bounded<Hash, IDS_PER_MESSAGE>) = 5,
    /// Transactions, asked for or new.
    Transactions(Bounded<Transaction, TRANSACTIONS_PER_MESSAGE>) = 6,
    /// Send the headers that follow the first block of the locator that is on your best chain, up to `stop` (zero: your tip). If you have stored `stop`
    /// off that chain, but not far from it, along the branch that ends there.
    GetHeaders {
        /// Blocks of the asker's branch, newest first, increasingly sparse, ending with the genesis block.
        locator: Bounded<Hash, LOCATOR_HASHES>,
        /// The last one wanted.
        stop: Hash,
    } = 7,
    /// The answer, in order. Fewer than the maximum means that there are no more.
    Headers(Bounded<SyncHeader, HEADERS_PER_MESSAGE>) = 8,
    /// Send these blocks. Each comes in its own message; missing ones are named in a [`Message::NotFound`].
    GetBlocks(Bounded<Hash, BLOCKS_PER_REQUEST>) = 9,
    /// A block, asked for or new.
    Block(Arc<Block>) = 10,
    /// A new block as a compact block, for peers whose hello has [`super::COMPACT_FEATURE`].
    CompactBlock(Arc<CompactBlock>) = 11,
    /// Send these transactions of a block that you sent as a compact block.
    GetBlockTransactions {
        /// The block.
        block: Hash,
        /// Their places in the body, in ascending order.
        places: Bounded<u16, TRANSACTIONS_PER_BLOCK>,
    } = 12,
    /// The answer: all of them, in that order.
    BlockTransactions {
        /// The block.
        block: Hash,
        /// The transactions.
        transactions: Bounded<Transaction, TRANSACTIONS_PER_BLOCK>,
    } = 13,
    /// What was requested and is not here.
    NotFound(Bounded<Item, IDS_PER_MESSAGE>) = 14,
    /// Revocation lists (DER) that the receiver's hello did not name.
    Revocations(Bounded<Bounded<u8, CRL_BYTES>, CRLS_PER_MESSAGE>) = 15,
    /// The sender closes the connection, and why.
    Goodbye(Goodbye) = 16,
    /// A leader's vote, with what justifies its source. This and the next four only go to peers whose hello has [`super::FINAL_FEATURE`].
    Proposal(Arc<Proposal>) = 17,
    /// Votes for one link.
    Votes(Arc<Votes>) = 18,
    /// A quorum's votes for one link.
    Certificate(Arc<Certificate>) = 19,
    /// What do you know of this set of voters, and of this key's votes in it?
    GetFinality {
        /// The set.
        set: Hash,
        /// The key of a voter that has just started.
        voter: Option<PublicKey>,
    } = 20,
    /// The answer to that.
    Finality(Arc<Finality>) = 21,
    /// Dial me where my hello says that I listen, and say what came of it. Only to peers whose hello has [`super::BACK_FEATURE`].
    DialBack = 22,
    /// The answer to that.
    DialedBack(DialOutcome) = 23,
}

/// See [`Message::Proposal`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proposal {
    /// A prepare.
    pub vote: Vote,
    /// The certificate of its source; none if that is the set's root.
    pub proof: Option<Certificate>,
}

/// See [`Message::Votes`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Votes {
    /// The link.
    pub link: Link,
    /// Voters and their signatures. Voters rise, each once.
    pub votes: Bounded<(u16, Signature), VOTERS>,
}

/// See [`Message::Finality`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Finality {
    /// The set that was asked about.
    pub set: Hash,
    /// How that set handed over to the next one, and so on; empty if it is in force.
    pub handovers: Bounded<Handover, HANDOVERS>,
    /// The newest final certificate.
    pub newest: Option<Certificate>,
    /// The certificate of the latest justified checkpoint.
    pub lock: Option<Certificate>,
    /// The newest vote of the key that was asked about.
    pub seen: Option<Vote>,
}

/// Something that can be announced or missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Item {
    /// An unconfirmed transaction.
    Transaction(Hash),
    /// A block, with the work of its branch, so that the receiver knows whether it matters. Height and work are zero in a `NotFound`.
    Block {
        /// Its id.
        id: Hash,
        /// Its height.
        height: u64,
        /// Work of its branch.
        work: Work,
    },
    /// A final block. Its certificate is in the answer to a [`Message::GetFinality`].
    Final(Checkpoint),
}

/// A peer as told to others.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PeerEntry {
    /// Its id: what a dial must prove.
    pub id: NodeId,
    /// Where it listens: a hint.
    pub endpoint: Endpoint,
}

/// A last word before closing.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Goodbye {
    /// Why, for the machine.
    pub reason: GoodbyeReason,
    /// Why, for people, with the values.
    pub detail: Text<GOODBYE_BYTES>,
}

/// Why a node closes a connection. New reasons are added at the end; a node closes the connection even if it does not know the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum GoodbyeReason {
    /// The node stops.
    #[error("shutting down")]
    Shutdown,
    /// Hello names another network.
    #[error("another network")]
    Network,
    /// No protocol in common.
    #[error("no common protocol")]
    Protocol,
    /// Other rules on the same network.
    #[error("other rules")]
    Rules,
    /// Hello contradicts the certificate, or its proof is wrong.
    #[error("identity does not hold")]
    Identity,
    /// Another connection of the same two nodes stays.
    #[error("duplicate connection")]
    Duplicate,
    /// No room for another peer.
    #[error("no room")]
    Full,
    /// Blacklisted by the operator or banned by the node.
    #[error("banned")]
    Banned,
    /// Its certificate has been revoked or has expired.
    #[error("certificate no longer valid")]
    Certificate,
    /// It broke the protocol.
    #[error("protocol broken")]
    Fault,
    /// It did not answer, or did not read.
    #[error("too slow")]
    Slow,
    /// The operator removed it.
    #[error("removed by the operator")]
    Removed,
    /// Old age: reconnect, so that certificates are checked afresh.
    #[error("connection too old")]
    Age,
    /// The sender's revocation lists are overdue, and it wants newer ones before anything else.
    #[error("its revocation lists are overdue")]
    Overdue,
    /// A reason of later software, by its number.
    #[error("reason {0}, unknown here")]
    Unknown(u8),
}

/// By number.
const REASONS: [GoodbyeReason; 14] = [
    GoodbyeReason::Shutdown,
    GoodbyeReason::Network,
    GoodbyeReason::Protocol,
    GoodbyeReason::Rules,
    GoodbyeReason::Identity,
    GoodbyeReason::Duplicate,
    GoodbyeReason::Full,
    GoodbyeReason::Banned,
    GoodbyeReason::Certificate,
    GoodbyeReason::Fault,
    GoodbyeReason::Slow,
    GoodbyeReason::Removed,
    GoodbyeReason::Age,
    GoodbyeReason::Overdue,
];

impl Message {
    /// The frame's body.
    pub fn to_bytes(&self) -> alloc::vec::Vec<u8> {
        encode(self)
    }

    /// Reads a frame's body. An error names the message that it began as.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, bytes.first().map_or("message", |number| kind(*number).0))
    }

    /// The most bytes that a message with this number may have.
    pub fn longest(number: u8) -> usize {
        kind(number).1
    }

    /// The message's name, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::GetPeers => "get_peers",
            Self::Peers(_) => "peers",
            Self::Announce(_) => "announce",
            Self::Request(_) => "request",
            Self::Transactions(_) => "transactions",
            Self::GetHeaders { .. } => "get_headers",
            Self::Headers(_) => "headers",
            Self::GetBlocks(_) => "get_blocks",
            Self::Block(_) => "block",
            Self::CompactBlock(_) => "compact_block",
            Self::GetBlockTransactions { .. } => "get_block_transactions",
            Self::BlockTransactions { .. } => "block_transactions",
            Self::NotFound(_) => "not_found",
            Self::Revocations(_) => "revocations",
            Self::Goodbye(_) => "goodbye",
            Self::Proposal(_) => "proposal",
            Self::Votes(_) => "votes",
            Self::Certificate(_) => "certificate",
            Self::GetFinality { .. } => "get_finality",
            Self::Finality(_) => "finality",
            Self::DialBack => "dial_back",
            Self::DialedBack(_) => "dialed_back",
        }
    }
}

/// Name and longest encoding of the message with this number.
const fn kind(number: u8) -> (&'static str, usize) {
    // Number, count, items.
    const fn list(count: usize, item: usize) -> usize {
        count.saturating_mul(item).saturating_add(1 + 4)
    }
    const ITEM: usize = 1 + 32 + 8 + 16;
    const LINK: usize = 32 + 2 * 48;
    const VOTE: usize = LINK + 2 + 64;
    const CERTIFICATE: usize = LINK + 4 + VOTER_BYTES + 4 + VOTERS * 64;
    // Header, what it changes, reward (address and amount), certificate, salt.
    const COMPACT_HEAD: usize = SYNC_HEADER_BYTES + 33 + 8 + 1 + CERTIFICATE + 8;
    // Id, key, governor, name.
    const MEMBER: usize = 4 + NODE_ID_BYTES + 32 + 33 + 4 + MEMBER_NAME_BYTES;
    // Base (what kind, hash, height), members, versions.
    const ROSTER: usize = 1 + 32 + 8 + 4 + VOTERS * MEMBER + 4 + UPGRADES * (4 + 8);
    const HANDOVER: usize = SYNC_HEADER_BYTES + ROSTER + CERTIFICATE;
    match number {
        0 => ("ping", 1 + 8),
        1 => ("pong", 1 + 8),
        2 => ("get_peers", 1),
        3 => ("peers", list(PEERS_PER_MESSAGE, 4 + NODE_ID_BYTES + 4 + HOST_BYTES + 2)),
        4 => ("announce", list(IDS_PER_MESSAGE, ITEM)),
        5 => ("request", list(IDS_PER_MESSAGE, 32)),
        6 => ("transactions", FRAME_BYTES),
        7 => ("get_headers", list(LOCATOR_HASHES, 32).saturating_add(32)),
        8 => ("headers", list(HEADERS_PER_MESSAGE, SYNC_HEADER_BYTES)),
        9 => ("get_blocks", list(BLOCKS_PER_REQUEST, 32)),
        10 => ("block", FRAME_BYTES),
        11 => {
            ("compact_block", list(TRANSACTIONS_PER_BLOCK, size_of::<ShortId>()).saturating_add(COMPACT_HEAD))
        }
        12 => ("get_block_transactions", list(TRANSACTIONS_PER_BLOCK, 2).saturating_add(32)),
        13 => ("block_transactions", FRAME_BYTES),
        14 => ("not_found", list(IDS_PER_MESSAGE, ITEM)),
        15 => ("revocations", list(CRLS_PER_MESSAGE, 4 + CRL_BYTES)),
        16 => ("goodbye", 1 + 1 + 4 + GOODBYE_BYTES),
        17 => ("proposal", 1 + VOTE + 1 + CERTIFICATE),
        18 => ("votes", list(VOTERS, 2 + 64).saturating_add(LINK)),
        19 => ("certificate", 1 + CERTIFICATE),
        20 => ("get_finality", 1 + 32 + 1 + 32),
        21 => ("finality", list(HANDOVERS, HANDOVER).saturating_add(32 + 2 * (1 + CERTIFICATE) + 1 + VOTE)),
        22 => ("dial_back", 1),
        23 => ("dialed_back", 1 + 1),
        _ => ("message", HELLO_BYTES),
    }
}

impl Goodbye {
    /// A goodbye whose detail is cut to what the wire carries.
    pub fn new(reason: GoodbyeReason, detail: &str) -> Self {
        let clean: alloc::string::String =
            detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut end = clean.len().min(GOODBYE_BYTES);
        while !clean.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let cut = alloc::string::String::from(clean.get(..end).unwrap_or_default());
        let detail = Text::try_from(cut).unwrap_or_default();
        Self { reason, detail }
    }
}

impl BorshSerialize for GoodbyeReason {
    fn serialize<W: borsh::io::Write>(&self, writer: &mut W) -> borsh::io::Result<()> {
        let number = match self {
            Self::Unknown(number) => *number,
            known => {
                (0..).zip(REASONS).find(|(_, reason)| reason == known).map_or(u8::MAX, |(number, _)| number)
            }
        };
        number.serialize(writer)
    }
}

impl BorshDeserialize for GoodbyeReason {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        let number = u8::deserialize_reader(reader)?;
        Ok(REASONS.get(usize::from(number)).copied().unwrap_or(Self::Unknown(number)))
    }
}

impl BorshSerialize for Endpoint {
    fn serialize<W: borsh::io::Write>(&self, writer: &mut W) -> borsh::io::Result<()> {
        (&self.host, self.port).serialize(writer)
    }
}

impl BorshDeserialize for Endpoint {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        let host = crate::codec::read_text::<HOST_BYTES, R>(reader)?;
        let port = u16::deserialize_reader(reader)?;
        Self::new(&host, port, &host)
            .map_err(|_| borsh::io::Error::new(borsh::io::ErrorKind::InvalidData, "no endpoint"))
    }
}

#[cfg(test)]
mod tests;
