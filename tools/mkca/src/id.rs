//! The name of a node: the one thing a certificate says.
//!
//! One DNS label, so that it can stand as the certificate's only DNS name and be asked for as TLS server name, and so
//! that it is safe as a file name. Compared as bytes: upper case is refused, not folded. `ca` is refused too, because
//! the files of such a node would be the authority's own (`ca.crt`, `ca.key`).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The longest DNS label (RFC 1035, 2.3.4).
const MAX_LENGTH: usize = 63;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeId(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error(
        "{id:?} is no node id: it must be 1 to 63 of a-z, 0-9 and -, not beginning or ending with -. Try \"alice\" or \"site-2\""
    )]
    Grammar { id: String },
    /// rustls and others take an all-digit label for part of an IP address.
    #[error("{id:?} is no node id: it needs a letter or a -. Try \"node{id}\"")]
    AllDigits { id: String },
    #[error("\"ca\" cannot be a node id: ca.crt and ca.key are the authority's own files. Choose another id")]
    Authority,
}

impl NodeId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeId {
    type Err = IdError;

    fn from_str(id: &str) -> Result<Self, IdError> {
        let alphabet = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let length = (1..=MAX_LENGTH).contains(&id.len());
        if !alphabet || !length || id.starts_with('-') || id.ends_with('-') {
            return Err(IdError::Grammar {
                // Enough to recognise it; an id may come out of a stranger's request.
                id: id.chars().take(MAX_LENGTH + 1).collect(),
            });
        }
        if id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdError::AllDigits { id: id.into() });
        }
        if id == "ca" {
            return Err(IdError::Authority);
        }
        Ok(NodeId(id.into()))
    }
}

impl TryFrom<String> for NodeId {
    type Error = IdError;

    fn try_from(id: String) -> Result<Self, IdError> {
        id.parse()
    }
}

impl From<NodeId> for String {
    fn from(id: NodeId) -> String {
        id.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_one_dns_label() {
        for id in ["a", "alice", "node0", "0a", "a-b", "1-2", &"a".repeat(63)] {
            assert_eq!(id.parse::<NodeId>().unwrap().as_str(), id);
        }
    }

    #[test]
    fn refuses_everything_else() {
        let long = "a".repeat(64);
        for id in
            ["", "-a", "a-", "-", "Alice", "a.b", "a_b", "a b", "../a", "a/b", "ä", "a\0", "a\n", "*", &long]
        {
            assert!(matches!(id.parse::<NodeId>(), Err(IdError::Grammar { .. })), "{id:?}");
        }
        assert_eq!("123".parse::<NodeId>(), Err(IdError::AllDigits { id: "123".into() }));
        assert_eq!("ca".parse::<NodeId>(), Err(IdError::Authority));
    }
}
