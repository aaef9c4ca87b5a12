//! What comes on a connection: budgets, life signs, chores. Everything else is the façade's to route.

use alloc::format;

use super::connections::{End, Stage};
use super::{Output, Peers, Status, Timer};
use crate::id::NodeId;
use crate::limits::{
    CRLS_PER_MESSAGE, GET_PEERS_SERVED, HELLO_TIMEOUT, PING_AFTER, REVOCATIONS_TAKEN, SILENT_CLOSE,
};
use crate::overlay::{ConnId, Fault};
use crate::time::{Time, Timestamp};
use crate::wire::{Goodbye, GoodbyeReason, Message};

/// Messages kept while it is unclear which of two connections stays, and the longest of them.
const HELD: usize = 32;
const HELD_BYTES: usize = 64 * 1024;

impl Peers {
    /// Takes in a frame. What is not about the connection itself comes back, with the session that it belongs to.
    pub fn received(
        &mut self,
        now: Time,
        conn: ConnId,
        message: Message,
        size: usize,
    ) -> Option<(ConnId, Message)> {
        let connection = self.connections.get_mut(&conn)?;
        let stage = connection.stage;
        if matches!(stage, Stage::Closing(_)) {
            return None;
        }
        connection.heard = now;
        let id = connection.id.clone();
        if let Message::Goodbye(goodbye) = message {
            self.goodbye(now, conn, goodbye);
            return None;
        }
        if stage == Stage::Greeting {
            self.broken(now, conn, &Fault::Unasked("message before hello"));
            return None;
        }
        let budget = &mut self.peers.get_mut(&id)?.budget;
        if let Err(what) = budget.charge(now, &message, size, self.own.block_bytes) {
            self.flood(now, &id, what);
            return None;
        }
        // Not read at all, so that they may come again: from somebody else, or later.
        if matches!(message, Message::Transactions(_)) && !budget.is_useful(now) {
            return None;
        }
        let connection = self.connections.get_mut(&conn)?;
        if !core::mem::replace(&mut connection.beyond, true) {
            self.beyond(now, conn);
        }
        self.chore(now, conn, message, size)
    }

    fn chore(&mut self, now: Time, conn: ConnId, message: Message, size: usize) -> Option<(ConnId, Message)> {
        match message {
            Message::Ping(number) => {
                self.clock_told(now, conn, number);
                self.reply(now, conn, Message::Pong(number));
            }
            Message::Pong(nonce) => self.pong(now, conn, nonce),
            Message::GetPeers if self.is_over(now, conn, GET_PEERS_SERVED, |chores| &mut chores.0) => {
                self.flood_by(now, conn, "get_peers");
            }
            Message::GetPeers => self.tell_peers(now, conn),
            Message::Peers(entries) => self.learn(now, conn, &entries),
            Message::Revocations(_) if self.is_over(now, conn, REVOCATIONS_TAKEN, |chores| &mut chores.1) => {
                self.flood_by(now, conn, "revocations");
            }
            other => return self.belongs(conn, other, size),
        }
        None
    }

    /// Answers at once, at the asker's cost.
    pub(super) fn reply(&mut self, now: Time, conn: ConnId, message: Message) {
        let Some(connection) = self.connections.get(&conn) else { return };
        if let Some(peer) = self.peers.get_mut(&connection.id) {
            peer.budget.serve(now, borsh::object_length(&message).unwrap_or(usize::MAX));
        }
        self.outputs.push_back(Output::Send { conn, message });
    }

    /// The session that a message belongs to; a connection that waits keeps it for later.
    fn belongs(&mut self, conn: ConnId, message: Message, size: usize) -> Option<(ConnId, Message)> {
        let connection = self.connections.get_mut(&conn)?;
        match connection.stage {
            Stage::Waiting => {
                if connection.held.len() < HELD && size <= HELD_BYTES {
                    connection.held.push(message);
                }
                None
            }
            Stage::Up => match self.peers.get(&connection.id)?.status {
                Status::Connected(session) => Some((session, message)),
                _ => None,
            },
            Stage::Greeting | Stage::Closing(_) => None,
        }
    }

    /// Counts one of the connection's chores. Whether there were more of them than `at_once` and one in so many `seconds`.
    fn is_over(
        &mut self,
        now: Time,
        conn: ConnId,
        (at_once, seconds): (u64, u64),
        which: fn(&mut (u64, u64)) -> &mut u64,
    ) -> bool {
        let Some(connection) = self.connections.get_mut(&conn) else { return true };
        let count = which(&mut connection.chores);
        *count = count.saturating_add(1);
        let since = now.since(connection.opened).as_secs();
        *count > at_once.saturating_add(since.checked_div(seconds).unwrap_or(0))
    }

    fn flood_by(&mut self, now: Time, conn: ConnId, what: &'static str) {
        if let Some(id) = self.connections.get(&conn).map(|connection| connection.id.clone()) {
            self.flood(now, &id, what);
        }
    }

    fn pong(&mut self, now: Time, conn: ConnId, nonce: u64) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        // A late answer to a ping that was asked again is no fault.
        let Some((_, sent)) = connection.ping.take_if(|(asked, _)| *asked == nonce) else { return };
        connection.rtt = Some(now.since(sent));
        self.lives(now, conn);
        self.parted(now, conn);
    }

    /// A ping's number is its sender's wall clock, if its hello says so. Clocks are set right (and wrong) while connections last.
    fn clock_told(&mut self, now: Time, conn: ConnId, number: u64) {
        let wall = self.wall(now);
        let Some(id) = self.connections.get(&conn).map(|connection| connection.id.clone()) else { return };
        if let Some(session) = self.session_mut(&id).filter(|session| session.tells_clock) {
            session.clock_offset_ms = Timestamp(number).ahead_of(wall);
        }
    }

    pub(super) fn ping(&mut self, now: Time, conn: ConnId) {
        let nonce = self.wall(now).0;
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.ping = Some((nonce, now));
        self.outputs.push_back(Output::Send { conn, message: Message::Ping(nonce) });
    }

    /// Looks whether the connection has been silent, and for how long.
    pub(super) fn quiet(&mut self, now: Time, conn: ConnId) {
        let Some(connection) = self.connections.get(&conn) else { return };
        let silence = now.since(connection.heard);
        if connection.stage == Stage::Greeting {
            let why = format!("no hello within {} s", HELLO_TIMEOUT.as_secs());
            return self.close(now, conn, Some(Goodbye::new(GoodbyeReason::Slow, &why)), End::Lost);
        }
        if silence >= SILENT_CLOSE {
            let why = format!("nothing heard for {} s", silence.as_secs());
            return self.close(now, conn, Some(Goodbye::new(GoodbyeReason::Slow, &why)), End::Lost);
        }
        let (heard, asked) = (connection.heard, connection.ping.is_some());
        if silence < PING_AFTER {
            return self.timers.set(Timer::Quiet(conn), heard.after(PING_AFTER));
        }
        if !asked {
            self.ping(now, conn);
        }
        let next = now.after(PING_AFTER).min(heard.after(SILENT_CLOSE));
        self.timers.set(Timer::Quiet(conn), next);
    }

    /// Sends to a session's peer.
    pub fn send(&mut self, session: ConnId, message: Message) {
        let Some(known) = self.sessions.get(&session) else { return };
        if let Some(peer) = self.peers.get_mut(&known.id) {
            peer.budget.asks(&message);
        }
        self.outputs.push_back(Output::Send { conn: known.wire, message });
    }

    /// So many of the peer's transactions were not taken.
    pub fn useless(&mut self, now: Time, session: ConnId, transactions: usize) {
        let Some(known) = self.sessions.get(&session) else { return };
        if let Some(peer) = self.peers.get_mut(&known.id) {
            peer.budget.useless(now, transactions);
        }
    }

    fn flood(&mut self, now: Time, id: &NodeId, what: &'static str) {
        let fault = self.peers.get_mut(id).and_then(|peer| peer.budget.blame(now, what));
        if let Some(fault) = fault {
            self.blame_id(now, id, &fault);
        }
    }

    /// The peer's best block has at least this height, as it says.
    pub fn set_height(&mut self, session: ConnId, height: u64) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.height = session.height.max(height);
        }
    }

    /// The peer has sent these revocation lists: it need not be sent them.
    pub fn has_crls(&mut self, session: ConnId, lists: &[impl AsRef<[u8]>]) {
        let Some(session) = self.sessions.get_mut(&session) else { return };
        for list in lists {
            let hash = crate::crypto::sha256(list.as_ref());
            if !session.crls.contains(&hash) {
                session.crls.push(hash);
            }
        }
        let surplus = session.crls.len().saturating_sub(2 * CRLS_PER_MESSAGE);
        session.crls.drain(..surplus);
    }

    /// Has the shell send revocation lists if the peer lacks one.
    pub(super) fn offer_crls(&mut self, session: ConnId) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        if self.own.hello.crls.iter().all(|crl| known.crls.contains(&crl.hash)) {
            return;
        }
        known.crls.extend(self.own.hello.crls.iter().map(|crl| crl.hash));
        let surplus = known.crls.len().saturating_sub(2 * CRLS_PER_MESSAGE);
        known.crls.drain(..surplus);
        self.outputs.push_back(Output::SendCrls { conn: known.wire });
    }
}
