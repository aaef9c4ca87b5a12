//! What comes on a connection: whether it counts, what it costs its sender, who handles it. And silence, if nothing comes.

use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

use super::connections::ConnectionState;
use super::{Ending, Fault, Links, Output, Timer, Told};
use crate::limits::{
    GET_PEERS_SERVED, HELD_MESSAGE_BYTES, HELD_MESSAGES, HELLO_TIMEOUT, PING_AFTER, REVOCATIONS_TAKEN,
    SILENT_CLOSE,
};
use crate::overlay::ConnId;
use crate::time::Time;
use crate::wire::{Goodbye, GoodbyeReason, Message};

impl Links {
    pub(crate) fn received(
        &mut self,
        now: Time,
        conn: ConnId,
        message: Message,
        size: usize,
    ) -> Option<(ConnId, Message)> {
        let connection = self.connections.get_mut(&conn)?;
        let stage = connection.stage;
        if matches!(stage, ConnectionState::Closing(_)) {
            return None;
        }
        connection.heard = now;
        if let Message::Goodbye(goodbye) = message {
            self.goodbye(now, conn, goodbye);
            return None;
        }
        if stage == ConnectionState::Greeting {
            let fault = Fault::Unasked("message before hello");
            let goodbye = Goodbye::new(GoodbyeReason::Fault, &fault.to_string());
            self.blame(conn, fault);
            self.close(now, conn, Some(goodbye), Ending::Lost);
            return None;
        }
        let budget = &mut self.peers.get_mut(&connection.id)?.budget;
        if let Err(what) = budget.charge(now, &message, size, self.block_bytes) {
            self.flood(now, conn, what);
            return None;
        }
        // Ignored entirely, so that they may come again from another peer or later.
        if matches!(message, Message::Transactions(_)) && !budget.is_useful(now) {
            return None;
        }
        if !core::mem::replace(&mut connection.beyond, true) {
            self.beyond(now, conn);
        }
        self.chore(now, conn, message, size)
    }

    fn chore(&mut self, now: Time, conn: ConnId, message: Message, size: usize) -> Option<(ConnId, Message)> {
        let connection = self.connections.get_mut(&conn)?;
        let (age, chores) = (now.since(connection.opened), &mut connection.chores);
        match message {
            Message::Ping(number) => {
                self.clock_told(now, conn, number);
                self.reply(now, conn, Message::Pong(number));
            }
            Message::Pong(nonce) => self.pong(now, conn, nonce),
            Message::GetPeers if is_over(&mut chores.0, age, GET_PEERS_SERVED) => {
                self.flood(now, conn, "get_peers");
            }
            Message::GetPeers => self.out.push_back(Told::GetPeers(connection.id.clone(), conn)),
            Message::Peers(entries) => self.peers_told(conn, entries.into_inner()),
            Message::Revocations(_) if is_over(&mut chores.1, age, REVOCATIONS_TAKEN) => {
                self.flood(now, conn, "revocations");
            }
            other => return self.belongs(conn, other, size),
        }
        None
    }

    fn flood(&mut self, now: Time, conn: ConnId, what: &'static str) {
        let peer = self.connections.get(&conn).and_then(|connection| self.peers.get_mut(&connection.id));
        if let Some(fault) = peer.and_then(|peer| peer.budget.blame(now, what)) {
            self.blame(conn, fault);
        }
    }

    /// The session that a message belongs to; a connection that waits keeps it for later.
    fn belongs(&mut self, conn: ConnId, message: Message, size: usize) -> Option<(ConnId, Message)> {
        let connection = self.connections.get_mut(&conn)?;
        match connection.stage {
            ConnectionState::Waiting => {
                if connection.held.len() < HELD_MESSAGES && size <= HELD_MESSAGE_BYTES {
                    connection.held.push(message);
                }
                None
            }
            ConnectionState::Up => Some((self.peers.get(&connection.id)?.session?, message)),
            ConnectionState::Greeting | ConnectionState::Closing(_) => None,
        }
    }

    pub(crate) fn send(&mut self, session: ConnId, message: Message) {
        let Some(conn) = self.carrier(session) else { return };
        if let Some(budget) = self.budget(session) {
            budget.asks(&message);
        }
        self.output(Output::Send { conn, message });
    }

    pub(crate) fn useless(&mut self, now: Time, session: ConnId, transactions: usize) {
        if let Some(budget) = self.budget(session) {
            budget.useless(now, transactions);
        }
    }

    /// Checks whether the connection has been silent, and for how long.
    pub(super) fn quiet(&mut self, now: Time, conn: ConnId) {
        let Some(connection) = self.connections.get(&conn) else { return };
        let (heard, is_asked) = (connection.heard, connection.ping.is_some());
        let silence = now.since(heard);
        if connection.stage == ConnectionState::Greeting {
            let why = format!("no hello within {} s", HELLO_TIMEOUT.as_secs());
            return self.close(now, conn, Some(Goodbye::new(GoodbyeReason::Slow, &why)), Ending::Lost);
        }
        if silence >= SILENT_CLOSE {
            let why = format!("nothing heard for {} s", silence.as_secs());
            return self.close(now, conn, Some(Goodbye::new(GoodbyeReason::Slow, &why)), Ending::Lost);
        }
        if silence < PING_AFTER {
            return self.timers.set(Timer::Quiet(conn), heard.after(PING_AFTER));
        }
        if !is_asked {
            self.ping(now, conn);
        }
        let next = now.after(PING_AFTER).min(heard.after(SILENT_CLOSE));
        self.timers.set(Timer::Quiet(conn), next);
    }

    /// Asks for a sign of life. The number is this node's wall clock, which the peer learns along the way.
    pub(super) fn ping(&mut self, now: Time, conn: ConnId) {
        let nonce = self.wall(now).0;
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.ping = Some((nonce, now));
        self.output(Output::Send { conn, message: Message::Ping(nonce) });
    }

    pub(super) fn pong(&mut self, now: Time, conn: ConnId, nonce: u64) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        // A late answer to a ping that has been sent again is no fault.
        let Some((_, sent)) = connection.ping.take_if(|(asked, _)| *asked == nonce) else { return };
        connection.rtt = Some(now.since(sent));
        self.lives(now, conn);
        self.parted(now, conn);
    }
}

/// Counts one more chore of a connection of this age. Returns whether there were more than `at_once` plus one every `seconds`.
fn is_over(count: &mut u64, age: Duration, (at_once, seconds): (u64, u64)) -> bool {
    *count = count.saturating_add(1);
    *count > at_once.saturating_add(age.as_secs().checked_div(seconds).unwrap_or(0))
}
