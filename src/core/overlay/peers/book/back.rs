//! Dialing back: a connected peer asks whether this node reaches it where its hello says that it listens.
//!
//! Only there, and never where the question says; and why that fails is told only of places that an operator has named (`net::dial`): no peer
//! scans others' ports through this node. It is no dial in the sense of `dial`: nobody
//! becomes connected by it, and nothing is learned from it. It is bounded on its own, so that it takes no place from dials.

use super::{AddressBook, Rank, Told};
use crate::id::NodeId;
use crate::limits::DIALS_BACK;
use crate::overlay::{ConnId, Output};
use crate::time::Time;
use crate::wire::DialOutcome;

impl AddressBook {
    /// Starts to dial back the peer of a session; or says at once why not.
    pub(crate) fn dial_back(&mut self, now: Time, id: &NodeId, session: ConnId) -> Option<DialOutcome> {
        let Some(entry) = self.entries.get_mut(id) else { return Some(DialOutcome::Cannot) };
        let listens = entry.listens(now).cloned();
        let Some(endpoint) = listens.filter(|_| self.listens.is_some()) else {
            return Some(DialOutcome::Cannot);
        };
        if self.stopping || self.dials_back >= DIALS_BACK || !entry.dialed_back.passes(now) {
            return Some(DialOutcome::Later);
        }
        self.dials_back = self.dials_back.saturating_add(1);
        let local = self.loopback || self.rank(id, &endpoint) == Rank::Configured;
        self.out.push_back(Told::Output(Output::DialBack { session, id: id.clone(), endpoint, local }));
        None
    }

    /// One of these dials is over.
    pub(crate) fn dialed_back(&mut self) {
        self.dials_back = self.dials_back.saturating_sub(1);
    }
}
