//! A network that answers what a test has put in.

use std::sync::Mutex;

use bouya_core::id::NodeId;
use bouya_core::overlay::{Command, PeerReach, PeerView};
use bouya_core::time::Timestamp;

use crate::net::request::{CommandError, KeptOut, NetworkRequest, Summary};
use crate::net::tls::expiry::{Expiry, What};

/// What the made-up network says, and what it was told.
pub(in crate::http::tests) struct Network {
    pub(in crate::http::tests) summary: Mutex<Summary>,
    pub(in crate::http::tests) peers: Mutex<Vec<PeerView>>,
    pub(in crate::http::tests) reach: Mutex<Vec<(NodeId, PeerReach)>>,
    pub(in crate::http::tests) kept_out: Mutex<Vec<KeptOut>>,
    pub(in crate::http::tests) commands: Mutex<Vec<Command>>,
    pub(in crate::http::tests) refuse: Mutex<Option<CommandError>>,
}

impl Network {
    pub(super) fn new() -> Self {
        let list = Expiry {
            what: What::List,
            name: "acme".to_owned(),
            begins: Timestamp(1_700_000_000_000),
            ends: Timestamp(1_800_000_000_000),
        };
        let summary = Summary {
            connected: 2,
            known: 3,
            dialed_in: Some(Timestamp(1_700_000_060_000)),
            alarms: Default::default(),
            ends: vec![list],
        };
        Self {
            summary: Mutex::new(summary),
            peers: Mutex::default(),
            reach: Mutex::default(),
            kept_out: Mutex::default(),
            commands: Mutex::default(),
            refuse: Mutex::default(),
        }
    }

    pub(super) fn answer(&self, request: NetworkRequest) {
        match request {
            NetworkRequest::Peers { reply } => drop(reply.send(self.peers.lock().unwrap().clone())),
            NetworkRequest::Reach { reply } => drop(reply.send(self.reach.lock().unwrap().clone())),
            NetworkRequest::Blacklist { reply } => {
                drop(reply.send(self.kept_out.lock().unwrap().clone()));
            }
            NetworkRequest::Summary { reply } => drop(reply.send(self.summary.lock().unwrap().clone())),
            NetworkRequest::Command { command, reply } => {
                self.commands.lock().unwrap().push(command);
                drop(reply.send(self.refuse.lock().unwrap().take().map_or(Ok(()), Err)));
            }
        }
    }
}
