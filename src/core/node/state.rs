//! How a node stands, in one word, with the reason and the next step: what the status, readiness, the log and the metrics all say.

use core::fmt;

use super::Removal;
use crate::finality::{Alarm, Turnout};

/// How this node stands: the gravest thing that is true of it. The order is that of gravity, the gravest last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Connected and up to date; nothing is wrong.
    Ready,
    /// Blocks of others are held because they are dated ahead of this clock, and the peers' clocks agree with this one.
    Held {
        /// How far the first of them is ahead, in milliseconds.
        ahead_ms: u64,
    },
    /// Blocks go on, and the members do not vote them final.
    Stalled {
        /// Since the first of them, in milliseconds.
        for_ms: u64,
        /// Whose votes are heard.
        turnout: Turnout,
    },
    /// Its record of votes cannot be written, so no vote leaves.
    Unwritten,
    /// Its voter is silent until the operator acts.
    Silent(Alarm),
    /// It is to mine, but its key is no member's.
    NotListed,
    /// Nobody is connected. A node that knows nobody is alone by intention.
    Alone {
        /// Peers that it knows.
        known: usize,
        /// Those of them with which it has no connection because one of the two refuses the other: its certificate, its hello, or one whom members removed.
        refused: usize,
    },
    /// A better branch is being fetched.
    Syncing {
        /// This node's height.
        height: u64,
        /// The height it is going to.
        target: u64,
    },
    /// It has just started and may be far behind without knowing it.
    Starting,
    /// The newest block is dated so far ahead of this clock that a block on top of it would be held.
    TipAhead {
        /// The newest block's height; 0 is the genesis block.
        height: u64,
        /// How far its date is ahead, in milliseconds.
        ahead_ms: u64,
    },
    /// Its clock differs from its peers'.
    ClockOff {
        /// The peers' clocks minus this node's, in milliseconds.
        behind_ms: i64,
        /// Connected peers. With one it cannot be told whose clock is wrong, so that one must not keep this node from mining.
        peers: usize,
    },
    /// Nothing can be written.
    DiskFull,
    /// The members have decided for a version of blocks that this program does not know, and the next block has it.
    Outdated {
        /// That version.
        version: u32,
        /// The latest one that is known here.
        known: u32,
    },
    /// The members have voted a block final that this node finds invalid, or that stands on such a one.
    RefusesFinal {
        /// The height of the final block.
        height: u64,
    },
    /// The members have voted two blocks final that contradict each other.
    TwoHistories,
    /// Its own certificate is not good yet.
    CertificateNotYetValid {
        /// How long until then, in milliseconds.
        in_ms: u64,
    },
    /// Its own certificate has ended.
    CertificateExpired {
        /// How long ago, in milliseconds.
        ago_ms: u64,
    },
    /// A revocation list that this node holds names its own certificate.
    CertificateRevoked,
    /// It was a member, and is none any more.
    Removed(Removal),
}

impl State {
    /// Whether this node can do its work: serve the network's newest state and, if it is to, mine.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready | Self::Held { .. } | Self::Stalled { .. } | Self::Alone { known: 0, .. })
    }

    /// Whether a block of this node's own would come to nothing now.
    pub fn stops_mining(&self) -> bool {
        !matches!(
            self,
            Self::Ready
                | Self::Held { .. }
                | Self::Stalled { .. }
                | Self::Unwritten
                | Self::Silent(_)
                | Self::Alone { .. }
                | Self::ClockOff { peers: 1, .. }
        )
    }

    /// Whether it passes by itself in the course of a node's work.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Starting | Self::Syncing { .. })
    }

    /// What the operator can do about it; none if there is nothing to do.
    pub fn next_step(&self) -> Option<&'static str> {
        Some(match self {
            Self::Ready | Self::Starting | Self::Syncing { .. } => return None,
            Self::Held { .. } => {
                "nothing to do if it is one miner's: its clock runs ahead. Else check this machine's clock (NTP)"
            }
            Self::Stalled { .. } => {
                "get the missing members' nodes to run and to connect; bouya final shows whose votes are old"
            }
            Self::Unwritten => {
                "make room, or make the folder of the member key writable for the daemon; the node goes on by itself"
            }
            Self::Silent(Alarm::Twin) => {
                "stop the other machine that has this member key, then bouya final resume"
            }
            Self::Silent(_) => {
                "put the record back beside the member key; if it is lost and no other machine has the key, bouya final resume"
            }
            Self::RefusesFinal { .. } => {
                "stop this node and run bouya verify --repair, for it may compute wrongly; if nothing is wrong there, run the version of bouya that the other members run"
            }
            Self::TwoHistories => {
                "compare versions and final blocks with the other members (bouya final); the members decide which one counts"
            }
            Self::NotListed => {
                "put the member's key in the place of identity.member_key, let the members add it (bouya member add), or set miner.enabled = false"
            }
            Self::Alone { known: 0, .. } => {
                "to join a network, name a member in p2p.bootstrap or with bouya peer add"
            }
            Self::Alone { refused: 1.., .. } => {
                "bouya peers says why: for a certificate ask the CA (mkca renew); for a hello compare version, network.toml and override with a peer's"
            }
            Self::Alone { .. } => {
                "bouya peers says why; check this machine's network and the peers' addresses"
            }
            Self::ClockOff { peers: 1, .. } => "set whichever clock is wrong right (NTP)",
            Self::ClockOff { .. } => "set this machine's clock right (NTP)",
            Self::TipAhead { height: 0, .. } => {
                "set this machine's clock right (NTP); if it is right, wait: the network begins then (created, in network.toml)"
            }
            Self::TipAhead { .. } => {
                "set this machine's clock right (NTP); if it is right, the block's miner was ahead: wait"
            }
            Self::DiskFull => "make room; the node goes on by itself",
            Self::Outdated { .. } => "install a newer bouya and start it",
            Self::CertificateNotYetValid { .. } => {
                "set this machine's clock right (NTP); if it is right, wait"
            }
            Self::CertificateExpired { .. } => {
                "ask the CA for a new certificate (mkca renew) and put it in place; it is taken without a restart"
            }
            Self::Removed(_) => "stop this node, or ask the members to add it again (bouya ask, bouya admit)",
            Self::CertificateRevoked => {
                "ask the CA why; only a new certificate lets this node in again (mkca request, mkca sign)"
            }
        })
    }
}

/// The reason.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("up to date with its peers"),
            Self::Held { ahead_ms } => {
                write!(f, "a block is held because it is dated {} ahead of this clock", Span(*ahead_ms))
            }
            Self::Stalled { for_ms, turnout } => {
                write!(f, "blocks of the last {} are not final: {turnout}", Span(*for_ms))
            }
            Self::Unwritten => {
                f.write_str("the record of this node's votes cannot be written, so no vote leaves")
            }
            Self::Silent(Alarm::Twin) => {
                f.write_str("another machine votes with this node's member key, so this node does not vote")
            }
            Self::Silent(_) => f.write_str(
                "no record of this node's votes was found beside its member key, so it does not vote",
            ),
            Self::RefusesFinal { height } => write!(
                f,
                "the members have voted block {height} final, and this node finds it or one below it invalid: it neither mines nor votes"
            ),
            Self::TwoHistories => f.write_str(
                "the members have voted for another history than this node's: it neither mines nor votes",
            ),
            Self::NotListed => {
                f.write_str("this node's member key is no member's, and only members seal blocks")
            }
            Self::Alone { known: 0, .. } => f.write_str("this node knows no peers"),
            Self::Alone { known, refused: 0 } => {
                write!(
                    f,
                    "none of the {known} known peers is connected, so this node does not see the network"
                )
            }
            Self::Alone { known, refused } => write!(
                f,
                "none of the {known} known peers is connected; with {refused} of them one side refuses the other"
            ),
            Self::Syncing { height, target } => {
                write!(f, "catching up with the network: at block {height} of {target}")
            }
            Self::Starting => f.write_str("just started, waiting for the first peer"),
            Self::ClockOff { behind_ms, peers } => {
                let side = if *behind_ms > 0 { "behind" } else { "ahead of" };
                let whose = if *peers == 1 {
                    "its only connected peer's: one of the two is wrong"
                } else {
                    "its peers'"
                };
                write!(f, "this node's clock is {} {side} {whose}", Span(behind_ms.unsigned_abs()))
            }
            Self::TipAhead { height: 0, ahead_ms } => {
                write!(f, "the genesis block is dated {} ahead of this node's clock", Span(*ahead_ms))
            }
            Self::TipAhead { height, ahead_ms } => {
                write!(
                    f,
                    "the newest block, {height}, is dated {} ahead of this node's clock",
                    Span(*ahead_ms)
                )
            }
            Self::DiskFull => f.write_str("the disk is nearly full: no block and no transaction is taken"),
            Self::Outdated { version, known } => write!(
                f,
                "by the members' vote the next block has version {version}, and this program knows {known}"
            ),
            Self::CertificateNotYetValid { in_ms } => {
                write!(
                    f,
                    "this node's certificate is not valid yet, by its clock for another {}",
                    Span(*in_ms)
                )
            }
            Self::CertificateExpired { ago_ms } => {
                write!(f, "this node's certificate expired {} ago, so peers refuse it", Span(*ago_ms))
            }
            Self::Removed(Removal { height, by_override }) => {
                let how = if *by_override { "an override" } else { "vote" };
                write!(f, "removed from the members by {how} at height {height}, so peers keep this node out")
            }
            Self::CertificateRevoked => {
                f.write_str("the CA has revoked this node's certificate, so peers refuse it")
            }
        }
    }
}

/// A span in milliseconds, as people say it.
pub(super) struct Span(pub(super) u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, name) = match self.0 / 1_000 {
            seconds @ ..120 => (seconds, "s"),
            seconds @ 120..7_200 => (seconds / 60, "min"),
            seconds @ 7_200..172_800 => (seconds / 3_600, "h"),
            seconds => (seconds / 86_400, "days"),
        };
        write!(f, "{number} {name}")
    }
}
