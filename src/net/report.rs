//! What the overlay reports, for logs and observers.

use bouya_core::id::NodeId;
use bouya_core::overlay::{Direction, NetworkEvent, PeerStatus};
use tracing::{debug, error, info, warn};

use crate::events::{Event, Events};

/// Logs what the overlay reports, one line each, and tells observers.
pub(super) fn tell(event: NetworkEvent, events: &Events) {
    let tell = |id: NodeId, status: PeerStatus, why: Option<String>| {
        events.tell(Event::Peer { id, status, why });
    };
    match event {
        NetworkEvent::PeerUp { id, direction, endpoint, agent, member, clock_offset_ms } => {
            let member = member.map(|key| key.to_string());
            info!(peer = %id, direction = direction_name(direction), endpoint, agent, member, clock_offset_ms, "peer up");
            tell(id, PeerStatus::Connected, None);
        }
        NetworkEvent::PeerDown { id, why } => {
            info!(peer = %id, why, "peer down");
            tell(id, PeerStatus::Known, Some(why));
        }
        NetworkEvent::PeerRefused { id, why } => warn!(peer = %id, why, "no connection"),
        NetworkEvent::DuplicateIdentity(id) => {
            let why = "two machines use this certificate; one of them must stop, or it was stolen: revoke it";
            warn!(peer = %id, "duplicate_identity: {why}");
            tell(id, PeerStatus::Connected, Some(why.to_owned()));
        }
        NetworkEvent::KeyChanged { id, old, new } => {
            let why = "it shows a different key than before; fine if its operator has made a new one; if not, somebody has got a certificate for its id: revoke it";
            warn!(peer = %id, %old, %new, "key changed: {why}");
            tell(id, PeerStatus::Connected, Some(why.to_owned()));
        }
        NetworkEvent::Banned { id, why, seconds } => {
            warn!(peer = %id, why, seconds, "banned");
            tell(id, PeerStatus::Banned, Some(why));
        }
        NetworkEvent::Pruned { needed } => warn!(
            needed,
            "no connected peer has the blocks from {needed} on: all have pruned them; connect to one that keeps all, or begin with a snapshot",
        ),
        NetworkEvent::Backfill { missing: 0 } => info!("all old blocks are here now"),
        NetworkEvent::Backfill { missing } => info!(missing, "old blocks come back"),
        NetworkEvent::NoKeeper { missing } => warn!(
            missing,
            "no connected peer keeps the blocks up to {missing}, which this node lacks; connect to one that keeps all, or set [chain] keep",
        ),
        NetworkEvent::BadHistory { why } => error!(
            why,
            "the members have made final what the rules do not allow: {why}; ask the other members which program and which override they run",
        ),
        NetworkEvent::Syncing { height, target } => info!(height, target, "catching up"),
        // Whether the node is up to date is a state of the node: its clock may hold blocks back.
        NetworkEvent::Synced => debug!("no peer shows a better branch"),
    }
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
    }
}
