//! The node id: the name of a member in certificates, configuration and messages.

use crate::limits::NODE_ID_BYTES;
use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A node's name: one label `[a-z0-9]([a-z0-9-]*[a-z0-9])?` of at most 63 bytes, not all digits, compared as bytes.
///
/// It must work as a TLS server name, which rules out upper case, longer names and numbers (they read as addresses). It must also work as a
/// file name next to the authority's own files, which rules out `ca`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeId(String);

/// Why a text is not a node id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NodeIdError {
    /// The text is empty.
    #[error("a node id may not be empty")]
    Empty,
    /// More than [`NODE_ID_BYTES`].
    #[error("a node id has at most {NODE_ID_BYTES} characters, this one has {0}")]
    Long(usize),
    /// A character outside the grammar.
    #[error("a node id is made of a-z, 0-9 and inner hyphens; \"{0}\" is not")]
    Grammar(String),
    /// The authority's own name.
    #[error("\"ca\" cannot be a node id: ca.crt and ca.key are the authority's own files; choose another id")]
    Authority,
    /// Nothing but digits.
    #[error("a node id may not be a number: \"{0}\" would read as an address; put a letter into it")]
    Digits(String),
}

impl NodeId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeId {
    type Err = NodeIdError;

    fn from_str(text: &str) -> Result<Self, NodeIdError> {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Err(NodeIdError::Empty);
        }
        if bytes.len() > NODE_ID_BYTES {
            return Err(NodeIdError::Long(bytes.len()));
        }
        let grammatical = bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
            && bytes.first() != Some(&b'-')
            && bytes.last() != Some(&b'-');
        if !grammatical {
            return Err(NodeIdError::Grammar(text.escape_default().collect()));
        }
        if bytes.iter().all(u8::is_ascii_digit) {
            return Err(NodeIdError::Digits(text.to_owned()));
        }
        if text == "ca" {
            return Err(NodeIdError::Authority);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for NodeId {
    type Error = NodeIdError;

    fn try_from(text: String) -> Result<Self, NodeIdError> {
        text.parse()
    }
}

impl From<NodeId> for String {
    fn from(id: NodeId) -> Self {
        id.0
    }
}

impl BorshDeserialize for NodeId {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        let text = crate::codec::read_text::<NODE_ID_BYTES, R>(reader)?;
        text.parse().map_err(|_| borsh::io::Error::new(borsh::io::ErrorKind::InvalidData, "no node id"))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        for good in ["a", "alice", "node0", "a-b", "0x", &"a".repeat(63)] {
            assert_eq!(good.parse::<NodeId>().unwrap().as_str(), good);
        }
        for bad in ["", "Alice", "-a", "a-", "a.b", "a_b", "é", "a\0", "12", " a", "*", "ca", &"a".repeat(64)]
        {
            assert!(bad.parse::<NodeId>().is_err(), "{bad}");
        }
    }
}
