//! Hello: the first frame each way. It is JSON, so that either side can read a hello of any version and say what does not fit. Unknown
//! fields are ignored, and nothing is sent later that was not agreed here.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crypto::{Hash, PublicKey, SecretKey, Signature, tagged_hash, verify};
use crate::id::NodeId;
use crate::ledger::Work;
use crate::limits::{HELLO_BYTES, HOST_BYTES};
use crate::time::Timestamp;

/// The protocol versions that this software speaks, lowest and highest.
const PROTOCOLS: (u16, u16) = (1, 1);
/// The feature of a node whose pings carry its wall clock, in milliseconds, as their number.
pub const CLOCK_FEATURE: &str = "clock";
/// The feature of a node that accepts compact blocks.
pub const COMPACT_FEATURE: &str = "compact";
/// The feature of a node that knows votes and certificates.
pub const FINAL_FEATURE: &str = "final";

/// The feature of a node that dials back.
pub const BACK_FEATURE: &str = "back";

/// What each side says first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Lowest and highest protocol version spoken.
    pub protocols: (u16, u16),
    /// Optional abilities: [`CLOCK_FEATURE`], [`COMPACT_FEATURE`], [`FINAL_FEATURE`], [`BACK_FEATURE`].
    #[serde(default)]
    pub features: Vec<String>,
    /// The network's id: the genesis block's hash.
    pub network: Hash,
    /// The sender's id; must be the one in its certificate.
    pub id: NodeId,
    /// Software and version.
    #[serde(default)]
    pub agent: String,
    /// Random at each start, to tell a restarted node from a twin.
    pub instance: String,
    /// Where the sender can be dialed; none for a dial-only node.
    #[serde(default)]
    pub listen: Option<Endpoint>,
    /// Its best block.
    pub tip: TipSummary,
    /// The lowest block whose body it can serve, if it prunes or began with a snapshot; 0 if it keeps all.
    #[serde(default)]
    pub lowest_block: u64,
    /// Digest of the rules that must match in addition to the genesis block.
    pub rules: Hash,
    /// The override that it follows, with all before it; must match too.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub overrides: Option<Hash>,
    /// Its revocation lists.
    #[serde(default)]
    pub crls: Vec<CrlSummary>,
    /// Its member key, with a proof that the other end of this session holds it.
    #[serde(default)]
    pub member: Option<Member>,
    /// Its clock, in milliseconds since 1970.
    #[serde(default)]
    pub time_ms: u64,
    /// Its newest final block; none if nothing was voted final.
    #[serde(default, rename = "final", skip_serializing_if = "Option::is_none")]
    pub finalized: Option<FinalSummary>,
}

/// A summary of a final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalSummary {
    /// The set of voters.
    pub set: Hash,
    /// The epoch of its checkpoint.
    pub epoch: u64,
    /// Its height.
    pub height: u64,
    /// Its id.
    pub hash: Hash,
}

/// Where a node listens. An address is a hint: only the certificate proves an id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawEndpoint")]
pub struct Endpoint {
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// Never 0.
    pub port: u16,
}

#[derive(Deserialize)]
struct RawEndpoint {
    host: String,
    port: u16,
}

/// Why a text is not an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// Not host:port.
    #[error("\"{0}\" is not host:port, as in 10.0.0.5:7000 or [fd00::5]:7000")]
    Form(String),
    /// Nothing listens there.
    #[error("port 0 in \"{0}\": give the port that the peer listens on")]
    Port(String),
    /// Not a host name.
    #[error("\"{0}\" is not a host name or address")]
    Host(String),
}

/// A summary of a best block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipSummary {
    /// Its height.
    pub height: u64,
    /// Its id.
    pub hash: Hash,
    /// Work of its branch, as decimal text: JSON numbers end at 2^53.
    #[serde(with = "decimal")]
    pub work: Work,
}

/// A summary of a revocation list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrlSummary {
    /// SHA-256 of the issuer's public key info.
    pub issuer: Hash,
    /// Its number, as decimal or hex text, as the list has it.
    pub number: String,
    /// SHA-256 of its bytes.
    pub hash: Hash,
}

/// A member key and the proof of holding it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The key that seals this node's blocks.
    pub key: PublicKey,
    /// Its signature over this session (see [`member_proof`]).
    pub proof: Signature,
}

/// Why a hello does not fit. Most reasons are sent to the peer, with both values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HelloError {
    /// Not a hello.
    #[error("not a hello: {0}")]
    Form(String),
    /// Another network.
    #[error("you are on network {theirs}, this is {ours}")]
    Network {
        /// This node's.
        ours: Hash,
        /// The peer's.
        theirs: Hash,
    },
    /// No protocol in common.
    #[error("you speak protocols {} to {}, this node {} to {}; the older one must be upgraded", theirs.0, theirs.1, ours.0, ours.1)]
    Protocol {
        /// This node's.
        ours: (u16, u16),
        /// The peer's.
        theirs: (u16, u16),
    },
    /// Other rules on the same network.
    #[error("your rules have digest {theirs}, this node's {ours}; one of the two lacks an upgrade")]
    Rules {
        /// This node's.
        ours: Hash,
        /// The peer's.
        theirs: Hash,
    },
    /// Operators have decided differently who the members are.
    #[error(
        "you follow {}, this node {}; compare the hashes by phone, and give both nodes the same file with `override` in [chain]",
        told(theirs),
        told(ours)
    )]
    Override {
        /// This node's.
        ours: Option<Hash>,
        /// The peer's.
        theirs: Option<Hash>,
    },
    /// Not the id that the certificate proves.
    #[error("your hello says {claimed}, your certificate {proven}")]
    Id {
        /// In the certificate.
        proven: NodeId,
        /// In the hello.
        claimed: NodeId,
    },
    /// The member key was not proven for this session.
    #[error("the proof of member key {0} is not one for this session")]
    Proof(PublicKey),
}

fn told(overrides: &Option<Hash>) -> String {
    overrides.map_or_else(|| "no override".to_string(), |hash| alloc::format!("override {hash}"))
}

impl Hello {
    /// The protocol versions that this software speaks.
    pub const PROTOCOLS: (u16, u16) = PROTOCOLS;

    /// Whether it names this feature.
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }

    /// The frame's body.
    pub fn to_json(&self) -> Vec<u8> {
        // Writing it cannot fail: all map keys are names, and there are no floats.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a frame's body.
    pub fn from_json(bytes: &[u8]) -> Result<Self, HelloError> {
        if bytes.len() > HELLO_BYTES {
            return Err(HelloError::Form("it is too long".to_string()));
        }
        serde_json::from_slice(bytes).map_err(|error| HelloError::Form(error.to_string()))
    }

    /// Checks a peer's hello against this node's own: `proven` is the id in the peer's certificate, `session` the secret that only
    /// the two ends of this TLS session know.
    pub fn check(&self, ours: &Self, proven: &NodeId, session: &[u8; 32]) -> Result<(), HelloError> {
        if self.network != ours.network {
            return Err(HelloError::Network { ours: ours.network, theirs: self.network });
        }
        let common = self.protocols.0.max(ours.protocols.0)..=self.protocols.1.min(ours.protocols.1);
        if common.is_empty() {
            return Err(HelloError::Protocol { ours: ours.protocols, theirs: self.protocols });
        }
        if self.rules != ours.rules {
            return Err(HelloError::Rules { ours: ours.rules, theirs: self.rules });
        }
        if self.overrides != ours.overrides {
            return Err(HelloError::Override { ours: ours.overrides, theirs: self.overrides });
        }
        if self.id != *proven {
            return Err(HelloError::Id { proven: proven.clone(), claimed: self.id.clone() });
        }
        match &self.member {
            Some(Member { key, proof })
                if !verify(key, &proof_bytes(&self.network, session, &self.id), proof) =>
            {
                Err(HelloError::Proof(*key))
            }
            _ => Ok(()),
        }
    }
}

/// Proves that the other end of this TLS session holds `key`: the key's signature over the network, the session secret and the signer's own
/// id, so that a peer cannot send it back as its own.
pub fn member_proof(key: &SecretKey, network: &Hash, session: &[u8; 32], id: &NodeId) -> Member {
    Member { key: key.public(), proof: key.sign(&proof_bytes(network, session, id)) }
}

fn proof_bytes(network: &Hash, session: &[u8; 32], id: &NodeId) -> [u8; 32] {
    tagged_hash("bouya member proof", &[&network.0, session, id.as_str().as_bytes()]).0
}

impl Endpoint {
    /// The host as an address, if it is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    pub(super) fn new(host: &str, port: u16, shown: &str) -> Result<Self, EndpointError> {
        let shown = || shown.chars().take(120).flat_map(char::escape_default).collect();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_';
        let good =
            host.len() <= HOST_BYTES && !host.is_empty() && host.bytes().all(plain) && !host.starts_with('-');
        if !good && host.parse::<IpAddr>().is_err() {
            return Err(EndpointError::Host(shown()));
        }
        if port == 0 {
            return Err(EndpointError::Port(shown()));
        }
        Ok(Self { host: host.to_string(), port })
    }
}

impl TryFrom<RawEndpoint> for Endpoint {
    type Error = EndpointError;

    fn try_from(raw: RawEndpoint) -> Result<Self, EndpointError> {
        Self::new(&raw.host, raw.port, &raw.host)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let form = || EndpointError::Form(text.chars().take(120).flat_map(char::escape_default).collect());
        let (host, port) = text.rsplit_once(':').ok_or_else(form)?;
        let port = port.parse().map_err(|_| form())?;
        match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(host) => Self::new(host, port, text),
            None if host.contains(':') => Err(form()),
            None => Self::new(host, port, text),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Hello {
    /// How far the peer's clock is ahead of `now`, in milliseconds. Used for display and warnings, never to set a clock.
    pub fn clock_offset_ms(&self, now: Timestamp) -> i64 {
        Timestamp(self.time_ms).ahead_of(now)
    }
}

mod decimal {
    use alloc::string::{String, ToString};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_| D::Error::custom("work is not a decimal number"))
    }
}

#[cfg(test)]
mod tests;
