//! Answers what the API asks the network.

use bouya_core::id::NodeId;
use bouya_core::overlay::{Command, Input, Overlay, PeerStatus, PeerView};
use bouya_core::time::Time;

use super::Running;
use crate::net::request::{CommandError, KeptOut, KeptOutBy, NetworkRequest, Summary};

impl Running {
    pub(super) fn answer(&mut self, request: NetworkRequest) {
        let now = self.actor.clock.now();
        let overlay = &self.actor.overlay;
        // It is no error if the asker no longer waits.
        match request {
            NetworkRequest::Peers { reply } => drop(reply.send(overlay.peers(now))),
            NetworkRequest::Blacklist { reply } => drop(reply.send(kept_out(overlay, now))),
            NetworkRequest::Summary { reply } => {
                let _ = reply.send(Summary {
                    connected: overlay.connected(),
                    known: overlay.known(),
                    dialed_in: self.dialed_in,
                    alarms: self.alarms,
                    ends: self.tls().ends(),
                });
            }
            NetworkRequest::Reach { reply } => {
                self.handle(Input::AskBack);
                self.drain();
                drop(reply.send(self.actor.overlay.reach()));
            }
            NetworkRequest::Command { command, reply } => {
                let result = check(overlay, now, &self.tls().id(), &command);
                if result.is_ok() {
                    self.handle(Input::Command(command));
                    self.drain();
                }
                // The operator hears of success only once it will survive a crash.
                self.after_keeping(async move { drop(reply.send(result)) });
            }
        }
    }
}

fn kept_out(overlay: &Overlay, now: Time) -> Vec<KeptOut> {
    let listed = overlay.blacklist();
    let by = |id: &NodeId| match listed.iter().find(|entry| entry.id == *id) {
        Some(entry) if entry.configured => KeptOutBy::Config,
        Some(_) => KeptOutBy::Operator,
        None => KeptOutBy::Ban,
    };
    let entry = |peer: PeerView| KeptOut { by: by(&peer.id), id: peer.id, why: peer.why, until: peer.until };
    let peers = overlay.peers(now).into_iter();
    peers.filter(|peer| peer.status == PeerStatus::Banned).map(entry).collect()
}

/// Finds the commands that the overlay would ignore silently.
fn check(overlay: &Overlay, now: Time, own: &NodeId, command: &Command) -> Result<(), CommandError> {
    match command {
        Command::AddPeer(id, _) | Command::Blacklist(id) if id == own => Err(CommandError::Own(id.clone())),
        Command::AddPeer(id, _) if !overlay.has_room_for(id) => Err(CommandError::Full(id.clone())),
        Command::RemovePeer(id) if !overlay.peers(now).iter().any(|peer| peer.id == *id) => {
            Err(CommandError::Unknown(id.clone()))
        }
        Command::Unblacklist(id) => match kept_out(overlay, now).iter().find(|entry| entry.id == *id) {
            Some(entry) if entry.by == KeptOutBy::Config => Err(CommandError::Configured(id.clone())),
            Some(_) => Ok(()),
            None => Err(CommandError::NotListed(id.clone())),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use bouya_core::limits::KNOWN_PEERS;
    use bouya_core::overlay::{Book, OverlaySettings};
    use bouya_core::time::Timestamp;

    use super::*;

    fn id(text: &str) -> NodeId {
        text.parse().unwrap()
    }

    fn add(name: &str) -> Command {
        Command::AddPeer(id(name), format!("{name}.example:7600").parse().unwrap())
    }

    /// Alice, who knows nobody.
    fn alice() -> Overlay {
        let settings = OverlaySettings {
            id: id("alice"),
            genesis: bouya_core::testing::network("api", 1),
            agent: String::new(),
            instance: String::new(),
            advertise: None,
            bootstrap: Vec::new(),
            blacklist: vec![id("mallory")],
            max_connected: 128,
            book: Book::default(),
            seed: 1,
        };
        Overlay::new(settings, Time::default(), Timestamp(0))
    }

    /// Does what the hub does with a wish.
    fn wish(overlay: &mut Overlay, command: Command) -> Result<(), CommandError> {
        check(overlay, Time::default(), &id("alice"), &command)?;
        overlay.handle(Time::default(), Input::Command(command));
        Ok(())
    }

    #[test]
    fn a_full_book_takes_no_peer_more_and_says_so() {
        let mut overlay = alice();
        for n in 0..KNOWN_PEERS {
            wish(&mut overlay, add(&format!("p{n}"))).unwrap();
        }
        assert_eq!(overlay.known(), KNOWN_PEERS);
        assert_eq!(wish(&mut overlay, add("bob")), Err(CommandError::Full(id("bob"))));
        // Another address of one who is there takes no room.
        wish(&mut overlay, Command::AddPeer(id("p7"), "10.0.0.7:7600".parse().unwrap())).unwrap();
        wish(&mut overlay, Command::RemovePeer(id("p8"))).unwrap();
        wish(&mut overlay, add("bob")).unwrap();
        assert!(overlay.peers(Time::default()).iter().any(|peer| peer.id == id("bob")));
    }

    #[test]
    fn what_would_come_to_nothing_is_refused() {
        let mut overlay = alice();
        for (command, error) in [
            (add("alice"), CommandError::Own(id("alice"))),
            (Command::Blacklist(id("alice")), CommandError::Own(id("alice"))),
            (Command::RemovePeer(id("bob")), CommandError::Unknown(id("bob"))),
            (Command::Unblacklist(id("bob")), CommandError::NotListed(id("bob"))),
            (Command::Unblacklist(id("mallory")), CommandError::Configured(id("mallory"))),
        ] {
            assert_eq!(wish(&mut overlay, command), Err(error));
        }
        wish(&mut overlay, Command::Blacklist(id("bob"))).unwrap();
        let by: Vec<_> = kept_out(&overlay, Time::default()).into_iter().map(|entry| entry.by).collect();
        assert_eq!(by, [KeptOutBy::Operator, KeptOutBy::Config], "bob and mallory");
        wish(&mut overlay, Command::Unblacklist(id("bob"))).unwrap();
    }
}
