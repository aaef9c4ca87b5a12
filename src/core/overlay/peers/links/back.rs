//! Asking peers to dial back: whether they reach this node where it says that it listens.

use alloc::vec::Vec;

use super::{Fault, Links};
use crate::id::NodeId;
use crate::limits::DIAL_BACK_EVERY;
use crate::overlay::{ConnId, PeerReach};
use crate::time::Time;
use crate::wire::{DialOutcome, Message};

/// How far a session's peer is with dialing back.
#[derive(Debug)]
pub(super) enum Back {
    /// Its software does not know the question.
    Unable,
    Unasked,
    Asked,
    Told(Time, DialOutcome),
}

impl Links {
    /// Asks each peer that has not told of it within a minute: that is how often a peer dials back. Nobody is asked by a node that names no address.
    pub(crate) fn ask_back(&mut self, now: Time) {
        let is_due = |back: &Back| match back {
            Back::Unasked => true,
            Back::Told(at, _) => now.since(*at) >= DIAL_BACK_EVERY,
            Back::Unable | Back::Asked => false,
        };
        if self.hello.listen.is_none() {
            return;
        }
        let mut asked = Vec::new();
        for (conn, session) in self.sessions.iter_mut().filter(|(_, session)| is_due(&session.back)) {
            session.back = Back::Asked;
            asked.push(*conn);
        }
        for session in asked {
            self.send(session, Message::DialBack);
        }
    }

    /// The answer.
    pub(crate) fn told_back(&mut self, now: Time, session: ConnId, outcome: DialOutcome) {
        match self.sessions.get_mut(&session) {
            Some(known) if matches!(known.back, Back::Asked) => known.back = Back::Told(now, outcome),
            Some(_) => self.blame(session, Fault::Unasked("dialed_back")),
            None => (),
        }
    }

    /// What each connected peer has told, by id.
    pub(crate) fn reach(&self) -> Vec<(NodeId, PeerReach)> {
        let told = |back: &Back| match back {
            Back::Unable => PeerReach::Unable,
            Back::Unasked if self.hello.listen.is_none() => PeerReach::Told(DialOutcome::Cannot),
            Back::Unasked | Back::Asked => PeerReach::Waiting,
            Back::Told(_, outcome) => PeerReach::Told(*outcome),
        };
        let mut all: Vec<_> =
            self.sessions.values().map(|session| (session.id.clone(), told(&session.back))).collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    }
}
