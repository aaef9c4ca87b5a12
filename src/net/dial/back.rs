//! Dialing back: only to tell a connected peer whether it is reached where it says that it listens.

use bouya_core::id::NodeId;
use bouya_core::overlay::{ConnId, DialError, Input};
use bouya_core::wire::{DialOutcome, Endpoint, Goodbye, GoodbyeReason};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::{NetEvent, Shared, connection};
use super::dial;

/// Dials a connected peer only to tell it whether that works. Whoever proves its id there is told goodbye at once: its other connection stays.
pub fn back(shared: Shared, session: ConnId, id: NodeId, endpoint: Endpoint, local: bool) -> JoinHandle<()> {
    tokio::spawn(async move {
        let outcome = dial_back(&shared, &id, &endpoint, local).await;
        // If the hub is gone, there is nobody to tell.
        let _ = shared.hub.send(NetEvent::Input(Input::DialedBack { session, outcome })).await;
    })
}

async fn dial_back(shared: &Shared, id: &NodeId, endpoint: &Endpoint, local: bool) -> DialOutcome {
    // What a proxy reaches says little of what others reach.
    if shared.proxy.is_some() {
        return DialOutcome::Cannot;
    }
    let patience = Instant::now() + shared.deadlines.connect;
    match dial(shared, id, endpoint, local).await {
        Ok((mut stream, ..)) => {
            let goodbye = Goodbye::new(GoodbyeReason::Duplicate, "dialed back, as asked");
            let deadlines = shared.deadlines;
            tokio::spawn(async move {
                connection::part(&mut stream, goodbye, &deadlines).await;
                connection::linger(&mut stream, &deadlines).await;
            });
            DialOutcome::Connected
        }
        // Anybody may say that it listens anywhere. Where no operator has named that place, a peer learns only that it is not reached there, and
        // not at once: else it could look for open ports behind this node's firewall.
        Err(_) if !local => {
            tokio::time::sleep_until(patience).await;
            DialOutcome::NoAnswer
        }
        Err(DialError::Closed(_)) => DialOutcome::Refused,
        Err(DialError::Unreachable(_)) => DialOutcome::NoAnswer,
        Err(DialError::Certificate(_) | DialError::Handshake(_)) => DialOutcome::Stranger,
    }
}
