//! Messages: everything after hello, one Borsh value per frame.

use alloc::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::Endpoint;
use crate::codec::{Bounded, DecodeError, Text, decode, encode};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::ledger::{Block, Header, Transaction, Work};
use crate::limits::{
    BLOCKS_PER_REQUEST, CRL_BYTES, CRLS_PER_MESSAGE, HEADERS_PER_MESSAGE, IDS_PER_MESSAGE, LOCATOR_HASHES,
    PEERS_PER_MESSAGE, TRANSACTIONS_PER_MESSAGE,
};

/// One frame's meaning. The numbers are the format; 11 to 13 are kept for compact blocks.
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
    /// The answer: peers that the sender has proven lately, and its configured ones.
    Peers(Bounded<PeerEntry, PEERS_PER_MESSAGE>) = 3,
    /// The sender has these; ask if you want them.
    Announce(Bounded<Item, IDS_PER_MESSAGE>) = 4,
    /// Send these transactions.
    Request(Bounded<Hash, IDS_PER_MESSAGE>) = 5,
    /// Transactions, asked for or new.
    Transactions(Bounded<Transaction, TRANSACTIONS_PER_MESSAGE>) = 6,
    /// Send the headers that follow the first block of the locator that is on your best chain, up to `stop` (zero: your tip).
    GetHeaders {
        /// Blocks of the asker's branch, newest first, ever sparser, ending with the genesis block.
        locator: Bounded<Hash, LOCATOR_HASHES>,
        /// The last one wanted.
        stop: Hash,
    } = 7,
    /// The answer, in order; fewer than the most allowed means that there are no more.
    Headers(Bounded<Header, HEADERS_PER_MESSAGE>) = 8,
    /// Send these blocks; each comes in a message of its own, what is missing in a [`Message::NotFound`].
    GetBlocks(Bounded<Hash, BLOCKS_PER_REQUEST>) = 9,
    /// A block, asked for or new.
    Block(Arc<Block>) = 10,
    /// What was asked for and is not there.
    NotFound(Bounded<Item, IDS_PER_MESSAGE>) = 14,
    /// Revocation lists (DER) that the receiver's hello did not name.
    Revocations(Bounded<Bounded<u8, CRL_BYTES>, CRLS_PER_MESSAGE>) = 15,
    /// The sender closes, and why.
    Goodbye(Goodbye) = 16,
}

/// Something that can be announced or missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Item {
    /// An unconfirmed transaction.
    Transaction(Hash),
    /// A block; with the work of its branch, so that the receiver knows whether it matters. Zeros where it is missing.
    Block {
        /// Its id.
        id: Hash,
        /// Its height.
        height: u64,
        /// Work of its branch.
        work: Work,
    },
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
    pub detail: Text<256>,
}

/// Why a node closes a connection. New reasons are added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize, Error)]
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
}

impl Message {
    /// The frame's body.
    pub fn to_bytes(&self) -> alloc::vec::Vec<u8> {
        encode(self)
    }

    /// Reads a frame's body.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, "message")
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
            Self::NotFound(_) => "not_found",
            Self::Revocations(_) => "revocations",
            Self::Goodbye(_) => "goodbye",
        }
    }
}

impl Goodbye {
    /// A goodbye whose detail is cut to what the wire carries.
    pub fn new(reason: GoodbyeReason, detail: &str) -> Self {
        let clean: alloc::string::String =
            detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut end = clean.len().min(256);
        while !clean.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let cut = alloc::string::String::from(clean.get(..end).unwrap_or_default());
        let detail = Text::try_from(cut).unwrap_or_default();
        Self { reason, detail }
    }
}

impl BorshSerialize for Endpoint {
    fn serialize<W: borsh::io::Write>(&self, writer: &mut W) -> borsh::io::Result<()> {
        (&self.host, self.port).serialize(writer)
    }
}

impl BorshDeserialize for Endpoint {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        let host = crate::codec::read_text::<{ super::hello::HOST_BYTES }, R>(reader)?;
        let port = u16::deserialize_reader(reader)?;
        Self::new(&host, port, &host)
            .map_err(|_| borsh::io::Error::new(borsh::io::ErrorKind::InvalidData, "no endpoint"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn numbers_are_the_format() {
        assert_eq!(Message::Ping(1).to_bytes(), [0, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Message::GetPeers.to_bytes(), [2]);
        assert_eq!(Message::NotFound(Bounded::default()).to_bytes(), [14, 0, 0, 0, 0]);
        for unknown in [11, 12, 13, 17, 255] {
            assert!(Message::from_bytes(&[unknown, 0, 0, 0, 0]).is_err());
        }
    }

    #[test]
    fn nothing_trails_and_nothing_lies() {
        assert!(Message::from_bytes(&[2, 0]).is_err());
        assert!(Message::from_bytes(&[5, 255, 255, 255, 255]).is_err());
        let ids = Bounded::truncated(vec![Hash::ZERO; IDS_PER_MESSAGE]);
        let mut bytes = Message::Request(ids).to_bytes();
        assert!(Message::from_bytes(&bytes).is_ok());
        bytes[1..5].copy_from_slice(&1_001_u32.to_le_bytes());
        bytes.extend_from_slice(&[0; 32]);
        assert!(Message::from_bytes(&bytes).is_err());
    }

    #[test]
    fn a_goodbye_is_cut_and_cleaned() {
        let goodbye = Goodbye::new(GoodbyeReason::Fault, &"é\n".repeat(200));
        assert!(goodbye.detail.as_str().len() <= 256);
        assert!(!goodbye.detail.as_str().contains('\n'));
    }

    #[test]
    fn endpoints_are_checked_on_the_way_in() {
        let good = Message::Peers(Bounded::truncated([PeerEntry {
            id: "bob".parse().unwrap(),
            endpoint: "10.0.0.6:7000".parse().unwrap(),
        }]));
        let bytes = good.to_bytes();
        assert_eq!(Message::from_bytes(&bytes).unwrap(), good);
        let mut port_zero = bytes.clone();
        let end = port_zero.len();
        port_zero[end - 2..].copy_from_slice(&[0, 0]);
        assert!(Message::from_bytes(&port_zero).is_err());
    }
}
