//! What the API shows of peers.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::bans::By;
use super::{Peer, Peers, Status};
use crate::id::NodeId;
use crate::limits::KNOWN_PEERS;
use crate::overlay::Direction;
use crate::time::{Time, Timestamp};
use crate::wire::Endpoint;

/// A peer as the API shows it: one for each id, never this node itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerView {
    /// Who.
    pub id: NodeId,
    /// Where it listens, as far as this node knows; none for a dial-only peer.
    pub endpoint: Option<Endpoint>,
    /// See [`PeerStatus`].
    pub status: PeerStatus,
    /// Who dialed, if connected.
    pub direction: Option<Direction>,
    /// How long it has had this status.
    pub since: Duration,
    /// The last ping's round trip.
    pub rtt: Option<Duration>,
    /// Its best block's height, as it says, if connected.
    pub height: Option<u64>,
    /// What went wrong last, or why it is banned.
    pub why: Option<String>,
    /// How long backoff or ban last; none for a ban without end.
    pub until: Option<Duration>,
    /// What it runs, if connected.
    pub agent: Option<String>,
    /// When the certificate ends that it proved its id with, if connected.
    pub not_after: Option<Timestamp>,
}

/// A peer's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeerStatus {
    /// Known, and nothing is under way.
    Known,
    /// A dial is under way, up to the peer's hello.
    Dialing,
    /// Its hello has been read and fits.
    Connected,
    /// It waits for the next attempt.
    Backoff,
    /// Blacklisted or banned.
    Banned,
}

/// An entry of the operator's blacklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blacklisted {
    /// Who.
    pub id: NodeId,
    /// From the configuration: only a change there lifts it.
    pub configured: bool,
}

impl Peers {
    /// All known peers, by id.
    pub fn views(&self, now: Time) -> Vec<PeerView> {
        self.peers.iter().map(|(id, peer)| self.view(id, peer, now)).collect()
    }

    fn view(&self, id: &NodeId, peer: &Peer, now: Time) -> PeerView {
        let mut view = PeerView {
            id: id.clone(),
            endpoint: peer.listens.clone().or_else(|| peer.candidates.get(0).cloned()),
            status: PeerStatus::Known,
            direction: None,
            since: now.since(peer.since),
            rtt: None,
            height: None,
            why: peer.why.clone(),
            until: None,
            agent: None,
            not_after: None,
        };
        match &peer.status {
            Status::Known => (),
            Status::Dialing => view.status = PeerStatus::Dialing,
            Status::Backoff(until) => {
                view.status = PeerStatus::Backoff;
                view.until = Some(until.since(now));
            }
            Status::Banned(ban) => {
                view.status = PeerStatus::Banned;
                view.why = Some(ban.why.clone());
                view.until = ban.until.map(|until| until.since(now));
            }
            Status::Connected(session) => {
                view.status = PeerStatus::Connected;
                if let Some(session) = self.sessions.get(session) {
                    view.height = Some(session.height);
                    view.agent = Some(session.agent.clone());
                    let wire = self.connections.get(&session.wire);
                    view.direction = wire.map(|wire| wire.direction);
                    view.rtt = wire.and_then(|wire| wire.rtt);
                    view.not_after = wire.map(|wire| wire.not_after);
                }
            }
        }
        view
    }

    /// The operator's blacklist, from the configuration and from the API.
    pub fn blacklist(&self) -> Vec<Blacklisted> {
        let by = |peer: &Peer| match &peer.status {
            Status::Banned(ban) => Some(ban.by),
            _ => None,
        };
        self.peers
            .iter()
            .filter_map(|(id, peer)| match by(peer)? {
                By::Config => Some(Blacklisted { id: id.clone(), configured: true }),
                By::Operator => Some(Blacklisted { id: id.clone(), configured: false }),
                By::Verdict => None,
            })
            .collect()
    }

    /// Connected peers.
    pub fn connected(&self) -> usize {
        self.sessions.len()
    }

    /// Known peers that are not banned.
    pub fn known(&self) -> usize {
        self.peers.values().filter(|peer| !peer.is_banned()).count()
    }

    /// Whether an operator's peer of this id would be taken: it is known, or one that is not in use can make room.
    pub fn has_room_for(&self, id: &NodeId) -> bool {
        self.peers.contains_key(id)
            || self.known() < KNOWN_PEERS
            || self.peers.iter().any(|(id, peer)| self.is_idle(id, peer))
    }

    /// How far the connected peers' clocks are ahead, in the middle, in milliseconds; none without peers.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        let mut offsets: Vec<_> = self.sessions.values().map(|session| session.clock_offset_ms).collect();
        offsets.sort_unstable();
        // Of two in the middle the smaller one: a lone liar beside an honest peer does not stop this node from mining.
        let middle = [offsets.len().saturating_sub(1) / 2, offsets.len() / 2];
        middle
            .into_iter()
            .filter_map(|at| offsets.get(at).copied())
            .min_by_key(|offset| offset.unsigned_abs())
    }
}
