//! The state of each link, one for each direction.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// One direction of a link, as bytes meet it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Nothing arrives, and nobody says so; what was sent arrives once this is over, as TCP sends it again.
    pub(crate) silent: bool,
    /// Connections break, new ones are refused.
    pub(crate) refused: bool,
    /// The cable of the node at its begin is out. The packets end there, not here; this is for who asks.
    pub(crate) unplugged: bool,
    pub(crate) delay: Duration,
    /// What every byte takes even when nothing is wrong: members are not in one room.
    pub(crate) distance: Duration,
    /// Bytes per second.
    pub(crate) rate: Option<u64>,
    /// Counts up when all connections are to break.
    broken: u64,
}

/// All links between some nodes.
pub(crate) struct Links {
    nodes: usize,
    states: Vec<watch::Sender<State>>,
    open: Vec<Arc<AtomicUsize>>,
}

/// Both directions of one connection, as its dialer sees them.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(super) there: watch::Receiver<State>,
    pub(super) back: watch::Receiver<State>,
    breaks: (u64, u64),
}

/// A connection that is counted as long as this lives.
pub(crate) struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Links {
    pub(super) fn new(nodes: usize) -> Self {
        let pairs = nodes * nodes;
        let states = (0..pairs).map(|_| watch::Sender::new(State::default())).collect();
        Self { nodes, states, open: (0..pairs).map(|_| Arc::default()).collect() }
    }

    fn at(&self, from: usize, to: usize) -> usize {
        from * self.nodes + to
    }

    pub(super) fn wire(&self, from: usize, to: usize) -> Wire {
        let there = self.states[self.at(from, to)].subscribe();
        let back = self.states[self.at(to, from)].subscribe();
        let breaks = (there.borrow().broken, back.borrow().broken);
        Wire { there, back, breaks }
    }

    pub(super) fn opened(&self, from: usize, to: usize) -> Open {
        let count = self.open[self.at(from, to)].clone();
        count.fetch_add(1, Ordering::SeqCst);
        Open(count)
    }

    /// Changes one direction.
    pub(crate) fn change(&self, from: usize, to: usize, change: impl FnOnce(&mut State)) {
        self.states[self.at(from, to)].send_modify(|state| {
            change(state);
            if state.refused {
                state.broken += 1;
            }
        });
    }

    /// Breaks the connections between two nodes.
    pub(crate) fn reset(&self, one: usize, other: usize) {
        self.change(one, other, |state| state.broken += 1);
    }

    /// Makes everything right again.
    pub(crate) fn heal(&self) {
        for state in &self.states {
            state.send_modify(|state| {
                *state = State { broken: state.broken, distance: state.distance, ..State::default() };
            });
        }
    }

    /// Whether bytes go through in both directions, late or not.
    pub(crate) fn is_whole(&self, one: usize, other: usize) -> bool {
        let whole = |from, to| {
            let state = self.states[self.at(from, to)].borrow();
            !state.silent && !state.refused && !state.unplugged
        };
        whole(one, other) && whole(other, one)
    }

    /// Connections between two nodes now, whoever dialed.
    pub(crate) fn connections(&self, one: usize, other: usize) -> usize {
        let count = |from, to| self.open[self.at(from, to)].load(Ordering::SeqCst);
        count(one, other) + count(other, one)
    }
}

impl Wire {
    pub(super) fn is_refused(&self) -> bool {
        self.there.borrow().refused || self.back.borrow().refused
    }

    /// Until a dial can be answered.
    pub(super) async fn passable(&mut self) {
        loop {
            let blocked = |state: &State| state.silent && !state.refused;
            if blocked(&self.there.borrow()) {
                let _ = self.there.changed().await;
            } else if blocked(&self.back.borrow()) {
                let _ = self.back.changed().await;
            } else {
                return;
            }
        }
    }

    /// Until the connection is broken from outside.
    pub(super) async fn broken(mut self) {
        let (there, back) = self.breaks;
        let there = self.there.wait_for(|state| state.broken != there);
        let back = self.back.wait_for(|state| state.broken != back);
        tokio::select! {
            _ = there => (),
            _ = back => (),
        }
    }
}
