//! The overlay's words in the forms of logs, events and the API.

use std::time::Duration;

use bouya_core::overlay::peers::{PeerStatus, PeerView};
use bouya_core::overlay::{Direction, Event as Note};
use bouya_core::time::Timestamp;
use tracing::{info, warn};

use crate::clock::rfc3339;
use crate::events::{Event, Events};
use crate::http::views;

/// Logs what the overlay notes, one line each, and tells observers.
pub(super) fn note(note: Note, events: &Events) {
    match note {
        Note::PeerUp { id, direction, endpoint, agent, member, clock_offset_ms } => {
            let member = member.map(|key| key.to_string());
            info!(peer = %id, direction = direction_name(direction), endpoint, agent, member, clock_offset_ms, "peer up");
            events.tell(Event::Peer { id: id.to_string(), status: "connected".to_owned(), why: None });
        }
        Note::PeerDown { id, why } => {
            info!(peer = %id, why, "peer down");
            events.tell(Event::Peer { id: id.to_string(), status: "known".to_owned(), why: Some(why) });
        }
        Note::PeerRefused { id, why } => warn!(peer = %id, why, "no connection"),
        Note::DuplicateIdentity(id) => {
            let why = "two machines use this certificate; one of them must stop, or it was stolen: revoke it";
            warn!(peer = %id, "duplicate_identity: {why}");
            events.tell(Event::Peer {
                id: id.to_string(),
                status: "connected".to_owned(),
                why: Some(why.to_owned()),
            });
        }
        Note::KeyChanged { id, old, new } => {
            let why = "it shows another key than before; fine if its operator has made a new one, else somebody got a certificate for its id: revoke it";
            warn!(peer = %id, %old, %new, "key changed: {why}");
            events.tell(Event::Peer {
                id: id.to_string(),
                status: "connected".to_owned(),
                why: Some(why.to_owned()),
            });
        }
        Note::Banned { id, why, seconds } => {
            warn!(peer = %id, why, seconds, "banned");
            events.tell(Event::Peer { id: id.to_string(), status: "banned".to_owned(), why: Some(why) });
        }
        Note::Syncing { height, target } => info!(height, target, "catching up"),
        Note::Synced => info!("up to date"),
    }
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
    }
}

/// A peer as the API shows it.
pub(super) fn peer(peer: PeerView, wall: Timestamp) -> views::Peer {
    let status = match peer.status {
        PeerStatus::Known => "known",
        PeerStatus::Dialing => "dialing",
        PeerStatus::Connected => "connected",
        PeerStatus::Backoff => "backoff",
        PeerStatus::Banned => "banned",
    };
    views::Peer {
        id: peer.id.to_string(),
        host: peer.endpoint.as_ref().map(|endpoint| endpoint.host.clone()).unwrap_or_default(),
        port: peer.endpoint.map(|endpoint| endpoint.port).unwrap_or_default(),
        status: status.to_owned(),
        direction: peer.direction.map(|direction| direction_name(direction).to_owned()),
        since: Some(rfc3339(before(wall, peer.since))),
        rtt_ms: peer.rtt.map(|rtt| u64::try_from(rtt.as_millis()).unwrap_or(u64::MAX)),
        height: peer.height,
        why: peer.why,
        until: peer.until.map(|span| rfc3339(wall.after(span))),
        agent: peer.agent,
        certificate: peer.not_after.map(|not_after| views::CertificateStatus::new(wall, not_after)),
    }
}

/// A banned peer as an entry of the blacklist.
pub(super) fn blacklist_entry(
    peer: PeerView,
    configured: Option<bool>,
    wall: Timestamp,
) -> views::BlacklistEntry {
    let source = match configured {
        Some(true) => "config",
        Some(false) => "operator",
        None => "ban",
    };
    views::BlacklistEntry {
        id: peer.id.to_string(),
        source: source.to_owned(),
        why: peer.why,
        until: peer.until.map(|span| rfc3339(wall.after(span))),
    }
}

fn before(wall: Timestamp, span: Duration) -> Timestamp {
    Timestamp(wall.0.saturating_sub(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
}
