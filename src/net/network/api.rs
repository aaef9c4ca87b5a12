//! What the API asks of the network.

use bouya_core::overlay::peers::{PeerStatus, PeerView};
use bouya_core::overlay::{Command, Input, SyncStatus};

use super::Running;
use crate::clock;
use crate::http::views;
use crate::net::report;
use crate::net::request::{CommandError, Request, Summary};

impl Running {
    pub(super) fn answer(&mut self, request: Request) {
        let now = self.actor.clock.now();
        let overlay = &self.actor.overlay;
        // An asker that no longer waits is no error.
        match request {
            Request::Peers { reply } => {
                let peers = overlay.peers(now).into_iter().map(|peer| report::peer(peer, clock::wall()));
                let _ = reply.send(peers.collect());
            }
            Request::Blacklist { reply } => {
                let _ = reply.send(self.blacklist());
            }
            Request::Summary { reply } => {
                let _ = reply.send(self.summary());
            }
            Request::Command { command, reply } => {
                let result = self.check(&command);
                if result.is_ok() {
                    self.handle(Input::Command(command));
                    self.drain();
                }
                // What an operator was told is done holds after a crash, too.
                self.after_keeping(async move { drop(reply.send(result)) });
            }
        }
    }

    fn kept_out(&self) -> Vec<PeerView> {
        let mut peers = self.actor.overlay.peers(self.actor.clock.now());
        peers.retain(|peer| peer.status == PeerStatus::Banned);
        peers
    }

    fn blacklist(&self) -> Vec<views::BlacklistEntry> {
        let listed = self.actor.overlay.blacklist();
        let configured = |peer: &PeerView| Some(listed.iter().find(|entry| entry.id == peer.id)?.configured);
        let entry = |peer| {
            let configured = configured(&peer);
            report::blacklist_entry(peer, configured, clock::wall())
        };
        self.kept_out().into_iter().map(entry).collect()
    }

    fn summary(&self) -> Summary {
        let overlay = &self.actor.overlay;
        let outlook = overlay.outlook(self.actor.clock.now());
        let (state, progress) = match outlook.sync {
            SyncStatus::Alone => ("alone", 1.0),
            SyncStatus::Synced => ("synced", 1.0),
            SyncStatus::Syncing { height, target } => ("syncing", height as f64 / target.max(1) as f64),
        };
        Summary {
            connected: overlay.connected(),
            known: overlay.known(),
            sync: views::SyncStatus { state: state.to_owned(), progress: progress.clamp(0.0, 1.0) },
            clock_offset_ms: outlook.clock_offset_ms.unwrap_or(0),
            alarms: self.alarms,
        }
    }

    fn check(&self, command: &Command) -> Result<(), CommandError> {
        let overlay = &self.actor.overlay;
        let now = self.actor.clock.now();
        let own = self.tls().id();
        match command {
            Command::AddPeer(id, _) | Command::Blacklist(id) if *id == own => Err(CommandError::Own(own)),
            Command::RemovePeer(id) if !overlay.peers(now).iter().any(|peer| peer.id == *id) => {
                Err(CommandError::Unknown(id.clone()))
            }
            Command::Unblacklist(id) if self.actor.blacklist.contains(id) => {
                Err(CommandError::Configured(id.clone()))
            }
            Command::Unblacklist(id) if !self.kept_out().iter().any(|peer| peer.id == *id) => {
                Err(CommandError::NotListed(id.clone()))
            }
            _ => Ok(()),
        }
    }
}
