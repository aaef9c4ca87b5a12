//! A node's sockets: dials, connections, and how they end.

use bouya_core::id::NodeId;
use bouya_core::limits::{CONNECT_TIMEOUT, HELLO_TIMEOUT, TLS_TIMEOUT};
use bouya_core::overlay::{CloseReason, ConnId, DialError, Input};
use bouya_core::wire::{Endpoint, Goodbye};

use crate::net::{STALL_MS, Sent, Wire};
use crate::world::{Event, World};

impl World {
    /// A node dials.
    pub(crate) fn dial(&mut self, n: usize, id: NodeId, endpoint: Endpoint) {
        let peers = self.nodes.len() - 1;
        let now = self.now;
        self.check.dialed(&mut self.nodes[n], now, peers);
        let there =
            self.nodes.iter().position(|node| node.endpoint.as_ref() == Some(&endpoint) && !node.absent);
        let failed = |why| Input::DialFailed { id: id.clone(), endpoint: endpoint.clone(), why };
        let Some(to) = there.filter(|to| self.net.is_open(n, *to) && self.net.is_open(*to, n)) else {
            let after = CONNECT_TIMEOUT.as_millis() as u64;
            let input = failed(DialError::Unreachable("no answer".to_owned()));
            return self.give_later(after, n, input);
        };
        let round = self.net.delay(n, to, 300) + self.net.delay(to, n, 2_000);
        let target = &self.nodes[to];
        let refusal = if target.running.is_none() {
            Some((round, DialError::Unreachable("refused".to_owned())))
        } else if target.paused > 0 {
            Some((TLS_TIMEOUT.as_millis() as u64, DialError::Handshake("no answer".to_owned())))
        } else if target.name != id {
            Some((2 * round, DialError::Certificate("another name".to_owned())))
        } else {
            None
        };
        match refusal {
            Some((after, why)) => self.give_later(after, n, failed(why)),
            None => {
                let (from, to) = ((n, self.nodes[n].boot), (to, self.nodes[to].boot));
                self.post(self.now + 2 * round, Event::Connected { from, to });
            }
        }
    }

    /// The TLS handshake has ended.
    pub(crate) fn connected(&mut self, from: (usize, u64), to: (usize, u64)) {
        let runs = |(n, boot): (usize, u64)| self.nodes[n].boot == boot && self.nodes[n].running.is_some();
        if !runs(from) {
            return;
        }
        let (n, id) = (from.0, self.nodes[to.0].name.clone());
        // A peer that has moved in the meantime does not answer at its old address.
        let endpoint = self.nodes[to.0].endpoint.clone();
        let Some(endpoint) = endpoint.filter(|_| runs(to)) else {
            let endpoint = crate::scenario::endpoint(to.0, self.moves[to.0]);
            let why = DialError::Handshake("it ended".to_owned());
            return self.give_later(0, n, Input::DialFailed { id, endpoint, why });
        };
        if self.nodes[n].crl.revoked.contains(&id) {
            let why = DialError::Certificate("revoked".to_owned());
            return self.give_later(0, n, Input::DialFailed { id, endpoint, why });
        }
        let (mine, theirs) = self.net.connect(self.now, n, to.0);
        let peer = self.nodes[to.0].proof();
        self.line(format_args!("n{n:02} and {id} are connected: {} {}", mine.0, theirs.0));
        self.give_later(0, n, Input::Dialed { conn: mine, peer, endpoint });
        let dialer = self.nodes[n].name.clone();
        if self.nodes[to.0].crl.revoked.contains(&dialer) {
            // With TLS 1.3 the dialer learns of the refusal only after its own handshake.
            self.net.ends.remove(&theirs);
            let after = self.net.delay(to.0, n, 100);
            self.net.ends.remove(&mine);
            let why = CloseReason::Certificate("revoked".to_owned());
            return self.give_later(after, n, Input::Closed { conn: mine, why });
        }
        let peer = self.nodes[n].proof();
        let accepted = Input::Accepted { conn: theirs, peer, address: [10, 0, 0, n as u8].into() };
        self.give_later(0, to.0, accepted);
        for conn in [mine, theirs] {
            self.post(self.now + HELLO_TIMEOUT.as_millis() as u64, Event::HelloDue(conn));
        }
    }

    /// Sends over a connection.
    pub(crate) fn transmit(&mut self, conn: ConnId, wire: Wire) {
        let Some(to) = self.net.ends.get(&conn).map(|end| end.other) else { return };
        self.check.figures.messages += 1;
        match self.net.send(self.now, conn, wire) {
            Sent::Arrives(at, wire) => self.post(at, Event::Arrive { from: conn, to, wire }),
            Sent::Unanswered(at, wire) => {
                self.post(at, Event::Arrive { from: conn, to, wire });
                self.post(self.now + STALL_MS, Event::StallDue(conn, self.now));
            }
            Sent::Blocked(true) => self.post(self.now + STALL_MS, Event::StallDue(conn, self.now)),
            Sent::Blocked(false) | Sent::Nothing => (),
            Sent::Reset => self.end(conn, CloseReason::Lost("reset".to_owned())),
            Sent::Slow => {
                self.transmit_end(conn);
                self.end(conn, CloseReason::Slow);
            }
        }
    }

    fn transmit_end(&mut self, conn: ConnId) {
        let Some(end) = self.net.ends.get(&conn) else { return };
        let (from, to, other) = (end.node, end.peer, end.other);
        if self.net.is_open(from, to) {
            let at = self.now + self.net.delay(from, to, 64);
            self.post(at, Event::Arrive { from: conn, to: other, wire: Wire::End(None) });
        }
    }

    /// The overlay closes a connection: the goodbye is sent, and this end is gone.
    pub(crate) fn close(&mut self, conn: ConnId, goodbye: Option<Goodbye>) {
        self.transmit(conn, Wire::End(goodbye));
        self.end(conn, CloseReason::Asked);
    }

    /// Ends one end of a connection and tells its node. The other end is not told.
    pub(crate) fn end(&mut self, conn: ConnId, why: CloseReason) {
        let Some(end) = self.net.ends.remove(&conn) else { return };
        let text = format!("{} lost connection {}: {why:?}", self.nodes[end.node].name, conn.0);
        self.line(format_args!("{text}"));
        if let Some(running) = &mut self.nodes[end.node].running {
            running.links.remove(&conn);
            self.give_later(0, end.node, Input::Closed { conn, why });
        }
    }

    /// Something arrives at an end of a connection.
    pub(crate) fn arrive(&mut self, from: ConnId, to: ConnId, wire: Wire) {
        let Some(end) = self.net.ends.get(&to) else {
            // This end is gone. Its machine answers with a reset if it can.
            let reset =
                self.net.ends.get(&from).filter(|end| {
                    self.net.is_open(end.node, end.peer) && self.net.is_open(end.peer, end.node)
                });
            if reset.is_some() {
                self.end(from, CloseReason::Lost("reset".to_owned()));
            }
            return;
        };
        let n = end.node;
        if self.nodes[n].paused > 0 {
            return self.park(n, Event::Arrive { from, to, wire });
        }
        self.net.arrived(to, wire.size());
        match wire {
            Wire::Hello(hello) => {
                if let Some(end) = self.net.ends.get_mut(&to) {
                    end.greeted = true;
                }
                if let Some(running) = &mut self.nodes[n].running {
                    running.links.insert(to, hello.crls.clone());
                }
                self.give(n, Input::Hello { conn: to, hello: *hello });
            }
            Wire::Message(message, size) => self.give(n, Input::Received { conn: to, message, size }),
            Wire::End(goodbye) => {
                let why = goodbye.map_or(CloseReason::Lost("eof".to_owned()), CloseReason::Goodbye);
                self.end(to, why);
            }
        }
    }

    /// Drops a node's ends of all its connections. `noticed`: its machine tells the other ends.
    pub(crate) fn drop_sockets(&mut self, n: usize, noticed: bool) {
        let conns: Vec<ConnId> =
            self.net.ends.iter().filter(|(_, end)| end.node == n).map(|(conn, _)| *conn).collect();
        for conn in conns {
            if noticed {
                self.transmit_end(conn);
            }
            self.net.ends.remove(&conn);
        }
    }

    /// Links were mended: what waited leaves.
    pub(crate) fn flush(&mut self) {
        for (at, from, to, wire) in self.net.flush(self.now) {
            self.post(at, Event::Arrive { from, to, wire });
        }
    }
}
