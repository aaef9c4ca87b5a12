//! The PeerManager: who is known, dialed, connected, backed off from, banned.
//!
//! Two machines that never see each other, each with its own state and timers, and this file, which routes between them:
//!
//! | machine | holds | decides |
//! |---|---|---|
//! | `links` | what exists while a TLS connection exists | which connection of an id stays, which is silent or old; what a peer may send and request, and what it gets |
//! | `book` | what is known about ids and their addresses | who is dialed when, which peers are told to others and learned, who is banned for how long, what is saved |
//!
//! Links report what became of an id's connections (`LinkEvent`); the book reports which ids it has forgotten. A connection is opened if
//! the book admits its id. It becomes a session if the book has room for one more connected peer. The book bans; links close the connections.
//!
//! A [`Budget`](super::budget::Budget) belongs to an id and survives reconnects. It still lives in links, because it counts messages, and
//! the book sees none. Links keep it until the book forgets the id, so the book bounds how many there are.
//!
//! Invariants, once `Peers::route` has run: the book lists a peer as connected exactly while links have a session of it, and as linked
//! exactly while links have a connection of it, in any state. Links remember no id that the book does not have.
//!
//! Left out on purpose: addresses as identities (only certificates prove anything), NAT traversal, inbound eviction by behaviour (the
//! members are known by name; the operator has a blacklist).

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::{Command, ConnId, DialError, Fault, Output, OverlaySettings, Verified};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::random::Random;
use crate::time::{Time, Timestamp};
use crate::wire::{DialOutcome, Endpoint, Goodbye, GoodbyeReason, Hello, Message, PeerEntry};

mod book;
mod links;
mod pass;
mod view;

use book::AddressBook;
pub use book::{Blacklisted, Book, is_dialable};
use links::Links;
pub use view::{PeerReach, PeerStatus, PeerView};

/// See the module.
#[derive(Debug)]
pub struct Peers {
    id: NodeId,
    links: Links,
    book: AddressBook,
    outputs: VecDeque<Output>,
    changes: VecDeque<Change>,
}

/// What the façade tells gossip and sync.
#[derive(Debug)]
pub enum Change {
    /// A peer is connected.
    Up {
        /// Its session.
        session: ConnId,
        /// What it has said about itself. Its id is the proven one.
        hello: Box<Hello>,
        /// Messages that it has already sent, in order.
        held: Vec<Message>,
    },
    /// A peer is no longer connected.
    Down(ConnId),
}

/// What a machine reports, and to whom.
#[derive(Debug)]
enum Told {
    /// The shell.
    Output(Output),
    /// Gossip and sync.
    Change(Change),
    /// The book: what became of this id's connections.
    Link(NodeId, LinkEvent),
    /// The book: who is at fault.
    Fault(NodeId, Fault),
    /// The book: a peer's answer to GetPeers.
    Peers(NodeId, Vec<PeerEntry>),
    /// The book: which peer sent GetPeers, over which connection.
    GetPeers(NodeId, ConnId),
    /// The book: which peer may become connected if there is room, and by which connection.
    Greeted(NodeId, ConnId),
    /// Links: the book no longer has this id.
    Forgotten(NodeId),
}

/// What became of an id's connections.
#[derive(Debug)]
enum LinkEvent {
    /// A hello was accepted, and TLS has proven this public key (SHA-256 of its info).
    Key(Hash),
    /// The hello counts. Where the peer was dialed, and where it says it listens.
    Proven { dialed: Option<Endpoint>, listens: Option<Endpoint> },
    /// Its session has begun.
    Up,
    /// Its session has lasted long enough: past failures are forgotten.
    Stable,
    /// The connection that this node dialed is old: it is to be dialed again.
    Aged,
    /// Its session has ended; why, for people.
    Down(String),
    /// Its certificate is no longer valid.
    Revoked,
    /// It was refused, or refused this node, or failed early; why, for people.
    Refused(String),
    /// It said goodbye without refusing this node; why, for people.
    Left(String),
    /// Its last connection is gone.
    Gone(Ending),
}

/// What the end of a connection or of a round of dials means for the next dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Nobody's fault: no penalty.
    Free,
    /// Not reached, or lost.
    Lost,
    /// One side refuses the other: that will not change soon.
    Refused,
}

impl Peers {
    /// A manager that knows what the settings say. `wall` is the wall clock at `now`.
    pub fn new(settings: &OverlaySettings, now: Time, wall: Timestamp) -> Self {
        let mut random = Random::new(settings.seed);
        Self {
            id: settings.id.clone(),
            links: Links::new(settings, now, wall, random.fork()),
            book: AddressBook::new(settings, now, random),
            outputs: VecDeque::new(),
            changes: VecDeque::new(),
        }
    }

    /// Does what is due.
    pub fn wake(&mut self, now: Time) {
        self.links.wake(now);
        self.route(now);
        self.book.wake(now);
        self.pump(now);
    }

    /// When [`Self::wake`] has something to do.
    pub fn next_wakeup(&self) -> Option<Time> {
        [self.links.next_wakeup(), self.book.next_wakeup()].into_iter().flatten().min()
    }

    /// The next thing that gossip and sync must know.
    pub fn poll_change(&mut self, now: Time) -> Option<Change> {
        self.route(now);
        self.changes.pop_front()
    }

    /// The next thing to be done by the shell, once there is no change left.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Passes on what the machines report. Links come first: the book decides nothing about connections that are gone.
    fn route(&mut self, now: Time) {
        while let Some(told) = self.links.poll().or_else(|| self.book.poll()) {
            match told {
                Told::Output(output) => self.outputs.push_back(output),
                Told::Change(change) => self.changes.push_back(change),
                Told::Link(id, event) => self.book.link(now, &id, event),
                Told::Fault(id, fault) => self.blame_id(now, &id, &fault),
                Told::Peers(source, told) => self.book.learn(now, source, &told),
                Told::GetPeers(id, conn) => {
                    let told = self.book.tell(now, &id);
                    self.links.reply(now, conn, Message::Peers(told));
                }
                Told::Greeted(id, conn) if self.book.has_room(&id) => self.links.attach(now, conn),
                Told::Greeted(_, conn) => self.links.close_full(now, conn),
                Told::Forgotten(id) => self.links.forget(&id),
            }
        }
    }

    /// Starts the dials that are due.
    fn pump(&mut self, now: Time) {
        self.route(now);
        self.book.pump(now, |id| self.links.renewable(id));
    }

    /// See [`super::Input::Accepted`].
    pub fn accepted(&mut self, now: Time, conn: ConnId, peer: Verified, address: IpAddr) {
        if peer.id == self.id {
            return self.links.turn_away_twin(now, conn, peer.id);
        }
        match self.book.admit(now, &peer.id) {
            Ok(()) => self.links.open(now, conn, peer, None, address.to_string()),
            Err(goodbye) => self.links.turn_away(conn, goodbye),
        }
    }

    /// See [`super::Input::Dialed`].
    pub fn dialed(&mut self, now: Time, conn: ConnId, peer: Verified, endpoint: Endpoint) {
        if peer.id == self.id {
            self.links.turn_away(conn, Goodbye::new(GoodbyeReason::Identity, "this is the same id"));
            self.book.dialed_self(now, &endpoint);
        } else {
            let shown = endpoint.to_string();
            match self.book.dialed(now, &peer.id) {
                Ok(()) => self.links.open(now, conn, peer, Some(endpoint), shown),
                Err(goodbye) => self.links.turn_away(conn, goodbye),
            }
        }
        self.pump(now);
    }

    /// See [`super::Input::DialFailed`].
    pub fn dial_failed(&mut self, now: Time, id: &NodeId, endpoint: &Endpoint, why: &DialError) {
        self.book.dial_failed(now, id, endpoint, why);
        self.pump(now);
    }

    /// Takes in a frame. A message that is not about the connection itself is returned with the session that it belongs to.
    pub fn received(
        &mut self,
        now: Time,
        conn: ConnId,
        message: Message,
        size: usize,
    ) -> Option<(ConnId, Message)> {
        let other = self.links.received(now, conn, message, size);
        self.route(now);
        other
    }

    /// A session's or a connection's peer is at fault.
    pub fn blame(&mut self, now: Time, conn: ConnId, fault: &Fault) {
        if let Some(id) = self.links.id_of(conn) {
            self.blame_id(now, &id, fault);
        }
    }

    /// See [`super::Input::Broken`]: the peer is at fault, and the connection is closed in any case.
    pub fn broken(&mut self, now: Time, conn: ConnId, fault: &Fault) {
        self.blame(now, conn, fault);
        self.links.close(
            now,
            conn,
            Some(Goodbye::new(GoodbyeReason::Fault, &fault.to_string())),
            Ending::Lost,
        );
    }

    fn blame_id(&mut self, now: Time, id: &NodeId, fault: &Fault) {
        if let Some((goodbye, end)) = self.book.blame(now, id, fault) {
            self.links.close_all(now, id, &goodbye, end);
        }
    }

    /// See [`super::Input::Members`]: these ids are former members.
    pub fn set_former(&mut self, now: Time, former: &[NodeId]) {
        for (id, goodbye, end) in self.book.set_former(now, former) {
            self.links.close_all(now, &id, &goodbye, end);
        }
        self.route(now);
    }

    /// See [`Command`].
    pub fn command(&mut self, now: Time, command: Command) {
        match command {
            Command::AddPeer(id, endpoint) => self.book.add(now, &id, endpoint),
            Command::RemovePeer(id) => {
                self.links.close_all(now, &id, &Goodbye::new(GoodbyeReason::Removed, ""), Ending::Free);
                self.book.remove(now, &id);
            }
            Command::Blacklist(id) => {
                if let Some((goodbye, end)) = self.book.blacklist_id(now, &id) {
                    self.links.close_all(now, &id, &goodbye, end);
                }
            }
            Command::Unblacklist(id) => self.book.unblacklist(now, &id),
            Command::Shutdown => {
                self.book.stop();
                self.links.shut_down(now);
            }
        }
        self.route(now);
        // Saved at once, unlike changes by peers: the operator waits for it, and it must survive a crash.
        self.book.save(now);
    }

    /// A session's peer asks whether this node reaches it.
    pub fn asked_back(&mut self, now: Time, session: ConnId) {
        let Some(id) = self.links.id_of(session) else { return };
        if let Some(outcome) = self.book.dial_back(now, &id, session) {
            self.links.serve(now, session, Message::DialedBack(outcome));
        }
    }

    /// See [`super::Input::DialedBack`].
    pub fn dialed_back(&mut self, now: Time, session: ConnId, outcome: DialOutcome) {
        self.book.dialed_back();
        self.links.serve(now, session, Message::DialedBack(outcome));
    }

    /// All known peers, by id.
    pub fn views(&self, now: Time) -> Vec<PeerView> {
        let mut views = self.book.views(now);
        views.iter_mut().for_each(|view| self.links.show(view));
        views
    }
}
