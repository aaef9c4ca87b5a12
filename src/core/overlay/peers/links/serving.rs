//! Serving: what a peer requests from the chain and the mempool.
//!
//! One request of a session is worked on at a time. The others wait; their number is bounded, and duplicates are dropped. What is sent is
//! charged to the peer, and a peer in debt waits until the debt is paid. So no request gets a peer more than its share, and a peer that
//! asks fast but honestly is neither cut off nor blamed. Requests beyond the bounds are not answered, but their frames are charged.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::{Links, Output, Timer};
use crate::crypto::Hash;
use crate::limits::{
    ANSWER_LEAST_BYTES, BLOCK_REQUESTS_WAITING, HEADER_REQUESTS_WAITING, IDS_PER_MESSAGE,
    TRANSACTION_REQUESTS_WAITING, WAY_BYTES,
};
use crate::overlay::{ConnId, PoolRequest, Request, StoreRequest};
use crate::time::Time;
use crate::wire::Message;

/// What a session's peer has requested and not yet got.
#[derive(Debug, Default)]
pub(super) struct Serving {
    /// Locator and stop.
    headers: VecDeque<(Vec<Hash>, Hash)>,
    transactions: BTreeSet<Hash>,
    blocks: VecDeque<Hash>,
    /// A request is with the chain or the mempool.
    busy: bool,
}

impl Serving {
    fn take_in(&mut self, message: Message) {
        match message {
            Message::GetHeaders { locator, stop } if self.headers.len() < HEADER_REQUESTS_WAITING => {
                self.headers.push_back((locator.into_inner(), stop));
            }
            Message::Request(ids) => {
                let room = TRANSACTION_REQUESTS_WAITING.saturating_sub(self.transactions.len());
                self.transactions.extend(ids.into_iter().take(room));
            }
            Message::GetBlocks(ids) => {
                for id in ids {
                    if self.blocks.len() < BLOCK_REQUESTS_WAITING && !self.blocks.contains(&id) {
                        self.blocks.push_back(id);
                    }
                }
            }
            _ => (),
        }
    }

    /// The next request: those with short answers come first.
    fn next(&mut self, conn: ConnId) -> Option<Request> {
        if let Some((locator, stop)) = self.headers.pop_front() {
            return Some(StoreRequest::Headers { conn, locator, stop }.into());
        }
        if self.transactions.is_empty() {
            return self.blocks.pop_front().map(|id| StoreRequest::Block { conn, id }.into());
        }
        let mut ids = Vec::new();
        while ids.len() < IDS_PER_MESSAGE
            && let Some(id) = self.transactions.pop_first()
        {
            ids.push(id);
        }
        Some(PoolRequest::Fetch { conn, ids }.into())
    }
}

impl Links {
    pub(crate) fn asked(&mut self, now: Time, session: ConnId, message: Message) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        known.serving.take_in(message);
        self.serve_next(now, session);
    }

    pub(crate) fn answered(&mut self, now: Time, session: ConnId, messages: Vec<Message>) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        known.serving.busy = false;
        let bytes = messages.iter().map(length).fold(0, usize::saturating_add);
        if let Some(budget) = self.budget(session) {
            budget.serve(now, bytes.max(ANSWER_LEAST_BYTES));
        }
        for message in messages {
            self.send(session, message);
        }
        self.serve_next(now, session);
    }

    pub(crate) fn serve(&mut self, now: Time, session: ConnId, message: Message) {
        if let Some(carrier) = self.carrier(session) {
            self.reply(now, carrier, message);
        }
    }

    /// Answers at once and charges the peer.
    pub(crate) fn reply(&mut self, now: Time, conn: ConnId, message: Message) {
        let Some(connection) = self.connections.get(&conn) else { return };
        if let Some(peer) = self.peers.get_mut(&connection.id) {
            peer.budget.serve(now, length(&message));
        }
        self.output(Output::Send { conn, message });
    }

    /// Asks the chain or the mempool for what a session's peer wants next, once the peer has paid for what it got.
    pub(super) fn serve_next(&mut self, now: Time, session: ConnId) {
        let Some(known) = self.sessions.get_mut(&session).filter(|known| !known.serving.busy) else { return };
        let owes = self.peers.get_mut(&known.id).and_then(|peer| peer.budget.serves_at(now));
        if let Some(paid) = owes {
            return self.timers.set(Timer::Serve(session), paid);
        }
        if let Some(request) = known.serving.next(session) {
            known.serving.busy = true;
            if let Request::Store(StoreRequest::Headers { stop, .. }) = &request
                && *stop != Hash::ZERO
                && let Some(budget) = self.budget(session)
            {
                budget.serve(now, WAY_BYTES);
            }
            self.output(Output::Ask(request));
        }
    }
}

fn length(message: &Message) -> usize {
    borsh::object_length(message).unwrap_or(usize::MAX)
}
